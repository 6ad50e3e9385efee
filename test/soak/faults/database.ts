/** The server of the store that all share is restarted, by the command that does so where it runs. */

import { exec } from 'node:child_process';
import { say } from '../../flags.js';
import type { Fault } from './faults.js';

/** What restarts it, and how soon jobs were rendered again. */
export class Database {
  /** Milliseconds from the end of each restart to the next job that was rendered, on any farm. */
  readonly resumedMs: number[] = [];
  readonly #command: string;
  readonly #rendered: () => Promise<void>;

  /** `command` is for the shell, and ends when the server is back; `rendered` resolves with the next job that is rendered. */
  constructor(command: string, rendered: () => Promise<void>) {
    this.#command = command;
    this.#rendered = rendered;
  }

  /** Whether it was restarted. */
  async restart(): Promise<boolean> {
    const said = await new Promise<string | undefined>((resolve) => {
      exec(this.#command, (error) => resolve(error?.message));
    });
    if (said !== undefined) say(`The database was not restarted: ${said.trim()}`);
    else this.#time();
    return said === undefined;
  }

  #time(): void {
    const back = performance.now();
    void this.#rendered().then(() => this.resumedMs.push(performance.now() - back));
  }
}

export const restartDatabase: Fault = async ({ database }) => (await database?.restart()) ?? false;
