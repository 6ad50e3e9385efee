/** The numbers of a farm are there while its renderers are not. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { healthRoutes } from '../../src/http/health.js';
import { createServer } from '../../src/http/server.js';
import { observeWith } from '../../src/supervisor/observer.js';
import { recorded, running } from '../http/running.js';
import { farm } from './farm/farm.js';
import { also } from './farm/recorder.js';

const SCRAPES = 20;

describe('a scrape', () => {
  for (const [fixture, slots] of [
    ['blocked', 1],
    ['stopped', 3],
  ] as const) {
    it(`while renderers are ${fixture} is answered without waiting for them, and complete`, async (context) => {
      const parts = recorded();
      const server = createServer(parts);
      server.app.register(healthRoutes, { ...parts, checks: [] });
      const url = await running(context, server);
      const made = await farm(context, fixture, { options: { slots, standby: 1, maxCrashes: 1 }, start: false });
      also(made.recorder.observer, observeWith(parts.log, parts.metrics));
      await made.supervisor.start();
      await made.enqueueMany(slots);
      await made.recorder.times(slots, 'assigned');
      await made.recorder.times(made.recorder.of('capacity').length + 2, 'capacity');

      const times: number[] = [];
      const costs: number[] = [];
      for (let scrape = 0; scrape < SCRAPES; scrape++) {
        const start = performance.now();
        const before = process.cpuUsage();
        const answer = await fetch(`${url}/metrics`);
        const text = await answer.text();
        times.push(performance.now() - start);
        const { user, system } = process.cpuUsage(before);
        costs.push((user + system) / 1_000);
        assert.match(text, new RegExp(`^storyfarm_slots\\{condition="busy"\\} ${slots}$`, 'm'));
        for (let slot = 0; slot < slots; slot++)
          assert.match(text, new RegExp(`^storyfarm_slot_memory_bytes\\{slot="${slot}"\\} \\d+$`, 'm'));
        assert.match(text, /^storyfarm_slot_seconds_total [\d.]+$/m);
        assert.match(text, /^storyfarm_queue_jobs\{state="rendering"\} \d+$/m);
      }
      for (const values of [times, costs]) values.sort((one, other) => one - other);
      const [median = Number.NaN, cost = Number.NaN] = [times[SCRAPES >> 1], costs[SCRAPES >> 1]];
      context.diagnostic(
        `median ${median.toFixed(1)} ms, most ${times.at(-1)?.toFixed(1)} ms; ${cost.toFixed(1)} ms of CPU`,
      );
      // Of CPU: how long it takes is a matter of what else the machine has to do.
      assert.ok(cost < 100, `${cost} ms`);
      await made.supervisor.stop();
      await made.end();
    });
  }
});
