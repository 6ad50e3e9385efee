/** What people see of a running farm: the edition under way stands below the slots. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pictureOf } from '../../../src/cli/control/picture.js';
import { type FarmStatus, parseAnswer } from '../../../src/cli/control/protocol.js';
import { reportOf } from '../../../src/cli/control/report.js';
import type { SupervisorOptions } from '../../../src/supervisor/options.js';
import type { Preparation } from '../../../src/supervisor/preparer.js';

/** As `status` gets it from a farm without slots. */
function statusOf(preparing: Preparation | undefined): FarmStatus {
  const options = { server: 'here', slots: 0 } as SupervisorOptions;
  const farm = { options, preparing, slots: [], mode: 'running', pausedFor: undefined } as const;
  const report = reportOf({ ...farm, readiness: () => ({ ready: true, reason: 'at work' }) }, { slots: 0 }, 0, 0);
  return parseAnswer('status', JSON.stringify({ v: 1, ok: report }));
}

test('the edition that is being prepared, its percent, and how many wait', () => {
  const edition = { template: { id: 'snow-post', version: 'v' }, cast: { left: 'fox', right: 'bear' } };
  const shown = (waiting: number) => pictureOf(statusOf({ edition, progress: 0.429, waiting }));
  assert.match(shown(0), /\n\npreparing snow-post fox \+ bear: 42 %$/);
  assert.match(shown(1), /: 42 %, 1 edition waiting$/);
  assert.match(shown(3), /: 42 %, 3 editions waiting$/);
  assert.doesNotMatch(pictureOf(statusOf(undefined)), /preparing/);
});
