import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { Rest } from '../../../src/supervisor/decisions/leak.js';
import { Meter } from '../../../src/supervisor/renderer/meter.js';

const metered = (fields: object = {}) => ({
  process: { pid: process.pid },
  ...{ jobs: 0, memory: 0, restingMemory: 0, baseMemory: 0, rests: [] as readonly Rest[], leak: 0 },
  ...{ openFiles: 0, baseFiles: 0, fileLimit: 0 },
  ...fields,
});

const MB = 2 ** 20;

describe('the meter', () => {
  const meter = new Meter({ maxMemory: Number.POSITIVE_INFINITY });

  it('tells after some jobs what the renderer leaks with each', async () => {
    const renderer = metered();
    const kept: Buffer[] = [];
    for (renderer.jobs = 1; renderer.jobs <= 6; renderer.jobs++) {
      kept.push(Buffer.alloc(32 * MB, 1));
      await meter.rest(renderer);
      if (renderer.jobs === 1) assert.equal(renderer.baseMemory, renderer.restingMemory);
      if (renderer.jobs < 4) assert.equal(renderer.leak, 0, 'too little is known');
    }
    assert.ok(renderer.restingMemory - renderer.baseMemory > 4 * 32 * MB);
    assert.ok(renderer.leak > 28 * MB && renderer.leak < 36 * MB, `${renderer.leak} bytes a job`);
    assert.equal(kept.length, 6);
  });

  it('glances without judging: between jobs is another matter', async () => {
    const renderer = metered({ restingMemory: 7, leak: 5 });
    await meter.glance([renderer]);
    assert.ok(renderer.memory > 20 * MB);
    assert.deepEqual([renderer.restingMemory, renderer.leak, renderer.rests.length], [7, 5, 0]);
  });

  it('counts files, and those of the beginning', { skip: process.platform !== 'linux' }, async () => {
    const renderer = metered({ jobs: 1 });
    await meter.glance([renderer]);
    renderer.jobs = 2;
    const opened = await Promise.all(Array.from({ length: 10 }, () => open('/dev/null')));
    await meter.glance([renderer]);
    await Promise.all(opened.map((file) => file.close()));
    assert.ok(renderer.openFiles >= renderer.baseFiles + 5, `${renderer.baseFiles} to ${renderer.openFiles}`);
    assert.ok(renderer.fileLimit >= 100, `${renderer.fileLimit}`);
  });
});
