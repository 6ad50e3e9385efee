/** One renderer as the supervisor knows it: its process, what it is doing, and the facts that decisions need. */

import type { ErrorCode } from '../../errors.js';
import type { ToSupervisor } from '../../ipc/messages.js';
import type { Job } from '../../job.js';
import type { RecycleReason } from '../decisions/recycle.js';
import type { Death, RendererProcess } from './process.js';

/** `resting`: between jobs, its memory is being metered. `leaving`: it was asked to go. */
export type Phase = 'booting' | 'idle' | 'busy' | 'resting' | 'leaving';

export interface Assignment {
  readonly job: Job;
  /** Fraction, 0 to 1. */
  progress: number;
  /** When it last came nearer its end. */
  progressAt: number;
  /** When its lease was found lost: whatever comes of it is written off. */
  lostAt: number | undefined;
}

/** Why the supervisor killed it. `stop`: it had to go, and neither it nor its job is to blame. `aborted`: it did not give up an attempt that was lost. */
export type KillCause =
  | Extract<
      ErrorCode,
      'renderer_memory' | 'renderer_silent' | 'renderer_stalled' | 'renderer_nonsense' | 'boot_failed' | 'aborted'
    >
  | 'stop';

/** Instants are monotonic milliseconds. */
export interface Renderer {
  readonly process: Pick<RendererProcess, 'pid' | 'render' | 'abort' | 'leave' | 'kill'>;
  /** Its seat; of a standby, the one it was started for. */
  slot: number;
  readonly startedAt: number;
  jobLimit: number;
  phase: Phase;
  /** When it last said something; while it boots, when it was started. */
  heardAt: number;
  /** When it was asked to go. */
  dismissedAt: number | undefined;
  /** Jobs it was given, the present one included. */
  jobs: number;
  /** Bytes over the process tree, last metered at all and last metered between jobs. */
  memory: number;
  restingMemory: number;
  /** Bytes it grew by with its last job; 0 until it has had two. */
  growth: number;
  assignment: Assignment | undefined;
  killedFor: KillCause | undefined;
  /** Why it is to be replaced. */
  recycling: RecycleReason | undefined;
}

/** A numbered seat. */
export interface Slot {
  readonly number: number;
  renderer: Renderer | undefined;
  /** Deaths in a row without a finished job between. */
  deaths: number;
  /** An empty seat is not filled before this instant. */
  emptyUntil: number;
}

/** What came from a renderer: a message, what is no message, or its end. */
export type Incident =
  | { readonly renderer: Renderer; readonly message: ToSupervisor }
  | { readonly renderer: Renderer; readonly nonsense: unknown }
  | { readonly renderer: Renderer; readonly death: Death };
