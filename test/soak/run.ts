/** One run: farms and fronts as processes of their own, a partner who asks for jobs, faults meanwhile; then peace, an end, a new start that sweeps, and the facts for the books. */

import { EventEmitter, once, setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
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
import { audit } from './books/audit.js';
import type { Facts } from './books/ledger.js';
import { Client } from './farm/client.js';
import { environment, freePort, type Ground } from './farm/ground.js';
import { Kept, type Line, type OwnEnd } from './farm/keeper.js';
import { begin, progressOf, STUCK } from './farm/patience.js';
import { allTold, openPortal, type Portal } from './farm/portal.js';
import { type Known, marked } from './farm/processes.js';
import { attemptIn } from './farm/seats.js';
import { addressOf, capacityOf, FarmStation, type Place } from './farm/station.js';
import { Database } from './faults/database.js';
import { Faults, type Scene } from './faults/faults.js';
import { leakers, leaking } from './faults/leak.js';
import { killed } from './faults/processes.js';
import { decisions, type FaultName, isTimed, type Purpose, type Sayings, type Wish, wishes } from './plan.js';

export interface Order {
  readonly jobs: number;
  readonly seed: number;
  readonly everyMs: number;
  readonly faults: readonly FaultName[];
  readonly farms: number;
  readonly fronts: number;
  /** Address of the store that all share; undefined: an embedded one, of one farm. */
  readonly store: string | undefined;
  /** The command that restarts its server; undefined: that is not to be restarted. */
  readonly restart: string | undefined;
  /** Of each farm. */
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
  readonly farms: number;
  readonly fronts: number;
  /** Name of the store, without secrets. */
  readonly store: string;
  /** What came to be, by name. */
  readonly faults: Readonly<Record<string, number>>;
  readonly missed: number;
  readonly repeats: number;
  /** Calls to the partner. */
  readonly callbacks: Portal['counts'];
  /** Services that ended though nobody had killed them, such as a farm that found the store locked when it started. */
  readonly ownEnds: readonly OwnEnd[];
  readonly capacity: ReturnType<typeof capacityOf>;
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
  const { folder } = ground;
  const url = order.store ?? `sqlite:${join(ground.dataFolders[0] as string, 'storyfarm.db')}`;
  const portal = await openPortal(order.seed);
  const poison = new Set<string>();
  let poisoned = 0;
  const jobs = new EventEmitter().setMaxListeners(0);
  const hear = (line: Line, { census, seats }: FarmStation) => {
    if (line.msg === 'job rendered') jobs.emit('rendered');
    const attempt = line.msg === 'job assigned' && attemptIn(line);
    if (!attempt || !poison.has(attempt.id)) return;
    const victim = census.look().find(({ pid }) => pid === seats.rendererIn(Number(line.slot)));
    if (victim && killed(victim, seats, 'SIGSEGV')) poisoned++;
  };
  const leaky = order.faults.includes('leak') ? leaking(order.seed, folder) : {};
  const envOf = (place: Place, templates: readonly string[]) => ({
    ...environment(ground, templates, { ...place, server: place.name }),
    ...portal.env,
    STORYFARM_STORE: url,
  });
  const places = await placesOf(ground.dataFolders, order.fronts);
  const farms = places.farms.map((place) => {
    const env = {
      ...{ ...envOf(place, ground.templates), ...OPTIONS, ...leaky },
      ...{ STORYFARM_FARM_PORT: `${place.port}`, STORYFARM_SLOTS: `${order.slots}` },
    };
    return new FarmStation(place, { folder, env }, hear);
  });
  const fronts = places.fronts.map((place) => {
    const env = { ...envOf(place, ground.frontTemplates), STORYFARM_PORT: `${place.port}` };
    return new Kept('front', { folder, env }, () => {}, place.name);
  });
  const seats = order.slots * farms.length;
  const requests = new EventEmitter().setMaxListeners(0);
  const templateOf = ground.templateOf;
  /** What the present process of each front has answered. */
  const answers = fronts.map((): [Known | undefined, number] => [undefined, 0]);
  const heard = (front: number) => {
    const process_ = fronts[front]?.process;
    const [of, count] = answers[front] ?? [];
    answers[front] = [process_, of === process_ ? (count ?? 0) + 1 : 1];
  };
  const sent = (front: number) => void requests.emit(`sent ${front}`);
  const { keyOf, url: callback } = portal;
  const client = new Client({ places: places.fronts, keyOf, callback, templateOf, sent, heard }, interrupt);
  const database =
    order.restart === undefined
      ? undefined
      : new Database(order.restart, async () => void (await once(jobs, 'rendered')));
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  interrupt.addEventListener('abort', () => over.abort());
  const scenes = Array.from({ length: Math.max(farms.length, fronts.length) }, (_, at): Scene => {
    const { service, census, seats, place } = farms[at % farms.length] as FarmStation;
    const which = at % fronts.length;
    const front = fronts[which] as Kept;
    return {
      ...{ farm: service, front, census, seats, dataFolder: place.dataFolder, database, over: over.signal },
      requestSent: async () => void (await once(requests, `sent ${which}`)),
      frontAnswers: () => (answers[which]?.[0] === front.process ? (answers[which]?.[1] ?? 0) : 0),
    };
  });
  const faults = new Faults(scenes, over.signal);
  const troubles: string[] = [];

  const catalog = await loadCatalog(ground.frontTemplates);
  const editionsOf = (dataFolder: string) => join(dataFolder, 'editions');
  const [first = '', ...others] = ground.dataFolders;
  if (order.editions !== undefined) await cp(editionsOf(order.editions), editionsOf(first), { recursive: true });
  if (order.isPrepared) {
    tell('preparing editions');
    const env = envOf(places.farms[0] as Place, ground.templates);
    const { code, stderr } = await runCommand(['templates', 'prepare'], { cwd: folder, env });
    if (code !== 0) throw new Error(`The editions could not be prepared: ${stderr}`);
  }
  for (const other of others)
    if (existsSync(editionsOf(first))) await cp(editionsOf(first), editionsOf(other), { recursive: true });
  tell('starting farms and fronts');
  const beginFronts = fronts.map((front, at) => begin(front, addressOf(places.fronts[at] as Place)));
  await Promise.all([...farms.map((farm) => farm.begin()), ...beginFronts]);
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
        await progress.until(({ byState }) => byState.queued < seats * AHEAD, interrupt);
        if (interrupt.aborted || progress.isStuck) return;
        asked++;
        await see(wish);
      }
    };
    const see = async (wish: Wish) => {
      const id = await client.send(wish);
      if (id && wish.purpose === 'poison') poison.add(id);
      if (id && wish.purpose === 'cancelled')
        withdrawn.push(pause(wish.cancelAfterMs).then(() => client.cancel(id, wish.partner)));
    };
    const withdrawn: Promise<void>[] = [];
    const scraping = farms.map((farm) => farm.scrapeUntil(over.signal));
    const harming = order.faults.some(isTimed)
      ? faults.run(decisions(order.seed, order.faults), order.everyMs)
      : undefined;
    await Promise.all(Array.from({ length: SENDERS }, sender));
    await progress.until(({ byState, due }) => due + byState.rendering <= seats, over.signal);
    over.abort();
    await Promise.all([harming, ...scraping, ...withdrawn]);
    const busySeconds = (performance.now() - busyFrom) / 1_000;

    await progress.until(({ byState }) => byState.queued + byState.rendering === 0, interrupt);
    if (progress.isStuck) troubles.push(STUCK);
    tell('waiting for the partner to be told of all');
    if (!interrupt.aborted) await allTold(store);
    tell('waiting for all seats to be filled');
    const filled = interrupt.aborted ? [] : await Promise.all(farms.map((farm) => farm.filled(order.slots)));
    for (const [at, count] of filled.entries())
      if (count < order.slots)
        troubles.push(
          `${order.slots - count} of ${order.slots} seats of farm ${at + 1} were not filled again in peace`,
        );
    tell('ending farms and fronts, after each farm was started once more to sweep');
    const ends = (await Promise.all(farms.map((farm) => farm.sweep(store)))).flat();
    ends.push(...(await Promise.all(fronts.map((front) => front.end()))));
    for (const code of ends)
      if (code !== 0) troubles.push(`a service ended with ${code ?? 'SIGKILL'} when it was asked to`);

    tell('auditing');
    const orphans = [...farms.flatMap(({ census }) => census.left()), ...marked(folder)];
    const { path: ffmpeg } = openFfmpeg();
    const leaked = leakers(order.seed, folder);
    const audited = await audit({ store, farms: places.farms, catalog, ffmpeg, decoded: order.decoded });
    return {
      facts: {
        asked,
        answered: client.answered,
        ...audited,
        hits: farms.flatMap((farm) => farm.seats.hits),
        goneMs: farms.flatMap(({ census }) => census.goneMs),
        resumedMs: database?.resumedMs ?? [],
        orphans: [...new Set(orphans.map(textOf))],
        told: portal.told,
        troubles: [...troubles, ...farms.flatMap(({ counters }) => counters.fallen), ...portal.complaints],
        isInterrupted: interrupt.aborted,
      },
      faults: { ...faults.done, ...(poisoned > 0 && { poison: poisoned }), ...(leaked > 0 && { leak: leaked }) },
      missed: faults.missed,
      repeats: client.repeats,
      ownEnds: [...farms.map(({ service }) => service), ...fronts].flatMap(({ ownEnds }) => ownEnds),
      capacity: capacityOf(farms),
      ...{ farms: farms.length, fronts: fronts.length, store: store.name },
      callbacks: portal.counts,
      seconds: { faults: busySeconds, all: (performance.now() - started) / 1_000 },
    };
  } finally {
    over.abort();
    await store.close();
    portal.close();
  }
}

/** Each has an address of this machine to itself, as each would have a machine. */
async function placesOf(
  dataFolders: readonly string[],
  fronts: number,
): Promise<{ readonly farms: readonly Place[]; readonly fronts: readonly Place[] }> {
  const place = async (name: string, last: number, dataFolder: string) => {
    const host = `127.0.0.${last}`;
    return { name, host, port: await freePort(host), dataFolder };
  };
  const names = dataFolders.map((_, at) => (at === 0 ? 'farm' : `farm-${at + 1}`));
  const others = Array.from({ length: fronts }, (_, at) => (at === 0 ? 'front' : `front-${at + 1}`));
  return {
    farms: await Promise.all(dataFolders.map((folder, at) => place(names[at] as string, 1 + at, folder))),
    // Of its data folder a front needs nothing but the embedded store.
    fronts: await Promise.all(
      others.map((name, at) => place(name, 1 + dataFolders.length + at, dataFolders[0] as string)),
    ),
  };
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
