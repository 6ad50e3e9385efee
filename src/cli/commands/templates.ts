/** `storyfarm templates …`: what an operator does with templates. */

import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';
import type { Cast } from '../../job.js';
import { openFfmpeg } from '../../media/ffmpeg.js';
import { loadFonts } from '../../media/fonts.js';
import { loadCatalog, loadTemplate } from '../../media/install/catalog.js';
import { type Editions, openEditions } from '../../media/install/editions.js';
import { readMovie } from '../../media/mp4.js';
import { layOut } from '../../scene/layout.js';
import type { InstalledTemplate } from '../../template/catalog.js';
import { inLocale, type Template } from '../../template/format.js';
import { collectPair, configOf, withOptions } from '../flags.js';
import type { Config } from '../options.js';
import { progressBar } from '../progress.js';
import { scaffold } from '../scaffold.js';
import { contactSheet, sampleScene } from '../sheet.js';
import { secondsText, table } from '../table.js';

export function templatesCommand(): Command {
  const group = new Command('templates').description('Make, check and look at templates.');
  const withPlaces = (command: Command) => withOptions(command, ['dataFolder', 'templateFolders', 'ffmpegPath']);

  group
    .command('new')
    .description('Make a template folder around any MP4, with three bubbles to move into place.')
    .argument('<folder>', 'folder to make; its last part becomes the id')
    .requiredOption('--footage <file>', 'an MP4 or MOV')
    .action((folder: string, { footage }: { footage: string }) => makeNew(folder, footage));

  group
    .command('validate')
    .description('Check templates: form, places, files, and whether the sample words fit.')
    .argument('<folders...>', 'template folders, or folders of templates')
    .option('--json', 'print one JSON object')
    .action((folders: string[], { json }: { json?: boolean }) => validate(folders, json === true));

  withPlaces(group.command('list').description('List the installed templates.'))
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: boolean }, command: Command) => list(configOf(command).config, json === true));

  withPlaces(group.command('show').description('Print what a template offers, and which of its casts are prepared.'))
    .argument('<template>', 'id of an installed template, or a folder')
    .option('--json', 'print one JSON object')
    .action(async (id: string, { json }: { json?: boolean }, command: Command) =>
      show(configOf(command).config, id, json === true),
    );

  withPlaces(group.command('prepare').description('Prepare editions ahead of the first job.'))
    .argument('[templates...]', 'ids or folders; default: all installed')
    .action(async (ids: string[], _flags: unknown, command: Command) => prepare(configOf(command).config, ids));

  withPlaces(group.command('preview').description('Write a contact sheet: a frame per bubble with sample words.'))
    .argument('<template>', 'id of an installed template, or a folder')
    .option('-o, --out <file>', 'PNG to write; default: <id>-<locale>.png')
    .option('-l, --locale <tag>', 'language of the sample words', 'en')
    .option('-c, --cast <role=character>', 'who plays a role; repeat for others', collectPair)
    .action(
      async (id: string, flags: { out?: string; locale: string; cast?: Record<string, string> }, command: Command) =>
        preview(configOf(command).config, id, flags),
    );

  return group;
}

async function makeNew(path: string, footage: string): Promise<void> {
  const folder = resolve(path);
  const id = folder.split(/[/\\]/).at(-1) ?? '';
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(id)) {
    throw new StoryfarmError('invalid_request', `"${id}" cannot be a template's id.`, {
      hint: 'Name the folder with lower-case letters, digits and hyphens, starting with a letter.',
    });
  }
  if (((await readdir(folder).catch(() => [])) as string[]).length > 0) {
    throw new StoryfarmError('invalid_request', `${folder} is not empty.`, {
      hint: 'Choose a folder that does not exist yet.',
    });
  }
  const movie = await readMovie(footage).catch((thrown) => {
    throw new StoryfarmError('template_invalid', asStoryfarmError(thrown).message, {
      cause: thrown,
      file: footage,
      hint: 'Give an MP4 or MOV; other films become one with ffmpeg -i FILM out.mp4.',
    });
  });
  const video = movie.tracks.find((track) => track.kind === 'video');
  if (!video) throw new StoryfarmError('template_invalid', `${footage} has no video track.`, { file: footage });
  const file = `footage${extname(footage).toLowerCase()}`;
  const sound = movie.tracks.some((track) => track.kind === 'audio');
  const description = scaffold(id, {
    file,
    width: video.width,
    height: video.height,
    fps: video.fps,
    duration: video.mediaDuration,
    sound,
  });
  await mkdir(folder, { recursive: true });
  await copyFile(footage, join(folder, file));
  await writeFile(join(folder, 'template.json'), `${JSON.stringify(description, undefined, 2)}\n`);
  const { template } = await loadTemplate(folder);
  process.stdout.write(
    `${folder} is a working template of ${secondsText(template.duration)} with ${template.bubbles.length} bubbles.\n` +
      `  1. Move the bubbles in template.json: shape, start and end.\n` +
      `  2. storyfarm templates validate ${path}\n  3. storyfarm templates preview ${path}   and look at the picture.\n`,
  );
}

