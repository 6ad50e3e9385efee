/** An observer that remembers everything, and on whose events a test can wait. */

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { FarmObserver } from '../../../src/supervisor/observer.js';

export type Kind = keyof FarmObserver;

/** One event: what happened, when (monotonic milliseconds), and its arguments. */
export type Happening = {
  [K in Kind]: { readonly kind: K; readonly at: number; readonly args: Parameters<FarmObserver[K]> };
}[Kind];
export type Of<K extends Kind> = Extract<Happening, { kind: K }>;

/** Nothing that a test waits for takes so long without any event on the way, also what has the lowest priority on a busy machine; only so that one which would wait for ever says what for. */
const GIVE_UP_MS = 120_000;

export class Recorder {
  readonly all: Happening[] = [];
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  readonly observer: FarmObserver = {
    started: (...args) => this.#note({ kind: 'started', at: performance.now(), args }),
    booted: (...args) => this.#note({ kind: 'booted', at: performance.now(), args }),
    seated: (...args) => this.#note({ kind: 'seated', at: performance.now(), args }),
    recycled: (...args) => this.#note({ kind: 'recycled', at: performance.now(), args }),
    spared: (...args) => this.#note({ kind: 'spared', at: performance.now(), args }),
    died: (...args) => this.#note({ kind: 'died', at: performance.now(), args }),
    left: (...args) => this.#note({ kind: 'left', at: performance.now(), args }),
    line: (...args) => this.#note({ kind: 'line', at: performance.now(), args }),
    assigned: (...args) => this.#note({ kind: 'assigned', at: performance.now(), args }),
    rendered: (...args) => this.#note({ kind: 'rendered', at: performance.now(), args }),
    failed: (...args) => this.#note({ kind: 'failed', at: performance.now(), args }),
    released: (...args) => this.#note({ kind: 'released', at: performance.now(), args }),
    leaseLost: (...args) => this.#note({ kind: 'leaseLost', at: performance.now(), args }),
    missed: (...args) => this.#note({ kind: 'missed', at: performance.now(), args }),
    fenced: (...args) => this.#note({ kind: 'fenced', at: performance.now(), args }),
    journalled: (...args) => this.#note({ kind: 'journalled', at: performance.now(), args }),
    journalDamaged: (...args) => this.#note({ kind: 'journalDamaged', at: performance.now(), args }),
    swept: (...args) => this.#note({ kind: 'swept', at: performance.now(), args }),
    preparing: (...args) => this.#note({ kind: 'preparing', at: performance.now(), args }),
    prepared: (...args) => this.#note({ kind: 'prepared', at: performance.now(), args }),
    notPrepared: (...args) => this.#note({ kind: 'notPrepared', at: performance.now(), args }),
    preparationProgress: (...args) => this.#note({ kind: 'preparationProgress', at: performance.now(), args }),
    preparationStopped: (...args) => this.#note({ kind: 'preparationStopped', at: performance.now(), args }),
    trouble: (...args) => this.#note({ kind: 'trouble', at: performance.now(), args }),
    paused: (...args) => this.#note({ kind: 'paused', at: performance.now(), args }),
    state: (...args) => this.#note({ kind: 'state', at: performance.now(), args }),
    capacity: (...args) => this.#note({ kind: 'capacity', at: performance.now(), args }),
  };

  of<K extends Kind>(kind: K): Of<K>[] {
    return this.all.filter((happening): happening is Of<K> => happening.kind === kind);
  }

  /** The numbers of all processes that were started, their groups included: each leads one. */
  get pids(): number[] {
    return this.of('started').map(({ args: [, pid] }) => pid);
  }

  /** Resolves with the first event of the kind, past or future, that the condition holds for. */
  async until<K extends Kind>(kind: K, condition: (...args: Of<K>['args']) => boolean = () => true): Promise<Of<K>> {
    const [found] = await this.times(1, kind, condition);
    return found as Of<K>;
  }

  /** Resolves with the first `count` such events, past or future. */
  times<K extends Kind>(
    count: number,
    kind: K,
    condition: (...args: Of<K>['args']) => boolean = () => true,
  ): Promise<Of<K>[]> {
    // The compiler does not see that an event of this kind has arguments of this kind.
    const holds = ({ args }: Happening) => (condition as (...args: unknown[]) => boolean)(...args);
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#emitter.off('event', look);
        const seen = this.all.map(({ kind }) => kind).filter((other) => other !== 'state' && other !== 'capacity');
        reject(new Error(`Waited in vain for ${count} times ${kind}. There were: ${seen.join(' ')}`));
      };
      let timer = setTimeout(giveUp, GIVE_UP_MS);
      const look = (latest?: Kind) => {
        if (latest !== 'state' && latest !== 'capacity') {
          clearTimeout(timer);
          timer = setTimeout(giveUp, GIVE_UP_MS);
        }
        const found = this.of(kind).filter(holds);
        if (found.length < count) return;
        clearTimeout(timer);
        this.#emitter.off('event', look);
        resolve(found.slice(0, count));
      };
      this.#emitter.on('event', look);
      look();
    });
  }

  /** Resolves when a condition of the farm holds; it is looked at whenever something happens, also when the farm reports how it stands. */
  async holds(what: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + GIVE_UP_MS;
    while (!condition()) {
      assert.ok(performance.now() < deadline, `in vain for: ${what}`);
      await once(this.#emitter, 'event');
    }
  }

  #note(happening: Happening): void {
    this.all.push(happening);
    this.#emitter.emit('event', happening.kind);
  }
}

/** Lets a second observer see what the first is told. */
export function also(first: FarmObserver, second: FarmObserver): void {
  for (const kind of Object.keys(first) as Kind[]) {
    const [one, other] = [first[kind], second[kind]] as ((...args: unknown[]) => void)[];
    Object.assign(first, {
      [kind]: (...args: unknown[]) => {
        other?.(...args);
        one?.(...args);
      },
    });
  }
}

/** One observer that tells all of these, in their order. */
export function both(...all: readonly Partial<FarmObserver>[]): FarmObserver {
  const kinds = Object.keys(new Recorder().observer) as Kind[];
  const tell =
    (kind: Kind) =>
    (...args: unknown[]) => {
      for (const observer of all) (observer[kind] as ((...args: unknown[]) => void) | undefined)?.(...args);
    };
  return Object.fromEntries(kinds.map((kind) => [kind, tell(kind)])) as unknown as FarmObserver;
}
