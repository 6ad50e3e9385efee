/** SQL Server keeps the store's contract; skipped, with a count, where STORYFARM_TEST_MSSQL_URL names none. */

import { conformance } from './conformance.js';
import { sqlServer, subjects } from './fixtures/sql-server.js';

conformance('mssql', subjects(sqlServer()));
