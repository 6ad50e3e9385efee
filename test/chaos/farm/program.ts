/**
 * A farm as a program of its own, so that a test can kill it: a supervisor over a fixture, in a data folder that the test made. It tells its parent every
 * process that it starts and every job that is being worked at. Arguments: the data folder, the fixture, as
 * JSON what is special about the supervisor's options, and the address of its store, if that is not its own.
 */

import type { ErrorCode } from '../../../src/errors.js';
import { openStore } from '../../../src/store/open.js';
import type { JobStore, Renewal } from '../../../src/store/store.js';
import { behind } from './behind.js';
import { Farm, fixture, storeIn } from './farm.js';

export type Told =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'working'; readonly id: string }
  | { readonly kind: 'lost'; readonly id: string }
  | { readonly kind: 'journalled'; readonly id: string }
  | { readonly kind: 'died'; readonly code: ErrorCode }
  | { readonly kind: 'finished'; readonly id: string }
  | { readonly kind: 'concurrency'; readonly jobs: number };

const [dataFolder = '', renderer = '', special = '{}', address] = process.argv.slice(2);
/** To a parent that has no channel, in lines of JSON. */
const tell = (told: Told) => void (process.send ? process.send(told) : console.log(JSON.stringify(told)));

const store = await openStore(address ?? storeIn(dataFolder), address ? { busyDeadlineMs: 60_000 } : {});
const working = new Set<string>();
/** The store with an ear at its renewals, with which progress comes. */
const through = (store: JobStore): JobStore =>
  behind(store, {
    renew: (renewals: readonly Renewal[], leaseMs: number) => {
      for (const { id, progress } of renewals) {
        if (progress === 0 || working.has(id)) continue;
        working.add(id);
        tell({ kind: 'working', id });
      }
      return store.renew(renewals, leaseMs);
    },
  });
const farm = new Farm(dataFolder, store, fixture(renderer), {
  options: { ...JSON.parse(special), server: 'doomed' },
  through,
});
const { observer } = farm.recorder;
const { started, leaseLost, journalled, died, rendered, failed, capacity } = observer;
let concurrency = 0;
Object.assign(observer, {
  started: (...args: Parameters<typeof started>) => {
    started(...args);
    tell({ kind: 'started', pid: args[1] });
  },
  leaseLost: (...args: Parameters<typeof leaseLost>) => {
    leaseLost(...args);
    tell({ kind: 'lost', id: args[0].id });
  },
  journalled: (...args: Parameters<typeof journalled>) => {
    journalled(...args);
    tell({ kind: 'journalled', id: args[0].id });
  },
  died: (...args: Parameters<typeof died>) => {
    died(...args);
    tell({ kind: 'died', code: args[2].code });
  },
  rendered: (...args: Parameters<typeof rendered>) => {
    rendered(...args);
    tell({ kind: 'finished', id: args[0].id });
  },
  failed: (...args: Parameters<typeof failed>) => {
    failed(...args);
    if (args[2] === null) tell({ kind: 'finished', id: args[0].id });
  },
  capacity: (...args: Parameters<typeof capacity>) => {
    capacity(...args);
    if (args[1].concurrency === concurrency) return;
    concurrency = args[1].concurrency;
    tell({ kind: 'concurrency', jobs: concurrency });
  },
});
process.on('disconnect', () => process.exit());
// By its own hand, and so never in the middle of a transaction, with the lock of the store in its hand.
process.on('message', (message) => {
  if (message === 'stand still') process.kill(process.pid, 'SIGSTOP');
});
await farm.supervisor.start();
