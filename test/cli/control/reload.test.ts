/** What a reload changes, and what it leaves for a restart. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/cli/config.js';
import { planReload } from '../../../src/cli/control/reload.js';
import { rendererOptions, supervisorOptions } from '../../../src/cli/farm-options.js';
import { type Config, LIVE, type OptionName } from '../../../src/cli/options.js';

const { config } = loadConfig({ env: {} });
/** Another good value of each option that can change. */
const OTHER: Readonly<Partial<Record<OptionName, unknown>>> = {
  keepJobs: 3_600_000,
  keepFailed: 3_600_000,
  keepWords: 3_600_000,
  slots: config.slots + 1,
  standby: 2,
  maxJobs: 7,
  minLifetime: 1_000,
  diskFloor: 5,
  maxMemory: 1e9,
  maxMemoryHard: 9e9,
  maxAge: 1_000,
  lease: 9_000,
  poll: 2_000,
  ageing: 5_000,
  silent: 9_000,
  boot: 9_000,
  stall: 9_000,
  meter: 2_000,
  maxAttempts: 9,
  maxCrashes: 9,
  drain: 9_000,
  maxPhrases: 5,
  ffmpegPath: '/opt/ffmpeg',
  prepare: 'all',
  tags: ['large'],
  logLevel: 'debug',
};
const wanted = (changes: Readonly<Partial<Record<OptionName, unknown>>>): Config =>
  ({ ...config, ...changes }) as Config;

/** What the farm itself acts upon. */
const ITS_OWN: readonly string[] = ['logLevel', 'prepare', 'keepJobs', 'keepFailed', 'keepWords'];

describe('a plan for a reload', () => {
  it('of the same configuration is empty', () => {
    assert.deepEqual(planReload(config, wanted({})), { config, changed: [], restart: [] });
  });

  it('changes what can change and names the rest', () => {
    const next = wanted({ slots: 9, port: 81, templateFolders: ['/elsewhere'], ffmpegPath: '/opt/ffmpeg' });
    const { config: planned, changed, restart } = planReload(config, next);
    assert.deepEqual(changed, [
      { name: 'ffmpegPath', from: null, to: '/opt/ffmpeg' },
      { name: 'slots', from: config.slots, to: 9 },
    ]);
    assert.deepEqual(restart, ['templateFolders', 'port']);
    assert.deepEqual(planned, wanted({ slots: 9, ffmpegPath: '/opt/ffmpeg' }));
    assert.deepEqual(planReload(planned, next).changed, [], 'asked again, nothing is left to change');
    assert.deepEqual(planReload(planned, next).restart, restart, 'and what needs a restart is named again');
  });

  it('that cannot be in force together is refused', () => {
    const next = wanted({ silent: 200, heartbeat: 100 });
    assert.throws(() => planReload(config, next), { code: 'config_invalid', message: /silent must be .* heartbeat/ });
  });

  for (const name of LIVE) {
    it(`reaches supervisor, renderers or the farm: ${name}`, () => {
      assert.ok(name in OTHER, 'a good value is known');
      const next = planReload(config, wanted({ [name]: OTHER[name] })).config;
      const told = (of: Config) => ({ supervisor: supervisorOptions(of), renderers: rendererOptions(of) });
      if (ITS_OWN.includes(name)) assert.notEqual(next[name], config[name]);
      else assert.notDeepEqual(told(next), told(config));
    });
  }
});
