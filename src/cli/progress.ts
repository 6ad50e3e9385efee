/** Progress on a terminal; lines elsewhere, so that a log of a pipe stays readable. */

import { MultiBar, Presets } from 'cli-progress';

export interface Progress {
  /** Fraction 0 to 1 and what is being done. */
  show(fraction: number, what: string): void;
}

export interface Bars {
  add(label: string): Progress;
  done(): void;
}

/** Any number of bars below each other. */
export function progressBars(to: NodeJS.WriteStream = process.stderr): Bars {
  if (!to.isTTY) return { add: (label) => lines(label, to), done() {} };
  const format = '{label} {bar} {percentage} %  {what}';
  const bars = new MultiBar(
    { stream: to, format, barsize: 28, hideCursor: true, clearOnComplete: false },
    Presets.rect,
  );
  return {
    add(label) {
      const bar = bars.create(100, 0, { label: label.padEnd(22), what: '' });
      return { show: (fraction, what) => bar.update(Math.floor(fraction * 100), { what }) };
    },
    done: () => bars.stop(),
  };
}

/** One bar; `done` ends it. */
export function progressBar(label: string): Progress & { done(): void } {
  const bars = progressBars();
  return { ...bars.add(label), done: bars.done };
}

/** A line at each quarter. */
function lines(label: string, to: NodeJS.WriteStream): Progress {
  let told = -1;
  return {
    show(fraction, what) {
      const quarter = Math.floor(fraction * 4);
      if (quarter <= told) return;
      told = quarter;
      to.write(`${label}: ${quarter * 25} % ${what}\n`);
    },
  };
}
