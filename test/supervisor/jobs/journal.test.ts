import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { failure } from '../../../src/errors.js';
import { type Damage, openJournal } from '../../../src/supervisor/jobs/journal.js';
import { type Entry, lineOf, readLines, settledLine } from '../../../src/supervisor/jobs/journal-lines.js';
import { temporaryFolder } from '../../fixtures/folder.js';

const rendered = (id: string, fence = 1): Entry => ({
  id,
  fence,
  fate: { event: 'rendered', result: { outputs: [], stages: { encode: 1.5 } } },
});
const dead: Entry = {
  id: 'dead',
  fence: 3,
  fate: {
    event: 'dead',
    options: { failure: failure('poison', 'Zeile\nund 줄'), retryInMs: null, counts: 'crash' },
  },
};

const NOTHING = { lines: 0, bytes: 0 };

/** A line whose checksum is right, whatever stands in it. */
const sealed = (json: string) => `${createHash('sha256').update(json).digest('hex').slice(0, 16)} ${json}\n`;

/** A folder whose journal has this content, and what is told of it. */
function journalWith(t: TestContext, content: string | Buffer) {
  const folder = temporaryFolder(t);
  const file = join(folder, 'outcomes.journal');
  writeFileSync(file, content);
  const damages: Damage[] = [];
  const open = () => openJournal(folder, (damage) => damages.push(damage));
  return { folder, file, damages, open };
}

