/** `storyfarm templates list` and `show`: what is installed, and what a template offers. */

import { Command } from 'commander';
import type { Cast, TemplateRef } from '../../../job.js';
import { openFfmpeg } from '../../../media/ffmpeg.js';
import { loadCatalog } from '../../../media/install/catalog.js';
import { type Edition, type Editions, openEditions } from '../../../media/prepare/editions.js';
import type { FilmDescription } from '../../../media/splice/film.js';
import { type Bubble, inLocale, type Template } from '../../../template/format.js';
import { configOf, withOptions } from '../../flags.js';
import { castsOf, castText, findTemplate, NO_TEMPLATE } from '../../installed.js';
import type { Config } from '../../options.js';
import { printJson, secondsText, table } from '../../table.js';

export function listCommand(): Command {
  return withOptions(new Command('list').description('List the installed templates.'), ['templateFolders'])
    .option('--json', 'Print one JSON object.')
    .action(async ({ json }: { json?: boolean }, command: Command) => list(configOf(command).config, json === true));
}

export function showCommand(): Command {
  return withOptions(
    new Command('show').description('Print what a template offers, and which of its casts are prepared.'),
    ['dataFolder', 'templateFolders', 'ffmpegPath'],
  )
    .argument('<template>', 'id of an installed template, or a folder')
    .option('--json', 'Print one JSON object.')
    .action(async (name: string, { json }: { json?: boolean }, command: Command) =>
      show(configOf(command).config, name, json === true),
    );
}

async function list({ templateFolders }: Config, json: boolean): Promise<void> {
  const { broken, list } = await loadCatalog(templateFolders);
  if (broken.length > 0 || list().length === 0) process.exitCode = 1;
  if (json) {
    const templates = list().map(({ ref, template, folder }) => ({ ...ref, title: template.title, folder }));
    const faults = broken.map(({ folder, error: { code, message } }) => ({ folder, code, message }));
    return printJson({ templates, broken: faults });
  }
  const rows = list().map(({ ref, template: t }) => [
    ...[ref.id, inLocale(t.title, 'en'), `${t.width}x${t.height}`, secondsText(t.duration), t.fps],
    ...[t.bubbles.length, castsOf(t).length],
  ]);
  const head = ['template', 'title', 'design', 'length', 'fps', 'bubbles', 'casts'];
  if (rows.length > 0) process.stdout.write(`${table(head, rows)}\n`);
  else process.stderr.write(`There is no usable template in ${templateFolders.join(', ')}.\n  -> ${NO_TEMPLATE}\n`);
  for (const { error } of broken) process.stderr.write(`BAD  ${error.message}\n       -> ${error.hint}\n`);
}

async function show(config: Config, name: string, json: boolean): Promise<void> {
  const { ref, template, folder } = await findTemplate(config, name);
  const editions = openEditions(config.dataFolder, openFfmpeg(config.ffmpegPath));
  const casts = [];
  for (const cast of castsOf(template)) casts.push({ cast, ...(await preparedness(editions, ref, cast)) });
  if (json) return printJson({ ...ref, folder, template, casts });
  const { width, height, fps, duration, title, bubbles } = template;
  const parts = [
    `${ref.id}  ${inLocale(title, 'en')}  ${width}x${height}  ${fps} fps  ${secondsText(duration)}\nversion ${ref.version}\n${folder}`,
    table(['bubble', 'shown', 'shape', 'role', 'at most', ''], bubbles.map(bubbleRow)),
    `Sample words:\n${bubbles.map(({ id, sample }) => `  ${id}=${JSON.stringify(inLocale(sample, 'en'))}`).join('\n')}`,
    ...rolesTable(template),
    ladderTable(template),
    table(
      ['cast', 'edition'],
      casts.map(({ cast, prepared, films }) => [castText(cast), editionText(template, prepared, films)]),
    ),
    ...casts.flatMap(({ cast, films }) => (films.length > 0 ? [pathsTable(template, cast, films)] : [])),
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

/** How far an edition is prepared, and what is known of its films. */
async function preparedness(editions: Editions, ref: TemplateRef, cast: Cast) {
  const edition = await editions.find(ref, cast);
  const films: FilmDescription[] = [];
  for (const rendition of edition?.template.ladder ?? []) {
    const film = await editions.describe(edition as Edition, rendition);
    if (film) films.push(film);
  }
  return { prepared: edition !== undefined, films };
}

function editionText({ ladder }: Template, prepared: boolean, films: readonly FilmDescription[]): string {
  if (films.length === ladder.length) return 'prepared';
  if (films.length > 0) return `${films.length} of ${ladder.length} films prepared`;
  return prepared ? 'laid out; no films yet' : 'not prepared';
}

/** Which way words take, per rendition and bubble, and why; with the figures of the swap test. */
function pathsTable({ bubbles }: Template, cast: Cast, films: readonly FilmDescription[]): string {
  const rows = films.map((film) => {
    const { inside, outside, after } = film.swapTest;
    const { bytes, ssim, reencoded } = film.blank;
    const figures =
      film.areas.length === 0
        ? ['', '', '']
        : [
            `${inside} / ${outside} / ${after}`,
            percent(bytes / reencoded.bytes - 1),
            `${signed((ssim - reencoded.ssim).toFixed(4))}`,
          ];
    const paths = bubbles.map(({ id }) => (film.areas.some(({ bubble }) => bubble === id) ? 'swap' : 're-encode'));
    return [film.rendition, ...paths, ...figures];
  });
  const head = [castText(cast), ...bubbles.map(({ id }) => id), 'errors in / out / after', 'bytes', 'SSIM'];
  const reasons = films.flatMap(({ rendition, refused }) =>
    refused.map(({ bubble, reason }) => `  ${rendition} ${bubble}: ${reason}`),
  );
  return [table(head, rows), ...reasons].join('\n');
}

const signed = (number: string) => (number.startsWith('-') ? number : `+${number}`);
const percent = (share: number) => `${signed((share * 100).toFixed(1))} %`;

const bubbleRow = ({ id, start, end, shape, role, limits }: Bubble) => [
  id,
  `${start} to ${end} s`,
  shape.kind,
  role ?? '',
  `${limits.maxLength} characters`,
  limits.required ? 'required' : '',
];

const rolesTable = ({ roles }: Template) =>
  roles.length === 0
    ? []
    : [
        table(
          ['role', 'characters'],
          roles.map(({ id, characters }) => [id, characters.map((character) => character.id).join(', ')]),
        ),
      ];

const ladderTable = ({ ladder, fps }: Template) =>
  table(
    ['rendition', 'pixels', 'fps', 'profile', 'audio', 'at most'],
    ladder.map((r) => [
      r.id,
      `${r.width}x${r.height}`,
      r.fps ?? fps,
      `${r.profile} ${r.level}`,
      `${r.audio.bitrate} kb/s`,
      r.maxBytes ? `${r.maxBytes} B` : '',
    ]),
  );
