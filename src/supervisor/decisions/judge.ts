/** Judgements about renderers and their deaths. Pure. */

import { type ErrorCode, type Failure, failure } from '../../errors.js';
import type { Death } from '../renderer/process.js';
import type { KillCause, Renderer, Silence } from '../renderer/renderer.js';
import type { Vitals } from '../renderer/vitals.js';
import { lastWords } from './last-words.js';

export interface Patience {
  /** Milliseconds a renderer may take to boot. */
  readonly bootMs: number;
  /** Milliseconds without any message. */
  readonly silentMs: number;
  /** Milliseconds a job may go without progress. */
  readonly stallMs: number;
  /** Bytes over the process tree at which it is killed mid-job. */
  readonly maxMemoryHard: number;
  /** Milliseconds in which a renderer that was told to stop a job, or to leave, has to do so. Default 5,000. */
  readonly graceMs?: number;
}

/** Whether a renderer has to be killed now, and for what. */
export function reasonToKill(
  renderer: Pick<Renderer, 'phase' | 'heardAt' | 'memory' | 'dismissedAt'> & {
    readonly assignment: { readonly progressAt: number; readonly lostAt: number | undefined } | undefined;
  },
  now: number,
  { bootMs, silentMs, stallMs, maxMemoryHard, graceMs = 5_000 }: Patience,
): KillCause | undefined {
  const { phase, heardAt, dismissedAt, assignment, memory } = renderer;
  if (phase === 'booting') return now - heardAt > bootMs ? 'boot_failed' : undefined;
  if (dismissedAt !== undefined && now - dismissedAt > graceMs) return 'stop';
  if (now - heardAt > silentMs) return 'renderer_silent';
  if (memory > maxMemoryHard) return 'renderer_memory';
  if (assignment?.lostAt !== undefined && now - assignment.lostAt > graceMs) return 'aborted';
  if (assignment && now - assignment.progressAt > stallMs) return 'renderer_stalled';
  return undefined;
}

/** Whether a renderer has been silent for so long that it is worth looking what it does. */
export const isSuspect = (
  { phase, heardAt }: Pick<Renderer, 'phase' | 'heardAt'>,
  now: number,
  { silentMs }: Patience,
) => phase !== 'booting' && now - heardAt > silentMs / 2;

/** Why it says nothing, by what its main thread did when that became suspicious and does now. */
export function causeOfSilence(before: Vitals | undefined, now: Vitals | undefined): Silence {
  if (!now) return 'renderer_silent';
  if (/^t$/i.test(now.state)) return 'renderer_stopped';
  if (now.state === 'R' || (before && now.ticks > before.ticks)) return 'renderer_blocked';
  return 'renderer_hung';
}

/** Whether somebody killed it, perhaps the kernel. */
export const wasKilled = ({ killedFor }: Pick<Renderer, 'killedFor'>, { signal }: Death): boolean =>
  !killedFor && signal === 'SIGKILL';

/** What a death is called, in the job's history, the log and the metrics; `isOom` when the kernel counted it as one for want of memory. */
export function causeOfDeath(
  { phase, killedFor }: Pick<Renderer, 'phase' | 'killedFor'>,
  death: Death,
  isOom = false,
): Failure {
  if (killedFor) return failure(killedFor === 'stop' ? 'aborted' : killedFor, KILLED[killedFor]);
  if (isOom) return failure('out_of_memory', 'The kernel ended the renderer for want of memory.');
  if (death.unfit) return { ...failure('boot_failed', death.unfit.message), hint: death.unfit.hint };
  const untimely: ErrorCode = death.signal ? 'renderer_crashed' : 'renderer_exited';
  const code = phase === 'booting' ? 'boot_failed' : untimely;
  const ended = death.signal ? `by ${death.signal}` : `with exit code ${death.code}`;
  const said = lastWords(death.tail);
  return failure(code, `The renderer ended ${ended}${said ? `: ${said}` : '.'}`);
}

const KILLED: Record<KillCause, string> = {
  boot_failed: 'The renderer did not become ready in time and was killed.',
  renderer_silent: 'The renderer sent no heartbeat and was killed.',
  renderer_stopped: 'The renderer had been stopped, sent no heartbeat and was killed.',
  renderer_blocked: 'The renderer sent no heartbeat while its event loop was busy, and was killed.',
  renderer_hung: 'The renderer sent no heartbeat while it waited in native code or for a disk, and was killed.',
  renderer_memory: 'The renderer passed the hard memory limit and was killed.',
  renderer_stalled: 'The job made no progress and its renderer was killed.',
  renderer_nonsense: 'The renderer sent what is no message and was killed.',
  aborted: 'The renderer did not stop an attempt whose lease was lost, and was killed.',
  stop: 'The renderer was stopped by the supervisor.',
};
