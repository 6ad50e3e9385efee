/** From a job enqueued by another process to the renderer of an idle farm: until the order is in the renderer's hands, on the machine's one monotonic clock. */

import { type Figure, type Scale, spread } from './figures.js';
import { JOB, pause, withProgram } from './ground.js';
import type { Told } from './program.js';

/** Between two jobs, so that the farm is idle; a few milliseconds more each time, to meet no rhythm of its. */
const BETWEEN_MS = 97;

const now = () => Number(process.hrtime.bigint()) / 1e6;

export async function measureWaking({ wakes }: Scale, dir: string): Promise<Figure[]> {
  const plan = { renderer: 'weightless', options: {}, isTelling: true };
  return withProgram(
    dir,
    plan,
    async () => {},
    async (program, store) => {
      const SEATS = 3;
      await program.until((told) => told.filter(({ kind }) => kind === 'booted').length >= SEATS);
      const sinceAsked: number[] = [];
      const sinceKept: number[] = [];
      for (let wake = 0; wake < wakes; wake++) {
        await pause(BETWEEN_MS + (wake % 10) * 3);
        const asked = now();
        const { job } = await store.enqueue(JOB);
        const kept = now();
        const isIt = (told: Told) => told.kind === 'came' && told.id === job.id;
        const came = (await program.until((told) => told.some(isIt))).find(isIt);
        if (came?.kind !== 'came') continue;
        sinceAsked.push(came.at - asked);
        sinceKept.push(Math.max(0, came.at - kept));
      }
      return [
        ...spread(['wake_up', 'idle_farm'], 'from the call of enqueue to the renderer, idle farm', sinceAsked, {
          p50: 20,
        }),
        ...spread(['wake_up', 'after_enqueue'], 'the same from the answer of enqueue', sinceKept),
      ];
    },
  );
}
