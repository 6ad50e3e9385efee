/** The ground of a soak: a folder of its own with the data folder in it, on a small disk of its own where that can be had, and the templates. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { packageFolder } from '../../../src/package.js';
import { copyOfTiny } from '../../fixtures/tiny.js';
import type { Purpose } from '../plan.js';

export interface Ground {
  /** Holds all else; its name is in the environment of every process of the soak, and of no other. */
  readonly folder: string;
  /** Of each farm. */
  readonly dataFolders: readonly string[];
  /** Template folders of the farm; the front has one more. */
  readonly templates: readonly string[];
  readonly frontTemplates: readonly string[];
  readonly templateOf: (purpose: Purpose) => string;
  /** Why the disk cannot be filled, or undefined. */
  readonly noDisk: string | undefined;
  /** Takes the disk away, after its content was copied if that is wanted. Safe to repeat. */
  clear(keep: boolean): void;
}

const DISK_MB = 96;
/** Published files and cached words of a job of the tiny template take a tenth of it; of a real one up to this. */
const JOB_MB = { tiny: 0.25, real: 6 } as const;

/** Others ask for the main one. Poison is slow, so that its renderer can be killed before it is done. */
const TEMPLATES: Partial<Record<Purpose, string>> = { doomed: 'absent', slow: 'slow', poison: 'slow' };

/** `template` names one of the installation instead of the tiny one. */
export function layGround(jobs: number, farms: number, template: string | undefined, wantsDisk: boolean): Ground {
  const folder = mkdtempSync(join(tmpdir(), 'storyfarm-soak-'));
  const data = Array.from({ length: farms }, (_, number) => (number === 0 ? 'data' : `data-${number + 1}`));
  const dataFolders = data.map((name) => join(folder, name));
  for (const name of [...data, 'templates', 'absent']) mkdirSync(join(folder, name));
  const main =
    template === undefined ? copyOfTiny(join(folder, 'templates')) : join(packageFolder, 'templates', template);
  overTheBall(copyOfTiny(join(folder, 'templates'), 'slow'));
  rename(copyOfTiny(join(folder, 'absent'), 'absent'), 'absent');
  writeFileSync(join(folder, 'storyfarm.config.json'), '{}');
  const size = DISK_MB + Math.ceil(jobs * (template === undefined ? JOB_MB.tiny : JOB_MB.real));
  const mounts = wantsDisk ? dataFolders.map((each) => mount(each, size)) : [];
  const noDisk = wantsDisk ? mounts.find((why) => why !== undefined) : 'it was not asked for';
  const templates = [join(folder, 'templates'), ...(template === undefined ? [] : [main])];
  let mounted = dataFolders.filter((_, at) => wantsDisk && mounts[at] === undefined);
  return {
    folder,
    dataFolders,
    templates,
    frontTemplates: [...templates, join(folder, 'absent')],
    templateOf: (purpose) => TEMPLATES[purpose] ?? template ?? 'tiny',
    noDisk,
    clear(keep) {
      for (const each of mounted) {
        if (keep) cpSync(each, join(folder, 'kept', basename(each)), { recursive: true });
        spawnSync('umount', ['--lazy', each]);
      }
      mounted = [];
      if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Options of every service. `server` has its files in the data folder. */
export function environment(
  { folder }: Ground,
  templates: readonly string[],
  { host, dataFolder, server }: { readonly host: string; readonly dataFolder: string; readonly server: string },
): NodeJS.ProcessEnv {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('STORYFARM_'));
  return {
    ...Object.fromEntries(outside),
    STORYFARM_CONFIG: join(folder, 'storyfarm.config.json'),
    STORYFARM_DATA_FOLDER: dataFolder,
    STORYFARM_TEMPLATE_FOLDERS: templates.map((each) => resolve(each)).join(':'),
    STORYFARM_HOST: host,
    STORYFARM_SERVER: server,
  };
}

/** Free a moment ago. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Why it cannot be, or undefined. */
function mount(folder: string, megabytes: number): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make a small disk';
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'storyfarm-soak', folder]);
  return status === 0 ? undefined : `no small disk can be made: ${String(stderr ?? '').trim()}`;
}

interface Description {
  readonly id: string;
  readonly bubbles: readonly { readonly shape: object }[];
}

function change(folder: string, how: (description: Description) => object): void {
  const file = join(folder, 'template.json');
  writeFileSync(file, JSON.stringify(how(JSON.parse(readFileSync(file, 'utf8')) as Description)));
}

const rename = (folder: string, id: string) => change(folder, (description) => ({ ...description, id }));

/** Behind words that stand over what moves, nothing can be swapped: ffmpeg has to encode each video. */
function overTheBall(folder: string): void {
  const shape = { kind: 'box', x: 150, y: 130, width: 140, height: 90, radius: 6 };
  change(folder, (description) => ({
    ...description,
    id: 'slow',
    bubbles: description.bubbles.map((bubble) => ({ ...bubble, shape })),
  }));
}
