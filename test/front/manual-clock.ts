/** A clock that a test moves by hand. */

import type { Clock } from '../../src/clock.js';

export interface ManualClock extends Clock {
  /** Moves time on and calls what has become due, in order, letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** How many calls are waiting. */
  readonly waiting: number;
}

export function manualClock(): ManualClock {
  let now = 0;
  const calls = new Set<{ readonly at: number; readonly callback: () => void }>();
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    monotonic: () => now,
    after(ms, callback) {
      const call = { at: now + ms, callback };
      calls.add(call);
      return () => calls.delete(call);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const [next] = [...calls].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (!next) break;
        now = Math.max(now, next.at);
        calls.delete(next);
        next.callback();
        await settle();
      }
      now = until;
    },
    get waiting() {
      return calls.size;
    },
  };
}
