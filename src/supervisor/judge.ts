/** Judgements about renderers and their deaths. Pure. */

import { type ErrorCode, type Failure, failure } from '../errors.js';
import type { Assignment, KillCause, Renderer } from './renderer.js';
import type { Death } from './renderer-process.js';

export interface Patience {
  /** Milliseconds a renderer may take to boot. */
  readonly bootMs: number;
  /** Milliseconds without any message. */
  readonly silentMs: number;
  /** Milliseconds a job may go without progress. */
  readonly stallMs: number;
  /** Bytes over the process tree at which it is killed mid-job. */
  readonly maxMemoryHard: number;
}

/** Whether a renderer has to be killed now, and for what. */
export function reasonToKill(
  renderer: Pick<Renderer, 'phase' | 'startedAt' | 'heardAt' | 'memory'> & { readonly assignment: Pick<Assignment, 'progressAt'> | undefined },
  now: number,
  patience: Patience,
): Exclude<KillCause, 'stop'> | undefined {
  if (renderer.phase === 'booting') return now - renderer.startedAt > patience.bootMs ? 'boot_failed' : undefined;
  if (now - renderer.heardAt > patience.silentMs) return 'renderer_silent';
  if (renderer.memory > patience.maxMemoryHard) return 'renderer_memory';
  if (renderer.assignment && now - renderer.assignment.progressAt > patience.stallMs) return 'renderer_stalled';
  return undefined;
}

/** What a death is called, in the job's history, the log and the metrics. */
export function causeOfDeath(renderer: Pick<Renderer, 'phase' | 'killedFor'>, death: Death): Failure {
  const ended = death.signal ? `by ${death.signal}` : `with exit code ${death.code}`;
  const said = death.tail.trim().split('\n').at(-1)?.slice(0, 300);
  if (renderer.killedFor && renderer.killedFor !== 'stop') return failure(renderer.killedFor, KILLED[renderer.killedFor]);
  if (death.unfit) return { ...failure('boot_failed', death.unfit.message), hint: death.unfit.hint };
  const code: ErrorCode = renderer.phase === 'booting' ? 'boot_failed' : 'renderer_crashed';
  return failure(code, `The renderer ended ${ended}${said ? `: ${said}` : '.'}`);
}

const KILLED: Record<Exclude<KillCause, 'stop'>, string> = {
  boot_failed: 'The renderer did not become ready in time and was killed.',
  renderer_silent: 'The renderer sent no heartbeat and was killed.',
  renderer_memory: 'The renderer passed the hard memory limit and was killed.',
  renderer_stalled: 'The job made no progress and its renderer was killed.',
};
