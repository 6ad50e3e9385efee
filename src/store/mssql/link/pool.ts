/**
 * The connections: the one door to the driver.
 *
 * The driver's pool gives connections out and takes them back, and drops those whose socket has ended. It does not come back from everything by itself: so the pool as a whole can be
 * given up, and the next text makes a new one (patience.ts says when).
 */

import sql from 'mssql';
import type { Address } from '../address.js';
import type { Row } from '../rows.js';

export type Values = Readonly<Record<string, string | number | boolean | null>>;
/** The rows of each SELECT that answers, in their order. */
export type Answer = readonly (readonly Row[])[];

export interface Link {
  /** Sends a text with its parameters over a connection of its own. Rejects with what the driver threw. */
  send(text: string, values: Values, timeoutMs: number): Promise<Answer>;
  /** Gives all connections up. */
  rebuild(): void;
  /** Lets go of every connection. */
  close(): Promise<void>;
}

/** What each parameter is, in every text. */
const TYPES: Readonly<Record<string, sql.ISqlType>> = {
  items: sql.NVarChar(sql.MAX),
  history: sql.NVarChar(sql.MAX),
  outbox: sql.NVarChar(sql.MAX),
  id: sql.VarChar(64),
  event_id: sql.VarChar(64),
  ticket: sql.VarChar(36),
  server: sql.NVarChar(200),
  partner: sql.NVarChar(200),
  kind: sql.VarChar(10),
  name: sql.NVarChar(200),
  state: sql.VarChar(10),
  most: sql.Int(),
  limit: sql.Int(),
  cursor: sql.BigInt(),
  lease: sql.BigInt(),
  age: sql.BigInt(),
  retry_in: sql.BigInt(),
  hold: sql.BigInt(),
  except: sql.NVarChar(sql.MAX),
  ageing: sql.Float(),
  resent: sql.Bit(),
  requeues: sql.Bit(),
  delivered: sql.Bit(),
};

/** The typings do not know that a request may have its own timeout. */
const Request = sql.Request as unknown as new (
  pool: sql.ConnectionPool,
  own: { requestTimeout: number },
) => sql.Request;

export class Pool implements Link {
  readonly #config: Address['driver'];
  #pool: Promise<sql.ConnectionPool> | undefined;
  readonly #leaving = new Set<Promise<void>>();

  constructor(config: Address['driver']) {
    this.#config = config;
  }

  async send(text: string, values: Values, timeoutMs: number): Promise<Answer> {
    const request = new Request(await this.#connected(), { requestTimeout: Math.max(1, Math.ceil(timeoutMs)) });
    for (const [name, value] of Object.entries(values)) request.input(name, TYPES[name] as sql.ISqlType, value);
    const { recordsets } = await request.query(text);
    return recordsets as unknown as Answer;
  }

  rebuild(): void {
    const old = this.#pool;
    this.#pool = undefined;
    if (old) this.#leave(old);
  }

  async close(): Promise<void> {
    this.rebuild();
    await Promise.all(this.#leaving);
  }

  #connected(): Promise<sql.ConnectionPool> {
    this.#pool ??= this.#connect();
    return this.#pool;
  }

  #connect(): Promise<sql.ConnectionPool> {
    // The driver writes into what it is given.
    const pool = new sql.ConnectionPool(structuredClone(this.#config));
    // Whoever uses the connection is told as well.
    pool.on('error', () => {});
    const connecting = pool.connect();
    connecting.catch(() => {
      if (this.#pool === connecting) this.#pool = undefined;
    });
    return connecting;
  }

  #leave(old: Promise<sql.ConnectionPool>): void {
    const left = old
      .then((pool) => pool.close())
      .catch(() => {})
      .finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}
