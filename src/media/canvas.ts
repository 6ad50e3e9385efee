/**
 * Words as pixels in Node: fonts, measuring and drawing on @napi-rs/canvas.
 *
 * Problem: the page draws the same words with the browser's canvas, and the two must agree to the pixel; and a process that draws thousands
 * of bubbles must not grow.
 *
 * Solution: the renderer of each system's own browsers (`system`; the default, `portable`, costs a few percent of likeness), chosen before the
 * first canvas. Pixels are read back only for the box that is asked for, and after each read-back the event loop gets a turn, because Node
 * frees external buffers only there: without it a loop of draws grew from 68 MB to 8 GB.
 *
 * What it does not do: choose fonts (media/fonts.ts), decide where ink goes (scene/).
 */

import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import type { SKRSContext2D } from '@napi-rs/canvas';
import { drawOverlay, prepareText, type View } from '../scene/draw.js';
import type { Measure } from '../scene/fonts.js';
import type { TextLayout } from '../scene/layout.js';
import type { Box, Overlay } from '../scene/scene.js';

// Not imported: Node would first read through the package for the names that it exports, which takes longer than to load it.
export const canvas = createRequire(import.meta.url)('@napi-rs/canvas') as typeof import('@napi-rs/canvas');

// When this module is loaded, so that no canvas of this process can have come earlier.
canvas.setTextRenderer('system');

/** Makes a TTF known under a CSS family name, process-wide. False when the file is missing or no font: the canvas would not throw. */
export function registerFont(file: string, family: string): boolean {
  return canvas.GlobalFonts.registerFromPath(file, family) !== null;
}

/** Measures on a canvas of its own. Fonts must be registered before the first call. */
export function canvasMeasure(): Measure {
  const ctx = contextOf(1, 1);
  let current = '';
  return (text, font) => {
    if (font !== current) ctx.font = current = font;
    return ctx.measureText(text).width;
  };
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Rows from the top, four bytes a pixel, colour not multiplied by alpha. */
  readonly rgba: Buffer;
}

/**
 * Draws one bubble's words and answers the pixels of `box`, a rectangle of whole pixels in the frame into which `view` maps design units. What
 * lies outside the box is not drawn; where no ink is, all four bytes are 0.
 */
export async function drawPixels(overlay: Overlay, layout: TextLayout, view: View, box: Box): Promise<Pixels> {
  const { width, height } = box;
  const ctx = scratchOf(width, height);
  ctx.clearRect(0, 0, width, height);
  drawOverlay(ctx, overlay, layout, { ...view, dx: view.dx - box.x, dy: view.dy - box.y });
  const { data } = ctx.getImageData(0, 0, width, height);
  await turn();
  return { width, height, rgba: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
}

let scratch: SKRSContext2D | undefined;

/** A canvas at least this large, used again and again: making one for each bubble costs more than drawing on it, and leaves megabytes for the collector. */
function scratchOf(width: number, height: number): SKRSContext2D {
  const { width: wide, height: high } = scratch?.canvas ?? { width: 0, height: 0 };
  if (!scratch || wide < width || high < height) scratch = contextOf(Math.max(width, wide), Math.max(height, high));
  return scratch;
}

/** A blank canvas in pixels, set up for words; its `canvas` encodes what was drawn. */
export function contextOf(width: number, height: number): SKRSContext2D {
  const ctx = canvas.createCanvas(width, height).getContext('2d');
  // The host's language must not choose between variants of a glyph.
  ctx.lang = 'en';
  prepareText(ctx);
  return ctx;
}
