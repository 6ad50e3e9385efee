/**
 * What became of a job, event by event, put together for people and programs. Pure.
 *
 * The store keeps of each event the fence of the claim that it belongs to, and of each failure its code, sentence and remedy. Which counted attempt that was follows from
 * the events before: one that was given back, or taken back after a crash of the farm, is tried again under the same number.
 */

import type { HistoryEntry, Job } from '../job.js';
import { brief } from './brief.js';
import { agedText } from './control/picture.js';
import { table } from './table.js';

export interface Event extends Omit<HistoryEntry, 'fence'> {
  /** Counted from 1; null for what belongs to no claim. */
  readonly attempt: number | null;
  readonly fence: number | null;
}

/** The events with the attempt that each belongs to. */
export function eventsOf(history: readonly HistoryEntry[]): readonly Event[] {
  let failed = 0;
  return history.map(({ fence, ...entry }) => {
    // The fence stays at that of the last claim, also when nobody has the job any more.
    const isOfClaim = entry.server !== null && entry.event !== 'reopened';
    const event = { ...entry, attempt: isOfClaim ? failed + 1 : null, fence: isOfClaim ? fence : null };
    if (entry.event === 'retried') failed++;
    // Its tries are counted anew.
    if (entry.event === 'reopened') failed = 0;
    return event;
  });
}

/** For programs. Without anything that was typed. */
export const historyDocument = (job: Job, history: readonly HistoryEntry[]) => ({
  ...brief(job),
  version: job.request.template.version,
  fence: job.fence,
  events: eventsOf(history),
});

export type HistoryDocument = ReturnType<typeof historyDocument>;

/** For people. `now` in milliseconds since the epoch: a job that waits for its next attempt says how long. */
export function historyText(document: HistoryDocument, now: number): string {
  const { id, state, template, version, partner, runAt, events } = document;
  const waits = state === 'queued' && runAt > now ? `, due in ${agedText(runAt - now)}` : '';
  const head = [
    ['job', id],
    ['state', `${state}${waits}`],
    ['template', `${template}, version ${version.slice(0, 12)}`],
    ['partner', partner],
    ['failures', `${document.attempt} told by renderers, ${document.crashes} renderers ended`],
  ];
  const rows = events.map(({ at, event, attempt, fence, server, failure }) => [
    new Date(at).toISOString(),
    event,
    attempt ?? '',
    fence ?? '',
    server ?? '',
    failure?.code ?? '',
  ]);
  const parts = [
    head.map(([name = '', value]) => `${name.padEnd(10)}${value}`).join('\n'),
    table(['time', 'event', 'attempt', 'fence', 'server', 'cause'], rows),
    causesText(events),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Each sentence once, with the fences that it is about, and what to do. */
function causesText(events: readonly Event[]): string {
  const fences = new Map<string, (number | null)[]>();
  for (const { fence, failure } of events) {
    if (!failure) continue;
    const text = `${failure.message} (${failure.code})\n  -> ${failure.hint}`;
    fences.set(text, [...(fences.get(text) ?? []), fence]);
  }
  return [...fences].map(([text, those]) => `fence ${those.join(', ')}: ${text}`).join('\n');
}
