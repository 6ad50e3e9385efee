/** The commands that stay: `up` (front, files and farm together), and each of the three alone. */

import { mkdir } from 'node:fs/promises';
import { Command } from 'commander';
import type { Clock } from '../../clock.js';
import { createFiles, filesChecks, filesRoutes } from '../../files/files.js';
import { createFront, frontChecks, frontRoutes } from '../../front/front.js';
import { type Check, healthRoutes } from '../../http/health.js';
import { createServer, type HttpServer } from '../../http/server.js';
import { loadFonts } from '../../media/fonts.js';
import { openStorage } from '../../media/storage.js';
import type { JobStore } from '../../store/store.js';
import { addressesOn, fileDomain } from '../addresses.js';
import type { LoadedConfig } from '../config.js';
import type { PublicAddresses } from '../courier-keeper.js';
import { nearestOf, openDataFolder } from '../data-folder.js';
import { createFarm, type Farm } from '../farm.js';
import { configOf, FARM, PLACES, withOptions } from '../flags.js';
import type { Config } from '../options.js';
import { openCatalog, openConfiguredStore, openService, type Service } from '../parts.js';
import { exitsOf, onSignals, tellReady } from '../signals.js';
import { objectAddresses } from '../storage.js';
import { type Done, whenStoreAnswers } from '../waiting.js';

export const upCommand = (): Command =>
  service(
    'up',
    'Run front, files and farm together on this machine.',
    [...PLACES, 'host', 'port', 'frontUrl', 'filesUrl', ...FARM, 'bodyLimit', 'logLevel'],
    up,
  );

export const farmCommand = (): Command =>
  service(
    'farm',
    'Run the supervisor and its renderers.',
    [...PLACES, 'host', 'farmPort', 'filesUrl', ...FARM, 'logLevel'],
    farmAlone,
  );

export const frontCommand = (): Command =>
  service(
    'front',
    'Run the HTTP front, which records requests.',
    [...PLACES, 'host', 'port', 'filesUrl', 'bodyLimit', 'logLevel'],
    front,
  );

export const filesCommand = (): Command =>
  service('files', 'Serve the finished files of this server.', ['dataFolder', 'host', 'filesPort', 'logLevel'], files);

function service(
  name: string,
  text: string,
  options: Parameters<typeof withOptions>[1],
  run: (config: Config, reread: () => LoadedConfig) => Promise<void>,
): Command {
  return withOptions(new Command(name).description(text), options).action((_options, command: Command) => {
    const { config, file } = configOf(command);
    // The same file: were it gone, a farm would fall back to defaults that nobody asked for.
    return run(config, () => configOf(command, file));
  });
}

async function up(config: Config, reread: () => LoadedConfig): Promise<void> {
  const parts = openService(config, 'up');
  const folder = await jobsFolder(config);
  const catalog = await openCatalog(parts);
  const store = await openWaiting(parts);
  const farm = createFarm(parts, store, reread);
  const server = createServer({ ...parts, bodyLimit: config.bodyLimit });
  // Addresses relative to the front: whoever reads a document knows where it came from.
  server.app.register(frontRoutes, {
    ...parts,
    store,
    catalog,
    fonts: loadFonts(),
    partners: config.partners,
    addresses: addressesOn(
      store,
      { front: '', files: fileDomain(config) ?? '', object: objectAddresses(config) },
      parts,
    ),
  });
  server.app.register(filesRoutes, { folder });
  server.app.register(healthRoutes, {
    ...parts,
    checks: [...frontChecks({ store, catalog }), ...filesChecks({ folder }), farmCheck(farm)],
  });
  const publicly = (here: string) => {
    const front = config.frontUrl ?? here;
    return { front, files: config.filesUrl ?? front };
  };
  await serve(parts, server, config.port, store, { farm, publicly });
}

async function farmAlone(config: Config, reread: () => LoadedConfig): Promise<void> {
  const parts = openService(config, 'farm');
  await jobsFolder(config);
  await openCatalog(parts);
  const store = await openWaiting(parts);
  const farm = createFarm(parts, store, reread);
  const server = createServer(parts);
  server.app.register(healthRoutes, {
    ...parts,
    checks: [{ name: 'store', run: () => store.ping() }, farmCheck(farm)],
  });
  const { host, port, filesPort } = config;
  const publicly = () => ({
    front: config.frontUrl ?? `http://${host}:${port}`,
    files: config.filesUrl ?? `http://${host}:${filesPort}`,
  });
  await serve(parts, server, config.farmPort, store, { farm, publicly });
}

