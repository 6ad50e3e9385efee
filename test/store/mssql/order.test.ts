/** SQL Server: the claim that is carried out on the server takes the same jobs in the same order as nextTurn would. Needs a server. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Lane, nextTurn } from '../../../src/store/turns.js';
import { tagsIn } from '../../../src/tags.js';
import { asked, HOUR } from '../conformance/subject.js';
import { noServer, sqlServer } from '../fixtures/sql-server.js';

const place = sqlServer();
const { request } = asked();

const queue = fc.record({
  jobs: fc.array(
    fc.record({
      partner: fc.constantFrom('a', 'b', 'c'),
      template: fc.constantFrom('x', 'y'),
      /** The server has `fast` alone. */
      requires: fc.constantFrom('', '', 'fast', 'fast,large'),
      priority: fc.integer({ min: -2, max: 3 }),
      /** For how many ageings, and a half, it has been due. */
      age: fc.nat(4),
    }),
    { minLength: 1, maxLength: 14 },
  ),
  limits: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
});

test('whatever waits: in the order of nextTurn', { skip: noServer ?? false }, async () => {
  const store = await place.open();
  try {
    await fc.assert(
      fc.asyncProperty(queue, async ({ jobs, limits }) => {
        await place.empty();
        let now = 0;
        const waiting: (Lane & { readonly id: string })[] = [];
        for (const { partner, template, requires, priority, age } of jobs) {
          const { job } = await store.enqueue({
            partner,
            priority,
            requires: tagsIn(requires),
            request: { ...request, template: { ...request.template, id: template } },
          });
          now = job.createdAt;
          const runAt = job.createdAt - age * HOUR - HOUR / 2;
          await place.query(`UPDATE ${place.schema}.jobs SET run_at = ${runAt} WHERE id = '${job.id}'`);
          waiting.push({ seq: waiting.length, partner, template, priority, requires, runAt, id: job.id });
        }
        const standing = new Map<string, { rendering: number; turn: number }>();
        let turn = 0;
        const expected = (limit: number) => {
          const taken: string[] = [];
          while (taken.length < limit) {
            const open = waiting.filter(({ requires }) => requires !== 'fast,large');
            const heads = new Map<string, (typeof waiting)[0]>();
            for (const job of open.sort((a, b) => b.runAt - a.runAt || b.seq - a.seq))
              heads.set(JSON.stringify([job.partner, job.template, job.priority, job.requires]), job);
            const next = nextTurn(
              [...heads.values()],
              (partner) => standing.get(partner) ?? { rendering: 0, turn: 0 },
              now,
              HOUR,
            );
            if (next === undefined) break;
            const [job] = waiting.splice(
              waiting.findIndex(({ seq }) => seq === next.seq),
              1,
            );
            taken.push(job?.id ?? '');
            standing.set(next.partner, { rendering: (standing.get(next.partner)?.rendering ?? 0) + 1, turn: ++turn });
          }
          return taken;
        };
        for (const limit of limits) {
          const claimed = await store.claim({ server: 'one', limit, leaseMs: HOUR, ageingMs: HOUR, tags: ['fast'] });
          assert.deepEqual(
            claimed.map(({ id }) => id),
            expected(limit),
          );
        }
      }),
      { numRuns: 25 },
    );
  } finally {
    await store.close();
  }
});
