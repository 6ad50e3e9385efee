import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { answerFor } from '../../src/files/answer.js';
import { rangeOf } from '../../src/files/range.js';

const file = { size: 1000, etag: '"1-rs-abc"', modified: 'Thu, 01 Jan 2026 00:00:10 GMT' };
const EARLIER = 'Thu, 01 Jan 2026 00:00:09 GMT';
const LATER = 'Thu, 01 Jan 2026 00:00:11 GMT';

describe('a byte range', () => {
  const cases: [string | undefined, ReturnType<typeof rangeOf>][] = [
    [undefined, undefined],
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=0-', { start: 0, end: 999 }],
    ['bytes=10-19', { start: 10, end: 19 }],
    ['BYTES= 10-19 ', { start: 10, end: 19 }],
    ['bytes=990-5000', { start: 990, end: 999 }],
    ['bytes=-1', { start: 999, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=99999999999999999999999-', 'unsatisfiable'],
    ['bytes=20-10', undefined],
    ['bytes=-', undefined],
    ['bytes=', undefined],
    ['bytes=a-b', undefined],
    ['bytes=1.5-2', undefined],
    ['items=0-1', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=0-1 5', undefined],
  ];
  for (const [field, expected] of cases) {
    it(`${field} of 1000 bytes`, () => assert.deepEqual(rangeOf(field, 1000), expected));
  }

  it('is unsatisfiable in an empty file', () => {
    assert.equal(rangeOf('bytes=0-', 0), 'unsatisfiable');
    assert.equal(rangeOf('bytes=-5', 0), 'unsatisfiable');
  });

  it('always lies within the file', () => {
    const number = fc.oneof(fc.constant(''), fc.nat(300).map(String), fc.bigInt(0n, 10n ** 25n).map(String));
    fc.assert(
      fc.property(number, number, fc.nat(200), (first, last, size) => {
        const range = rangeOf(`bytes=${first}-${last}`, size);
        if (range === undefined || range === 'unsatisfiable') return;
        assert.ok(range.start >= 0 && range.start <= range.end && range.end < size);
        if (first !== '') assert.equal(range.start, Number(first));
      }),
    );
  });

  it('survives any field', () => {
    fc.assert(fc.property(fc.string(), (field) => rangeOf(`bytes=${field}`, 10) !== null));
  });
});

describe('the answer for a file', () => {
  const statusOf = (fields: Record<string, string>, method = 'GET') => answerFor(method, fields, file).status;

  it('is the whole file without conditions', () => assert.equal(statusOf({}), 200));

  it('is 304 when If-None-Match names the file, strongly or weakly, alone or in a list', () => {
    for (const tag of [file.etag, `W/${file.etag}`, `"x", ${file.etag}`, `"a,b" , W/${file.etag}`, '*']) {
      assert.equal(statusOf({ 'if-none-match': tag }), 304, tag);
    }
    for (const tag of ['"other"', '', 'abc', '"1-rs-ab"']) assert.equal(statusOf({ 'if-none-match': tag }), 200, tag);
  });

  it('looks at If-Modified-Since only without If-None-Match', () => {
    assert.equal(statusOf({ 'if-modified-since': file.modified }), 304);
    assert.equal(statusOf({ 'if-modified-since': LATER }), 304);
    assert.equal(statusOf({ 'if-modified-since': EARLIER }), 200);
    assert.equal(statusOf({ 'if-modified-since': 'no date' }), 200);
    assert.equal(statusOf({ 'if-modified-since': LATER, 'if-none-match': '"other"' }), 200);
  });

  it('is 412 when If-Match does not name the file; a weak tag never does', () => {
    assert.equal(statusOf({ 'if-match': file.etag }), 200);
    assert.equal(statusOf({ 'if-match': '*' }), 200);
    assert.equal(statusOf({ 'if-match': `W/${file.etag}` }), 412);
    assert.equal(statusOf({ 'if-match': '"other"' }), 412);
    assert.equal(statusOf({ 'if-unmodified-since': EARLIER }), 412);
    assert.equal(statusOf({ 'if-unmodified-since': file.modified }), 200);
    assert.equal(statusOf({ 'if-unmodified-since': EARLIER, 'if-match': file.etag }), 200);
  });

  it('gives a range only to GET, and only of the file that If-Range names', () => {
    const range = { range: 'bytes=0-9' };
    assert.deepEqual(answerFor('GET', range, file), { status: 206, range: { start: 0, end: 9 } });
    assert.equal(statusOf(range, 'HEAD'), 200);
    assert.equal(statusOf({ ...range, 'if-range': file.etag }), 206);
    assert.equal(statusOf({ ...range, 'if-range': file.modified }), 206);
    assert.equal(statusOf({ ...range, 'if-range': `W/${file.etag}` }), 200);
    assert.equal(statusOf({ ...range, 'if-range': LATER }), 200);
    assert.equal(statusOf({ range: 'bytes=1000-' }), 416);
    assert.equal(statusOf({ range: 'bytes=1000-', 'if-range': '"other"' }), 200);
    assert.equal(statusOf({ ...range, 'if-none-match': file.etag }), 304);
  });
});
