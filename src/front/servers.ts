/**
 * Where the files of each server are: what servers say of themselves, looked up now and then for all requests together.
 *
 * Problem: a job's files are on the server that made them, and its address may be told by any front; but a question for each request would be one more for the store at each look of each person.
 *
 * How: one look serves all until it is old; then the next request has it looked up anew, and does not wait for it. Only a name that is not known is waited for, since a server announces itself before
 * it takes its first job: it must be new; and that at most once a second, for names that are not known for good (a server that was forgotten). While the store does not answer, what was known holds on.
 */

import type { Clock } from '../clock.js';
import type { Job } from '../job.js';
import type { JobStore } from '../store/store.js';
import type { Addresses } from './documents.js';

export interface ServerBook {
  /** The address of the server's files; null: it has said none, or is not known. */
  domainOf(server: string): string | null;
  /** Resolves when `domainOf` has the best answer for these servers that there is. Never rejects. */
  know(servers: readonly string[]): Promise<void>;
}

const FRESH_MS = 10_000;
const AGAIN_MS = 1_000;

export function createServerBook(
  store: Pick<JobStore, 'servers'>,
  clock: Pick<Clock, 'monotonic'>,
  trouble: (error: unknown) => void = () => {},
): ServerBook {
  let domains: ReadonlyMap<string, string | null> = new Map();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  function look(): Promise<void> {
    looking ??= (async () => {
      lookedAt = clock.monotonic();
      try {
        domains = new Map((await store.servers()).map(({ name, domain }) => [name, domain]));
      } catch (error) {
        trouble(error);
      } finally {
        looking = undefined;
      }
    })();
    return looking;
  }

  return {
    domainOf: (server) => domains.get(server) ?? null,
    async know(servers) {
      const age = clock.monotonic() - lookedAt;
      const isKnown = servers.every((server) => domains.has(server));
      if (age >= FRESH_MS && isKnown) void look();
      else if (!isKnown && (looking || age >= AGAIN_MS)) await look();
    },
  };
}

type Asked = Pick<JobStore, 'enqueue' | 'get' | 'cancel' | 'changes' | 'counts' | 'recent' | 'watch' | 'isShared'>;

/** The store as a front asks it: no job comes from it before as much is known of the server that has its files as there is to be known. */
export function withServers(store: Asked, addresses: Pick<Addresses, 'know'>): Asked {
  if (!addresses.know) return store;
  async function known<T>(asked: Promise<T>, jobsIn: (answer: T) => readonly Job[]): Promise<T> {
    const answer = await asked;
    const servers = jobsIn(answer).flatMap(({ result, server }) => (result && server !== null ? [server] : []));
    if (servers.length > 0) await addresses.know?.([...new Set(servers)]);
    return answer;
  }
  return {
    isShared: store.isShared,
    get: (id) => known(store.get(id), (job) => (job ? [job] : [])),
    enqueue: (job) => known(store.enqueue(job), ({ job }) => [job]),
    changes: (cursor) => known(store.changes(cursor), ({ jobs }) => jobs),
    // A job that can be withdrawn has no files.
    cancel: (id) => store.cancel(id),
    counts: () => store.counts(),
    recent: (limit) => store.recent(limit),
    watch: (listener) => store.watch(listener),
  };
}
