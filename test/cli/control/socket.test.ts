/** The control socket against whoever may come: another user, a dead farm's file, clients that are silent, endless, wrong or gone. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, linkSync, lstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { isLeft, isTrusted, placesOf } from '../../../src/cli/control/address.js';
import { askFarm } from '../../../src/cli/control/client.js';
import { LONGEST_REQUEST, parseAnswer, parseRequest, type Request } from '../../../src/cli/control/protocol.js';
import { openControl } from '../../../src/cli/control/server.js';
import { systemClock } from '../../../src/clock.js';
import { StoryfarmError } from '../../../src/errors.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { promised, StillClock, settled } from '../../supervisor/fakes.js';

const onWindows = process.platform === 'win32';
const notRoot = process.getuid?.() !== 0 && 'it needs two users';

async function opened(
  t: TestContext,
  {
    folder = temporaryFolder(t),
    clock = systemClock as Pick<typeof systemClock, 'after'>,
    answer = async ({ do: deed }: Request): Promise<object> => ({ paused: deed, jobs: 0 }),
  } = {},
) {
  const asked: Request[] = [];
  const control = await openControl(
    folder,
    (request) => {
      asked.push(request);
      return answer(request);
    },
    clock,
  );
  t.after(() => control.close());
  return { folder, control, asked };
}

async function connected(t: TestContext, path: string): Promise<Socket> {
  const socket = connect(path);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** What is answered to this, until the farm hangs up. */
async function said(t: TestContext, path: string, line: string): Promise<string> {
  const socket = await connected(t, path);
  const answer = text(socket);
  socket.write(line);
  return answer;
}

describe('the control socket', () => {
  it('is for its user alone, and gone when it is closed', { skip: onWindows }, async (t) => {
    const umask = process.umask();
    const { folder, control } = await opened(t);
    assert.equal(process.umask(), umask);
    assert.equal(dirname(control.path), folder);
    assert.equal(lstatSync(control.path).mode & 0o777, 0o600);
    control.close();
    control.close();
    assert.equal(existsSync(control.path), false);
    assert.equal(await isLeft(folder), false);
    await assert.rejects(askFarm(folder, { do: 'status' }), { code: 'not_running' });
  });

  it('takes the place of one that a dead farm left', { skip: onWindows }, async (t) => {
    const folder = temporaryFolder(t);
    const [place] = await placesOf(folder);
    const dead = createServer().listen(place?.path);
    await once(dead, 'listening');
    // A second name for the file, so that it stays when its server is closed.
    linkSync(place?.path as string, join(folder, 'left'));
    dead.close();
    renameSync(join(folder, 'left'), place?.path as string);
    await assert.rejects(askFarm(folder, { do: 'status' }), { code: 'not_running' });
    assert.equal(await isLeft(folder), true);
    const { control } = await opened(t, { folder });
    assert.equal(control.path, place?.path);
    assert.deepEqual(await askFarm(folder, { do: 'pause', reason: '' }), { paused: 'pause', jobs: 0 });
  });

  it('is in the temporary folder when its path would be too long', { skip: onWindows }, async (t) => {
    const folder = join(temporaryFolder(t), 'x'.repeat(100));
    mkdirSync(folder);
    const { control } = await opened(t, { folder });
    assert.notEqual(dirname(control.path), folder);
    assert.ok(Buffer.byteLength(control.path) <= 103);
    assert.equal(lstatSync(control.path).mode & 0o777, 0o600);
    assert.deepEqual(await askFarm(folder, { do: 'pause', reason: '' }), { paused: 'pause', jobs: 0 });
  });

  it('leaves a file alone that is no socket, and goes elsewhere', { skip: onWindows }, async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'farm.sock'), 'precious');
    const { control } = await opened(t, { folder });
    assert.notEqual(dirname(control.path), folder);
    assert.equal((await askFarm(folder, { do: 'pause', reason: '' })).paused, 'pause');
  });

  it('in a public place is believed only of those who may run the farm', { skip: notRoot }, async (t) => {
    const folder = temporaryFolder(t);
    const socket = join(folder, 'x');
    writeFileSync(socket, '');
    const trusted = (isPublic: boolean) => isTrusted({ path: socket, isPublic }, folder);
    assert.equal(await trusted(true), true);
    chownSync(socket, 4242, 4242);
    assert.equal(await trusted(true), false);
    assert.equal(await trusted(false), true);
    chownSync(folder, 4242, 4242);
    assert.equal(await trusted(true), true);
  });

  it('refuses what is no request, with a code and a remedy, and asks nothing of the farm', async (t) => {
    const { control, asked } = await opened(t);
    const wrong = [
      ['nonsense', 'invalid_request', /no JSON/],
      ['', 'invalid_request', /no JSON/],
      ['null', 'invalid_request', /no version/],
      ['{"v":2,"do":"status"}', 'invalid_request', /version 2/],
      ['{"v":1}', 'invalid_request', /no request/],
      ['{"v":1,"do":"explode"}', 'invalid_request', /no request/],
      ['{"v":1,"do":"scale"}', 'invalid_request', /slots/],
      ['{"v":1,"do":"scale","slots":-1}', 'invalid_request', /slots/],
      ['{"v":1,"do":"scale","slots":1e9}', 'invalid_request', /slots/],
      ['{"v":1,"do":"status","more":1}', 'invalid_request', /more/],
      ['{"v":1,"do":"pause","reason":"\\u001b[2J"}', 'invalid_request', /control characters/],
      [`{"v":1,"do":"pause","reason":"${'x'.repeat(LONGEST_REQUEST)}"}`, 'body_too_large', /at most/],
    ] as const;
    for (const [line, code, message] of wrong) {
      const { v, error } = JSON.parse(await said(t, control.path, `${line}\n`));
      assert.deepEqual([v, error.code], [1, code], line);
      assert.match(error.message, message);
      assert.ok(error.hint.length > 10, line);
    }
    assert.deepEqual(asked, []);
  });

  it('tells what the farm refuses, and a defect as what it is', async (t) => {
    const { folder } = await opened(t, {
      answer: async ({ do: deed }) => {
        if (deed === 'drain') throw new TypeError('a defect');
        throw new StoryfarmError('config_invalid', 'Two places.', {
          hint: 'Mend them.',
          complaints: [{ pointer: '/slots', code: 'config_invalid', detail: 'Too many.' }],
        });
      },
    });
    await assert.rejects(askFarm(folder, { do: 'reload' }), (error: StoryfarmError) => {
      const { code, message, hint, complaints } = error;
      assert.deepEqual([code, message, hint, complaints.length], ['config_invalid', 'Two places.', 'Mend them.', 1]);
      return true;
    });
    await assert.rejects(askFarm(folder, { do: 'drain' }), { code: 'internal', message: 'a defect' });
  });

  it('answers one request of a connection, whatever comes after it', async (t) => {
    const { control, asked } = await opened(t);
    const line = '{"v":1,"do":"resume"}\n';
    assert.equal((await said(t, control.path, line.repeat(1000))).trim().split('\n').length, 1);
    assert.equal(asked.length, 1);
  });

  it('answers a client that ends its side first, with or without the end of the line', async (t) => {
    const { control } = await opened(t);
    const socket = connect({ path: control.path, allowHalfOpen: true });
    t.after(() => socket.destroy());
    socket.end('{"v":1,"do":"resume"}');
    assert.match(await text(socket), /"ok"/);
  });

  it('cuts off who says nothing, or not all of it, and serves others meanwhile', async (t) => {
    const clock = new StillClock();
    const { control, folder } = await opened(t, { clock });
    const [silent, slow] = [await connected(t, control.path), await connected(t, control.path)];
    slow.write('{"v":1,');
    const answers = Promise.all([text(silent), text(slow)]);
    assert.equal((await askFarm(folder, { do: 'pause', reason: '' })).paused, 'pause');
    clock.move(5_000);
    for (const answer of await answers) assert.match(answer, /No request came within 5 s/);
  });

  it('lets go of who does not take its answer', async (t) => {
    const clock = new StillClock();
    const { control } = await opened(t, { clock, answer: async () => ({ much: 'x'.repeat(10_000_000) }) });
    const socket = await connected(t, control.path);
    socket.pause();
    socket.write('{"v":1,"do":"status"}\n');
    while (clock.waiting === 0 || socket.bytesWritten === 0) await settled();
    const before = clock.waiting;
    await connected(t, control.path); // One who is served after it.
    while (clock.waiting <= before) await settled();
    clock.move(5_000);
    socket.resume();
    const got = await text(socket);
    assert.ok(got.length < 10_000_000, 'it was cut off');
  });

  it('lets go of those who have asked nothing when it is closed, and keeps who awaits the end', async (t) => {
    const over = promised<object>();
    const { control } = await opened(t, { answer: () => over.promise });
    const [silent, waiting] = [await connected(t, control.path), await connected(t, control.path)];
    waiting.write('{"v":1,"do":"await"}\n');
    const answer = once(waiting, 'data');
    // The request has been read when one that was sent after it is answered.
    assert.match(await said(t, control.path, 'x\n'), /error/);
    const gone = once(silent, 'close');
    silent.resume();
    control.close();
    await gone;
    over.keep({});
    assert.deepEqual(JSON.parse(String((await answer)[0])), { v: 1, ok: {} });
    assert.equal(waiting.destroyed, false);
  });
});

