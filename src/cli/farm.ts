/**
 * The farm of one server: a supervisor over its renderers, alone on its data folder.
 *
 * It starts in the order that loses nothing: alone first, then without processes of an earlier life, then with what that life could not write, and only then
 * its leases are taken back; what it left on the disk is swept beside the work.
 */

import type { Edition } from '../ipc/messages.js';
import { freeIn, markFolder } from '../media/disk.js';
import { openFfmpeg } from '../media/ffmpeg.js';
import { loadCatalog } from '../media/install/catalog.js';
import { openEditions } from '../media/prepare/editions.js';
import { openStorage } from '../media/storage.js';
import { rendererProgram } from '../package.js';
import type { RendererOptions } from '../renderer/options.js';
import type { JobStore } from '../store/store.js';
import { openJournal } from '../supervisor/jobs/journal.js';
import { Sweeper } from '../supervisor/jobs/sweeper.js';
import { observeWith } from '../supervisor/observer.js';
import { killLeftovers, markOf } from '../supervisor/renderer/leftovers.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { castsOf } from './installed.js';
import { claimFolder, type Instance } from './instance.js';
import type { Service } from './parts.js';
import { sweepWorkFolders } from './work-folder.js';

export type Farm = Pick<Supervisor, 'start' | 'drain' | 'stop' | 'readiness' | 'slots'>;

/** A farm over this server's data folder, not yet started. Starting rejects with `already_running` while another farm uses the folder. */
export function createFarm({ config, clock, log, metrics }: Service, store: JobStore): Farm {
  const storage = openStorage(config.dataFolder);
  const editions = openEditions(config.dataFolder, openFfmpeg(config.ffmpegPath));
  const options: RendererOptions = {
    dataFolder: config.dataFolder,
    templateFolders: [...config.templateFolders],
    ...(config.ffmpegPath === undefined ? {} : { ffmpegPath: config.ffmpegPath }),
    maxPhrases: config.maxPhrases,
    heartbeatMs: config.heartbeat,
    stallMs: config.stall,
  };
  const observer = observeWith(log, metrics);
  /** Whose the renderers are; known at the start. */
  const mark: Record<string, string> = {};
  const supervisor = new Supervisor(
    {
      server: config.server,
      slots: config.slots,
      standby: config.standby,
      leaseMs: config.lease,
      pollMs: config.poll,
      meterMs: config.meter,
      bootMs: config.boot,
      silentMs: config.silent,
      // The renderer stops a stalled ffmpeg by itself; the supervisor is for renderers that cannot.
      stallMs: config.stall * 1.5,
      maxJobs: config.maxJobs,
      maxMemory: config.maxMemory,
      maxMemoryHard: config.maxMemoryHard,
      maxAgeMs: config.maxAge,
      minLifetimeMs: config.minLifetime,
      maxAttempts: config.maxAttempts,
      maxCrashes: config.maxCrashes,
      drainMs: config.drain,
      diskFloor: config.diskFloor,
      // One farm for an embedded file: nobody else claims from it.
      isStoreShared: !store.name.startsWith('sqlite:'),
    },
    {
      store,
      program: { module: rendererProgram, args: [JSON.stringify(options)], env: mark },
      discard: async (attempt) => {
        await storage.discard(attempt);
        await editions.sweep();
      },
      journal: openJournal(config.dataFolder),
      free: () => freeIn(storage.folder),
      observer,
      clock,
      isPrepared: config.prepare === 'none' ? undefined : ({ template, cast }) => editions.isWhole(template, cast),
    },
  );
  const sweeper = new Sweeper({
    store,
    storage,
    underWay: () => supervisor.underWay,
    observer,
    clock,
    others: [
      async () => {
        if ((await editions.sweep()) > 0) observer.swept('edition', 'unfinished');
      },
      async () => {
        for (const name of await sweepWorkFolders(config.dataFolder, clock.now())) observer.swept('render', name);
      },
    ],
  });
  let instance: Instance | undefined;
  const ending = (end: () => Promise<void>) => async () => {
    await Promise.all([end(), sweeper.stop()]);
    await instance?.release();
  };
  return {
    async start() {
      instance = await claimFolder(config.dataFolder);
      Object.assign(mark, await markOf(config.dataFolder));
      const { killed, left } = await killLeftovers(mark);
      if (killed.length + left.length > 0) log.warn({ killed, left }, 'killed what an earlier farm left running');
      await markFolder(storage.folder);
      const pruned = await editions.prune(config.keepEditions, clock.now());
      if (pruned > 0) log.info({ pruned }, 'deleted editions that nobody used');
      await supervisor.start();
      sweeper.start();
      if (config.prepare === 'all') await prepareAll(config.templateFolders, (edition) => supervisor.prepare(edition));
    },
    drain: ending(() => supervisor.drain()),
    stop: ending(() => supervisor.stop()),
    readiness: () => supervisor.readiness(),
    get slots() {
      return supervisor.slots;
    },
  };
}

/** Asks for the editions of all that is installed: the usual casts of all templates first. */
async function prepareAll(folders: readonly string[], prepare: (edition: Edition) => void): Promise<void> {
  const installed = (await loadCatalog(folders)).list();
  const editions = installed.map(({ ref, template }) => castsOf(template).map((cast) => ({ template: ref, cast })));
  for (let rank = 0; editions.some(({ length }) => length > rank); rank++)
    for (const { [rank]: edition } of editions) if (edition) prepare(edition);
}
