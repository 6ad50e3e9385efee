/**
 * Proposes after how many jobs, and at how much memory, renderers are recycled, from what a farm has measured, and shows the arithmetic. Pure.
 *
 * Recycling costs the CPU of a boot, and not recycling costs what has leaked. A renderer should do so many jobs that its boot is a small share of its work, and may do so many
 * more until it has doubled; but all of them together have to fit into the memory that they are given. The proposed jobs decide in the usual case; the proposed
 * memory lies above it and is for the unusual.
 */

export interface RecycleHistory {
  /** Renderers that live at the same time, standbys included. */
  readonly renderers: number;
  /** Bytes at rest after the first job, the greatest seen. */
  readonly base: number;
  /** Bytes leaked with every job, the greatest seen. */
  readonly leak: number;
  /** Mean seconds of a boot, and of a job. */
  readonly bootSeconds: number;
  readonly jobSeconds: number;
  /** Bytes that all renderers together may hold. */
  readonly budget: number;
}

export interface Suggestion {
  readonly maxJobs: number;
  /** Bytes. */
  readonly maxMemory: number;
  /** The arithmetic, a line for each step. */
  readonly steps: readonly string[];
}

/** A boot may cost this share of the work of its renderer. */
const BOOT_SHARE = 0.005;
/** Of the memory that is expected when the jobs are done, so that chance does not decide. */
const HEADROOM = 1.25;
const MOST_JOBS = 10_000;
const STEP = 16e6;

export function suggest({ renderers, base, leak, bootSeconds, jobSeconds, budget }: RecycleHistory): Suggestion {
  const least = Math.ceil(bootSeconds / (BOOT_SHARE * jobSeconds));
  const doubled = jobsOf(base / leak);
  const room = budget / renderers;
  const most = Math.max(1, jobsOf((room / HEADROOM - base) / leak));
  const maxJobs = Math.min(Math.max(least, doubled), most, MOST_JOBS);
  const expected = base + leak * maxJobs;
  const maxMemory = Math.ceil((expected * HEADROOM) / STEP) * STEP;
  const steps = [
    `a boot takes ${bootSeconds.toFixed(2)} s, a job ${jobSeconds.toFixed(3)} s: from ${least} jobs on, boots cost less than ${BOOT_SHARE * 100} %`,
    leak > 0
      ? `a renderer rests at ${mb(base)} after its first job and leaks ${kb(leak)} with every job: it has doubled after ${doubled} jobs`
      : `a renderer rests at ${mb(base)} after its first job and leaks nothing that shows`,
    `${mb(budget)} for ${renderers} renderers is ${mb(room)} for each: room for ${most} jobs`,
    `maxJobs = the greater of ${least} and ${doubled}, at most ${Math.min(most, MOST_JOBS)}: ${maxJobs}`,
    `maxMemory = (${mb(base)} + ${maxJobs} × ${kb(leak)}) × ${HEADROOM}: ${mb(maxMemory)}`,
  ];
  if (most < least)
    steps.push(
      `there is not memory enough: recycling will cost ${((bootSeconds / (maxJobs * jobSeconds)) * 100).toFixed(1)} % of the work; use fewer slots, or find the leak`,
    );
  return { maxJobs, maxMemory, steps };
}

/** Without a leak there is no end. */
const jobsOf = (jobs: number): number => Math.min(MOST_JOBS, Math.floor(jobs));

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const kb = (bytes: number): string => `${(bytes / 1e3).toFixed(1)} kB`;
