/**
 * The swap test: the gate through which every film goes. All bubbles are made white in one copy of the film and black in another, and both are decoded beside the blank one. Whatever could leak
 * from any words leaks from these. It looks at three things: inside the bubbles nothing but the two colours; outside, while they are visible, the same picture; and after they
 * are gone, the same picture again.
 */

import { farthestApart, type Planes } from '../planes.js';
import { type Area, MACROBLOCK } from '../splice/areas.js';
import type { Film, StillArea } from '../splice/film.js';
import type { Inked } from '../splice/splice.js';

/** In levels of 256, of the worst pixel of the worst frame. What is inside must be exact but for rounding (the sample templates: 0, luma and chroma); what is outside must not be seen by anybody. */
export const MOST = { inside: 2, outside: 12, after: 16 } as const;

/**
 * How much more than a flat colour detail may leak: the filter that makes samples between samples has taps of 1, -5, 20, 20, -5 and 1, over 32 (8.4.2.2.1), and so makes up to 52/32 of stripes. Measured on words: 23
 * levels in one pixel for a fifth of a second, where white and black had left 14.
 */
export const SHARPENED = 52 / 32;

/** Pixels beside the edge of a bubble's macroblocks that deblocking may change (8.7: three on each side), rounded up to even. */
const REACH = 4;

export interface Extreme {
  readonly luma: number;
  readonly cb: number;
  readonly cr: number;
}
/** Limited range; chroma apart too, so that a leak of colour shows. */
export const WHITE: Extreme = { luma: 235, cb: 90, cr: 166 };
export const BLACK: Extreme = { luma: 16, cb: 166, cr: 90 };

/** An area filled with one colour. */
export function filled({ still, rows }: StillArea, colour: Extreme): Inked {
  const planes = {
    width: still.width,
    height: still.height,
    luma: new Uint8Array(still.luma.length).fill(colour.luma),
    cb: new Uint8Array(still.cb.length).fill(colour.cb),
    cr: new Uint8Array(still.cr.length).fill(colour.cr),
  };
  return { planes, rows: rows.map(() => true) };
}

export interface Errors {
  inside: number;
  outside: number;
  after: number;
}

/** Why an area fails, as a sentence, or undefined. */
export function leak({ inside, outside, after }: Errors): string | undefined {
  if (inside > MOST.inside)
    return `Words would not keep their colours: inside the bubble they are up to ${inside} of 256 levels off.`;
  if (outside > MOST.outside)
    return `Words would leak: beside the bubble the picture changes by up to ${outside} of 256 levels.`;
  if (after > MOST.after)
    return `Words would leave a ghost: after the bubble the picture changes by up to ${after} of 256 levels.`;
  return undefined;
}

/** Takes frames of the white copy and of the black one, side by side in time, and keeps the largest errors of each area. */
export class SwapTest {
  readonly errors: ReadonlyMap<number, Errors>;
  readonly #film: Film;
  readonly #masks = new Map<string, Uint8Array>();

  constructor(film: Film) {
    this.#film = film;
    this.errors = new Map(film.areas.map((_, area) => [area, { inside: 0, outside: 0, after: 0 }]));
  }

