/** Rows as the driver gives them, as what the contract answers. The driver gives a bigint as text. */

import type { Failure } from '../../errors.js';
import type { HistoryEntry, Job, JobRequest, JobResult, JobState } from '../../job.js';
import { tagsIn } from '../../tags.js';
import { ALIVE_MS, type OutboxRow, type Pause, type Server, type Share } from '../store.js';

export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

const text = (cell: Cell | undefined): string => String(cell);
const orNull = <T>(cell: Cell | undefined, as: (cell: Cell) => T): T | null => (cell == null ? null : as(cell));
const fromJson = <T>(cell: Cell | undefined): T | null => orNull(cell, (json) => JSON.parse(String(json)) as T);

export const toJob = (row: Row): Job => ({
  id: text(row.id),
  state: text(row.state) as JobState,
  request: fromJson<JobRequest>(row.request) as JobRequest,
  partner: text(row.partner),
  requires: tagsIn(text(row.requires)),
  priority: Number(row.priority),
  attempt: Number(row.attempt),
  crashes: Number(row.crashes),
  fence: Number(row.fence),
  progress: Number(row.progress),
  server: orNull(row.server, String),
  createdAt: Number(row.created_at),
  runAt: Number(row.run_at),
  startedAt: orNull(row.started_at, Number),
  finishedAt: orNull(row.finished_at, Number),
  result: fromJson<JobResult>(row.result),
  failure: fromJson<Failure>(row.failure),
});

export const toEntry = (row: Row): HistoryEntry => ({
  at: Number(row.noted_at),
  event: text(row.event) as HistoryEntry['event'],
  fence: Number(row.fence),
  server: orNull(row.server, String),
  failure: fromJson<Failure>(row.failure),
});

export const toOutboxRow = (row: Row): OutboxRow => ({
  eventId: text(row.event_id),
  jobId: text(row.job_id),
  partner: text(row.partner),
  url: text(row.url),
  event: text(row.event) as OutboxRow['event'],
  createdAt: Number(row.created_at),
  attempt: Number(row.attempt),
});

export const toPause = (row: Row): Pause => {
  const since = Number(row.since);
  return row.kind === 'partner' ? { partner: text(row.name), since } : { template: text(row.name), since };
};

export const toShare = (row: Row): Share => ({
  partner: text(row.partner),
  template: text(row.template),
  queued: Number(row.queued),
  due: Number(row.due),
  rendering: Number(row.rendering),
});

export const toServer = (row: Row): Server => {
  const state = text(row.state) as Server['state'];
  const silentMs = Math.max(0, Number(row.silent));
  return {
    name: text(row.name),
    domain: orNull(row.domain, String),
    version: text(row.version),
    ffmpeg: orNull(row.ffmpeg, String),
    slots: Number(row.slots),
    rendering: Number(row.rendering),
    state,
    tags: fromJson<string[]>(row.tags) ?? [],
    silentMs,
    isAlive: state !== 'gone' && silentMs < ALIVE_MS,
  };
};
