/** One run: a farm and a front as processes of their own, a partner who asks for jobs, faults meanwhile; then peace, an end, a new start that sweeps, and the facts for the books. */

import { EventEmitter, once, setMaxListeners } from 'node:events';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { castsOf } from '../../src/cli/installed.js';
import { openFfmpeg } from '../../src/media/ffmpeg.js';
import { loadFonts } from '../../src/media/fonts.js';
import { loadCatalog } from '../../src/media/install/catalog.js';
import { openStore } from '../../src/store/open.js';
import { wordsmith } from '../bench/render/contents/words.js';
import { run as runCommand } from '../cli/storyfarm.js';
import { look } from '../pm2/processes.js';
import { audit, straysNow } from './books/audit.js';
import type { Facts } from './books/ledger.js';
import { Census } from './farm/census.js';
import { Client } from './farm/client.js';
import { Counters } from './farm/counters.js';
import { environment, freePort, type Ground } from './farm/ground.js';
import { Kept, type Line, type OwnEnd } from './farm/keeper.js';
import { begin, filled, progressOf, STUCK, scrapeUntil, swept } from './farm/patience.js';
import { allTold, openPortal, type Portal } from './farm/portal.js';
import { type Known, marked } from './farm/processes.js';
import { Capacity } from './farm/scrape.js';
import { attemptIn, Seats } from './farm/seats.js';
import { Faults } from './faults/faults.js';
import { leakers, leaking } from './faults/leak.js';
import { killed } from './faults/processes.js';
import { decisions, type FaultName, isTimed, type Purpose, type Sayings, type Wish, wishes } from './plan.js';

export interface Order {
  readonly jobs: number;
  readonly seed: number;
  readonly everyMs: number;
  readonly faults: readonly FaultName[];
  readonly slots: number;
  /** How many jobs' files are decoded. */
  readonly decoded: number;
  /** A data folder whose editions are taken over before any are made. */
  readonly editions: string | undefined;
  /** Whether editions are made before it begins. */
  readonly isPrepared: boolean;
}

export interface Told {
  readonly facts: Facts;
  /** What came to be, by name. */
  readonly faults: Readonly<Record<string, number>>;
  readonly missed: number;
  readonly repeats: number;
  /** Calls to the partner. */
  readonly callbacks: Portal['counts'];
  /** Services that ended though nobody had killed them, such as a farm that found the store locked when it started. */
  readonly ownEnds: readonly OwnEnd[];
  readonly capacity: Capacity;
  /** Of the faults, and of all. */
  readonly seconds: { readonly faults: number; readonly all: number };
}

/** Jobs that wait, for each seat: enough that none is without work. */
const AHEAD = 6;
const SENDERS = 4;
const STORE_PATIENCE_MS = 15_000;

/** Patience so short that faults meet it. How many attempts and crashes a job has is as usual: what the soak does to jobs is not to be held against them. */
const OPTIONS = {
  STORYFARM_LOG_LEVEL: 'debug',
  // Of a disk as small as this one a little is much; still the floor is met whenever the disk is filled.
  STORYFARM_DISK_FLOOR: '4MB',
  STORYFARM_MAX_JOBS: '25',
  STORYFARM_LEASE: '5s',
  STORYFARM_HEARTBEAT: '250ms',
  STORYFARM_SILENT: '4s',
  STORYFARM_STALL: '20s',
  STORYFARM_DRAIN: '30s',
};

