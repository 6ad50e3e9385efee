/**
 * The farm of one server: a supervisor over its renderers, alone on its data folder, and open to the commands of whoever runs it.
 *
 * It starts in the order that loses nothing: alone first, then without processes of an earlier life, then with what that life could not write, and only then
 * its leases are taken back, as soon as the store answers (waiting.ts); what it left on the disk, and what was kept long enough, is swept beside the work.
 */

import type { CourierKeeper } from '../delivery/keeper.js';
import { asStoryfarmError } from '../errors.js';
import type { Edition } from '../ipc/messages.js';
import { freeIn, markFolder } from '../media/disk.js';
import { type Ffmpeg, openFfmpeg } from '../media/ffmpeg.js';
import { filmObstacle } from '../media/ffmpeg-abilities.js';
import { loadCatalog } from '../media/install/catalog.js';
import { openEditions } from '../media/prepare/editions.js';
import { rendererProgram, version } from '../package.js';
import { STORAGE_VARIABLE } from '../renderer/options.js';
import { sqliteFile } from '../store/open.js';
import type { JobStore } from '../store/store.js';
import { openJournal } from '../supervisor/jobs/journal.js';
import { Sweeper } from '../supervisor/jobs/sweeper.js';
import { observeWith } from '../supervisor/observer.js';
import { killLeftovers, markOf } from '../supervisor/renderer/leftovers.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { hasAll } from '../tags.js';
import { fileDomain } from './addresses.js';
import type { LoadedConfig } from './config.js';
import { isLeft } from './control/address.js';
import { deedsOf } from './control/deeds.js';
import type { Results } from './control/protocol.js';
import { planReload } from './control/reload.js';
import { reportOf } from './control/report.js';
import { type ControlServer, openControl } from './control/server.js';
import { heardBy, keepCourier, type PublicAddresses } from './courier-keeper.js';
import { rendererOptions, supervisorOptions } from './farm-options.js';
import { castsOf } from './installed.js';
import { claimFarm, type Instance } from './instance.js';
import type { Config } from './options.js';
import type { Service } from './parts.js';
import { withRemedy } from './refusals.js';
import { retention } from './retention.js';
import type { Exits } from './signals.js';
import { openConfiguredStorage } from './storage.js';
import { type Waiting, whenStoreAnswers } from './waiting.js';
import { sweepWorkFolders } from './work-folder.js';

export interface Farm extends Pick<Supervisor, 'drain' | 'stop' | 'readiness' | 'slots' | 'recycleAll'> {
  /** Makes it the one farm of the folder, and of its embedded store, until it has ended. Throws `already_running` while another is. To be called before anything that it could be refused for instead. */
  claim(): void;
  /**
   * Waits for a store that is away, unless its signal says that the farm is to end. `exits` are what is done when the control socket is asked to end the farm; `addresses` are told to partners.
   */
  start(exits: Exits, addresses: PublicAddresses, waiting: Waiting): Promise<void>;
  /** Reads the configuration again and applies what can change. Throws when it cannot be used; the old one then stays in force. */
  reload(): Results['reload'];
}

