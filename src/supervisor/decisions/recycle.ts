/**
 * When a renderer is replaced as planned, and why. ffmpeg, drawing and JavaScript all leak a little with every video; a renderer is therefore mortal by
 * design. Pure: what is known about a renderer and the limits go in, a reason or nothing comes out.
 *
 * A reason is found while the renderer is at its last job, where that can be foreseen, so that a standby is ready when it has finished.
 *
 * A limit that is lower than what every renderer needs would replace them without end. One that is young and has hardly grown since its first job is therefore spared: the
 * next would be no better. One that is young and has grown is not: that is a leak, and what the limits are for.
 */

export type RecycleReason = 'jobs' | 'memory' | 'files' | 'age' | 'request';
/** Reasons of wear, from which the young are spared. */
export type Wear = Extract<RecycleReason, 'memory' | 'files'>;

export interface RecycleLimits {
  /** Jobs after which a renderer is replaced, before its spread. It works on while its standby boots. */
  readonly maxJobs: number;
  /** Bytes over the process tree between jobs. A renderer that has passed it gets no further job. */
  readonly maxMemory: number;
  /** Milliseconds since it was started. */
  readonly maxAgeMs: number;
  /** Milliseconds that a renderer lives at least, however near its memory or files are to their limits, unless it has grown. */
  readonly minLifetimeMs: number;
}

export interface Wearing {
  /** Bytes over the process tree when last metered between jobs, and after its first job, which fills its caches; 0 before that. */
  readonly restingMemory: number;
  readonly baseMemory: number;
  /** Bytes that it keeps of every job, as estimated (leak.ts). */
  readonly leak: number;
  /** File descriptors when last counted, when first counted, and how many the system gives it. */
  readonly openFiles: number;
  readonly baseFiles: number;
  readonly fileLimit: number;
  readonly ageMs: number;
}

export interface RendererFacts extends Wearing {
  /** Jobs it was given, the present one included. */
  readonly jobs: number;
  /** Its own limit of jobs: maxJobs less its spread. */
  readonly jobLimit: number;
}

/** The share of its file descriptors at which a renderer is replaced, and that at which it is so whatever its age. */
const FILES_SOFT = 0.8;
const FILES_HARD = 0.95;
/** What a renderer has to have grown by, as a share of the limit, so that its replacement is worth it at any age. */
const GROWN = 0.25;

/** The limit of jobs of one renderer: up to a tenth below `maxJobs`, so that renderers started together do not end together. */
export function spreadJobs(maxJobs: number, random: number): number {
  return Math.max(1, maxJobs - Math.floor((maxJobs / 10) * random));
}

/** Whether it is over one of its limits, or will be after one more job. */
export function reasonToRecycle(renderer: RendererFacts, limits: RecycleLimits): RecycleReason | undefined {
  const worn = wearOf(renderer, limits);
  if (worn && !isSpared(worn, renderer, limits)) return worn;
  if (renderer.jobs >= renderer.jobLimit) return 'jobs';
  if (renderer.ageMs >= limits.maxAgeMs) return 'age';
  return undefined;
}

/** The limit that a renderer has passed without being replaced for it, since it is too young and was no better when it began. */
export function reasonSpared(renderer: Wearing, limits: RecycleLimits): Wear | undefined {
  const worn = wearOf(renderer, limits);
  return worn && isSpared(worn, renderer, limits) ? worn : undefined;
}

/** Whether it has passed its memory and is to get no further job. */
export const isFull = (renderer: Wearing, limits: RecycleLimits): boolean =>
  renderer.restingMemory > limits.maxMemory && !isSpared('memory', renderer, limits);

function wearOf(
  { restingMemory, leak, openFiles, fileLimit }: Wearing,
  { maxMemory }: RecycleLimits,
): Wear | undefined {
  if (restingMemory + leak > maxMemory) return 'memory';
  return openFiles >= FILES_SOFT * fileLimit ? 'files' : undefined;
}

function isSpared(worn: Wear, renderer: Wearing, { maxMemory, minLifetimeMs }: RecycleLimits): boolean {
  if (renderer.ageMs >= minLifetimeMs) return false;
  if (worn === 'memory') return renderer.restingMemory - renderer.baseMemory < GROWN * maxMemory;
  const { openFiles, baseFiles, fileLimit } = renderer;
  return openFiles < FILES_HARD * fileLimit && openFiles - baseFiles < GROWN * fileLimit;
}
