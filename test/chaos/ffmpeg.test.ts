/** What may happen to a real renderer and its real ffmpeg in the midst of encoding: the job is tried again and comes out whole, and nothing of the first try is seen. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { openEditions } from '../../src/media/prepare/editions.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { ffmpeg } from '../fixtures/video.js';
import { look } from '../pm2/processes.js';
import { arm, armedRenderer, CAUGHT, caught } from './farm/armed.js';
import { type FarmOptions, farm, freshFolder, type RendererKind } from './farm/farm.js';
import { TINY, tinyRef } from './farm/real.js';

const skip = process.platform !== 'linux' && 'looks into /proc';
const ORDER = { template: tinyRef, cast: { ball: 'red' }, words: { hello: 'Hello' } };

const prepared = temporaryFolder({ after });
before(async () => {
  if (!skip) await openEditions(prepared, ffmpeg).prepare(await loadTemplate(TINY), ORDER.cast);
});

/** A farm of one seat in the midst of its only job, to whose encoder something is done. The edition was there, so that it was encoded at once. */
async function armed(context: TestContext, renderer: RendererKind, options: FarmOptions['options'] = {}) {
  const dataFolder = await freshFolder();
  await cp(prepared, dataFolder, { recursive: true });
  arm(dataFolder);
  const made = await farm(context, renderer, { dataFolder, options: { slots: 1, pollMs: 100, ...options } });
  const { id } = await made.enqueueRequest(ORDER);
  const { args } = await made.recorder.until('assigned');
  return { ...made, id, job: args[0] };
}

describe('while a job is being encoded', { skip }, () => {
  it('its renderer is killed: the job is queued again on that event, and ffmpeg is gone with it', async (context) => {
    const made = await armed(context, armedRenderer(CAUGHT));
    const { job, id, recorder, supervisor, events, end } = made;
    const encoder = await caught(made, job);
    const killedAt = performance.now();
    process.kill(supervisor.slots[0]?.renderer?.process.pid as number, 'SIGKILL');
    const { at, args } = await recorder.until('failed');
    context.diagnostic(`queued again ${Math.round(at - killedAt)} ms after the kill`);
    assert.deepEqual([args[1].code, args[2]], ['renderer_crashed', 0]);
    await recorder.until('rendered');
    assert.equal(await events(id), 'enqueued claimed retried claimed rendered', 'its lease had not expired');
    const [tried] = await end({ pids: [encoder] });
    assert.deepEqual([tried?.crashes, tried?.attempt, tried?.fence], [1, 0, 2]);
  });

  it('ffmpeg crashes: that is told with the end of what it said, and the same renderer tries again', async (context) => {
    const made = await armed(context, armedRenderer(CAUGHT));
    const { job, recorder, end } = made;
    const encoder = await caught(made, job);
    process.kill(encoder, 'SIGSEGV');
    const { args } = await recorder.until('failed');
    assert.equal(args[1].code, 'ffmpeg_failed');
    assert.match(args[1].message, /SIGSEGV/);
    // And what it said, to whoever reads the log: a heading and something under it.
    const [heading] = await recorder.times(2, 'line');
    assert.match(heading?.args[1] ?? '', /ffmpeg said:$/);
    await recorder.until('rendered');
    assert.equal(recorder.of('started').length, 1);
    const [tried] = await end({ pids: [encoder] });
    assert.deepEqual([tried?.crashes, tried?.fence], [0, 2]);
  });

  it('ffmpeg is stopped: its renderer ends it when it has made no progress for long enough', async (context) => {
    const renderer = armedRenderer(CAUGHT, { stallMs: 3_000 });
    const made = await armed(context, renderer, { maxAttempts: 10 });
    const { job, recorder, end } = made;
    const encoder = await caught(made, job);
    process.kill(encoder, 'SIGSTOP');
    const { args } = await recorder.until('failed');
    assert.equal(args[1].code, 'ffmpeg_stalled');
    await recorder.until('rendered');
    assert.equal(recorder.of('died').length, 0);
    await end({ pids: [encoder] });
  });

  it('ffmpeg is stopped and its renderer does not see it: both are killed', async (context) => {
    const renderer = armedRenderer(CAUGHT);
    const made = await armed(context, renderer);
    const { job, recorder, supervisor, end } = made;
    const encoder = await caught(made, job);
    process.kill(encoder, 'SIGSTOP');
    supervisor.reconfigure({ stallMs: 1_000 });
    const { args } = await recorder.until('failed');
    supervisor.reconfigure({ stallMs: 30_000 });
    assert.equal(args[1].code, 'renderer_stalled');
    await recorder.until('rendered');
    const [tried] = await end({ pids: [encoder] });
    assert.equal(tried?.crashes, 1);
  });

  it('its renderer is stopped while ffmpeg goes on: both are killed, and what ffmpeg had finished is not taken', async (context) => {
    const made = await armed(context, armedRenderer(CAUGHT));
    const { job, recorder, supervisor, end } = made;
    const encoder = await caught(made, job);
    process.kill(supervisor.slots[0]?.renderer?.process.pid as number, 'SIGSTOP');
    assert.equal(look(encoder, 'comm'), 'ffmpeg\n');
    supervisor.reconfigure({ silentMs: 1_500 });
    const { args } = await recorder.until('failed');
    supervisor.reconfigure({ silentMs: 30_000 });
    assert.equal(args[1].code, 'renderer_stopped');
    await recorder.until('rendered');
    await end({ pids: [encoder] });
  });

  it('ffmpeg ends well with frames missing: it is not believed, and nothing is published', async (context) => {
    const short = armedRenderer((ffmpeg) => `exec '${ffmpeg}' -t 1 "$@"`);
    const { dataFolder, id, recorder, end } = await armed(context, short);
    const { args } = await recorder.until('failed');
    assert.equal(args[1].code, 'output_incomplete');
    assert.match(args[1].message, /large is not as asked: it has 25 of 50 frames/);
    assert.equal(existsSync(join(dataFolder, 'jobs', id, '1')), false);
    await recorder.until('rendered');
    const [tried] = await end();
    assert.deepEqual([tried?.attempt, tried?.fence, tried?.state], [1, 2, 'rendered']);
  });
});
