/** The numbers of a farm are there while its renderers are not. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { healthRoutes } from '../../src/http/health.js';
import { createServer } from '../../src/http/server.js';
import { type FarmObserver, observeWith } from '../../src/supervisor/observer.js';
import { recorded, running } from '../http/running.js';
import { farm } from './farm/farm.js';

const SCRAPES = 20;

describe('a scrape', () => {
  for (const [fixture, slots] of [
    ['blocked', 1],
    ['stopped', 3],
  ] as const) {
    it(`while renderers are ${fixture} is answered within 100 ms, and complete`, async (context) => {
      const parts = recorded();
      const server = createServer(parts);
      server.app.register(healthRoutes, { ...parts, checks: [] });
      const url = await running(context, server);
      const made = await farm(context, fixture, { options: { slots, standby: 1, maxCrashes: 1 }, start: false });
      join(made.recorder.observer, observeWith(parts.log, parts.metrics));
      await made.supervisor.start();
      await made.enqueueMany(slots);
      await made.recorder.times(slots, 'assigned');
      await made.recorder.times(made.recorder.of('capacity').length + 2, 'capacity');

      const times: number[] = [];
      for (let scrape = 0; scrape < SCRAPES; scrape++) {
        const start = performance.now();
        const answer = await fetch(`${url}/metrics`);
        const text = await answer.text();
        times.push(performance.now() - start);
        assert.match(text, new RegExp(`^storyfarm_slots\\{condition="busy"\\} ${slots}$`, 'm'));
        for (let slot = 0; slot < slots; slot++)
          assert.match(text, new RegExp(`^storyfarm_slot_memory_bytes\\{slot="${slot}"\\} \\d+$`, 'm'));
        assert.match(text, /^storyfarm_slot_seconds_total [\d.]+$/m);
        assert.match(text, /^storyfarm_queue_jobs\{state="rendering"\} \d+$/m);
      }
      times.sort((one, other) => one - other);
      const [median, most] = [times[SCRAPES >> 1] ?? Number.NaN, times.at(-1) ?? Number.NaN];
      context.diagnostic(`median ${median.toFixed(1)} ms, most ${most.toFixed(1)} ms`);
      assert.ok(median < 100, `${median} ms`);
      await made.supervisor.stop();
      await made.end();
    });
  }
});

/** Lets a second observer see what the first is told. */
function join(first: FarmObserver, second: FarmObserver): void {
  for (const kind of Object.keys(first) as (keyof FarmObserver)[]) {
    const [one, other] = [first[kind], second[kind]] as ((...args: unknown[]) => void)[];
    Object.assign(first, {
      [kind]: (...args: unknown[]) => {
        other?.(...args);
        one?.(...args);
      },
    });
  }
}
