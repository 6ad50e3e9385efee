/** `storyfarm recycle --suggest`, from what farms have shown at /metrics. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { historyIn } from '../../src/cli/commands/recycle.js';
import { healthRoutes } from '../../src/http/health.js';
import { createServer } from '../../src/http/server.js';
import type { Job } from '../../src/job.js';
import type { Metrics } from '../../src/metrics.js';
import { observeWith } from '../../src/supervisor/observer.js';
import type { Renderer, Slot } from '../../src/supervisor/renderer/renderer.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { recorded, running } from '../http/running.js';
import { run } from './storyfarm.js';

/** A farm of two slots and a standby after two jobs of a second and three boots of half a second. */
function worked(parts: { readonly metrics: Metrics } & ReturnType<typeof recorded>, jobs = 40): Metrics {
  const observer = observeWith(parts.log, parts.metrics);
  const seat = (number: number, renderer: Partial<Renderer>) => ({ number, renderer }) as unknown as Slot;
  for (const slot of [0, 1, -1]) observer.booted(slot, 11, 500);
  for (const id of ['a', 'b'])
    observer.rendered({ id } as Job, { outputs: [], stages: { fill: 100, draw: 400, swap: 500 } });
  const slots = [
    seat(0, { jobs, baseMemory: 90e6, leak: 0.5e6, phase: 'idle' }),
    // Of this one little is known.
    seat(1, { jobs: 9, baseMemory: 100e6, leak: 7e6, phase: 'idle' }),
  ];
  observer.state(slots, undefined);
  observer.capacity({ slots: 0, lost: { start: 0, planned: 0, unplanned: 0 } }, { standbys: 1, concurrency: 2 });
  return parts.metrics;
}

describe('the history of a farm', () => {
  it('is read from its metrics', async () => {
    const text = await worked(recorded()).text();
    const history = { base: 100e6, leak: 0.5e6, bootSeconds: 0.5, jobSeconds: 1, budget: 3e9, renderers: 3 };
    assert.deepEqual(historyIn([text], 3e9), history);
    assert.deepEqual(historyIn([text, text], 3e9), history, 'the same twice is the same');
  });

  it('is not known before a renderer has done ten jobs', async () => {
    const text = await worked(recorded(), 9).text();
    assert.throws(() => historyIn([text], 3e9), { code: 'unavailable', hint: /10 jobs/ });
    assert.throws(() => historyIn([''], 3e9), { code: 'unavailable' });
  });
});

describe('storyfarm recycle --suggest', () => {
  it('proposes with its arithmetic, from a running farm or from a file', async (t) => {
    const parts = recorded();
    const server = createServer(parts);
    server.app.register(healthRoutes, { ...parts, checks: [] });
    const url = await running({ after: (end) => t.after(end) }, server);
    const text = await worked(parts).text();
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, 'saved.txt'), text);
    for (const place of [`${url}/metrics`, 'saved.txt']) {
      const { code, stdout, stderr } = await run(['recycle', '--suggest', '--from', place, '--budget', '3GB'], { cwd });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /leaks 500\.0 kB with every job: it has doubled after 200 jobs\n/);
      assert.match(stdout, /\nmaxJobs {4}200\nmaxMemory {2}256MB\n$/);
    }
    const { stdout } = await run(['recycle', '--suggest', '--from', 'saved.txt', '--budget', '3GB', '--json'], { cwd });
    const { maxJobs, maxMemory, steps } = JSON.parse(stdout);
    assert.deepEqual([maxJobs, maxMemory, steps.length], [200, 256e6, 5]);
  });

  it('says what to do when nobody answers', async (t) => {
    const cwd = temporaryFolder(t);
    const { code, stderr } = await run(['recycle', '--suggest', '--farm-port', '1'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /http:\/\/127\.0\.0\.1:1\/metrics does not answer/);
    assert.match(stderr, /--from/);
  });
});
