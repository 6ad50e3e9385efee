/** `storyfarm doctor`: looks at everything that Storyfarm needs on this machine, and says what to do about what is not well. */

import { execFile } from 'node:child_process';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';
import { canLeash } from '../../leash.js';
import { openFfmpeg } from '../../media/ffmpeg.js';
import { loadFonts } from '../../media/fonts.js';
import { loadCatalog } from '../../media/install/catalog.js';
import { configOf, PLACES, withOptions } from '../flags.js';
import type { Config } from '../options.js';
import { openConfiguredStore } from '../parts.js';
import { bytesText } from '../table.js';

interface Finding {
  readonly what: string;
  /** `poor`: it works, but less well. */
  readonly state: 'well' | 'poor' | 'ill';
  readonly found: string;
  readonly remedy: string;
}

/** What one look finds, or an error that says what is wrong. */
type Look = (config: Config) => Promise<Omit<Finding, 'what' | 'remedy'> & { readonly remedy?: string }>;

const run = promisify(execFile);
/** Encoders and filters without which no job can be made. */
const NEEDED = {
  encoders: ['libx264', 'aac', 'png'],
  filters: ['overlay', 'scale', 'fps', 'trim', 'split', 'mergeplanes', 'pad', 'atrim', 'afade'],
};
const LOW_DISK = 2e9;

const LOOKS: Readonly<Record<string, Look>> = {
  async node() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const fits = major > 20 || (major === 20 && minor >= 19);
    return {
      state: fits ? 'well' : 'ill',
      found: process.version,
      remedy: 'Install Node 20.19 or newer (22 and 24 work too).',
    };
  },
  async ffmpeg({ ffmpegPath }) {
    const { path, version, source } = openFfmpeg(ffmpegPath);
    return { state: 'well', found: `${version.replace('ffmpeg version ', '')} (${source}: ${path})` };
  },
  async codecs({ ffmpegPath }) {
    const { path } = openFfmpeg(ffmpegPath);
    const missing: string[] = [];
    for (const [list, names] of Object.entries(NEEDED)) {
      const { stdout } = await run(path, ['-hide_banner', `-${list}`]);
      missing.push(...names.filter((name) => !new RegExp(`^ \\S+ +${name} `, 'm').test(stdout)));
    }
    if (missing.length === 0) return { state: 'well', found: 'H.264, AAC and all filters' };
    return {
      state: 'ill',
      found: `${path} lacks ${missing.join(', ')}`,
      remedy: 'Install a full ffmpeg (apt-get install ffmpeg), or set ffmpegPath.',
    };
  },
  async leash() {
    if (canLeash) return { state: 'well', found: 'children die with their parent (setpriv)' };
    return {
      state: 'poor',
      found: 'setpriv is not there',
      remedy: 'On Linux install util-linux; elsewhere children notice a lost parent by themselves.',
    };
  },
  async fonts() {
    const { book } = loadFonts();
    return { state: 'well', found: `${book.stack('sans').length} faces in the usual stack` };
  },
  async templates({ templateFolders }) {
    const { broken, list } = { ...(await loadCatalog(templateFolders)) };
    const first = broken[0];
    if (first)
      return { state: 'ill', found: `${broken.length} broken: ${first.error.message}`, remedy: first.error.hint };
    const count = list().length;
    return {
      state: count > 0 ? 'well' : 'ill',
      found: `${count} usable`,
      remedy: `Put templates into ${templateFolders.join(' or ')}.`,
    };
  },
  async folder({ dataFolder }) {
    await mkdir(dataFolder, { recursive: true });
    await access(dataFolder, constants.W_OK);
    return { state: 'well', found: dataFolder };
  },
  async disk({ dataFolder }) {
    const { bavail, bsize } = await statfs(dataFolder);
    const free = bavail * bsize;
    return {
      state: free > LOW_DISK ? 'well' : 'poor',
      found: `${bytesText(free)} free`,
      remedy: 'Free disk space, or move the data folder.',
    };
  },
  async store(config) {
    const store = await openConfiguredStore(config);
    try {
      await store.ping();
      const { byState } = await store.counts();
      return { state: 'well', found: `${store.name} (${byState.queued} queued)` };
    } finally {
      await store.close();
    }
  },
  async ports({ host, port, filesPort, farmPort }) {
    const taken: number[] = [];
    for (const one of new Set([port, filesPort, farmPort])) if (!(await isFree(host, one))) taken.push(one);
    if (taken.length === 0)
      return { state: 'well', found: `${[port, filesPort, farmPort].join(', ')} are free on ${host}` };
    return {
      state: 'poor',
      found: `taken on ${host}: ${taken.join(', ')}`,
      remedy: 'Storyfarm may be running already; else choose others (port, filesPort, farmPort).',
    };
  },
};

export function doctorCommand(): Command {
  return withOptions(new Command('doctor').description('Check this machine; every finding comes with its remedy.'), [
    ...PLACES,
    'host',
    'port',
    'filesPort',
    'farmPort',
  ])
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { config } = configOf(command);
      const findings: Finding[] = [];
      for (const [what, look] of Object.entries(LOOKS)) findings.push(await examine(what, look, config));
      if (json) process.stdout.write(`${JSON.stringify({ findings }, undefined, 2)}\n`);
      else process.stdout.write(`${findings.map(line).join('\n')}\n`);
      if (findings.some(({ state }) => state === 'ill')) process.exitCode = 1;
    });
}

async function examine(what: string, look: Look, config: Config): Promise<Finding> {
  try {
    const { remedy = '', ...found } = await look(config);
    return { what, remedy, ...found };
  } catch (thrown) {
    const error = asStoryfarmError(thrown);
    const denied =
      (thrown as NodeJS.ErrnoException).code === 'EACCES' || (thrown as NodeJS.ErrnoException).code === 'EROFS';
    const remedy = denied
      ? 'Give this user the right to write there, or choose another folder.'
      : error instanceof StoryfarmError
        ? error.hint
        : '';
    return { what, state: 'ill', found: error.message, remedy };
  }
}

const SIGNS = { well: 'ok  ', poor: 'weak', ill: 'BAD ' };

function line({ what, state, found, remedy }: Finding): string {
  return `${SIGNS[state]}  ${what.padEnd(10)} ${found}${state !== 'well' && remedy ? `\n                 -> ${remedy}` : ''}`;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
