/**
 * The renderer: a program that a supervisor forks. A job comes in by IPC, files go out to the data folder, and events meanwhile. It knows no database.
 *
 * Whatever leaks or crashes, leaks or crashes in here. It leaves by itself when its supervisor is gone: the channel closes, the present render is aborted, and it
 * exits; the kernel has killed it by then where it can do that, else a thread of its own does (parent.ts).
 */

import { constants, setPriority } from 'node:os';
import { asStoryfarmError, StoryfarmError } from '../errors.js';
import { type Edition, parseToRenderer, type RenderOrder, type ToSupervisor } from '../ipc/messages.js';
import { parseBucketAddress } from '../media/bucket/address.js';
import { openBucket } from '../media/bucket/bucket.js';
import { openS3 } from '../media/bucket/s3.js';
import { type Ffmpeg, openFfmpeg } from '../media/ffmpeg.js';
import { filmObstacle } from '../media/ffmpeg-abilities.js';
import { loadFonts } from '../media/fonts.js';
import { loadCatalog } from '../media/install/catalog.js';
import { type Editions, openEditions } from '../media/prepare/editions.js';
import { FOOTAGE_SHARE } from '../media/prepare/footage.js';
import { Films } from '../media/splice/films.js';
import { openPhrases } from '../media/splice/phrases.js';
import { openStorage, type Storage } from '../media/storage.js';
import { DAMAGED } from '../paths.js';
import { type RendererOptions, rendererOptions, STORAGE_VARIABLE } from './options.js';
import { type RenderTools, render } from './render.js';
import { prepareFootage, soundEdition } from './source.js';

/** The least step of progress worth a message, and the least time between two, in milliseconds: it reaches the store once a second. */
const STEP = 0.005;
const PACE_MS = 1_000;

/** Resolves when the message is on its way, or there is nobody to hear it. */
function send(message: ToSupervisor): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) resolve();
    else process.send(message, () => resolve());
  });
}

type PrepareTools = RenderTools & { readonly editions: Editions; readonly ffmpeg: Ffmpeg };

function boot(options: RendererOptions): PrepareTools {
  // The supervisor has asked this program before: its answer is remembered in the data folder.
  const ffmpeg = openFfmpeg(options.ffmpegPath, options.dataFolder);
  const tools: PrepareTools = {
    ffmpeg,
    fonts: loadFonts(),
    editions: openEditions(options.dataFolder, ffmpeg),
    films: new Films(),
    phrases: openPhrases(options.dataFolder, options.maxPhrases),
    storage: storageIn(options.dataFolder, process.env[STORAGE_VARIABLE]),
    catalog: () => loadCatalog(options.templateFolders),
    stallMs: options.stallMs,
  };
  void send({ type: 'ready', ffmpeg: ffmpeg.version });
  return tools;
}

function storageIn(dataFolder: string, bucket: string | undefined): Storage {
  const local = openStorage(dataFolder);
  if (!bucket) return local;
  const objects = openS3(parseBucketAddress(bucket));
  // While nobody waits for it.
  objects.open();
  return openBucket(local, objects);
}

/** Passes on what is worth a message of a fraction that rises; the first one a while after `since`, so that a short job sends none. */
function paced(
  tell: (fraction: number, stage: string) => ToSupervisor,
  since = performance.now(),
): (fraction: number, stage?: string) => void {
  let told = 0;
  let toldAt = since;
  return (fraction, stage = '') => {
    const now = performance.now();
    if (fraction - told < STEP || now - toldAt < PACE_MS) return;
    told = fraction;
    toldAt = now;
    void send(tell(fraction, stage));
  };
}

