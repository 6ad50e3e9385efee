/** The courier at work: a real store, real calls, and partners' servers that do what they please. */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { systemClock } from '../../src/clock.js';
import { Courier, type CourierOptions, type CourierTools, type Told } from '../../src/delivery/courier.js';
import { post } from '../../src/delivery/post.js';
import { newSecret } from '../../src/delivery/sign.js';
import type { StoryfarmError } from '../../src/errors.js';
import { openStore } from '../../src/store/open.js';
import type { JobStore } from '../../src/store/store.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { enqueue, present, rendering, result } from '../store/conformance/subject.js';
import { ANSWERS, CUTS, DRIPS, type Manner, NEVER_ANSWERS, NEVER_ENDS, PartnerServer } from './partner.js';

const SECRETS = { acme: [newSecret(), newSecret()], globex: [newSecret()] };

interface Working {
  readonly store: JobStore;
  readonly courier: Courier;
  readonly told: Told[];
  readonly troubles: StoryfarmError[];
  /** Resolves when so many calls were settled, and with them. */
  settled(times: number): Promise<readonly Told[]>;
  /** A rendered job whose end is to be told. */
  ended(url: string, partner?: string): Promise<string>;
  /** Lets it go, and resolves when it has gone. */
  leave(): Promise<void>;
}

