/**
 * The promise as a whole: 40 jobs, two real renderers that are recycled after 5 jobs each, and once a second one of them, chosen by chance, is killed. Every job is
 * rendered, once; every published file is whole; nothing is left.
 *
 * `maxCrashes` is out of reach here: until others are hit too, a renderer that somebody kills from outside looks exactly like one that its job has killed, so that with the
 * usual limit of 3 a job that is hit by the first kills would rightly be set aside.
 *
 * STORYFARM_TEST_SEED repeats a run's choices (not its timing).
 */

import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { type Farm, farm } from './farm/farm.js';
import { realRenderer, tinyRef } from './farm/real.js';

const JOBS = 40;
const KILL_EVERY_MS = 1_000;
/** On a machine so slow that hardly a job is done in a second, killing without end would never let the farm finish. */
const MOST_KILLS = 40;

it('40 jobs, 2 renderers, one of them killed every second: each rendered once, none lost, nothing left', async (context) => {
  const options = { slots: 2, maxJobs: 5, maxCrashes: 1_000 };
  const made = await farm(context, realRenderer, { options });
  const { enqueueRequest, recorder, end } = made;
  await recorder.times(2, 'booted');
  const start = performance.now();
  for (let number = 1; number <= JOBS; number++) {
    const words = { hello: `안녕 ${number} 🎂`, bye: `Bye ${number}!` };
    await enqueueRequest({ template: tinyRef, cast: { ball: number % 2 ? 'red' : 'green' }, words });
  }
  const { kills, stop } = killing(context, made);
  await recorder.times(JOBS, 'rendered');
  stop();
  const seconds = (performance.now() - start) / 1_000;

  const jobs = await end();
  assert.ok(jobs.every(({ state, attempt }) => state === 'rendered' && attempt === 0));
  assert.equal(recorder.of('rendered').length, JOBS, 'each was told as rendered once');

  const recycled = recorder.of('recycled').length;
  const hits = jobsBack(made).length;
  context.diagnostic(
    `${JOBS} jobs in ${seconds.toFixed(1)} s, ${kills.length} kills, ${hits} of them mid-job, ${recycled} recycled`,
  );
  tellRequeueTimes(context, made, kills);
  assert.ok(hits > 0, 'jobs were hit');
});

it('real renderers are recycled between jobs, and nobody notices', async (context) => {
  const made = await farm(context, realRenderer, { options: { slots: 2, maxJobs: 3 } });
  const { enqueueRequest, recorder, end } = made;
  for (let number = 1; number <= 12; number++) {
    await enqueueRequest({ template: tinyRef, cast: { ball: 'red' }, words: { hello: `Hello ${number}` } });
  }
  await recorder.times(12, 'rendered');
  await recorder.times(2, 'recycled');
  const jobs = await end();
  assert.ok(jobs.every(({ state, fence }) => state === 'rendered' && fence === 1));
  assert.equal(recorder.of('died').length, 0);
});

interface Kill {
  readonly at: number;
  readonly pid: number;
}

/** Kills until it is told to stop. */
function killing(
  context: TestContext,
  { supervisor }: Farm,
): { readonly kills: readonly Kill[]; readonly stop: () => void } {
  const seed = Number(process.env.STORYFARM_TEST_SEED ?? Date.now() % 2 ** 32);
  context.diagnostic(`STORYFARM_TEST_SEED=${seed}`);
  const random = generator(seed);
  const kills: Kill[] = [];
  const timer = setInterval(() => {
    // Only those that have booted: where a boot takes longer than a second, nobody would ever work, and all that showed would be how boots are put off.
    const pids = supervisor.slots.flatMap(({ renderer }) =>
      renderer && renderer.phase !== 'booting' ? [renderer.process.pid] : [],
    );
    const pid = pids[Math.floor(random() * pids.length)];
    if (pid === undefined || kills.length === MOST_KILLS) return;
    kills.push({ at: performance.now(), pid });
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It had gone by itself.
    }
  }, KILL_EVERY_MS);
  const stop = () => clearInterval(timer);
  context.after(stop);
  return { kills, stop };
}

/** Mulberry32: small, and good enough to choose victims. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The attempts that were taken back from dead renderers: counted against their jobs, or not. */
const jobsBack = ({ recorder }: Farm) =>
  [...recorder.of('failed'), ...recorder.of('released')].map(({ at, args: [job] }) => ({ at, job }));

/** How long a job whose renderer was killed could not be claimed. */
function tellRequeueTimes(context: TestContext, made: Farm, kills: readonly Kill[]): void {
  const { recorder } = made;
  const times: number[] = [];
  for (const { at, pid } of kills) {
    const died = recorder.of('died').find(({ args }) => args[1] === pid);
    const slot = died?.args[0];
    const victim = recorder.of('assigned').findLast((event) => event.args[1] === slot && event.at < at);
    const back = jobsBack(made).find(({ job }) => job.fence === victim?.args[0].fence && job.id === victim?.args[0].id);
    if (back && back.at > at) times.push(back.at - at);
  }
  times.sort((one, other) => one - other);
  const round = (ms: number | undefined) => Math.round(ms ?? Number.NaN);
  context.diagnostic(
    `from a renderer's death to its job claimable: median ${round(times[times.length >> 1])} ms, most ${round(times.at(-1))} ms (${times.length} times)`,
  );
}
