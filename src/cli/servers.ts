/** The servers that share a store, as people see them, and what none of them can do. */

import type { JobStore, Need, Server } from '../store/store.js';
import { hasAll } from '../tags.js';
import { counted } from './control/command.js';
import { agedText } from './control/picture.js';
import { table } from './table.js';

/** What waits in the store. */
export interface Waiting {
  readonly needs: readonly Need[];
  /** All that are queued, whatever they require. */
  readonly queued: number;
}

export async function waitingIn(store: Pick<JobStore, 'needs' | 'counts'>): Promise<Waiting> {
  const { byState } = await store.counts();
  return { needs: await store.needs(), queued: byState.queued };
}

/** What queued jobs require and no living server has that takes jobs. Where none takes any, that is one need of all, which requires nothing. */
export function unmet({ needs, queued }: Waiting, servers: readonly Server[]): readonly Need[] {
  const takers = servers.filter(takesJobs);
  if (takers.length === 0) return queued === 0 ? [] : [{ requires: [], queued }];
  return needs.filter(({ requires }) => !takers.some(({ tags }) => hasAll(tags, requires)));
}

const takesJobs = ({ isAlive, state }: Server): boolean => isAlive && state === 'running';

/** As it said, or that it is silent though it has not said that it goes. */
export const conditionOf = ({ isAlive, state }: Server): string => (isAlive || state === 'gone' ? state : 'silent');

export function serversText(servers: readonly Server[], waiting: Waiting): string {
  const lacking = unmetText(unmet(waiting, servers));
  if (servers.length === 0)
    return ['No server has announced itself.', lacking].filter((part) => part !== '').join('\n\n');
  const rows = servers.map((server) => [
    server.name,
    conditionOf(server),
    server.state === 'gone' ? '' : `${server.rendering}/${server.slots}`,
    `${agedText(server.silentMs)} ago`,
    server.version,
    server.ffmpeg ?? 'none',
    server.tags.join(' '),
    server.domain ?? '',
  ]);
  const head = ['server', 'state', 'load', 'heard', 'version', 'ffmpeg', 'tags', 'files'];
  return [table(head, rows), ...servers.flatMap(silenceText), lacking].filter((part) => part !== '').join('\n\n');
}

/** What to do about a server that has not been heard. */
function silenceText(server: Server): readonly string[] {
  if (conditionOf(server) !== 'silent') return [];
  const { name, silentMs } = server;
  return [
    `${name} has not been heard for ${agedText(silentMs)}. What it was rendering is taken over when its leases expire.\n  -> If it does not come back: \`storyfarm jobs rerender --server ${name}\`, then \`storyfarm servers forget ${name}\`.`,
  ];
}

/** Lines about jobs that nobody can take; empty when there are none. */
export function unmetText(needs: readonly Need[]): string {
  const [first] = needs;
  if (!first) return '';
  const lines = needs.map(({ requires, queued }) => `${counted(queued, 'queued job')}: ${lackText(requires)}`);
  return `${lines.join('\n')}\n  -> ${lackRemedy(first)}`;
}

export const lackText = (requires: readonly string[]): string =>
  requires.length === 0 ? 'no server takes jobs now' : `no running server has ${requires.join(' and ')}`;

/** What to do about a need that nobody meets. */
export const lackRemedy = ({ requires }: Need): string =>
  requires.length === 0
    ? 'Start a server (`storyfarm farm`, or `storyfarm up`).'
    : 'Start a server that has it (tags, STORYFARM_TAGS), or give it to one that runs and `storyfarm reload`.';
