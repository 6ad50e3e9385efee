/**
 * What a renderer leaks, in bytes per job: the slope of its memory at rest over the jobs that it has done.
 *
 * Memory at rest is no line: garbage is collected when it is, a cache fills, an edition is opened. The slope is therefore Theil and Sen's, the median of the slopes between all
 * pairs of points, which up to 29 % of wild points cannot move. Points are kept from the whole life of a renderer, ever further apart, so that a small leak shows
 * above the noise in the end, and estimating it costs less and less.
 */

export interface Rest {
  /** Jobs done. */
  readonly jobs: number;
  /** Bytes over the process tree. */
  readonly bytes: number;
}

/** Enough for the median; 1,770 pairs are sorted in a fraction of a millisecond. */
const MOST = 60;
/** Fewer points tell of caches, not of a leak. */
const LEAST = 4;

/** The points with one more; the same when it is too near the last. When there are too many, every second goes, and the next is twice as far. */
export function withRest(rests: readonly Rest[], rest: Rest): readonly Rest[] {
  const [first, second] = rests;
  const apart = first && second ? second.jobs - first.jobs : 1;
  const last = rests.at(-1);
  if (last && rest.jobs - last.jobs < apart) return rests;
  const all = [...rests, rest];
  return all.length > MOST ? all.filter((_, index) => index % 2 === 0) : all;
}

/** Bytes per job; 0 while too little is known, and when memory falls. */
export function leakPerJob(rests: readonly Rest[]): number {
  if (rests.length < LEAST) return 0;
  const slopes = new Float64Array((rests.length * (rests.length - 1)) / 2);
  let count = 0;
  rests.forEach((one, index) => {
    for (const other of rests.slice(index + 1)) slopes[count++] = (other.bytes - one.bytes) / (other.jobs - one.jobs);
  });
  slopes.sort();
  const middle = ((slopes[(count - 1) >> 1] ?? 0) + (slopes[count >> 1] ?? 0)) / 2;
  return Math.max(0, middle);
}
