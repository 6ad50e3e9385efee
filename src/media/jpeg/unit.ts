/** One unit's pixels as samples: colours turned into YCbCr (JFIF: full range, BT.601), level-shifted to lie around 0, chroma halved both ways by the mean. */

/** A picture or some rows of one, in sRGB: rows from the top, four bytes a pixel, the fourth of no meaning. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** Rows and columns of a unit, in pixels. */
export const UNIT = 16;

/** Where the blocks of chroma begin among a unit's samples; luma's four, in rows, come first. */
export const CB = 4 * 64;
export const CR = 5 * 64;
export const UNIT_SAMPLES = 6 * 64;

/** A unit that reaches beyond the picture, filled up. */
const filledUp = new Uint8Array(4 * UNIT * UNIT);

/** Writes the samples of the unit whose first pixel is this one. */
export function blocksOf({ width, height, rgba }: Raster, left: number, top: number, samples: Float64Array): void {
  if (left + UNIT <= width && top + UNIT <= height) {
    fillBlocks(rgba, 4 * (top * width + left), 4 * width, samples);
    return;
  }
  let at = 0;
  for (let y = top; y < top + UNIT; y++) {
    const row = Math.min(y, height - 1) * width;
    for (let x = left; x < left + UNIT; x++) {
      const from = 4 * (row + Math.min(x, width - 1));
      filledUp[at++] = rgba[from] as number;
      filledUp[at++] = rgba[from + 1] as number;
      filledUp[at++] = rgba[from + 2] as number;
      at++;
    }
  }
  fillBlocks(filledUp, 0, 4 * UNIT, samples);
}

/** `first` and `stride` in bytes. */
function fillBlocks(rgba: Uint8Array, first: number, stride: number, samples: Float64Array): void {
  for (let block = 0; block < 4; block++) {
    const [right, down] = [block & 1, block >> 1];
    for (let y = 0; y < 4; y++) {
      let from = first + (8 * down + 2 * y) * stride + 32 * right;
      let to = 64 * block + 16 * y;
      let toChroma = CB + 8 * (4 * down + y) + 4 * right;
      for (let x = 0; x < 4; x++) {
        const below = from + stride;
        let r = rgba[from] as number;
        let g = rgba[from + 1] as number;
        let b = rgba[from + 2] as number;
        let [red, green, blue] = [r, g, b];
        samples[to] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
        r = rgba[from + 4] as number;
        g = rgba[from + 5] as number;
        b = rgba[from + 6] as number;
        red += r;
        green += g;
        blue += b;
        samples[to + 1] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
        r = rgba[below] as number;
        g = rgba[below + 1] as number;
        b = rgba[below + 2] as number;
        red += r;
        green += g;
        blue += b;
        samples[to + 8] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
        r = rgba[below + 4] as number;
        g = rgba[below + 5] as number;
        b = rgba[below + 6] as number;
        red += r;
        green += g;
        blue += b;
        samples[to + 9] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
        // A quarter of the matrix: these are sums of four pixels.
        samples[toChroma] = 0.125 * blue - 0.042184 * red - 0.082816 * green;
        samples[toChroma + (CR - CB)] = 0.125 * red - 0.104672 * green - 0.020328 * blue;
        from += 8;
        to += 2;
        toChroma++;
      }
    }
  }
}
