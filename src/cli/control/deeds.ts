/** What each request on the control socket does to the farm, and what it answers. */

import { StoryfarmError } from '../../errors.js';
import type { Supervisor } from '../../supervisor/supervisor.js';
import type { Deed, FarmStatus, Request, Results } from './protocol.js';

/** A farm as the requests know it. */
export interface Controlled {
  readonly supervisor: Pick<
    Supervisor,
    'slots' | 'options' | 'mode' | 'readiness' | 'pausedFor' | 'reconfigure' | 'pause' | 'resume' | 'recycle' | 'ended'
  >;
  report(): FarmStatus;
  /** Reads the configuration again. Throws when it cannot be used; the old one then stays in force. */
  reload(): Results['reload'];
  /** Ends the farm and its process after the present jobs, or at once. Each may be called again. */
  drain(): void;
  stop(): void;
}

type Deeds = { readonly [D in Deed]: (request: Extract<Request, { do: D }>) => Results[D] | Promise<Results[D]> };

/** Answers requests. Throws what the client is to be told. */
export function deedsOf(farm: Controlled): (request: Request) => Promise<object> {
  const { supervisor } = farm;
  const jobs = () => supervisor.slots.filter(({ renderer }) => renderer?.assignment).length;
  const deeds: Deeds = {
    status: () => farm.report(),
    scale: ({ slots }) => {
      const before = supervisor.options.slots;
      supervisor.reconfigure({ slots });
      const closing = supervisor.slots.slice(slots);
      return { slots, before, finishing: closing.filter(({ renderer }) => renderer?.assignment).length };
    },
    pause: ({ reason }) => {
      supervisor.pause(reason);
      return { paused: reason, jobs: jobs() };
    },
    resume: () => {
      const wasPaused = supervisor.pausedFor !== undefined;
      supervisor.resume();
      return { wasPaused, ...supervisor.readiness() };
    },
    recycle: ({ slot }) => ({ slots: supervisor.recycle(slot) }),
    reload: () => farm.reload(),
    drain: () => {
      farm.drain();
      return { mode: supervisor.mode, jobs: jobs(), atMostMs: supervisor.options.drainMs };
    },
    stop: () => {
      const given = jobs();
      farm.stop();
      return { mode: supervisor.mode, jobs: given };
    },
    await: async () => {
      await supervisor.ended();
      return {};
    },
  };
  return async (request) => {
    if (supervisor.mode !== 'running' && !WHILE_ENDING.has(request.do)) throw ending(supervisor.mode);
    // The table has for each request the deed of its name.
    return (deeds[request.do] as (request: Request) => object | Promise<object>)(request);
  };
}

/** Requests that make sense of a farm that is about to end. */
const WHILE_ENDING: ReadonlySet<Deed> = new Set<Deed>(['status', 'drain', 'stop', 'await']);

function ending(mode: string): StoryfarmError {
  return new StoryfarmError('unavailable', `The farm is ${mode}.`, {
    hint: 'It ends when its present jobs have; start it again after that.',
  });
}
