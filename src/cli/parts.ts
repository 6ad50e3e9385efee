/**
 * Where everything is joined: from a configuration to the parts that a command runs. Each part is opened once, and closed in the reverse order.
 */

import { existsSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.js';
import { StoryfarmError } from '../errors.js';
import { createLog, type Log } from '../log.js';
import { type LoadedCatalog, loadCatalog } from '../media/install/catalog.js';
import { createMetrics, type Metrics } from '../metrics.js';
import { openStore, sqliteFile } from '../store/open.js';
import type { JobStore, Retried } from '../store/store.js';
import { NO_TEMPLATE } from './installed.js';
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

interface Opening {
  /** Makes no store (`not_found`), and does not read the whole file for damage first, as a service does. */
  readonly isMade?: boolean;
  /** Opens a shared store though it is away. */
  readonly mayBeAway?: boolean;
  /** Where it is counted that the store was asked again. */
  readonly metrics?: Pick<Metrics, 'storeRetries'>;
}

export async function openConfiguredStore(
  { store = '' }: Pick<Config, 'store'>,
  { isMade = false, mayBeAway = false, metrics }: Opening = {},
): Promise<JobStore> {
  if (isMade && !isStoreMade({ store }))
    throw new StoryfarmError('not_found', `There is no store ${store} yet.`, {
      hint: '`storyfarm up` makes it; --data-folder or --store names another.',
    });
  const retried = (reason: Retried) => metrics?.storeRetries.inc({ reason });
  return openStore(store, { checkIntegrity: !isMade, mayBeAway, retried });
}

/** Whether the store's file is there; a store that is no file is. */
export const isStoreMade = ({ store = '' }: Pick<Config, 'store'>): boolean =>
  !store.startsWith('sqlite:') || existsSync(sqliteFile(store));

/** The usable templates; each broken one is told with its place and remedy, and the others keep working. */
export async function openCatalog({ config, log }: Pick<Service, 'config' | 'log'>): Promise<LoadedCatalog> {
  const catalog = await loadCatalog(config.templateFolders);
  for (const { folder, error } of catalog.broken) {
    log.error(
      { folder, code: error.code, pointers: error.complaints.map(({ pointer }) => pointer), hint: error.hint },
      error.message,
    );
  }
  if (catalog.list().length === 0) {
    log.warn({ folders: config.templateFolders, hint: NO_TEMPLATE }, 'no usable template is installed');
  }
  return catalog;
}
