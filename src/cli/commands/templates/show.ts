/** `storyfarm templates list` and `show`: what is installed, and what a template offers. */

import { Command } from 'commander';
import { openFfmpeg } from '../../../media/ffmpeg.js';
import { filmObstacle } from '../../../media/ffmpeg-abilities.js';
import { loadCatalog } from '../../../media/install/catalog.js';
import { openEditions } from '../../../media/prepare/editions.js';
import { type Bubble, inLocale, type Template } from '../../../template/format.js';
import { checkKinds } from '../../data-folder.js';
import { configOf, flagsAgain, withOptions } from '../../flags.js';
import { castsOf, castText, findTemplate, NO_TEMPLATE } from '../../installed.js';
import type { Config } from '../../options.js';
import { printJson, secondsText, table } from '../../table.js';
import { editionText, hasFilms, LEGEND, type Prepared, pathsTable, preparedness, remedy } from './preparedness.js';

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
    .action(async (name: string, { json }: { json?: boolean }, command: Command) => show(command, name, json === true));
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

async function show(command: Command, name: string, json: boolean): Promise<void> {
  const { config } = configOf(command);
  const { ref, template, folder } = await findTemplate(config, name);
  await checkKinds(config.dataFolder);
  const ffmpeg = openFfmpeg(config.ffmpegPath);
  const editions = openEditions(config.dataFolder, ffmpeg);
  const casts: Prepared[] = [];
  for (const cast of castsOf(template)) casts.push({ cast, ...(await preparedness(editions, ref, cast)) });
  const obstacle = await filmObstacle(ffmpeg.path);
  if (json) return printJson({ ...ref, folder, template, casts, obstacle: obstacle?.toJSON() ?? null });
  const { width, height, fps, duration, title, bubbles } = template;
  const parts = [
    `${ref.id}  ${inLocale(title, 'en')}  ${width}x${height}  ${fps} fps  ${secondsText(duration)}\nversion ${ref.version}\n${folder}`,
    table(['bubble', 'shown', 'shape', 'role', 'at most', ''], bubbles.map(bubbleRow)),
    `Sample words:\n${bubbles.map(({ id, sample }) => `  ${id}=${JSON.stringify(inLocale(sample, 'en'))}`).join('\n')}`,
    ...rolesTable(template),
    ladderTable(template),
    table(
      ['cast', 'edition'],
      casts.map((each) => [castText(each.cast), editionText(template, each)]),
    ),
    ...casts.flatMap((each) => (hasFilms(each) ? [pathsTable(template, each)] : [])),
    ...(casts.some(({ films }) => films.length > 0) ? [LEGEND] : []),
    ...remedy(template, casts, `${name}${flagsAgain(command)}`, obstacle),
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

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
