/** Pictures as decoders give them: 8-bit 4:2:0 planes, and pieces of them. */

/** Without gaps between rows; chroma planes have half the width and half the height, rounded up. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly luma: Uint8Array;
  readonly cb: Uint8Array;
  readonly cr: Uint8Array;
}

/** Bytes of one frame of raw yuv420p. */
export function bytesOfPlanes(width: number, height: number): number {
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

/** One frame of raw yuv420p as planes that share its memory. */
export function planesOf(raw: Uint8Array, width: number, height: number): Planes {
  const luma = width * height;
  const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
  return {
    width,
    height,
    luma: raw.subarray(0, luma),
    cb: raw.subarray(luma, luma + chroma),
    cr: raw.subarray(luma + chroma, luma + 2 * chroma),
  };
}

export function rawOf({ luma, cb, cr }: Planes): Buffer {
  return Buffer.concat([luma, cb, cr]);
}

/** A rectangle of even pixels cut out of a picture. Beyond the picture's edges its last pixels are repeated, as encoders do. */
export function cut(from: Planes, x: number, y: number, width: number, height: number): Planes {
  const half = (pixels: number) => Math.ceil(pixels / 2);
  const chroma = (plane: Uint8Array) =>
    cutPlane(plane, half(from.width), half(from.height), x / 2, y / 2, half(width), half(height));
  return {
    width,
    height,
    luma: cutPlane(from.luma, from.width, from.height, x, y, width, height),
    cb: chroma(from.cb),
    cr: chroma(from.cr),
  };
}

/** Largest distance of two planes' samples in the same place, where the mask, a byte per sample, is not 0. */
export function farthestApart(one: Uint8Array, other: Uint8Array, mask: Uint8Array): number {
  let most = 0;
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    const off = (one[at] as number) - (other[at] as number);
    if (off > most) most = off;
    else if (-off > most) most = -off;
  }
  return most;
}

/** A black picture. */
export function blankPlanes(width: number, height: number): Planes {
  const raw = Buffer.alloc(bytesOfPlanes(width, height), 128);
  raw.fill(16, 0, width * height);
  return planesOf(raw, width, height);
}

/** Puts a piece into a picture at even pixels; what reaches beyond the picture's edges is left out. */
export function paste(into: Planes, piece: Planes, x: number, y: number): void {
  const half = (pixels: number) => Math.ceil(pixels / 2);
  pastePlane(into.luma, into.width, into.height, piece.luma, piece.width, piece.height, x, y);
  for (const plane of ['cb', 'cr'] as const) {
    const [width, height] = [half(piece.width), half(piece.height)];
    pastePlane(into[plane], half(into.width), half(into.height), piece[plane], width, height, x / 2, y / 2);
  }
}

function pastePlane(
  into: Uint8Array,
  intoWidth: number,
  intoHeight: number,
  piece: Uint8Array,
  width: number,
  height: number,
  x: number,
  y: number,
): void {
  const inside = Math.min(width, intoWidth - x);
  for (let row = 0; row < Math.min(height, intoHeight - y); row++)
    into.set(piece.subarray(row * width, row * width + inside), (y + row) * intoWidth + x);
}

function cutPlane(
  plane: Uint8Array,
  planeWidth: number,
  planeHeight: number,
  x: number,
  y: number,
  width: number,
  height: number,
): Uint8Array {
  const out = new Uint8Array(width * height);
  const inside = Math.min(width, planeWidth - x);
  for (let row = 0; row < height; row++) {
    const from = Math.min(planeHeight - 1, y + row) * planeWidth + x;
    out.set(plane.subarray(from, from + inside), row * width);
    out.fill(plane[from + inside - 1] ?? 0, row * width + inside, (row + 1) * width);
  }
  return out;
}
