/**
 * Storyfarm under pm2 (docs/pm2.md):
 *
 *   npx pm2 start ecosystem.config.js
 *
 * Options are storyfarm.config.json beside this file and STORYFARM_* variables (`storyfarm config` lists them). What is set in `env` below
 * stands over both; after a change run `npx pm2 reload ecosystem.config.js`.
 *
 * pm2 reads this file with require(). It stays an ES module without top-level await: Node 20.19, 22.12 and newer can do that.
 */

/** How long the farm may take to finish its present jobs when it is stopped. Set here and nowhere else: pm2 must wait longer. */
const drainSeconds = 60;

const env = {
  STORYFARM_DRAIN: `${drainSeconds}s`,
  // STORYFARM_DATA_FOLDER: '/srv/storyfarm',
  // STORYFARM_SLOTS: '4',
  // STORYFARM_FILES_URL: 'https://files.example.com',
};

const service = (part) => ({
  name: `storyfarm-${part}`,
  cwd: import.meta.dirname,
  script: 'bin/storyfarm',
  args: part,
  env,

  // One process, and signals for it alone: pm2's default ("treekill") interrupts the whole tree, ffmpeg first.
  exec_mode: 'fork',
  treekill: false,
  // Stopping is a drain. The default, 1.6 s, would kill it half way. The farm gives back what it could not finish and ends by itself before this.
  kill_timeout: (drainSeconds + 15) * 1000,

  // `pm2 start` returns when the service can work. pm2 takes silence for readiness when this is over, so it is longer than `boot` (60 s).
  wait_ready: true,
  listen_timeout: 90_000,

  // 0.1 s after a first crash, then longer, up to 15 s, for ever: a farm whose database is away must still be there when it comes back. Without this pm2 gives
  // up after 16 quick failures.
  exp_backoff_restart_delay: 100,

  // No max_memory_restart: pm2 sees the supervisor alone, not the renderers, where the memory goes; those the supervisor weighs and recycles itself,
  // one at a time and between jobs.

  // Log files are named after the service and not after pm2's number for it.
  merge_logs: true,
  // pm2's probes stay out of the process; /metrics tells more.
  pmx: false,
});

export const apps = [service('farm'), service('files'), service('front')];
