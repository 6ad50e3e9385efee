/**
 * The address of a SQL Server: `mssql://user:password@host:port/database?option=value`. Encrypted unless `encrypt=false`, and then only towards a server whose certificate is trusted, unless
 * `trustServerCertificate=true`. What the driver calls its options is passed on under the same names; one that is not known is refused, since a slip would
 * otherwise go unnoticed. Nothing of an address is repeated in a message but its host, port, database, user and the names of its options.
 */

import type { config } from 'mssql';
import { StoryfarmError } from '../../errors.js';
import { SCHEMA_NAME } from './schema/migrations.js';

export interface Address {
  /** Without secrets, for messages. */
  readonly name: string;
  /** Where the tables are. */
  readonly schema: string;
  readonly driver: config;
}

/** The ways to say who one is, as the driver calls them, with the options that each needs. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  default: [],
  ntlm: ['domain'],
  'azure-active-directory-default': [],
  'azure-active-directory-password': ['clientId', 'tenantId'],
  'azure-active-directory-msi-vm': [],
  'azure-active-directory-msi-app-service': [],
  'azure-active-directory-service-principal-secret': ['clientId', 'clientSecret', 'tenantId'],
  'azure-active-directory-access-token': ['token'],
};
const OF_WAYS = ['domain', 'clientId', 'clientSecret', 'tenantId', 'token', 'msiEndpoint'] as const;
const SWITCHES = ['encrypt', 'trustServerCertificate', 'multiSubnetFailover'] as const;
const NUMBERS = ['connectTimeout', 'packetSize', 'poolSize'] as const;
const TEXTS = ['instanceName', 'serverName', 'appName', 'workstationId', 'schema', 'authentication'] as const;
type Name = (typeof OF_WAYS | typeof SWITCHES | typeof NUMBERS | typeof TEXTS)[number];
const NAMES: readonly string[] = [...OF_WAYS, ...SWITCHES, ...NUMBERS, ...TEXTS];

/** Milliseconds until a connection that does not come about is given up. */
const CONNECT_MS = 2_500;
/**
 * Connections of one process. Writers take turns anyway, and what comes together shares a text; so more of them get less done (two farms of 64 slots, a server beside them: 500 to 520 jobs a second over 8, 567 over
 * 3, 572 over 2), and a server that has just started has to get going over each of them anew.
 */
const POOL_SIZE = 3;

/** Throws `config_invalid`. */
export function parseAddress(url: string): Address {
  const place = parse(url);
  const [user, password] = [decoded(place.username, 'user'), decoded(place.password, 'password')];
  const database = decoded(place.pathname.slice(1), 'database');
  if (place.hostname === '' || database === '' || database.includes('/'))
    throw refused('It names no server and database.');
  const given = optionsOf(place.searchParams);
  const schema = given.schema ?? 'storyfarm';
  if (!SCHEMA_NAME.test(schema)) throw refused('Its schema is not a name of small letters, digits and underscores.');
  const port = place.port === '' ? 1433 : Number(place.port);
  const server = place.hostname.replace(/^\[(.*)\]$/, '$1');
  const way = given.authentication ?? (given.domain === undefined ? 'default' : 'ntlm');
  const missing = WAYS[way]?.filter((name) => given[name as Name] === undefined);
  if (missing === undefined) throw refused(`Its authentication is none of ${Object.keys(WAYS).join(', ')}.`);
  if (missing.length > 0) throw refused(`Its authentication needs ${missing.join(' and ')}.`);

  const who = { userName: user || undefined, password: password || undefined };
  const ofWay = Object.fromEntries(OF_WAYS.map((name) => [name, given[name]]));
  const { poolSize, connectTimeout, packetSize } = given;
  return {
    name: `mssql://${user === '' ? '' : `${encodeURIComponent(user)}@`}${place.hostname}:${port}/${place.pathname.slice(1)}${schema === 'storyfarm' ? '' : `?schema=${schema}`}`,
    schema,
    driver: {
      server,
      port,
      database,
      pool: { max: poolSize === undefined ? POOL_SIZE : Number(poolSize), min: 0 },
      // Whether the socket is still one; a question before each text would double what a text costs.
      validateConnection: 'socket',
      authentication: {
        type: way,
        options: defined({ ...who, ...ofWay }),
      } as NonNullable<config['authentication']>,
      options: defined({
        encrypt: given.encrypt !== 'false',
        trustServerCertificate: given.trustServerCertificate === 'true',
        multiSubnetFailover: given.multiSubnetFailover === 'true',
        connectTimeout: connectTimeout === undefined ? CONNECT_MS : Number(connectTimeout),
        packetSize: packetSize === undefined ? undefined : Number(packetSize),
        cancelTimeout: 1_000,
        instanceName: given.instanceName,
        serverName: given.serverName,
        appName: given.appName ?? 'storyfarm',
        workstationId: given.workstationId,
      }),
    },
  };
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw refused('It is no address.');
  }
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused(`Its ${what} has a % that stands for nothing.`);
  }
}

function optionsOf(query: URLSearchParams): Partial<Record<Name, string>> {
  const unknown = [...query.keys()].filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw refused(`It has options that are not known: ${[...new Set(unknown)].join(', ')}.`);
  const given = Object.fromEntries(query) as Partial<Record<Name, string>>;
  for (const name of SWITCHES)
    if (given[name] !== undefined && !/^(true|false)$/.test(given[name]))
      throw refused(`Its ${name} is neither true nor false.`);
  for (const name of NUMBERS)
    if (given[name] !== undefined && !/^[1-9]\d{0,6}$/.test(given[name]))
      throw refused(`Its ${name} is not a whole number of 1 or more.`);
  return given;
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };
const defined = <T extends object>(fields: T): Partial<Defined<T>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Defined<T>>;

const refused = (why: string): StoryfarmError =>
  new StoryfarmError('config_invalid', `The address of the store cannot be used. ${why}`, {
    hint: 'Use mssql://user:password@host:port/database, with %XX for what an address cannot hold (docs/sql-server.md).',
  });
