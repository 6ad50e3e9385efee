/** `storyfarm templates preview`: a contact sheet, to be looked at. */

import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { StoryfarmError } from '../../../errors.js';
import { openFfmpeg } from '../../../media/ffmpeg.js';
import { loadFonts } from '../../../media/fonts.js';
import { inLocale, type Template } from '../../../template/format.js';
import { checkRequest } from '../../../template/request.js';
import { collectPair, configOf, withOptions } from '../../flags.js';
import { findTemplate } from '../../installed.js';
import type { Config } from '../../options.js';
import { contactSheet } from '../../sheet.js';
import { interruptible } from '../../signals.js';
import { prepareEdition } from './prepare.js';

interface Flags {
  readonly out?: string;
  readonly locale: string;
  readonly cast?: Record<string, string>;
}

export function previewCommand(): Command {
  return withOptions(
    new Command('preview').description('Write a contact sheet: a frame per bubble with sample words.'),
    ['dataFolder', 'templateFolders', 'ffmpegPath'],
  )
    .argument('<template>', 'id of an installed template, or a folder')
    .option('-o, --out <file>', 'The PNG to write. [<id>-<locale>.png]')
    .option('-l, --locale <tag>', 'Language of the sample words. [en]', 'en')
    .option('-c, --cast <role=character>', 'Who plays a role; repeat for others.', collectPair)
    .action(async (name: string, flags: Flags, command: Command) => {
      const file = await interruptible((signal) => preview(configOf(command).config, name, flags, signal));
      process.stdout.write(`${file}\n`);
    });
}

async function preview(config: Config, name: string, flags: Flags, signal: AbortSignal): Promise<string> {
  const installed = await findTemplate(config, name);
  const { template } = installed;
  const { locale, cast } = flags;
  const file = resolve(flags.out ?? `${template.id}-${locale}.png`);
  const fonts = loadFonts();
  const request = checkRequest(template, { cast, words: samplesOf(template, locale) }, fonts.book);
  // Before the work, not after it.
  await mkdir(dirname(file), { recursive: true });
  await access(dirname(file), constants.W_OK);
  const edition = await prepareEdition(config, installed, request.cast, signal, { withFilms: false });
  await writeFile(file, await contactSheet(edition, locale, openFfmpeg(config.ffmpegPath), fonts));
  return file;
}

/** By bubble. Rejects a language in which the template says nothing at all: the sheet would show another one without a word. */
function samplesOf({ bubbles }: Template, locale: string): Record<string, string> {
  const there = new Set(bubbles.flatMap(({ sample }) => Object.keys(sample)));
  if (!there.has(locale) && !there.has(locale.split('-')[0] ?? '')) {
    throw new StoryfarmError('invalid_request', `The template has no sample words in "${locale}".`, {
      hint: `There are: ${[...there].join(', ')}.`,
    });
  }
  return Object.fromEntries(bubbles.map(({ id, sample }) => [id, inLocale(sample, locale)]));
}
