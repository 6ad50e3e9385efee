import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { StoryfarmError } from '../../src/errors.js';
import { healthRoutes } from '../../src/http/health.js';
import { createServer } from '../../src/http/server.js';
import { manualClock } from '../front/manual-clock.js';
import { raw, recorded, running } from './running.js';

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every form.
const json = async (answer: Response): Promise<any> => answer.json();

describe('a server', () => {
  it('says 404 for what is not there and 405, with Allow, for what is there for others', async (t) => {
    const server = createServer(recorded());
    server.app.get('/thing/:id', async () => ({}));
    server.app.post('/thing/:id', async () => ({}));
    const url = await running(t, server);
    const none = await fetch(`${url}/nothing`);
    assert.equal(none.status, 404);
    assert.equal((await json(none)).code, 'not_found');
    const other = await fetch(`${url}/thing/7?x=1`, { method: 'DELETE' });
    assert.equal(other.status, 405);
    assert.equal(other.headers.get('allow'), 'GET, HEAD, POST');
    assert.equal((await json(other)).code, 'method_not_allowed');
    assert.equal((await fetch(`${url}/thing/7/more`, { method: 'DELETE' })).status, 404);
  });

  it('guards every answer, also refusals of addresses that cannot be read', async (t) => {
    const url = await running(t, createServer(recorded()));
    for (const path of ['/', '/%E0%A4%A', `/${'x'.repeat(300)}`]) {
      const { headers, status } = await fetch(`${url}${path}`);
      assert.equal(status, 404);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.ok(headers.get('x-request-id'));
    }
  });

  it('hides a defect from the client and tells the log, under one request id', async (t) => {
    const parts = recorded();
    const server = createServer(parts);
    server.app.get('/broken', async () => {
      throw new TypeError('the secret place of the defect');
    });
    const answer = await fetch(`${await running(t, server)}/broken`);
    assert.equal(answer.status, 500);
    const problem = await json(answer);
    assert.equal(problem.code, 'internal');
    assert.doesNotMatch(JSON.stringify(problem), /secret/);
    const line = await parts.line(({ level }) => level === 'error');
    assert.equal(line.requestId, problem.requestId);
    assert.equal((line.err as { message: string }).message, 'the secret place of the defect');
  });

  it('says when to come back', async (t) => {
    const server = createServer(recorded());
    server.app.get('/busy', async () => {
      throw new StoryfarmError('store_busy', 'Locked.');
    });
    const answer = await fetch(`${await running(t, server)}/busy`);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '2');
  });

  it('keeps the id of a request when it is harmless', async (t) => {
    const url = await running(t, createServer(recorded()));
    const given = async (id: string) =>
      (await fetch(url, { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    assert.equal(await given('trace-7.A_b'), 'trace-7.A_b');
    assert.match((await given('a b')) ?? '', /^[0-9a-f-]{36}$/);
    assert.match((await given('x'.repeat(65))) ?? '', /^[0-9a-f-]{36}$/);
  });

  it('answers what is no HTTP, a head without end and a request that does not arrive', async (t) => {
    const url = await running(t, createServer({ ...recorded(), requestTimeoutMs: 300 }));
    const nonsense = await raw(url, 'what?\r\n\r\n');
    assert.match(nonsense, /^HTTP\/1\.1 400 /);
    assert.match(nonsense, /application\/problem\+json/);
    assert.match(await raw(url, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(
      await raw(url, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'),
      /^HTTP\/1\.1 408 /,
    );
  });

  it('counts, times and logs by the pattern of the route', async (t) => {
    const parts = recorded();
    const server = createServer(parts);
    server.app.get('/thing/:id', async () => ({}));
    const url = await running(t, server);
    await fetch(`${url}/thing/secret-1`);
    await fetch(`${url}/thing/secret-2`);
    await fetch(`${url}/elsewhere/secret-3`);
    const line = await parts.line(({ route }) => route === 'unmatched');
    assert.equal(line.status, '404');
    const text = await parts.metrics.text();
    assert.match(text, /storyfarm_http_requests_total\{route="\/thing\/:id",method="GET",status="200"\} 2/);
    assert.match(
      text,
      /storyfarm_http_request_duration_seconds_count\{route="\/thing\/:id",method="GET",status="200"\} 2/,
    );
    assert.match(text, /storyfarm_http_requests_total\{route="unmatched",method="GET",status="404"\} 1/);
    assert.doesNotMatch(parts.logged() + text, /secret/);
  });

  it('finishes what is under way when it closes, and accepts no more', { timeout: 20_000 }, async (t) => {
    const server = createServer(recorded(manualClock())); // The grace time never ends.
    let finish = () => {};
    const begun = new Promise<void>((begin) => {
      server.app.get('/slow', async () => {
        begin();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return { done: true };
      });
    });
    const url = await running(t, server);
    const answer = fetch(`${url}/slow`);
    await begun;
    const closed = server.close();
    assert.equal(server.close(), closed);
    const { port, hostname } = new URL(url);
    const late = connect(Number(port), hostname);
    const [error] = await once(late, 'error');
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
    finish();
    assert.deepEqual(await json(await answer), { done: true });
    await closed;
  });

  it('does not wait for connections on which no request has come', { timeout: 20_000 }, async (t) => {
    const clock = manualClock(); // The grace time never ends.
    const server = createServer(recorded(clock));
    server.app.get('/', async () => ({}));
    const { port, hostname } = new URL(await running(t, server));
    const arrived = once(server.app.server, 'connection');
    const unused = connect(Number(port), hostname);
    const [used] = [await fetch(`http://${hostname}:${port}/`), await arrived];
    await used.text();
    const ended = once(unused, 'close');
    await server.close();
    await ended;
  });

  it('cuts off, after the grace time, who does not finish', async (t) => {
    const clock = manualClock();
    const server = createServer({ ...recorded(clock), closeGraceMs: 5000 });
    const begun = new Promise<void>((begin) => {
      server.app.get('/forever', () => {
        begin();
        return new Promise(() => {});
      });
    });
    const asked = request(`${await running(t, server)}/forever`).end();
    const cut = once(asked, 'error');
    await begun;
    const closed = server.close();
    await clock.advance(5000);
    await closed;
    assert.equal(((await cut)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
  });

  it('says that its port is taken', async (t) => {
    const url = await running(t, createServer(recorded()));
    const other = createServer(recorded());
    await assert.rejects(other.listen({ host: '127.0.0.1', port: Number(new URL(url).port) }), { code: 'port_in_use' });
    await other.close();
  });
});

describe('health', () => {
  it('says that the server leaves, while it serves on and asks for new connections', async (t) => {
    const clock = manualClock();
    const parts = recorded(clock);
    const server = createServer(parts);
    server.app.register(healthRoutes, { ...parts, checks: [] });
    const url = await running(t, server);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    let hasLeft = false;
    const leaving = server.leave(5_000).then(() => {
      hasLeft = true;
    });
    const answer = await fetch(`${url}/readyz`);
    assert.deepEqual([answer.status, answer.headers.get('connection')], [503, 'close']);
    assert.equal((await fetch(`${url}/livez`)).status, 200);
    await clock.advance(4_999);
    assert.equal(hasLeft, false);
    await clock.advance(1);
    await leaving;
  });

  it('counts a check that does not answer in time as failed', async (t) => {
    const clock = manualClock();
    const parts = recorded(clock);
    const server = createServer(parts);
    const begun = new Promise<void>((begin) => {
      const run = () => {
        begin();
        return new Promise<void>(() => {});
      };
      server.app.register(healthRoutes, { ...parts, checks: [{ name: 'store', run }], checkTimeoutMs: 2000 });
    });
    const answer = fetch(`${await running(t, server)}/readyz`);
    await begun;
    await clock.advance(2000);
    assert.equal((await answer).status, 503);
    assert.deepEqual(await json(await answer), {
      ready: false,
      checks: [{ name: 'store', ok: false, reason: 'No answer within 2000 ms.' }],
    });
    assert.equal(clock.waiting, 0);
  });
});
