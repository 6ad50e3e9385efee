/** `storyfarm doctor`: looks at everything that Storyfarm needs on this machine, and says what to do about what is not well. */

import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Command } from 'commander';
import { canLeash } from '../../leash.js';
import { parseBucketAddress } from '../../media/bucket/address.js';
import { openFfmpeg } from '../../media/ffmpeg.js';
import { FOR_JOBS, filmObstacle, lackingIn } from '../../media/ffmpeg-abilities.js';
import { loadFonts } from '../../media/fonts.js';
import { loadCatalog } from '../../media/install/catalog.js';
import { checkDataFolder, nearestOf } from '../data-folder.js';
import { configOf, PLACES, withOptions } from '../flags.js';
import { NO_TEMPLATE } from '../installed.js';
import type { Config } from '../options.js';
import { isStoreMade, openConfiguredStore } from '../parts.js';
import { withRemedy } from '../refusals.js';
import { conditionOf, lackRemedy, lackText, unmet, waitingIn } from '../servers.js';
import { openConfiguredStorage } from '../storage.js';
import { bytesText, printJson } from '../table.js';

interface Finding {
  readonly what: string;
  /** `poor`: it works, but less well. */
  readonly state: 'well' | 'poor' | 'ill';
  readonly found: string;
  readonly remedy: string;
}

/** What one look finds, or an error that says what is wrong. */
type Look = (config: Config) => Promise<Omit<Finding, 'what' | 'remedy'> & { readonly remedy?: string }>;

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
    const missing = await lackingIn(path, FOR_JOBS);
    if (missing.length === 0) return { state: 'well', found: 'H.264, AAC and all filters' };
    return {
      state: 'ill',
      found: `${path} lacks ${missing.join(', ')}`,
      remedy: 'Install a full ffmpeg (apt-get install ffmpeg), or set ffmpegPath.',
    };
  },
  async films({ ffmpegPath }) {
    const { path } = openFfmpeg(ffmpegPath);
    const obstacle = await filmObstacle(path);
    if (!obstacle) return { state: 'well', found: 'words can be put into prepared films' };
    return { state: 'poor', found: obstacle.message, remedy: obstacle.hint };
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
    const { broken, list } = await loadCatalog(templateFolders);
    const usable = `${list().length} usable`;
    const first = broken[0];
    if (first)
      return {
        state: 'ill',
        found: `${usable}, ${broken.length} broken: ${first.error.message}`,
        remedy: `Run \`storyfarm templates validate ${first.folder}\` and mend what it names.`,
      };
    if (list().length > 0) return { state: 'well', found: usable };
    return { state: 'ill', found: `none in ${templateFolders.join(', ')}`, remedy: NO_TEMPLATE };
  },
  async folder({ dataFolder }) {
    const there = await checkDataFolder(dataFolder);
    return { state: 'well', found: there === dataFolder ? there : `${dataFolder}, to be made at the first start` };
  },
  async disk({ dataFolder }) {
    const { bavail, bsize } = await statfs(await nearestOf(dataFolder));
    const free = bavail * bsize;
    return {
      state: free > LOW_DISK ? 'well' : 'poor',
      found: `${bytesText(free)} free`,
      remedy: 'Free disk space, or move the data folder.',
    };
  },
  async store(config) {
    if (!isStoreMade(config)) return { state: 'well', found: `${config.store}, to be made at the first start` };
    const store = await openConfiguredStore(config);
    try {
      await store.ping();
      const { byState } = await store.counts();
      return { state: 'well', found: `${store.name} (${byState.queued} queued)` };
    } finally {
      await store.close();
    }
  },
  async storage(config) {
    const storage = openConfiguredStorage(config);
    await storage.check();
    if (config.storage === undefined) return { state: 'well', found: 'finished files stay in the data folder' };
    return { state: 'well', found: `${parseBucketAddress(config.storage).name} takes, lists and deletes objects` };
  },
  async servers(config) {
    if (!isStoreMade(config)) return { state: 'well', found: 'none yet' };
    const store = await openConfiguredStore(config, { isMade: true });
    try {
      const servers = await store.servers();
      const silent = servers.filter((server) => conditionOf(server) === 'silent').map(({ name }) => name);
      const unserved = unmet(await waitingIn(store), servers);
      const alive = `${servers.filter(({ isAlive }) => isAlive).length} of ${servers.length} alive`;
      const [first] = unserved;
      if (first) {
        const lacks = unserved.map(({ requires, queued }) => `${queued} queued: ${lackText(requires)}`);
        return { state: 'poor', found: `${alive}; ${lacks.join('; ')}`, remedy: lackRemedy(first) };
      }
      if (silent.length === 0) return { state: 'well', found: alive };
      return {
        state: 'poor',
        found: `${alive}; silent: ${silent.join(', ')}`,
        remedy: '`storyfarm servers` tells what to do about a server that does not come back.',
      };
    } finally {
      await store.close();
    }
  },
  async ports({ host, port, filesPort, farmPort }) {
    const ports = { port, filesPort, farmPort };
    const taken: string[] = [];
    for (const [name, number] of Object.entries(ports))
      if (!(await isFree(host, number))) taken.push(`${number} (${name})`);
    if (taken.length === 0) return { state: 'well', found: `${Object.values(ports).join(', ')} are free on ${host}` };
    return {
      state: 'poor',
      found: `taken on ${host}: ${taken.join(', ')}`,
      remedy: 'If Storyfarm runs already, all is well; else stop what listens there or choose other ports.',
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
    .option('--json', 'Print one JSON object.')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { config } = configOf(command);
      const findings: Finding[] = [];
      for (const [what, look] of Object.entries(LOOKS)) findings.push(await examine(what, look, config));
      if (json) printJson({ findings });
      else process.stdout.write(`${findings.map(line).join('\n')}\n`);
      if (findings.some(({ state }) => state === 'ill')) process.exitCode = 1;
    });
}

async function examine(what: string, look: Look, config: Config): Promise<Finding> {
  try {
    const { remedy = '', ...found } = await look(config);
    return { what, remedy, ...found };
  } catch (thrown) {
    const { message, hint } = withRemedy(thrown);
    return { what, state: 'ill', found: message, remedy: hint };
  }
}

const SIGNS = { well: 'ok  ', poor: 'weak', ill: 'BAD ' };

function line({ what, state, found, remedy }: Finding): string {
  return `${SIGNS[state]}  ${what.padEnd(10)} ${found}${state !== 'well' && remedy ? `\n                 -> ${remedy}` : ''}`;
}

/** Rejects when this machine or this user cannot listen there at all. */
function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
