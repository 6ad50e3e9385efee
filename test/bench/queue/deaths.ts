/** A renderer is killed in the midst of a job: until its seat is taken by the standby, and until its job is claimable again. From the kill to the commit. */

import { type Figure, type Scale, spread } from './figures.js';
import { withFarm } from './ground.js';

export async function measureDeaths({ kills }: Scale): Promise<Figure[]> {
  const options = { slots: 2, standby: 1, maxCrashes: 1_000_000 };
  return withFarm('slow', { options }, async ({ recorder, supervisor, enqueueMany, cue }) => {
    await enqueueMany(2);
    const refilled: number[] = [];
    const claimable: number[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      await recorder.times(kill, 'booted', (slot) => slot === -1);
      await recorder.times(kill + 1, 'assigned');
      const renderer = supervisor.slots[kill % 2]?.renderer;
      const had = renderer?.assignment?.job;
      const at = performance.now();
      process.kill(renderer?.process.pid as number, 'SIGKILL');
      refilled.push(((await recorder.times(kill, 'seated')).at(-1)?.at ?? Number.NaN) - at);
      await recorder.until('assigned', ({ id, fence }) => id === had?.id && fence > had.fence);
      // Counted as a crash, or not, since somebody is killing: in both cases it is written.
      const isIt = ({ id, fence }: { readonly id: string; readonly fence: number }) =>
        id === had?.id && fence === had.fence;
      const back = [...recorder.of('failed'), ...recorder.of('released')].find(({ args: [job] }) => isIt(job));
      claimable.push((back?.at ?? Number.NaN) - at);
      // A finished job, so that the next standby is started without delay.
      const { args } = recorder.of('assigned').at(-1) as { args: [{ id: string }, number] };
      await cue(args[0].id);
      await recorder.times(kill, 'rendered');
      await enqueueMany(1);
    }
    return [
      ...spread(['seat_refilled', 'killed_renderer'], 'renderer killed: seat refilled', refilled, { p99: 50 }),
      ...spread(['job_claimable', 'killed_renderer'], 'renderer killed: job claimable', claimable, { p99: 100 }),
    ];
  });
}