async function validate(folders: readonly string[], json: boolean): Promise<void> {
  const reports = [];
  for (const folder of folders) {
    if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
      throw new StoryfarmError('not_found', `There is no folder ${folder}.`, {
        file: folder,
        hint: 'Give the folder that holds template.json.',
      });
    }
    const catalog = await loadCatalog([folder]);
    const usable = catalog.list().map((installed) => ({
      folder: installed.folder,
      id: installed.ref.id,
      version: installed.ref.version,
      complaints: misfits(installed.template),
    }));
    const broken = catalog.broken.map(({ folder, error }) => ({
      folder,
      complaints:
        error.complaints.length > 0 ? error.complaints : [{ pointer: '', code: error.code, detail: error.message }],
    }));
    if (usable.length + broken.length === 0)
      broken.push({
        folder,
        complaints: [
          { pointer: '', code: 'template_invalid', detail: 'There is no template.json here or one level below.' },
        ],
      });
    reports.push(...usable, ...broken);
  }
  const bad = reports.filter(({ complaints }) => complaints.length > 0);
  if (json) process.stdout.write(`${JSON.stringify({ templates: reports }, undefined, 2)}\n`);
  else
    for (const { folder, complaints } of reports) {
      process.stdout.write(`${complaints.length === 0 ? 'ok ' : 'BAD'}  ${join(folder, 'template.json')}\n`);
      for (const { pointer, detail } of complaints) process.stdout.write(`       ${pointer || '/'}  ${detail}\n`);
    }
  if (bad.length > 0) process.exitCode = 1;
}

/** Sample words that do not fit their bubbles: they are what people see first. */
function misfits(template: Template): { pointer: string; code: string; detail: string }[] {
  const fonts = loadFonts();
  const locales = new Set(template.bubbles.flatMap(({ sample }) => Object.keys(sample)));
  return [...locales].flatMap((locale) =>
    sampleScene(template, {}, locale).overlays.flatMap((overlay) => {
      try {
        layOut(overlay, fonts.book, fonts.measure);
        return [];
      } catch (thrown) {
        const index = template.bubbles.findIndex(({ id }) => id === overlay.bubble);
        return [
          {
            pointer: `/bubbles/${index}/sample/${locale}`,
            code: 'words_do_not_fit',
            detail: `${asStoryfarmError(thrown).message} Shorten the sample, enlarge the shape or lower size.min.`,
          },
        ];
      }
    }),
  );
}

async function list(config: Config, json: boolean): Promise<void> {
  const { broken, list } = await loadCatalog(config.templateFolders);
  if (json) {
    const templates = list().map(({ ref, template, folder }) => ({ ...ref, title: template.title, folder }));
    process.stdout.write(
      `${JSON.stringify({ templates, broken: broken.map(({ folder, error }) => ({ folder, code: error.code, message: error.message })) }, undefined, 2)}\n`,
    );
  } else {
    const rows = list().map(({ ref, template: t }) => [
      ref.id,
      inLocale(t.title, 'en'),
      `${t.width}x${t.height}`,
      secondsText(t.duration),
      t.fps,
      t.bubbles.length,
      castsOf(t).length,
      ref.version.slice(0, 12),
    ]);
    process.stdout.write(
      `${table(['template', 'title', 'design', 'length', 'fps', 'bubbles', 'casts', 'version'], rows)}\n`,
    );
    for (const { error } of broken) process.stdout.write(`BAD  ${error.message}\n       -> ${error.hint}\n`);
  }
  if (broken.length > 0) process.exitCode = 1;
}

