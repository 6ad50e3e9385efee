import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { StoryfarmError } from '../src/errors.js';
import { createLog, type LogOptions } from '../src/log.js';

function logged(write: (log: ReturnType<typeof createLog>) => void, options: Partial<LogOptions> = {}): string {
  let text = '';
  const to = {
    write: (line: string) => {
      text += line;
    },
  };
  write(createLog({ part: 'test', to, ...options }));
  return text;
}

describe('the log', () => {
  it('writes a JSON object a line, with level, time and part', () => {
    const line = JSON.parse(logged((log) => log.info({ slot: 1 }, 'renderer ready')));
    assert.equal(line.level, 'info');
    assert.equal(line.part, 'test');
    assert.equal(line.slot, 1);
    assert.equal(line.msg, 'renderer ready');
    assert.ok(!Number.isNaN(Date.parse(line.time)));
  });

  it('keeps silent below its level', () => {
    assert.equal(
      logged((log) => log.debug('x')),
      '',
    );
    assert.equal(
      logged((log) => log.error('x'), { level: 'silent' }),
      '',
    );
  });

  it('never writes words, under whichever key they come', () => {
    const secret = 'Zebrafisch';
    const words = { greeting: secret, answer: '' };
    const text = logged((log) => {
      const job = { id: 'J', state: 'queued', attempt: 1, fence: 2, request: { words } };
      log.info({ job, order: job, words, request: { words }, body: secret });
      const complaints = [{ pointer: `/words/${secret}`, code: 'unknown_bubble', detail: secret } as const];
      log.error({
        err: new StoryfarmError('unknown_bubble', 'No such bubble.', {
          complaints,
          cause: Object.assign(new Error('inner'), { input: secret }),
        }),
      });
      log.error({ error: secret.length });
      log.child({ words }).info('child');
    });
    assert.ok(!text.includes(secret), text);
    const [first, second] = text.split('\n').map((line) => line && JSON.parse(line));
    assert.deepEqual(first.job, { id: 'J', state: 'queued', attempt: 1, fence: 2 });
    assert.deepEqual(first.words, [secret.length, 0]);
    assert.equal(second.err.code, 'unknown_bubble');
    assert.deepEqual(second.err.complaints, ['unknown_bubble']);
    assert.equal(second.err.cause.message, 'inner');
  });

  it('is readable on a terminal', () => {
    const to = new PassThrough();
    createLog({ part: 'test', to, pretty: true }).info({ slot: 1 }, 'renderer ready');
    const text = to.read()?.toString();
    assert.match(text, /INFO.*\[test\] renderer ready/s);
    assert.throws(() => JSON.parse(text));
  });
});
