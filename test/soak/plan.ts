/**
 * What a soak is going to do, drawn from its seed before anything runs: which faults, in which order, and which jobs. Pure: the same seed gives the same
 * decisions, whatever becomes of them on the machine.
 */

import type { Cast, Words } from '../../src/job.js';
import { generator } from '../bench/render/contents/words.js';
import { partnerOf } from './farm/partners.js';

/**
 * `kill`: SIGKILL of any process below the supervisor, `stop`: SIGSTOP of one of them or of the supervisor, and SIGCONT after a while, `farm`: SIGKILL of the supervisor, `front`: SIGKILL of the front
 * between a request and its answer, `lock`: the store is locked by somebody else, `database`: its server is restarted, `disk`: the disk is full, `tear`: a file of an edition is damaged, `poison`: whichever renderer gets one of
 * certain jobs ends by SIGSEGV, as of a fault of its own, `leak`: some renderers keep memory of every job.
 */
export const FAULTS = ['kill', 'stop', 'farm', 'front', 'lock', 'database', 'disk', 'tear', 'poison', 'leak'] as const;
export type FaultName = (typeof FAULTS)[number];

/** Those that come by the clock. `poison` comes with its job, `leak` with its renderer. */
export type TimedFault = Exclude<FaultName, 'poison' | 'leak'>;
export const isTimed = (name: FaultName): name is TimedFault => name !== 'poison' && name !== 'leak';

interface Nature {
  /** How often, in relation to the others. Those from which a farm needs long to recover are rare, or it would do nothing else. */
  readonly weight: number;
  /** Milliseconds from the shortest to the longest. */
  readonly lasts: readonly [number, number];
}

const NATURES: Readonly<Record<TimedFault, Nature>> = {
  kill: { weight: 600, lasts: [0, 0] },
  stop: { weight: 40, lasts: [100, 8_000] },
  farm: { weight: 25, lasts: [0, 0] },
  // From the request to the kill: a durable commit takes some milliseconds.
  front: { weight: 250, lasts: [0, 15] },
  // The store's own patience is 5 s.
  lock: { weight: 10, lasts: [500, 7_000] },
  // Some ten times in 2,000 jobs; how long it lasts is the command's matter.
  database: { weight: 8, lasts: [0, 0] },
  disk: { weight: 3, lasts: [1_000, 4_000] },
  // Until its film is made anew, which killers of who makes it put off, each of its jobs is encoded.
  tear: { weight: 2, lasts: [0, 0] },
};

export interface Decision {
  readonly fault: TimedFault;
  /** In [0, 1): which of those that there are. */
  readonly pick: number;
  /** Milliseconds. */
  readonly lastsMs: number;
  /** Whether a front or supervisor that is still starting is spared. Mostly: of one that never works nothing is learnt. */
  readonly sparesStarting: boolean;
}

/** How many of the decisions do. */
const SPARING = 0.95;

/** One after the other, without end; of the faults that are named, in whatever order. */
export function* decisions(seed: number, allowed: readonly FaultName[]): Generator<Decision, never> {
  const names = FAULTS.filter(isTimed).filter((name) => allowed.includes(name));
  const chance = generator(seed);
  const total = names.reduce((sum, name) => sum + NATURES[name].weight, 0);
  for (;;) {
    let at = chance() * total;
    const fault = names.find((name) => {
      at -= NATURES[name].weight;
      return at < 0;
    });
    const [pick, length, mercy] = [chance(), chance(), chance()];
    if (!fault) throw new Error('There is no fault to choose from.');
    const [shortest, longest] = NATURES[fault].lasts;
    // More short ones than long ones.
    const lastsMs = shortest + (longest - shortest) * length ** 2;
    yield { fault, pick, lastsMs, sparesStarting: mercy < SPARING };
  }
}

/** How many of the renderers leak. */
const LEAKING = 0.3;

/** Whether the first, the second and so on of the renderers that get a job leak. */
export function leaks(seed: number, count: number): boolean[] {
  // Neither the sequence of the faults nor that of the jobs.
  const chance = generator(seed ^ 0x1eac);
  return Array.from({ length: count }, () => chance() < LEAKING);
}

/** What a job is there for. `doomed` asks for a template that the farm does not have, `slow` for one whose words are encoded by ffmpeg, `poison` kills its renderers. */
export type Purpose = 'plain' | 'slow' | 'cancelled' | 'doomed' | 'poison';

/** A job before it is sent. */
export interface Wish {
  readonly key: string;
  readonly partner: string;
  readonly purpose: Purpose;
  readonly cast: Cast;
  readonly words: Words;
  readonly priority: number;
  readonly reuse: boolean;
  /** Milliseconds from its acceptance. */
  readonly cancelAfterMs: number;
}

/** What can be asked of a template. */
export interface Sayings {
  /** Call by call the words of one more job. */
  readonly say: () => Words;
  readonly casts: readonly Cast[];
}

const SHARES: readonly (readonly [Purpose, number])[] = [
  ['cancelled', 0.05],
  ['slow', 0.04],
  ['doomed', 0.02],
];
/** Every so many jobs one is poison: it costs as many renderers as a job may end. */
const POISON_EVERY = 400;
const POISON_FIRST = 20;
/** Words are often said again: what was encoded before is then taken from the disk. */
const REPEATED = 0.4;

/** The jobs of a run, in the order in which they are sent. */
export function wishes(
  seed: number,
  count: number,
  allowed: readonly FaultName[],
  sayingsFor: (purpose: Purpose) => Sayings,
): Wish[] {
  // Not the sequence that the faults are drawn from.
  const chance = generator(seed ^ 0x5eed);
  const earlier = new Map<Sayings, Words[]>();
  return Array.from({ length: count }, (_, number): Wish => {
    const [fate, repeat, which, who, rank, delay] = [chance(), chance(), chance(), chance(), chance(), chance()];
    const isPoison = allowed.includes('poison') && number % POISON_EVERY === POISON_FIRST;
    const purpose = isPoison ? 'poison' : purposeAt(fate);
    const sayings = sayingsFor(purpose);
    const { say, casts } = sayings;
    const said = earlier.get(sayings) ?? [];
    const words = (repeat < REPEATED ? said[Math.floor(which * said.length)] : undefined) ?? say();
    earlier.set(sayings, [...said, words]);
    return {
      key: `soak-${seed}-${number + 1}`,
      partner: partnerOf(number),
      purpose,
      cast: casts[Math.floor(who * casts.length)] ?? {},
      words,
      priority: rank < 0.9 ? 0 : rank < 0.95 ? 5 : -5,
      reuse: which < 0.2 && !isPoison,
      cancelAfterMs: Math.round(delay * 500),
    };
  });
}

function purposeAt(fate: number): Purpose {
  let at = fate;
  for (const [purpose, share] of SHARES) {
    at -= share;
    if (at < 0) return purpose;
  }
  return 'plain';
}
