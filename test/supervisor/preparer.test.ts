/** When the preparer looks at an edition again: an edition that was given up is not tried, and not told of, at every job. What is heard of a preparation, and how one is stopped. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
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
/** Longer than the hour for which an edition is given up. */
const SILENT = 1e9;
/** In which a process has to stop. */
const GRACE = 5_000;

/** A preparer over a fixture, and how often somebody asked whether the edition is prepared. */
function preparing(t: TestContext, fixture: string) {
  const clock = new StillClock();
  const told = recorder();
  const bell = new PassThrough();
  let asked = 0;
  let isThere = false;
  let swept = 0;
  const options = {
    dataFolder: temporaryFolder(t),
    templateFolders: [],
    maxPhrases: 0,
    heartbeatMs: 1e6,
    stallMs: 1e6,
  };
  const preparer = new Preparer(SILENT, {
    program: {
      module: join(packageFolder, 'dist', 'test', 'fixtures', 'renderers', `${fixture}.js`),
      args: [JSON.stringify(options)],
    },
    isPrepared: async () => {
      asked++;
      return isThere;
    },
    observer: told.observer,
    clock,
    lacksMemory: () => false,
    sweep: () => void swept++,
    ring: () => bell.write('.'),
  });
  t.after(() => preparer.kill());
  const want = async () => {
    preparer.want(edition);
    await settled();
    preparer.tend();
  };
  /** Lets it work until something holds. */
  const until = async (holds: () => boolean, look = () => preparer.tend()) => {
    while (!holds()) {
      await once(bell, 'data');
      look();
    }
  };
  /** Has it prepared, until it is given up. */
  const refused = async () => {
    const before = told.of('notPrepared').length;
    await want();
    await until(() => told.of('notPrepared').length > before);
  };
  /** Has it prepared, until so much more was told of its progress. */
  const begun = async (times = 1) => {
    const before = told.of('preparationProgress').length;
    await want();
    await until(() => told.of('preparationProgress').length >= before + times);
  };
  /** Has it prepared, or not, by somebody else. */
  const place = (there: boolean) => {
    isThere = there;
  };
  const parts = () => {
    const folder = join(options.dataFolder, 'editions');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  return { preparer, clock, told, want, until, refused, begun, parts, place, asked: () => asked, swept: () => swept };
}

/** A preparer whose process refuses every edition. */
const reluctant = (t: TestContext) => preparing(t, 'reluctant');

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

test('an edition that is prepared is not looked at for every job, but at once when a job finds films missing', async (t) => {
  const { preparer, told, want, until, place, asked } = preparing(t, 'prepares');
  place(true);
  await want();
  await want();
  assert.equal(asked(), 1);
  preparer.miss(edition);
  await settled();
  assert.equal(asked(), 2);
  place(false);
  await want();
  assert.equal(asked(), 2, 'it was found prepared a moment ago');
  preparer.miss(edition);
  await settled();
  preparer.tend();
  await until(() => told.of('preparing').length > 0);
  preparer.miss(edition);
  assert.equal(asked(), 3, 'it is being prepared');
});

test('an edition that was given up is not tried again because its jobs find films missing', async (t) => {
  const { preparer, refused, asked } = reluctant(t);
  await refused();
  preparer.miss(edition);
  await settled();
  assert.equal(asked(), 1);
});

test('how far a preparation is, is told as it rises, and what waits for its turn', async (t) => {
  const { preparer, told, begun } = preparing(t, 'prepares');
  const present = () => preparer.present;
  assert.equal(present(), undefined);
  preparer.want({ ...edition, cast: { ball: 'green' } });
  await begun(3);
  const fractions = told.of('preparationProgress').map(({ args: [, fraction] }) => fraction);
  assert.ok(
    fractions.every((fraction, index) => fraction > (fractions[index - 1] ?? 0)),
    `${fractions}`,
  );
  assert.deepEqual(present()?.edition.cast, { ball: 'green' });
  assert.deepEqual([present()?.progress, present()?.waiting], [fractions.at(-1), 1]);
});

test('one that sends no heartbeat is left alone while it tells of progress, and killed when it tells of none', async (t) => {
  const { preparer, clock, told, until, begun } = preparing(t, 'prepares');
  await begun();
  for (let round = 0; round < 5; round++) {
    clock.move(0.9 * SILENT);
    preparer.tend();
    const before = told.of('preparationProgress').length;
    await until(() => told.of('preparationProgress').length > before);
  }
  assert.deepEqual([told.of('preparing').length, told.of('notPrepared').length], [1, 0]);
  clock.move(1.1 * SILENT);
  preparer.tend();
  await until(() => told.of('notPrepared').length > 0);
});

test('the time in which the farm stood still is not held against it', async (t) => {
  const { preparer, clock, told, until, begun } = preparing(t, 'prepares');
  await begun();
  clock.move(2 * SILENT);
  preparer.forgive(2 * SILENT);
  preparer.tend();
  const before = told.of('preparationProgress').length;
  await until(() => told.of('preparationProgress').length > before);
  assert.equal(told.of('notPrepared').length, 0);
});

const stops = {
  'is forgotten': { ask: 'forget', look: 'tend' },
  'is stopped for good': { ask: 'stop', look: 'stop' },
} as const;
for (const [what, { ask, look }] of Object.entries(stops)) {
  test(`one that ${what} ends at once, deletes what is unfinished, and that is no failure`, async (t) => {
    const { preparer, told, until, begun, parts, swept } = preparing(t, 'prepares');
    await begun();
    assert.deepEqual(parts(), ['tiny.part']);
    preparer[ask]();
    assert.equal(preparer.present, undefined);
    await until(
      () => !preparer.isAlive,
      () => preparer[look](),
    );
    assert.deepEqual(parts(), []);
    assert.deepEqual([told.of('preparationStopped').length, told.of('notPrepared').length, swept()], [1, 0, 0]);
  });

  test(`one that ${what} and goes on is killed after a while, and what it left is swept`, async (t) => {
    const { preparer, clock, told, until, begun, swept } = preparing(t, 'prepares-on');
    await begun();
    preparer[ask]();
    clock.move(GRACE);
    preparer[look]();
    // It was not killed: it is heard once more.
    await until(
      () => told.of('line').length > 0,
      () => preparer[look](),
    );
    assert.ok(preparer.isAlive);
    clock.move(1);
    preparer[look]();
    await until(
      () => !preparer.isAlive,
      () => preparer[look](),
    );
    assert.deepEqual([told.of('preparationStopped').length, told.of('notPrepared').length, swept()], [1, 0, 1]);
  });
}

test('what was forgotten is prepared again when it is asked for', async (t) => {
  const { preparer, told, begun } = preparing(t, 'prepares');
  await begun();
  preparer.forget();
  await begun();
  assert.deepEqual([told.of('preparing').length, told.of('notPrepared').length], [2, 0]);
});

test('one that is killed is gone without waiting for anything, and what it left is swept', async (t) => {
  const { preparer, until, begun, swept } = preparing(t, 'prepares-on');
  await begun();
  preparer.kill();
  await until(
    () => !preparer.isAlive,
    () => {},
  );
  assert.equal(swept(), 1);
});
