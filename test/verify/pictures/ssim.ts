/**
 * Likeness of two frames in chosen parts of the picture: ffmpeg's filters judge whole frames only.
 *
 * Luma SSIM (Wang et al. 2004, constants 0.01 and 0.03) over windows of 8x8 pixels every 4 pixels, as ffmpeg's `ssim` filter reckons it; sums are made once for
 * squares of 4x4 and shared by the four windows around each.
 */

/** Which windows count: one byte each, row by row; there are floor(width / 4) - 1 in a row. */
export interface Windows {
  readonly across: number;
  readonly down: number;
  readonly counted: Uint8Array;
}

const [C1, C2] = [(0.01 * 255) ** 2 * 64, (0.03 * 255) ** 2 * 64 * 63];

/** The windows that lie wholly where `mask`, a byte per pixel, is not 0. */
export function windowsWithin(mask: Uint8Array, width: number, height: number): Windows {
  const across = (width >> 2) - 1;
  const down = (height >> 2) - 1;
  const counted = new Uint8Array(across * down);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      let whole = 1;
      for (let row = 0; row < 8 && whole; row++) {
        const at = (y * 4 + row) * width + x * 4;
        for (let column = 0; column < 8; column++) whole &= mask[at + column] ? 1 : 0;
      }
      counted[y * across + x] = whole;
    }
  }
  return { across, down, counted };
}

/** Mean SSIM of two luma planes over the windows; 1 where there are none. */
export function ssimOf(a: Uint8Array, b: Uint8Array, width: number, { across, down, counted }: Windows): number {
  let [upper, lower] = [new Int32Array((across + 1) * 4), new Int32Array((across + 1) * 4)];
  let [total, windows] = [0, 0];
  sumSquares(a, b, width, 0, upper);
  for (let y = 0; y < down; y++) {
    sumSquares(a, b, width, y + 1, lower);
    for (let x = 0; x < across; x++) {
      if (!counted[y * across + x]) continue;
      const at = x * 4;
      const sa = around(upper, lower, at);
      const sb = around(upper, lower, at + 1);
      const squares = around(upper, lower, at + 2);
      const products = around(upper, lower, at + 3);
      const variances = squares * 64 - sa * sa - sb * sb;
      const covariance = products * 64 - sa * sb;
      total += ((2 * sa * sb + C1) * (2 * covariance + C2)) / ((sa * sa + sb * sb + C1) * (variances + C2));
      windows++;
    }
    [upper, lower] = [lower, upper];
  }
  return windows === 0 ? 1 : total / windows;
}

/** One kind of sums, of the four squares of a window. */
function around(upper: Int32Array, lower: Int32Array, at: number): number {
  return (upper[at] as number) + (upper[at + 4] as number) + (lower[at] as number) + (lower[at + 4] as number);
}

/** Of each square of 4x4 in a row of squares: the sums of a, of b, of both squared, and of their products. */
function sumSquares(a: Uint8Array, b: Uint8Array, width: number, row: number, sums: Int32Array): void {
  for (let square = 0; square < sums.length / 4; square++) {
    let sa = 0;
    let sb = 0;
    let squares = 0;
    let products = 0;
    for (let y = 0; y < 4; y++) {
      const at = (row * 4 + y) * width + square * 4;
      for (let x = at; x < at + 4; x++) {
        const p = a[x] as number;
        const q = b[x] as number;
        sa += p;
        sb += q;
        squares += p * p + q * q;
        products += p * q;
      }
    }
    sums[square * 4] = sa;
    sums[square * 4 + 1] = sb;
    sums[square * 4 + 2] = squares;
    sums[square * 4 + 3] = products;
  }
}
