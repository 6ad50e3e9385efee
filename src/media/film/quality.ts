/** Which constant rate factor a film is encoded with: the finest whose file is no larger than what the re-encode path makes of the same footage. */

/** One try: bytes of the blank film at a rate factor. */
export interface Try {
  readonly crf: number;
  readonly bytes: number;
}

/** Wanted size, and what is near enough, as fractions of the goal. */
const LEAST = 0.97;
const MOST = 1.005;
const AIM = 0.99;

/** Tries cost an encode of the whole clip each. */
const TRIES = 4;

/** The next rate factor to try, or undefined when the tries so far hold the answer (`bestOf`). `goal` in bytes. */
export function nextCrf(tries: readonly Try[], goal: number): number | undefined {
  const last = tries.at(-1);
  if (!last || tries.length >= TRIES) return undefined;
  const ratio = last.bytes / goal;
  if (ratio >= LEAST && ratio <= MOST) return undefined;
  const next = round(last.crf + slope(tries) * Math.log2(ratio / AIM));
  return next < 1 || next > 48 || tries.some(({ crf }) => crf === next) ? undefined : next;
}

/** The finest try that is small enough, else the smallest. */
export function bestOf<T extends Try>(tries: readonly T[], goal: number): T | undefined {
  const sorted = tries.toSorted((a, b) => a.crf - b.crf);
  return sorted.find(({ bytes }) => bytes <= goal * MOST) ?? sorted.at(-1);
}

/** Steps of the rate factor that halve the bytes: six by x264's rule, better known after two tries. */
function slope(tries: readonly Try[]): number {
  const [one, other] = tries.slice(-2);
  if (!one || !other) return 6;
  const measured = (other.crf - one.crf) / Math.log2(one.bytes / other.bytes);
  return Number.isFinite(measured) ? Math.max(3, Math.min(12, measured)) : 6;
}

const round = (crf: number) => Math.round(crf * 4) / 4;
