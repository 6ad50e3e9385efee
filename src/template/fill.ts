/** A template and a person's words make a scene. Pure; the words have been through checkRequest. */

import type { Cast, Words } from '../job.js';
import type { Overlay, Scene } from '../scene/scene.js';
import type { Bubble, Template } from './format.js';

/** Bubbles without words have no overlay. The cast chooses footage, which is no part of a scene. */
export function fill(template: Template, { words }: { readonly cast: Cast; readonly words: Words }): Scene {
  const { width, height, duration, bubbles } = template;
  const overlays = bubbles.flatMap((bubble) => {
    const text = Object.hasOwn(words, bubble.id) ? words[bubble.id] : undefined;
    return text ? [overlayOf(bubble, text)] : [];
  });
  return { width, height, duration, overlays };
}

export function overlayOf({ id, shape, style, limits, start, end }: Bubble, text: string): Overlay {
  return { bubble: id, text, shape, style, maxLines: limits.maxLines, start, end };
}
