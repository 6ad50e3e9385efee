/** Real processes that all want to make the same thing; some are killed at it. */

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { disown, exclusively, filesOf, partOf, sweepParts } from '../../../src/media/prepare/exclusive.js';
import { nameOf } from '../../../src/processes.js';
import { temporaryFolder } from '../../fixtures/folder.js';

type Test = Parameters<typeof temporaryFolder>[0];
const program = fileURLToPath(new URL('../../fixtures/makers/maker.js', import.meta.url));

class Maker {
  readonly #child: ChildProcess;
  readonly #heard: string[] = [];
  #wake = () => {};

  constructor(t: Test, folder: string) {
    this.#child = fork(program, [join(folder, 'final'), join(folder, 'log')]);
    this.#child.on('message', (message) => {
      this.#heard.push(String(message));
      this.#wake();
    });
    t.after(() => this.#child.kill('SIGKILL'));
  }

  /** Resolves with the first message of this beginning, and counts only what comes from now on when asked to. */
  async hears(start: string, fromNow = false): Promise<string> {
    const from = fromNow ? this.#heard.length : 0;
    for (;;) {
      const found = this.#heard.slice(from).find((message) => message.startsWith(start));
      if (found !== undefined) return found;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  has(start: string): boolean {
    return this.#heard.some((message) => message.startsWith(start));
  }

  say(word: string): void {
    this.#child.send(word);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  get pid(): number {
    return this.#child.pid as number;
  }
}

const logOf = (folder: string) => readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').map(Number);

test('one makes, the other waits and finds it made', async (t) => {
  const folder = temporaryFolder(t);
  const first = new Maker(t, folder);
  await first.hears('making');
  const second = new Maker(t, folder);
  await second.hears('looking');
  await second.hears('looking', true); // It has come round again.
  assert.ok(!second.has('making'));
  first.say('go');
  assert.equal(await first.hears('made'), `made by ${first.pid}`);
  assert.equal(await second.hears('made'), `made by ${first.pid}`);
  assert.deepEqual(logOf(folder), [first.pid]);
  assert.deepEqual(readdirSync(folder).sort(), ['final', 'log']);
  assert.deepEqual(readdirSync(join(folder, 'final')), ['content']);
});

test('what a killed maker had begun is taken over, by one', async (t) => {
  const folder = temporaryFolder(t);
  const killed = new Maker(t, folder);
  await killed.hears('making');
  const heirs = [1, 2, 3].map(() => new Maker(t, folder));
  await Promise.all(heirs.map((heir) => heir.hears('looking')));
  writeFileSync(join(folder, 'final.part', 'half'), 'what was not finished');
  await killed.kill();
  const heir = await Promise.any(heirs.map((one) => one.hears('making').then(() => one)));
  assert.deepEqual(await filesOf(join(folder, 'final.part')), [], 'it begins empty');
  const others = heirs.filter((one) => one !== heir);
  await Promise.all(others.map((one) => one.hears('looking', true)));
  heir.say('go');
  for (const one of heirs) assert.equal(await one.hears('made'), `made by ${heir.pid}`);
  assert.deepEqual(logOf(folder), [killed.pid, heir.pid]);
});

test('after one fails the next makes it', async (t) => {
  const folder = temporaryFolder(t);
  const first = new Maker(t, folder);
  await first.hears('making');
  const second = new Maker(t, folder);
  await second.hears('looking');
  first.say('fail');
  assert.equal(await first.hears('made'), 'made it failed');
  await second.hears('making');
  second.say('go');
  assert.equal(await second.hears('made'), `made by ${second.pid}`);
});

test('a sweep takes the parts of the dead, to its depth, and leaves those of the living', async (t) => {
  const folder = temporaryFolder(t);
  const dead = join(folder, 'a', 'b');
  const [killed, living] = [dead, join(folder, 'c')].map((place) => {
    mkdirSync(place, { recursive: true });
    return new Maker(t, place);
  }) as [Maker, Maker];
  await Promise.all([killed.hears('making'), living.hears('making')]);
  await killed.kill();
  assert.equal(await sweepParts(folder, 2), 0, 'too deep');
  assert.equal(await sweepParts(folder, 3), 1);
  assert.ok(!existsSync(partOf(join(dead, 'final'))));
  assert.ok(existsSync(partOf(join(folder, 'c', 'final'))));
  assert.equal(await sweepParts(join(folder, 'nowhere'), 3), 0);
});

test(
  'a process that has the number of a dead maker is not taken for it',
  {
    skip: existsSync('/proc/self/stat') ? false : 'only /proc tells when a process started',
  },
  async (t) => {
    const part = partOf(join(temporaryFolder(t), 'final'));
    mkdirSync(part);
    writeFileSync(join(part, '.owner'), `${(await nameOf(process.pid)).replace(/-\d+-/, '-1-')} mark`);
    assert.equal(await sweepParts(join(part, '..'), 1), 1);
  },
);

test('a stop ends the waiting, not the making of the other', async (t) => {
  const folder = temporaryFolder(t);
  const maker = new Maker(t, folder);
  await maker.hears('making');
  const abort = new AbortController();
  let looks = 0;
  const waiting = exclusively(
    join(folder, 'final'),
    async () => {
      if (++looks === 2) abort.abort();
      return undefined;
    },
    async () => assert.fail('it is not its turn'),
    abort.signal,
  );
  await assert.rejects(waiting, { code: 'aborted' });
  maker.say('go');
  assert.equal(await maker.hears('made'), `made by ${maker.pid}`);
});

test('many in one process: each is made once, though all come at once', async (t) => {
  const folder = temporaryFolder(t);
  let made = 0;
  let content: string | undefined;
  const one = () =>
    exclusively(
      join(folder, 'final'),
      async () => content,
      async (part) => {
        made++;
        await new Promise(setImmediate);
        assert.deepEqual(await filesOf(part), []);
        writeFileSync(join(part, 'file'), '');
        content = 'made';
        return content;
      },
    );
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 8 }, one))), new Set(['made']));
  assert.equal(made, 1);
});

