import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createFiles } from '../../src/files/files.js';
import { raw, recorded, running } from '../http/running.js';

const JOB = 'kV3tJ0b-id_9';
const VIDEO = randomBytes(300_000);

describe('the files server', () => {
  let url: string;
  let folder: string;
  const parts = recorded();
  const ends: (() => Promise<void>)[] = [];
  after(async () => {
    for (const end of ends) await end();
  });

  before(async () => {
    const root = await mkdtemp(join(tmpdir(), 'storyfarm-files-'));
    ends.push(() => rm(root, { recursive: true }));
    folder = join(root, 'jobs');
    await mkdir(join(folder, JOB, '3'), { recursive: true });
    await mkdir(join(folder, JOB, '.4.part'));
    await mkdir(join(folder, JOB, '5', 'dir.mp4'), { recursive: true });
    await writeFile(join(folder, JOB, '3', 'large.mp4'), VIDEO);
    await writeFile(join(folder, JOB, '3', 'poster.jpg'), 'a picture');
    await writeFile(join(folder, JOB, '3', 'empty.mp4'), '');
    await writeFile(join(folder, JOB, '3', 'notes.txt'), 'secret');
    await writeFile(join(folder, JOB, '3', '.hidden.mp4'), 'secret');
    await writeFile(join(folder, JOB, '.4.part', 'large.mp4'), 'secret');
    await writeFile(join(root, 'store.mp4'), 'secret');
    await mkdir(join(root, 'elsewhere'));
    await writeFile(join(root, 'elsewhere', 'large.mp4'), 'secret');
    await symlink(join(root, 'store.mp4'), join(folder, JOB, '3', 'link.mp4'));
    await symlink(join(root, 'elsewhere'), join(folder, JOB, '6'));
    await mkdir(join(root, 'otherjob', '1'), { recursive: true });
    await writeFile(join(root, 'otherjob', '1', 'large.mp4'), 'secret');
    await symlink(join(root, 'otherjob'), join(folder, 'linked'));
    url = await running({ after: (end) => ends.unshift(end) }, createFiles({ ...parts, folder, maxAge: 60 }));
  });

  const at = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${url}/v1/files/${path}`, { headers, method });

  it('serves a whole file with everything that players and caches need', async () => {
    const answer = await at(`${JOB}/3/large.mp4`);
    assert.equal(answer.status, 200);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), VIDEO);
    const { headers } = answer;
    assert.equal(headers.get('content-type'), 'video/mp4');
    assert.equal(headers.get('content-length'), String(VIDEO.length));
    assert.equal(headers.get('accept-ranges'), 'bytes');
    assert.equal(headers.get('cache-control'), 'private, max-age=60, immutable');
    assert.equal(headers.get('content-disposition'), 'inline; filename="kV3tJ0b--large.mp4"');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
    assert.match(headers.get('etag') ?? '', /^"3-[a-z0-9]+-[a-z0-9]+"$/);
    assert.ok(!Number.isNaN(Date.parse(headers.get('last-modified') ?? '')));
    assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  });

  it('serves the poster, and an empty file', async () => {
    const poster = await at(`${JOB}/3/poster.jpg`);
    assert.equal(poster.headers.get('content-type'), 'image/jpeg');
    assert.equal(await poster.text(), 'a picture');
    const empty = await at(`${JOB}/3/empty.mp4`);
    assert.equal(empty.status, 200);
    assert.equal(empty.headers.get('content-length'), '0');
  });

  it('gives a file to keep on download=1', async () => {
    const answer = await at(`${JOB}/3/poster.jpg?download=1`);
    assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="kV3tJ0b--poster.jpg"');
  });

  it('answers HEAD like GET, without the body and without reading the file', async () => {
    const [head, whole] = [await at(`${JOB}/3/large.mp4`, {}, 'HEAD'), await at(`${JOB}/3/large.mp4`)];
    await whole.arrayBuffer();
    assert.equal(head.status, 200);
    assert.equal((await head.arrayBuffer()).byteLength, 0);
    for (const name of ['content-length', 'etag', 'last-modified', 'content-type', 'cache-control', 'accept-ranges']) {
      assert.equal(head.headers.get(name), whole.headers.get(name), name);
    }
  });

  it('serves a range, from the start, from the middle and from the end', async () => {
    for (const [range, start, end] of [
      ['bytes=0-99', 0, 99],
      ['bytes=100000-200000', 100_000, 200_000],
      ['bytes=299990-', 299_990, 299_999],
      ['bytes=-10', 299_990, 299_999],
    ] as const) {
      const answer = await at(`${JOB}/3/large.mp4`, { range });
      assert.equal(answer.status, 206, range);
      assert.equal(answer.headers.get('content-range'), `bytes ${start}-${end}/300000`);
      assert.equal(answer.headers.get('content-length'), String(end - start + 1));
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), VIDEO.subarray(start, end + 1));
    }
  });

  it('answers several ranges with the whole file', async () => {
    const answer = await at(`${JOB}/3/large.mp4`, { range: 'bytes=0-1,5-6' });
    assert.equal(answer.status, 200);
    assert.equal((await answer.arrayBuffer()).byteLength, VIDEO.length);
  });

  it('refuses a range outside the file, telling its length', async () => {
    const answer = await at(`${JOB}/3/large.mp4`, { range: 'bytes=300000-' });
    assert.equal(answer.status, 416);
    assert.equal(answer.headers.get('content-range'), 'bytes */300000');
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.equal(((await answer.json()) as { code: string }).code, 'range_not_satisfiable');
  });

  it('answers 304 to who has the file, and resumes for who has a part of it', async () => {
    const first = await at(`${JOB}/3/large.mp4`, {}, 'HEAD');
    const etag = first.headers.get('etag') ?? '';
    const modified = first.headers.get('last-modified') ?? '';
    const same = await at(`${JOB}/3/large.mp4`, { 'if-none-match': etag });
    assert.equal(same.status, 304);
    assert.equal(same.headers.get('etag'), etag);
    assert.equal((await at(`${JOB}/3/large.mp4`, { 'if-modified-since': modified })).status, 304);
    assert.equal((await at(`${JOB}/3/large.mp4`, { 'if-range': etag, range: 'bytes=5-' })).status, 206);
    assert.equal((await at(`${JOB}/3/large.mp4`, { 'if-range': '"old"', range: 'bytes=5-' })).status, 200);
    const other = await at(`${JOB}/3/large.mp4`, { 'if-match': '"old"' });
    assert.equal(other.status, 412);
    assert.equal(((await other.json()) as { code: string }).code, 'precondition_failed');
  });

  it('finds nothing but published videos and posters', async () => {
    const hidden = [
      `${JOB}/3/missing.mp4`,
      `${JOB}/9/large.mp4`,
      'nobody/3/large.mp4',
      `${JOB}/3/notes.txt`,
      `${JOB}/3/.hidden.mp4`,
      `${JOB}/.4.part/large.mp4`,
      `${JOB}/5/dir.mp4`,
      `${JOB}/3/LARGE.mp4`,
      `${JOB}/3/large.mp4/`,
      `${JOB}/3/link.mp4`,
      `${JOB}/6/large.mp4`,
      'linked/1/large.mp4',
      `${JOB}/3/%2e%2e%2fstore.mp4`,
      `${JOB}/%2e%2e/store.mp4`,
      '..%2f..%2fstore.mp4',
      `${JOB}/3/large.mp4%00.jpg`,
      `${JOB}/3/%E0%A4%A`,
      `${JOB}/3`,
      '',
    ];
    for (const path of hidden) {
      const answer = await at(path);
      assert.equal(answer.status, 404, path);
      const problem = (await answer.json()) as { code: string };
      assert.equal(problem.code, 'not_found', path);
    }
  });

  it('climbs out of no folder for a client that does not tidy its path', async () => {
    for (const path of [
      `/v1/files/${JOB}/3/../../../store.mp4`,
      `/v1/files/${JOB}/../../store.mp4`,
      '/v1/files/../../store.mp4',
      '//etc/passwd',
    ]) {
      const answer = await raw(url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 404 /, path);
      assert.doesNotMatch(answer, /secret/);
    }
  });

  it('allows no other methods', async () => {
    const answer = await at(`${JOB}/3/large.mp4`, {}, 'DELETE');
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get('allow'), 'GET, HEAD');
  });

  it('lets go of the file when a client goes away in the middle', { skip: process.platform !== 'linux' }, async () => {
    await writeFile(join(folder, JOB, '3', 'long.mp4'), Buffer.alloc(64 << 20));
    const asked = get(`${url}/v1/files/${JOB}/3/long.mp4`);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    await once(answer, 'readable');
    assert.ok(await isOpen('long.mp4'));
    asked.destroy();
    await parts.line(({ status }) => status === 'aborted');
    while (await isOpen('long.mp4')) await new Promise((resolve) => setImmediate(resolve));
  });

  it('leaves no file open after conditions, refusals and HEAD', { skip: process.platform !== 'linux' }, async () => {
    const etag = (await at(`${JOB}/3/large.mp4`, {}, 'HEAD')).headers.get('etag') ?? '';
    for (const headers of [{ 'if-none-match': etag }, { range: 'bytes=300000-' }, { 'if-match': '"old"' }])
      await (await at(`${JOB}/3/large.mp4`, headers)).text();
    await at(`${JOB}/5/dir.mp4`);
    assert.equal(await isOpen('large.mp4'), false);
    assert.equal(await isOpen('dir.mp4'), false);
  });

  it('is alive and ready, and says what it counted by the pattern of the route', async () => {
    assert.deepEqual(await (await fetch(`${url}/livez`)).json(), { alive: true });
    assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), {
      ready: true,
      checks: [{ name: 'files', ok: true }],
    });
    const text = await (await fetch(`${url}/metrics`)).text();
    assert.match(
      text,
      /storyfarm_http_requests_total\{route="\/v1\/files\/:job\/:fence\/:file",method="GET",status="206"\} \d+/,
    );
    assert.doesNotMatch(text, new RegExp(JOB));
    assert.match(text, /^process_cpu_seconds_total /m);
  });

  it('is not ready without its folder', async (t) => {
    const away = createFiles({ ...recorded(), folder: join(folder, 'unmounted') });
    const answer = await fetch(`${await running(t, away)}/readyz`);
    assert.equal(answer.status, 503);
    assert.deepEqual(await answer.json(), {
      ready: false,
      checks: [{ name: 'files', ok: false, reason: 'The folder of the finished jobs cannot be read.' }],
    });
  });

  async function isOpen(name: string): Promise<boolean> {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return links.some((link) => link.endsWith(`/${name}`));
  }
});

it('cuts off what is still under way when the grace time of closing is over', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'storyfarm-files-'));
  t.after(() => rm(root, { recursive: true }));
  await mkdir(join(root, JOB, '1'), { recursive: true });
  await writeFile(join(root, JOB, '1', 'long.mp4'), Buffer.alloc(64 << 20));
  const server = createFiles({ ...recorded(), folder: root, closeGraceMs: 50 });
  const asked = request(`${await running(t, server)}/v1/files/${JOB}/1/long.mp4`).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  await once(answer, 'readable'); // and reads no further
  const ended = once(answer, 'error');
  await server.close();
  answer.resume();
  assert.equal(((await ended)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
});
