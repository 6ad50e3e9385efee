/** SQL Server: what an address says, and what of it is repeated. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../../src/store/mssql/address.js';

test('a plain address: encrypted, towards a server whose certificate is trusted', () => {
  const { name, schema, driver } = parseAddress('mssql://farm:s%40crit@db.example:1444/videos');
  assert.equal(name, 'mssql://farm@db.example:1444/videos');
  assert.equal(schema, 'storyfarm');
  assert.deepEqual(driver, {
    server: 'db.example',
    port: 1444,
    database: 'videos',
    pool: { max: 3, min: 0 },
    validateConnection: 'socket',
    authentication: { type: 'default', options: { userName: 'farm', password: 's@crit' } },
    options: {
      encrypt: true,
      trustServerCertificate: false,
      multiSubnetFailover: false,
      connectTimeout: 2500,
      cancelTimeout: 1000,
      appName: 'storyfarm',
    },
  });
});

test('options go to the driver under its own names', () => {
  const { driver, schema, name } = parseAddress(
    'mssql://u:p@[::1]/d?encrypt=false&trustServerCertificate=true&multiSubnetFailover=true&connectTimeout=900&poolSize=3&instanceName=I&serverName=n&appName=a&workstationId=w&packetSize=8192&schema=other',
  );
  assert.deepEqual(
    [driver.server, driver.port, schema, name],
    ['::1', 1433, 'other', 'mssql://u@[::1]:1433/d?schema=other'],
  );
  assert.deepEqual(driver.pool, { max: 3, min: 0 });
  assert.deepEqual(driver.options, {
    encrypt: false,
    trustServerCertificate: true,
    multiSubnetFailover: true,
    connectTimeout: 900,
    packetSize: 8192,
    cancelTimeout: 1000,
    instanceName: 'I',
    serverName: 'n',
    appName: 'a',
    workstationId: 'w',
  });
});

const ways = {
  'domain=CORP': { type: 'ntlm', options: { userName: 'u', password: 'p', domain: 'CORP' } },
  'authentication=azure-active-directory-password&clientId=c&tenantId=t': {
    type: 'azure-active-directory-password',
    options: { userName: 'u', password: 'p', clientId: 'c', tenantId: 't' },
  },
  'authentication=azure-active-directory-service-principal-secret&clientId=c&clientSecret=s&tenantId=t': {
    type: 'azure-active-directory-service-principal-secret',
    options: { userName: 'u', password: 'p', clientId: 'c', clientSecret: 's', tenantId: 't' },
  },
  'authentication=azure-active-directory-access-token&token=x': {
    type: 'azure-active-directory-access-token',
    options: { userName: 'u', password: 'p', token: 'x' },
  },
};
for (const [query, expected] of Object.entries(ways))
  test(`${expected.type} is passed on`, () => {
    assert.deepEqual(parseAddress(`mssql://u:p@h/d?${query}`).driver.authentication, expected);
  });

test('Entra without a user: nobody is named', () => {
  const { name, driver } = parseAddress('mssql://h/d?authentication=azure-active-directory-msi-vm');
  assert.equal(name, 'mssql://h:1433/d');
  assert.deepEqual(driver.authentication, { type: 'azure-active-directory-msi-vm', options: {} });
});

test('what cannot be used is refused without repeating a secret', () => {
  const SECRET = 'hunter2';
  const wrong = {
    [`mssql://u:${SECRET}@h`]: /no server and database/,
    [`mssql://u:${SECRET}@h/a/b`]: /no server and database/,
    [`mssql://u:${SECRET}%@h/d`]: /stands for nothing/,
    [`mssql://u:${SECRET}@h/d?encrpyt=${SECRET}`]: /not known: encrpyt\./,
    [`mssql://u:${SECRET}@h/d?encrypt=${SECRET}`]: /encrypt is neither/,
    [`mssql://u:${SECRET}@h/d?poolSize=0`]: /poolSize/,
    [`mssql://u:${SECRET}@h/d?schema=x;drop`]: /schema/,
    [`mssql://u:${SECRET}@h/d?authentication=${SECRET}`]: /none of default/,
    [`mssql://u:${SECRET}@h/d?authentication=azure-active-directory-password&token=${SECRET}`]:
      /needs clientId and tenantId/,
    [`mssql://u:${SECRET}@:99999/d`]: /no address/,
  };
  for (const [url, message] of Object.entries(wrong)) {
    const check = (error: Error & { code?: string }) => {
      assert.equal(error.code, 'config_invalid', url);
      assert.match(error.message, message);
      assert.ok(!`${error.message} ${error.cause ?? ''}`.includes(SECRET), url);
      return true;
    };
    assert.throws(() => parseAddress(url), check);
  }
});
