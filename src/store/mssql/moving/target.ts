/** Jobs that come into a store on SQL Server (../../moving.ts), which may be at work: each few of them take the turn of a writer. */

import { type Holds, type JobRecord, LARGEST_PUT, type Target } from '../../moving.js';
import { assertRequirement } from '../../refusals.js';
import { parseAddress } from '../address.js';
import { apart, assertName, keyHash } from '../enqueuer.js';
import { Patience } from '../link/patience.js';
import { Pool } from '../link/pool.js';
import { assertUpToDate, versionOf } from '../schema/migrate.js';
import { REVISIONS } from '../texts/frame.js';
import { amounts, hold, missing, put } from './texts.js';

/** Milliseconds that it waits for a server that is away, and for other writers. */
const PATIENCE_MS = 60_000;

/** Rejects as openStore does. */
export async function openMssqlTarget(url: string): Promise<Target> {
  const { name, schema, driver } = parseAddress(url);
  const link = new Pool(driver);
  const patience = new Patience({ link, name, deadlineMs: PATIENCE_MS });
  try {
    assertUpToDate(await versionOf(patience, schema, name), schema, name);
  } catch (thrown) {
    await link.close();
    throw thrown;
  }
  return {
    name,
    async missing(ids) {
      const [rows = []] = await patience.send(missing(schema), { items: JSON.stringify(numbered(ids)) }, false);
      return rows.map(({ n }) => ids[Number(n) - 1] as string);
    },
    async amounts(ids) {
      const [[row] = []] = await patience.send(amounts(schema), { items: JSON.stringify(numbered(ids)) }, false);
      const { jobs, events, callbacks, keys } = row ?? {};
      return { jobs: Number(jobs), events: Number(events), callbacks: Number(callbacks), keys: Number(keys) };
    },
    put: async (records) => void (await patience.send(put(schema), valuesOf(records), true)),
    hold: async (holds) => void (await patience.send(hold(schema), { items: JSON.stringify(itemsOf(holds)) }, true)),
    close: () => link.close(),
  };
}

const numbered = (ids: readonly string[]) => ids.map((id, index) => ({ n: index + 1, id }));

/** As `put` reads them. */
function valuesOf(records: readonly JobRecord[]): Readonly<Record<'items' | 'history' | 'outbox', string>> {
  if (records.length > LARGEST_PUT) throw new RangeError(`${records.length} jobs are too many at once.`);
  const past = records.flatMap(({ history }, at) => history.map((entry, n) => ({ job: at + 1, n: n + 1, entry })));
  const told = records.flatMap(({ callbacks }, at) => callbacks.map((callback) => ({ job: at + 1, callback })));
  if (told.length > REVISIONS) throw new RangeError(`${told.length} callbacks are too many at once.`);
  return {
    items: JSON.stringify(records.map((record, at) => ({ n: at + 1, ...jobOf(record) }))),
    history: JSON.stringify(
      past.map(({ entry: { at, ...entry }, ...place }) => ({ ...place, noted_at: at, ...entry })),
    ),
    outbox: JSON.stringify(
      told.map(({ job, callback: { eventId, createdAt, dueAt, ...callback } }, at) => ({
        ...{ job, n: at + 1, event_id: eventId, created_at: createdAt, due_at: dueAt, ...callback },
      })),
    ),
  };
}

function jobOf({ job, erased, callbackUrl, key }: JobRecord): object {
  const requires = assertRequirement(job.requires);
  const { request, runAt, createdAt, startedAt, finishedAt, ...row } = job;
  for (const name of [job.partner, request.template.id, job.server ?? '']) assertName(name);
  return {
    ...{
      ...row,
      ...apart(requires),
      requires,
      template: request.template.id,
      request,
      erased,
      callback_url: callbackUrl,
    },
    ...{ run_at: runAt, created_at: createdAt, started_at: startedAt, finished_at: finishedAt },
    ...{ hash: key && keyHash(job.partner, key.name), fingerprint: key?.fingerprint ?? null },
  };
}

function itemsOf({ limits, pauses }: Holds): object[] {
  const held = [
    ...limits.map(({ partner, most }) => ({ kind: 'partner', name: partner, most })),
    ...pauses.map((pause) => ({
      ...('partner' in pause ? { kind: 'partner', name: pause.partner } : { kind: 'template', name: pause.template }),
      since: pause.since,
    })),
  ];
  return held.map((item, at) => ({ n: at + 1, ...item }));
}
