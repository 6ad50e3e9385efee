/** Looks at prepared footage once: does each area stand still while its bubble is visible, and what stands there? */

import { cut, type Planes } from '../planes.js';
import { type Area, boundsOfArea, MACROBLOCK } from '../splice/areas.js';

/**
 * What counts as still, in levels of 256. Words freeze what is behind them as it is in the bubble's first frame; footage is compressed, so a painted bubble that never moves still changes a
 * little from frame to frame (the sample templates: at most 6 levels, and 3 in all but 230 of a million samples).
 */
export const STILL = { usual: 3, exceptions: 1 / 1000, most: 8 } as const;

export interface Watched {
  /** The area's bounding box in the first frame that shows it. */
  readonly still: Planes;
  /** Largest change of a sample against it. */
  readonly change: number;
  /** Share of the samples that change by more than `STILL.usual`. */
  readonly moving: number;
}

/** Why an area is no place for swapped words, as a sentence, or undefined. */
export function movement({ change, moving }: Pick<Watched, 'change' | 'moving'>): string | undefined {
  if (change <= STILL.most && moving <= STILL.exceptions) return undefined;
  const share = moving >= 0.001 ? `${(moving * 100).toFixed(1)} %` : `${Math.round(moving * 1e6)} of a million samples`;
  return `The picture moves behind the words: by up to ${change} of 256 levels, ${share} by more than ${STILL.usual}.`;
}

/** Takes the frames of the footage one after another, then answers what was seen. Areas whose frames never came have no entry. */
export class StillnessWatch {
  readonly #areas: readonly Area[];
  readonly #seen = new Map<Area, { still: Planes; change: number; moving: number; samples: number }>();

  constructor(areas: readonly Area[]) {
    this.#areas = areas;
  }

  take(frame: Planes, number: number): void {
    for (const area of this.#areas) {
      if (number < area.window.from || number >= area.window.to) continue;
      const { x, y, width, height } = boundsOfArea(area);
      const seen = this.#seen.get(area);
      if (!seen) {
        const still = cut(frame, x * MACROBLOCK, y * MACROBLOCK, width * MACROBLOCK, height * MACROBLOCK);
        this.#seen.set(area, { still, change: 0, moving: 0, samples: 0 });
        continue;
      }
      for (const span of area.rows) {
        const left = (span.x - x) * MACROBLOCK;
        const place = { left, top: (span.y - y) * MACROBLOCK, width: span.width * MACROBLOCK, height: MACROBLOCK };
        const at = { x: span.x * MACROBLOCK, y: span.y * MACROBLOCK };
        compare(seen, frame.luma, frame.width, frame.height, at, seen.still.luma, seen.still.width, place);
        const [halfWidth, halfHeight] = [Math.ceil(frame.width / 2), Math.ceil(frame.height / 2)];
        const half = { left: place.left / 2, top: place.top / 2, width: place.width / 2, height: place.height / 2 };
        const halfAt = { x: at.x / 2, y: at.y / 2 };
        for (const plane of ['cb', 'cr'] as const)
          compare(seen, frame[plane], halfWidth, halfHeight, halfAt, seen.still[plane], seen.still.width / 2, half);
      }
    }
  }

  result(): ReadonlyMap<Area, Watched> {
    return new Map(
      [...this.#seen].map(([area, { still, change, moving, samples }]) => [
        area,
        { still, change, moving: samples > 0 ? moving / samples : 0 },
      ]),
    );
  }
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Counts the changes of one rectangle of one plane; what lies beyond the frame is not seen by anybody. */
function compare(
  seen: { change: number; moving: number; samples: number },
  frame: Uint8Array,
  frameWidth: number,
  frameHeight: number,
  at: { x: number; y: number },
  still: Uint8Array,
  stillWidth: number,
  { left, top, width, height }: Place,
): void {
  const right = Math.min(width, frameWidth - at.x);
  const bottom = Math.min(height, frameHeight - at.y);
  for (let row = 0; row < bottom; row++) {
    const from = (at.y + row) * frameWidth + at.x;
    const to = (top + row) * stillWidth + left;
    for (let column = 0; column < right; column++) {
      const change = Math.abs((frame[from + column] as number) - (still[to + column] as number));
      if (change > seen.change) seen.change = change;
      if (change > STILL.usual) seen.moving++;
    }
  }
  seen.samples += Math.max(0, right) * Math.max(0, bottom);
}