/** `interrupt` ends it early; `tell` hears of what is going on. */
export async function run(
  order: Order,
  ground: Ground,
  interrupt: AbortSignal,
  tell: (what: string) => void,
): Promise<Told> {
  const started = performance.now();
  const { folder, dataFolder } = ground;
  const portal = await openPortal(order.seed);
  const [farmPort, frontPort] = [await freePort(), await freePort()];
  const farmEnv = {
    ...environment(ground, ground.templates),
    ...OPTIONS,
    ...portal.env,
    STORYFARM_FARM_PORT: `${farmPort}`,
    STORYFARM_SLOTS: `${order.slots}`,
  };
  const frontEnv = {
    ...environment(ground, ground.frontTemplates),
    ...portal.env,
    STORYFARM_PORT: `${frontPort}`,
  };

  const seats = new Seats();
  const poison = new Set<string>();
  let poisoned = 0;
  const hear = (line: Line) => {
    seats.hear(line);
    const attempt = line.msg === 'job assigned' && attemptIn(line);
    if (!attempt || !poison.has(attempt.id)) return;
    const victim = census.look().find(({ pid }) => pid === seats.rendererIn(Number(line.slot)));
    if (victim && killed(victim, seats, 'SIGSEGV')) poisoned++;
  };
  const leaky = order.faults.includes('leak') ? leaking(order.seed, folder) : {};
  const farm = new Kept('farm', { folder, env: { ...farmEnv, ...leaky } }, hear);
  const front = new Kept('front', { folder, env: frontEnv }, () => {});
  const census = new Census(farm);
  const requests = new EventEmitter().setMaxListeners(0);
  const templateOf = ground.templateOf;
  let [answering, answers]: [Known | undefined, number] = [undefined, 0];
  const heard = () => {
    if (answering !== front.process) [answering, answers] = [front.process, 0];
    answers++;
  };
  const { key, url: callback } = portal;
  const sent = () => requests.emit('sent');
  const client = new Client({ port: frontPort, key, callback, templateOf, sent, heard }, interrupt);
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  interrupt.addEventListener('abort', () => over.abort());
  const scene = {
    ...{ farm, front, census, seats, dataFolder, over: over.signal },
    requestSent: async () => void (await once(requests, 'sent')),
    frontAnswers: () => (answering === front.process ? answers : 0),
  };
  const faults = new Faults(scene);
  const capacity = new Capacity();
  const counters = new Counters();
  const troubles: string[] = [];

  const catalog = await loadCatalog(ground.frontTemplates);
  if (order.editions !== undefined)
    await cp(join(order.editions, 'editions'), join(dataFolder, 'editions'), { recursive: true });
  if (order.isPrepared) {
    tell('preparing editions');
    const { code, stderr } = await runCommand(['templates', 'prepare'], { cwd: folder, env: farmEnv });
    if (code !== 0) throw new Error(`The editions could not be prepared: ${stderr}`);
  }
  tell('starting farm and front');
  await Promise.all([begin(farm, farmPort), begin(front, frontPort)]);
  const url = `sqlite:${join(dataFolder, 'storyfarm.db')}`;
  const store = await openStore(url, { checkIntegrity: false, busyDeadlineMs: STORE_PATIENCE_MS });

  let asked = 0;
  const busyFrom = performance.now();
  try {
    const all = wishes(order.seed, order.jobs, order.faults, sayingsOf(catalog, templateOf, order.seed));
    const queue = all.values();
    const progress = progressOf(store, () =>
      tell(`${asked} of ${order.jobs} jobs asked for, ${Object.values(faults.done).reduce((a, b) => a + b, 0)} faults`),
    );
    const sender = async () => {
      for (const wish of queue) {
        await progress.until(({ byState }) => byState.queued < order.slots * AHEAD, interrupt);
        if (interrupt.aborted || progress.isStuck) return;
        asked++;
        await see(wish);
      }
    };
    const see = async (wish: Wish) => {
      const id = await client.send(wish);
      if (id && wish.purpose === 'poison') poison.add(id);
      if (id && wish.purpose === 'cancelled') withdrawn.push(pause(wish.cancelAfterMs).then(() => client.cancel(id)));
    };
    const withdrawn: Promise<void>[] = [];
    const scraping = scrapeUntil(over.signal, farmPort, farm, (look, life) => {
      capacity.take(look.scraped);
      counters.take(look, life);
    });
    const harming = order.faults.some(isTimed)
      ? faults.run(decisions(order.seed, order.faults), order.everyMs)
      : undefined;
    await Promise.all(Array.from({ length: SENDERS }, sender));
    await progress.until(({ byState, due }) => due + byState.rendering <= order.slots, over.signal);
    over.abort();
    await Promise.all([harming, scraping, ...withdrawn]);
    const busySeconds = (performance.now() - busyFrom) / 1_000;

    await progress.until(({ byState }) => byState.queued + byState.rendering === 0, interrupt);
    if (progress.isStuck) troubles.push(STUCK);
    tell('waiting for the partner to be told of all');
    if (!interrupt.aborted) await allTold(store);
    tell('waiting for all seats to be filled');
    const empty = interrupt.aborted ? 0 : order.slots - (await filled(farmPort, order.slots));
    if (empty > 0) troubles.push(`${empty} of ${order.slots} seats were not filled again in peace`);
    tell('ending farm and front, and starting the farm once more to sweep');
    census.look();
    const ends = [await farm.end()];
    await begin(farm, farmPort);
    await swept(() => straysNow({ store, dataFolder }));
    census.look();
    ends.push(await farm.end(), await front.end());
    for (const code of ends)
      if (code !== 0) troubles.push(`a service ended with ${code ?? 'SIGKILL'} when it was asked to`);

    tell('auditing');
    const orphans = [...census.left(), ...marked(folder)];
    const { path: ffmpeg } = openFfmpeg();
    const leaked = leakers(order.seed, folder);
    const audited = await audit({ store, dataFolder, catalog, ffmpeg, decoded: order.decoded });
    return {
      facts: {
        asked,
        answered: client.answered,
        ...audited,
        hits: seats.hits,
        goneMs: census.goneMs,
        orphans: [...new Set(orphans.map(textOf))],
        told: portal.told,
        troubles: [...troubles, ...counters.fallen, ...portal.complaints],
        isInterrupted: interrupt.aborted,
      },
      faults: { ...faults.done, ...(poisoned > 0 && { poison: poisoned }), ...(leaked > 0 && { leak: leaked }) },
      missed: faults.missed,
      repeats: client.repeats,
      callbacks: portal.counts,
      ownEnds: [...farm.ownEnds, ...front.ownEnds],
      capacity,
      seconds: { faults: busySeconds, all: (performance.now() - started) / 1_000 },
    };
  } finally {
    over.abort();
    await store.close();
    portal.close();
  }
}

const textOf = ({ pid }: Known) => `${pid} ${look(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 200)}`;

/** Words for each template, the same for the same seed. */
function sayingsOf(
  catalog: Pick<Awaited<ReturnType<typeof loadCatalog>>, 'get'>,
  templateOf: (purpose: Purpose) => string,
  seed: number,
): (purpose: Purpose) => Sayings {
  const fonts = loadFonts();
  const made = new Map<string, Sayings>();
  return (purpose) => {
    const id = templateOf(purpose);
    const template = catalog.get(id)?.template;
    if (!template) throw new Error(`There is no template "${id}".`);
    const sayings = made.get(id) ?? { say: wordsmith(template, fonts, seed), casts: castsOf(template) };
    made.set(id, sayings);
    return sayings;
  };
}
