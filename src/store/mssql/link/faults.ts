/** What the driver and the server throw, and what it means. Portable servers give exact numbers for few errors; what cannot be told is called unknown. */

import { asStoryfarmError, type ErrorCode, StoryfarmError } from '../../../errors.js';

/**
 * - `deadlock`, `lock_timeout`: rolled back; trying again helps.
 * - `away`: it was not sent, or the server would not have it now; nothing was written.
 * - `unknown`: it was sent and no answer came.
 * - `refused`: it does not let us in; `forbidden`: it does not let us do this.
 * - `full`, `damaged`: a person has to do something.
 * - `defect`: anything else that the server says; rolled back.
 */
export type Fault =
  | 'deadlock'
  | 'lock_timeout'
  | 'away'
  | 'unknown'
  | 'refused'
  | 'forbidden'
  | 'full'
  | 'damaged'
  | 'defect';

/** The server is there and cannot now: starting, stopping, failing over, out of memory, throttled (Azure's numbers too). */
const AWAY: ReadonlySet<number> = new Set([
  ...[701, 802, 8628, 8645, 8651, 1204, 1221, 10928, 10929, 10936, 17142, 17187, 18401, 6001, 6005],
  ...[
    922, 942, 952, 955, 976, 978, 979, 982, 983, 3906, 3908, 40143, 40166, 40197, 40501, 40540, 40613, 40648, 49918,
    49919, 49920, 4221,
  ],
]);
const FULL: ReadonlySet<number> = new Set([1101, 1105, 9002, 3257, 5149, 40544]);
const DAMAGED: ReadonlySet<number> = new Set([605, 823, 824, 825, 3313, 3314, 3448, 926, 946]);
/** Login failed, no such database. */
const REFUSED: ReadonlySet<number> = new Set([18456, 18452, 18486, 18487, 18488, 4060, 4064, 911, 916, 40532, 40615]);
/** No right, no such table. */
const FORBIDDEN: ReadonlySet<number> = new Set([229, 230, 262, 208]);
/** TLS: what says that a certificate is not trusted. */
const UNTRUSTED =
  /SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_|ERR_TLS_CERT|self.signed|unable to (verify|get)|certificate/i;
/** Resolving a name: the driver tells it in its message alone. */
const UNKNOWN_HOST = /\b(ENOTFOUND|EAI_AGAIN)\b/;
/** From this class on, the server ends the connection and has not said what became of the text. */
const FATAL_CLASS = 20;

interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly number?: unknown;
  readonly class?: unknown;
  readonly cause?: unknown;
  readonly originalError?: unknown;
  readonly errors?: unknown;
}

export function faultOf(thrown: unknown): Fault {
  const chain = [...causesOf(thrown)];
  const number = chain.map((error) => error.number).find((number) => typeof number === 'number');
  if (number === 1205) return 'deadlock';
  if (number === 1222) return 'lock_timeout';
  if (number !== undefined && FULL.has(number)) return 'full';
  if (number !== undefined && DAMAGED.has(number)) return 'damaged';
  if (isUntrusted(chain)) return 'refused';
  if (number !== undefined && REFUSED.has(number)) return 'refused';
  if (number !== undefined && FORBIDDEN.has(number)) return 'forbidden';
  const [first] = chain;
  if (first?.code === 'ELOGIN' || first?.code === 'EFEDAUTH') return 'refused';
  if (first?.name === 'ConnectionError' || first?.name === 'TimeoutError' || first?.code === 'ENOTOPEN') return 'away';
  if (first?.code === 'EPARAM' || first?.code === 'EARGS') return 'defect';
  if (number === undefined || chain.some((error) => Number(error.class) >= FATAL_CLASS)) return 'unknown';
  return AWAY.has(number) ? 'away' : 'defect';
}

/** A StoryfarmError for what was thrown. `name` is the store's. */
export function asStoreError(thrown: unknown, fault: Fault, name: string): StoryfarmError {
  if (thrown instanceof StoryfarmError) return thrown;
  const of = (code: ErrorCode, message: string, hint?: string) =>
    new StoryfarmError(code, message, hint === undefined ? { cause: thrown } : { cause: thrown, hint });
  const said = (thrown as Thrown | undefined)?.message ?? String(thrown);
  switch (fault) {
    case 'deadlock':
    case 'lock_timeout':
      return of('store_busy', `The store ${name} is busy; nothing was written.`);
    case 'away':
      return of('store_busy', `The store ${name} does not answer; nothing was written. ${said}`, remedyOfAway(thrown));
    case 'unknown':
      return of(
        'outcome_unknown',
        `The store ${name} did not answer; whether something was written is not known. ${said}`,
      );
    case 'full':
      return of(
        'no_space',
        `No space is left in the store ${name}.`,
        'Make room for the database and its log on the SQL Server.',
      );
    case 'damaged':
      return of(
        'store_corrupt',
        `The store ${name} is damaged. ${said}`,
        "Restore the database with SQL Server's own means (RESTORE DATABASE).",
      );
    case 'refused':
    case 'forbidden':
      return of('config_invalid', `The store ${name} refuses. ${said}`, remedyOf(thrown));
    case 'defect':
      return asStoryfarmError(thrown);
  }
}

function remedyOf(thrown: unknown): string {
  const chain = [...causesOf(thrown)];
  const numbers = chain.map((error) => error.number);
  if (chain.some(({ code, message = '' }) => code === 'ERR_TLS_CERT_ALTNAME_INVALID' || message.includes('altnames'))) {
    return 'The certificate is for another name: use that one as the host, or give it as serverName in the address.';
  }
  if (isUntrusted(chain)) {
    return "The server's certificate is not trusted: name the authority that signed it in NODE_EXTRA_CA_CERTS (a file), or, on a network that you trust, add trustServerCertificate=true to the address.";
  }
  if (numbers.includes(208)) return 'Run `storyfarm migrate` to make the tables, or name their schema in the address.';
  if (numbers.some((number) => number === 229 || number === 230 || number === 262)) {
    return 'Give the login the rights that it needs (docs/sql-server.md).';
  }
  if (numbers.some((number) => number === 911 || number === 916 || number === 4060))
    return 'Make the database, and let the login into it (docs/sql-server.md).';
  return 'Check user, password and way of authentication in the address (docs/sql-server.md).';
}

/** Undefined: the code's own. */
function remedyOfAway(thrown: unknown): string | undefined {
  const isUnknown = [...causesOf(thrown)].some(({ message }) => UNKNOWN_HOST.test(String(message)));
  return isUnknown ? 'Nobody knows a host of that name now: check the address, or the name service.' : undefined;
}

const isUntrusted = (chain: readonly Thrown[]): boolean =>
  chain.some(
    ({ code, message = '' }) => UNTRUSTED.test(String(code ?? '')) || (code === 'ESOCKET' && UNTRUSTED.test(message)),
  );

/** The error, and what it was made of. */
function* causesOf(thrown: unknown): Generator<Thrown> {
  if (typeof thrown !== 'object' || thrown === null) return;
  const error = thrown as Thrown;
  yield error;
  for (const inner of [error.cause, error.originalError, ...(Array.isArray(error.errors) ? error.errors : [])])
    yield* causesOf(inner);
}
