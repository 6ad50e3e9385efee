/**
 * The band of the sample templates: synthesises a short piece from a score and writes it as AAC.
 *
 * A piece is a list of parts. Each part has an instrument, a place in the room and a level in LU below the melody, and is written in one of
 * these notations; a `|` ends a bar, and a bar of the wrong length is an error.
 *
 *   notes  'G4q A4e B4e D5h. | -w'   pitch + length: w h q e s (whole ... sixteenth), t (triplet eighth), dots; the length carries over.
 *                                    + joins a chord, - is a rest, ~ ties on; ! is loud, ? soft, ' short.
 *   hits   'X.x.o.x. | %'            a bar in equal steps: X loud, x, o soft, . nothing; % repeats the bar before.
 *   strum  'D.DU.UDU'                the same grid, with down- and upstrokes over a chord chart; lower case is softer.
 *   arp    '0.1.2.1.'                the same grid, with the numbers of the chord's notes from below.
 *   chart  'C . F G7 | Am'           chord symbols sharing a bar equally; . holds.
 *
 * Everything random is seeded: the same script gives the same samples.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const RATE = 48000;
const TAU = 2 * Math.PI;

/** @typedef {{ hz: number, seconds: number, velocity: number, random: () => number }} Note what a voice plays; velocity 0..1 */
/** @typedef {{ start: number, hz: number, seconds: number, velocity: number }} PhraseNote a note of a phrase, start in samples */
/** @typedef {{ left: Float64Array, right: Float64Array }} Stereo */
/**
 * @typedef {object} Instrument
 * @property {(note: Note) => Float64Array | Stereo} [voice] plays one note
 * @property {(notes: PhraseNote[], samples: number, random: () => number) => Float64Array} [phrase] plays a whole line in one breath
 * @property {(bus: Stereo) => void} [body] what all notes of the part go through
 */

// --- small tools ---------------------------------------------------------------------------------------------------------------------------

/** @param {number} db */
const gain = (db) => 10 ** (db / 20);

/** @param {number} seconds @param {number} [ratio] what is left after the time: -60 dB by default */
const decay = (seconds, ratio = 0.001) => ratio ** (1 / (seconds * RATE));

/** @param {number} n @returns {Stereo} */
const silence = (n) => ({ left: new Float64Array(n), right: new Float64Array(n) });

