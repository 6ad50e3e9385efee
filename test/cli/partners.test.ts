/** Partners as the operator has them: keys, and what is held back in the store on every server, with no farm running. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { isSecret } from '../../src/delivery/sign.js';
import { keyHash } from '../../src/front/partners.js';
import { openStore } from '../../src/store/open.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { fixtureTemplates } from '../fixtures/tiny.js';
import { run, Service } from './storyfarm.js';

/** A front with two partners, each with a key as `partners key` makes it, and the store behind it. */
async function frontOf(t: TestContext) {
  const cwd = temporaryFolder(t);
  const call = (...args: string[]) => run(args, { cwd });
  const keyOf = async (partner: string) => JSON.parse((await call('partners', 'key', partner, '--json')).stdout);
  const [acme, globex] = [await keyOf('acme'), await keyOf('globex')];
  const partners = { acme: { keys: [acme.hash] }, globex: { keys: [globex.hash] } };
  const config = JSON.stringify({ templateFolders: [fixtureTemplates], partners });
  writeFileSync(join(cwd, 'storyfarm.config.json'), config);
  const front = await Service.start(t, ['front', '--port', '0'], { cwd });
  const store = await openStore(`sqlite:${join(cwd, 'var', 'storyfarm.db')}`);
  t.after(() => store.close());
  const submit = (key: string | undefined, ...args: string[]) =>
    run(['submit', 'tiny', '-w', 'hello=x', '--no-wait', '--url', front.url, ...args], {
      cwd,
      env: key === undefined ? {} : { STORYFARM_KEY: key },
    });
  const claim = async () => (await store.claim({ server: 's', limit: 10, leaseMs: 60_000 })).map((job) => job.partner);
  return { call, submit, claim, front, acme, globex };
}

it('keys let partners in; a delay holds a job up', async (t) => {
  const { call, submit, claim, front, acme, globex } = await frontOf(t);
  assert.equal(keyHash(acme.key), acme.hash);
  for (const key of [undefined, `${acme.key}x`]) {
    const { code, stdout, stderr } = await submit(key);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /\(unauthorized\)\n {2}-> Put the key of your partner into STORYFARM_KEY\.\n$/);
  }
  const sent = await submit(acme.key, '--json', '--priority', '2');
  assert.equal(sent.code, 0, sent.stderr);
  const { id } = JSON.parse(sent.stdout);
  const see = async ({ key }: { key: string }) =>
    (await fetch(`${front.url}/v1/jobs/${id}`, { headers: { authorization: `Bearer ${key}` } })).status;
  assert.deepEqual([await see(acme), await see(globex)], [200, 404]);
  const later = await submit(globex.key, '--delay', '90min');
  assert.match(later.stdout, /^job [0-9a-f-]{36} is queued until 20\d\d-/);
  assert.match((await call('status')).stdout, /^[0-9a-f-]{36} {2}tiny +queued +due in (89|90) min$/m);
  assert.deepEqual(await claim(), ['acme']);
});

it('partners and templates are paused and limited for every server, and shown so', async (t) => {
  const { call, submit, claim, acme, globex } = await frontOf(t);
  for (const { key } of [acme, acme, acme, globex]) assert.equal((await submit(key)).code, 0);

  const paused = await call('pause', '--partner', 'acme');
  assert.deepEqual([paused.code, paused.stderr], [0, '']);
  assert.equal(paused.stdout, 'Partner acme is paused, on every server. 3 queued jobs wait.\n');
  assert.match((await call('pause', '--partner', 'acme')).stdout, /^Partner acme was paused already, \d+ s ago\./);
  assert.deepEqual(await claim(), ['globex']);

  const limited = await call('limit', 'acme', '2');
  assert.match(limited.stdout, /^Partner acme: at most 2 jobs at once, on all servers.*; no limit before\. Now 0 /);
  const { stdout: shown } = await call('partners');
  assert.match(shown, /^partner +keys +queued +due +rendering +at most +paused\nacme +1 +3 +3 +0 +2 +for \d+ s\n/);
  assert.match(shown, /^globex +1 +0 +0 +1$/m);
  assert.match(shown, /^template +queued +due +rendering +paused\ntiny +3 +3 +1$/m);
  assert.match(
    (await call('status')).stdout,
    /\n\nheld back\npartner acme +paused for \d+ s\npartner acme +at most 2 at once\n\n/,
  );

  const resumed = await call('resume', '--partner', 'acme');
  assert.equal(resumed.stdout, 'Partner acme goes on: 3 queued jobs.\n');
  assert.deepEqual(await claim(), ['acme', 'acme'], 'the limit holds');
  assert.match((await call('limit', 'acme', 'none')).stdout, /^Partner acme: no limit; 2 before\. Now 2 rendering, 1 /);

  const template = JSON.parse((await call('pause', '--template', 'tiny', '--json')).stdout);
  assert.deepEqual([template.template, template.queued, template.rendering], ['tiny', 1, 3]);
  assert.deepEqual(await claim(), []);
  const status = JSON.parse((await call('status', '--json')).stdout);
  assert.deepEqual(status.limits, []);
  assert.deepEqual(status.pauses, [{ template: 'tiny', since: template.since }]);
  assert.match((await call('resume', '--partner', 'tiny')).stdout, /was not paused\. Paused are: template tiny\.\n$/);
  await call('resume', '--template', 'tiny');
  assert.deepEqual(await claim(), ['acme']);
  assert.match((await call('limit', 'acmee', '2')).stdout, /Now 0 rendering, 0 queued\. Nothing here knows the name/);
  assert.match((await call('pause', '--template', 'tyni')).stdout, /Nothing here knows the name: is it right\?\n$/);
});

it('a secret is made for callbacks, and a job is sent with an address that is held against them', async (t) => {
  const { call, submit, acme } = await frontOf(t);
  const { code, stdout } = await call('partners', 'secret', 'acme');
  assert.equal(code, 0);
  const [, secret = ''] = /"secrets": \["(.+)"\]/.exec(stdout) ?? [];
  assert.ok(isSecret(secret), stdout);
  const { secret: other } = JSON.parse((await call('partners', 'secret', 'acme', '--json')).stdout);
  assert.ok(isSecret(other) && other !== secret);
  const refused = await submit(acme.key, '--callback', 'https://portal.example/');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /callback_refused/);
});
