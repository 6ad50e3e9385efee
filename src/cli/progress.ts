/** Progress on a terminal; lines elsewhere, so that a log of a pipe stays readable. */

export interface Progress {
  /** Fraction 0 to 1 and what is being done. */
  show(fraction: number, what: string): void;
}

interface Bars {
  add(label: string): Progress;
  /** Gives the terminal back: without it, it keeps neither cursor nor line ends. */
  done(): void;
}

/** Any number of bars below each other, while the work goes on. */
export async function withBars<T>(
  work: (add: (label: string) => Progress) => Promise<T>,
  to: NodeJS.WriteStream = process.stderr,
): Promise<T> {
  const { add, done } = to.isTTY ? await terminalBars(to) : { add: (label: string) => lines(label, to), done() {} };
  process.once('exit', done);
  try {
    return await work(add);
  } finally {
    process.off('exit', done);
    done();
  }
}

async function terminalBars(stream: NodeJS.WriteStream): Promise<Bars> {
  const { MultiBar, Presets } = (await import('cli-progress')).default;
  const format = '{label} {bar} {percentage} %  {what}';
  const options = { stream, format, barsize: 28, hideCursor: true, clearOnComplete: false, barIncompleteChar: '·' };
  const bars = new MultiBar(options, Presets.rect);
  return {
    add(label) {
      const bar = bars.create(100, 0, { label: label.padEnd(22), what: '' });
      return { show: (fraction, what) => bar.update(Math.floor(fraction * 100), { what }) };
    },
    done: () => bars.stop(),
  };
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
