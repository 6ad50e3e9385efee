/** Partners' servers that do what they please, and a courier that dies: real processes, real calls. */

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { newSecret } from '../../src/delivery/sign.js';
import { keyHash, newKey } from '../../src/front/partners.js';
import type { Service } from '../cli/storyfarm.js';
import { ANSWERS, DRIPS, type Manner, NEVER_ANSWERS, NEVER_ENDS, PartnerServer } from '../delivery/partner.js';
import { until } from '../pm2/managed.js';
import { notHere, Served } from './farm/served.js';

const TOLD = 'enqueued claimed rendered delivered';
const RENDERED = 'enqueued claimed rendered';

interface Scene {
  readonly served: Served;
  readonly up: Service;
  readonly servers: readonly PartnerServer[];
  readonly secret: string;
  /** Asks for a job of the partner, which wants to be told at this address. */
  ask(callback: string): Promise<string>;
  /** The number of the courier's process, of the latest when there were several. */
  courier(): number;
}

/** Front and farm as one process with one seat, and one partner with a server for each manner. A first job has been rendered, of which nobody wants to be told. */
async function scene(context: TestContext, callbackTimeout: string, ...manners: readonly Manner[]): Promise<Scene> {
  const servers = await Promise.all(manners.map((manner) => PartnerServer.start(context, manner)));
  const [bearer, secret] = [newKey(), newSecret()];
  const callbacks = { origins: servers.map(({ origin }) => origin), secrets: [secret] };
  const partners = { acme: { keys: [keyHash(bearer)], callbacks } };
  const served = new Served(context, { partners, callbackTimeout });
  const up = await served.start('up');
  await up.said('courier started');
  served.look(up);
  const ask = async (callback?: string) => {
    const { status, body } = await served.ask(up.url, { bearer, ...(callback && { callback }) });
    assert.equal(status, 202, JSON.stringify(body));
    return body.id;
  };
  await ask();
  await served.gate.reached();
  await served.gate.open();
  return {
    served,
    up,
    servers,
    secret,
    ask,
    courier: () => Number(up.lines.findLast(({ msg }) => msg === 'courier started')?.courier),
  };
}

const LAME: readonly Manner[] = [
  ANSWERS(500),
  NEVER_ANSWERS,
  DRIPS,
  ANSWERS(302, { location: 'http://127.0.0.1:9/elsewhere' }),
  NEVER_ENDS(500),
];

describe('callbacks', { skip: notHere }, () => {
  it('to servers that fail, never answer, drip, redirect or never end hold no slot, and are tried again later with the same event id', async (context) => {
    const { served, up, servers, ask, secret } = await scene(context, '1s', ...LAME);
    for (const { url } of servers) await ask(url);
    await Promise.all(servers.map((server) => server.called(1)));
    // While those calls are under way, or wait for their next try, the one slot renders on.
    const last = await ask(`${servers[0]?.url}`);
    await until('the next job is rendered', async () =>
      up.lines.some(({ msg, job }) => msg === 'job rendered' && (job as { id?: string })?.id === last),
    );
    await until('each has failed once', async () =>
      /^storyfarm_callbacks_total\{partner="acme",outcome="retried"\} [6-9]$/m.test(await served.scrape(up)),
    );
    for (const server of servers) server.manner = ANSWERS(204);
    await until('all are delivered', async () =>
      /^storyfarm_callbacks_total\{partner="acme",outcome="delivered"\} 6$/m.test(await served.scrape(up)),
    );
    for (const { calls } of servers) {
      const [first, again] = calls.filter(({ body }) => JSON.parse(body).data.id !== last);
      assert.ok(first && again);
      assert.equal(first.headers['webhook-id'], again.headers['webhook-id']);
      for (const { body, headers } of [first, again]) new Webhook(secret).verify(body, headers as never);
      const { files, links } = JSON.parse(again.body).data;
      for (const url of [files[0].url, links.self]) assert.ok(url.startsWith(up.url), url);
      assert.equal((await fetch(files[0].url, { method: 'HEAD' })).status, 200);
    }
    served.look(up);
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await served.aftermath(), [RENDERED, ...Array(6).fill(TOLD)]);
  });

  it('that were answered before their courier died are told again, with the same event id', async (context) => {
    const { served, up, servers, ask, courier } = await scene(context, '500ms', NEVER_ANSWERS);
    const server = servers[0] as PartnerServer;
    // It reads no answer any more: what is answered now, it never knows.
    server.manner = (response) => {
      server.manner = ANSWERS(204);
      process.kill(courier(), 'SIGSTOP');
      response.writeHead(204).end(() => process.kill(courier(), 'SIGKILL'));
    };
    await ask(server.url);
    const [first, again] = await server.called(2);
    assert.equal(first?.headers['webhook-id'], again?.headers['webhook-id']);
    await up.said('the courier ended; it is started again');
    served.look(up);
    await up.said('callback delivered');
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await served.aftermath(), [RENDERED, TOLD]);
  });

  it('lose nothing when farm and courier are killed together; the next farm tells', async (context) => {
    const { served, up, servers, ask } = await scene(context, '500ms', NEVER_ANSWERS);
    const server = servers[0] as PartnerServer;
    await ask(server.url);
    const [first] = await server.called(1);
    served.look(up);
    await up.kill();
    server.manner = ANSWERS(200);
    const next = await served.start('up');
    await next.said('callback delivered');
    assert.equal(server.calls.at(-1)?.headers['webhook-id'], first?.headers['webhook-id']);
    served.look(next);
    next.signal('SIGTERM');
    assert.equal(await next.ended(), 0);
    assert.deepEqual(await served.aftermath(), [RENDERED, TOLD]);
  });
});
