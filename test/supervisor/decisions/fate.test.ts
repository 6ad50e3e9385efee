import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure } from '../../../src/errors.js';
import { fateOfCrash, fateOfFailure, MOST_CLAIMS } from '../../../src/supervisor/decisions/fate.js';

const limits = { maxAttempts: 3, maxCrashes: 3 };

describe('the fate of a job that failed', () => {
  it('is another try, counted and later', () => {
    const told = failure('ffmpeg_failed', 'It ended with 1.');
    assert.deepEqual(fateOfFailure({ attempt: 1, fence: 2 }, told, limits, 0), {
      event: 'retried',
      options: { failure: told, retryInMs: 4_000, counts: 'attempt' },
    });
  });

  it('is death at the last attempt, or when trying again cannot help', () => {
    for (const [code, attempt] of [
      ['ffmpeg_failed', 2],
      ['words_do_not_fit', 0],
    ] as const) {
      const told = failure(code, 'No.');
      assert.deepEqual(fateOfFailure({ attempt, fence: 3 }, told, limits, 0), {
        event: 'dead',
        options: { failure: told, retryInMs: null, counts: 'attempt' },
      });
    }
  });

  it('is to be given back when the disk was full or could not be written, or the bucket took nothing, whatever it had behind it', () => {
    for (const code of ['no_space', 'storage_failed', 'bucket_failed'] as const)
      assert.deepEqual(fateOfFailure({ attempt: 2, fence: 3 }, failure(code, 'No.'), limits, 0), { event: 'released' });
  });
});

describe('the fate of a job whose renderer died', () => {
  const cause = failure('renderer_crashed', 'The renderer ended by SIGSEGV.');

  it('is another try at once, counted as a crash', () => {
    for (const crashes of [0, 1]) {
      assert.deepEqual(fateOfCrash({ crashes, fence: 3 }, cause, limits), {
        event: 'retried',
        options: { failure: cause, retryInMs: 0, counts: 'crash' },
      });
    }
  });

  it('is poison at the last crash, which names its cause', () => {
    const fate = fateOfCrash({ crashes: 2, fence: 3 }, cause, limits);
    assert.deepEqual(fate, {
      event: 'dead',
      options: {
        failure: failure(
          'poison',
          'The job ended 3 renderers, the last with renderer_crashed: The renderer ended by SIGSEGV.',
        ),
        retryInMs: null,
        counts: 'crash',
      },
    });
  });
});

describe('the fate of a job that somebody else has hit', () => {
  const struck = failure('renderer_crashed', 'The renderer ended by SIGKILL.');
  const ffmpeg = failure('ffmpeg_killed', 'ffmpeg was killed with signal SIGKILL');

  it('is to be given back, whatever it had behind it', () => {
    const job = { crashes: 2, attempt: 2, fence: MOST_CLAIMS - 1 };
    assert.deepEqual(fateOfCrash(job, struck, limits, true), { event: 'released' });
    assert.deepEqual(fateOfFailure(job, ffmpeg, limits, 0, true), { event: 'released' });
  });

  it('is as that of others when it was claimed so often that it never ends', () => {
    const job = { crashes: 2, attempt: 2, fence: MOST_CLAIMS };
    assert.deepEqual(fateOfCrash(job, struck, limits, true), fateOfCrash(job, struck, limits));
    assert.equal(fateOfFailure(job, ffmpeg, limits, 0, true).event, 'dead');
  });
});
