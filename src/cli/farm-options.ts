/** From the configuration to what supervisor and renderers are told. Pure: after a reload they are told anew. */

import type { RendererOptions } from '../renderer/options.js';
import type { SupervisorOptions } from '../supervisor/options.js';
import type { Config } from './options.js';

export const supervisorOptions = (config: Config): SupervisorOptions => ({
  server: config.server,
  tags: config.tags,
  slots: config.slots,
  standby: config.standby,
  leaseMs: config.lease,
  pollMs: config.poll,
  ageingMs: config.ageing,
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
});

export const rendererOptions = (config: Config): RendererOptions => ({
  dataFolder: config.dataFolder,
  templateFolders: [...config.templateFolders],
  ...(config.ffmpegPath === undefined ? {} : { ffmpegPath: config.ffmpegPath }),
  maxPhrases: config.maxPhrases,
  heartbeatMs: config.heartbeat,
  stallMs: config.stall,
});
