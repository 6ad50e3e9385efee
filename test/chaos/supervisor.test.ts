/** A supervisor that is killed takes everything along, and its next life goes on where it was. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { canLeash } from '../../src/leash.js';
import { heard, program } from './farm/doomed.js';
import { farm } from './farm/farm.js';
import { assertGone } from './farm/gone.js';

describe('a supervisor that is killed', () => {
  for (const fixture of ['slow', 'blocked', 'stopped', 'deaf']) {
    // A blocked or stopped renderer cannot notice by itself that it was left alone; the kernel does it.
    const options = canLeash || fixture === 'slow' ? {} : { skip: 'needs setpriv (util-linux) on Linux' };
    it(`leaves no ${fixture} renderer, and its next life renders what it had`, options, async (context) => {
      const { enqueueMany, dataFolder, recorder, supervisor, cue, events, end } = await farm(context, 'slow', {
        options: { server: 'doomed' },
        start: false,
      });
      const jobs = await enqueueMany(3, { is: 'endless' });
      const doomed = program(context, dataFolder, fixture);
      const pids = await heard(doomed, 2, 'started');
      await heard(doomed, 2, 'working');

      const killedAt = performance.now();
      doomed.child.kill('SIGKILL');
      await once(doomed.child, 'exit');
      const left = [doomed.child.pid as number, ...pids.map((told) => ('pid' in told ? told.pid : 0))];
      await assertGone(left);
      context.diagnostic(`all gone ${Math.round(performance.now() - killedAt)} ms after the kill`);

      await cue('all');
      await supervisor.start();
      await recorder.times(3, 'rendered');
      const ends = await end({ pids: left });
      assert.ok(ends.every(({ state, crashes, attempt }) => state === 'rendered' && crashes + attempt === 0));
      const histories = await Promise.all(jobs.map(({ id }) => events(id)));
      assert.equal(histories.filter((history) => history === 'enqueued claimed rescued claimed rendered').length, 2);
    });
  }
});

describe('a supervisor that stands still', () => {
  it('for longer than its leases gives up what others have taken over, and does not blame its renderers', async (context) => {
    const leaseMs = 1_500;
    const { enqueueMany, dataFolder, recorder, supervisor, store, cue, end } = await farm(context, 'slow', {
      options: { leaseMs },
      start: false,
    });
    const jobs = await enqueueMany(2);
    const still = program(context, dataFolder, 'slow', { leaseMs, silentMs: 1_000 });
    const pids = await heard(still, 2, 'started');
    await heard(still, 2, 'working');
    still.child.send('stand still');
    await supervisor.start();
    // Not before the leases have expired.
    await recorder.times(2, 'assigned');
    still.child.kill('SIGCONT');
    await heard(still, 2, 'lost');
    assert.deepEqual(
      still.told.filter(({ kind }) => kind === 'died'),
      [],
    );
    still.child.kill('SIGKILL');
    await once(still.child, 'exit');

    await cue('all');
    await recorder.times(2, 'rendered');
    for (const { id } of jobs) {
      const history = await store.history(id);
      assert.deepEqual(
        history.map(({ server }) => server),
        [null, 'doomed', 'doomed', 'here', 'here'],
      );
    }
    await end({ pids: pids.map((told) => ('pid' in told ? told.pid : 0)) });
  });
});
