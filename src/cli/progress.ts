/** Progress on a terminal; lines elsewhere, so that a log of a pipe stays readable. */

import { SingleBar } from 'cli-progress';

export interface Progress {
  /** Fraction 0 to 1 and what is being done. */
  show(fraction: number, what: string): void;
  done(): void;
}

export function progressBar(label: string, to: NodeJS.WriteStream = process.stderr): Progress {
  if (!to.isTTY) return quietProgress(label, to);
  const bar = new SingleBar({
    stream: to,
    format: `${label.padEnd(22)} {bar} {percentage} %  {what}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: false,
  });
  bar.start(100, 0, { what: '' });
  return {
    show: (fraction, what) => bar.update(Math.floor(fraction * 100), { what }),
    done: () => {
      bar.stop();
    },
  };
}

/** A line at each quarter. */
function quietProgress(label: string, to: NodeJS.WriteStream): Progress {
  let told = -1;
  return {
    show(fraction, what) {
      const quarter = Math.floor(fraction * 4);
      if (quarter <= told) return;
      told = quarter;
      to.write(`${label}: ${quarter * 25} % ${what}\n`);
    },
    done() {},
  };
}
