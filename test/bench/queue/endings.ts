/**
 * A supervisor is killed: until the last of its descendants is gone. With parent-death signals (`setpriv`) over renderers whose event loop never turns again, and
 * without them over real ones, in which a thread looks for the parent.
 */

import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { canLeash } from '../../../src/leash.js';
import { openFfmpeg } from '../../../src/media/ffmpeg.js';
import { vitalsOf } from '../../../src/supervisor/renderer/vitals.js';
import { childrenOf } from './cost.js';
import { type Figure, type Scale, spread } from './figures.js';
import { freshFolder, Program, pause, remove, stock, storeIn } from './ground.js';

const SLOTS = 2;

export async function measureEndings({ endings }: Scale, dir: string): Promise<Figure[]> {
  const leashed: number[] = [];
  const alone: number[] = [];
  // With ffmpeg, and without setpriv.
  const path = freshFolder(dir);
  symlinkSync(openFfmpeg().path, join(path, 'ffmpeg'));
  for (let ending = 0; ending < endings; ending++) {
    if (canLeash) leashed.push(await ended(dir, 'blocked', process.env));
    alone.push(await ended(dir, 'real', { ...process.env, PATH: path }));
  }
  remove(path);
  return [
    ...spread(['tree_gone', 'with_parent_death_signals'], 'supervisor killed: all gone, with signals', leashed, {
      worst: 100,
    }),
    ...spread(['tree_gone', 'without_signals'], 'supervisor killed: all gone, without signals', alone, {
      worst: 1_000,
    }),
  ];
}

/** Milliseconds from the kill to the end of the last. */
async function ended(dir: string, renderer: string, env: NodeJS.ProcessEnv): Promise<number> {
  const dataFolder = freshFolder(dir);
  const store = await storeIn(dataFolder);
  if (renderer === 'blocked') await stock(store, SLOTS);
  await store.close();
  const program = new Program({ dataFolder, renderer, options: { slots: SLOTS } }, env);
  try {
    const isReady = renderer === 'blocked' ? 'assigned' : 'booted';
    const count = renderer === 'blocked' ? SLOTS : SLOTS + 1;
    await program.until((told) => told.filter(({ kind }) => kind === isReady).length >= count);
    const below = childrenOf(program.pid).flatMap((pid) => [pid, ...childrenOf(pid)]);
    const start = performance.now();
    program.child.kill('SIGKILL');
    while ([program.pid, ...below].some(lives)) await pause(1);
    return performance.now() - start;
  } finally {
    await program.kill();
    remove(dataFolder);
  }
}

/** One that is dead and that nobody has waited for has ended. */
const lives = (pid: number): boolean => !['Z', 'X', undefined].includes(vitalsOf(pid)?.state);
