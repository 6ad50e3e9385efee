/** A server on a free port with what it needs, for tests: its address, its log as lines, and raw sockets to it. */

import { EventEmitter, on, once } from 'node:events';
import { connect } from 'node:net';
import { type Clock, systemClock } from '../../src/clock.js';
import type { HttpServer, ServerOptions } from '../../src/http/server.js';
import { createLog } from '../../src/log.js';
import { createMetrics } from '../../src/metrics.js';

export type Line = Readonly<Record<string, unknown>>;

export interface Recorded extends ServerOptions {
  /** All that was logged so far. */
  readonly logged: () => string;
  /** Resolves with the first line, past or future, that the condition holds for. */
  readonly line: (condition: (line: Line) => boolean) => Promise<Line>;
}

/** Metrics of its own, and a log that is kept. */
export function recorded(clock: Clock = systemClock): Recorded {
  const lines: string[] = [];
  const written = new EventEmitter();
  const write = (line: string) => {
    lines.push(line);
    written.emit('line', line);
  };
  return {
    log: createLog({ part: 'test', level: 'trace', to: { write } }),
    metrics: createMetrics(),
    clock,
    logged: () => lines.join(''),
    async line(condition) {
      const future = on(written, 'line') as AsyncIterableIterator<[string]>;
      const past = lines.map((line) => JSON.parse(line) as Line).find(condition);
      if (past) return past;
      for await (const [line] of future) {
        const read = JSON.parse(line) as Line;
        if (condition(read)) return read;
      }
      throw new Error('The log has ended.');
    },
  };
}

/** Listens, and closes when the test, or the suite whose `after` is given, ends. */
export async function running(t: { after(end: () => Promise<void>): void }, server: HttpServer): Promise<string> {
  t.after(() => server.close());
  return server.listen({ host: '127.0.0.1', port: 0 });
}

/** Sends bytes as they are and answers all that comes back until the server closes. */
export async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}
