/** The benchmark of queue and supervisor, run as a whole and quickly: it ends, tells one object, and leaves nothing behind. How large its figures are is not for a test to say. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../fixtures/folder.js';
import { spread } from './queue/figures.js';
import { runMeasured } from './render/cost.js';

const BENCH = fileURLToPath(new URL('./queue.js', import.meta.url));

test('a quick run tells every figure', { skip: process.platform !== 'linux' && 'only Linux has /proc' }, async (t) => {
  const folder = temporaryFolder(t);
  const { stdout } = await runMeasured(process.execPath, [BENCH, '--quick', '--json', '--dir', folder]);
  const told = JSON.parse(stdout) as Record<string, unknown>;
  const { to_reach, machine: _, scale: __, ...figures } = told;
  for (const [name, value] of Object.entries(figures)) {
    assert.match(name, /^[a-z0-9_]+__[a-z0-9_]+$/);
    assert.ok(typeof value === 'number' && Number.isFinite(value) && value >= 0, `${name} is ${value}`);
  }
  for (const name of Object.keys(to_reach as object)) assert.ok(name in figures, name);
  assert.ok(Object.keys(to_reach as object).length >= 15);
  for (const name of [
    'jobs_per_second__supervisor_8_slots',
    'wake_up_p50_ms__idle_farm',
    'purged_per_second__beside_claims',
  ])
    assert.ok((figures[name] as number) > 0, name);
  assert.deepEqual(readdirSync(folder), []);
});

test('a spread names its middle, 99th percentile and worst, and holds the right one against what is asked', () => {
  const figures = spread(['wait', 'calm'], 'wait', [1, 2, 9], { p99: 5 });
  assert.deepEqual(
    figures.map(({ name, value, must }) => [name, Math.round(value), must]),
    [
      ['wait_p50_ms__calm', 2, undefined],
      ['wait_p99_ms__calm', 9, 5],
      ['wait_worst_ms__calm', 9, undefined],
    ],
  );
});
