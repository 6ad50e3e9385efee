import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertGone } from '../chaos/farm/gone.js';

it('a renderer without a leash, whose event loop is blocked, is gone soon after its supervisor, with what it started', async (t) => {
  const lonely = fileURLToPath(new URL('./fixtures/lonely.js', import.meta.url));
  const parent = spawn(process.execPath, [lonely], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => void parent.kill('SIGKILL'));
  const [text] = await once(parent.stdout, 'data');
  const pids = String(text).trim().split(' ').map(Number);
  assert.equal(pids.length, 2);
  for (const pid of pids) assert.equal(process.kill(pid, 0), true);
  const killedAt = performance.now();
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await assertGone(pids);
  t.diagnostic(`gone ${Math.round(performance.now() - killedAt)} ms after the kill`);
});
