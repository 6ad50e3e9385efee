import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure, StoryfarmError } from '../../../src/errors.js';
import type { Job } from '../../../src/job.js';
import type { ClaimOptions } from '../../../src/store/store.js';
import { Claims } from '../../../src/supervisor/jobs/claims.js';
import type { RoomLimits } from '../../../src/supervisor/jobs/room.js';
import { Beside } from '../../../src/supervisor/loop.js';
import { job, promised, recorder, StillClock, settled } from '../fakes.js';

function claiming(
  limits: RoomLimits & { readonly ageingMs?: number } = {},
  free?: (isSuspect: boolean) => Promise<number>,
  isShared = false,
) {
  const asked: number[] = [];
  const ageings: (number | undefined)[] = [];
  let answer = promised<readonly Job[]>();
  const store = {
    isShared,
    claim: ({ limit, ageingMs }: ClaimOptions) => {
      asked.push(limit);
      ageings.push(ageingMs);
      return answer.promise;
    },
  };
  const clock = new StillClock();
  const told = recorder();
  const beside = new Beside(
    () => {},
    () => {},
  );
  const options = { server: 'here', leaseMs: 30_000, pollMs: 1_000, ...limits };
  const claims = new Claims(options, { store, beside, clock, free, observer: told.observer, random: () => 0.5 });
  const reply = async (jobs: readonly Job[] | Error) => {
    if (jobs instanceof Error) answer.broken(jobs);
    else answer.keep(jobs);
    answer = promised();
    await settled();
  };
  return { claims, asked, ageings, clock, told, reply };
}

