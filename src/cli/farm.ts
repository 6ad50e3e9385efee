/** The farm of one server: a supervisor over its renderers, alone on its data folder. */

import type { Edition } from '../ipc/messages.js';
import { openFfmpeg } from '../media/ffmpeg.js';
import { loadCatalog } from '../media/install/catalog.js';
import { openEditions } from '../media/prepare/editions.js';
import { openStorage } from '../media/storage.js';
import { rendererProgram } from '../package.js';
import type { RendererOptions } from '../renderer/options.js';
import type { JobStore } from '../store/store.js';
import { observeWith } from '../supervisor/observer.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { castsOf } from './installed.js';
import { claimFolder, type Instance } from './instance.js';
import type { Service } from './parts.js';

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
    },
    {
      store,
      program: { module: rendererProgram, args: [JSON.stringify(options)] },
      discard: async (attempt) => {
        await storage.discard(attempt);
        await editions.sweep();
      },
      observer: observeWith(log, metrics),
      clock,
      isPrepared: config.prepare === 'none' ? undefined : ({ template, cast }) => editions.isWhole(template, cast),
    },
  );
  let instance: Instance | undefined;
  const ending = (end: () => Promise<void>) => async () => {
    await end();
    await instance?.release();
  };
  return {
    async start() {
      instance = await claimFolder(config.dataFolder);
      // No renderer of this folder lives now: what is unfinished stays so.
      const swept = (await storage.sweep(() => false)) + (await editions.sweep());
      if (swept > 0) log.info({ swept }, 'deleted what interrupted renders left');
      const pruned = await editions.prune(config.keepEditions, clock.now());
      if (pruned > 0) log.info({ pruned }, 'deleted editions that nobody used');
      await supervisor.start();
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
