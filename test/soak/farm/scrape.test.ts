import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Capacity, parseMetrics } from './scrape.js';

const look = (text: string) => parseMetrics(text);

it('metrics are read as they are written', () => {
  const read = look('# HELP a Something.\na 1\nb{x="1 2",y="3"} 4.5\n');
  assert.deepEqual(
    [...read],
    [
      ['a', 1],
      ['b{x="1 2",y="3"}', 4.5],
    ],
  );
});

it('capacity is lost where seats are empty or booting', () => {
  const capacity = new Capacity();
  capacity.take(look('storyfarm_slots{condition="busy"} 3\nstoryfarm_slots{condition="booting"} 1\n'));
  capacity.take(look('storyfarm_slots{condition="idle"} 3\nstoryfarm_slots{condition="empty"} 1\n'));
  assert.equal(capacity.lost, 0.25);
  assert.equal(capacity.lostToRecycling, undefined);
});

it('counters that began anew are added to what they were', () => {
  const capacity = new Capacity();
  for (const count of [2, 5, 1, 4]) capacity.take(look(`storyfarm_renderer_recycles_total{reason="jobs"} ${count}\n`));
  assert.equal(capacity.replaced.recycled, 9);
  assert.equal(capacity.replaced.recycledForMemory, 0);
});

it('renderers that were recycled for memory are told apart', () => {
  const capacity = new Capacity();
  const recycles = (jobs: number, memory: number) =>
    look(
      `storyfarm_renderer_recycles_total{reason="jobs"} ${jobs}\nstoryfarm_renderer_recycles_total{reason="memory"} ${memory}\n`,
    );
  for (const counts of [recycles(1, 0), recycles(1, 2), recycles(0, 1)]) capacity.take(counts);
  assert.deepEqual(capacity.replaced, { recycled: 4, recycledForMemory: 3, restarted: 0 });
});

it("what planned recycling cost is the farm's own account, without what was not planned", () => {
  const capacity = new Capacity();
  capacity.take(
    look(
      'storyfarm_slot_seconds_total 200\nstoryfarm_slot_seconds_lost_total{reason="planned"} 1\nstoryfarm_slot_seconds_lost_total{reason="unplanned"} 50\n',
    ),
  );
  assert.equal(capacity.lostToRecycling, 0.005);
});