describe('a client', () => {
  it('is told when there is no farm, no folder, or nobody answers', async (t) => {
    const folder = temporaryFolder(t);
    await assert.rejects(askFarm(folder, { do: 'status' }), { code: 'not_running' });
    await assert.rejects(askFarm(join(folder, 'none'), { do: 'status' }), { code: 'not_running' });
    const [place] = await placesOf(folder);
    const mute = createServer((socket) => socket.destroy()).listen(place?.path);
    await once(mute, 'listening');
    t.after(() => mute.close());
    await assert.rejects(askFarm(folder, { do: 'status' }), { code: 'unavailable', message: /does not answer/ });
  });

  it('does not believe what is no answer', () => {
    for (const line of ['', '[]', '{"v":1}', '{"v":1,"ok":{"slots":"many"}}', '{"v":9,"ok":{}}'])
      assert.throws(() => parseAnswer('scale', line), { code: 'invalid_request' }, line);
    assert.throws(() => parseAnswer('scale', '{"v":1,"error":{"code":"new_code","message":"m","hint":"h"}}'), {
      code: 'internal',
      message: 'm',
    });
  });

  it('has no right to the socket of another user', { skip: notRoot || onWindows }, async (t) => {
    const folder = temporaryFolder(t);
    chmodSync(folder, 0o755);
    await opened(t, { folder });
    process.seteuid?.(65534);
    try {
      await assert.rejects(askFarm(folder, { do: 'status' }), { code: 'config_invalid', message: /may not control/ });
    } finally {
      process.seteuid?.(0);
    }
  });
});

it('whatever a line holds, it is a request or refused', () => {
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.object().map((value) => JSON.stringify({ v: 1, ...value })),
  );
  fc.assert(
    fc.property(line, (text) => {
      try {
        assert.equal(typeof parseRequest(text).do, 'string');
      } catch (error) {
        assert.equal((error as StoryfarmError).code, 'invalid_request');
      }
    }),
  );
});
