/** A renderer that leaks 30 MB with every job, under a limit of 512 MB: the most that one held when it was replaced. */

import { readFileSync } from 'node:fs';
import { fixture } from '../../chaos/farm/farm.js';
import { quantile } from '../render/figures.js';
import { type Figure, megabytes, type Scale } from './figures.js';
import { withFarm } from './ground.js';

const LIMIT = 512e6;
const MEGABYTES = 30;
const SLOTS = 2;

export async function measureLeaking({ leaks }: Scale): Promise<Figure[]> {
  const options = { slots: SLOTS, standby: 1, maxMemory: LIMIT };
  return withFarm(fixture('leaky', MEGABYTES), { options }, async ({ recorder, supervisor, enqueueMany }) => {
    const held: number[] = [];
    const { recycled, rendered } = recorder.observer;
    let done = 0;
    let finish = () => {};
    const all = new Promise<void>((resolve) => {
      finish = resolve;
    });
    Object.assign(recorder.observer, {
      // It has just been asked to go, and has nothing to do.
      recycled: (...args: Parameters<typeof recycled>) => {
        held.push(proportionalOf(args[1]));
        recycled(...args);
      },
      rendered: (...args: Parameters<typeof rendered>) => {
        rendered(...args);
        if (++done === leaks) finish();
      },
    });
    await enqueueMany(leaks);
    await all;
    const growth = supervisor.slots.map(({ renderer }) => renderer?.leak ?? 0).filter((bytes) => bytes > 0);
    const job = growth.length > 0 ? quantile(growth, 0.5) : MEGABYTES * 2 ** 20;
    const peak = Math.max(...held);
    return [
      {
        ...{ name: 'memory_peak_bytes__leak_of_30_mb', text: `leak of 30 MB a job, ${leaks} jobs: most that one held` },
        ...{ value: peak, show: megabytes, must: LIMIT + job, most: true },
      },
      {
        ...{ name: 'renderers_recycled__leak_of_30_mb', text: 'renderers that were replaced for it' },
        ...{ value: held.length, show: String },
      },
    ];
  });
}

/** Bytes. */
const proportionalOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]) * 1024;
