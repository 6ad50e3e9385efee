/** The lines of the journal: how an outcome stands there, and what a file of them comes to. Pure. */

import { createHash } from 'node:crypto';
import type { Lease } from '../../store/store.js';
import type { Fate } from '../decisions/fate.js';

export interface Entry extends Lease {
  readonly fate: Exclude<Fate, { readonly event: 'released' }>;
}

/** One outcome as it stands in the file. */
export const lineOf = ({ id, fence, fate }: Entry): string => checked({ id, fence, fate });

/** That an outcome is settled. */
export const settledLine = ({ id, fence }: Lease): string => checked({ id, fence });

const checked = (line: Lease & { readonly fate?: Entry['fate'] }): string => {
  const json = JSON.stringify(line);
  return `${checksum(json)} ${json}\n`;
};

/** What the whole lines of a journal come to, and how much in it is no whole line. */
export function readLines(content: Buffer): {
  readonly entries: readonly Entry[];
  readonly lines: number;
  readonly dropped: { readonly lines: number; readonly bytes: number };
} {
  const lines = content.toString('utf8').split('\n');
  // Behind the last line end there is nothing, unless what stands there was torn.
  const tail = lines.pop();
  const entries = new Map<string, Entry>();
  let whole = 0;
  let bytes = 0;
  for (const line of lines) {
    const entry = entryIn(line);
    if (!entry) continue;
    whole++;
    bytes += Buffer.byteLength(line) + 1;
    if (isKept(entry)) entries.set(keyOf(entry), entry);
    else entries.delete(keyOf(entry));
  }
  const dropped = { lines: lines.length - whole + (tail === '' ? 0 : 1), bytes: content.length - bytes };
  return { entries: [...entries.values()], lines: lines.length, dropped };
}

/** What a line says; undefined when it is not one of ours, whatever its checksum. */
function entryIn(line: string): Entry | Lease | undefined {
  const [, sum, json = ''] = /^([0-9a-f]{16}) (.*)$/.exec(line) ?? [];
  if (sum !== checksum(json)) return undefined;
  try {
    const { id, fence, fate } = JSON.parse(json);
    const isOurs =
      typeof id === 'string' && Number.isSafeInteger(fence) && (fate === undefined || EVENTS.has(fate.event));
    return isOurs ? { id, fence, ...(fate && { fate }) } : undefined;
  } catch {
    return undefined;
  }
}

const EVENTS: ReadonlySet<string> = new Set<Entry['fate']['event']>(['rendered', 'retried', 'dead']);
const isKept = (entry: Entry | Lease): entry is Entry => 'fate' in entry;

const checksum = (json: string): string => createHash('sha256').update(json).digest('hex').slice(0, 16);

/** One entry a claim. */
export const keyOf = ({ id, fence }: Lease): string => `${fence} ${id}`;
