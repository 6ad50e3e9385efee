/** Forgetting, as the options say: one round over the store and this server's files. Whoever sweeps calls it now and then. */

import type { Storage } from '../media/storage.js';
import { type Forgotten, retain } from '../store/retention.js';
import type { JobStore, Purgeable } from '../store/store.js';
import type { Service } from './parts.js';

/** The signal ends a round after its present batch. Answers what was forgotten; rejects as the store does. */
export function retention(
  { config, log }: Pick<Service, 'config' | 'log'>,
  store: Pick<JobStore, 'isShared' | 'purgeable' | 'purge' | 'eraseWords'>,
  storage: Pick<Storage, 'forget'>,
): (signal?: AbortSignal) => Promise<Forgotten> {
  const ages = { jobsMs: config.keepJobs, failedMs: config.keepFailed, wordsMs: config.keepWords };
  // A store that is not shared has one server, which may have had another name.
  const server = store.isShared ? { server: config.server } : {};

  async function deleteFiles(jobs: readonly Purgeable[]): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const { id } of jobs) {
      try {
        await storage.forget(id);
        gone.push(id);
      } catch (error) {
        log.warn({ id, err: error }, 'the files of an old job cannot be deleted; it is kept until they can');
      }
    }
    return gone;
  }

  return async (signal) => {
    const forgotten = await retain(ages, { store, deleteFiles, ...server, ...(signal ? { signal } : {}) });
    const { words, jobs, kept } = forgotten;
    if (words + jobs + kept > 0) log.info({ erased: words, jobs, kept }, 'forgot what was kept long enough');
    return forgotten;
  };
}
