/** `storyfarm render`: one job in this process, without store or server. */

import { access, constants, mkdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import type { Cast, JobResult } from '../../job.js';
import { openFfmpeg } from '../../media/ffmpeg.js';
import { filmObstacle } from '../../media/ffmpeg-abilities.js';
import { loadFonts } from '../../media/fonts.js';
import { openEditions } from '../../media/prepare/editions.js';
import { Films } from '../../media/splice/films.js';
import { openPhrases } from '../../media/splice/phrases.js';
import { openStorage } from '../../media/storage.js';
import { lacksFilms, type Paths, reasonsOf } from '../../paths.js';
import { type RenderTools, render } from '../../renderer/render.js';
import type { InstalledTemplate } from '../../template/catalog.js';
import { checkRequest } from '../../template/request.js';
import { copyWhole } from '../copy-whole.js';
import { openDataFolder } from '../data-folder.js';
import { collectPair, configOf, flagsAgain, withOptions } from '../flags.js';
import { findTemplate } from '../installed.js';
import type { Config } from '../options.js';
import { withBars } from '../progress.js';
import { interruptible } from '../signals.js';
import { bytesText, printJson, secondsText, table } from '../table.js';
import { workFolder } from '../work-folder.js';

interface Flags {
  readonly words?: Record<string, string>;
  readonly cast?: Record<string, string>;
  readonly out: string;
  readonly json?: boolean;
}

export function renderCommand(): Command {
  return withOptions(new Command('render').description('Render one video here and now, without store or server.'), [
    'dataFolder',
    'templateFolders',
    'ffmpegPath',
  ])
    .argument('<template>', 'id of an installed template (`storyfarm templates list`), or a folder')
    .option('-w, --words <bubble=text>', 'Words of one bubble; repeat for others.', collectPair)
    .option('-c, --cast <role=character>', 'Who plays a role; repeat for others.', collectPair)
    .option('-o, --out <folder>', 'Where the files go. [here]', '.')
    .option('--json', 'Print one JSON object.')
    .addHelpText('after', '\nExample:\n  storyfarm render night-balloon -w hello="Psst… awake?" --out videos')
    .action(async (name: string, flags: Flags, command: Command) => {
      const started = performance.now();
      optimiseLess();
      const { config } = configOf(command);
      const { result, cast } = await interruptible((signal) => renderHere(config, name, flags, signal));
      const { outputs, stages, paths = {} } = result;
      const seconds = (performance.now() - started) / 1000;
      if (flags.json) return printJson({ files: outputs, paths, stages, seconds });
      const rows = outputs.map((output) => [
        output.rendition,
        paths[output.rendition]?.path ?? '',
        `${output.width}x${output.height}`,
        output.duration ? secondsText(output.duration) : '',
        bytesText(output.bytes),
        output.file,
      ]);
      const head = ['rendition', 'path', 'pixels', 'length', 'size', 'file'];
      const casting = Object.entries(cast).map(([role, character]) => ` -c ${role}=${character}`);
      const prepare = `storyfarm templates prepare ${name}${casting.join('')}${flagsAgain(command)}`;
      const why = await whyEncoded(paths, prepare, config);
      process.stdout.write(`${table(head, rows)}\nrendered in ${secondsText(seconds)}\n${why}`);
    });
}

interface Rendered {
  readonly result: JobResult;
  readonly cast: Cast;
}

/** Why frames were encoded, and what would make the next video cheap; nothing when none were. `prepare` is the call that prepares this cast. */
async function whyEncoded(paths: Paths, prepare: string, { ffmpegPath }: Config): Promise<string> {
  const reasons = reasonsOf(paths);
  if (reasons.length === 0) return '';
  const why = `Every frame${encodedOf(paths)} was encoded:\n${reasons.map((reason) => `  ${reason}\n`).join('')}`;
  if (!lacksFilms(paths)) return why;
  const obstacle = await filmObstacle(openFfmpeg(ffmpegPath).path);
  if (obstacle) return `${why}  ${obstacle.message}\n  -> ${obstacle.hint}\n`;
  return `${why}  -> \`${prepare}\` makes the films, once; then a video takes milliseconds.\n`;
}

/** Which renditions were encoded, where not all were. */
function encodedOf(paths: Paths): string {
  const encoded = Object.keys(paths).filter((id) => paths[id]?.path === 're-encode');
  return encoded.length < Object.keys(paths).length ? ` of ${encoded.join(', ')}` : '';
}

/** A process that makes one video has usually ended before most of what V8 optimises for it pays off. So it optimises only what is used five times as much as usual; that saves a tenth of the whole. Newer
 * versions than Node 20's choose better by themselves and do not know the flag. */
function optimiseLess(): void {
  setFlagsFromString('--interrupt-budget=600000');
}

/** Renders in a folder of its own and copies what is finished; in the answer, files have absolute paths. */
async function renderHere(config: Config, name: string, flags: Flags, signal: AbortSignal): Promise<Rendered> {
  const installed = await findTemplate(config, name);
  const work = await workFolder(await openDataFolder(config.dataFolder));
  const tools = openRenderTools(config, installed, work);
  const { words = {}, cast } = flags;
  const request = checkRequest(installed.template, { words, cast }, tools.fonts.book, tools.fonts.measure);
  // Before the work, not after it.
  const folder = resolve(flags.out);
  await mkdir(folder, { recursive: true });
  await access(folder, constants.W_OK);
  try {
    const order = { id: 'render', fence: 1, template: { ...installed.ref }, ...request };
    const result = await withBars((add) => {
      const onProgress = add(installed.ref.id).show;
      return render(order, tools, { onProgress, signal });
    });
    const outputs = result.outputs.map((output) => ({ ...output, file: join(folder, basename(output.file)) }));
    for (const { file } of outputs) await copyWhole(join(work, 'jobs', 'render', '1', basename(file)), file);
    return { result: { ...result, outputs }, cast: request.cast };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What rendering needs, in this process, for one template. */
function openRenderTools(config: Config, installed: InstalledTemplate, dataFolder: string): RenderTools {
  const ffmpeg = openFfmpeg(config.ffmpegPath, config.dataFolder);
  return {
    ffmpeg,
    fonts: loadFonts(),
    editions: openEditions(config.dataFolder, ffmpeg),
    films: new Films(),
    phrases: openPhrases(config.dataFolder, config.maxPhrases),
    storage: openStorage(dataFolder),
    catalog: async () => ({ list: () => [installed], get: () => installed }),
    stallMs: config.stall,
  };
}
