import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure } from '../../../src/errors.js';
import {
  causeOfDeath,
  causeOfSilence,
  isSuspect,
  reasonToKill,
  wasKilled,
} from '../../../src/supervisor/decisions/judge.js';
import { lastWords } from '../../../src/supervisor/decisions/last-words.js';
import type { Death } from '../../../src/supervisor/renderer/process.js';
import type { KillCause } from '../../../src/supervisor/renderer/renderer.js';

const patience = { bootMs: 100, silentMs: 50, stallMs: 200, maxMemoryHard: 1_000, graceMs: 30 };
type Judged = Parameters<typeof reasonToKill>[0];
const idle: Judged = { phase: 'idle', heardAt: 0, memory: 0, dismissedAt: undefined, assignment: undefined };
const busy: Judged = { ...idle, phase: 'busy', assignment: { progressAt: 0, lostAt: undefined } };

describe('a renderer is killed', () => {
  const cases: readonly [what: string, renderer: Judged, now: number, cause: KillCause | undefined][] = [
    ['not while it boots in time, silent as it is', { ...idle, phase: 'booting' }, 100, undefined],
    ['when it boots for too long', { ...idle, phase: 'booting' }, 101, 'boot_failed'],
    ['not while it speaks', idle, 50, undefined],
    ['when it is silent, idle or not', idle, 51, 'renderer_silent'],
    ['not at the hard limit', { ...busy, memory: 1_000 }, 0, undefined],
    ['past the hard limit', { ...busy, memory: 1_001 }, 0, 'renderer_memory'],
    ['not while its job moves on', { ...busy, heardAt: 200 }, 200, undefined],
    ['when its job does not move on', { ...busy, heardAt: 201 }, 201, 'renderer_stalled'],
    ['not for a stall without a job', { ...idle, heardAt: 201 }, 201, undefined],
    ['not while it stops a lost attempt', { ...busy, assignment: { progressAt: 0, lostAt: 10 } }, 40, undefined],
    ['when it does not stop a lost attempt', { ...busy, assignment: { progressAt: 0, lostAt: 10 } }, 41, 'aborted'],
    ['not while it leaves', { ...idle, phase: 'leaving', dismissedAt: 10 }, 40, undefined],
    ['when it does not leave', { ...idle, phase: 'leaving', dismissedAt: 10 }, 41, 'stop'],
  ];
  for (const [what, renderer, now, cause] of cases) {
    it(what, () => assert.equal(reasonToKill(renderer, now, patience), cause));
  }

  it('five seconds after it was told, if nothing else is said', () => {
    const { graceMs: _, ...usual } = patience;
    const leaving: Judged = { ...idle, phase: 'leaving', heardAt: 6_000, dismissedAt: 1_000 };
    assert.equal(reasonToKill(leaving, 6_000, usual), undefined);
    assert.equal(reasonToKill({ ...leaving, heardAt: 6_001 }, 6_001, usual), 'stop');
  });
});

describe('silence', () => {
  it('is worth a look when half of the patience is over, but not of one that boots', () => {
    const at = (heardAt: number, phase: 'idle' | 'booting' = 'idle') => isSuspect({ phase, heardAt }, 100, patience);
    assert.deepEqual([at(75), at(74), at(0, 'booting')], [false, true, false]);
  });

  const vitals = (state: string, ticks = 10) => ({ state, ticks });
  const cases = [
    ['stopped', vitals('S'), vitals('T'), 'renderer_stopped'],
    ['traced', undefined, vitals('t'), 'renderer_stopped'],
    ['running', vitals('R'), vitals('R'), 'renderer_blocked'],
    ['at work though it waits now', vitals('S'), vitals('S', 11), 'renderer_blocked'],
    ['waiting for a disk', vitals('D'), vitals('D'), 'renderer_hung'],
    ['waiting for anything', undefined, vitals('S'), 'renderer_hung'],
    ['not to be seen', undefined, undefined, 'renderer_silent'],
  ] as const;
  for (const [what, before, now, cause] of cases)
    it(`of one that is ${what}: ${cause}`, () => assert.equal(causeOfSilence(before, now), cause));
});

describe('a death is called', () => {
  const death: Death = { code: null, signal: 'SIGKILL', unfit: undefined, tail: '' };

  it('what the supervisor killed it for', () => {
    for (const cause of [
      'renderer_memory',
      'renderer_silent',
      'renderer_stopped',
      'renderer_blocked',
      'renderer_hung',
      'renderer_stalled',
      'renderer_nonsense',
      'aborted',
    ] as const) {
      assert.equal(causeOfDeath({ phase: 'busy', killedFor: cause }, death).code, cause);
    }
    assert.equal(causeOfDeath({ phase: 'busy', killedFor: 'stop' }, death).code, 'aborted');
  });

  it('a boot that failed, with what the renderer said of it, and its hint', () => {
    const unfit = failure('ffmpeg_missing', 'ffmpeg is nowhere.');
    const cause = causeOfDeath({ phase: 'booting', killedFor: undefined }, { ...death, code: 1, unfit });
    assert.deepEqual([cause.code, cause.message, cause.hint], ['boot_failed', unfit.message, unfit.hint]);
  });

  it('a crash, with how it ended and what it wrote', () => {
    const renderer = { phase: 'busy', killedFor: undefined } as const;
    assert.equal(causeOfDeath(renderer, death).message, 'The renderer ended by SIGKILL.');
    const tail = 'Error: no\n    at main.js:1\n\nNode.js v20.20.2\n';
    const cause = causeOfDeath(renderer, { ...death, code: 1, signal: null, tail });
    assert.deepEqual(
      [cause.code, cause.message],
      ['renderer_exited', 'The renderer ended with exit code 1: Error: no'],
    );
    assert.equal(causeOfDeath({ ...renderer, phase: 'booting' }, death).code, 'boot_failed');
  });

  it('one for want of memory, when nobody else has killed it', () => {
    const renderer = { phase: 'busy', killedFor: undefined } as const;
    assert.equal(causeOfDeath(renderer, death, true).code, 'out_of_memory');
    assert.equal(wasKilled(renderer, death), true);
    assert.equal(wasKilled({ killedFor: 'renderer_stalled' }, death), false);
    assert.equal(wasKilled(renderer, { ...death, signal: 'SIGSEGV' }), false);
  });
});

describe('the last words of a program', () => {
  const cases: readonly [what: string, tail: string, words: string | undefined][] = [
    ['are none when it said nothing', ' \n\n', undefined],
    ['are its last line', 'one\ntwo\n', 'two'],
    [
      'are the error, not its stack or the version of Node',
      'file:///a.js:3\nTypeError: x is not a function\n    at f (a.js:3:1)\n\nNode.js v22.1.0\n',
      'TypeError: x is not a function',
    ],
    [
      'are the fatal line of V8, not its frames',
      'FATAL ERROR: Reached heap limit Allocation failed\n----- Native stack trace -----\n\n 1: 0xb9 node::Abort()\n 2: 0xb8 [node]\n',
      'FATAL ERROR: Reached heap limit Allocation failed',
    ],
    ['are the last of several errors', 'Error: first\nError: second\nbye\n', 'Error: second'],
    ['are cut', `Error: ${'x'.repeat(1_000)}`, `Error: ${'x'.repeat(293)}`],
  ];
  for (const [what, tail, words] of cases) it(what, () => assert.equal(lastWords(tail), words));
});
