/** Judgements about renderers and their deaths. Pure. */

import { type ErrorCode, type Failure, failure } from '../../errors.js';
import type { Death } from '../renderer/process.js';
import type { KillCause, Renderer } from '../renderer/renderer.js';
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

/** What a death is called, in the job's history, the log and the metrics. */
export function causeOfDeath({ phase, killedFor }: Pick<Renderer, 'phase' | 'killedFor'>, death: Death): Failure {
  if (killedFor) return failure(killedFor === 'stop' ? 'aborted' : killedFor, KILLED[killedFor]);
  if (death.unfit) return { ...failure('boot_failed', death.unfit.message), hint: death.unfit.hint };
  const code: ErrorCode = phase === 'booting' ? 'boot_failed' : 'renderer_crashed';
  const ended = death.signal ? `by ${death.signal}` : `with exit code ${death.code}`;
  const said = lastWords(death.tail);
  return failure(code, `The renderer ended ${ended}${said ? `: ${said}` : '.'}`);
}

const KILLED: Record<KillCause, string> = {
  boot_failed: 'The renderer did not become ready in time and was killed.',
  renderer_silent: 'The renderer sent no heartbeat and was killed.',
  renderer_memory: 'The renderer passed the hard memory limit and was killed.',
  renderer_stalled: 'The job made no progress and its renderer was killed.',
  renderer_nonsense: 'The renderer sent what is no message and was killed.',
  aborted: 'The renderer did not stop an attempt whose lease was lost, and was killed.',
  stop: 'The renderer was stopped by the supervisor.',
};
