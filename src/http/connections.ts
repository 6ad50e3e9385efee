/**
 * Lets go of connections when a server closes.
 *
 * Node ends those that are idle at the moment of closing. Two kinds are left and would hold up the closing for a minute: those that become idle afterwards, and those
 * that browsers open for a request that they may send some day.
 */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Call when the server is made; the returned function begins the letting go. */
export function releaseConnections(server: Server): () => void {
  const unused = new Set<Socket>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    if (closing) return socket.destroy();
    unused.add(socket);
    return socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    unused.delete(socket);
    response.once('close', () => {
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
  });
  return () => {
    closing = true;
    for (const socket of unused) socket.destroy();
  };
}
