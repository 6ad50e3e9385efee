/** The courier of a farm, from the configuration: none where no partner is to be told, so that who uses no callbacks pays for none. */

import { CourierKeeper } from '../delivery/keeper.js';
import { courierProgram } from '../package.js';
import type { FarmObserver } from '../supervisor/observer.js';
import { withoutSlash } from './addresses.js';
import { secretsOf } from './partners.js';
import type { Service } from './parts.js';

/** Public addresses, for people elsewhere. */
export interface PublicAddresses {
  readonly front: string;
  readonly files: string;
}

export function keepCourier(
  { config, log, metrics, clock }: Service,
  env: Readonly<Record<string, string>>,
  { front, files }: PublicAddresses,
): CourierKeeper | undefined {
  const secrets = secretsOf(config.partners);
  if (Object.keys(secrets).length === 0 || config.store === undefined) return undefined;
  return new CourierKeeper({
    module: courierProgram,
    env,
    clock,
    orders: {
      store: config.store,
      secrets,
      timeoutMs: config.callbackTimeout,
      logLevel: config.logLevel,
      front: withoutSlash(front),
      files: withoutSlash(files),
      storageExpiry: config.storageExpiry,
      ...(config.storage !== undefined && { storage: config.storage }),
      ...(config.storageUrl !== undefined && { storageUrl: config.storageUrl }),
    },
    told: ({ partner, outcome, ms }) => {
      metrics.callbacks.inc({ partner, outcome });
      metrics.callbackDuration.observe({ partner }, ms / 1000);
    },
    started: (pid) => log.info({ courier: pid }, 'courier started'),
    died: (reason, retryInMs) => log.warn({ reason, retryInMs }, 'the courier ended; it is started again'),
  });
}

/** The same observer, and the courier hears of each end. */
export const heardBy = (observer: FarmObserver, ended: () => void): FarmObserver => ({
  ...observer,
  rendered: (job, result) => {
    observer.rendered(job, result);
    ended();
  },
  failed: (job, failure, retryInMs) => {
    observer.failed(job, failure, retryInMs);
    if (retryInMs === null) ended();
  },
});
