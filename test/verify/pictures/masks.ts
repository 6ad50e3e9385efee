/** Which pixels of a frame belong to bubbles: areas of macroblocks, and what lies around them beyond the reach of deblocking. */

import { type Area, MACROBLOCK } from '../../../src/media/splice/areas.js';
import { type Windows, windowsWithin } from './ssim.js';

/** Pixels beside a bubble's macroblocks that deblocking may change (ITU-T H.264, 8.7: three on each side), rounded up to even. */
const REACH = 4;

export interface Mask {
  /** A byte per pixel of luma: 1 where it counts. */
  readonly luma: Uint8Array;
  /** The same for the planes of half size. */
  readonly chroma: Uint8Array;
  readonly windows: Windows;
}

/** Masks of one rendition, made once for each set of visible areas. */
export class Masks {
  readonly #width: number;
  readonly #height: number;
  readonly #areas: readonly Area[];
  readonly #known = new Map<string, Mask>();

  constructor({ width, height }: { width: number; height: number }, areas: readonly Area[]) {
    this.#width = width;
    this.#height = height;
    this.#areas = areas;
  }

  /** Everything but the areas that are visible in a frame and their edges. */
  around(frame: number): Mask {
    const visible = this.#areas.filter(({ window }) => window.from <= frame && frame < window.to);
    return this.#mask(`around ${visible.map(({ bubble }) => bubble).join()}`, 1, visible, REACH);
  }

  /** The area of one bubble. */
  inside(area: Area): Mask {
    return this.#mask(`inside ${area.bubble}`, 0, [area], 0);
  }

  #mask(name: string, elsewhere: 0 | 1, areas: readonly Area[], reach: number): Mask {
    const known = this.#known.get(name);
    if (known) return known;
    const plane = (scale: 1 | 2) => {
      const [width, height] = [Math.ceil(this.#width / scale), Math.ceil(this.#height / scale)];
      const bytes = new Uint8Array(width * height).fill(elsewhere);
      for (const { x, y, width: wide } of areas.flatMap(({ rows }) => rows)) {
        const left = Math.max(0, (x * MACROBLOCK - reach) / scale);
        const right = Math.min(width, ((x + wide) * MACROBLOCK + reach) / scale);
        const bottom = Math.min(height, ((y + 1) * MACROBLOCK + reach) / scale);
        for (let row = Math.max(0, (y * MACROBLOCK - reach) / scale); row < bottom; row++)
          bytes.fill(1 - elsewhere, row * width + left, row * width + right);
      }
      return bytes;
    };
    const luma = plane(1);
    const mask = { luma, chroma: plane(2), windows: windowsWithin(luma, this.#width, this.#height) };
    this.#known.set(name, mask);
    return mask;
  }
}