describe('claims', () => {
  it('are made as waiting makes urgent, or as the store has it', async () => {
    const [said, left] = [claiming({ ageingMs: 5_000 }), claiming()];
    said.claims.look(1);
    left.claims.look(1);
    assert.deepEqual([said.ageings, left.ageings], [[5_000], [undefined]]);
  });

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

  it('at a store that tells of everything by itself rest for long, but not in what they know of the disk', async () => {
    let free = 1_000;
    const { claims, asked, clock, reply } = claiming({ diskFloor: 1_000 }, async () => free, true);
    const after = async (ms: number) => {
      clock.move(ms);
      claims.look(2);
      await settled();
      return reply([]);
    };
    await after(0);
    for (let seconds = 1; seconds < 30; seconds++) await after(1_000);
    assert.equal(asked.length, 1);
    await after(1_000);
    assert.equal(asked.length, 2);
    free = 0;
    await after(5_000);
    assert.equal(claims.obstacle, 'the disk is full');
    free = 2_000;
    await after(5_000);
    await after(0);
    assert.deepEqual([asked.length, claims.obstacle], [3, undefined], 'when there is room again it is asked at once');
  });

  it('that failed are made again soon, and then ever later up to a second', async () => {
    const { claims, asked, clock, reply } = claiming({}, undefined, true);
    const waits: number[] = [];
    for (let waited = 0; waits.length < 6; waited++) {
      claims.look(1);
      if (asked.length > waits.length) {
        waits.push(waited);
        waited = 0;
        await reply(new Error('away'));
      }
      clock.move(1);
    }
    assert.deepEqual(waits.slice(1), [250, 375, 563, 844, 1000]);
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

  it('rest after a renderer met a full disk, counted from the last time', async () => {
    const { claims, asked, clock, told, reply } = claiming();
    claims.heed(failure('no_space', 'No space.'));
    clock.move(6_000);
    claims.heed(failure('no_space', 'No space.'));
    clock.move(9_999);
    claims.look(1);
    await settled();
    assert.deepEqual([asked.length, claims.obstacle], [0, 'the disk is full']);
    clock.move(1_000);
    claims.look(1);
    await settled();
    assert.deepEqual([asked.length, claims.obstacle], [1, undefined]);
    await reply([]);
    assert.deepEqual(
      told.of('paused').map(({ args }) => args),
      [
        ['no_space', true],
        ['no_space', false],
      ],
    );
  });

  it('rest when it is the store that is full', async () => {
    const { claims, asked, clock, reply } = claiming();
    claims.look(1);
    await reply(new StoryfarmError('no_space', 'No space for the store.'));
    assert.equal(claims.obstacle, 'the disk is full');
    clock.move(5_000);
    claims.look(1);
    await settled();
    assert.equal(asked.length, 1);
  });

  it('try a bucket at the start, after a renderer met its refusal, and until it takes files; they tell what it says', async () => {
    const refusal = (message: string) => new StoryfarmError('bucket_failed', message, { hint: 'Mend it.' });
    const suspicions: boolean[] = [];
    const answers: (number | Error)[] = [9, 9, refusal('Away.'), refusal('Away.'), refusal('Refused.'), 9, 9];
    const { claims, asked, clock, told, reply } = claiming({ diskMs: 1_000 }, async (isSuspect) => {
      suspicions.push(isSuspect);
      const answer = answers.shift() ?? 9;
      if (answer instanceof Error) throw answer;
      return answer;
    });
    const look = async () => {
      clock.move(2_000);
      claims.look(1);
      await settled();
      await reply([]);
      return claims.obstacle;
    };
    assert.deepEqual([await look(), await look(), suspicions], [undefined, undefined, [true, false]]);
    claims.heed(refusal('Slow.').toJSON());
    assert.equal(claims.obstacle, 'Slow.');
    assert.deepEqual([await look(), await look(), await look()], ['Away.', 'Away.', 'Refused.']);
    assert.deepEqual([await look(), await look()], [undefined, undefined]);
    assert.deepEqual(suspicions.slice(2), [true, true, true, true, false]);
    assert.equal(asked.length, 4);
    assert.deepEqual(
      told
        .of('paused')
        .map(({ args: [reason, on, why] }) => [reason, on, (why as { message: string } | undefined)?.message]),
      [
        ['bucket', true, 'Slow.'],
        ['bucket', true, 'Away.'],
        ['bucket', true, 'Refused.'],
        ['bucket', false, undefined],
      ],
    );
  });

  it('heed nothing else', () => {
    const { claims } = claiming();
    claims.heed(failure('ffmpeg_failed', 'It ended with 1.'));
    assert.equal(claims.obstacle, undefined);
  });

  it('look at the disk first, now and then; go on with a tenth more than the floor', async () => {
    let [free, looks] = [1_000, 0];
    const { claims, asked, clock, told, reply } = claiming({ diskFloor: 1_000 }, async () => {
      looks++;
      return free;
    });
    const look = async () => {
      claims.look(1);
      await settled();
      return reply([]);
    };
    await look();
    clock.move(4_999);
    await look();
    assert.deepEqual([asked.length, looks], [2, 1]);
    free = 999;
    clock.move(5_000);
    await look();
    free = 1_099;
    clock.move(5_000);
    await look();
    assert.deepEqual([asked.length, looks, claims.obstacle], [2, 3, 'the disk is full']);
    free = 1_100;
    clock.move(5_000);
    await look();
    assert.deepEqual([asked.length, looks, claims.obstacle], [3, 4, undefined]);
    assert.equal(told.of('paused').length, 2);
  });

  it('rest while the folder of jobs cannot be written, and while that of the store is full, each by its name', async () => {
    const refusals = [
      new StoryfarmError('storage_failed', 'No.'),
      new Error('Odd.'),
      new StoryfarmError('no_space', 'No.'),
    ];
    const { claims, clock, told } = claiming({ diskMs: 1_000 }, async () => {
      throw refusals.shift();
    });
    for (let round = 0; round < 3; round++) {
      claims.look(1);
      await settled();
      clock.move(1_000);
    }
    assert.equal(claims.obstacle, 'the disk is full');
    assert.deepEqual(
      told.of('paused').map(({ args }) => args.join(' ')),
      ['storage true', 'storage false', 'no_space true'],
    );
  });
});