async function working(
  t: TestContext,
  options: Partial<CourierOptions> = {},
  through: (store: JobStore) => CourierTools['store'] = (store) => store,
): Promise<Working> {
  const folder = temporaryFolder(t);
  const store = await openStore(`sqlite:${folder}/jobs.db`);
  const told: Told[] = [];
  const troubles: StoryfarmError[] = [];
  let look = () => {};
  const courier = new Courier(
    { secrets: SECRETS, timeoutMs: 10_000, pollMs: 10, ...options },
    {
      store: through(store),
      post,
      document: ({ id, state }) => ({ id, state }),
      told: (one) => {
        told.push(one);
        look();
      },
      trouble: (error) => {
        troubles.push(error);
        look();
      },
      clock: systemClock,
      random: () => 0,
    },
  );
  const work = courier.work();
  // The clock keeps no process alive.
  const alive = setInterval(() => {}, 1_000);
  const leave = () => {
    courier.leave();
    return work;
  };
  t.after(async () => {
    await leave();
    clearInterval(alive);
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    store,
    courier,
    told,
    troubles,
    settled: (times) =>
      new Promise((resolve) => {
        look = () => {
          if (told.length >= times) resolve(told.slice(0, times));
        };
        look();
      }),
    async ended(url, partner = 'acme') {
      const job = await rendering(store, { callbackUrl: url, partner });
      await store.complete(job, result);
      courier.look();
      return job.id;
    },
    leave,
  };
}

describe('the courier', () => {
  it('posts the job, signed so that the specification’s own library takes it, with each secret; the job is delivered', async (t) => {
    const partner = await PartnerServer.start(t);
    const { store, ended, settled } = await working(t);
    const id = await ended(partner.url);
    const [told] = await settled(1);
    const [call] = await partner.called(1);
    assert.ok(told && call);
    assert.deepEqual([told.outcome, told.answer, told.retryInMs], ['delivered', '204', null]);
    for (const secret of SECRETS.acme) {
      const { type, timestamp, data } = new Webhook(secret).verify(
        call.body,
        call.headers as Record<string, string>,
      ) as Record<string, unknown>;
      const { finishedAt } = await present(store, id);
      assert.deepEqual([type, timestamp], ['job.rendered', new Date(finishedAt ?? Number.NaN).toISOString()]);
      assert.deepEqual(data, { id, state: 'rendered' });
    }
    assert.throws(() => new Webhook(SECRETS.globex[0] as string).verify(call.body, call.headers as never));
    assert.match(call.headers['user-agent'] ?? '', /^storyfarm\/\d/);
    assert.equal(call.headers['webhook-id'], told.row.eventId);
    assert.equal((await present(store, id)).state, 'delivered');
  });

  it('tells of cancelled jobs too, by looking, though nobody told it', async (t) => {
    const partner = await PartnerServer.start(t);
    const { store, settled } = await working(t);
    const { id } = await enqueue(store, { callbackUrl: partner.url });
    await store.cancel(id);
    await settled(1);
    assert.equal(JSON.parse((await partner.called(1))[0]?.body ?? '').type, 'job.cancelled');
    assert.equal((await present(store, id)).state, 'cancelled');
  });

  const refusals: Readonly<Record<string, readonly [Manner, answer: RegExp]>> = {
    'that fails': [ANSWERS(500), /^500$/],
    'that never answers': [NEVER_ANSWERS, /^no answer within 300 ms$/],
    'that drips its head (slow loris)': [DRIPS, /^no answer within 300 ms$/],
    'that fails with a body that never ends': [NEVER_ENDS(503), /^503$/],
    'that cuts the line': [CUTS, /SOCKET|ECONNRESET/],
  };
  for (const [what, [manner, answer]] of Object.entries(refusals))
    it(`of a server ${what}: tries again later, with the same event id`, async (t) => {
      const partner = await PartnerServer.start(t, manner);
      const { store, ended, settled, told } = await working(t, { timeoutMs: 300 });
      const id = await ended(partner.url);
      const [first] = await settled(1);
      assert.ok(first);
      assert.deepEqual([first.outcome, first.retryInMs], ['retried', 5_000]);
      assert.match(first.answer, answer);
      assert.equal((await present(store, id)).state, 'rendered');
      assert.deepEqual(await store.outbox(10), []);
      // Sooner than the pause would have it.
      partner.manner = ANSWERS(200);
      await store.settle(first.row.eventId, { retryInMs: 0 });
      await settled(2);
      assert.deepEqual([told[1]?.outcome, told[1]?.row.eventId], ['delivered', first.row.eventId]);
      const ids = partner.calls.map(({ headers }) => headers['webhook-id']);
      assert.deepEqual(ids, [first.row.eventId, first.row.eventId]);
    });

  it('follows no redirect', async (t) => {
    const elsewhere = await PartnerServer.start(t);
    for (const status of [301, 302, 307, 308]) {
      const partner = await PartnerServer.start(t, ANSWERS(status, { location: elsewhere.url }));
      const { ended, settled } = await working(t);
      await ended(partner.url);
      const [told] = await settled(1);
      assert.deepEqual([told?.outcome, told?.answer], ['retried', `${status}`]);
    }
    assert.deepEqual(elsewhere.calls, []);
  });

  it('is content with the status of an answer whose body never ends', async (t) => {
    const partner = await PartnerServer.start(t, NEVER_ENDS(200));
    const { ended, settled } = await working(t);
    await ended(partner.url);
    assert.equal((await settled(1))[0]?.outcome, 'delivered');
  });

  it('gives up where nobody wants to be told any more, and does not call unsigned', async (t) => {
    const gone = await PartnerServer.start(t, ANSWERS(410));
    const { store, ended, settled } = await working(t);
    const id = await ended(gone.url);
    await ended(gone.url, 'stranger');
    const told = await settled(2);
    const of = (name: string) => told.find(({ partner }) => partner === name);
    assert.equal(of('acme')?.outcome, 'given_up');
    assert.deepEqual(
      [of('stranger')?.outcome, of('stranger')?.answer],
      ['retried', 'no secret is configured for the partner'],
    );
    assert.equal(gone.calls.length, 1);
    assert.equal((await present(store, id)).state, 'rendered');
  });

  it('calls a partner that never answers a few times at once, and others meanwhile', async (t) => {
    const [slow, quick] = [await PartnerServer.start(t, NEVER_ANSWERS), await PartnerServer.start(t)];
    const { store, ended, settled, courier } = await working(t);
    for (let n = 0; n < 40; n++) await store.cancel((await enqueue(store, { callbackUrl: slow.url })).id);
    courier.look();
    await slow.called(4);
    for (let n = 0; n < 10; n++) await ended(quick.url, 'globex');
    const told = await settled(10);
    assert.ok(told.every(({ partner, outcome }) => partner === 'globex' && outcome === 'delivered'));
    assert.ok(slow.calls.length <= 7, `${slow.calls.length} calls at once`);
    // So that the end need not be waited for.
    slow.manner = ANSWERS(204);
    slow.hangUp();
  });

  it('tells a partner whose server answers though others that are slow, with more that is due longer, take all the room', async (t) => {
    const [slow, quick] = [await PartnerServer.start(t, NEVER_ANSWERS), await PartnerServer.start(t)];
    const lame = Array.from({ length: 12 }, (_, n) => `lame-${n}`);
    const secrets = Object.fromEntries(['globex', ...lame].map((name) => [name, [newSecret()]]));
    const { store, ended, settled, told, leave } = await working(t, { secrets, timeoutMs: 1_000 });
    const requests = lame.flatMap((partner) => Array.from({ length: 12 }, () => ({ partner, callbackUrl: slow.url })));
    const jobs = await Promise.all(requests.map((request) => enqueue(store, request)));
    await Promise.all(jobs.map(({ id }) => store.cancel(id)));
    await slow.called(20);
    await ended(quick.url, 'globex');
    await settled(36);
    assert.ok(
      told.some(({ partner, outcome }) => partner === 'globex' && outcome === 'delivered'),
      `all ${told.length} calls were to others`,
    );
    const gone = leave();
    slow.manner = ANSWERS(204);
    slow.hangUp();
    await gone;
  });

  it('waits for what is under way when it leaves', async (t) => {
    const partner = await PartnerServer.start(t, NEVER_ANSWERS);
    const answers: (() => void)[] = [];
    partner.manner = (response) => void answers.push(() => response.writeHead(200).end());
    const { store, ended, leave } = await working(t);
    const id = await ended(partner.url);
    await partner.called(1);
    const gone = leave();
    for (const answer of answers) answer();
    await gone;
    assert.equal((await present(store, id)).state, 'delivered');
  });

  it('does not tell that a job is rendered which is just to be rendered again', async (t) => {
    const partner = await PartnerServer.start(t);
    let looked = () => {};
    const isLooked = new Promise<void>((resolve) => {
      looked = resolve;
    });
    const { store, ended, settled, told } = await working(t, {}, (store) => ({
      claimCallbacks: (claim) => store.claimCallbacks(claim),
      settle: (id, outcome) => store.settle(id, outcome),
      async get(id) {
        // Between its claim and this look.
        if ((await present(store, id)).partner === 'acme') await store.rerender(id);
        looked();
        return store.get(id);
      },
    }));
    await ended(partner.url);
    await isLooked;
    await ended(partner.url, 'globex');
    await settled(1);
    assert.deepEqual(
      told.map(({ partner }) => partner),
      ['globex'],
    );
    assert.equal(partner.calls.length, 1);
    assert.deepEqual(await store.outbox(10), []);
  });

  it('sends again what it could not note, as the same event', async (t) => {
    const partner = await PartnerServer.start(t);
    let fails = 1;
    const { store, ended, settled, troubles } = await working(t, { timeoutMs: 500 }, (store) => ({
      claimCallbacks: (claim) => store.claimCallbacks(claim),
      get: (id) => store.get(id),
      settle: (id, outcome) => (fails-- > 0 ? Promise.reject(new Error('away')) : store.settle(id, outcome)),
    }));
    const id = await ended(partner.url);
    await settled(1);
    const [one, two] = await partner.called(2);
    assert.equal(one?.headers['webhook-id'], two?.headers['webhook-id']);
    assert.equal(troubles.length, 1);
    assert.equal((await present(store, id)).state, 'delivered');
  });
});
