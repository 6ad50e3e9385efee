/**
 * Time as an argument. Whoever waits or stamps is given a Clock, so that tests move time by hand and never sleep.
 * `now` is the calendar (milliseconds since the epoch, may jump); `monotonic` only rises (milliseconds, no meaning but differences).
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls back once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
