import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Meter } from '../../../src/supervisor/renderer/meter.js';

const MB = 2 ** 20;

describe('the meter', () => {
  it('shows after each job but the first what the renderer has grown by', async () => {
    const meter = new Meter({ maxMemory: Number.POSITIVE_INFINITY });
    const renderer = { process: { pid: process.pid }, memory: 0, restingMemory: 0, growth: 0 };
    await meter.rest(renderer);
    assert.equal(renderer.growth, 0, 'what the first job adds is no leak');
    assert.ok(renderer.restingMemory > 20 * MB);
    const before = renderer.restingMemory;
    const leak = Buffer.alloc(64 * MB, 1);
    await meter.rest(renderer);
    assert.equal(renderer.growth, renderer.restingMemory - before);
    assert.ok(renderer.growth > leak.length / 2, `${renderer.growth} bytes`);
  });

  it('takes no notice of a renderer that has shrunk', async () => {
    const meter = new Meter({ maxMemory: Number.POSITIVE_INFINITY });
    const renderer = { process: { pid: process.pid }, memory: 0, restingMemory: 1e12, growth: 5 };
    await meter.rest(renderer);
    assert.equal(renderer.growth, 0);
  });

  it('glances without judging: between jobs is another matter', async () => {
    const meter = new Meter({ maxMemory: Number.POSITIVE_INFINITY });
    const renderer = { process: { pid: process.pid }, memory: 0, restingMemory: 7, growth: 5 };
    await meter.glance([renderer]);
    assert.ok(renderer.memory > 20 * MB);
    assert.deepEqual([renderer.restingMemory, renderer.growth], [7, 5]);
  });
});
