/** The servers that share a store, as people see them, and what none of them can do. Pure. */

import type { Need, Server } from '../store/store.js';
import { hasAll } from '../tags.js';
import { counted } from './control/command.js';
import { agedText } from './control/picture.js';
import { table } from './table.js';

/** What queued jobs require and no living server has that takes jobs. */
export const unmet = (needs: readonly Need[], servers: readonly Server[]): readonly Need[] =>
  needs.filter(({ requires }) => !servers.some((server) => takesJobs(server) && hasAll(server.tags, requires)));

const takesJobs = ({ isAlive, state }: Server): boolean => isAlive && state === 'running';

/** As it said, or that it is silent though it has not said that it goes. */
export const conditionOf = ({ isAlive, state }: Server): string => (isAlive || state === 'gone' ? state : 'silent');

export function serversText(servers: readonly Server[], needs: readonly Need[]): string {
  if (servers.length === 0) return 'No server has announced itself.';
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
  return [table(head, rows), ...servers.flatMap(silenceText), unmetText(unmet(needs, servers))]
    .filter((part) => part !== '')
    .join('\n\n');
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
  const lines = needs.map(
    ({ requires, queued }) => `${counted(queued, 'queued job')}: no running server has ${requires.join(' and ')}`,
  );
  return lines.length === 0
    ? ''
    : `${lines.join('\n')}\n  -> Start a server that has it (tags, STORYFARM_TAGS), or give it to one that runs and \`storyfarm reload\`.`;
}