test('many that find a dead part at the same moment: one makes, none fails', async (t) => {
  // No process has this number: Linux ends at 4,194,304.
  const nobody = (await nameOf(process.pid)).replace(/^\d+/, '99999999');
  const folder = temporaryFolder(t);
  for (let round = 0; round < 10; round++) {
    const final = join(folder, `${round}`);
    mkdirSync(partOf(final));
    writeFileSync(join(partOf(final), '.owner'), `${nobody} mark`);
    let made = 0;
    const find = async () => (existsSync(join(final, 'content')) ? 'found' : undefined);
    const make = async (part: string) => {
      made++;
      await new Promise(setImmediate);
      writeFileSync(join(part, 'content'), '');
      renameSync(part, final);
      await disown(final);
      return 'made';
    };
    const results = await Promise.all(Array.from({ length: 6 }, () => exclusively(final, find, make)));
    assert.equal(made, 1);
    assert.deepEqual(results.sort(), ['found', 'found', 'found', 'found', 'found', 'made']);
    assert.deepEqual(readdirSync(final), ['content']);
  }
  assert.equal(readdirSync(folder).length, 10, 'nothing else is left');
});

test('what was finished between the look and the taking is not made again', async (t) => {
  const final = join(temporaryFolder(t), 'final');
  let finish = () => {};
  const finished = new Promise<void>((done) => {
    finish = done;
  });
  let content: string | undefined;
  const first = exclusively(
    final,
    async () => content,
    async () => {
      await finished;
      content = 'made by the first';
      return content;
    },
  );
  const lookThenWait = async () => {
    const seen = content;
    finish();
    await first;
    return seen;
  };
  const second = exclusively(final, lookThenWait, async () => assert.fail('it was made twice'));
  assert.equal(await second, 'made by the first');
});

test('one that is done leaves alone what the next has begun', async (t) => {
  const final = join(temporaryFolder(t), 'final');
  let begun = () => {};
  const nextHasBegun = new Promise<void>((done) => {
    begun = done;
  });
  let renamed = () => {};
  const firstHasRenamed = new Promise<void>((done) => {
    renamed = done;
  });
  const nothing = async () => undefined;
  const first = exclusively(final, nothing, async (part) => {
    renameSync(part, final);
    renamed();
    await nextHasBegun;
  });
  await firstHasRenamed;
  await exclusively(final, nothing, async (part) => {
    begun();
    await first;
    writeFileSync(join(part, 'content'), '');
  });
  assert.deepEqual(readdirSync(join(final, '..')), ['final']);
});