  take(white: Planes, black: Planes, frame: number): void {
    const last = this.#film.cuts.findLast((cut) => cut.frame <= frame);
    if (!last) return;
    const isVisible = ({ window }: Area) => window.from <= frame && frame < window.to;
    const visible = last.areas.filter((area) => isVisible(this.#film.areas[area] as Area));
    for (const area of visible) this.#look(area, white, black);
    const mask = this.#maskAround(visible, white.width, white.height);
    let outside = farthestApart(white.luma, black.luma, mask);
    const half = this.#maskAround(visible, white.width, white.height, 2);
    outside = Math.max(outside, farthestApart(white.cb, black.cb, half), farthestApart(white.cr, black.cr, half));
    // What is seen beside one bubble may come from another that was there since the last key frame: both answer for it.
    const kind = visible.length === last.areas.length ? 'outside' : 'after';
    for (const area of last.areas) {
      const errors = this.errors.get(area) as Errors;
      errors[kind] = Math.max(errors[kind], outside);
    }
  }

  /** Inside, away from the edge, luma and chroma. */
  #look(number: number, white: Planes, black: Planes): void {
    const errors = this.errors.get(number) as Errors;
    const area = this.#film.areas[number] as Area;
    for (const scale of [1, 2] as const) {
      const mask = this.#mask(`inside ${number} ${scale}`, white.width, white.height, scale, (paint) => {
        for (const { x, y, width } of area.rows)
          paint(x * MACROBLOCK, y * MACROBLOCK, width * MACROBLOCK, MACROBLOCK, 1);
        shrink(area, paint);
      });
      for (const plane of scale === 1 ? (['luma'] as const) : (['cb', 'cr'] as const)) {
        const off = Math.max(
          farthestFrom(WHITE[plane], white[plane], mask),
          farthestFrom(BLACK[plane], black[plane], mask),
        );
        errors.inside = Math.max(errors.inside, off);
      }
    }
  }

  /** 1 where no visible area and no edge of one is. `scale` 2 gives chroma's. */
  #maskAround(visible: readonly number[], width: number, height: number, scale: 1 | 2 = 1): Uint8Array {
    return this.#mask(`outside ${visible.join()} ${scale}`, width, height, scale, (paint) => {
      paint(0, 0, width, height, 1);
      for (const area of visible) {
        for (const span of this.#film.areas[area]?.rows ?? []) {
          const [x, y] = [span.x * MACROBLOCK - REACH, span.y * MACROBLOCK - REACH];
          paint(x, y, span.width * MACROBLOCK + 2 * REACH, MACROBLOCK + 2 * REACH, 0);
        }
      }
    });
  }

  #mask(name: string, width: number, height: number, scale: 1 | 2, draw: (paint: Paint) => void): Uint8Array {
    const known = this.#masks.get(name);
    if (known) return known;
    const across = Math.ceil(width / scale);
    const down = Math.ceil(height / scale);
    const mask = new Uint8Array(across * down);
    draw((x, y, w, h, value) => {
      const [left, right] = [Math.max(0, Math.floor(x / scale)), Math.min(across, Math.ceil((x + w) / scale))];
      for (let row = Math.max(0, Math.floor(y / scale)); row < Math.min(down, Math.ceil((y + h) / scale)); row++)
        if (right > left) mask.fill(value, row * across + left, row * across + right);
    });
    this.#masks.set(name, mask);
    return mask;
  }
}

type Paint = (x: number, y: number, width: number, height: number, value: 0 | 1) => void;

/** Takes away the pixels near the edge of an area: those near any macroblock that is beside it. */
function shrink({ rows }: Area, paint: Paint): void {
  const row = (y: number) => rows.find((span) => span.y === y);
  for (const { x, y, width } of rows) {
    const [left, top, right] = [x * MACROBLOCK, y * MACROBLOCK, (x + width) * MACROBLOCK];
    paint(left - REACH, top - REACH, 2 * REACH, MACROBLOCK + 2 * REACH, 0);
    paint(right - REACH, top - REACH, 2 * REACH, MACROBLOCK + 2 * REACH, 0);
    for (const [next, edge] of [
      [row(y - 1), top],
      [row(y + 1), top + MACROBLOCK],
    ] as const) {
      const from = next ? Math.max(left, next.x * MACROBLOCK) : right;
      const to = next ? Math.min(right, (next.x + next.width) * MACROBLOCK) : right;
      paint(left, edge - REACH, from - left, 2 * REACH, 0);
      paint(to, edge - REACH, right - to, 2 * REACH, 0);
    }
  }
}

/** Largest distance of a sample from a value, where the mask is not 0. */
function farthestFrom(value: number, plane: Uint8Array, mask: Uint8Array): number {
  let most = 0;
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    const off = Math.abs((plane[at] as number) - value);
    if (off > most) most = off;
  }
  return most;
}
