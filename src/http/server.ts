/**
 * The HTTP server under front, files and metrics: one fastify instance that numbers requests, counts and logs them, refuses in one form, and
 * closes gracefully. Parts mount their routes on it as plugins, so that one process may serve several on one port.
 *
 * Problem: a server meets malformed heads, endless bodies, clients that vanish and a switch that must be told the truth, and a log must hold none of
 * what people typed. So everything that fails, wherever, goes through one refusal; the log line of a request names the route's pattern, never its body.
 *
 * What it does not do: TLS, compression and rate limits of addresses, which belong to the proxy before it.
 */

import { randomUUID } from 'node:crypto';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Clock } from '../clock.js';
import { StoryfarmError } from '../errors.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { releaseConnections } from './connections.js';
import { parseJson } from './json.js';
import { observe } from './observe.js';
import { asRefusal, PROBLEM_MEDIA_TYPE, problemOf, retryAfterOf } from './problem.js';
import { answerUnreadable } from './unreadable.js';

export interface ServerOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Longest accepted body in bytes. Default 64 KiB. */
  readonly bodyLimit?: number;
  /** Milliseconds within which a whole request must have arrived. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds that `close` waits for answers under way before it cuts them off. Default 10 s. */
  readonly closeGraceMs?: number;
}

export interface HttpServer {
  /** Register plugins on it before `listen`. */
  readonly app: FastifyInstance;
  /** Answers the server's address, such as `http://127.0.0.1:8080`. Port 0 takes a free one. Rejects with `port_in_use`. */
  listen(where: { readonly host: string; readonly port: number }): Promise<string>;
  /** Says at /readyz that it leaves, and asks whoever keeps a connection to make a new one, but goes on serving for so many milliseconds: as long as a switch needs to notice. */
  leave(ms: number): Promise<void>;
  /** Accepts no more, ends event streams, waits for answers under way (at most the grace time). May be called again. */
  close(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether it is about to close. */
    readonly leaving: { readonly is: boolean };
  }
}

/** Safe for any answer of an API; a route that serves something else says so itself. */
const GUARDS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export function createServer(options: ServerOptions): HttpServer {
  const { log, metrics, clock, bodyLimit = 65_536, requestTimeoutMs = 30_000, closeGraceMs = 10_000 } = options;
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    // Node looks for late requests so often; and were the time for the head the longer one, it would take it for that of the whole.
    http: {
      connectionsCheckingInterval: Math.min(requestTimeoutMs, 5000),
      headersTimeout: Math.min(requestTimeoutMs, 10_000),
    },
    return503OnClosing: false, // What has reached us is answered; only the connection is closed behind it.
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    clientErrorHandler: answerUnreadable,
    // An address that cannot be read runs no hooks.
    frameworkErrors: (error, request, reply) => {
      greet(request, reply as FastifyReply);
      return refuse(error, request, reply as FastifyReply);
    },
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });

  const leaving = { is: false };
  app.decorate('leaving', leaving);
  const release = releaseConnections(app.server);
  const allowed = methodsByAddress(app);
  app.addHook('onRequest', async (request, reply) => greet(request, reply));
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) => {
    const methods = allowed(request.url);
    if (methods.length === 0)
      return refuse(new StoryfarmError('not_found', 'There is nothing at this address.'), request, reply);
    reply.header('allow', methods.join(', '));
    return refuse(new StoryfarmError('method_not_allowed', `${request.method} is not possible here.`), request, reply);
  });

  let closing: Promise<void> | undefined;
  return {
    app,
    listen: ({ host, port }) =>
      app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error;
        throw new StoryfarmError('port_in_use', `Port ${port} of ${host} is taken.`, { cause: error });
      }),
    async leave(ms) {
      leaving.is = true;
      if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve));
    },
    close() {
      leaving.is = true;
      closing ??= (async () => {
        const cancel = clock.after(closeGraceMs, () => app.server.closeAllConnections());
        const closed = app.close();
        release();
        await closed;
        cancel();
      })();
      return closing;
    },
  };

  function greet(request: FastifyRequest, reply: FastifyReply): void {
    reply.headers({ ...GUARDS, 'x-request-id': request.id });
    if (leaving.is) reply.header('connection', 'close');
    observe(request, reply, { log, metrics });
  }

  function refuse(thrown: unknown, request: FastifyRequest, reply: FastifyReply) {
    const error = asRefusal(thrown);
    const problem = problemOf(error, request.id);
    if (problem.status === 500) log.error({ err: thrown, requestId: request.id }, 'a request failed');
    else log.debug({ code: error.code, requestId: request.id }, 'refused');
    const seconds = retryAfterOf(error.code);
    if (seconds !== undefined) reply.header('retry-after', String(seconds));
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="storyfarm"');
    if (!reply.sent) void reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
    return reply;
  }
}

/** The caller's id if it is harmless in a log, else a new one. */
function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Which methods the routes know for an address: tells 405 from 404. */
function methodsByAddress(app: FastifyInstance): (url: string) => readonly string[] {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
    routes.push({ pattern, methods: [method].flat() });
  });
  return (url) => {
    const path = url.split('?', 1)[0] ?? '';
    return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))].sort();
  };
}
