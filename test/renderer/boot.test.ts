/** The boot of a renderer, as a real process. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { it } from 'node:test';
import { openFfmpeg } from '../../src/media/ffmpeg.js';
import { rendererProgram } from '../../src/package.js';
import type { RendererOptions } from '../../src/renderer/options.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { changeSealed } from '../fixtures/sealed.js';
import { fixtureTemplates } from '../fixtures/tiny.js';

const windows = process.platform === 'win32' ? { skip: 'nothing is remembered on Windows' } : {};

it('a renderer does not start the ffmpeg that its supervisor has asked', windows, async (t) => {
  const dataFolder = temporaryFolder(t);
  openFfmpeg(undefined, dataFolder);
  const memory = join(dataFolder, 'ffmpeg.json');
  // An answer that the program never gave: whoever asked it would hear another.
  changeSealed(memory, (known: object) => ({ ...known, version: 'remembered' }));
  const options: RendererOptions = {
    ...{ dataFolder, templateFolders: [fixtureTemplates], maxPhrases: 0 },
    ...{ heartbeatMs: 60_000, stallMs: 30_000 },
  };
  const renderer = fork(rendererProgram, [JSON.stringify(options)], { execArgv: [] });
  t.after(() => renderer.kill('SIGKILL'));
  assert.deepEqual(await once(renderer, 'message').then(([told]) => told), { type: 'ready', ffmpeg: 'remembered' });
});
