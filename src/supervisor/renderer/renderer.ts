/** One renderer as the supervisor knows it: its process, what it is doing, and the facts that decisions need. */

import type { ErrorCode } from '../../errors.js';
import type { ToSupervisor } from '../../ipc/messages.js';
import type { Job } from '../../job.js';
import type { Loss } from '../capacity.js';
import type { Rest } from '../decisions/leak.js';
import type { RecycleReason } from '../decisions/recycle.js';
import type { Death, RendererProcess } from './process.js';
import type { Vitals } from './vitals.js';

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
  | Silence
  | Extract<ErrorCode, 'renderer_memory' | 'renderer_stalled' | 'renderer_nonsense' | 'boot_failed' | 'aborted'>
  | 'stop';

/** Why a renderer says nothing: it was stopped, its event loop is busy, it waits for something, or that cannot be seen here. */
export type Silence = Extract<ErrorCode, 'renderer_stopped' | 'renderer_blocked' | 'renderer_hung' | 'renderer_silent'>;

/** Instants are monotonic milliseconds. */
export interface Renderer {
  readonly process: Pick<RendererProcess, 'pid' | 'render' | 'abort' | 'leave' | 'kill'>;
  /** Its seat; NO_SEAT of a standby. */
  slot: number;
  readonly startedAt: number;
  jobLimit: number;
  phase: Phase;
  /** When it last said something; while it boots, when it was started. */
  heardAt: number;
  /** What it did when it had said nothing for a while. */
  vitals: Vitals | undefined;
  /** When it was asked to go. */
  dismissedAt: number | undefined;
  /** Jobs it was given, the present one included. */
  jobs: number;
  /** Bytes over the process tree, last metered at all, last metered between jobs, and first metered there. */
  memory: number;
  restingMemory: number;
  baseMemory: number;
  /** Its memory between jobs over its life, and what it leaks by that: bytes per job, 0 while that is not known. */
  rests: readonly Rest[];
  leak: number;
  /** File descriptors, when it was last looked at and at its beginning, and how many it may have. */
  openFiles: number;
  baseFiles: number;
  fileLimit: number;
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
  /** No renderer is started for an empty seat before this instant. */
  emptyUntil: number;
  /** Why it is empty, when it is. */
  emptyFor: Loss;
}

/** What came from a renderer: a message, what is no message, or its end. */
export type Incident =
  | { readonly renderer: Renderer; readonly message: ToSupervisor }
  | { readonly renderer: Renderer; readonly nonsense: unknown }
  | { readonly renderer: Renderer; readonly death: Death };
