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

describe('templates that are damaged', () => {
  it('fail their jobs for good, at once and by name; those of a whole one are rendered', async (context) => {
    const folder = temporaryFolder(context);
    const install = async (id: string) => {
      const description = join(copyOfTiny(folder, id), 'template.json');
      writeFileSync(description, readFileSync(description, 'utf8').replace('"id": "tiny"', `"id": "${id}"`));
      return loadTemplate(join(folder, id));
    };
    const damaged = async (id: string, file: string, hurt: (bytes: Buffer) => Uint8Array) => {
      const before = await install(id);
      const path = join(folder, id, file);
      writeFileSync(path, hurt(readFileSync(path)));
      // One that is not even loaded any more was whole when its job was accepted.
      return loadTemplate(join(folder, id)).catch(() => before);
    };
    const asked = [
      await damaged('film', 'red.mp4', filled),
      await damaged('short', 'red.mp4', halved),
      await damaged('music', 'music.m4a', filled),
      await install('whole'),
    ];
    const renderer = armedRenderer(CAUGHT, { templateFolders: [folder] });
    const { enqueueRequest, recorder, end } = await farm(context, renderer, { options: { slots: 1 } });
    for (const { ref } of asked) await enqueueRequest({ template: ref, cast: { ball: 'red' }, words: { hello: 'Hi' } });
    await recorder.until('rendered');
    await recorder.times(3, 'failed');
    assert.deepEqual(ends(await end()), [
      ['dead', 1, 'template_invalid'],
      ['dead', 1, 'unknown_template'],
      ['dead', 1, 'template_invalid'],
      ['rendered', 0, undefined],
    ]);
    assert.equal(recorder.of('died').length, 0);
  });
});
