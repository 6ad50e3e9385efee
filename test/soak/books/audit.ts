/** Gathers what the books are made of when all is over: every job with its history from the store, and every file from the disk. */

import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Job, Output } from '../../../src/job.js';
import { verifyRendition } from '../../../src/renderer/verify.js';
import type { JobStore } from '../../../src/store/store.js';
import type { Catalog } from '../../../src/template/catalog.js';
import { isWholeJpeg } from '../../fixtures/jpeg.js';
import { run } from '../../verify/checks/programs.js';
import type { JobFacts } from './ledger.js';
import { type Entry, type Published, straysIn } from './strays.js';

export interface Audited {
  readonly jobs: readonly JobFacts[];
  readonly strays: readonly string[];
  readonly broken: readonly string[];
}

export interface Audit {
  readonly store: Pick<JobStore, 'recent' | 'history'>;
  /** Every server, with where it keeps its files. */
  readonly farms: readonly Home[];
  readonly catalog: Pick<Catalog, 'get'>;
  readonly ffmpeg: string;
  /** How many jobs' files are decoded, strictly and to the end; the index is read of all. Infinity: all. */
  readonly decoded: number;
}

export interface Home {
  readonly name: string;
  readonly dataFolder: string;
}

export async function audit({ store, farms, catalog, ffmpeg, decoded }: Audit): Promise<Audited> {
  const jobs = await store.recent(MOST_JOBS);
  const rendered = renderedOf(jobs);
  const broken: string[] = [];
  const folderOf = (job: Job) => join(farms.find(({ name }) => name === job.server)?.dataFolder ?? '', 'jobs', job.id);
  for (const job of rendered)
    for (const output of outputsOf(job)) {
      const flaw = await flawOf(folderOf(job), output, job, catalog);
      if (flaw) broken.push(`${job.id}/${output.file}: ${flaw}`);
    }
  const step = Math.max(1, Math.floor(rendered.length / Math.max(1, decoded)));
  const chosen = decoded > 0 ? rendered.filter((_, number) => number % step === 0) : [];
  broken.push(...(await undecodable(ffmpeg, folderOf, chosen)));
  return {
    jobs: await factsOf(jobs, store),
    strays: (await Promise.all(farms.map((farm) => straysOf(farm, rendered)))).flat(),
    broken,
  };
}

/** What belongs to nothing while a farm is at work, apart from what it has open. */
export async function straysNow({
  store,
  farm,
}: {
  readonly store: Pick<JobStore, 'recent'>;
  readonly farm: Home;
}): Promise<string[]> {
  const strays = await straysOf(farm, renderedOf(await store.recent(MOST_JOBS)));
  return strays.filter((path) => path !== 'farm.sock');
}

/** A server has the files of the jobs that it rendered, and no others. */
async function straysOf({ name, dataFolder }: Home, rendered: readonly Job[]): Promise<string[]> {
  return straysIn(await entriesIn(dataFolder), publishedBy(rendered.filter(({ server }) => server === name)));
}

const MOST_JOBS = 1_000_000;
const renderedOf = (jobs: readonly Job[]) => jobs.filter(({ state }) => state === 'rendered' || state === 'delivered');
const publishedBy = (rendered: readonly Job[]): Published =>
  new Map(rendered.map((job) => [job.id, outputsOf(job).map(({ file }) => file)]));

const outputsOf = (job: Job): readonly Output[] => job.result?.outputs ?? [];

function factsOf(jobs: readonly Job[], store: Audit['store']): Promise<JobFacts[]> {
  return Promise.all(
    jobs.map(async ({ id, state, failure, partner }) => ({
      ...{ id, state, failure: failure?.code, partner },
      history: await store.history(id),
    })),
  );
}

/** Why a file is not what the job's result says, or undefined. */
async function flawOf(
  folder: string,
  output: Output,
  job: Job,
  catalog: Audit['catalog'],
): Promise<string | undefined> {
  const path = join(folder, output.file);
  try {
    if (output.rendition === 'poster') return posterFlaw(await readFile(path), output);
    const template = catalog.get(job.request.template.id)?.template;
    const rendition = template?.ladder.find(({ id }) => id === output.rendition);
    if (!template || !rendition) return 'its template has no such rendition';
    const found = await verifyRendition(path, output.file, template, rendition);
    return isDeepStrictEqual(found, output) ? undefined : `it is ${JSON.stringify(found)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Jobs that are decoded by one ffmpeg: starting it takes longer than decoding a tiny video. */
const AT_ONCE = 10;

/** Where one of several cannot be decoded, each is tried alone. */
async function undecodable(ffmpeg: string, folderOf: (job: Job) => string, jobs: readonly Job[]): Promise<string[]> {
  const videosOf = (job: Job) =>
    outputsOf(job).flatMap(({ mediaType, file }) => (mediaType === 'video/mp4' ? [join(folderOf(job), file)] : []));
  const broken: string[] = [];
  for (let at = 0; at < jobs.length; at += AT_ONCE) {
    const some = jobs.slice(at, at + AT_ONCE);
    if ((await decodingFlaw(ffmpeg, some.flatMap(videosOf))) === undefined) continue;
    const before = broken.length;
    for (const job of some) {
      const flaw = await decodingFlaw(ffmpeg, videosOf(job));
      if (flaw) broken.push(`${job.id}: ${flaw}`);
    }
    if (broken.length === before) broken.push(`${some.map(({ id }) => id).join(', ')}: one of them does not decode`);
  }
  return broken;
}

/** What ffmpeg has to say of these videos when it decodes all of them to their ends, or undefined. */
async function decodingFlaw(ffmpeg: string, files: readonly string[]): Promise<string | undefined> {
  const strict = ['-v', 'warning', '-nostdin', '-xerror', '-err_detect', 'explode'];
  const inputs = files.flatMap((file) => ['-threads', '1', '-i', file]);
  const outputs = files.flatMap((_, index) => ['-map', `${index}`, '-f', 'null', '-']);
  const { status, stderr } = await run(ffmpeg, [...strict, ...inputs, ...outputs]);
  return stderr === '' && status === 0 ? undefined : `ffmpeg says: ${stderr.trim() || status}`;
}

function posterFlaw(bytes: Buffer, { bytes: size }: Output): string | undefined {
  if (bytes.length !== size) return `it has ${bytes.length} of ${size} bytes`;
  return isWholeJpeg(bytes) ? undefined : 'it is no whole JPEG';
}

async function entriesIn(folder: string): Promise<Entry[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => ({
    path: relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'),
    isFolder: entry.isDirectory(),
  }));
}