async function front(config: Config): Promise<void> {
  // Of the data folder it needs nothing but the store, if that is there.
  if (config.store?.includes(config.dataFolder)) await nearestOf(config.dataFolder);
  const parts = openService(config, 'front');
  const catalog = await openCatalog(parts);
  const store = await openWaiting(parts);
  const elsewhere = `http://${config.host}:${config.filesPort}`;
  const server = createFront({
    ...parts,
    store,
    catalog,
    fonts: loadFonts(),
    partners: config.partners,
    addresses: addressesOn(
      store,
      { front: '', files: fileDomain(config) ?? elsewhere, object: objectAddresses(config) },
      parts,
    ),
    bodyLimit: config.bodyLimit,
  });
  await serve(parts, server, config.port, store);
}

async function files(config: Config): Promise<void> {
  const parts = openService(config, 'files');
  const server = createFiles({ ...parts, folder: await jobsFolder(config) });
  await serve(parts, server, config.filesPort);
}

interface Farming {
  readonly farm: Farm;
  /** Where people elsewhere find front and files, given where this process listens. */
  readonly publicly: (here: string) => PublicAddresses;
}

/**
 * Starts what there is, waits for a store that is away, and ends it in the right order: the farm finishes its jobs while people can still look, and switches are given the time to notice that this one leaves; then the
 * server, then the store. Whoever wants it to end while it starts is heard, and it ends when it has started, or no longer waits for its store; at once at the second word, since it has nothing yet
 * that another start would not take back.
 */
async function serve(
  parts: Service,
  server: HttpServer,
  port: number,
  store?: JobStore,
  farming?: Farming,
): Promise<void> {
  const { log, config } = parts;
  const farm = farming?.farm;
  const close = async () => {
    await server.close();
    await store?.close();
  };
  let isStarted = false;
  const leaving = new AbortController();
  const exits = exitsOf({
    drain: async () => {
      log.info('draining: finishing the present jobs');
      // Else not even for a turn of the event loop: whoever asked is answered that it drains.
      leaving.abort();
      if (!isStarted) await started;
      await Promise.all([farm?.drain(), server.leave(config.leave)]);
      await close();
      log.info('ended');
    },
    stop: async () => {
      if (!isStarted) return log.warn('stopping at once, in the midst of the start');
      log.warn('stopping at once: the present jobs are given back');
      await farm?.stop();
      await close();
    },
  });
  const starting = (async () => {
    // Before the port: whoever starts the same farm twice is told so, not that a program has its port.
    farm?.claim();
    const address = await server.listen({ host: config.host, port });
    const waiting = { about: { address, store: store?.name }, clock: parts.clock, log, signal: leaving.signal };
    if (farming) await farming.farm.start(exits, farming.publicly(address), waiting);
    else if (store) await whenStoreAnswers(() => store.ping(), waiting);
    isStarted = true;
    log.info({ address, store: store?.name, slots: farm?.slots.length }, `listening on ${address}`);
  })();
  // One that fails to start ends by that.
  const started = starting.catch(() => new Promise<never>(() => {}));
  const unlisten = onSignals({
    ...exits,
    reload: () =>
      started.then(() =>
        farm ? reloaded(farm) : log.warn('nothing was read again: only a farm can; restart this service'),
      ),
    recycle: () => started.then(() => farm?.recycleAll()),
  });
  try {
    await starting;
  } catch (error) {
    unlisten();
    await close();
    throw error;
  }
  if (farm) await untilReady(farm, parts.clock);
  tellReady();
}

/** The log says what came of it. */
function reloaded(farm: Farm): void {
  try {
    farm.reload();
  } catch {
    // Nobody else is there to be told.
  }
}

/** A farm can work when its first renderer has booted; looks as often as somebody who waits for it would. */
async function untilReady(farm: Farm, clock: Clock): Promise<void> {
  while (!farm.readiness().ready) await new Promise<void>((resolve) => clock.after(100, resolve));
}

const farmCheck = (farm: Farm): Check => ({
  name: 'farm',
  run: async () => {
    const { ready, reason } = farm.readiness();
    if (!ready) throw new Error(`The farm takes no jobs: ${reason}.`);
  },
});

/** A shared store at once, though it may be away; an embedded one when it is no longer locked. */
async function openWaiting({ config, clock, log, metrics }: Service): Promise<JobStore> {
  const open = () => openConfiguredStore(config, { metrics, mayBeAway: true });
  const never = new AbortController().signal;
  const done = await whenStoreAnswers(open, { about: {}, clock, log, signal: never });
  return (done as Done<JobStore>).value;
}

async function jobsFolder(config: Config): Promise<string> {
  const { folder } = openStorage(await openDataFolder(config.dataFolder));
  await mkdir(folder, { recursive: true });
  return folder;
}
