/** Jobs through a real supervisor and real renderers that have nothing to do: claims, orders, answers and durable completions per second, and what they cost the supervisor. */

import { cpuOf } from './cost.js';
import { type Figure, microseconds, perSecond, type Scale } from './figures.js';
import { stock, withProgram } from './ground.js';
import type { Told } from './program.js';

const SLOTS = 8;
/** Until all renderers are at work. */
const FIRST = 100;

export async function measureSupervised({ jobs }: Scale, dir: string): Promise<Figure[]> {
  const plan = { renderer: 'weightless', options: { slots: SLOTS, maxJobs: 1_000_000 } };
  return withProgram(
    dir,
    plan,
    (store) => stock(store, jobs),
    async (program) => {
      const reached = async (count: number) => {
        const isIt = (told: Told) => told.kind === 'rendered' && told.jobs >= count;
        const found = (await program.until((told) => told.some(isIt))).find(isIt);
        return { at: found?.kind === 'rendered' ? found.at : Number.NaN, cpu: cpuOf(program.pid) };
      };
      const [first, last] = [await reached(FIRST), await reached(jobs)];
      return [
        {
          ...{ name: `jobs_per_second__supervisor_${SLOTS}_slots`, text: `jobs through a supervisor, ${SLOTS} slots` },
          ...{ value: ((jobs - FIRST) / (last.at - first.at)) * 1000, show: perSecond, must: 1_000 },
        },
        {
          ...{ name: `cpu_microseconds__supervisor_${SLOTS}_slots`, text: "the same: supervisor's CPU of a job" },
          ...{ value: ((last.cpu - first.cpu) / (jobs - FIRST)) * 1e6, show: microseconds },
        },
      ];
    },
  );
}
