/** One call to a server that answers what it pleases, byte for byte. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { post } from '../../src/delivery/post.js';

/** A server that answers each call with these bytes and closes, or does with it what else is given. Resolves to its address. */
async function answering(
  t: TestContext,
  answer: string | ((socket: Socket) => void),
  where = { port: 0, host: '127.0.0.1' },
): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => (typeof answer === 'string' ? socket.end(answer, 'latin1') : answer(socket)));
  });
  server.listen(where);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://${where.host}:${(server.address() as AddressInfo).port}/told?token=secret`;
}

const call = (url: string, timeoutMs = 10_000) => post(url, { 'webhook-id': 'x' }, '{"a": "ä"}', timeoutMs);

const statuses: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
  'of HTTP/1.0': ['HTTP/1.0 200 OK\r\n\r\nnoted', 200],
  'after others that are none yet': [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
    204,
  ],
  'that is cut off after its head': ['HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nno', 200],
  'that says more than it promised': ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nnoted', 200],
  'that is packed wrongly': ['HTTP/1.1 200 OK\r\ncontent-encoding: gzip, br\r\ncontent-length: 2\r\n\r\nno', 200],
  'of a proxy that wants to know us': ['HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n', 407],
};
const failures: Readonly<Record<string, readonly [bytes: string, failure: RegExp]>> = {
  'that ends in its head': ['HTTP/1.1 200 OK\r\n', /^ECONNRESET$/],
  'that is no HTTP': ['noted', /^HPE_/],
  'with a head that is too large': [`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`, /^HPE_HEADER_OVERFLOW$/],
  'that wants to speak another protocol': [
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    /^no answer$/,
  ],
};

describe('a post', () => {
  for (const [what, [bytes, status]] of Object.entries(statuses))
    it(`takes the status of an answer ${what}`, async (t) => {
      assert.deepEqual(await call(await answering(t, bytes)), { status });
    });

  for (const [what, [bytes, failure]] of Object.entries(failures))
    it(`tells why it fails with an answer ${what}`, async (t) => {
      const answer = await call(await answering(t, bytes));
      assert.match('failure' in answer ? answer.failure : `${answer.status}`, failure);
    });

  it('takes the status when the rest comes too late', async (t) => {
    const url = await answering(t, (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nno'));
    assert.deepEqual(await call(url, 300), { status: 200 });
  });

  it('waits for the answer as long as it may', async (t) => {
    const late = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
    // Longer than connections are kept that nobody uses.
    const url = await answering(t, (socket) => void setTimeout(() => socket.end(late), 5_000));
    assert.deepEqual(await call(url), { status: 200 });
  });

  it('calls ports, too, that browsers do not', async (t) => {
    let url: string | undefined;
    for (const port of [10080, 6000, 6566, 6697, 5061])
      url ??= await answering(t, statuses['of HTTP/1.0']?.[0] as string, { port, host: '127.0.0.1' }).catch(
        () => undefined,
      );
    if (!url) return t.skip('all of them are in use');
    assert.deepEqual(await call(url), { status: 200 });
  });

  it('tells of an address that leads nowhere without repeating it', async () => {
    for (const address of ['no address: secret', 'blob:http://127.0.0.1/secret', 'http://127.0.0.1:1/secret']) {
      const answer = await call(address);
      assert.match('failure' in answer ? answer.failure : '', /^(no http address|ECONNREFUSED)$/);
    }
  });
});
