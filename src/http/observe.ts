/** Counts, times and logs an answer, by the pattern of its route: addresses hold ids, patterns do not, and their number is known. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** An answer that never ends by itself, such as an event stream. */
    stream?: boolean;
    /** Asked every few seconds by a machine: logged at `debug` only. */
    probe?: boolean;
  }
}

/** To be called when the request has just come; the numbers are taken when its answer is sent or the client has gone away. */
export function observe(
  request: FastifyRequest,
  reply: FastifyReply,
  { log, metrics }: { readonly log: Log; readonly metrics: Pick<Metrics, 'httpRequests' | 'httpRequestDuration'> },
): void {
  reply.raw.once('close', () => {
    const { url: route = 'unmatched', config } = request.routeOptions;
    const { stream = false, probe = false } = config ?? {};
    const status = reply.raw.writableFinished || stream ? String(reply.raw.statusCode) : 'aborted';
    const labels = { route, method: request.method, status };
    metrics.httpRequests.inc(labels);
    if (!stream) metrics.httpRequestDuration.observe(labels, reply.elapsedTime / 1000);
    const { partner, id: requestId } = request;
    const line = { ...labels, ms: Math.round(reply.elapsedTime), requestId, ...(partner && { partner }) };
    if (probe) log.debug(line, 'answered');
    else log.info(line, 'answered');
  });
}
