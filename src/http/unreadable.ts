/** What is answered when no request could be made out of what arrived: it never reaches a route, so the words go straight to the socket. */

import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { StoryfarmError } from '../errors.js';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.js';

const KINDS: Readonly<Record<string, [number, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The head of the request is too long.'],
};

export function answerUnreadable(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, detail] = KINDS[error.code ?? ''] ?? [400, 'Bad Request', 'This is not HTTP.'];
  const problem = { ...problemOf(new StoryfarmError('invalid_request', detail), randomUUID()), status };
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
