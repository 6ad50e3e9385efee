import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isKillerAbout, type Strike, withStrike } from '../../../src/supervisor/decisions/killer.js';

const hits = (...jobs: readonly (string | undefined)[]): Strike[] => jobs.map((job, at) => ({ at, job }));

describe('somebody else kills', () => {
  const cases: readonly [what: string, strikes: readonly Strike[], isIt: boolean][] = [
    ['nobody was hit', hits(), false],
    ['only the job itself was hit, however often', hits('a', 'a', 'a', 'a'), false],
    ['one other was hit too: each may be its own killer', hits('b', 'a', 'b', 'a'), false],
    ['two others were hit', hits('b', 'a', 'c'), true],
    ['a renderer without a job was hit', hits(undefined, 'a'), true],
  ];
  for (const [what, strikes, isIt] of cases)
    it(`${isIt ? '' : 'not '}when ${what}`, () => assert.equal(isKillerAbout(strikes, 'a'), isIt));
});

it('a strike is remembered for a minute', () => {
  const [first, last] = [
    { at: 0, job: undefined },
    { at: 59_999, job: 'a' },
  ];
  assert.deepEqual(withStrike([first], last), [first, last]);
  assert.deepEqual(withStrike([first], { ...last, at: 60_000 }), [{ ...last, at: 60_000 }]);
});
