import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '../../src/store/ids.js';

test('an id is a UUID of version 7: it begins with its time and is otherwise random', () => {
  const now = Date.UTC(2024, 1, 29, 12);
  const ids = Array.from({ length: 1000 }, () => newId(now));
  assert.equal(new Set(ids).size, 1000);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), now);
  }
  assert.ok(newId(now + 1) > (ids.sort().at(-1) ?? ''), 'later ids sort behind');
});
