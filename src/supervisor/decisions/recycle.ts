/**
 * When a renderer is replaced as planned, and why. ffmpeg, drawing and JavaScript all leak a little with every video; a renderer is therefore mortal by
 * design. Pure: what is known about a renderer and the limits go in, a reason or nothing comes out.
 *
 * A reason is found while the renderer is at its last job, where that can be foreseen, so that a standby is ready when it has finished.
 */

export type RecycleReason = 'jobs' | 'memory' | 'age' | 'request';

export interface RecycleLimits {
  /** Jobs after which a renderer is replaced, before its spread. It works on while its standby boots. */
  readonly maxJobs: number;
  /** Bytes over the process tree between jobs. A renderer that has passed it gets no further job. */
  readonly maxMemory: number;
  /** Milliseconds since it was started. */
  readonly maxAgeMs: number;
}

export interface RendererFacts {
  /** Jobs it was given, the present one included. */
  readonly jobs: number;
  /** Its own limit of jobs: maxJobs less its spread. */
  readonly jobLimit: number;
  /** Bytes over the process tree when last metered between jobs; 0 before that. */
  readonly restingMemory: number;
  /** Bytes that it grew by with the last job but the first, which fills its caches. */
  readonly growth: number;
  readonly ageMs: number;
}

/** The limit of jobs of one renderer: up to a tenth below `maxJobs`, so that renderers started together do not end together. */
export function spreadJobs(maxJobs: number, random: number): number {
  return Math.max(1, maxJobs - Math.floor((maxJobs / 10) * random));
}

/** Whether it is over its memory, or will be after one more job. */
export function reasonToRecycle(renderer: RendererFacts, limits: RecycleLimits): RecycleReason | undefined {
  if (renderer.restingMemory + renderer.growth > limits.maxMemory) return 'memory';
  if (renderer.jobs >= renderer.jobLimit) return 'jobs';
  if (renderer.ageMs >= limits.maxAgeMs) return 'age';
  return undefined;
}
