/** Capacity that planned recycling costs, for each reason: seats that took no job, as a share of all seats' time, by the farm's own account of every moment. */

import { type Farm, fixture } from '../../chaos/farm/farm.js';
import { type Figure, percent, type Scale } from './figures.js';
import { withFarm } from './ground.js';

const WAYS = [
  ['jobs', { maxJobs: 20 }, fixture('instant')],
  ['age', { maxAgeMs: 1_000 }, fixture('instant')],
  // One seat: of two that pass the limit together the second waits for a standby to boot.
  ['memory', { maxMemory: 300e6, slots: 1 }, fixture('leaky', 2)],
] as const;

export async function measureRecycling({ recycles }: Scale): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [reason, options, renderer] of WAYS) {
    const share = await withFarm(renderer, { options: { slots: 2, standby: 1, ...options } }, (farm) =>
      shareLost(farm, recycles),
    );
    figures.push({
      ...{ name: `capacity_lost_percent__recycled_for_${reason}`, text: `capacity lost to recycling, for ${reason}` },
      ...{ value: share * 100, show: percent, must: 0.1, most: true },
    });
  }
  return figures;
}

/** Twenty jobs at a time, until so many were recycled; the next begin when there is a standby again, as on any farm whose renderers live for longer than a boot. */
async function shareLost({ recorder, enqueueMany }: Farm, recycles: number): Promise<number> {
  const standbys = (count: number) => recorder.times(count, 'booted', (slot) => slot === -1);
  await standbys(1);
  const before = recorder.of('capacity').length;
  for (let round = 1; recorder.of('recycled').length < recycles; round++) {
    await enqueueMany(20);
    await recorder.times(20 * round, 'rendered');
    await standbys(recorder.of('recycled').length + 1);
  }
  await recorder.times(recorder.of('capacity').length + 1, 'capacity');
  const spent = recorder
    .of('capacity')
    .slice(before)
    .map(({ args: [each] }) => each);
  const sum = (of: (each: (typeof spent)[number]) => number) => spent.reduce((total, each) => total + of(each), 0);
  return sum(({ lost }) => lost.planned) / sum(({ slots }) => slots);
}
