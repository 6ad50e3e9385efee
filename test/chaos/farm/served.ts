/** The services as they are run, each in a process of its own, with one job caught in the middle; and what is true when they are gone. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Job } from '../../../src/job.js';
import { openStore } from '../../../src/store/open.js';
import { type Gate, gateIn } from '../../cli/gate.js';
import { type Ended, ended, Service, type Surroundings, spawn } from '../../cli/storyfarm.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { fixtureTemplates } from '../../fixtures/tiny.js';
import { treeOf } from '../../pm2/processes.js';
import { assertInvariants } from './invariants.js';
import { tiny } from './real.js';

/** The command line needs a named pipe for its gate, and the tests look into /proc. */
export const notHere = process.platform !== 'linux' && 'needs /proc and named pipes';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** biome-ignore lint/suspicious/noExplicitAny: whatever the front answers. */
  readonly body: any;
}

interface Asked {
  readonly key?: string;
  /** The partner's key. */
  readonly bearer?: string;
  readonly words?: object;
  readonly callback?: string;
}

export class Served {
  readonly cwd: string;
  readonly dataFolder: string;
  readonly gate: Gate;
  /** Every accepted job. */
  readonly ids: string[] = [];
  readonly #context: TestContext;
  readonly #pids = new Set<number>();
  readonly #scrapes: string[] = [];

  readonly #store: string | undefined;

  /** `store` is the address by which the test looks at it in the end; default: that in the data folder. */
  constructor(context: TestContext, config: Readonly<Record<string, unknown>> = {}, store?: string) {
    this.#store = store;
    this.#context = context;
    this.cwd = temporaryFolder(context);
    this.dataFolder = join(this.cwd, 'var');
    this.gate = gateIn(this.cwd);
    this.configure(config);
  }

  /** One seat, and no editions but what jobs need, unless something else is said. */
  configure(config: Readonly<Record<string, unknown>>): void {
    const usual = { templateFolders: [fixtureTemplates], ffmpegPath: this.gate.path, prepare: 'none', slots: 1 };
    writeFileSync(join(this.cwd, 'storyfarm.config.json'), JSON.stringify({ ...usual, ...config }));
  }

  async start(part: 'up' | 'farm' | 'front', env: NodeJS.ProcessEnv = {}): Promise<Service> {
    const service = await Service.start(this.#context, argsOf(part), { cwd: this.cwd, env });
    this.look(service);
    return service;
  }

  /** Starts a service that cannot be ready yet. */
  launch(part: 'up' | 'farm' | 'front'): Service {
    return Service.launch(this.#context, argsOf(part), { cwd: this.cwd });
  }

  /** Notes every process below a service. */
  look({ child }: Service): void {
    for (const pid of treeOf(child.pid as number)) this.#pids.add(pid);
  }

  /** Asks a front for a job, with words that fit unless others are given. */
  async ask(url: string, { key, bearer, words = { hello: 'Hello' }, callback }: Asked = {}): Promise<Answer> {
    const headers = {
      'content-type': 'application/json',
      ...(key && { 'idempotency-key': key }),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
    };
    const body = JSON.stringify({ template: 'tiny', words, callback });
    const answer = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body });
    const told = { status: answer.status, headers: answer.headers, body: await answer.json() };
    const { id } = told.body as { id?: string };
    if (told.status === 202 && id && !this.ids.includes(id)) this.ids.push(id);
    return told;
  }

  /** The metrics as they stand; of one service only. */
  async scrape(service: Service): Promise<string> {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    this.#scrapes.push(text);
    return text;
  }

  /** When all services are gone: holds what they left against all invariants. Answers what happened to each job, in a few words. */
  async aftermath(): Promise<string[]> {
    const store = await openStore(this.#store ?? `sqlite:${join(this.dataFolder, 'storyfarm.db')}`);
    try {
      const { dataFolder, ids } = this;
      const templateOf = (_job: Job) => tiny;
      const facts = { store, dataFolder, ids, pids: [...this.#pids], templateOf, scrapes: this.#scrapes };
      await assertInvariants(facts);
      return await Promise.all(ids.map(async (id) => (await store.history(id)).map(({ event }) => event).join(' ')));
    } finally {
      await store.close();
    }
  }
}

const argsOf = (part: string) => [part, part === 'farm' ? '--farm-port' : '--port', '0'];

/** A service that must not come up: how it ended. */
export function refused(context: TestContext, args: readonly string[], where: Surroundings): Promise<Ended> {
  const child = spawn(args, where);
  context.after(() => void child.kill('SIGKILL'));
  const ready = once(child, 'message').then(() => assert.fail(`storyfarm ${args[0]} came up`));
  return Promise.race([ended(child), ready]);
}

export const UNDISTURBED = 'enqueued claimed rendered';
