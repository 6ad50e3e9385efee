/** Progress: bars on a terminal, which gets its cursor and its line ends back whatever happens; lines elsewhere. */

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { withBars } from '../../src/cli/progress.js';

const SHOW_CURSOR = '\u001b[?25h';
const WRAP_LINES = '\u001b[?7h';

function stream(isTTY: boolean) {
  const to = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  return { to: to as unknown as NodeJS.WriteStream, said: () => String(to.read() ?? '') };
}

describe('progress', () => {
  it('is a line at each quarter where nobody looks', async () => {
    const { to, said } = stream(false);
    const answer = await withBars(async (add) => {
      const { show } = add('job');
      for (const fraction of [0, 0.1, 0.3, 0.31, 0.2, 0.9, 1]) show(fraction, 'rendering');
      return 7;
    }, to);
    assert.equal(answer, 7);
    assert.equal(said(), 'job: 0 % rendering\njob: 25 % rendering\njob: 75 % rendering\njob: 100 % rendering\n');
  });

  it('is a bar for each on a terminal', async () => {
    const { to, said } = stream(true);
    await withBars(async (add) => {
      add('one').show(0.5, 'half');
      add('two').show(1, 'all');
    }, to);
    const last = said();
    assert.match(last, /one {20}■{14}·{14} 50 % {2}half/);
    assert.match(last, /two {20}■{28} 100 % {2}all/);
    assert.ok(last.includes(SHOW_CURSOR) && last.includes(WRAP_LINES), JSON.stringify(last));
  });

  it('gives the terminal back when the work fails', async () => {
    const { to, said } = stream(true);
    const failed = withBars(async (add) => {
      add('one').show(0.2, 'soon');
      throw new Error('no');
    }, to);
    await assert.rejects(failed, /^Error: no$/);
    const last = said();
    assert.ok(last.includes(SHOW_CURSOR) && last.includes(WRAP_LINES), JSON.stringify(last));
  });
});
