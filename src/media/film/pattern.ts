/**
 * What stands in a bubble's macroblocks while the film is encoded: noise, as loud as samples can be, the same in every frame.
 *
 * An encoder that sees it finds that inside only "as in the frame before, unmoved" is right, and that it is useless as a model for anything else. So nothing is ever predicted from
 * where the words will stand, and whatever is put there in the first frame stays. Without it words leak into what lies around them. Each pixel is drawn for itself: of noise in cells of 4x4 pixels
 * x264 took the edge of a cell as a model for flat paper now and then, since what was missing cost few bits (after the window 255 levels off in the worst pixel; with single
 * pixels 0 to 16).
 */

import { type Area, boundsOfArea, MACROBLOCK } from '../splice/areas.js';

/** The pattern of an area's bounding box as one frame of yuva420p: opaque in its macroblocks, transparent beside them. Equal seeds and boxes give equal noise. */
export function patternOf(
  area: Area,
  seed = 0,
): { readonly width: number; readonly height: number; readonly yuva: Buffer } {
  const bounds = boundsOfArea(area);
  const [width, height] = [bounds.width * MACROBLOCK, bounds.height * MACROBLOCK];
  const luma = Buffer.alloc(width * height);
  const alpha = Buffer.alloc(width * height);
  const chroma = [Buffer.alloc((width * height) / 4), Buffer.alloc((width * height) / 4)];
  const random = randomNumbers(width * 65_537 + height + seed);
  for (let at = 0; at < luma.length; at++) luma[at] = random() < 0.5 ? 20 * random() : 235 + 20 * random();
  for (const plane of chroma) for (let at = 0; at < plane.length; at++) plane[at] = random() < 0.5 ? 30 : 226;
  for (const span of area.rows) {
    const left = (span.x - bounds.x) * MACROBLOCK;
    for (let row = 0; row < MACROBLOCK; row++) {
      const at = ((span.y - bounds.y) * MACROBLOCK + row) * width + left;
      alpha.fill(255, at, at + span.width * MACROBLOCK);
    }
  }
  return { width, height, yuva: Buffer.concat([luma, ...chroma, alpha]) };
}

/** Numbers from 0 to 1 (mulberry32): equal seeds give equal films. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
