import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OomWatch, oomCounters, readOomKills } from '../../../src/supervisor/renderer/oom.js';

describe('the counters of kills for want of memory', () => {
  it('are those of the control group, of either version', () => {
    assert.deepEqual(oomCounters('0::/user.slice/farm\n'), ['/sys/fs/cgroup/user.slice/farm/memory.events']);
    assert.deepEqual(oomCounters('5:cpu,cpuacct:/\n4:memory:/docker/1\n0::/\n'), [
      '/sys/fs/cgroup/memory.events',
      '/sys/fs/cgroup/memory/docker/1/memory.oom_control',
    ]);
    assert.deepEqual(oomCounters(''), []);
  });

  it('can be read on Linux', { skip: process.platform !== 'linux' }, () => {
    assert.ok(Number.isInteger(readOomKills()));
  });
});

describe('a kill', () => {
  it('is claimed once, and forgotten two looks later', () => {
    let kills = 5;
    const watch = new OomWatch(() => kills);
    assert.equal(watch.claim(), false, 'of another time');
    kills += 2;
    assert.deepEqual([watch.claim(), watch.claim(), watch.claim()], [true, true, false]);
    kills++;
    watch.look();
    assert.equal(watch.claim(), true, 'it was seen by the look before its death was told');
    kills++;
    watch.look();
    watch.look();
    assert.equal(watch.claim(), false);
  });

  it('is never seen where nothing counts', () => {
    const watch = new OomWatch(() => undefined);
    watch.look();
    assert.equal(watch.claim(), false);
  });
});
