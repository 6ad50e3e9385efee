/**
 * The courier's program, as a farm forks it (delivery/keeper.ts): joins the courier with a handle of its own on the job store and with the document of the API. Its orders come by IPC.
 */

import { systemClock } from '../clock.js';
import { Courier } from '../delivery/courier.js';
import { post } from '../delivery/post.js';
import { jobDocument, locate } from '../front/documents.js';
import { withServers } from '../front/servers.js';
import { type CourierOrders, type FromCourier, parseToCourier } from '../ipc/courier.js';
import { createLog, type LogLevel } from '../log.js';
import { openStore } from '../store/open.js';
import { addressesOn } from './addresses.js';
import { objectAddresses } from './storage.js';

const HEARTBEAT_MS = 5_000;

function send(message: FromCourier): void {
  if (process.connected) process.send?.(message, () => {});
}

async function begin(orders: CourierOrders): Promise<Courier> {
  const { store: place, secrets, timeoutMs, logLevel, front, files, storage, storageUrl, storageExpiry } = orders;
  const log = createLog({ part: 'courier', level: logLevel as LogLevel });
  const store = await openStore(place, { checkIntegrity: false, mayBeAway: true });
  const object = objectAddresses({ storage, storageUrl, storageExpiry });
  const addresses = addressesOn(store, { front, files, object }, { clock: systemClock, log });
  const known = withServers(store, addresses);
  let troubles = 0;
  const courier = new Courier(
    { secrets, timeoutMs },
    {
      store: {
        claimCallbacks: (claim) => store.claimCallbacks(claim),
        settle: (id, outcome) => store.settle(id, outcome),
        get: (id) => known.get(id),
      },
      post,
      clock: systemClock,
      document: async (job) => jobDocument(await locate(job, addresses), addresses),
      told: ({ partner, outcome, ms, row, answer, retryInMs }) => {
        troubles = 0;
        send({ type: 'told', partner, outcome, ms });
        // Of the address only where it leads: the rest may be a secret.
        const what = { event: row.eventId, job: { id: row.jobId }, partner, to: new URL(row.url).origin, answer };
        if (outcome === 'delivered') log.info({ ...what, ms: Math.round(ms) }, 'callback delivered');
        else if (outcome === 'retried') log.warn({ ...what, retryInMs }, 'callback failed, will be tried again');
        else log.error({ ...what, hint: 'GET the job instead, or mend the address.' }, 'callback given up');
      },
      trouble: (error) => {
        troubles++;
        // The first, the second, the fourth: what lasts is told ever more rarely.
        if ((troubles & (troubles - 1)) === 0) log.error({ err: error, times: troubles }, 'trouble with callbacks');
      },
    },
  );
  void courier.work().then(async () => {
    await store.close();
    process.exit(0);
  });
  return courier;
}

// A terminal sends its interrupt to the whole group; when to leave is the farm's decision.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));
setInterval(() => send({ type: 'heartbeat' }), HEARTBEAT_MS);

let courier: Promise<Courier> | undefined;
process.on('message', (raw) => {
  const message = parseToCourier(raw);
  if (message.type === 'begin') courier = begin(message.options);
  // One that cannot begin ends, and its keeper tries again.
  courier?.then(
    (it) => {
      if (message.type === 'look') it.look();
      if (message.type === 'leave') it.leave();
    },
    (error) => {
      createLog({ part: 'courier' }).error({ err: error }, 'the courier cannot begin');
      process.exit(1);
    },
  );
});
