/** Two templates, the fonts' true coverage, jobs, and a front with a real store on a free port. */

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createFront, type FrontDeps } from '../../src/front/front.js';
import type { Job, JobResult } from '../../src/job.js';
import { packageFolder } from '../../src/package.js';
import { fontBook } from '../../src/scene/fonts.js';
import { openStore } from '../../src/store/open.js';
import type { JobStore, StoreOptions } from '../../src/store/store.js';
import type { Catalog, InstalledTemplate } from '../../src/template/catalog.js';
import { type Template, templateSchema } from '../../src/template/format.js';
import { type Recorded, recorded, running } from '../http/running.js';

const bubble = (id: string, limits: object) => ({
  id,
  label: { en: id, ko: '말풍선' },
  role: 'girl',
  start: 1,
  end: 3,
  shape: { kind: 'box', x: 100, y: 100, width: 400, height: 160, radius: 20 },
  style: { size: { min: 24, max: 60 }, padding: 10 },
  limits,
  sample: { en: 'Hello!', ko: '안녕!' },
});

export const TEMPLATE: Template = templateSchema.parse({
  format: 1,
  id: 'picnic',
  title: { en: 'Picnic', ko: '소풍' },
  description: { en: 'Two friends on a hill.' },
  width: 1280,
  height: 720,
  fps: '24',
  duration: 8,
  footage: [{ file: 'hill.mp4' }, { role: 'girl' }],
  roles: [
    {
      id: 'girl',
      label: { en: 'Girl' },
      characters: [
        { id: 'mina', label: { en: 'Mina' }, layer: { file: 'mina.mp4', matte: 'below' } },
        { id: 'sora', label: { en: 'Sora' }, layer: { file: 'sora.mp4', matte: 'below' } },
      ],
    },
  ],
  bubbles: [
    bubble('greeting', { maxLength: 40, maxLines: 3, required: true }),
    bubble('answer', { maxLength: 200, maxLines: 2 }),
  ],
  ladder: [
    { id: 'large', width: 1280, height: 720 },
    { id: 'small', width: 640, height: 360, fps: '12', maxBytes: 300_000 },
  ],
  poster: { time: 2 },
});

const install = (template: Template): InstalledTemplate => ({
  ref: { id: template.id, version: 'a5'.repeat(32) },
  template,
  folder: `/srv/templates/${template.id}`,
});

export function catalogOf(...templates: readonly Template[]): Catalog {
  const installed = templates.map(install);
  return { list: () => installed, get: (id) => installed.find(({ ref }) => ref.id === id) };
}

const manifest = JSON.parse(readFileSync(join(packageFolder, 'fonts', 'manifest.json'), 'utf8'));

/** True coverage; every letter is as wide as it is high, so that what fits can be counted. */
export const FONTS: FrontDeps['fonts'] = { book: fontBook(manifest), measure: (text) => [...text].length * 100 };

export const RESULT: JobResult = {
  outputs: [
    {
      rendition: 'large',
      file: '1/large.mp4',
      bytes: 900_000,
      width: 1280,
      height: 720,
      frames: 192,
      duration: 8,
      mediaType: 'video/mp4',
    },
    {
      rendition: 'small',
      file: '1/small.mp4',
      bytes: 200_000,
      width: 640,
      height: 360,
      frames: 96,
      duration: 8,
      mediaType: 'video/mp4',
    },
    {
      rendition: 'poster',
      file: '1/poster.jpg',
      bytes: 60_000,
      width: 1280,
      height: 720,
      frames: 1,
      duration: 0,
      mediaType: 'image/jpeg',
    },
  ],
  stages: { encode: 1500 },
};

export const ORDER = { template: 'picnic', words: { greeting: 'Happy birthday!', answer: '생일 축하해!' } };

/** A job as a store would answer it. */
export function jobLike(fields: Partial<Job> = {}): Job {
  return {
    id: 'J0b',
    state: 'queued',
    request: {
      template: { id: 'picnic', version: 'a5'.repeat(32) },
      cast: { girl: 'mina' },
      words: { greeting: 'private words' },
    },
    partner: 'local',
    requires: [],
    priority: 0,
    attempt: 0,
    crashes: 0,
    fence: 0,
    progress: 0,
    server: null,
    createdAt: 1_700_000_000_000,
    runAt: 1_700_000_000_000,
    startedAt: null,
    finishedAt: null,
    result: null,
    failure: null,
    ...fields,
  };
}

export interface Served {
  readonly url: string;
  readonly store: JobStore;
  readonly storeFile: string;
  readonly parts: Recorded;
  readonly close: () => Promise<void>;
  /** Claims the one due job and renders it in no time. */
  readonly render: () => Promise<Job>;
}

export type Overrides = Partial<Parameters<typeof createFront>[0]> & { readonly storeOptions?: StoreOptions };

export async function served(
  t: Pick<TestContext, 'after'>,
  { storeOptions, ...overrides }: Overrides = {},
): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-front-'));
  const storeFile = join(folder, 'jobs.db');
  const store = await openStore(`sqlite:${storeFile}`, storeOptions);
  const parts = recorded();
  const front = createFront({
    ...parts,
    store,
    catalog: catalogOf(TEMPLATE),
    fonts: FONTS,
    addresses: { front: '', files: (server) => `https://${server}.example` },
    pollMs: 5,
    ...overrides,
  });
  const url = await running({ after: () => {} }, front);
  t.after(async () => {
    await front.close();
    await store.close();
    await rm(folder, { recursive: true });
  });
  const render = async () => {
    const [job] = await store.claim({ server: 'srv1', limit: 1, leaseMs: 30_000 });
    if (!job) throw new Error('No job is due.');
    await store.complete(job, RESULT);
    return job;
  };
  return { url, store, storeFile, parts, close: () => front.close(), render };
}
