/**
 * The front: the HTTP API through which videos are asked for.
 *
 * Problem: requests come in bursts and from anywhere, rendering is slow and happens elsewhere. So the front is thin: it checks a request to the end
 * (form, template, cast, words, glyphs, fit), records it durably in the job store, answers 202, and forgets. It keeps nothing of its own, so any number of fronts
 * may run behind a switch, and one may be killed at any moment. Status is read from the store; whoever waits on an event stream shares one look at
 * the store with all others of this front (changes.ts).
 *
 * What it does not do: render, touch video or the data folder, serve files (files/), or decide about retries.
 */

import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.js';
import { type Check, healthRoutes } from '../http/health.js';
import { openApi } from '../http/openapi.js';
import { registerOperation } from '../http/operation.js';
import { createServer, type HttpServer, type ServerOptions } from '../http/server.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { version } from '../package.js';
import type { JobStore } from '../store/store.js';
import type { Catalog } from '../template/catalog.js';
import { createChanges } from './changes.js';
import { type Addresses, jobSchema, newJobSchema, orderSchema, progressSchema } from './documents.js';
import { eventOperations } from './events.js';
import { estimateSchema, type JobDeps, jobOperations } from './jobs.js';
import { identifyBy, type Partners } from './partners.js';
import { createQueueView } from './queue.js';
import { withServers } from './servers.js';
import { templateDocumentSchema, templateListSchema, templateOperations } from './templates.js';

export interface FrontDeps {
  readonly store: Pick<JobStore, 'enqueue' | 'get' | 'cancel' | 'changes' | 'counts' | 'recent' | 'watch' | 'isShared'>;
  readonly catalog: Catalog;
  readonly fonts: JobDeps['fonts'];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly addresses: Addresses;
  /** Who may ask, by their keys. Left out, everybody may and is `local`. */
  readonly partners?: Partners | undefined;
  /** Queued jobs from which on new ones are refused with `unavailable`. Default 100,000. */
  readonly maxQueued?: number;
  /** People who may wait on event streams of this front at once; more are refused with `unavailable`. Default 2000. */
  readonly maxStreams?: number;
  /** Milliseconds between looks at the store while somebody waits; a shared one is looked at ever more seldom while nothing changes. Default 250. */
  readonly pollMs?: number;
  /** Milliseconds between heartbeat comments on an event stream. Default 15 s. */
  readonly heartbeatMs?: number;
}

/** A server of the API alone, with its health and metrics. */
export function createFront(deps: FrontDeps & { readonly store: Pick<JobStore, 'ping'> } & ServerOptions): HttpServer {
  const server = createServer(deps);
  server.app.register(frontRoutes, deps);
  server.app.register(healthRoutes, { ...deps, checks: frontChecks(deps) });
  return server;
}

/** Mounts the API on a server: `server.app.register(frontRoutes, deps)`. */
export async function frontRoutes(app: FastifyInstance, deps: FrontDeps): Promise<void> {
  const { catalog, clock, log, metrics, addresses } = deps;
  const store = withServers(deps.store, addresses);
  const { maxQueued = 100_000, maxStreams = 2000, pollMs = 250, heartbeatMs = 15_000 } = deps;

  const queue = createQueueView(store, clock);
  const changes = createChanges({ store, clock, log, pollMs });
  const streams = eventOperations({ store, changes, addresses, clock, metrics, maxStreams, heartbeatMs });
  const operations = [
    ...jobOperations({ ...deps, store, queue, maxQueued }),
    ...streams.operations,
    ...templateOperations(catalog, addresses.front),
  ];
  const description = openApi({
    title: 'Storyfarm',
    version,
    description: 'Personalised video messages: choose a template, give the words, fetch the video.',
    server: addresses.front || '/',
    operations,
    isKeyed: deps.partners !== undefined,
    schemas: {
      NewJob: newJobSchema,
      Order: orderSchema,
      Job: jobSchema,
      JobProgress: progressSchema,
      Estimate: estimateSchema,
      TemplateList: templateListSchema,
      Template: templateDocumentSchema,
    },
  });

  const identify = identifyBy(deps.partners);
  for (const operation of operations) registerOperation(app, operation, identify);
  app.get('/openapi.json', async () => description);
  app.get('/', async () => ({
    name: 'storyfarm',
    version,
    description: `${addresses.front}/openapi.json`,
    templates: `${addresses.front}/v1/templates`,
  }));

  app.addHook('preClose', async () => {
    // Who waits for a job that has just ended is still told.
    await changes.close();
    await streams.close();
  });
}

/** What must be true for a front to be sent requests. */
export function frontChecks({
  store,
  catalog,
}: {
  readonly store: Pick<JobStore, 'ping'>;
  readonly catalog: Catalog;
}): readonly Check[] {
  return [
    { name: 'store', run: () => store.ping() },
    {
      name: 'templates',
      run: async () => {
        if (catalog.list().length === 0) throw new Error('No usable template is installed.');
      },
    },
  ];
}
