/**
 * Where everything is joined: from a configuration to the parts that a command runs. Each part is opened once, and closed in the reverse order.
 */

import { type Clock, systemClock } from '../clock.js';
import type { Addresses } from '../front/documents.js';
import { createLog, type Log } from '../log.js';
import { openFfmpeg } from '../media/ffmpeg.js';
import { loadFonts } from '../media/fonts.js';
import { type LoadedCatalog, loadCatalog } from '../media/install/catalog.js';
import { openEditions } from '../media/install/editions.js';
import { openStorage } from '../media/storage.js';
import { createMetrics, type Metrics } from '../metrics.js';
import type { RenderTools } from '../renderer/render.js';
import { openStore } from '../store/open.js';
import type { JobStore } from '../store/store.js';
import type { Config } from './options.js';

export interface Service {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function openService(config: Config, part: string): Service {
  return { config, clock: systemClock, log: createLog({ part, level: config.logLevel }), metrics: createMetrics() };
}

/** `onlyLook`: a command that is over in a moment does not read the whole file for damage first, as a service does. */
export function openConfiguredStore({ store }: Pick<Config, 'store'>, { onlyLook = false } = {}): Promise<JobStore> {
  return openStore(store ?? '', { checkIntegrity: !onlyLook });
}

/** The usable templates; each broken one is told with its place and remedy, and the others keep working. */
export async function openCatalog({ config, log }: Pick<Service, 'config' | 'log'>): Promise<LoadedCatalog> {
  const catalog = await loadCatalog(config.templateFolders);
  for (const { folder, error } of catalog.broken) {
    log.error(
      { folder, code: error.code, pointers: error.complaints.map(({ pointer }) => pointer), hint: error.hint },
      error.message,
    );
  }
  return catalog;
}

/** What `render` needs, in this process. */
export async function openRenderTools(
  config: Config,
  dataFolder = config.dataFolder,
): Promise<RenderTools & { readonly catalogNow: LoadedCatalog }> {
  const ffmpeg = openFfmpeg(config.ffmpegPath);
  const catalogNow = await loadCatalog(config.templateFolders);
  return {
    ffmpeg,
    fonts: loadFonts(),
    editions: openEditions(config.dataFolder, ffmpeg),
    storage: openStorage(dataFolder),
    catalog: async () => catalogNow,
    catalogNow,
    stallMs: config.stall,
  };
}

/** Where a front tells people to find things. */
export function addressesOf(config: Config, front: string, files: string): Addresses {
  return { front, files: () => config.filesUrl?.replace(/\/$/, '') ?? files };
}
