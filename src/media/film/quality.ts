/**
 * Which constant rate factor a film is encoded with: the finest whose file is hardly larger than what the re-encode path makes of the same footage, and which no second of it
 * passes the bit rate of its level.
 */

/** One try: bytes of the blank film at a rate factor, and whether its level can take its bit rate. */
export interface Try {
  readonly crf: number;
  readonly bytes: number;
  readonly isSteady: boolean;
}

/** Wanted size, and what is near enough, as fractions of the goal: words cost the other path more than this one, and a hundredth of the bytes is 0.0003 SSIM. */
const LEAST = 1.01;
const MOST = 1.03;
const AIM = 1.02;

/** Tries cost an encode of the whole clip each. */
const TRIES = 4;

/** Added to the rate factor of a film whose bit rate passes its level. */
const STEADIER = 2;

/** The next rate factor to try, or undefined when the tries so far hold the answer (`bestOf`). `goal` in bytes. */
export function nextCrf(tries: readonly Try[], goal: number): number | undefined {
  const last = tries.at(-1);
  if (!last || tries.length >= TRIES) return undefined;
  const ratio = last.bytes / goal;
  if (last.isSteady && ratio >= LEAST && ratio <= MOST) return undefined;
  let next = round(last.isSteady ? last.crf + slope(tries) * Math.log2(ratio / AIM) : last.crf + STEADIER);
  // Hardly too large may be less than half a step: standing still would leave a far smaller try the best.
  if (next === last.crf) next += ratio > MOST ? STEP : -STEP;
  return next < 1 || next > 48 || tries.some(({ crf }) => crf === next) ? undefined : next;
}

/** The finest try that is small and steady enough, else the smallest. */
export function bestOf<T extends Try>(tries: readonly T[], goal: number): T | undefined {
  const sorted = tries.toSorted((a, b) => a.crf - b.crf);
  return sorted.find(({ bytes, isSteady }) => isSteady && bytes <= goal * MOST) ?? sorted.at(-1);
}

/** Steps of the rate factor that halve the bytes: six by x264's rule, better known after two tries. */
function slope(tries: readonly Try[]): number {
  const [one, other] = tries.slice(-2);
  if (!one || !other || tries.length < 2) return 7;
  const measured = (other.crf - one.crf) / Math.log2(one.bytes / other.bytes);
  return Number.isFinite(measured) ? Math.max(3, Math.min(14, measured)) : 7;
}

/** Some 2 % of the bytes. */
const STEP = 0.125;
const round = (crf: number) => Math.round(crf / STEP) * STEP;

/** Fullness at which a decoder begins to read its buffer, as x264 takes it; and the share that is left for words. */
const START = 0.9;
const FOR_WORDS = 0.05;

/**
 * Whether a decoder's buffer of `room` bits never runs empty when samples of these bytes arrive at `rate` bits per second and one is taken each frame (annex C.1): what a level promises
 * its decoders.
 */
export function isSteady(sizes: Iterable<number>, fps: number, rate: number, room: number): boolean {
  let fullness = room * START;
  for (const bytes of sizes) {
    fullness -= bytes * 8;
    if (fullness < room * FOR_WORDS) return false;
    fullness = Math.min(room, fullness + rate / fps);
  }
  return true;
}
