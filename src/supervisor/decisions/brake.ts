/**
 * How many jobs may be rendered at the same time after the kernel had to end a process for want of memory: half as many at once, and back in steps. Pure.
 */

export interface Brake {
  /** Jobs at the same time; Infinity when nothing holds them back. */
  readonly limit: number;
  /** The monotonic instant at which twice as many may be tried. */
  readonly until: number;
}

export const NO_BRAKE: Brake = { limit: Number.POSITIVE_INFINITY, until: 0 };

/** Milliseconds that a step lasts. */
const STEP_MS = 60_000;

/** Half of what was allowed, at least one. */
export function afterOom({ limit }: Brake, slots: number, now: number): Brake {
  return { limit: Math.max(1, Math.floor(Math.min(limit, slots) / 2)), until: now + STEP_MS };
}

/** The same, or a step back to normal. */
export function released(brake: Brake, slots: number, now: number): Brake {
  if (now < brake.until || brake === NO_BRAKE) return brake;
  const limit = brake.limit * 2;
  return limit >= slots ? NO_BRAKE : { limit, until: now + STEP_MS };
}
