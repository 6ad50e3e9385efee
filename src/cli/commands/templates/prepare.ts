/** `storyfarm templates prepare`: editions ahead of the first job. */

import { Command } from 'commander';
import type { Cast } from '../../../job.js';
import { openFfmpeg } from '../../../media/ffmpeg.js';
import { filmObstacle } from '../../../media/ffmpeg-abilities.js';
import { loadCatalog } from '../../../media/install/catalog.js';
import { type Edition, openEditions } from '../../../media/prepare/editions.js';
import { FOOTAGE_SHARE } from '../../../media/prepare/footage.js';
import { clearTorn } from '../../../media/prepare/torn.js';
import type { InstalledTemplate } from '../../../template/catalog.js';
import type { Template } from '../../../template/format.js';
import { checkCast } from '../../../template/request.js';
import { openDataFolder } from '../../data-folder.js';
import { collectPair, configOf, withOptions } from '../../flags.js';
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
    .option(
      '-c, --cast <role=character>',
      'Prepare only casts in which this one plays; repeat for other roles.',
      collectPair,
    )
    .action(async (names: string[], { cast = {} }: { cast?: Record<string, string> }, command: Command) => {
      const { config } = configOf(command);
      const wanted =
        names.length > 0
          ? await Promise.all(names.map((name) => findTemplate(config, name)))
          : (await loadCatalog(config.templateFolders)).list();
      // Before the first minute of work, not after it.
      const obstacle = await filmObstacle(openFfmpeg(config.ffmpegPath).path);
      if (obstacle) throw obstacle;
      await interruptible(async (signal) => {
        for (const installed of wanted) {
          for (const each of castsWith(installed.template, cast))
            await prepareEdition(config, installed, each, signal, { withFilms: true });
        }
      });
    });
}

/** The casts in which these characters play. Throws `unknown_role` or `unknown_character`. */
function castsWith(template: Template, wanted: Readonly<Record<string, string>>): readonly Cast[] {
  checkCast(template, wanted);
  return castsOf(template).filter((cast) => Object.entries(wanted).every(([role, one]) => cast[role] === one));
}

/** Prepares one edition under a progress bar, with its films or without; one that is there is answered at once. */
export function prepareEdition(
  config: Config,
  installed: InstalledTemplate,
  cast: Cast,
  signal: AbortSignal,
  { withFilms }: { readonly withFilms: boolean },
): Promise<Edition> {
  const editions = openEditions(config.dataFolder, openFfmpeg(config.ffmpegPath, config.dataFolder));
  return withBars(async (add) => {
    await openDataFolder(config.dataFolder);
    // As patient as a farm: a machine that has much to do makes no frame for a minute.
    const watch = { signal, stallMs: config.stall };
    const bar = add(`${installed.ref.id} ${castText(cast)}`);
    const laying = (fraction: number) => bar.show(fraction * FOOTAGE_SHARE, 'laying out');
    const edition = await editions.prepare(installed, cast, { onProgress: laying, ...watch });
    const filming = (fraction: number) => bar.show(FOOTAGE_SHARE + fraction * (0.99 - FOOTAGE_SHARE), 'filming');
    if (withFilms) {
      // A torn film would be taken for one that is made.
      for (const rendition of edition.template.ladder)
        await clearTorn(edition.film(rendition), { edition: edition.name, rendition: rendition.id });
      await editions.film(edition, { onProgress: filming, ...watch });
    }
    bar.show(1, 'prepared');
    return edition;
  });
}
