/** A partner's server: a real one, on a port of its own, which behaves as it is told to. */

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

export interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What it does with a call; it may leave it unanswered. */
export type Manner = (response: ServerResponse, call: Call) => void;

export const ANSWERS =
  (status: number, headers: Readonly<Record<string, string>> = {}): Manner =>
  (response) =>
    void response.writeHead(status, headers).end('noted');

export const NEVER_ANSWERS: Manner = () => {};
/** Slow loris: a line of the head now and then, which keeps a time limit for silence from being reached. */
export const DRIPS: Manner = ({ socket }) => {
  const drip = setInterval(() => socket?.write('x-drip: drop\r\n'), 20);
  socket?.on('close', () => clearInterval(drip));
  socket?.write('HTTP/1.1 200 OK\r\n');
};
/** The answer is there, its body never ends. */
export const NEVER_ENDS =
  (status: number): Manner =>
  (response) => {
    response.writeHead(status);
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  };
export const CUTS: Manner = ({ socket }) => void socket?.destroy();

export class PartnerServer {
  readonly calls: Call[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();
  manner: Manner;

  private constructor(server: Server, manner: Manner) {
    this.#server = server;
    this.manner = manner;
    server.on('request', async (request, response) => {
      const call = { headers: request.headers, body: await text(request) };
      this.calls.push(call);
      this.manner(response, call);
      for (const look of this.#waiting) look();
    });
  }

  static async start(t: Pick<TestContext, 'after'>, manner: Manner = ANSWERS(204)): Promise<PartnerServer> {
    const server = createServer();
    const partner = new PartnerServer(server, manner);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    return partner;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.origin}/told?token=secret`;
  }

  /** Cuts every connection. */
  hangUp(): void {
    this.#server.closeAllConnections();
  }

  /** The first so many calls, when they have come. */
  called(times: number): Promise<readonly Call[]> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.calls.length < times) return;
        this.#waiting.delete(look);
        resolve(this.calls.slice(0, times));
      };
      this.#waiting.add(look);
      look();
    });
  }
}
