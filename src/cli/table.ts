/** Tables and figures for people. */

import { createRequire } from 'node:module';

/** A plain table without lines: it can be read and cut apart. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  };
  // Loaded only for people: most calls answer programs.
  const Table = createRequire(import.meta.url)('cli-table3') as typeof import('cli-table3');
  const made = new Table({
    head: [...head],
    chars: { ...none, left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
    style: { head: process.stdout.isTTY ? ['bold'] : [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows.map((row) => row.map(String)));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

export function bytesText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(2)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} B`;
}

export const secondsText = (seconds: number): string => `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;

/** An answer for programs: one object, on standard output. */
export function printJson(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
}
