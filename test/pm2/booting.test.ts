/** pm2 that is killed while a farm is still starting under it. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { assertGone } from '../chaos/farm/gone.js';
import { managed, noPm2, until } from './managed.js';
import { look, treeOf } from './processes.js';

it('a farm that was still starting when pm2 was killed leaves', { skip: noPm2 }, async (t) => {
  const pm2 = await managed();
  t.after(() => pm2.end());
  const gate = pm2.gate();
  t.after(pm2.begin('farm'));
  await gate.reached;
  const daemon = await pm2.daemon();
  const farm = treeOf(daemon).filter((pid) => pid !== daemon);
  assert.notEqual(farm.length, 0);
  for (const pid of [daemon, ...farm]) pm2.pids.add(pid);
  process.kill(daemon, 'SIGKILL');
  await assertGone([daemon]);
  await gate.release();
  // What is dead and waits for its parent to notice has no command line.
  await until('the farm has left', () => farm.every((pid) => look(pid, 'cmdline') === ''));
});
