/** Where people are told to find things: by a front in its answers, by a courier in its calls. */

import type { Clock } from '../clock.js';
import type { Addresses } from '../front/documents.js';
import { createServerBook } from '../front/servers.js';
import type { Log } from '../log.js';
import type { JobStore } from '../store/store.js';
import type { Config } from './options.js';

/** An address to which a path is appended. */
export const withoutSlash = (address: string): string => address.replace(/\/+$/, '');

/** The public address of this server's files, without a slash at the end; null: none is configured. */
export const fileDomain = ({ filesUrl }: Pick<Config, 'filesUrl'>): string | null =>
  filesUrl === undefined ? null : withoutSlash(filesUrl);

/**
 * On a store that several servers share, the files of each are where it says that they are; else, and for a server that says nothing, at `files`. `front` and `files` are without a slash at the
 * end; an empty one is relative to whoever answers. `object`
 * finds files in a bucket.
 */
export function addressesOn(
  store: Pick<JobStore, 'isShared' | 'servers'>,
  { front, files, object }: Pick<Addresses, 'front' | 'object'> & { readonly files: string },
  { clock, log }: { readonly clock: Pick<Clock, 'monotonic'>; readonly log: Log },
): Addresses {
  const inBucket = object && { object };
  if (!store.isShared) return { front, files: () => files, ...inBucket };
  const book = createServerBook(store, clock, (error) =>
    log.warn({ err: error }, 'the store does not say where the servers are'),
  );
  return {
    front,
    files: (server) => (server === null ? null : book.domainOf(server)) ?? files,
    ...inBucket,
    know: (servers) => book.know(servers),
  };
}
