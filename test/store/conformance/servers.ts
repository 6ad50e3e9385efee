/** Servers as they announce themselves, and the jobs whose files they have. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { JobStore } from '../../../src/store/store.js';
import { claimOne, enqueue, giveUp, type Open, on, onTwo, rejectsWith, result, said } from './subject.js';

export function servers(open: Open): void {
  describe('servers', () => {
    onTwo(open, 'are told to every handle as they announced themselves, by name', async (one, two) => {
      assert.deepEqual(await one.servers(), []);
      const plain = said({ name: 'two', domain: null, ffmpeg: null, tags: [], rendering: 0 });
      await one.announce(plain);
      await two.announce(said());
      for (const store of [one, two]) {
        const [first, second, ...more] = await store.servers();
        assert.deepEqual(
          [first, second, more],
          [
            { ...said(), silentMs: first?.silentMs, isAlive: true },
            { ...plain, silentMs: second?.silentMs, isAlive: true },
            [],
          ],
        );
        assert.ok((first?.silentMs ?? -1) >= 0 && (second?.silentMs ?? -1) >= 0);
      }
    });

    on(open, 'that announce themselves again are known as they said last', async (store) => {
      await store.announce(said());
      const last = said({
        domain: 'https://other.example',
        version: '1.2.4',
        slots: 2,
        state: 'draining',
        tags: ['x'],
      });
      await store.announce(last);
      const [server, ...more] = await store.servers();
      assert.deepEqual([server, more], [{ ...last, silentMs: server?.silentMs, isAlive: true }, []]);
    });

    on(open, 'that are gone do not live, however lately they said so', async (store) => {
      await store.announce(said({ state: 'gone' }));
      assert.equal((await store.servers())[0]?.isAlive, false);
    });

    on(open, 'have a silence that is reckoned by the database', async (store) => {
      await store.announce(said());
      // What the database's clock says at the end of a write.
      const start = (await enqueue(store)).createdAt;
      let now = start;
      while (now - start < 3) now = (await enqueue(store)).createdAt;
      assert.ok(((await store.servers())[0]?.silentMs ?? 0) >= now - start);
    });

    on(open, 'are forgotten, and known again when they announce themselves', async (store) => {
      await store.announce(said());
      assert.deepEqual([await store.forget('one'), await store.forget('one')], [true, false]);
      assert.deepEqual(await store.servers(), []);
      await store.announce(said());
      assert.equal((await store.servers()).length, 1);
    });

    on(open, 'change no job by it, and wake nobody who follows them', async (store) => {
      await enqueue(store);
      const { cursor } = await store.changes(null);
      await store.announce(said());
      assert.deepEqual((await store.changes(cursor)).jobs, []);
    });

    on(open, 'with a tag that is none are refused', async (store) => {
      for (const tag of ['', 'Fast', 'a b', 'a,b', 'x'.repeat(21)])
        await rejectsWith('invalid_request', store.announce(said({ tags: [tag] })));
      assert.deepEqual(await store.servers(), []);
    });
  });

  describe('published', () => {
    on(open, "brings a server's finished jobs in the order of coming, page by page", async (store) => {
      const own = await finished(store, 'one', 5);
      const others = await finished(store, 'two', 2);
      await store.fail(await claimed(store), giveUp);
      await claimed(store);
      await enqueue(store);
      const pages: string[][] = [];
      let after: string | null = null;
      do {
        const page = await store.published({ server: 'one', after, limit: 2 });
        pages.push(page.jobs.map(({ id, fence, server }) => `${id} ${fence} ${server}`));
        after = page.after;
      } while (pages.at(-1)?.length === 2);
      assert.deepEqual(
        pages,
        [own.slice(0, 2), own.slice(2, 4), own.slice(4)].map((ids) => ids.map((id) => `${id} 1 one`)),
      );
      const all = await store.published({ after: null, limit: 10 });
      assert.deepEqual(
        all.jobs.map(({ id }) => id),
        [...own, ...others],
      );
      assert.deepEqual(await store.published({ server: 'three', after, limit: 10 }), { jobs: [], after });
    });

    on(open, 'refuses a place that is none, and no jobs at once', async (store) => {
      await rejectsWith('invalid_request', store.published({ after: 'here', limit: 1 }));
      for (const limit of [0, 1.5]) await rejectsWith('invalid_request', store.published({ after: null, limit }));
    });
  });
}

async function claimed(store: JobStore, server = 'one') {
  await enqueue(store);
  return claimOne(store, server);
}

/** Ids, in the order of coming. */
async function finished(store: JobStore, server: string, jobs: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < jobs; n++) {
    const job = await claimed(store, server);
    await store.complete(job, result);
    ids.push(job.id);
  }
  return ids;
}
