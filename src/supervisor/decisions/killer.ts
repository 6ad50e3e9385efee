/**
 * Whether somebody outside ends processes of this farm: an operator, a script, a guard of memory that is not the kernel's. Pure.
 *
 * Problem: a renderer that is ended by SIGKILL says nothing of who did it. Held against its job each time, an innocent dies of a stranger's kills; never held against it,
 * a job that has its renderers killed is tried for ever.
 *
 * How: by who else is hit. A job can only end its own renderer. So a renderer that had no job was ended by somebody else, and where two other jobs have
 * suffered the same a moment ago, the third has hardly caused it. Two jobs that kill at the same time are not taken for a stranger.
 */

/** One process that was ended from outside. */
export interface Strike {
  /** Monotonic instant. */
  readonly at: number;
  /** The id of the job that it had; undefined when it had none. */
  readonly job: string | undefined;
}

/** Milliseconds that a strike is remembered. */
const MEMORY_MS = 60_000;
/** Other jobs that have to be hit before a job is excused. */
const OTHERS = 2;

/** The strikes with one more, without those that are too old. */
export const withStrike = (strikes: readonly Strike[], strike: Strike): readonly Strike[] => [
  ...strikes.filter(({ at }) => strike.at - at < MEMORY_MS),
  strike,
];

/** Whether these strikes are somebody else's work, and not that of this job. */
export function isKillerAbout(strikes: readonly Strike[], job: string | undefined): boolean {
  if (strikes.some((strike) => strike.job === undefined)) return true;
  return new Set(strikes.flatMap((strike) => (strike.job === job ? [] : [strike.job]))).size >= OTHERS;
}