/** A farm over this server's data folder, not yet started. `reread` gives the configuration as it would be after a restart, or throws. */
export function createFarm(service: Service, store: JobStore, reread: () => LoadedConfig): Farm {
  const { clock, log, metrics } = service;
  let { config } = service;
  const { dataFolder } = config;
  const storage = openConfiguredStorage(config);
  const ffmpeg = openFfmpeg(config.ffmpegPath, dataFolder);
  let editions = openEditions(dataFolder, ffmpeg);
  let canFilm = canMakeFilms(ffmpeg, service);
  let ffmpegVersion = shortVersion(ffmpeg);
  let courier: CourierKeeper | undefined;
  const observer = heardBy(observeWith(log, metrics), () => courier?.look());
  /** Whose the renderers are; known at the start. The address may hold secrets, and arguments can be seen by all. */
  const mark: Record<string, string> = config.storage === undefined ? {} : { [STORAGE_VARIABLE]: config.storage };
  const sweepEditions = async () => {
    if ((await editions.sweep()) > 0) observer.swept('edition', 'unfinished');
  };
  const supervisor = new Supervisor(supervisorOptions(config), {
    store,
    program: {
      module: rendererProgram,
      // Read whenever a renderer is started.
      get args() {
        return [JSON.stringify(rendererOptions(config))];
      },
      env: mark,
    },
    discard: async (attempt) => {
      await storage.discard(attempt);
      await editions.sweep();
    },
    journal: openJournal(dataFolder, observer.journalDamaged),
    free: async (isSuspect) => {
      if (isSuspect) await storage.check();
      return freeIn(storage.folder);
    },
    observer,
    clock,
    // Where none is to be prepared, none is missing; and where no films can be made, they are not.
    isPrepared: async ({ template, cast }) => {
      if (config.prepare === 'none') return true;
      return (await canFilm) ? editions.isWhole(template, cast) : (await editions.find(template, cast)) !== undefined;
    },
    sweepEditions,
    about: () => ({ domain: fileDomain(config), version, ffmpeg: ffmpegVersion }),
  });
  /** Cuts short what may take long beside the work. */
  const ended = new AbortController();
  const sweeper = new Sweeper({
    store,
    server: config.server,
    storage,
    underWay: () => supervisor.underWay,
    observer,
    clock,
    others: [
      sweepEditions,
      async () => {
        for (const name of await sweepWorkFolders(dataFolder, clock.now())) observer.swept('render', name);
      },
      () => retention({ config, log }, store, storage)(ended.signal),
    ],
  });
  const prepareInstalled = () => prepareAll(config, (edition) => supervisor.prepare(edition));

  function reconfigure(): Results['reload'] {
    const loaded = reread();
    const { config: next, changed, restart } = planReload(config, loaded.config);
    // Whatever may refuse comes before anything is changed.
    const other = next.ffmpegPath === config.ffmpegPath ? undefined : openFfmpeg(next.ffmpegPath, dataFolder);
    const recycles = JSON.stringify(rendererOptions(config)) !== JSON.stringify(rendererOptions(next));
    const isOther = (name: 'slots' | 'prepare') => next[name] !== config[name];
    const { server: _, slots, ...others } = supervisorOptions(next);
    // A number of slots that was set by `scale` holds until the configured one is changed.
    supervisor.reconfigure(isOther('slots') ? { slots, ...others } : others);
    const preparing = isOther('prepare') ? next.prepare : undefined;
    config = next;
    log.level = next.logLevel;
    if (other) {
      editions = openEditions(dataFolder, other);
      canFilm = canMakeFilms(other, service);
      ffmpegVersion = shortVersion(other);
    }
    if (recycles) supervisor.reprogram();
    if (preparing === 'none') supervisor.forgetEditions();
    if (preparing === 'all')
      prepareInstalled().catch((error) => log.error({ err: error }, 'trouble with the templates'));
    return { file: loaded.file ?? null, changed: [...changed], restart: [...restart], recycles };
  }

  function reload(): Results['reload'] {
    try {
      const result = reconfigure();
      const changed = Object.fromEntries(result.changed.map(({ name, to }) => [name, to]));
      log.info({ changed, restart: result.restart }, 'configuration read again');
      return result;
    } catch (error) {
      const { code, message, complaints } = asStoryfarmError(error);
      const places = complaints.map(({ detail }) => detail);
      log.error({ code, detail: message, places }, 'configuration refused: the old one stays in force');
      throw error;
    }
  }

  async function openToCommands(exits: Exits): Promise<void> {
    const startedAt = clock.monotonic();
    const report = () => reportOf(supervisor, config, clock.monotonic(), startedAt);
    const act = deedsOf({ supervisor, report, reload, ...exits });
    try {
      control = await openControl(
        dataFolder,
        (request) => {
          if (!QUIET.has(request.do)) log.info({ asked: request }, `asked to ${request.do}`);
          return act(request);
        },
        clock,
      );
      log.debug({ socket: control.path }, 'open to commands');
    } catch (error) {
      const { message } = withRemedy(error);
      log.warn({ detail: message }, 'no control socket: the farm can be told by signals only');
    }
  }

  let instance: Instance | undefined;
  let control: ControlServer | undefined;
  const ending = (end: () => Promise<void>) => async () => {
    ended.abort();
    await Promise.all([end(), sweeper.stop()]);
    // After the last job has ended.
    await courier?.leave();
    // First, since the next farm puts its own there.
    control?.close();
    instance?.release();
  };
  return {
    claim() {
      instance = claimFarm(dataFolder, store.isShared ? undefined : sqliteFile(store.name));
    },
    async start(exits, addresses, waiting) {
      Object.assign(mark, await markOf(dataFolder));
      const { killed, left } = await killLeftovers(mark);
      if (killed.length + left.length > 0) log.warn({ killed, left }, 'killed what an earlier farm left running');
      await markFolder(storage.folder);
      const pruned = await editions.prune(config.keepEditions, clock.now());
      if (pruned > 0) log.info({ pruned }, 'deleted editions that nobody used');
      const wasKilled = await isLeft(dataFolder);
      if (!(await whenStoreAnswers(() => supervisor.start({ wasKilled }), waiting))) return;
      sweeper.start();
      courier = keepCourier(service, mark, addresses);
      courier?.start();
      await openToCommands(exits);
      if (config.prepare === 'all') await prepareInstalled();
    },
    drain: ending(() => supervisor.drain()),
    stop: ending(() => {
      courier?.stop();
      return supervisor.stop();
    }),
    readiness: () => supervisor.readiness(),
    recycleAll: () => supervisor.recycleAll(),
    reload,
    get slots() {
      return supervisor.slots;
    },
  };
}

/** Whether this ffmpeg can make films. When it cannot, the log says so once, with the remedy: no preparation is tried, and every job takes the slow path. */
async function canMakeFilms({ path }: Ffmpeg, { log }: Service): Promise<boolean> {
  const obstacle = await filmObstacle(path).catch(asStoryfarmError);
  if (obstacle) log.warn({ code: obstacle.code, hint: obstacle.hint }, obstacle.message);
  return obstacle === undefined;
}

/** "5.1.9" of "ffmpeg version 5.1.9-0+deb12u1": what tells machines apart. */
const shortVersion = ({ version }: Ffmpeg): string => version.replace(/^ffmpeg version (\S+?)(-.*)?$/s, '$1');

/** Requests that are not worth a line of the log. */
const QUIET: ReadonlySet<string> = new Set(['status', 'await']);

/** Asks for the editions of all that is installed and that this server may be given jobs of: the usual casts of all templates first. */
async function prepareAll(
  { templateFolders, tags }: Pick<Config, 'templateFolders' | 'tags'>,
  prepare: (edition: Edition) => void,
): Promise<void> {
  const all = (await loadCatalog(templateFolders)).list();
  const installed = all.filter(({ template }) => hasAll(tags, template.tags ?? []));
  const editions = installed.map(({ ref, template }) => castsOf(template).map((cast) => ({ template: ref, cast })));
  for (let rank = 0; editions.some(({ length }) => length > rank); rank++)
    for (const { [rank]: edition } of editions) if (edition) prepare(edition);
}
