import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonNotReady, type Standing } from '../../../src/supervisor/decisions/readiness.js';

const WELL: Standing = { mode: 'running', isHeld: false, obstacle: undefined, slots: 2, booted: 2, failedBoots: 0 };

test('a farm is ready, or says what is in its way; what somebody has asked for comes first', () => {
  const ofs = (facts: Partial<Standing>) => reasonNotReady({ ...WELL, ...facts });
  assert.equal(ofs({}), undefined);
  assert.equal(ofs({ booted: 1, failedBoots: 3 }), undefined);
  assert.equal(ofs({ mode: 'draining', isHeld: true, obstacle: 'paused', booted: 0 }), 'draining');
  assert.equal(ofs({ isHeld: true, obstacle: 'paused: lunch', slots: 0, booted: 0 }), 'paused: lunch');
  assert.equal(ofs({ slots: 0, booted: 0 }), 'scaled to no slots');
  assert.equal(ofs({ booted: 0 }), 'no renderer is ready');
  assert.equal(ofs({ booted: 0, failedBoots: 1, obstacle: 'the disk is full' }), 'renderers cannot boot');
  assert.equal(ofs({ obstacle: 'the disk is full' }), 'the disk is full');
});
