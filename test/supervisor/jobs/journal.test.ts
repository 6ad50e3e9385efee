import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { failure } from '../../../src/errors.js';
import { type Entry, lineOf, openJournal, readLines } from '../../../src/supervisor/jobs/journal.js';
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

  it('leaves out a torn last line, and what follows is whole again', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'outcomes.journal');
    writeFileSync(file, lineOf(rendered('a')) + lineOf(rendered('torn')).slice(0, -20));
    const journal = openJournal(folder);
    assert.deepEqual(await journal.entries(), [rendered('a')]);
    await journal.keep(rendered('b'));
    assert.deepEqual(readLines(readFileSync(file, 'utf8')), {
      entries: [rendered('a'), rendered('b')],
      lines: 2,
      isTorn: false,
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
      most = Math.max(most, readLines(readFileSync(join(folder, 'outcomes.journal'), 'utf8')).lines);
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
        const { entries: read, isTorn } = readLines(damaged);
        const known = new Set(entries.map(lineOf));
        for (const entry of read) assert.ok(known.has(lineOf(entry)));
        assert.ok(read.length >= (instead === null ? text.slice(0, at).split('\n').length - 1 : 1));
        assert.ok(isTorn || read.length === damaged.split('\n').length - 1);
      }),
    );
  });
});
