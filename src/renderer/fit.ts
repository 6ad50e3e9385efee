/**
 * Which rate factor fits a cap, from what was tried: the finest, in few encodes.
 *
 * x264's bytes fall by half with about six steps of its rate factor (5.5 to 6.5 in the sample templates), and it takes fractions of a step. So the second encode mostly lands within a few percent of
 * where it is aimed; where it does not, what is known of this clip by then gives a better one. A bit rate would be the obvious way, but x264 overshoots it in clips of a few seconds, where one
 * key frame is half of the file.
 */

/** An encode of a rendition: rate factor and bytes of video. */
export interface Try {
  readonly crf: number;
  readonly bytes: number;
}

/** Above this nothing worth watching is left: faces become blocks. */
export const WORST_CRF = 38;

/** Shares of the room: what is aimed at, and what is near enough. */
const AIM = 0.96;
const ENOUGH = 0.9;

/** So many encodes are aimed; then what fits is good enough, and what does not is made far smaller. */
const MOST_TRIES = 4;

/** Steps of the rate factor that halve the bytes: usually, at least and at most. A clip at the bit rate of its level hardly answers at first, and then as any other. */
const USUAL_SLOPE = 6.2;
const LEAST_SLOPE = 4;
const MOST_SLOPE = 8;

const STEP = 0.1;
/** A prediction so far beyond the worst is not tried. */
const HOPELESS = 2;

/** Of the tries that fit into `room` bytes the finest. */
export function bestOf<T extends Try>(tries: readonly T[], room: number): T | undefined {
  return tries.filter(({ bytes }) => bytes <= room).toSorted((a, b) => a.crf - b.crf)[0];
}

/** The rate factor to try next; undefined when the best try is good enough, or none can fit at a watchable quality. At least one was tried. */
export function nextCrf(tries: readonly Try[], room: number): number | undefined {
  const large = tries.filter(({ bytes }) => bytes > room).toSorted((a, b) => b.crf - a.crf);
  const [over, before] = large;
  const best = bestOf(tries, room);
  if (!over || room <= 0) return undefined;
  if (best) {
    if (best.bytes >= ENOUGH * room || tries.length >= MOST_TRIES) return undefined;
    const between = rounded(over.crf + slopeOf(over, best) * Math.log2(over.bytes / (AIM * room)));
    return between > over.crf && between < best.crf ? between : undefined;
  }
  if (over.crf >= WORST_CRF) return undefined;
  const slope = before ? slopeOf(before, over) : USUAL_SLOPE;
  // What has missed three times is not to miss for ever.
  if (large.length >= MOST_TRIES) return WORST_CRF;
  const more = large.length < MOST_TRIES - 1 ? 0 : 1;
  const next = rounded(over.crf + slope * Math.log2(over.bytes / (AIM * room)) + more);
  return next > WORST_CRF + HOPELESS ? undefined : Math.min(WORST_CRF, Math.max(next, rounded(over.crf + STEP)));
}

function slopeOf(finer: Try, coarser: Try): number {
  const slope = (coarser.crf - finer.crf) / Math.log2(finer.bytes / coarser.bytes);
  return slope > 0 ? Math.max(LEAST_SLOPE, Math.min(MOST_SLOPE, slope)) : MOST_SLOPE;
}

/** To the coarser side. */
const rounded = (crf: number) => Math.round(Math.ceil(crf / STEP - 1e-9)) / Math.round(1 / STEP);
