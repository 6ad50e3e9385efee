/** `storyfarm templates new`: a working template folder around any MP4. */

import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { StoryfarmError } from '../../../errors.js';
import { loadTemplate } from '../../../media/install/catalog.js';
import { type Movie, readMovie } from '../../../media/mp4/movie.js';
import { type FootageFacts, scaffold } from '../../scaffold.js';
import { secondsText } from '../../table.js';

export function newCommand(): Command {
  return new Command('new')
    .description('Make a template folder around any MP4, with three bubbles to move into place.')
    .argument('<folder>', 'folder to make; its last part becomes the id')
    .requiredOption('--footage <file>', 'An MP4 or MOV.')
    .addHelpText('after', '\nExample:\n  storyfarm templates new templates/sea-greeting --footage holiday.mp4')
    .action(async (path: string, { footage }: { footage: string }) => {
      const folder = resolve(path);
      const id = await idFor(folder);
      const facts = await factsOf(footage);
      const description = scaffold(id, facts);
      try {
        await mkdir(folder, { recursive: true });
        await copyFile(footage, join(folder, facts.file));
        await writeFile(join(folder, 'template.json'), `${JSON.stringify(description, undefined, 2)}\n`);
        await loadTemplate(folder);
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
      const cut = facts.duration - description.duration > 1 ? ` the first ${secondsText(description.duration)} of` : '';
      process.stdout.write(
        `${folder} is a working template of${cut} ${secondsText(cut ? facts.duration : description.duration)} with ${description.bubbles.length} bubbles.\n` +
          `  1. Move the bubbles in template.json: shape, start and end.\n` +
          `  2. storyfarm templates validate ${path}\n  3. storyfarm templates preview ${path}   and look at the picture.\n`,
      );
    });
}

/** The last part of a folder that is not there yet, or is empty. */
async function idFor(folder: string): Promise<string> {
  const id = folder.split(/[/\\]/).at(-1) ?? '';
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(id)) {
    throw new StoryfarmError('invalid_request', `"${id}" cannot be a template's id.`, {
      hint: 'Name the folder with at most 32 lower-case letters, digits and hyphens, starting with a letter.',
    });
  }
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length === 0) return id;
  throw new StoryfarmError('invalid_request', `${folder} is not empty.`, {
    hint: 'Choose a folder that does not exist yet.',
  });
}

/** What the film's index tells. Rejects with `invalid_request` when no template can be made of it. */
async function factsOf(footage: string): Promise<FootageFacts> {
  const movie = await readMovie(footage).catch((thrown: unknown): never => {
    if (thrown instanceof StoryfarmError) throw unfit(footage, thrown.message, thrown);
    throw thrown;
  });
  const video = movie.tracks.find((track) => track.kind === 'video');
  if (!video) throw unfit(footage, `${footage} has no video track.`);
  const { width, height, fps, mediaDuration: duration } = video;
  if (duration < SHORTEST) throw unfit(footage, `${footage} lasts only ${secondsText(duration)}.`);
  return {
    file: `footage${nameEndOf(footage)}`,
    ...{ width, height, fps, duration },
    sound: hasSound(movie),
  };
}

/** The index has told that it is an MP4 or a MOV; templates go by the end of the name. */
function nameEndOf(film: string): string {
  const end = extname(film).toLowerCase();
  return ['.mov', '.m4v'].includes(end) ? end : '.mp4';
}

/** Seconds; nobody reads three bubbles in less. */
const SHORTEST = 1;

const hasSound = ({ tracks }: Movie) => tracks.some(({ kind, samples }) => kind === 'audio' && samples > 0);

function unfit(file: string, message: string, cause?: unknown): StoryfarmError {
  return new StoryfarmError('invalid_request', message, {
    file,
    cause,
    hint: 'Give an MP4 or MOV of at least a second; others become one with ffmpeg -i FILM out.mp4.',
  });
}
