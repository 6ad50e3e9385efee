/** When the preparer looks at an edition again: an edition that was given up is not tried, and not told of, at every job. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { packageFolder } from '../../src/package.js';
import { Preparer } from '../../src/supervisor/preparer.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { recorder, StillClock, settled } from './fakes.js';

const edition = { template: { id: 'tiny', version: 'v' }, cast: { ball: 'red' } };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A preparer whose process refuses every edition, and how often somebody asked whether the edition is prepared. */
function reluctant(t: TestContext) {
  const clock = new StillClock();
  const told = recorder();
  const bell = new PassThrough();
  let asked = 0;
  const options = {
    dataFolder: temporaryFolder(t),
    templateFolders: [],
    maxPhrases: 0,
    heartbeatMs: 1e6,
    stallMs: 1e6,
  };
  const preparer = new Preparer(1e9, {
    program: {
      module: join(packageFolder, 'dist', 'test', 'fixtures', 'renderers', 'reluctant.js'),
      args: [JSON.stringify(options)],
    },
    isPrepared: async () => {
      asked++;
      return false;
    },
    observer: told.observer,
    clock,
    lacksMemory: () => false,
    ring: () => bell.write('.'),
  });
  t.after(() => preparer.stop());
  const want = async () => {
    preparer.want(edition);
    await settled();
    preparer.tend();
  };
  /** Has it prepared, until it is given up. */
  const refused = async () => {
    const before = told.of('notPrepared').length;
    await want();
    while (told.of('notPrepared').length === before) {
      await once(bell, 'data');
      preparer.tend();
    }
  };
  return { preparer, clock, told, want, refused, asked: () => asked };
}

test('an edition that was given up is tried again after an hour, whatever jobs ask for it meanwhile', async (t) => {
  const { clock, told, want, refused, asked } = reluctant(t);
  await refused();
  assert.deepEqual(
    told.of('notPrepared').map(({ args: [, { code }, isGivenUp] }) => [code, isGivenUp]),
    [['unknown_template', true]],
  );
  for (let minutes = 5; minutes < 60; minutes += 5) {
    clock.move(5 * MINUTE);
    await want();
  }
  assert.equal(asked(), 1);
  clock.move(HOUR);
  await refused();
  assert.equal(asked(), 2);
});

test('it is tried at once when what its process is started with has changed', async (t) => {
  const { preparer, told, refused, asked } = reluctant(t);
  await refused();
  preparer.reprogram();
  await refused();
  assert.deepEqual([asked(), told.of('notPrepared').length], [2, 2]);
});
