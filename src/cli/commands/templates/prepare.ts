/** `storyfarm templates prepare`: editions ahead of the first job. */

import { Command } from 'commander';
import type { Cast } from '../../../job.js';
import { openFfmpeg } from '../../../media/ffmpeg.js';
import { loadCatalog } from '../../../media/install/catalog.js';
import { type Edition, openEditions } from '../../../media/prepare/editions.js';
import type { InstalledTemplate } from '../../../template/catalog.js';
import { configOf, withOptions } from '../../flags.js';
import { castsOf, castText, findTemplate } from '../../installed.js';
import type { Config } from '../../options.js';
import { withBars } from '../../progress.js';
import { interruptible } from '../../signals.js';

export function prepareCommand(): Command {
  return withOptions(new Command('prepare').description('Prepare every cast of templates ahead of the first job.'), [
    'dataFolder',
    'templateFolders',
    'ffmpegPath',
  ])
    .argument('[templates...]', 'ids or folders; default: all installed')
    .action(async (names: string[], _flags: unknown, command: Command) => {
      const { config } = configOf(command);
      const wanted =
        names.length > 0
          ? await Promise.all(names.map((name) => findTemplate(config, name)))
          : (await loadCatalog(config.templateFolders)).list();
      await interruptible(async (signal) => {
        for (const installed of wanted)
          for (const cast of castsOf(installed.template)) await prepareEdition(config, installed, cast, signal);
      });
    });
}

/** Prepares one edition under a progress bar; one that is there is answered at once. */
export function prepareEdition(
  config: Config,
  installed: InstalledTemplate,
  cast: Cast,
  signal: AbortSignal,
): Promise<Edition> {
  const editions = openEditions(config.dataFolder, openFfmpeg(config.ffmpegPath));
  return withBars(async (add) => {
    const bar = add(`${installed.ref.id} ${castText(cast)}`);
    const onProgress = (fraction: number) => bar.show(fraction * 0.99, 'preparing');
    const edition = await editions.prepare(installed, cast, { onProgress, signal });
    bar.show(1, 'prepared');
    return edition;
  });
}
