/** Editions are prepared beside the jobs: the first job does not wait, later ones take the short path, and killing whoever prepares loses nothing. */

import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TORN } from '../../src/paths.js';
import { look, treeOf } from '../pm2/processes.js';
import { farm } from './farm/farm.js';
import { preparingRenderer, tinyRef } from './farm/real.js';

const request = { template: tinyRef, cast: { ball: 'red' }, words: { hello: 'Hello!' } };

/** What a preparation that was ended has left. */
const unfinished = (dataFolder: string): string[] =>
  readdirSync(join(dataFolder, 'editions'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.part'),
  );

describe('an edition that a job asks for', () => {
  it('is prepared beside it, once, and the next job takes the swap path', async (context) => {
    const { enqueueRequest, recorder, end } = await farm(context, preparingRenderer, { options: { slots: 2 } });
    const first = await enqueueRequest(request);
    const [, second] = [await recorder.until('prepared'), await enqueueRequest(request)];
    await recorder.until('rendered', ({ id }) => id === second.id);
    const stages = new Map(recorder.of('rendered').map(({ args: [job, result] }) => [job.id, result.stages]));
    assert.ok('encode' in (stages.get(first.id) ?? {}), 'the first job was encoded');
    assert.deepEqual(Object.keys(stages.get(second.id) ?? {}), ['fill', 'draw', 'swap', 'verify', 'publish']);
    assert.equal(recorder.of('preparing').length, 1);
    const fractions = recorder.of('preparationProgress').map(({ args: [, fraction] }) => fraction);
    assert.ok(fractions.length > 0, 'how far it was, was told');
    assert.ok(
      fractions.every((fraction, index) => fraction > (fractions[index - 1] ?? 0)),
      `${fractions}`,
    );
    await end();
  });

  it('is prepared again as soon as a job has found a film torn', async (context) => {
    const { enqueueRequest, recorder, dataFolder, end } = await farm(context, preparingRenderer, {
      options: { slots: 1 },
    });
    await enqueueRequest(request);
    await recorder.until('prepared');
    const editions = join(dataFolder, 'editions');
    const film = readdirSync(editions, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('film.json'),
    );
    writeFileSync(join(editions, film ?? assert.fail()), 'torn');
    await enqueueRequest(request);
    const [, second] = await recorder.times(2, 'rendered');
    assert.ok(Object.values(second?.args[1].paths ?? {}).some(({ reason }) => reason === TORN));
    await recorder.times(2, 'prepared');
    await end();
  });

  it('is prepared though a drain ends the farm in the midst: the next farm goes on', async (context) => {
    const { enqueueRequest, recorder, dataFolder, end } = await farm(context, preparingRenderer, {
      options: { slots: 1 },
    });
    await enqueueRequest(request);
    await recorder.until('preparing');
    await recorder.until('rendered');
    await end();
    assert.equal(recorder.of('notPrepared').length, 0, 'ending is no failure');
    assert.deepEqual(unfinished(dataFolder), []);
  });

  it('is prepared no more when the farm is told to forget it, and again when it is asked for', async (context) => {
    const made = await farm(context, preparingRenderer, { options: { slots: 1 } });
    const { enqueueRequest, recorder, supervisor, dataFolder, end } = made;
    await enqueueRequest(request);
    await recorder.until('preparing');
    supervisor.forgetEditions();
    assert.equal(recorder.of('preparationStopped').length, 1);
    assert.equal(supervisor.preparing, undefined);
    await recorder.until('rendered');
    await enqueueRequest(request);
    await recorder.times(2, 'preparing');
    assert.equal(recorder.of('notPrepared').length, 0, 'forgetting is no failure');
    await end();
    assert.deepEqual(unfinished(dataFolder), []);
  });

  it('is finished by a process that is to be replaced, however often that is said', async (context) => {
    const { enqueueRequest, recorder, supervisor, end } = await farm(context, preparingRenderer, {
      options: { slots: 1 },
    });
    await enqueueRequest(request);
    await recorder.until('preparing');
    for (let times = 0; times < 5; times++) supervisor.reprogram();
    await recorder.until('prepared');
    assert.equal(recorder.of('preparing').length, 1);
    await enqueueRequest({ ...request, cast: { ball: 'green' } });
    await recorder.times(2, 'preparing');
    assert.equal(recorder.of('notPrepared').length, 0);
    await end();
  });

  it(
    'is prepared however often somebody kills who prepares it',
    { skip: process.platform !== 'linux' },
    async (context) => {
      const { enqueueRequest, recorder, supervisor, end } = await farm(context, preparingRenderer, {
        options: { slots: 1 },
      });
      await enqueueRequest(request);
      for (let kills = 1; kills <= 4; kills++) {
        await recorder.times(kills, 'preparing');
        const seated = supervisor.slots.map(({ renderer }) => renderer?.process.pid);
        for (const pid of treeOf(process.pid))
          if (!seated.includes(pid) && look(pid, 'cmdline').includes('renderer/main.js')) process.kill(pid, 'SIGKILL');
        const { args } = (await recorder.times(kills, 'notPrepared')).at(-1) ?? assert.fail();
        assert.equal(args[2], false, 'not given up');
      }
      await recorder.times(5, 'preparing');
      await end();
    },
  );

  it('is given up when it cannot be prepared, and its jobs fail for their own reason', async (context) => {
    const { enqueueRequest, recorder, end } = await farm(context, preparingRenderer, { options: { slots: 1 } });
    await enqueueRequest({ ...request, template: { id: 'tiny', version: '0'.repeat(64) } });
    const { args } = await recorder.until('notPrepared');
    assert.deepEqual([args[1].code, args[2]], ['unknown_template', true]);
    await recorder.until('failed');
    await end();
  });
});
