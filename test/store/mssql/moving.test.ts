/** From an embedded store to SQL Server. Needs a server. */

import { openTarget } from '../../../src/store/open.js';
import { noServer, sqlServer } from '../fixtures/sql-server.js';
import { moving } from '../moving.js';

const place = sqlServer();

moving(
  'a store on SQL Server',
  Object.assign(
    async () => {
      await place.empty();
      const store = await place.open();
      return { store, open: () => openTarget(place.url), dispose: () => store.close() };
    },
    noServer === undefined ? {} : { skip: noServer },
  ),
);
