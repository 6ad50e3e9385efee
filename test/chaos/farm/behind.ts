/** A store with other answers to some calls: what stands between a farm and the store that it believes to have. */

import type { JobStore } from '../../../src/store/store.js';

/** All other calls go to the store itself, also where it keeps what is its own to itself. */
export const behind = (store: JobStore, answers: Partial<JobStore>): JobStore =>
  new Proxy(store, {
    get(target, name) {
      const own = answers[name as keyof JobStore];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
