/** Root may read and write everywhere, so somebody else is asked where a right is missing. */

import { spawnSync } from 'node:child_process';
import { PROGRAM } from './storyfarm.js';

/** Undefined: the present user will do. */
export const uid = process.getuid?.() === 0 ? 65534 : undefined;

/** Why there is none; false where there is. */
export const noOther =
  process.platform === 'win32' || (uid && spawnSync('test', ['-r', PROGRAM], { uid }).status !== 0)
    ? 'no user can be found who may read this folder and not write everywhere'
    : false;
