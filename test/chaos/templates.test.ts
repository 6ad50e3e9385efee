/** Templates that are replaced while jobs wait for them or are made of them, and templates that are damaged. Real renders. */

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Job } from '../../src/job.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { copyOfTiny } from '../fixtures/tiny.js';
import { arm, armedRenderer, CAUGHT, caught, type Deed } from './farm/armed.js';
import { farm, freshFolder } from './farm/farm.js';

const ends = (jobs: readonly Job[]) => jobs.map(({ state, attempt, failure }) => [state, attempt, failure?.code]);

/** Another version in a folder of its own: the players have changed their clothes. */
function otherVersion(folder: string): string {
  const other = copyOfTiny(folder, 'other');
  cpSync(join(other, 'green.mp4'), join(other, 'red.mp4'));
  return other;
}

describe('a template that is replaced', () => {
  it('in the midst of a job: it and all whose edition is there are made as they were accepted; others are told', async (context) => {
    const folder = temporaryFolder(context);
    const installed = copyOfTiny(folder);
    const other = otherVersion(folder);
    const { ref } = await loadTemplate(installed);
    const made = await farm(context, armedRenderer(CAUGHT, { templateFolders: [installed] }), {
      options: { slots: 1 },
    });
    const { enqueueRequest, recorder, dataFolder, end } = made;
    const ask = (ball: string, template = ref) => enqueueRequest({ template, cast: { ball }, words: { hello: 'Hi' } });
    arm(dataFolder);
    await ask('red');
    const { args } = await recorder.until('assigned');
    const encoder = await caught(made, args[0]);
    cpSync(other, installed, { recursive: true });
    await ask('red');
    await ask('green');
    await ask('red', (await loadTemplate(installed)).ref);
    await recorder.until('failed');
    await recorder.times(3, 'rendered');
    assert.deepEqual(ends(await end({ pids: [encoder] })), [
      ['rendered', 0, undefined],
      ['rendered', 0, undefined],
      ['dead', 1, 'unknown_template'],
      ['rendered', 0, undefined],
    ]);
  });

  it('while its films are read: nothing is made of the two together, for this job or another', async (context) => {
    const folder = temporaryFolder(context);
    const installed = copyOfTiny(folder);
    const other = otherVersion(folder);
    const before = await loadTemplate(installed);
    const replace: Deed = () => `cp '${other}'/* '${installed}'/`;
    const dataFolder = await freshFolder();
    arm(dataFolder);
    const renderer = armedRenderer(replace, { templateFolders: [installed] }, 'editions');
    const { enqueueRequest, recorder, end } = await farm(context, renderer, { dataFolder, options: { slots: 1 } });
    const ask = (template = before.ref) => enqueueRequest({ template, cast: { ball: 'red' }, words: { hello: 'Hi' } });
    await ask();
    await recorder.until('failed');
    // As it was: were there an edition of the two, the next job would be made of it.
    copyOfTiny(folder);
    await ask();
    await recorder.until('rendered');
    assert.deepEqual(ends(await end()), [
      ['dead', 1, 'unknown_template'],
      ['rendered', 0, undefined],
    ]);
    assert.equal((await loadTemplate(installed)).ref.version, before.ref.version);
  });
});

const filled = (bytes: Buffer) => bytes.fill(0x5a, Math.floor(bytes.length * 0.4), Math.floor(bytes.length * 0.7));
const halved = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2));

describe('a template that is damaged', () => {
  for (const [what, file, hurt] of [
    ['a film in its middle', 'red.mp4', filled],
    ['a film cut off', 'red.mp4', halved],
    ['the music in its middle', 'music.m4a', filled],
  ] as const)
    it(`(${what}) fails its job for good, at once and by name; others are rendered`, async (context) => {
      const folder = temporaryFolder(context);
      const installed = copyOfTiny(folder);
      const whole = await loadTemplate(installed);
      const path = join(installed, file);
      writeFileSync(path, hurt(readFileSync(path)));
      const damaged = await loadTemplate(installed).catch(() => whole);
      const renderer = armedRenderer(CAUGHT, { templateFolders: [installed] });
      const { enqueueRequest, recorder, end } = await farm(context, renderer, { options: { slots: 1 } });
      const words = { hello: 'Hi' };
      await enqueueRequest({ template: damaged.ref, cast: { ball: 'red' }, words });
      const { args } = await recorder.until('failed');
      context.diagnostic(`${args[1].code}: ${args[1].message.replaceAll(folder, '')}`);
      assert.ok(['template_invalid', 'unknown_template'].includes(args[1].code), args[1].code);
      copyOfTiny(folder);
      await enqueueRequest({ template: whole.ref, cast: { ball: 'red' }, words });
      await recorder.until('rendered');
      const jobs = await end();
      assert.deepEqual(
        jobs.map(({ state, attempt }) => [state, attempt]),
        [
          ['dead', 1],
          ['rendered', 0],
        ],
      );
      assert.equal(recorder.of('died').length, 0);
    });
});
