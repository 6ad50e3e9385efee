/** The three services under real pm2, which is run as a program, in a home of its own: a user's pm2 is not touched, and nothing asks the network. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFolder } from '../../src/package.js';
import { copyOfTiny } from '../fixtures/tiny.js';
import { ffmpeg } from '../fixtures/video.js';
import { isStopped, look, signal, treeOf } from './processes.js';

const PROGRAM = join(packageFolder, 'node_modules', '.bin', 'pm2');
export const ECOSYSTEM = join(packageFolder, 'ecosystem.config.js');

/** Why tests with pm2 are skipped, or false. */
export const noPm2: string | false =
  process.platform !== 'linux'
    ? 'they look into /proc, which is on Linux only'
    : !existsSync(PROGRAM) && 'pm2 is not installed (npm ci)';

/** Long on a machine that does ten other things. */
const DEADLINE_MS = 60_000;

/** Looks again and again until there is an answer that is not false. For what tells nobody that it has happened. */
export async function until<T>(what: string, look: () => Promise<T | false> | T | false): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`After ${DEADLINE_MS / 1000} s still not: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What pm2 says of a service. */
export interface Service {
  readonly name: string;
  readonly pid: number;
  readonly status: string;
  readonly mode: string;
  readonly restarts: number;
  readonly exitCode: number | undefined;
}

/** A farm in the middle of its jobs. */
export interface Held {
  /** The supervisor's process and all below it. */
  readonly tree: readonly number[];
  /** Lets the jobs go on. */
  readonly release: () => void;
}

/** Where a service waits in the middle of its boot. */
export interface Gate {
  /** Resolves when one stands there. */
  readonly reached: Promise<unknown>;
  /** Lets it go on. */
  readonly release: () => Promise<void>;
}

export class Managed {
  readonly dataFolder: string;
  readonly addresses: Readonly<Record<'farm' | 'files' | 'front', string>>;
  /** Every process that was ever seen here, pm2's own among them. */
  readonly pids = new Set<number>();
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(folder: string, [farm, files, front]: readonly number[]) {
    this.#folder = folder;
    this.dataFolder = join(folder, 'data');
    const address = (port: number | undefined) => `http://127.0.0.1:${port}`;
    this.addresses = { farm: address(farm), files: address(files), front: address(front) };
    this.#env = {
      PATH: process.env.PATH,
      HOME: folder,
      PM2_HOME: join(folder, 'pm2'),
      // In a new home pm2 tells its makers about the machine, and once a day it asks them for news. Not from here.
      PM2_DISCRETE_MODE: 'true',
      PM2_DISABLE_VERSION_CHECK: 'true',
      PM2_NO_INTERACTION: 'true',
      STORYFARM_CONFIG: join(folder, 'storyfarm.config.json'),
      STORYFARM_DATA_FOLDER: this.dataFolder,
      STORYFARM_TEMPLATE_FOLDERS: join(folder, 'templates'),
      STORYFARM_FARM_PORT: `${farm}`,
      STORYFARM_FILES_PORT: `${files}`,
      STORYFARM_PORT: `${front}`,
      STORYFARM_SLOTS: '2',
    };
  }

  start(): Promise<string> {
    return this.run('start', ECOSYSTEM);
  }

  /** Starts one service and does not wait for it; the returned function ends the waiting of pm2, which would not notice that its daemon is gone. */
  begin(part: string): () => void {
    const args = [PROGRAM, 'start', ECOSYSTEM, '--only', `storyfarm-${part}`];
    const waiting = spawn(process.execPath, args, { env: this.#env, cwd: this.#folder, stdio: 'ignore' });
    return () => void waiting.kill('SIGKILL');
  }

  /** Adds a template whose description nobody can read before it is let go: a pipe. A service that loads the installed templates waits there. */
  gate(): Gate {
    const folder = join(this.#folder, 'templates', 'gate');
    mkdirSync(folder);
    const pipe = join(folder, 'template.json');
    execFileSync('mkfifo', [pipe]);
    const opened = open(pipe, 'w');
    return {
      reached: opened,
      release: async () => {
        // Whoever comes later finds nothing to wait for.
        await rm(folder, { recursive: true });
        await (await opened).close();
      },
    };
  }

  /** Runs pm2 from a folder that is not the project's. Rejects when it fails. */
  async run(...args: readonly string[]): Promise<string> {
    const options = { env: this.#env, cwd: this.#folder, timeout: 2 * DEADLINE_MS, maxBuffer: 1 << 26 };
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], options);
    const daemon = await this.daemon();
    if (daemon) this.pids.add(daemon);
    return stdout;
  }

  /** The services as pm2 sees them, by name. */
  async services(): Promise<ReadonlyMap<string, Service>> {
    const listed = JSON.parse(await this.run('jlist')) as readonly Listed[];
    for (const { pid } of listed) for (const each of treeOf(pid)) this.pids.add(each);
    return new Map(listed.map((each) => [each.name, serviceOf(each)]));
  }

  /** The farm's service, with all of its processes noted. */
  async farm(): Promise<Service> {
    const service = (await this.services()).get('storyfarm-farm');
    if (!service) throw new Error('pm2 has no storyfarm-farm.');
    return service;
  }

  /** The process id of pm2's daemon, 0 when there is none. */
  async daemon(): Promise<number> {
    return Number(await readFile(join(this.#folder, 'pm2', 'pm2.pid'), 'utf8').catch(() => '0'));
  }

  /** What pm2 kept of a service's standard error. */
  errors(part: string): Promise<string> {
    return readFile(join(this.#folder, 'pm2', 'logs', `storyfarm-${part}-error.log`), 'utf8');
  }

  /** Catches the farm in the middle of so many jobs: their encoders are stopped, and no job ends before they are released. */
  async hold(farm: Service, jobs: number): Promise<Held> {
    const { tree, encoders } = await until(`${jobs} jobs are being encoded`, () => {
      const tree = treeOf(farm.pid);
      for (const pid of tree) this.pids.add(pid);
      const encoders = tree.filter((pid) => look(pid, 'comm') === 'ffmpeg\n');
      for (const pid of encoders) signal(pid, 'SIGSTOP');
      return encoders.filter(isStopped).length >= jobs && { tree, encoders };
    });
    return {
      tree,
      release: () => {
        for (const pid of encoders) signal(pid, 'SIGCONT');
      },
    };
  }

  /** Ends whatever is left, however the test went. */
  async end(): Promise<void> {
    if (await this.daemon()) await this.run('kill').catch(() => {});
    for (const pid of this.pids) if (look(pid, 'environ').includes(this.#folder)) signal(pid, 'SIGKILL');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function managed(): Promise<Managed> {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-pm2-'));
  const templates = join(folder, 'templates');
  await mkdir(templates);
  copyOfTiny(templates);
  await stretch(copyOfTiny(templates, 'long'));
  await writeFile(join(folder, 'storyfarm.config.json'), '{}');
  return new Managed(folder, await freePorts(3));
}

/** Makes a copy of the tiny template last so long that its encoder can be caught. */
async function stretch(folder: string): Promise<void> {
  for (const name of ['footage.mp4', 'red.mp4', 'green.mp4', 'music.m4a']) {
    const [file, longer] = [join(folder, name), join(folder, `longer-${name}`)];
    execFileSync(ffmpeg.path, ['-v', 'error', '-stream_loop', '9', '-i', file, '-c', 'copy', longer]);
    await rename(longer, file);
  }
  const file = join(folder, 'template.json');
  const template = JSON.parse(await readFile(file, 'utf8'));
  for (const rendition of template.ladder) delete rendition.maxBytes;
  await writeFile(file, JSON.stringify({ ...template, id: 'long', duration: 20 }));
}

/** Free a moment ago; whoever takes one meanwhile makes the test fail loudly. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.once('listening', () => resolve((server.address() as { port: number }).port)),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

interface Listed {
  readonly name: string;
  readonly pid: number;
  readonly pm2_env: {
    readonly status: string;
    readonly exec_mode: string;
    readonly restart_time: number;
    readonly exit_code?: number;
  };
}

function serviceOf({ name, pid, pm2_env }: Listed): Service {
  const { status, exec_mode, restart_time, exit_code } = pm2_env;
  return { name, pid, status, mode: exec_mode, restarts: restart_time, exitCode: exit_code };
}
