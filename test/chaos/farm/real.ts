/** The real renderer, over the tiny template of the fixtures. */

import { join } from 'node:path';
import { openFfmpeg } from '../../../src/media/ffmpeg.js';
import { loadTemplate } from '../../../src/media/install/catalog.js';
import { openEditions } from '../../../src/media/prepare/editions.js';
import { openStorage } from '../../../src/media/storage.js';
import { packageFolder } from '../../../src/package.js';
import type { RendererOptions } from '../../../src/renderer/options.js';
import type { RendererKind } from './farm.js';

export const TINY = join(packageFolder, 'test', 'fixtures', 'templates', 'tiny');

/** The template, and what a job names it by. */
export const { template: tiny, ref: tinyRef } = await loadTemplate(TINY);

/** With editions prepared beside the jobs. */
export const preparingRenderer: RendererKind = (dataFolder) => ({
  ...realRenderer(dataFolder),
  isPrepared: ({ template, cast }) => openEditions(dataFolder, openFfmpeg()).isWhole(template, cast),
});

export const realRenderer: RendererKind = (dataFolder) => {
  const args: RendererOptions = {
    dataFolder,
    templateFolders: [TINY],
    maxPhrases: 1e6,
    heartbeatMs: 100,
    stallMs: 30_000,
  };
  const storage = openStorage(dataFolder);
  const editions = openEditions(dataFolder, openFfmpeg());
  const discard = async (attempt: { id: string; fence: number }) => {
    await storage.discard(attempt);
    await editions.sweep();
  };
  return {
    module: join(packageFolder, 'dist', 'src', 'renderer', 'main.js'),
    args: { ...args },
    discard,
    sweepEditions: async () => void (await editions.sweep()),
    templateOf: () => tiny,
  };
};
