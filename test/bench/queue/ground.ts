/** Where the measuring takes place: folders and farms that are gone when it is over, however it ends. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../../src/store/open.js';
import type { JobStore, NewJob } from '../../../src/store/store.js';
import { type Farm, type FarmOptions, farm, type RendererKind } from '../../chaos/farm/farm.js';
import type { Plan, Times, Told } from './program.js';

type Ends = (end: () => unknown) => void;

/** Undoes what `work` has made, the latest first. */
async function undoing<T>(work: (after: Ends) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = [];
  try {
    return await work((end) => ends.push(end));
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** A folder on the disk that is measured. */
export function freshFolder(dir = tmpdir()): string {
  const folder = mkdtempSync(join(dir, 'storyfarm-bench-'));
  made.add(folder);
  return folder;
}

const made = new Set<string>();
// Also when the whole is interrupted.
process.on('exit', () => {
  for (const folder of made) remove(folder);
});

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  made.delete(folder);
}

export const storeIn = (folder: string): Promise<JobStore> => openStore(`sqlite:${join(folder, 'jobs.db')}`);

export function withStore<T>(dir: string, work: (store: JobStore) => Promise<T>): Promise<T> {
  return undoing(async (after) => {
    const folder = freshFolder(dir);
    after(() => remove(folder));
    const store = await storeIn(folder);
    after(() => store.close());
    return work(store);
  });
}

/** A supervisor in this process, over real renderers. `after` is for what else has to end. */
export function withFarm<T>(
  renderer: string | RendererKind,
  options: FarmOptions,
  work: (farm: Farm, after: Ends) => Promise<T>,
): Promise<T> {
  return undoing(async (after) => work(await farm({ after }, renderer, options), after));
}

/** A farm as a process of its own (program.ts). */
export class Program {
  readonly child: ChildProcess;
  readonly told: Told[] = [];
  #end: string | undefined;
  #look: () => void = () => {};

  constructor(plan: Plan, env: NodeJS.ProcessEnv = process.env) {
    this.child = fork(fileURLToPath(new URL('./program.js', import.meta.url)), [JSON.stringify(plan)], { env });
    this.child.on('message', (message: Told) => {
      this.told.push(message);
      this.#look();
    });
    this.child.once('exit', (code, signal) => {
      this.#end = String(code ?? signal);
      this.#look();
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Resolves with what it has told, as soon as that is enough. Rejects when it ends before. */
  until(isEnough: (told: readonly Told[]) => boolean): Promise<readonly Told[]> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (isEnough(this.told)) resolve(this.told);
        else if (this.#end !== undefined) reject(new Error(`The farm ended with ${this.#end}.`));
      };
      this.#look();
    });
  }

  /** How long its calls took; of one that is timed. */
  async times(): Promise<Times> {
    this.child.send('times');
    const isIt = (told: Told): told is Told & { kind: 'times' } => told.kind === 'times';
    return (await this.until((told) => told.some(isIt))).find(isIt) as Times;
  }

  async kill(): Promise<void> {
    if (this.#end !== undefined) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

export function withProgram<T>(
  dir: string,
  plan: Omit<Plan, 'dataFolder'>,
  prepare: (store: JobStore) => Promise<unknown>,
  work: (program: Program, store: JobStore) => Promise<T>,
): Promise<T> {
  return undoing(async (after) => {
    const dataFolder = freshFolder(dir);
    after(() => remove(dataFolder));
    const store = await storeIn(dataFolder);
    after(() => store.close());
    await prepare(store);
    const program = new Program({ ...plan, dataFolder });
    after(() => program.kill());
    await program.until((told) => told.some(({ kind }) => kind === 'begun'));
    return work(program, store);
  });
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** As a job is: three lines of words, and somebody who wants to be told. */
export const JOB: NewJob = {
  partner: 'bench',
  callbackUrl: 'https://partner.example/told',
  request: {
    template: { id: 'birthday', version: 'a'.repeat(64) },
    cast: { singer: 'cat', guest: 'dog' },
    words: { hello: '생일 축하해! 🎂', middle: 'Many happy returns of the day', bye: '사랑해 ❤️' },
  },
};

/** `count` jobs, a few hundred to a commit; `partners` of them take turns. */
export async function stock(store: JobStore, count: number, partners = 1): Promise<void> {
  const partner = (n: number) => (partners === 1 ? JOB.partner : `partner ${n % partners}`);
  for (let first = 0; first < count; first += 500) {
    const some = Array.from({ length: Math.min(500, count - first) }, (_, n) => first + n);
    await Promise.all(some.map((n) => store.enqueue({ ...JOB, partner: partner(n) })));
  }
}
