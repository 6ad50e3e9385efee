/** docs/faults.md names the test of each fault. This holds it to that: every fault is there, every test exists, and most of them end in the assertion of all invariants. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageFolder } from '../src/package.js';

/** What two servers do at once, and what a wire to a database server may suffer from, is shown where the store is held to its contract; what damage does to an edition, by a renderer alone. */
const OF_A_PART = [27, 28, 30, 49, 51];

interface Shown {
  readonly file: string;
  readonly name: string;
}

const rows = readFileSync(join(packageFolder, 'docs', 'faults.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, , happens, shown = ''] = /^\| (\d+) \| ([^|]*) \| ([^|]*) ?\| ([^|]*) \|$/.exec(line) ?? [];
    if (number === undefined) return [];
    return [{ number: Number(number), happens, tests: shown.split('<br>').flatMap(shownBy) }];
  });

function shownBy(text: string): Shown[] {
  const [, file = '', name = ''] = /^`([a-z0-9/-]+)`: (.+)$/.exec(text) ?? [];
  return file ? [{ file, name }] : [];
}

/** Whether a title is the one that is named: `…` stands for what a loop fills in. */
const isMeant = (name: string, title: string): boolean =>
  title !== '' && name.split('…').every((part) => title.includes(part));

/** The code of each test in a file, from its title to the next. */
function testsIn(file: string): { readonly title: string; readonly code: string }[] {
  const path = ['.test.ts', '.ts'].map((end) => join(packageFolder, 'test', `${file}${end}`));
  const code = path.map((each) => readOr(each)).find((text) => text !== '') ?? '';
  const parts = code.split(/^[ \t]*(?=(?:it|test|on|onTwo)\()/m);
  return parts.map((part) => {
    const [, , title = ''] = /^(?:it|test|on|onTwo)\(\s*(?:open,\s*)?(['"`])((?:\\.|(?!\1)[\s\S])*)\1/.exec(part) ?? [];
    return { title, code: part };
  });
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test('every fault has its row', () => {
  assert.deepEqual(
    rows.map(({ number }) => number),
    Array.from({ length: 51 }, (_, index) => index + 1),
  );
});

for (const { number, happens, tests } of rows)
  test(`fault ${number} is shown by tests that exist, and that look at everything`, () => {
    assert.ok(happens?.trim(), 'what happens is told');
    assert.ok(tests.length > 0, 'a test is named');
    const found = tests.map(({ file, name }) => {
      const there = testsIn(file).find(({ title }) => isMeant(name, title));
      assert.ok(there, `test/${file} has no test "${name}"`);
      return there;
    });
    if (OF_A_PART.includes(number)) return;
    assert.ok(
      found.some(({ code }) => /\bend\(|\baftermath\(|\bassertInvariants\(/.test(code)),
      'none of them ends in all invariants',
    );
  });