async function show(config: Config, id: string, json: boolean): Promise<void> {
  const { ref, template, folder } = await find(config, id);
  const editions = openEditions(config.dataFolder, openFfmpeg(config.ffmpegPath));
  const casts = [];
  for (const cast of castsOf(template)) casts.push({ cast, prepared: (await editions.find(ref, cast)) !== undefined });
  if (json) return void process.stdout.write(`${JSON.stringify({ ...ref, folder, template, casts }, undefined, 2)}\n`);
  const lines = [
    `${ref.id}  ${inLocale(template.title, 'en')}  ${template.width}x${template.height}  ${template.fps} fps  ${secondsText(template.duration)}`,
    `version ${ref.version}`,
    folder,
    '',
    table(
      ['bubble', 'from', 'to', 'shape', 'role', 'at most', 'sample'],
      template.bubbles.map((b) => [
        b.id,
        `${b.start} s`,
        `${b.end} s`,
        b.shape.kind,
        b.role ?? '',
        `${b.limits.maxLength} characters`,
        inLocale(b.sample, 'en'),
      ]),
    ),
    '',
    table(
      ['role', 'characters'],
      template.roles.map((role) => [role.id, role.characters.map((character) => character.id).join(', ')]),
    ),
    '',
    table(
      ['rendition', 'pixels', 'fps', 'profile', 'audio', 'at most'],
      template.ladder.map((r) => [
        r.id,
        `${r.width}x${r.height}`,
        r.fps ?? template.fps,
        `${r.profile} ${r.level}`,
        `${r.audio.bitrate} kb/s`,
        r.maxBytes ? `${r.maxBytes} B` : '',
      ]),
    ),
    '',
    table(
      ['cast', 'edition'],
      casts.map(({ cast, prepared }) => [
        castText(cast),
        prepared ? 'prepared' : 'not prepared yet (the first job does it)',
      ]),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function prepare(config: Config, ids: readonly string[]): Promise<void> {
  const editions = openEditions(config.dataFolder, openFfmpeg(config.ffmpegPath));
  const catalog = await loadCatalog(config.templateFolders);
  const wanted = ids.length > 0 ? await Promise.all(ids.map((id) => find(config, id))) : catalog.list();
  for (const installed of wanted)
    for (const cast of castsOf(installed.template)) await prepareOne(editions, installed, cast);
}

async function prepareOne(editions: Editions, installed: InstalledTemplate, cast: Cast) {
  const bar = progressBar(`${installed.ref.id} ${castText(cast)}`.trim());
  const edition = await editions.prepare(installed, cast, {
    onProgress: (fraction) => bar.show(fraction, 'preparing'),
  });
  bar.show(1, 'prepared');
  bar.done();
  return edition;
}

async function preview(
  config: Config,
  id: string,
  { out, locale, cast }: { out?: string; locale: string; cast?: Record<string, string> },
): Promise<void> {
  const ffmpeg = openFfmpeg(config.ffmpegPath);
  const installed = await find(config, id);
  const { template } = installed;
  const whole = Object.fromEntries(
    template.roles.map((role) => [role.id, cast?.[role.id] ?? role.characters[0]?.id ?? '']),
  );
  const edition = await prepareOne(openEditions(config.dataFolder, ffmpeg), installed, whole);
  const file = out ?? `${template.id}-${locale}.png`;
  await writeFile(file, await contactSheet(edition, locale, ffmpeg, loadFonts()));
  process.stdout.write(`${resolve(file)}\n`);
}

/** A template by its id, or by its folder. */
async function find(config: Config, id: string): Promise<InstalledTemplate> {
  const installed = (await loadCatalog(config.templateFolders)).get(id);
  if (installed) return installed;
  const isFolder = (await stat(join(id, 'template.json')).catch(() => undefined)) !== undefined;
  if (isFolder) return loadTemplate(id);
  throw new StoryfarmError(
    'unknown_template',
    `There is no template "${id}" in ${config.templateFolders.join(', ')}, and no folder of that name with a template.json.`,
  );
}

/** Every way of casting a template's roles. */
function castsOf(template: Template): Cast[] {
  return template.roles.reduce<Cast[]>(
    (casts, role) =>
      casts.flatMap((cast) => role.characters.map((character) => ({ ...cast, [role.id]: character.id }))),
    [{}],
  );
}

const castText = (cast: Cast) => Object.values(cast).join(' + ') || '(no roles)';
