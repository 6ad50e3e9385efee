/** The farm of one server: a supervisor over its renderers, alone on its data folder. */

import { fileURLToPath } from 'node:url';
import { openFfmpeg } from '../media/ffmpeg.js';
import { openEditions } from '../media/prepare/editions.js';
import { openStorage } from '../media/storage.js';
import type { RendererOptions } from '../renderer/options.js';
import type { JobStore } from '../store/store.js';
import { observeWith } from '../supervisor/observer.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { claimFolder, type Instance } from './instance.js';
import type { Service } from './parts.js';

const RENDERER = fileURLToPath(new URL('../renderer/main.js', import.meta.url));

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
      maxAttempts: config.maxAttempts,
      maxCrashes: config.maxCrashes,
      drainMs: config.drain,
    },
    {
      store,
      program: { module: RENDERER, args: [JSON.stringify(options)] },
      discard: async (attempt) => {
        await storage.discard(attempt);
        await editions.sweep();
      },
      observer: observeWith(log, metrics),
      clock,
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
      await supervisor.start();
    },
    drain: ending(() => supervisor.drain()),
    stop: ending(() => supervisor.stop()),
    readiness: () => supervisor.readiness(),
    get slots() {
      return supervisor.slots;
    },
  };
}
