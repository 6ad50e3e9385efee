/** The benchmark of rendering, run as a whole over the smallest template: it ends, tells one object, and leaves nothing behind. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../fixtures/folder.js';
import { fixtureTemplates } from '../fixtures/tiny.js';
import { runMeasured } from './render/cost.js';

const BENCH = fileURLToPath(new URL('./render.js', import.meta.url));

test('a quick run tells every figure', { skip: process.platform !== 'linux' && 'only Linux has /proc' }, async (t) => {
  const folder = temporaryFolder(t);
  const args = ['--quick', '--json', '--data-folder', folder, '--template-folders', fixtureTemplates];
  const { stdout, cpuSeconds } = await runMeasured(process.execPath, [BENCH, ...args]);
  const told = JSON.parse(stdout) as Record<string, unknown>;

  assert.deepEqual(told.contents, ['tiny']);
  const figure = (name: string): number => {
    const value = told[`${name}__tiny`];
    assert.ok(typeof value === 'number', `${name} is ${value}`);
    return value;
  };
  for (const variant of ['b1', 'b2', 'cold', 'warm', 'repeated']) {
    const seconds = figure(`cpu_seconds_${variant}`);
    assert.ok(seconds > 0 && seconds < cpuSeconds, `${variant} took ${seconds} s of ${cpuSeconds} s`);
    assert.ok(figure(`wall_seconds_${variant}`) > 0);
  }
  assert.ok(Math.abs(figure('cpu_ratio_warm_vs_b2') - figure('cpu_seconds_b2') / figure('cpu_seconds_warm')) < 1e-9);
  assert.ok(figure('cpu_seconds_warm') < figure('cpu_seconds_cold'), 'a cold process has to begin first');
  assert.ok(figure('stage_publish_p50_ms_warm') < figure('poster_after_claim_p50_ms'));
  for (const rendition of ['large', 'medium', 'small']) {
    const ratio = figure(`size_ratio_vs_b2__${rendition}`);
    assert.ok(ratio > 0.5 && ratio < 2, `${rendition} is ${ratio} times as large`);
    for (const part of ['clip', 'windows', 'gaps', 'worst']) {
      // Words that were not there, or at other frames, would show: those of the tiny template fill a tenth of the picture.
      for (const variant of ['b2', 'ours'])
        assert.ok(figure(`ssim_${part}_${variant}__${rendition}`) > 0.98, `${rendition}, ${part} of ${variant}`);
      figure(`psnr_${part}_delta_vs_b2__${rendition}`);
    }
  }
  assert.ok(figure('request_to_told_p50_ms') >= figure('request_to_published_p50_ms'));
  assert.ok(figure('jobs_per_minute') > 1);
  assert.deepEqual(readdirSync(folder), ['prepared']);
  assert.ok(readdirSync(join(folder, 'prepared')).includes('editions'));
});
