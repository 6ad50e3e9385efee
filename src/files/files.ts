/**
 * The files server: finished videos and posters of this machine.
 *
 * Problem: players on phones ask for parts, pause, come back and ask again; proxies and browsers cache; addresses are all that guards a private video. So
 * answers keep to RFC 9110 (ranges, conditions, strong entity tags), a file never changes under its address (the attempt's fence is part of it), and an address leads
 * only to the published files of a job: names of a strict form, no links, nothing unfinished. Job ids are random; that is the lock.
 *
 * Own code and not a static file library: those give weak entity tags, which If-Range must not accept, follow links, and look at a file twice by its
 * name. Here it is opened once, and everything is said of what was opened.
 *
 * What it does not do: know jobs or the store. It goes on serving while the farm drains or the store is away.
 */

import type { ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { StoryfarmError } from '../errors.js';
import { type Check, healthRoutes } from '../http/health.js';
import { createServer, type HttpServer, type ServerOptions } from '../http/server.js';
import { answerFor, type Validators } from './answer.js';
import { type Address, locate, type OpenFile } from './locate.js';
import type { ByteRange } from './range.js';

export interface FilesDeps {
  /** Absolute path of the folder that holds one folder per job. */
  readonly folder: string;
  /** Seconds that a browser may keep a file. Default a week. */
  readonly maxAge?: number;
}

/** Files may stand in anybody's page; opened alone, a browser may show just them. */
const EMBEDDABLE = {
  'content-security-policy': "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'",
  'cross-origin-resource-policy': 'cross-origin',
};

/** A server of files alone, with its health and metrics. */
export function createFiles(deps: FilesDeps & ServerOptions): HttpServer {
  const server = createServer(deps);
  server.app.register(filesRoutes, deps);
  server.app.register(healthRoutes, { ...deps, checks: filesChecks(deps) });
  return server;
}

/** What must be true for a files server to be sent requests. */
export function filesChecks({ folder }: Pick<FilesDeps, 'folder'>): readonly Check[] {
  const run = async () => {
    const found = await stat(folder).catch(() => undefined);
    if (!found?.isDirectory()) throw new Error('The folder of the finished jobs cannot be read.');
  };
  return [{ name: 'files', run }];
}

/** Mounts `/v1/files/{job}/{fence}/{file}` on a server. `?download=1` asks for a file to keep instead of one to play. */
export async function filesRoutes(app: FastifyInstance, { folder, maxAge = 604_800 }: FilesDeps): Promise<void> {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/v1/files/:job/:fence/:file',
    handler: async (request, reply) => {
      const address = request.params as Address;
      const found = await locate(folder, address);
      if (!found) throw new StoryfarmError('not_found', 'There is no such file.');
      let body: ReadStream | undefined;
      try {
        const part = prepare(request, reply, found, address, maxAge);
        body = part && found.handle.createReadStream(part);
        return reply.send(body);
      } finally {
        if (!body) await found.handle.close(); // A stream closes its file itself.
      }
    },
  });
}

/** Sets status and fields of the answer; says which bytes are its body, if any. */
function prepare(
  request: FastifyRequest,
  reply: FastifyReply,
  found: OpenFile,
  address: Address,
  maxAge: number,
): ByteRange | undefined {
  const file = validatorsOf(found, address);
  const decided = answerFor(request.method, request.headers, file);
  reply.headers({ ...EMBEDDABLE, 'accept-ranges': 'bytes' });
  if (decided.status === 412) throw new StoryfarmError('precondition_failed', 'The file is another one.');
  if (decided.status === 416) {
    reply.header('content-range', `bytes */${file.size}`);
    throw new StoryfarmError('range_not_satisfiable', `The file has ${file.size} bytes.`);
  }

  reply.code(decided.status).headers({
    'cache-control': `private, max-age=${maxAge}, immutable`,
    etag: file.etag,
    'last-modified': file.modified,
  });
  if (decided.status === 304) return undefined;

  const part = decided.status === 206 ? decided.range : { start: 0, end: file.size - 1 };
  if (decided.status === 206) reply.header('content-range', `bytes ${part.start}-${part.end}/${file.size}`);
  reply.headers({
    'content-type': found.mediaType,
    'content-length': String(part.end - part.start + 1),
    'content-disposition': dispositionOf(request, address),
  });
  return request.method === 'HEAD' || file.size === 0 ? undefined : part;
}

function validatorsOf({ stats }: OpenFile, { fence }: Address): Validators {
  return {
    size: stats.size,
    etag: `"${fence}-${stats.size.toString(36)}-${Math.trunc(stats.mtimeMs).toString(36)}"`,
    modified: stats.mtime.toUTCString(),
  };
}

/** The parts are of forms that need no quoting. The beginning of the id keeps the downloads of several jobs apart. */
function dispositionOf(request: FastifyRequest, { job, file }: Address): string {
  const kept = (request.query as Readonly<Record<string, unknown>>).download === '1';
  return `${kept ? 'attachment' : 'inline'}; filename="${job.slice(0, 8)}-${file}"`;
}
