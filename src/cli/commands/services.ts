/** The commands that stay: `up` (front, files and farm together), and each of the three alone. */

import { mkdir } from 'node:fs/promises';
import { Command } from 'commander';
import { createFiles, filesChecks, filesRoutes } from '../../files/files.js';
import { createFront, frontChecks, frontRoutes } from '../../front/front.js';
import { type Check, healthRoutes } from '../../http/health.js';
import { createServer, type HttpServer } from '../../http/server.js';
import { loadFonts } from '../../media/fonts.js';
import { openStorage } from '../../media/storage.js';
import type { JobStore } from '../../store/store.js';
import type { Supervisor } from '../../supervisor/supervisor.js';
import { configOf, FARM, PLACES, withOptions } from '../flags.js';
import type { Config } from '../options.js';
import {
  addressesOf,
  createSupervisor,
  openCatalog,
  openConfiguredStore,
  openService,
  type Service,
} from '../parts.js';
import { onSignals, tellReady } from '../signals.js';

export function serviceCommands(): Command[] {
  return [
    service(
      'up',
      'Run front, files and farm together on this machine.',
      [...PLACES, 'host', 'port', 'filesUrl', ...FARM, 'bodyLimit', 'logLevel'],
      up,
    ),
    service(
      'farm',
      'Run the supervisor and its renderers.',
      [...PLACES, 'host', 'farmPort', ...FARM, 'logLevel'],
      farm,
    ),
    service(
      'front',
      'Run the HTTP front, which records requests.',
      [...PLACES, 'host', 'port', 'filesUrl', 'bodyLimit', 'logLevel'],
      front,
    ),
    service(
      'files',
      'Serve the finished files of this server.',
      ['dataFolder', 'host', 'filesPort', 'logLevel'],
      files,
    ),
  ];
}

function service(
  name: string,
  text: string,
  options: Parameters<typeof withOptions>[1],
  run: (config: Config) => Promise<void>,
): Command {
  return withOptions(new Command(name).description(text), options).action((_options, command: Command) =>
    run(configOf(command).config),
  );
}

async function up(config: Config): Promise<void> {
  const parts = openService(config, 'up');
  const folder = await jobsFolder(config);
  const catalog = await openCatalog(parts);
  const store = await openConfiguredStore(config);
  const supervisor = createSupervisor(parts, store);
  const server = createServer({ ...parts, bodyLimit: config.bodyLimit });
  // Addresses relative to the front: whoever reads a document knows where it came from.
  server.app.register(frontRoutes, {
    ...parts,
    store,
    catalog,
    fonts: loadFonts(),
    addresses: addressesOf(config, '', ''),
  });
  server.app.register(filesRoutes, { folder });
  server.app.register(healthRoutes, {
    ...parts,
    checks: [...frontChecks({ store, catalog }), ...filesChecks({ folder }), farmCheck(supervisor)],
  });
  await serve(parts, server, config.port, store, supervisor);
}

async function farm(config: Config): Promise<void> {
  const parts = openService(config, 'farm');
  await openCatalog(parts);
  const store = await openConfiguredStore(config);
  const supervisor = createSupervisor(parts, store);
  const server = createServer(parts);
  server.app.register(healthRoutes, {
    ...parts,
    checks: [{ name: 'store', run: () => store.ping() }, farmCheck(supervisor)],
  });
  await serve(parts, server, config.farmPort, store, supervisor);
}

async function front(config: Config): Promise<void> {
  const parts = openService(config, 'front');
  const catalog = await openCatalog(parts);
  const store = await openConfiguredStore(config);
  const elsewhere = `http://${config.host}:${config.filesPort}`;
  const server = createFront({
    ...parts,
    store,
    catalog,
    fonts: loadFonts(),
    addresses: addressesOf(config, '', elsewhere),
    bodyLimit: config.bodyLimit,
  });
  await serve(parts, server, config.port, store);
}

async function files(config: Config): Promise<void> {
  const parts = openService(config, 'files');
  const server = createFiles({ ...parts, folder: await jobsFolder(config) });
  await serve(parts, server, config.filesPort);
}

/** Starts what there is, and ends it in the right order: the farm finishes its jobs while people can still look, then the server, then the store. */
async function serve(
  parts: Service,
  server: HttpServer,
  port: number,
  store?: JobStore,
  supervisor?: Supervisor,
): Promise<void> {
  const { log, config } = parts;
  try {
    const address = await server.listen({ host: config.host, port });
    await supervisor?.start();
    log.info({ address, store: store?.name, slots: supervisor?.slots.length }, `listening on ${address}`);
  } catch (error) {
    await server.close();
    await store?.close();
    throw error;
  }
  const close = async () => {
    await server.close();
    await store?.close();
  };
  onSignals({
    drain: async () => {
      log.info('draining: finishing the present jobs');
      await supervisor?.drain();
      await close();
      log.info('ended');
    },
    stop: async () => {
      log.warn('stopping at once: the present jobs are given back');
      await supervisor?.stop();
      await close();
    },
  });
  tellReady();
}

const farmCheck = (supervisor: Supervisor): Check => ({
  name: 'farm',
  run: async () => {
    const { ready, reason } = supervisor.readiness();
    if (!ready) throw new Error(`The farm takes no jobs: ${reason}.`);
  },
});

async function jobsFolder(config: Config): Promise<string> {
  const { folder } = openStorage(config.dataFolder);
  await mkdir(folder, { recursive: true });
  return folder;
}
