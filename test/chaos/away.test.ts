/** The database is away from a whole farm and its fronts, as they are run: when they start, and in the midst of a job. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '../../src/store/sqlite/connection.js';
import type { Service } from '../cli/storyfarm.js';
import { until } from '../pm2/managed.js';
import { noServer, sqlServer } from '../store/fixtures/sql-server.js';
import { notHere, Served, UNDISTURBED } from './farm/served.js';

const place = sqlServer();
/** Longer than a database that has just come may take to be itself again: this is not about leases. */
const LEASE = '10min';
const WAITS = 'the store does not answer: waiting for it';

/** Every operation of a front that needs the store. */
const OPERATIONS: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['POST', '/v1/jobs', { template: 'tiny', words: { hello: 'Hello' } }],
  ['POST', '/v1/estimate', { template: 'tiny', words: { hello: 'Hello' } }],
  ['GET', '/v1/jobs/0123456789'],
  ['GET', '/v1/jobs/0123456789/events'],
  ['POST', '/v1/jobs/0123456789/cancel'],
];

/** What a front answers while its store is away: to every operation that it is to be asked again, and that it is not ready. */
async function assertAway({ url }: Service): Promise<void> {
  const asking = OPERATIONS.map(async ([method, path, body]) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}${path}`, { method, ...(body && { headers, body: JSON.stringify(body) }) });
    const problem = (await answer.json()) as { code: string; detail: string };
    assert.equal(answer.status, 503, `${method} ${path}: ${problem.code}`);
    assert.ok(Number(answer.headers.get('retry-after')) > 0, `${method} ${path}`);
    assert.doesNotMatch(problem.detail, /mssql:|127\.0\.0\.1/, 'who asks is not told what is behind');
  });
  await Promise.all(asking);
  assert.equal((await fetch(`${url}/readyz`)).status, 503);
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  assert.equal((await fetch(`${url}/v1/templates`)).status, 200);
}

/** Asks as a client does: again, with the same key, where the answer is that it may. A database that has just come is slow. */
const recorded = (served: Served, url: string, key: string): Promise<unknown> =>
  until('the job is recorded', async () => {
    const { status, body } = await served.ask(url, { key });
    if (status === 503 && /^(store_busy|outcome_unknown)$/.test(body.code)) return false;
    assert.equal(status, 202);
    return true;
  });

const isReady = ({ url }: Service): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );

/** The one job is rendered undisturbed, and both services end as they should. */
async function finish(served: Served, farm: Service, front: Service): Promise<void> {
  await served.gate.reached();
  served.look(farm);
  await served.gate.open();
  await farm.said('job rendered');
  for (const service of [farm, front]) {
    service.signal('SIGTERM');
    assert.equal(await service.ended(), 0);
  }
  assert.deepEqual(await served.aftermath(), [UNDISTURBED]);
}

describe('a service whose database is away when it starts', { concurrency: true, skip: notHere }, () => {
  for (const part of ['farm', 'front', 'up'] as const)
    it(`waits for it, says so, and leaves when it is told to: ${part}`, async (context) => {
      const served = new Served(context, { store: 'mssql://farm:secret@127.0.0.1:1/videos?encrypt=false' });
      const service = served.launch(part);
      const said = await service.said(WAITS);
      assert.deepEqual([said.code, said.store], ['store_busy', 'mssql://farm@127.0.0.1:1/videos']);
      if (part === 'farm') assert.equal(await isReady(service), false);
      else await assertAway(service);
      service.signal('SIGTERM');
      assert.equal(await service.ended(), 0);
    });

  it('goes on when the embedded store is no longer locked', async (context) => {
    const served = new Served(context);
    const front = await served.start('front');
    await served.ask(front.url);
    const database = connect(join(served.dataFolder, 'storyfarm.db'));
    database.exec('BEGIN IMMEDIATE');
    const farm = served.launch('farm');
    await farm.said(WAITS);
    assert.equal(await isReady(farm), false);
    database.exec('ROLLBACK');
    database.close();
    await farm.said('the store answers');
    await finish(served, farm, front);
  });

  it('goes on when the database comes', { skip: noServer ?? false }, async (context) => {
    await place.empty();
    const { url, wire } = await place.over(context);
    wire.down();
    const served = new Served(context, { store: url, lease: LEASE }, place.url);
    const [farm, front] = [served.launch('farm'), served.launch('front')];
    await Promise.all([farm.said(WAITS), front.said(WAITS)]);
    await assertAway(front);
    wire.mend();
    await Promise.all([farm.said('the store answers'), front.said('the store answers')]);
    await until('the front is ready', () => isReady(front));
    await recorded(served, front.url, 'order');
    await finish(served, farm, front);
  });
});

describe('a farm and its fronts whose database goes away', { skip: noServer ?? notHere }, () => {
  for (const [how, away] of [
    ['is stopped', 'down'],
    ['is cut off, and nobody is told', 'cut'],
  ] as const)
    it(`go on with what they have, say so, and resume when it is back: it ${how}`, async (context) => {
      await place.empty();
      const { url, wire } = await place.over(context);
      const served = new Served(context, { store: url, lease: LEASE }, place.url);
      const farm = await served.start('farm');
      const fronts = [await served.start('front'), await served.start('front')] as const;
      await recorded(served, fronts[0].url, 'first');
      await served.gate.reached();
      await served.scrape(farm);
      served.look(farm);
      if (away === 'down') wire.down();
      else wire.cut(true);
      await served.gate.open();
      await farm.said('the store has not taken the outcome yet; it is kept in the journal');
      assert.ok(existsSync(join(served.dataFolder, 'outcomes.journal')));
      await Promise.all(fronts.map(assertAway));
      await until('the farm says that it takes no jobs', async () => !(await isReady(farm)));
      await served.scrape(farm);
      wire.mend();
      await farm.said('job rendered');
      await until('all are ready', async () => (await Promise.all([farm, ...fronts].map(isReady))).every(Boolean));
      for (const [n, { url }] of fronts.entries()) await recorded(served, url, `order-${n}`);
      await until('all are rendered', async () =>
        /^storyfarm_jobs_finished_total\{outcome="rendered"\} 3$/m.test(await served.scrape(farm)),
      );
      served.look(farm);
      for (const service of [farm, ...fronts]) {
        service.signal('SIGTERM');
        assert.equal(await service.ended(), 0);
      }
      assert.deepEqual(await served.aftermath(), [UNDISTURBED, UNDISTURBED, UNDISTURBED]);
    });

  it('ask it less than once a second while nothing happens', async (context) => {
    await place.empty();
    const { url, wire } = await place.over(context);
    const served = new Served(context, { store: url, lease: LEASE }, place.url);
    const services = [await served.start('farm'), await served.start('front')];
    await recorded(served, services[1]?.url ?? '', 'first');
    await served.gate.reached();
    await served.gate.open();
    await services[0]?.said('job rendered');
    // What comes to rest does so within some questions.
    const texts = (count: number) => until(`${count} more texts`, () => wire.texts >= count);
    await texts(wire.texts + 12);
    const [before, from] = [wire.texts, performance.now()];
    await texts(before + 20);
    const rate = (wire.texts - before) / ((performance.now() - from) / 1000);
    context.diagnostic(`${rate.toFixed(2)} texts a second`);
    assert.ok(rate <= 1, `${rate} texts a second`);
    // And yet finds what becomes due without a bell.
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ template: 'tiny', words: { hello: 'Hello' }, delay: 1 });
    const later = await fetch(`${services[1]?.url}/v1/jobs`, { method: 'POST', headers, body });
    served.ids.push(((await later.json()) as { id: string }).id);
    await until('both are rendered', async () =>
      /^storyfarm_jobs_finished_total\{outcome="rendered"\} 2$/m.test(await served.scrape(services[0] as Service)),
    );
    for (const service of services) {
      service.signal('SIGTERM');
      assert.equal(await service.ended(), 0);
    }
    assert.deepEqual(await served.aftermath(), [UNDISTURBED, UNDISTURBED]);
  });
});
