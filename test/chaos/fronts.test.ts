/** Two fronts as they are run, behind a switch that knows nothing of them: any of them answers for any job, and one that leaves is not missed. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { Service } from '../cli/storyfarm.js';
import { follow } from '../front/follow.js';
import { until } from '../pm2/managed.js';
import { noServer, sqlServer } from '../store/fixtures/sql-server.js';
import { notHere, Served, UNDISTURBED } from './farm/served.js';

const place = sqlServer();

interface Switch {
  readonly url: string;
  /** Connections are given to these by turns. */
  fronts: readonly string[];
}

async function switchBefore(context: TestContext, ...fronts: string[]): Promise<Switch> {
  let turn = 0;
  const server = createServer((near) => {
    const { hostname, port } = new URL(own.fronts[turn++ % own.fronts.length] as string);
    const far = connect(Number(port), hostname);
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  context.after(() => void server.close());
  await once(server, 'listening');
  const own: Switch = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, fronts };
  return own;
}

/** A connection for each request, as the switch deals them. */
const CLOSE = { connection: 'close' };
const readyz = async (url: string) => (await fetch(`${url}/readyz`, { headers: CLOSE })).status;

for (const [kind, skip, store] of [
  ['the embedded store', notHere, undefined],
  ['SQL Server', noServer ?? notHere, place.url],
] as const)
  describe(`two fronts behind a switch, over ${kind}`, { skip }, () => {
    it('answer for the same jobs; one that is told to leave says so first, and who waited there goes on at the other', async (context) => {
      if (store) await place.empty();
      const served = new Served(context, { leave: '3s', lease: '10min', ...(store && { store }) }, store);
      const [one, other] = [await served.start('front'), await served.start('front')];
      const behind = await switchBefore(context, one.url, other.url);
      const { body } = await served.ask(behind.url);
      const { id } = body as { id: string };
      for (const { url } of [one, other]) {
        const seen = await fetch(`${url}/v1/jobs/${id}`, { headers: CLOSE });
        assert.equal(((await seen.json()) as { state: string }).state, 'queued');
      }
      const waiting = await follow(`${one.url}/v1/jobs/${id}/events`);
      const first = await waiting.next();
      assert.equal(first.data.state, 'queued');

      one.signal('SIGTERM');
      await until('it says that it leaves', async () => (await readyz(one.url)) === 503);
      const meanwhile = await fetch(`${one.url}/v1/jobs/${id}`);
      assert.deepEqual([meanwhile.status, meanwhile.headers.get('connection')], [200, 'close'], 'and serves on');
      assert.equal((await readyz(other.url)) === 200, true);
      behind.fronts = [other.url];
      assert.deepEqual(await waiting.rest(), [], 'the stream ends, and says nothing that is not so');
      assert.equal(await one.ended(), 0);

      const farm = await served.start('farm');
      const back = await follow(`${behind.url}/v1/jobs/${id}/events`, { 'last-event-id': first.id });
      await served.gate.reached();
      served.look(farm);
      await served.gate.open();
      const last = (await back.rest()).at(-1);
      assert.equal(last?.data.state, 'rendered');
      // Another front, which has never seen this job, knows what was shown last.
      const third = await served.start('front');
      const again = await fetch(`${third.url}/v1/jobs/${id}/events`, { headers: { 'last-event-id': last?.id ?? '' } });
      assert.equal(again.status, 204, 'a browser stops coming back');
      for (const service of [farm, other, third]) {
        service.signal('SIGTERM');
        assert.equal(await service.ended(), 0);
      }
      assert.deepEqual(await served.aftermath(), [UNDISTURBED]);
    });

    it('lose no request while one after the other is started anew', async (context) => {
      if (store) await place.empty();
      const served = new Served(context, { leave: '1s', ...(store && { store }) }, store);
      let [one, other] = [await served.start('front'), await served.start('front')];
      const behind = await switchBefore(context, one.url, other.url);
      let isOver = false;
      let asked = 0;
      const asking = (async () => {
        while (!isOver) {
          const body = JSON.stringify({ template: 'tiny', words: { hello: 'Hello' } });
          const headers = { ...CLOSE, 'content-type': 'application/json', 'idempotency-key': `order-${asked++}` };
          // A store that is slow is asked again, as a client does.
          const id = await until('the job is recorded', async () => {
            const answer = await fetch(`${behind.url}/v1/jobs`, { method: 'POST', headers, body });
            const told = (await answer.json()) as { id: string; code?: string };
            if (answer.status === 503 && /^(store_busy|outcome_unknown)$/.test(told.code ?? '')) return false;
            assert.equal(answer.status, 202);
            return told.id;
          });
          served.ids.push(id);
        }
      })();
      const renewed = async (old: Service, beside: Service): Promise<Service> => {
        old.signal('SIGTERM');
        await until('it says that it leaves', async () => (await readyz(old.url)) === 503);
        behind.fronts = [beside.url];
        assert.equal(await old.ended(), 0);
        const next = await served.start('front');
        behind.fronts = [beside.url, next.url];
        const before = asked;
        await until('both are asked', () => asked > before + 2);
        return next;
      };
      one = await renewed(one, other);
      other = await renewed(other, one);
      isOver = true;
      await asking;
      for (const service of [one, other]) {
        service.signal('SIGTERM');
        assert.equal(await service.ended(), 0);
      }
      const told = await served.aftermath();
      assert.deepEqual(new Set(told), new Set(['enqueued']));
      assert.equal(told.length, asked);
    });
  });
