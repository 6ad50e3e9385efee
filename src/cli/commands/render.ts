/** `storyfarm render`: one job in this process, without store or server. */

import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { StoryfarmError } from '../../errors.js';
import { render } from '../../renderer/render.js';
import { checkRequest } from '../../template/request.js';
import { collectPair, configOf, PLACES, withOptions } from '../flags.js';
import { openRenderTools } from '../parts.js';
import { progressBar } from '../progress.js';
import { bytesText, secondsText, table } from '../table.js';

interface Flags {
  readonly words?: Record<string, string>;
  readonly cast?: Record<string, string>;
  readonly out: string;
  readonly json?: boolean;
}

export function renderCommand(): Command {
  return withOptions(
    new Command('render').description('Render one video here and now, without store or server.'),
    PLACES,
  )
    .argument('<template>', 'template id (`storyfarm templates list`)')
    .option('-w, --words <bubble=text>', 'words of one bubble; repeat for others', collectPair)
    .option('-c, --cast <role=character>', 'who plays a role; repeat for others', collectPair)
    .option('-o, --out <folder>', 'where the files go', '.')
    .option('--json', 'print one JSON object')
    .action(async (id: string, { words = {}, cast, out, json }: Flags, command: Command) => {
      const { config } = configOf(command);
      const work = join(config.dataFolder, 'render', randomUUID());
      const tools = await openRenderTools(config, work);
      const installed = tools.catalogNow.get(id);
      if (!installed)
        throw new StoryfarmError(
          'unknown_template',
          `There is no template "${id}" in ${config.templateFolders.join(', ')}.`,
        );
      const request = checkRequest(
        installed.template,
        { words, ...(cast ? { cast } : {}) },
        tools.fonts.book,
        tools.fonts.measure,
      );
      const abort = new AbortController();
      process.once('SIGINT', () => abort.abort(new Error('interrupted')));
      const bar = progressBar(id);
      const started = performance.now();
      try {
        const order = {
          id: 'render',
          fence: 1,
          template: { ...installed.ref },
          cast: { ...request.cast },
          words: { ...request.words },
        };
        const { outputs, stages } = await render(order, tools, {
          onProgress: (fraction, stage) => bar.show(fraction, stage),
          signal: abort.signal,
        });
        bar.done();
        const folder = resolve(out);
        await mkdir(folder, { recursive: true });
        const files = outputs.map((output) => ({ ...output, file: join(folder, basename(output.file)) }));
        for (const { file } of files) await copyFile(join(work, 'jobs', 'render', '1', basename(file)), file);
        const seconds = (performance.now() - started) / 1000;
        if (json) process.stdout.write(`${JSON.stringify({ files, stages, seconds }, undefined, 2)}\n`);
        else {
          const rows = files.map((f) => [
            f.rendition,
            `${f.width}x${f.height}`,
            f.duration ? secondsText(f.duration) : '',
            bytesText(f.bytes),
            f.file,
          ]);
          process.stdout.write(
            `${table(['file', 'pixels', 'length', 'size', 'path'], rows)}\nrendered in ${secondsText(seconds)}\n`,
          );
        }
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    });
}
