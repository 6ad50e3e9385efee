/** One renderer as the supervisor knows it: its process, what it is doing, and the facts that decisions need. */

import type { ErrorCode } from '../errors.js';
import type { Job } from '../job.js';
import type { RecycleReason } from './recycle.js';
import type { RendererProcess } from './renderer-process.js';

/** `resting`: between jobs, its memory is being metered. `leaving`: replaced, on its way out. */
export type Phase = 'booting' | 'idle' | 'busy' | 'resting' | 'leaving';

export interface Assignment {
  readonly job: Job;
  readonly startedAt: number;
  progress: number;
  /** When it last came nearer its end. */
  progressAt: number;
  /** The lease was lost: whatever comes of it is written off. */
  lost: boolean;
}

/** Why the supervisor killed it. `stop`: the farm is being stopped hard, the job is not to blame. */
export type KillCause = Extract<ErrorCode, 'renderer_memory' | 'renderer_silent' | 'renderer_stalled' | 'boot_failed'> | 'stop';

/** Instants are monotonic milliseconds. */
export interface Renderer {
  readonly process: RendererProcess;
  readonly slot: number;
  readonly startedAt: number;
  readonly jobLimit: number;
  phase: Phase;
  heardAt: number;
  jobs: number;
  /** Bytes over the process tree, last metered at all and last metered between jobs. */
  memory: number;
  restingMemory: number;
  assignment: Assignment | undefined;
  killedFor: KillCause | undefined;
  /** Why it is replaced, once its successor is on the way. */
  recycling: RecycleReason | undefined;
}

/** A numbered seat. While a renderer is being replaced, its successor boots beside it and takes the seat when it is ready. */
export interface Slot {
  readonly number: number;
  renderer: Renderer | undefined;
  successor: Renderer | undefined;
  /** Deaths in a row without a finished job between. */
  deaths: number;
  /** An empty seat is not filled before this instant. */
  emptyUntil: number;
}