/** A seeded generator of numbers in [0, 1) (mulberry32). @param {string} seed @returns {() => number} */
function dice(seed) {
  let state = 2166136261;
  for (const c of seed) state = Math.imul(state ^ c.charCodeAt(0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A second-order filter (Audio EQ Cookbook) as a function of one sample.
 * @param {'low' | 'high' | 'band' | 'peak'} kind
 * @param {number} hz
 * @param {number} [q]
 * @param {number} [db] of a peak
 */
function filter(kind, hz, q = Math.SQRT1_2, db = 0) {
  const w = (TAU * Math.min(hz, 0.45 * RATE)) / RATE;
  const c = Math.cos(w);
  const alpha = Math.sin(w) / (2 * q);
  const a = 10 ** (db / 40);
  const [b0, b1, b2, a0, a1, a2] = {
    low: [(1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha],
    high: [(1 + c) / 2, -1 - c, (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha],
    band: [alpha, 0, -alpha, 1 + alpha, -2 * c, 1 - alpha],
    peak: [1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a],
  }[kind];
  return biquad(b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0);
}

/** @param {number} b0 @param {number} b1 @param {number} b2 @param {number} a1 @param {number} a2 */
function biquad(b0, b1, b2, a1, a2) {
  let s1 = 0;
  let s2 = 0;
  return (/** @type {number} */ x) => {
    const y = b0 * x + s1;
    s1 = b1 * x - a1 * y + s2;
    s2 = b2 * x - a2 * y;
    return y;
  };
}

/** Runs a filter chain over a buffer in place. @param {Float64Array} buffer @param {((x: number) => number)[]} chain */
function through(buffer, ...chain) {
  for (const f of chain) for (let i = 0; i < buffer.length; i++) buffer[i] = f(buffer[i]);
  return buffer;
}

/** @param {...[hz: number, q: number, db: number]} peaks @returns {(bus: Stereo) => void} */
const resonances =
  (...peaks) =>
  (bus) => {
    for (const side of [bus.left, bus.right]) through(side, ...peaks.map(([hz, q, db]) => filter('peak', hz, q, db)));
  };

// --- instruments ---------------------------------------------------------------------------------------------------------------------------

/**
 * A plucked string (extended Karplus-Strong): an ideal pluck mixed with finger noise circulates in a damped, finely tuned delay line.
 * @param {{ hz: number, seconds: number, velocity: number, random: () => number }} note
 * @param {{ t60: number, damping: number, bright: number, pick: number, noise: number, release?: number }} string
 */
function string({ hz, seconds, velocity, random }, { t60, damping, bright, pick, noise, release = 0.08 }) {
  const period = RATE / hz;
  const size = Math.floor(period - damping - 0.3);
  const fraction = period - damping - size;
  const allpass = (1 - fraction) / (1 + fraction);
  const line = new Float64Array(size);
  const at = Math.max(1, Math.round(pick * size));
  line[0] += 1;
  line[at] -= 1;
  for (let i = 0; i < size; i++) line[i] += noise * 0.35 * (random() - 0.5);
  const smooth = Math.exp((-TAU * (500 + bright * (0.4 + 0.9 * velocity))) / RATE);
  for (let pass = 0; pass < 2; pass++) {
    let y = 0;
    for (let turn = 0; turn < 2; turn++) for (let i = 0; i < size; i++) line[i] = y = line[i] + smooth * (y - line[i]);
  }
  const mean = line.reduce((a, b) => a + b, 0) / size;
  let power = 0;
  for (let i = 0; i < size; i++) {
    line[i] -= mean;
    power += line[i] ** 2;
  }
  const level = velocity / Math.sqrt(power / size + 1e-12);
  const hold = Math.floor(seconds * RATE);
  const out = new Float64Array(hold + Math.floor(release * 3 * RATE));
  const open = gain(-60 / (hz * t60));
  const closed = Math.min(open, gain(-60 / (hz * release * 3)));
  let before = 0;
  let x1 = 0;
  let y1 = 0;
  for (let i = 0, p = 0; i < out.length; i++, p = p + 1 === size ? 0 : p + 1) {
    const x = line[p];
    out[i] = x * level;
    const damped = (i < hold ? open : closed) * ((1 - damping) * x + damping * before);
    before = x;
    const y = allpass * (damped - y1) + x1;
    x1 = damped;
    y1 = y;
    line[p] = y;
  }
  for (let i = 0; i < 24; i++) out[i] *= i / 24;
  return out;
}

/**
 * A struck bar: a few decaying partials and the click of the mallet.
 * @param {Note} note
 * @param {{ partials: [ratio: number, level: number, t60: number][], attack: number, click: number, clickHz: number, keep?: number }} bar
 */
function bar({ hz, velocity, random }, { partials, attack, click, clickHz, keep = 0.4 }) {
  const length = (1000 / hz) ** keep;
  const longest = Math.max(...partials.map(([, , t60]) => t60));
  const out = new Float64Array(Math.ceil(longest * length * 1.1 * RATE));
  for (const [ratio, level, t60] of partials) {
    const w = (TAU * hz * ratio) / RATE;
    if (w > TAU * 0.4) continue;
    const r = decay(t60 * length);
    const k = 2 * r * Math.cos(w);
    const amp = level * velocity * velocity ** (0.25 * (ratio - 1));
    let y1 = 0;
    let y2 = -amp * Math.sin(w); // starts at a zero crossing
    for (let i = 0; i < out.length; i++) {
      const y = k * y1 - r * r * y2;
      y2 = y1;
      y1 = y;
      out[i] += y;
    }
  }
  const rise = Math.floor(attack * RATE);
  for (let i = 0; i < rise; i++) out[i] *= Math.sin((0.25 * TAU * i) / rise);
  const band = filter('band', clickHz, 0.8);
  for (let i = 0, e = click * velocity; i < 1200; i++, e *= 0.994) out[i] += e * band(random() - 0.5);
  return out;
}

/** A decaying, filtered noise. @param {number} seconds @param {() => number} random @param {(t: number) => number} shape @param {((x: number) => number)[]} chain */
function hiss(seconds, random, shape, ...chain) {
  const out = new Float64Array(Math.ceil(seconds * RATE));
  for (let i = 0; i < out.length; i++) out[i] = (random() * 2 - 1) * shape(i / RATE);
  return through(out, ...chain);
}

/**
 * A wind line in one breath: harmonics whose brightness follows the breath, glides between notes, late vibrato, a little air.
 * @param {PhraseNote[]} notes
 * @param {number} samples
 * @param {() => number} random
 * @param {{ harmonics: number[], glide: number, attack: number, release: number, vibrato: number, rate: number, air: number, bend: number }} wind
 */
function breath(notes, samples, random, { harmonics, glide, attack, release, vibrato, rate, air, bend }) {
  const out = new Float64Array(samples);
  const tone = filter('band', 2400, 0.5);
  const levels = new Float64Array(harmonics.length);
  const [up, down, slide] = [attack, release, glide].map((s) => 1 - Math.exp(-1 / (s * RATE)));
  let at = -1;
  let pitch = Math.log2(notes[0]?.hz ?? 440);
  let wanted = pitch;
  let env = 0;
  let phase = 0;
  let tongue = 0;
  for (let i = 0; i < samples; i++) {
    while (at + 1 < notes.length && notes[at + 1].start <= i) {
      at++;
      wanted = Math.log2(notes[at].hz);
      const joined = at > 0 && notes[at - 1].start + notes[at - 1].seconds * RATE > i - 0.03 * RATE;
      tongue = joined ? 0.22 + 0.5 * Math.max(0, notes[at].velocity - 0.8) : 0;
      if (!joined) pitch = wanted - bend;
    }
    const note = notes[at];
    const t = note ? (i - note.start) / RATE : 0;
    let target = 0;
    if (note && t < note.seconds) {
      const arc = Math.sin(0.5 * TAU * Math.min(1, t / Math.max(0.5, note.seconds)));
      target = note.velocity * (0.86 + 0.14 * arc) * (note.seconds > 0.8 ? Math.exp(-1.3 * Math.max(0, t - 0.45)) : 1);
      if (t < 0.028) target *= 1 - tongue;
    }
    env += (target - env) * (target > env ? up : down);
    pitch += (wanted - pitch) * slide;
    const depth = vibrato * Math.min(1, Math.max(0, (t - 0.18) / 0.3));
    const hz = 2 ** (pitch + (depth / 1200) * Math.sin(TAU * rate * t));
    if (i % 16 === 0) {
      for (let k = 0; k < harmonics.length; k++) {
        levels[k] = hz * (k + 1) < 15000 ? harmonics[k] * Math.min(1, env * 1.2) ** (0.16 * k) : 0;
      }
    }
    phase += hz / RATE;
    if (phase >= 1) phase -= 1;
    const twice = 2 * Math.cos(TAU * phase);
    let s0 = 0;
    let s1 = Math.sin(TAU * phase);
    let sum = 0;
    for (let k = 0; k < levels.length; k++) {
      sum += levels[k] * s1;
      [s0, s1] = [s1, twice * s1 - s0];
    }
    out[i] = env * (sum + air * tone(random() * 2 - 1));
  }
  return out;
}

/** Several takes of one voice, a little out of tune and time with each other. @param {number} count @param {(note: Note) => Float64Array} voice */
const section = (count, voice) => (/** @type {Note} */ note) => {
  const takes = Array.from({ length: count }, (_, i) => {
    const cents = (note.random() - 0.5) * 9;
    return {
      late: Math.floor(i * note.random() * 0.009 * RATE),
      of: voice({ ...note, hz: note.hz * 2 ** (cents / 1200) }),
    };
  });
  const out = silence(Math.max(...takes.map((take) => take.late + take.of.length)));
  takes.forEach(({ late, of }, i) => {
    const p = count > 1 ? 0.5 + 0.5 * ((i / (count - 1)) * 2 - 1) * 0.8 : 0.5;
    for (let j = 0; j < of.length; j++) {
      out.left[j + late] += of[j] * Math.cos(0.25 * TAU * p);
      out.right[j + late] += of[j] * Math.sin(0.25 * TAU * p);
    }
  });
  return out;
};

/** @type {Instrument} Nylon strings on a small box. */
export const ukulele = {
  voice: (note) => string(note, { t60: 1.5, damping: 0.22, bright: 5200, pick: 0.21, noise: 0.5, release: 0.05 }),
  body: resonances([255, 2.2, 4], [520, 2, 5], [1150, 1.6, 3], [2900, 1.2, 2]),
};

/** @type {Instrument} */
export const guitar = {
  voice: (note) => string(note, { t60: 3.2, damping: 0.3, bright: 4200, pick: 0.17, noise: 0.4, release: 0.07 }),
  body: resonances([105, 2, 4], [215, 2.5, 4], [410, 2, 2], [2600, 1, 2]),
};

/** @type {Instrument} A few violins and violas, plucked. */
export const pizzicato = {
  voice: section(3, (note) =>
    string(
      { ...note, seconds: Math.max(note.seconds, 0.5) },
      { t60: 0.75, damping: 0.42, bright: 2600, pick: 0.31, noise: 0.6, release: 0.1 },
    ),
  ),
  body: resonances([285, 2, 4], [470, 2, 4], [1100, 1.4, 3]),
};

/** @type {Instrument} */
export const glockenspiel = {
  voice: (note) =>
    bar(note, {
      partials: [
        [1, 1, 1.5],
        [1.003, 0.25, 1.2],
        [2.756, 0.32, 0.75],
        [5.404, 0.16, 0.32],
        [8.933, 0.06, 0.12],
      ],
      attack: 0.0008,
      click: 0.5,
      clickHz: 6500,
    }),
};

/** @type {Instrument} Steel plates over wooden boxes, struck with felt. */
export const celesta = {
  voice: (note) =>
    bar(note, {
      partials: [
        [1, 1, 1.9],
        [2, 0.1, 1.2],
        [3.01, 0.05, 0.6],
        [4.02, 0.16, 0.5],
        [9.8, 0.03, 0.09],
      ],
      attack: 0.003,
      click: 0.25,
      clickHz: 1800,
    }),
};

/** @type {Instrument} The teeth of a comb, with the tick of the cylinder's pin. */
export const musicBox = {
  voice: (note) =>
    bar(note, {
      partials: [
        [1, 1, 2.2],
        [1.0022, 0.4, 2.6],
        [2.003, 0.16, 1],
        [6.267, 0.2, 0.28],
        [17.55, 0.04, 0.06],
      ],
      attack: 0.0012,
      click: 0.3,
      clickHz: 4200,
    }),
};

/** @type {Instrument} Two-operator FM in two pairs: the tone bar and the tine; the tremolo wanders between the speakers. */
export const electricPiano = {
  voice: ({ hz, seconds, velocity }) => {
    const hold = Math.floor(seconds * RATE);
    const out = new Float64Array(hold + Math.floor(0.35 * RATE));
    const w = (TAU * hz) / RATE;
    const fall = decay(6.5 * (220 / hz) ** 0.35);
    const [soften, tine, off] = [decay(2.6), decay(0.35), decay(0.3)];
    let amp = velocity;
    let index = 0.35 + 1.1 * velocity;
    let bell = 0.1 + 0.32 * velocity;
    for (let i = 0; i < out.length; i++) {
      const body = Math.sin(w * i + index * Math.sin(w * 1.0006 * i));
      const ring = Math.sin(w * 1.0012 * i + bell * Math.sin(14.01 * w * i));
      out[i] = amp * (0.62 * body + 0.42 * ring) * Math.min(1, i / 120);
      amp *= i < hold ? fall : off;
      index *= soften;
      bell *= tine;
    }
    return out;
  },
  body: (bus) => {
    for (let i = 0; i < bus.left.length; i++) {
      const sway = 0.16 * Math.sin((TAU * 4.4 * i) / RATE);
      bus.left[i] *= 1 + sway;
      bus.right[i] *= 1 - sway;
    }
    resonances([300, 0.8, -1.5], [1500, 0.8, 1.5])(bus);
  },
};

/** @type {Instrument} Six detuned saws a note, through a filter that opens slowly and breathes. */
export const strings = {
  voice: ({ hz, seconds, velocity, random }) => {
    const hold = Math.floor(seconds * RATE);
    const out = silence(hold + Math.floor(1.4 * RATE));
    const voices = [-11, -6, -2, 3, 7, 12].map((cents, i) => ({
      step: (hz * 2 ** (cents / 1200)) / RATE,
      phase: random(),
      right: 0.5 + [-0.42, 0.3, -0.12, 0.14, -0.3, 0.42][i],
    }));
    const attack = 1 - Math.exp(-1 / (0.22 * RATE));
    const release = 1 - Math.exp(-1 / (0.32 * RATE));
    const state = [0, 0, 0, 0];
    let env = 0;
    let cut = 0;
    for (let i = 0; i < hold + 1.4 * RATE - 1; i++) {
      env += i < hold ? (1 - env) * attack : -env * release;
      if (i % 32 === 0) {
        const open = 480 + 900 * velocity * env + 160 * Math.sin((TAU * 0.23 * i) / RATE);
        cut = 1 - Math.exp((-TAU * (open + 0.6 * hz)) / RATE);
      }
      let left = 0;
      let right = 0;
      for (const v of voices) {
        v.phase += v.step;
        if (v.phase >= 1) v.phase -= 1;
        let saw = 2 * v.phase - 1; // polyBLEP
        if (v.phase < v.step) saw += (v.phase / v.step - 1) ** 2;
        else if (v.phase > 1 - v.step) saw -= ((v.phase - 1) / v.step + 1) ** 2;
        left += saw * (1 - v.right);
        right += saw * v.right;
      }
      state[0] += (left - state[0]) * cut;
      state[1] += (state[0] - state[1]) * cut;
      state[2] += (right - state[2]) * cut;
      state[3] += (state[2] - state[3]) * cut;
      out.left[i] = state[1] * env * velocity * 0.3;
      out.right[i] = state[3] * env * velocity * 0.3;
    }
    return out;
  },
  body: (bus) => {
    for (const side of [bus.left, bus.right]) through(side, filter('high', 140));
  },
};

/** @type {Instrument} A round, plucked bass; enough overtones for a telephone's loudspeaker. */
export const bass = {
  voice: ({ hz, seconds, velocity, random }) => {
    const hold = Math.floor(seconds * RATE);
    const out = new Float64Array(hold + Math.floor(0.25 * RATE));
    const falls = [2.6, 1.6, 0.9, 0.55, 0.35, 0.22].map((s) => decay(s));
    const amps = [1, 0.55, 0.34, 0.18, 0.1, 0.06].map((a, k) => a * velocity ** (1 + 0.3 * k));
    const off = decay(0.16);
    let end = 1;
    for (let i = 0; i < out.length; i++) {
      const w = ((TAU * hz) / RATE) * i;
      let sum = 0;
      for (let k = 0; k < 6; k++) {
        sum += amps[k] * Math.sin((k + 1) * w);
        amps[k] *= falls[k];
      }
      if (i >= hold) end *= off;
      out[i] = Math.tanh(0.9 * sum) * end * Math.min(1, i / 260);
    }
    const finger = filter('band', 700, 0.9);
    for (let i = 0, e = 0.25 * velocity; i < 900 && i < out.length; i++, e *= 0.994)
      out[i] += e * finger(random() - 0.5);
    return out;
  },
};

/** @type {Instrument} A clarinet: mostly odd harmonics, soft reed, little vibrato. */
export const clarinet = {
  phrase: (notes, samples, random) =>
    breath(notes, samples, random, {
      harmonics: [1, 0.04, 0.52, 0.06, 0.27, 0.07, 0.15, 0.07, 0.08, 0.05, 0.04, 0.03],
      glide: 0.007,
      attack: 0.018,
      release: 0.045,
      vibrato: 11,
      rate: 5.1,
      air: 0.035,
      bend: 0.02,
    }),
  body: resonances([1500, 1.2, 2], [3200, 1, -2]),
};

/** @type {Instrument} Somebody whistles. */
export const whistle = {
  phrase: (notes, samples, random) =>
    breath(notes, samples, random, {
      harmonics: [1, 0.07, 0.035, 0.01],
      glide: 0.016,
      attack: 0.022,
      release: 0.05,
      vibrato: 22,
      rate: 5.6,
      air: 0.1,
      bend: 0.06,
    }),
};

/** @type {Instrument} */
export const kick = {
  voice: ({ velocity, random }) => {
    const out = new Float64Array(Math.floor(0.3 * RATE));
    let phase = 0;
    for (let i = 0; i < out.length; i++) {
      const t = i / RATE;
      phase += (54 + 95 * Math.exp(-t / 0.022)) / RATE;
      out[i] = velocity * Math.sin(TAU * phase) * Math.exp(-t / 0.075) * Math.min(1, i / 60);
    }
    const felt = hiss(0.02, random, (t) => 0.5 * velocity * Math.exp(-t / 0.004), filter('band', 1400, 0.7));
    felt.forEach((x, i) => {
      out[i] += x;
    });
    return out;
  },
};

/** @type {Instrument} Wire brushes on a snare. */
export const brush = {
  voice: ({ velocity, random }) =>
    hiss(
      0.28,
      random,
      (t) => velocity * Math.min(1, t / 0.006) * (Math.exp(-t / 0.045) + 0.15 * Math.exp(-t / 0.12)),
      filter('high', 700),
      filter('low', 6500),
    ),
};

/** @type {Instrument} */
export const shaker = {
  voice: ({ velocity, random }) =>
    hiss(
      0.13,
      random,
      (t) => velocity * Math.min(1, t / 0.014) ** 2 * Math.exp(-Math.max(0, t - 0.014) / 0.026),
      filter('high', 3200),
      filter('peak', 6200, 1.5, 7),
      filter('low', 11000),
    ),
};

/** @type {Instrument} A few people clap, almost together. */
export const clap = {
  voice: ({ velocity, random }) => {
    const out = silence(Math.floor(0.32 * RATE));
    for (let i = 0; i < 6; i++) {
      const hand = hiss(
        0.2,
        random,
        (t) => velocity * (Math.exp(-t / 0.007) + 0.16 * Math.exp(-t / 0.045)),
        filter('band', 900 + 900 * random(), 1.1),
        filter('high', 500),
      );
      const late = Math.floor(random() * 0.017 * RATE);
      const right = 0.25 + 0.5 * random();
      for (let j = 0; j < hand.length; j++) {
        out.left[j + late] += hand[j] * (1 - right);
        out.right[j + late] += hand[j] * right;
      }
    }
    return out;
  },
};

/** @type {Instrument} A strap of jingles, each with its own few modes. */
export const sleighBells = {
  voice: ({ velocity, random }) => {
    const out = silence(Math.floor(0.5 * RATE));
    for (let jingle = 0; jingle < 14; jingle++) {
      const late = Math.floor(random() ** 1.5 * 0.045 * RATE);
      const right = 0.2 + 0.6 * random();
      const base = 2500 + 1900 * random();
      const touch = velocity * (0.3 + 0.7 * random());
      for (const [ratio, level] of [
        [1, 1],
        [1.43, 0.7],
        [2.08, 0.55],
        [2.71, 0.3],
      ]) {
        const w = (TAU * base * ratio) / RATE;
        let e = touch * level * Math.min(1, 0.5 + velocity);
        const fall = decay(0.1 + 0.16 * random());
        for (let i = 0; i + late < out.left.length; i++, e *= fall) {
          const y = e * Math.sin(w * i);
          out.left[i + late] += y * (1 - right);
          out.right[i + late] += y * right;
        }
      }
    }
    return out;
  },
};

// --- notation ------------------------------------------------------------------------------------------------------------------------------

const STEPS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const LENGTHS = { w: 4, h: 2, q: 1, e: 0.5, s: 0.25, t: 1 / 3 };
const QUALITIES = {
  '': [0, 4, 7],
  m: [0, 3, 7],
  6: [0, 4, 7, 9],
  7: [0, 4, 7, 10],
  m7: [0, 3, 7, 10],
  maj7: [0, 4, 7, 11],
  sus4: [0, 5, 7],
  add9: [0, 2, 4, 7],
  9: [0, 2, 4, 7, 10],
  m9: [0, 2, 3, 7, 10],
  maj9: [0, 2, 4, 7, 11],
  '7sus4': [0, 5, 7, 10],
  '9sus4': [0, 2, 5, 7, 10],
  13: [0, 4, 9, 10],
  69: [0, 2, 4, 7, 9],
};
/** Frets of the strings g C E A. */
const UKULELE = {
  C: [0, 0, 0, 3],
  C6: [0, 0, 0, 0],
  C7: [0, 0, 0, 1],
  Am: [2, 0, 0, 0],
  Am7: [0, 4, 3, 3],
  F: [2, 0, 1, 0],
  F6: [2, 2, 1, 3],
  G: [0, 2, 3, 2],
  G7: [0, 2, 1, 2],
  Dm: [2, 2, 1, 0],
  Dm7: [2, 2, 1, 3],
  Em: [0, 4, 3, 2],
  D7: [2, 2, 2, 3],
  A7: [0, 1, 0, 0],
  E7: [1, 2, 0, 2],
  Fm: [1, 0, 1, 3],
  Chigh: [5, 4, 3, 3],
};

/** @param {string} name such as F#4 @returns {number} MIDI key */
export function key(name) {
  const [, step, sign, octave] = /^([A-G])(#|b)?(-?\d)$/.exec(name) ?? fail(`No such note: ${name}`);
  return STEPS[step] + (sign === '#' ? 1 : sign === 'b' ? -1 : 0) + 12 * (Number(octave) + 1);
}

/** The notes of a chord in the octave above `low`, lowest first; a ninth leaves its root to the bass. @param {string} symbol @param {string} low */
export function voicing(symbol, low) {
  const [, root, sign, quality] = /^([A-G])(#|b)?(.*)$/.exec(symbol) ?? fail(`No such chord: ${symbol}`);
  const intervals = QUALITIES[quality] ?? fail(`No such chord: ${symbol}`);
  const base = key(`${root}${sign ?? ''}4`);
  const floor = key(low);
  return intervals
    .slice(intervals.length > 4 ? 1 : 0)
    .map((i) => floor + ((((base + i - floor) % 12) + 12) % 12))
    .sort((a, b) => a - b);
}

/** @param {string} message @returns {never} */
function fail(message) {
  throw new Error(message);
}

/** @param {string} text @returns {string[]} */
function bars(text) {
  const all = text
    .split('|')
    .map((b) => b.trim())
    .filter((b) => b !== '');
  return all.map((_, i) => {
    let from = i;
    while (all[from] === '%') from--;
    return all[from] ?? fail('% has no bar before it');
  });
}

// --- the piece -----------------------------------------------------------------------------------------------------------------------------

/**
 * @typedef {object} Place
 * @property {number} [level] loudness below (or above) the melody in LU, default 0
 * @property {number} [pan] -1 left ... 1 right
 * @property {number} [width] how far high notes stand right and low notes left of the place
 * @property {number} [reverb] send to the room, 0..1
 * @property {number} [loose] spread of the players' timing in milliseconds, default 5
 * @property {number} [transpose] semitones
 */

/**
 * Starts a piece.
 * @param {object} about
 * @param {number} about.seconds exact length
 * @param {number | [beat: number, bpm: number][]} about.tempo one tempo, or tempi from given beats on
 * @param {string} about.seed
 * @param {number} [about.beats] in a bar, default 4
 * @param {number} [about.swing] where the off-beat eighth falls in its beat, default 0.5
 * @param {{ seconds?: number, dark?: number, level?: number }} [about.room] reverberation time, damping 0..1, and level in LU to the dry sound, default -12
 * @param {number} [about.fade] seconds of the last fade into silence, default 0.5
 */
export function piece({ seconds, tempo, seed, beats = 4, swing = 0.5, room = {}, fade = 0.5 }) {
  const samples = Math.round(seconds * RATE);
  const tempi = typeof tempo === 'number' ? [[0, tempo]] : tempo;
  /** @type {{ name: string, instrument: Instrument, place: Place, notes: { beat: number, beats: number, midi: number, velocity: number, late: number }[] }[]} */
  const parts = [];

  /** Seconds at a beat. @param {number} beat */
  const when = (beat) => {
    const inBeat = beat - Math.floor(beat);
    let swung = inBeat < 0.5 ? inBeat * 2 * swing : swing + (inBeat - 0.5) * 2 * (1 - swing);
    swung += Math.floor(beat);
    let at = 0;
    tempi.forEach(([from, bpm], i) => {
      const to = tempi[i + 1]?.[0] ?? Number.POSITIVE_INFINITY;
      if (swung > from) at += ((Math.min(swung, to) - from) * 60) / bpm;
    });
    return at;
  };

  /** The steps of a grid, bar by bar. @param {string} grid @param {number} count @param {(sign: string, beat: number, step: number) => void} visit */
  const steps = (grid, count, visit) => {
    const all = bars(grid);
    for (let b = 0; b < Math.max(count, all.length); b++) {
      const signs = [...all[Math.min(b, all.length - 1)].replaceAll(' ', '')];
      const step = beats / signs.length;
      signs.forEach((sign, i) => visit(sign, b * beats + i * step, step));
    }
  };

  /** @param {string} text @returns {{ symbol: string, beat: number, beats: number }[]} */
  const chart = (text) => {
    const chords = [];
    bars(text).forEach((b, i) => {
      const symbols = b.split(/\s+/);
      const share = beats / symbols.length;
      symbols.forEach((symbol, j) => {
        if (symbol === '.') chords[chords.length - 1].beats += share;
        else chords.push({ symbol, beat: i * beats + j * share, beats: share });
      });
    });
    return chords;
  };

  /** @param {string} name @param {Instrument} instrument @param {Place} [place] */
  const part = (name, instrument, place = {}) => {
    const { transpose = 0 } = place;
    /** @type {(typeof parts)[number]['notes']} */
    const notes = [];
    parts.push({ name, instrument, place, notes });
    /** @param {number} beat @param {number} length @param {number} midi @param {number} velocity @param {number} [late] seconds */
    const add = (beat, length, midi, velocity, late = 0) =>
      notes.push({ beat, beats: length, midi: midi + transpose, velocity, late });

    const self = {
      /** A line in notes. @param {string} score @param {number} [velocity] */
      notes(score, velocity = 0.7) {
        let beat = 0;
        let length = 1;
        let last = [];
        bars(score).forEach((b, i) => {
          for (const token of b.split(/\s+/)) {
            const [, what, sign, dots, marks] =
              /^([A-G][^~whqest!?']*|-|~)([whqest])?(\.*)([!?']*)$/.exec(token) ??
              fail(`${name}: cannot read ${token}`);
            if (sign) length = LENGTHS[sign] * (2 - 0.5 ** dots.length);
            if (what === '~') for (const note of last) note.beats += length;
            else if (what !== '-') {
              const loud = velocity + (marks.includes('!') ? 0.2 : 0) - (marks.includes('?') ? 0.2 : 0);
              const from = notes.length;
              what.split('+').forEach((n, j) => {
                add(beat, length * (marks.includes("'") ? 0.5 : 1), key(n), loud - 0.03 * j, 0.012 * j);
              });
              last = notes.slice(from);
            }
            beat += length;
          }
          if (Math.abs(beat - (i + 1) * beats) > 1e-6) fail(`${name}: bar ${i + 1} ends at beat ${beat - i * beats}`);
        });
        return self;
      },

      /** Drums. @param {string} grid @param {number} [velocity] */
      hits(grid, velocity = 0.7) {
        steps(grid, 0, (sign, beat, step) => {
          const loud = { X: velocity + 0.2, x: velocity, o: velocity * 0.55 }[sign];
          if (loud) add(beat, step, 60, loud);
          else if (sign !== '.') fail(`${name}: cannot read ${sign}`);
        });
        return self;
      },

      /** A strummed ukulele. @param {string} chords @param {string} grid @param {number} [velocity] */
      strum(chords, grid, velocity = 0.7) {
        const all = chart(chords);
        const strokes = [];
        steps(grid, bars(chords).length, (sign, beat) => {
          const chord = all.find((c) => beat >= c.beat && beat < c.beat + c.beats);
          if (chord && sign !== '.') strokes.push({ sign, beat, symbol: chord.symbol });
        });
        const end = bars(chords).length * beats;
        strokes.forEach(({ sign, beat, symbol }, i) => {
          const next = strokes[i + 1]?.beat ?? end;
          const loud = velocity * (sign === sign.toLowerCase() ? 0.72 : 1) * (/u/i.test(sign) ? 0.85 : 1);
          const frets = UKULELE[symbol] ?? fail(`${name}: no ukulele chord ${symbol}`);
          const keys = [67, 60, 64, 69].map((open, s) => open + frets[s]);
          const order = /d/i.test(sign) ? [0, 1, 2, 3] : [3, 2, 1];
          order.forEach((s, j) => {
            add(beat, next - beat, keys[s], loud * (1 - 0.05 * j), j * (0.016 - 0.009 * velocity));
          });
        });
        return self;
      },

      /** Chords held over the chart. @param {string} chords @param {{ low: string, velocity?: number, roll?: number, grid?: string }} how roll in seconds a note */
      hold(chords, { low, velocity = 0.6, roll = 0, grid }) {
        const strokes = [];
        if (grid) {
          const all = chart(chords);
          steps(grid, bars(chords).length, (sign, beat) => {
            const chord = all.find((c) => beat >= c.beat && beat < c.beat + c.beats);
            if (!chord || sign === '.') return;
            if (strokes.length)
              strokes[strokes.length - 1].beats = Math.min(
                strokes[strokes.length - 1].beats,
                beat - strokes[strokes.length - 1].beat,
              );
            strokes.push({
              symbol: chord.symbol,
              beat,
              beats: chord.beat + chord.beats - beat,
              loud: sign === 'X' ? 1.2 : sign === 'o' ? 0.7 : 1,
            });
          });
        } else strokes.push(...chart(chords).map((c) => ({ ...c, loud: 1 })));
        for (const { symbol, beat, beats: length, loud } of strokes) {
          voicing(symbol, low).forEach((midi, j) => {
            add(beat, length, midi, velocity * loud, j * roll);
          });
        }
        return self;
      },

      /** Broken chords. @param {string} chords @param {string} grid @param {{ low: string, velocity?: number, ring?: number }} how ring in beats */
      arp(chords, grid, { low, velocity = 0.6, ring }) {
        const all = chart(chords);
        steps(grid, bars(chords).length, (sign, beat, step) => {
          const chord = all.find((c) => beat >= c.beat && beat < c.beat + c.beats);
          if (!chord || sign === '.') return;
          const keys = voicing(chord.symbol, low);
          const n = Number.parseInt(sign, 10);
          add(beat, ring ?? step, keys[n % keys.length] + 12 * Math.floor(n / keys.length), velocity);
        });
        return self;
      },
    };
    return self;
  };

  /** Plays a part into a bus of its own. @param {(typeof parts)[number]} p @returns {Stereo} */
  const play = ({ name, instrument, place, notes }) => {
    const random = dice(`${seed}/${name}`);
    const { pan = 0, width = 0, loose = 5 } = place;
    const bus = silence(samples);
    const centre = notes.reduce((sum, n) => sum + n.midi, 0) / notes.length;
    const played = notes.map((n) => {
      const wander = ((random() + random() + random()) / 1.5 - 1) * (loose / 1000);
      const accent = n.beat % beats === 0 ? 0.05 : n.beat % 1 === 0 ? 0 : -0.04;
      const velocity = Math.min(1, Math.max(0.05, n.velocity + accent + (random() - 0.5) * 0.1));
      return {
        start: Math.max(0, Math.round((when(n.beat) + n.late + wander) * RATE)),
        hz: 440 * 2 ** ((n.midi - 69) / 12),
        seconds: when(n.beat + n.beats) - when(n.beat),
        velocity,
        place: Math.min(1, Math.max(-1, pan + (width * (n.midi - centre)) / 12)),
      };
    });
    /** @param {Float64Array | Stereo} sound @param {number} start @param {number} where */
    const put = (sound, start, where) => {
      const angle = 0.125 * TAU * (where + 1);
      const [l, r] = [Math.cos(angle) * Math.SQRT2, Math.sin(angle) * Math.SQRT2];
      const [left, right] = sound instanceof Float64Array ? [sound, sound] : [sound.left, sound.right];
      const n = Math.min(left.length, samples - start);
      for (let i = 0; i < n; i++) {
        bus.left[start + i] += left[i] * l;
        bus.right[start + i] += right[i] * r;
      }
    };
    if (instrument.phrase)
      put(
        instrument.phrase(
          played.sort((a, b) => a.start - b.start),
          samples,
          random,
        ),
        0,
        pan,
      );
    else for (const note of played) put(instrument.voice({ ...note, random }), note.start, note.place);
    instrument.body?.(bus);
    return bus;
  };

  /** Plays all parts and mixes them. @returns {Stereo} */
  const mix = () => {
    const dry = silence(samples);
    const send = silence(samples);
    for (const p of parts) {
      const bus = play(p);
      const { level = 0, reverb: wet = 0.2 } = p.place;
      const measured = loudness(bus);
      const g = gain(level - 20 - measured);
      for (let i = 0; i < samples; i++) {
        dry.left[i] += bus.left[i] * g;
        dry.right[i] += bus.right[i] * g;
        send.left[i] += bus.left[i] * g * wet;
        send.right[i] += bus.right[i] * g * wet;
      }
    }
    const echo = reverb(send, room.seconds ?? 1.6, room.dark ?? 0.35);
    const back = gain(loudness(dry) + (room.level ?? -12) - loudness(echo));
    for (let i = 0; i < samples; i++) {
      dry.left[i] += echo.left[i] * back;
      dry.right[i] += echo.right[i] * back;
    }
    for (const side of [dry.left, dry.right])
      through(side, filter('high', 32), filter('peak', 300, 0.7, -1.2), filter('peak', 9000, 0.6, 1.2));
    master(dry, fade);
    return dry;
  };

  return {
    part,
    mix,
    /** Mixes the piece and writes it as AAC-LC. @param {URL | string} out such as new URL('music.m4a', import.meta.url) */
    async save(out) {
      const path = out instanceof URL ? fileURLToPath(out) : out;
      const sound = mix();
      await encode(sound, path);
      const lufs = loudness(sound).toFixed(1);
      const peak = (20 * Math.log10(truePeaks(sound).reduce((a, b) => Math.max(a, b)))).toFixed(1);
      process.stderr.write(
        `${basename(dirname(path))}: ${seconds.toFixed(1)} s, ${lufs} LUFS, ${peak} dBTP before AAC\n`,
      );
    },
  };
}

// --- the room and the desk -----------------------------------------------------------------------------------------------------------------

/**
 * Feedback delay network: eight gently moving lines with damping, fed through diffusing all-passes.
 * @param {Stereo} input
 * @param {number} seconds
 * @param {number} dark
 * @returns {Stereo}
 */
function reverb(input, seconds, dark) {
  const n = input.left.length;
  const out = silence(n);
  const sizes = [1423, 1777, 1973, 2131, 2557, 2963, 3259, 3511];
  const lines = sizes.map((size, i) => ({
    data: new Float64Array(size + 32),
    size,
    at: 0,
    low: 0,
    g: gain((-60 * size) / (seconds * RATE)),
    lfo: 0.31 + 0.083 * i,
  }));
  /** @param {number} size */
  const diffuser = (size) => {
    const data = new Float64Array(size);
    let at = 0;
    return (/** @type {number} */ x) => {
      const old = data[at];
      const into = x - 0.62 * old;
      data[at] = into;
      at = at + 1 === size ? 0 : at + 1;
      return old + 0.62 * into;
    };
  };
  const sides = [
    [142, 379, 107, 277],
    [151, 359, 113, 293],
  ].map((s) => [filter('high', 190), filter('low', 9000), ...s.map(diffuser)]);
  const early = Math.floor(0.014 * RATE);
  const taps = new Float64Array(8);
  for (let i = 0; i < n; i++) {
    const before = i - early;
    let left = before >= 0 ? input.left[before] : 0;
    let right = before >= 0 ? input.right[before] : 0;
    for (const f of sides[0]) left = f(left);
    for (const f of sides[1]) right = f(right);
    let sum = 0;
    for (let k = 0; k < 8; k++) {
      const line = lines[k];
      const total = line.data.length;
      const back = line.size + 8 + 7 * Math.sin((TAU * line.lfo * i) / RATE);
      const whole = Math.floor(back);
      const f = back - whole;
      const a = (line.at - whole + total) % total;
      const b = (a - 1 + total) % total;
      const x = line.data[a] * (1 - f) + line.data[b] * f;
      line.low += (x - line.low) * (1 - dark);
      taps[k] = line.low * line.g;
      sum += taps[k];
    }
    sum *= 0.25;
    for (let k = 0; k < 8; k++) {
      const line = lines[k];
      line.data[line.at] = taps[k] - sum + (k % 2 ? right : left) * (k & 2 ? -1 : 1);
      line.at = line.at + 1 === line.data.length ? 0 : line.at + 1;
    }
    out.left[i] = 0.5 * (left * 0.3 + taps[0] - taps[2] + taps[4] + taps[6] * 0.8 + 0.3 * taps[1]);
    out.right[i] = 0.5 * (right * 0.3 + taps[1] - taps[3] + taps[5] + taps[7] * 0.8 + 0.3 * taps[0]);
  }
  return out;
}

/** Bus compression, the level, the limiter and the last fade, in place. @param {Stereo} bus @param {number} fade seconds */
function master(bus, fade) {
  const { left, right } = bus;
  const n = left.length;
  const [attack, release] = [0.012, 0.16].map((s) => 1 - Math.exp(-1 / (s * RATE)));
  scale(bus, gain(-20 - loudness(bus)));
  let turn = 0;
  let power = 0;
  for (let i = 0; i < n; i++) {
    power += ((left[i] ** 2 + right[i] ** 2) / 2 - power) * 0.002;
    const wanted = -0.45 * Math.max(0, 10 * Math.log10(power + 1e-9) + 21);
    turn += (wanted - turn) * (wanted < turn ? attack : release);
    const g = gain(turn);
    left[i] *= g;
    right[i] *= g;
  }
  const last = Math.floor(fade * RATE);
  for (let i = 0; i < last; i++) {
    const g = 0.5 - 0.5 * Math.cos((0.5 * TAU * i) / last);
    left[n - 1 - i] *= g;
    right[n - 1 - i] *= g;
  }
  for (let round = 0; round < 3; round++) {
    scale(bus, gain(-16 - loudness(bus)));
    limit(bus, gain(-4)); // a careless downmix to mono adds 3 dB
  }
}

/** @param {Stereo} bus @param {number} g */
function scale({ left, right }, g) {
  for (let i = 0; i < left.length; i++) {
    left[i] *= g;
    right[i] *= g;
  }
}

/** Looks 3 ms ahead and turns down smoothly before a peak. @param {Stereo} bus @param {number} ceiling */
function limit(bus, ceiling) {
  const n = bus.left.length;
  const ahead = 144;
  const need = truePeaks(bus).map((p) => Math.min(1, ceiling / (p + 1e-12)));
  const least = new Float64Array(n).fill(1);
  for (let i = 0; i < n; i++) {
    if (need[i] === 1) continue;
    for (let j = Math.max(0, i - ahead); j <= Math.min(n - 1, i + ahead); j++) least[j] = Math.min(least[j], need[i]);
  }
  const back = 1 - Math.exp(-1 / (0.08 * RATE));
  let g = 1;
  for (let i = 0; i < n; i++) least[i] = g = least[i] < g ? least[i] : g + (least[i] - g) * back;
  let sum = 0;
  for (let j = -ahead - 1; j < ahead; j++) sum += least[Math.max(0, j)];
  for (let i = 0; i < n; i++) {
    sum += least[Math.min(n - 1, i + ahead)] - least[Math.max(0, i - ahead - 1)];
    const g2 = Math.min(1, sum / (2 * ahead + 1));
    bus.left[i] *= g2;
    bus.right[i] *= g2;
  }
}

/** The greatest magnitude around each sample at four times the rate, both channels. @param {Stereo} bus @returns {Float64Array} */
function truePeaks({ left, right }) {
  const n = left.length;
  const kernels = [0.25, 0.5, 0.75].map((f) =>
    Array.from({ length: 16 }, (_, k) => {
      const x = k - 7 - f;
      return (Math.sin(Math.PI * x) / (Math.PI * x)) * Math.cos((Math.PI * x) / 18) ** 2;
    }),
  );
  const peaks = new Float64Array(n);
  for (const side of [left, right]) {
    for (let i = 0; i < n; i++) {
      let peak = Math.abs(side[i]);
      if (peak > 0.3) {
        for (const kernel of kernels) {
          let y = 0;
          for (let k = 0; k < 16; k++) y += kernel[k] * (side[i + k - 7] ?? 0);
          peak = Math.max(peak, Math.abs(y));
        }
      }
      if (peak > peaks[i]) peaks[i] = peak;
    }
  }
  return peaks;
}

/** Integrated loudness (ITU-R BS.1770, gated) in LUFS. @param {Stereo} bus */
export function loudness({ left, right }) {
  const hop = RATE / 10;
  const tenths = new Float64Array(Math.floor(left.length / hop));
  for (const side of [left, right]) {
    const shelf = biquad(1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585);
    const pass = biquad(1, -2, 1, -1.99004745483398, 0.99007225036621);
    for (let i = 0; i < tenths.length * hop; i++) tenths[Math.floor(i / hop)] += pass(shelf(side[i])) ** 2 / hop;
  }
  const blocks = Array.from(
    { length: Math.max(0, tenths.length - 3) },
    (_, i) => (tenths[i] + tenths[i + 1] + tenths[i + 2] + tenths[i + 3]) / 4,
  );
  /** @param {number[]} of */
  const lufs = (of) => -0.691 + 10 * Math.log10(of.reduce((a, b) => a + b, 0) / of.length);
  const heard = blocks.filter((b) => lufs([b]) > -70);
  const gate = lufs(heard) - 10;
  return heard.length ? lufs(heard.filter((b) => lufs([b]) > gate)) : -70;
}

/** The sound as a WAV file (32-bit float). @param {Stereo} sound */
export function wav({ left, right }) {
  const bytes = left.length * 8;
  const file = Buffer.alloc(44 + bytes);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + bytes, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(3, 20);
  file.writeUInt16LE(2, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 8, 28);
  file.writeUInt16LE(8, 32);
  file.writeUInt16LE(32, 34);
  file.write('data', 36);
  file.writeUInt32LE(bytes, 40);
  for (let i = 0; i < left.length; i++) {
    file.writeFloatLE(left[i], 44 + i * 8);
    file.writeFloatLE(right[i], 48 + i * 8);
  }
  return file;
}

/** @param {Stereo} sound @param {string} path */
async function encode(sound, path) {
  const ffmpeg = spawn(
    process.env.STORYFARM_FFMPEG_PATH ?? 'ffmpeg',
    [
      '-y',
      '-v',
      'error',
      '-f',
      'wav',
      '-i',
      'pipe:0',
      '-c:a',
      'aac',
      '-b:a',
      '160k',
      '-fflags',
      '+bitexact',
      '-flags:a',
      '+bitexact',
      '-movflags',
      '+faststart',
      path,
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  const ended = once(ffmpeg, 'close');
  ffmpeg.stdin.end(wav(sound));
  const [code] = await ended;
  if (code !== 0) fail(`ffmpeg ended with ${code} on ${path}`);
}
