/** SQL Server: what the driver throws, in the shapes that it throws, and what it means. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asStoreError, faultOf } from '../../../src/store/mssql/link/faults.js';

/** As the driver makes them of what the server says. */
const said = (number: number, klass = 16) =>
  Object.assign(new Error(`said ${number}`), { name: 'RequestError', code: 'EREQUEST', number, class: klass });
/** As the driver makes them of what the protocol's library throws: its code stands in `number`, too. */
const broken = (code: string, message = 'broken') =>
  Object.assign(new Error(message), { name: 'RequestError', code, number: code });
const unconnected = (code: string, message: string, cause?: unknown) =>
  Object.assign(new Error(message), {
    name: 'ConnectionError',
    code,
    originalError: Object.assign(new Error(message, { cause }), { code }),
  });

const cases: readonly [string, unknown, ReturnType<typeof faultOf>, string][] = [
  ['a deadlock', said(1205, 13), 'deadlock', 'store_busy'],
  ['a lock that was not given', said(1222), 'lock_timeout', 'store_busy'],
  ['a server that fails over', said(40613, 17), 'away', 'store_busy'],
  ['a server that stops, and ends the connection', said(6005, 20), 'unknown', 'outcome_unknown'],
  ['no answer in time', broken('ETIMEOUT'), 'unknown', 'outcome_unknown'],
  ['a connection that ended', broken('ECONNCLOSED'), 'unknown', 'outcome_unknown'],
  ['a socket that broke', broken('ESOCKET'), 'unknown', 'outcome_unknown'],
  ['something strange', new Error('strange'), 'unknown', 'outcome_unknown'],
  ['no connection', unconnected('ESOCKET', 'Failed to connect to h:1433 - connect ECONNREFUSED'), 'away', 'store_busy'],
  ['no connection in time', unconnected('ETIMEOUT', 'Failed to connect to h:1433 in 5000ms'), 'away', 'store_busy'],
  ['no connection free', Object.assign(new Error('acquire'), { name: 'TimeoutError' }), 'away', 'store_busy'],
  ['a failed login', unconnected('ELOGIN', "Login failed for user 'farm'."), 'refused', 'config_invalid'],
  [
    'a certificate of nobody',
    unconnected(
      'ESOCKET',
      'Failed to connect to h:1433 - self-signed certificate',
      Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    ),
    'refused',
    'config_invalid',
  ],
  ['no right to the table', said(229, 14), 'forbidden', 'config_invalid'],
  ['no table', said(208), 'forbidden', 'config_invalid'],
  ['a full log', said(9002, 17), 'full', 'no_space'],
  ['a damaged page', said(824, 24), 'damaged', 'store_corrupt'],
  ['a broken rule', said(547), 'defect', 'internal'],
  ['a parameter that is none', broken('EPARAM'), 'defect', 'internal'],
];

for (const [name, thrown, fault, code] of cases)
  test(`${name}: ${fault}`, () => {
    assert.equal(faultOf(thrown), fault);
    const error = asStoreError(thrown, faultOf(thrown), 'mssql://u@h:1433/d');
    assert.equal(error.code, code);
    assert.equal(error.cause, thrown);
  });

test('each comes with its remedy', () => {
  const hintOf = (thrown: unknown) => asStoreError(thrown, faultOf(thrown), 'name').hint;
  const untrusted = unconnected('ESOCKET', 'Failed to connect to h:1433 - unable to verify the first certificate');
  assert.match(hintOf(untrusted), /NODE_EXTRA_CA_CERTS.*trustServerCertificate=true/);
  const named = unconnected(
    'ESOCKET',
    "Failed to connect to h:1433 - Hostname/IP does not match certificate's altnames",
  );
  assert.match(hintOf(named), /serverName/);
  assert.match(hintOf(unconnected('ELOGIN', 'Login failed.')), /user, password/);
  assert.match(hintOf(said(208)), /storyfarm migrate/);
  assert.match(hintOf(said(229)), /rights/);
  for (const number of [911, 916, 4060]) assert.match(hintOf(said(number)), /Make the database/);
  const unknown = unconnected('EINSTLOOKUP', 'Failed to connect to h:1433 - getaddrinfo ENOTFOUND h');
  assert.match(hintOf(unknown), /a host of that name/);
  assert.match(hintOf(unconnected('ESOCKET', 'Failed to connect to h:1433 - connect ECONNREFUSED')), /locked or away/);
});
