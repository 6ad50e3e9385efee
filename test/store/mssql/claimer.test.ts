/** SQL Server: a claim of which nobody knows what became is asked for until it is known. With a store that answers as the test says. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, StoryfarmError } from '../../../src/errors.js';
import { Claimer } from '../../../src/store/mssql/claimer.js';
import type { Answer, Values } from '../../../src/store/mssql/link/pool.js';

type Said = ErrorCode | 'nothing';

/** Claims in turn; the store says to each what it is told to. What is answered: tickets in the order of their being sent, with `resent`, and how often it was asked for news. */
async function claims(...answers: readonly (Said | { readonly server: string; readonly said: Said })[]) {
  const sent: string[] = [];
  let news = 0;
  let said: Said = 'nothing';
  const names = new Map<unknown, string>();
  const calls = {
    seek: () => {},
    news: async () => ({ bell: ++news, isDue: true }),
    write: async (_name: string, { ticket, resent }: Values): Promise<Answer> => {
      names.set(ticket, names.get(ticket) ?? `ticket ${names.size + 1}`);
      sent.push(`${names.get(ticket)}${resent === true ? ', again' : ''}`);
      if (said !== 'nothing') throw new StoryfarmError(said, said);
      return [[]];
    },
  };
  const claimer = new Claimer(calls);
  for (const answer of answers) {
    const { server, said: next } = typeof answer === 'string' ? { server: 'one', said: answer } : answer;
    said = next;
    await claimer.claim({ server, limit: 2, leaseMs: 1_000 }).catch((error: StoryfarmError) => {
      assert.equal(error.code, said);
    });
  }
  return { sent, news };
}

test('a claim that was answered is over, and so is one that took nothing', async () => {
  const { sent, news } = await claims('nothing', 'store_busy', 'nothing');
  assert.deepEqual(sent, ['ticket 1', 'ticket 2', 'ticket 3']);
  assert.equal(news, 3);
});

test('one that may have taken jobs is asked for under its ticket until it is known, without a look for news', async () => {
  const { sent, news } = await claims('outcome_unknown', 'store_busy', 'outcome_unknown', 'nothing', 'nothing');
  const again = 'ticket 1, again';
  assert.deepEqual(sent, ['ticket 1', again, again, again, 'ticket 2']);
  assert.equal(news, 2);
});

test('what one server may have taken is not given to another', async () => {
  const { sent } = await claims('outcome_unknown', { server: 'two', said: 'nothing' }, 'nothing');
  assert.deepEqual(sent, ['ticket 1', 'ticket 2', 'ticket 1, again']);
});
