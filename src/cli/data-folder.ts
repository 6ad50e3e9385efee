/**
 * The data folder, looked at before anything is done in it. What a command needs lies in folders below it, and what the operating system says about one of those, far into the work, names a place
 * that nobody has chosen; here the folder that somebody did choose is named, with what to do.
 */

import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoryfarmError } from '../errors.js';

/** What Storyfarm keeps in it as folders. */
const FOLDERS = ['jobs', 'editions', 'phrases', 'render'];

const OTHER = 'choose another with dataFolder (--data-folder, STORYFARM_DATA_FOLDER).';

/** Makes it if it is not there, and answers it. Rejects with `config_invalid` when it, or a folder that belongs into it, is a file or may not be written. */
export async function openDataFolder(folder: string): Promise<string> {
  await checkDataFolder(folder);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** The same, and makes nothing. Answers the folder, or the nearest above it that is there. */
export async function checkDataFolder(folder: string): Promise<string> {
  await checkKinds(folder);
  const there = await nearestOf(folder);
  await assertWritable(there, folder);
  for (const name of FOLDERS) await assertWritable(join(folder, name), folder);
  return there;
}

/** Whether folders are where folders have to be: for those who only read. */
export async function checkKinds(folder: string): Promise<void> {
  await nearestOf(folder);
  for (const name of FOLDERS) {
    const path = join(folder, name);
    const found = await lookAt(path);
    if (found && !found.isDirectory())
      throw unfit(path, `${path} is a file; a folder has to be there.`, `Move it away, or ${OTHER}`);
  }
}

/** The folder, or the nearest above it that is there. Rejects with `config_invalid` when a file is in its place. */
export async function nearestOf(folder: string, wanted = folder): Promise<string> {
  const found = await lookAt(folder);
  if (!found) return nearestOf(dirname(folder), wanted);
  if (found.isDirectory()) return folder;
  const why = folder === wanted ? 'is a file.' : `cannot be: ${folder} is a file.`;
  throw unfit(folder, `The data folder ${wanted} ${why}`, `Move the file away, or ${OTHER}`);
}

/** What is not there is not in the way. */
async function assertWritable(path: string, folder: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    const what = path === folder ? `the data folder ${folder}` : `${path}, for the data folder ${folder}`;
    if (code === 'EROFS')
      throw unfit(path, `A read-only file system holds ${what}.`, `Mount it otherwise, or ${OTHER}`);
    throw unfit(
      path,
      `This user has no right to ${what}.`,
      `Give the user that runs Storyfarm the right to it, or ${OTHER}`,
    );
  }
}

/** Undefined for what is not there, also because a file is above it. */
async function lookAt(path: string) {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

const unfit = (file: string, message: string, hint: string) =>
  new StoryfarmError('config_invalid', message, { file, hint });
