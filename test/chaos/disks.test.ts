/** Disks that are full, read-only or gone while jobs are rendered: jobs wait unharmed, claims rest, and both go on by themselves. */

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Job } from '../../src/job.js';
import { markFolder } from '../../src/media/disk.js';
import { connect } from '../../src/store/sqlite/connection.js';
import { cannotMount, fill } from '../fixtures/disk.js';
import { arm, armedRenderer, type Deed, isArmed } from './farm/armed.js';
import { type Farm, farm } from './farm/farm.js';
import { tinyRef } from './farm/real.js';

const MB = 2 ** 20;
const LOOKING_OFTEN = { slots: 1, diskMs: 100, pollMs: 50 };

const pauses = ({ recorder }: Farm) => recorder.of('paused').map(({ args }) => args.join(' '));

/** All of them were rendered, and none is blamed for the disk. */
function assertUnharmed(jobs: readonly Job[]): void {
  for (const { state, attempt, crashes } of jobs) assert.deepEqual([state, attempt, crashes], ['rendered', 0, 0]);
}

/** Bytes that are left on the disk: an encoder begins to write, and meets the end of it after some frames. */
const LEFT = 24 * 1024;

/** Fills the disk but for that. */
const FILL: Deed = (_ffmpeg, dataFolder) =>
  `dd if=/dev/zero of='${dataFolder}/jobs/ballast' bs=4k 2>/dev/null; truncate -s -${LEFT} '${dataFolder}/jobs/ballast'`;

describe('a disk that is full', { skip: cannotMount }, () => {
  it('while ffmpeg encodes: the job is given back, and rendered when there is room', async (context) => {
    const made = await farm(context, armedRenderer(FILL), {
      options: LOOKING_OFTEN,
      disk: { bytes: 4 * MB, at: 'jobs' },
    });
    const { enqueueRequest, recorder, end, dataFolder, disk } = made;
    arm(dataFolder);
    await enqueueRequest({ template: tinyRef, cast: { ball: 'red' }, words: { hello: 'Hello' } });
    await recorder.until('paused');
    await recorder.until('released');
    assert.equal(isArmed(dataFolder), false, 'it was ffmpeg that met the full disk');
    rmSync(join(disk?.folder ?? assert.fail(), 'ballast'));
    await recorder.until('rendered');
    assert.deepEqual(pauses(made), ['no_space true', 'no_space false']);
    assert.equal(recorder.of('failed').length + recorder.of('died').length, 0);
    assertUnharmed(await end());
  });

  it('with the store on it: nothing is lost, and the store is whole', async (context) => {
    const made = await farm(context, 'slow', { options: LOOKING_OFTEN, disk: { bytes: 8 * MB, at: 'data' } });
    const { enqueueMany, recorder, supervisor, end, cue, disk, dataFolder } = made;
    const [first] = await enqueueMany(3);
    await cue(first?.id as string);
    await recorder.times(2, 'assigned');
    const ballast = fill(disk?.folder ?? assert.fail());
    await cue('all');
    await recorder.until('paused', (reason, on) => reason === 'no_space' && on);
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'the disk is full' });
    rmSync(ballast);
    await recorder.times(3, 'rendered');
    assertUnharmed(await end());
    const database = connect(join(dataFolder, 'jobs.db'));
    assert.equal(database.pragma('integrity_check', { simple: true }), 'ok');
    database.close();
  });

  it('below the floor: nothing is claimed, until there is more than the floor again', async (context) => {
    const options = { ...LOOKING_OFTEN, diskFloor: 2 * MB };
    const made = await farm(context, 'instant', { options, disk: { bytes: 4 * MB, at: 'jobs' }, start: false });
    const { enqueue, recorder, supervisor, end, disk } = made;
    const ballast = fill(disk?.folder ?? assert.fail());
    truncateSync(ballast, 2.5 * MB);
    await enqueue();
    await supervisor.start();
    await recorder.until('paused');
    assert.equal(recorder.of('assigned').length, 0);
    rmSync(ballast);
    await recorder.until('rendered');
    assert.deepEqual(pauses(made), ['no_space true', 'no_space false']);
    assertUnharmed(await end());
  });
});

describe('a folder of jobs', { skip: cannotMount }, () => {
  it('that becomes read-only in the middle of a job: it is given back, and rendered when it can be written', async (context) => {
    const made = await farm(context, 'slow', { options: LOOKING_OFTEN, disk: { bytes: MB, at: 'jobs' } });
    const { enqueueMany, recorder, supervisor, end, cue, disk } = made;
    await enqueueMany(2);
    await recorder.until('assigned');
    disk?.remount('ro');
    await cue('all');
    await recorder.until('released');
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'the folder of jobs cannot be written' });
    assert.equal(recorder.of('assigned').length, 1);
    disk?.remount('rw');
    await recorder.times(2, 'rendered');
    assert.deepEqual(pauses(made), ['storage true', 'storage false']);
    assertUnharmed(await end());
  });

  it('that is gone when a job comes: nothing is claimed until it is back', async (context) => {
    const made = await farm(context, 'instant', {
      options: LOOKING_OFTEN,
      disk: { bytes: MB, at: 'data' },
      start: false,
    });
    const { enqueue, recorder, supervisor, end, dataFolder } = made;
    // As an unmounted disk leaves it: the folder is there, and what was in it is not.
    rmSync(join(dataFolder, 'jobs'), { recursive: true });
    mkdirSync(join(dataFolder, 'jobs'));
    await enqueue();
    await supervisor.start();
    await recorder.until('paused');
    await recorder.times(2, 'state');
    assert.deepEqual([recorder.of('assigned').length, pauses(made)], [0, ['storage true']]);
    await markFolder(join(dataFolder, 'jobs'));
    await recorder.until('rendered');
    assertUnharmed(await end());
  });
});
