/**
 * Presence: this farm as other machines see it. It announces itself in the store when it begins, every ten seconds, whenever something that others reckon with has changed, and when it
 * has ended.
 *
 * The first announcement comes before the first claim: whoever reads that a job was made here finds the address of its files. None of them holds up the work, and one that fails is no
 * trouble for it: the next one says the same.
 *
 * Where several machines share the store, it looks whether somebody else announces itself by the same name, which none of them would notice otherwise: each would take back what the other has claimed when it starts,
 * and half of the files would be looked for where they are not.
 */

import type { Clock } from '../clock.js';
import { StoryfarmError } from '../errors.js';
import { ANNOUNCE_MS, type Announcement, type JobStore } from '../store/store.js';
import type { Mode } from './decisions/readiness.js';
import type { Beside } from './loop.js';

/** What a supervisor does not know of its server by itself. */
export type About = Pick<Announcement, 'domain' | 'version' | 'ffmpeg'>;

export interface PresenceTools {
  readonly store: Pick<JobStore, 'announce' | 'servers' | 'isShared'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly beside: Pick<Beside, 'run'>;
  readonly trouble: (what: string, error: unknown) => void;
  readonly about: () => About;
}

/** How the farm stands. */
export interface Standing {
  readonly server: string;
  readonly slots: number;
  readonly rendering: number;
  readonly mode: Mode;
  readonly tags?: readonly string[];
}

const ANNOUNCING = 'announcing this server';

export class Presence {
  readonly #tools: PresenceTools;
  /** What was said last, but for the load, which changes with every job. */
  #said = '';
  #saidAt = Number.NEGATIVE_INFINITY;
  /** When the store had taken the last announcement. */
  #takenAt: number | undefined;

  constructor(tools: PresenceTools) {
    this.#tools = tools;
  }

  /** Resolves when it is known, or could not be made known now. */
  async begin(standing: Standing): Promise<void> {
    await this.#say(announcementOf(standing, this.#tools.about())).catch((error) =>
      this.#tools.trouble(ANNOUNCING, error),
    );
  }

  /** Announces it beside the loop, when it is time or something has changed. */
  tend(standing: Standing): void {
    const announcement = announcementOf(standing, this.#tools.about());
    const isDue = this.#tools.clock.monotonic() - this.#saidAt >= ANNOUNCE_MS;
    if (isDue || keyOf(announcement) !== this.#said)
      this.#tools.beside.run(ANNOUNCING, () => this.#sayAndLook(announcement));
  }

  /** The farm has ended. Resolves as `begin` does. */
  async end(standing: Standing): Promise<void> {
    const gone = { ...announcementOf(standing, this.#tools.about()), state: 'gone', rendering: 0 } as const;
    await this.#say(gone).catch((error) => this.#tools.trouble(ANNOUNCING, error));
  }

  /** Rejects, having said it, when another farm has the same name. */
  async #sayAndLook(announcement: Announcement): Promise<void> {
    let hasTwin = false;
    try {
      hasTwin = await this.#hasTwin(announcement.name);
    } finally {
      await this.#say(announcement);
    }
    if (hasTwin) throw nameTaken(announcement.name);
  }

  /** One that fails is said again when it is next due, and not at once: a store that is away is away for all. */
  async #say(announcement: Announcement): Promise<void> {
    this.#said = keyOf(announcement);
    this.#saidAt = this.#tools.clock.monotonic();
    await this.#tools.store.announce(announcement);
    this.#takenAt = this.#tools.clock.monotonic();
  }

  /** Whether somebody has announced this name after the store had taken it from us. */
  async #hasTwin(name: string): Promise<boolean> {
    const { store, clock } = this.#tools;
    if (!store.isShared || this.#takenAt === undefined) return false;
    const sinceMs = clock.monotonic() - this.#takenAt;
    const known = (await store.servers()).find((server) => server.name === name);
    return known !== undefined && known.silentMs < sinceMs - CLOCKS_MS;
  }
}

/** Milliseconds by which the database's clock may run behind ours between two announcements. */
const CLOCKS_MS = 1_000;

const nameTaken = (name: string): StoryfarmError =>
  new StoryfarmError('config_invalid', `Another farm on this store announces itself as ${JSON.stringify(name)} too.`, {
    hint: 'Give each farm a name of its own (option `server`), and start it again.',
  });

const keyOf = (announcement: Announcement): string => JSON.stringify({ ...announcement, rendering: 0 });

export function announcementOf({ server, slots, rendering, mode, tags = [] }: Standing, about: About): Announcement {
  const state = mode === 'running' ? 'running' : 'draining';
  return { name: server, ...about, slots, rendering, state, tags };
}
