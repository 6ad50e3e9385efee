/** The numbers of a farm are there while its renderers are not; how soon is measured by `npm run bench -- queue`. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { healthRoutes } from '../../src/http/health.js';
import { createServer } from '../../src/http/server.js';
import { observeWith } from '../../src/supervisor/observer.js';
import { recorded, running } from '../http/running.js';
import { farm } from './farm/farm.js';
import { also } from './farm/recorder.js';

const SCRAPES = 3;

describe('a scrape', () => {
  for (const [fixture, slots] of [
    ['blocked', 1],
    ['stopped', 3],
  ] as const) {
    it(`while renderers are ${fixture} is answered, and complete`, async (context) => {
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

      for (let scrape = 0; scrape < SCRAPES; scrape++) {
        const answer = await fetch(`${url}/metrics`);
        const text = await answer.text();
        assert.match(text, new RegExp(`^storyfarm_slots\\{condition="busy"\\} ${slots}$`, 'm'));
        for (let slot = 0; slot < slots; slot++)
          assert.match(text, new RegExp(`^storyfarm_slot_memory_bytes\\{slot="${slot}"\\} \\d+$`, 'm'));
        assert.match(text, /^storyfarm_slot_seconds_total [\d.]+$/m);
        assert.match(text, /^storyfarm_queue_jobs\{state="rendering"\} \d+$/m);
      }
      await made.supervisor.stop();
      await made.end();
    });
  }
});
