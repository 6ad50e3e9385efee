/**
 * Blends drawn words into the still of an area, in the samples that the film has: 8-bit limited range (ITU-R BT.601 or BT.709, 16 to 235), chroma of 2x2 pixels.
 *
 * Pixels without ink keep the still's very samples, so rows without ink need no encoding.
 */

import type { Pixels } from '../canvas.js';
import type { Planes } from '../planes.js';
import { MACROBLOCK } from './areas.js';
import type { Inked } from './splice.js';

/** Shares of red and blue in luma (BT.601 table 3.2.1, BT.709 3.2). */
const SHARES = { smpte170m: { red: 0.299, blue: 0.114 }, bt709: { red: 0.2126, blue: 0.0722 } } as const;

/** 16 bits after the point. */
const ONE = 65_536;

/** Memory that is used again and again: planes for each bubble anew would leave a megabyte a job for the collector. */
class Scratch {
  #memory = new Uint8Array(0);

  copy(plane: Uint8Array): Uint8Array {
    if (this.#memory.length < plane.length) this.#memory = new Uint8Array(plane.length);
    this.#memory.set(plane);
    return this.#memory.subarray(0, plane.length);
  }
}

const scratch = { luma: new Scratch(), cb: new Scratch(), cr: new Scratch() };

/** Straight RGBA pixels over a still of the same even size. The planes are good until the next call. */
export function inkOver(still: Planes, { rgba, width, height }: Pixels, matrix: keyof typeof SHARES): Inked {
  const luma = scratch.luma.copy(still.luma);
  const cb = scratch.cb.copy(still.cb);
  const cr = scratch.cr.copy(still.cr);
  // No ink: all four bytes are 0, in all four pixels.
  const whole = new Uint32Array(rgba.buffer, rgba.byteOffset, width * height);
  const rows = new Array<boolean>(Math.ceil(height / MACROBLOCK)).fill(false);
  const { red, blue } = SHARES[matrix];
  const green = 1 - red - blue;
  const y = [red, green, blue].map((share) => Math.round((share * 219 * ONE) / 255)) as [number, number, number];
  const u = chromaShares(-red, -green, 1 - blue, 1 - blue);
  const v = chromaShares(1 - red, -green, -blue, 1 - red);
  const halfWidth = width >> 1;
  for (let top = 0; top < height; top += 2) {
    const upper = top * width;
    const lower = upper + width;
    for (let left = 0; left < width; left += 2) {
      const any =
        (whole[upper + left] as number) |
        (whole[upper + left + 1] as number) |
        (whole[lower + left] as number) |
        (whole[lower + left + 1] as number);
      if (any === 0) continue;
      let alphas = 0;
      let reds = 0;
      let greens = 0;
      let blues = 0;
      for (let k = 0; k < 4; k++) {
        const pixel = (top + (k >> 1)) * width + left + (k & 1);
        const alpha = rgba[pixel * 4 + 3] as number;
        if (alpha === 0) continue;
        const r = rgba[pixel * 4] as number;
        const g = rgba[pixel * 4 + 1] as number;
        const b = rgba[pixel * 4 + 2] as number;
        const word = 16 + (y[0] * r + y[1] * g + y[2] * b) / ONE;
        luma[pixel] = (word * alpha + (luma[pixel] as number) * (255 - alpha)) / 255 + 0.5;
        alphas += alpha;
        reds += alpha * r;
        greens += alpha * g;
        blues += alpha * b;
      }
      if (alphas === 0) continue;
      rows[(top / MACROBLOCK) | 0] = true;
      const at = (top >> 1) * halfWidth + (left >> 1);
      const share = alphas / 1020;
      const wordBlue = 128 + (u[0] * reds + u[1] * greens + u[2] * blues) / alphas / ONE;
      const wordRed = 128 + (v[0] * reds + v[1] * greens + v[2] * blues) / alphas / ONE;
      cb[at] = wordBlue * share + (cb[at] as number) * (1 - share) + 0.5;
      cr[at] = wordRed * share + (cr[at] as number) * (1 - share) + 0.5;
    }
  }
  return { planes: { width: still.width, height: still.height, luma, cb, cr }, rows };
}

/** Shares of the colours in a chroma sample, whose range is 224 steps for twice `most`. */
function chromaShares(red: number, green: number, blue: number, most: number): [number, number, number] {
  return [red, green, blue].map((share) => Math.round((share * 112 * ONE) / (255 * most))) as [number, number, number];
}
