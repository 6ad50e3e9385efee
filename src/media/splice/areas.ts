/**
 * Which frames and which macroblocks words can be put into, for one rendition: pure arithmetic on the template.
 *
 * Words stand in macroblocks, which are 16 pixels square: the shape of a bubble is covered row by row with as few of them as possible.
 * Frames at which a bubble appears become key frames; at each of them all bubbles that are then visible are drawn anew.
 */

import { type Box, type Overlay, windowOf } from '../../scene/scene.js';
import type { Rendition, Template } from '../../template/format.js';
import { fitOf, fpsOfRendition, framesOf } from '../ladder.js';
import { extentOf } from './extent.js';

/** Frames [from, to). */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Macroblocks side by side: column x to x + width in row y of the coded picture. */
export interface Span {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** A bubble's place in one rendition: one span per macroblock row, from the top down. */
export interface Area {
  readonly bubble: string;
  readonly window: Window;
  readonly rows: readonly Span[];
}

export const MACROBLOCK = 16;

/** Macroblocks of the coded picture; at the right and lower edge it may be larger than what is shown. */
export function codedSize(rendition: Pick<Rendition, 'width' | 'height'>): { width: number; height: number } {
  return { width: Math.ceil(rendition.width / MACROBLOCK), height: Math.ceil(rendition.height / MACROBLOCK) };
}

/** A box of macroblocks in pixels. */
export function inPixels({ x, y, width, height }: Box): Box {
  return { x: x * MACROBLOCK, y: y * MACROBLOCK, width: width * MACROBLOCK, height: height * MACROBLOCK };
}

/** The places of all bubbles that are shown for at least one frame. */
export function areasOf(template: Template, rendition: Rendition): Area[] {
  return template.bubbles.flatMap((bubble) => {
    const window = shownIn(template, rendition, bubble);
    const rows = rowsOf(template, rendition, bubble);
    return window.to > window.from && rows.length > 0 ? [{ bubble: bubble.id, window, rows }] : [];
  });
}

/** Whether there is anything to draw of a bubble's words: a slower rendition may have no frame in its window. */
export function isDrawn(template: Template, rendition: Rendition, bubble: Timed): boolean {
  const { from, to } = shownIn(template, rendition, bubble);
  return to > from && rowsOf(template, rendition, bubble).length > 0;
}

/** What is asked of a bubble, or of its words in a scene. */
type Timed = Pick<Overlay, 'start' | 'end' | 'shape'>;

function shownIn(template: Template, rendition: Rendition, bubble: Timed): Window {
  const { from, to } = windowOf(bubble, fpsOfRendition(template, rendition).value);
  return { from, to: Math.min(to, framesOf(template, rendition)) };
}

/** The macroblocks that ink can reach: words are clipped to the shape. */
function rowsOf(template: Template, rendition: Rendition, { shape }: Timed): Span[] {
  const { view } = fitOf(template, rendition);
  const coded = codedSize(rendition);
  const column = (x: number) => (x * view.scaleX + view.dx) / MACROBLOCK;
  const height = (row: number, edge: number) => (row * MACROBLOCK + edge - view.dy) / view.scaleY;
  return Array.from({ length: coded.height }, (_, y) => {
    const extent = extentOf(shape, height(y, EDGE), height(y + 1, -EDGE));
    if (!extent) return [];
    const x = Math.max(0, Math.floor(column(extent.left) + EDGE / MACROBLOCK));
    const right = Math.min(coded.width, Math.ceil(column(extent.right) - EDGE / MACROBLOCK));
    return right > x ? [{ x, y, width: right - x }] : [];
  }).flat();
}

/** Pixels by which the edge of a bubble may lie in the next macroblock: ink there would be thinner than can be seen. */
const EDGE = 1 / 16;

/** Frames at which bubbles appear, rising, each with the areas that are visible then. */
export function cutsOf<T extends Area>(
  areas: readonly T[],
): { readonly frame: number; readonly areas: readonly T[] }[] {
  const frames = [...new Set(areas.map(({ window }) => window.from))].sort((a, b) => a - b);
  return frames.map((frame) => ({
    frame,
    areas: areas.filter(({ window }) => window.from <= frame && frame < window.to),
  }));
}

/** Whether two areas that are visible at once share a macroblock. */
export function collide(a: Area, b: Area): boolean {
  const atOnce = a.window.from < b.window.to && b.window.from < a.window.to;
  return atOnce && a.rows.some((p) => b.rows.some((q) => p.y === q.y && p.x < q.x + q.width && q.x < p.x + p.width));
}

/** The smallest box of macroblocks around an area. */
export function boundsOfArea({ rows }: Area): Box {
  const x = Math.min(...rows.map((span) => span.x));
  const right = Math.max(...rows.map((span) => span.x + span.width));
  const [top, bottom] = [rows[0]?.y ?? 0, (rows.at(-1)?.y ?? -1) + 1];
  return { x, y: top, width: right - x, height: bottom - top };
}
