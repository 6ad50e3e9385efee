/** How long a scrape of the metrics takes while every slot of the farm hangs: with its event loop blocked, or stopped by a signal. */

import { healthRoutes } from '../../../src/http/health.js';
import { createServer } from '../../../src/http/server.js';
import { observeWith } from '../../../src/supervisor/observer.js';
import { also } from '../../chaos/farm/recorder.js';
import { recorded, running } from '../../http/running.js';
import { type Figure, type Scale, spread } from './figures.js';
import { withFarm } from './ground.js';

export async function measureScraping({ scrapes }: Scale): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [fixture, slots] of [
    ['blocked', 1],
    ['stopped', 3],
  ] as const) {
    const options = { slots, standby: 1, maxCrashes: 1 };
    await withFarm(fixture, { options, start: false }, async ({ recorder, supervisor, enqueueMany }, after) => {
      const parts = recorded();
      const server = createServer(parts);
      server.app.register(healthRoutes, { ...parts, checks: [] });
      const url = await running({ after }, server);
      also(recorder.observer, observeWith(parts.log, parts.metrics));
      await supervisor.start();
      await enqueueMany(slots);
      await recorder.times(slots, 'assigned');
      await recorder.times(recorder.of('capacity').length + 2, 'capacity');
      const took: number[] = [];
      for (let scrape = 0; scrape < scrapes; scrape++) {
        const start = performance.now();
        await (await fetch(`${url}/metrics`)).text();
        took.push(performance.now() - start);
      }
      await supervisor.stop();
      figures.push(...spread(['scrape', `slots_${fixture}`], `scrape while slots are ${fixture}`, took, { p99: 100 }));
    });
  }
  return figures;
}