/** Renders, and answers what to tell the supervisor about it. */
async function work(order: RenderOrder, tools: RenderTools, signal: AbortSignal): Promise<ToSupervisor> {
  const { id, fence } = order;
  const onProgress = paced((fraction, stage) => ({ type: 'progress', id, fence, fraction, stage }));
  try {
    const { outputs, stages, paths } = await render(order, tools, { onProgress, signal });
    return { type: 'rendered', id, fence, outputs: [...outputs], stages: { ...stages }, paths: { ...paths } };
  } catch (thrown) {
    const error = asStoryfarmError(thrown);
    // The supervisor logs what a renderer writes. Only what ffmpeg said: other causes may hold what was typed.
    if (error.code === 'ffmpeg_failed' && error.cause instanceof Error)
      console.error(`job ${id}: ffmpeg said:\n${error.cause.message}`);
    return { type: 'failed', id, fence, failure: error.toJSON() };
  }
}

/** Prepares an edition, as far as its ffmpeg can, and answers how it went. The process has the lowest priority from then on, and so has every ffmpeg that it starts. */
async function prepare({ template, cast }: Edition, tools: PrepareTools, signal: AbortSignal): Promise<ToSupervisor> {
  const tell = paced((fraction) => ({ type: 'preparing', fraction }), Number.NEGATIVE_INFINITY);
  const laying = { signal, onProgress: (fraction: number) => tell(fraction * FOOTAGE_SHARE) };
  const filming = { signal, onProgress: (fraction: number) => tell(FOOTAGE_SHARE + fraction * (1 - FOOTAGE_SHARE)) };
  try {
    setPriority(constants.priority.PRIORITY_LOW);
    const source = { template, cast };
    const edition = await soundEdition(source, tools, (wasDamaged) => {
      // The supervisor logs it, as a warning.
      if (wasDamaged) console.error(`preparing ${template.id}: ${DAMAGED}`);
      return prepareFootage(source, tools, laying);
    });
    if (!(await filmObstacle(tools.ffmpeg.path)))
      await tools.editions.film(edition, { ...filming, stallMs: tools.stallMs });
    return { type: 'prepared' };
  } catch (thrown) {
    return { type: 'unprepared', failure: asStoryfarmError(thrown).toJSON() };
  }
}

function main(): void {
  const options = rendererOptions.parse(JSON.parse(process.argv[2] ?? '{}'));
  // A terminal sends its interrupt to the whole group; when to leave is the supervisor's decision.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  if (process.env.STORYFARM_UNLEASHED) void import('./parent.js').then(({ dieWithParent }) => dieWithParent());
  const tools = boot(options);
  /** A job, or a preparation, which has no id. */
  let present:
    | { readonly id: string | undefined; readonly abort: AbortController; readonly done: Promise<void> }
    | undefined;
  let told = Promise.resolve();
  const begin = (id: string | undefined, run: (signal: AbortSignal) => Promise<ToSupervisor>) => {
    if (present) throw new StoryfarmError('internal', `${nameOf(id)} came while ${nameOf(present.id)} was under way.`);
    const abort = new AbortController();
    const done = run(abort.signal).then((outcome) => {
      // Before it is told: the answer may be the next job.
      present = undefined;
      told = send(outcome);
    });
    present = { id, abort, done };
  };

  setInterval(() => void send({ type: 'heartbeat' }), options.heartbeatMs);
  const leave = async (abort: boolean) => {
    if (abort) present?.abort.abort(new Error('The supervisor is gone.'));
    await present?.done;
    await told;
    process.exit(0);
  };
  process.on('disconnect', () => void leave(true));
  // It was gone before anybody listened: while this was being loaded, or even before the leash was on.
  if (process.connected === false) void leave(true);
  process.on('message', (raw) => {
    const message = parseToRenderer(raw);
    if (message.type === 'leave') return void leave(false);
    if (message.type === 'prepare') return begin(undefined, (signal) => prepare(message.edition, tools, signal));
    if (message.type === 'abort') {
      if (present && present.id === message.id) present.abort.abort(new Error('The supervisor said so.'));
      return;
    }
    begin(message.order.id, (signal) => work(message.order, tools, signal));
  });
}

const nameOf = (id: string | undefined): string => (id === undefined ? 'a preparation' : `job ${id}`);

try {
  main();
} catch (error) {
  void send({ type: 'unfit', failure: asStoryfarmError(error).toJSON() }).then(() => process.exit(1));
}
