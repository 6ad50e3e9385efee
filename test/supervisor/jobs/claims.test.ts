import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Job } from '../../../src/job.js';
import type { ClaimOptions } from '../../../src/store/store.js';
import { Claims } from '../../../src/supervisor/jobs/claims.js';
import { Beside } from '../../../src/supervisor/loop.js';
import { job, promised, recorder, StillClock, settled } from '../fakes.js';

function claiming() {
  const asked: number[] = [];
  let answer = promised<readonly Job[]>();
  const store = {
    claim: ({ limit }: ClaimOptions) => {
      asked.push(limit);
      return answer.promise;
    },
  };
  const clock = new StillClock();
  const told = recorder();
  const beside = new Beside(
    () => {},
    () => {},
  );
  const options = { server: 'here', leaseMs: 30_000, pollMs: 1_000 };
  const claims = new Claims(options, { store, beside, clock, observer: told.observer });
  const reply = async (jobs: readonly Job[] | Error) => {
    if (jobs instanceof Error) answer.broken(jobs);
    else answer.keep(jobs);
    answer = promised();
    await settled();
  };
  return { claims, asked, clock, told, reply };
}

describe('claims', () => {
  it('ask for as many as are free, and not at all when none is', async () => {
    const { claims, asked, reply } = claiming();
    claims.look(0);
    claims.look(3);
    assert.equal(claims.open, true);
    await reply([job('a')]);
    assert.deepEqual(asked, [3]);
    assert.equal(claims.open, true, 'until they are taken');
    assert.deepEqual(
      claims.take().map(({ id }) => id),
      ['a'],
    );
    assert.deepEqual([claims.take().length, claims.open], [0, false]);
  });

  it('that found nothing rest until the poll, or until something is expected', async () => {
    const { claims, asked, clock, reply } = claiming();
    claims.look(2);
    await reply([]);
    claims.look(2);
    clock.move(999);
    claims.look(2);
    assert.equal(asked.length, 1);
    clock.move(1);
    claims.look(2);
    await reply([]);
    assert.equal(asked.length, 2);
    claims.expect();
    claims.look(2);
    assert.equal(asked.length, 3);
  });

  it('that got all they asked for ask again at once', async () => {
    const { claims, asked, reply } = claiming();
    claims.look(1);
    await reply([job('a')]);
    claims.take();
    claims.look(1);
    assert.equal(asked.length, 2);
  });

  it('ask again when something came while they were asking', async () => {
    const { claims, asked, reply } = claiming();
    claims.look(1);
    claims.expect();
    claims.look(1);
    assert.equal(asked.length, 1, 'never two at a time');
    await reply([]);
    claims.look(1);
    assert.equal(asked.length, 2);
  });

  it('tell when the store does not answer, until it does', async () => {
    const { claims, clock, reply } = claiming();
    claims.look(1);
    await reply(new Error('locked'));
    assert.equal(claims.obstacle, 'the store does not answer');
    clock.move(1_000);
    claims.look(1);
    await reply([]);
    assert.equal(claims.obstacle, undefined);
  });

  it('rest by request until they are to go on, and look again at once then', async () => {
    const { claims, asked, told, clock, reply } = claiming();
    claims.look(2);
    claims.hold('why');
    await reply([job('a')]);
    assert.equal(claims.take().length, 1, 'what was asked for before comes');
    claims.hold('');
    clock.move(60_000);
    claims.look(2);
    assert.deepEqual([asked.length, claims.obstacle, claims.heldFor], [1, 'paused', '']);
    claims.unhold();
    claims.unhold();
    claims.look(2);
    assert.deepEqual([asked.length, claims.obstacle, claims.heldFor], [2, undefined, undefined]);
    const said = told.of('paused').map(({ args: [reason, on] }) => `${reason} ${on}`);
    assert.deepEqual(said, ['request true', 'request false']);
  });

  it('rest for ten seconds after the disk was full, counted from the last time', async () => {
    const { claims, asked, clock, told } = claiming();
    claims.pause();
    clock.move(6_000);
    claims.pause();
    clock.move(9_999);
    claims.look(1);
    assert.deepEqual([asked.length, claims.obstacle], [0, 'the disk is full']);
    clock.move(1);
    claims.look(1);
    assert.deepEqual([asked.length, claims.obstacle], [1, undefined]);
    assert.deepEqual(
      told.of('paused').map(({ args }) => args),
      [
        ['no_space', true],
        ['no_space', false],
      ],
    );
  });
});