describe('the journal', () => {
  it('keeps outcomes for the next life, each once, and is gone when all are settled', async (t) => {
    const folder = temporaryFolder(t);
    const first = openJournal(folder);
    const answers = await Promise.all([first.keep(rendered('a')), first.keep(dead), first.keep(rendered('a'))]);
    assert.deepEqual(answers, [true, true, false]);
    const next = openJournal(folder);
    assert.deepEqual(await next.entries(), [rendered('a'), dead]);
    await next.forget({ id: 'a', fence: 2 });
    await next.forget({ id: 'a', fence: 1 });
    assert.deepEqual(await next.entries(), [dead]);
    await next.forget(dead);
    assert.equal(existsSync(join(folder, 'outcomes.journal')), false);
    assert.deepEqual(await openJournal(folder).entries(), []);
  });

  it('clears away what a life left that was killed before its first line, or after its last was settled', async (t) => {
    for (const content of ['', lineOf(dead) + settledLine(dead)]) {
      const { file, damages, open } = journalWith(t, content);
      assert.deepEqual(await open().entries(), []);
      assert.equal(existsSync(file), false);
      assert.deepEqual(damages, []);
    }
  });

  it('leaves out a torn last line, and what follows is whole again', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'outcomes.journal');
    writeFileSync(file, lineOf(rendered('a')) + lineOf(rendered('torn')).slice(0, -20));
    const journal = openJournal(folder);
    assert.deepEqual(await journal.entries(), [rendered('a')]);
    await journal.keep(rendered('b'));
    assert.deepEqual(readLines(readFileSync(file)), {
      entries: [rendered('a'), rendered('b')],
      lines: 2,
      dropped: NOTHING,
    });
  });

  it('tells what it left out, keeps the damaged file beside, and goes on with what is whole', async (t) => {
    const noise = randomBytes(4096);
    const content = Buffer.concat([Buffer.from(lineOf(rendered('a'))), noise]);
    const { folder, file, damages, open } = journalWith(t, content);
    assert.deepEqual(await open().entries(), [rendered('a')]);
    const lines = noise.filter((byte) => byte === 10).length + (noise.at(-1) === 10 ? 0 : 1);
    const aside = `${file}.damaged`;
    assert.deepEqual(damages, [{ lines, bytes: 4096, kept: 1, aside }]);
    assert.deepEqual(readFileSync(aside), content);
    assert.equal(readFileSync(file, 'utf8'), lineOf(rendered('a')));
    assert.deepEqual(await open().entries(), [rendered('a')]);
    assert.equal(damages.length, 1, 'it is told once');

    writeFileSync(file, noise);
    assert.deepEqual(await open().entries(), []);
    assert.deepEqual(readdirSync(folder), ['outcomes.journal.damaged'], 'nothing was whole');
    assert.deepEqual(readFileSync(aside), noise, 'the last one is kept');
  });

  it('goes on also where the damaged file cannot be kept', async (t) => {
    const { file, damages, open } = journalWith(t, `${lineOf(rendered('a'))}noise`);
    mkdirSync(`${file}.damaged`);
    const journal = open();
    assert.deepEqual(await journal.entries(), [rendered('a')]);
    assert.equal((damages[0]?.error as NodeJS.ErrnoException).code, 'EISDIR');
    await journal.keep(dead);
    assert.equal(readFileSync(file, 'utf8'), lineOf(rendered('a')) + lineOf(dead));
  });

  it('leaves out a line that is not one of its own, though its checksum is right', async (t) => {
    const foreign = ['null', '1', '"a"', '[]', '{}', '{"id":"a"}', '{"id":1,"fence":1}', 'no JSON'];
    const fates = ['null', '1', '{}', '{"event":"released"}'].map((fate) => `{"id":"a","fence":1,"fate":${fate}}`);
    const strange = [...foreign, ...fates].map(sealed);
    const { damages, open } = journalWith(t, [lineOf(rendered('a')), ...strange, lineOf(dead)].join(''));
    assert.deepEqual(await open().entries(), [rendered('a'), dead]);
    assert.equal(damages[0]?.lines, strange.length);
  });

  it('says which folder is in its place', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'outcomes.journal');
    mkdirSync(file);
    await assert.rejects(openJournal(folder).entries(), {
      code: 'config_invalid',
      message: `${file} is a folder, and results are to be kept there.`,
      hint: /^Move the folder away/,
    });
  });

  it('does not grow with what is settled while something is not', async (t) => {
    const folder = temporaryFolder(t);
    const journal = openJournal(folder);
    await journal.keep(rendered('stays'));
    let most = 0;
    for (let number = 0; number < 300; number++) {
      await journal.keep(rendered(`${number}`));
      await journal.forget({ id: `${number}`, fence: 1 });
      most = Math.max(most, readLines(readFileSync(join(folder, 'outcomes.journal'))).lines);
    }
    assert.ok(most <= 103, `${most} lines`);
    assert.deepEqual(await openJournal(folder).entries(), [rendered('stays')]);
  });

  it('tells when it cannot be written, and takes the outcome at the next try', async (t) => {
    const folder = join(temporaryFolder(t), 'later');
    const journal = openJournal(folder);
    await assert.rejects(journal.keep(rendered('a')), { code: 'ENOENT' });
    assert.deepEqual(await journal.entries(), []);
    mkdirSync(folder);
    assert.equal(await journal.keep(rendered('a')), true);
    assert.deepEqual(await openJournal(folder).entries(), [rendered('a')]);
  });

  it('reads what was whole and nothing else, wherever it is cut or bent', () => {
    const entries = [rendered('a'), dead, rendered('b', 7)];
    const text = entries.map(lineOf).join('');
    const place = fc.integer({ min: 0, max: text.length - 1 });
    fc.assert(
      fc.property(place, fc.option(fc.string({ maxLength: 3 })), (at, instead) => {
        const damaged = instead === null ? text.slice(0, at) : text.slice(0, at) + instead + text.slice(at + 1);
        const { entries: read, dropped } = readLines(Buffer.from(damaged));
        const known = new Set(entries.map(lineOf));
        for (const entry of read) assert.ok(known.has(lineOf(entry)));
        assert.ok(read.length >= (instead === null ? text.slice(0, at).split('\n').length - 1 : 1));
        assert.ok(dropped.lines > 0 || read.length === damaged.split('\n').length - 1);
        const whole = read.reduce((bytes, entry) => bytes + Buffer.byteLength(lineOf(entry)), 0);
        assert.equal(dropped.bytes, Buffer.byteLength(damaged) - whole);
      }),
    );
  });
});
