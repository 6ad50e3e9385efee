/** The one line of a dead program's output that tells most about its end. Pure. */

const LONGEST = 300;
const TELLING = /error|fatal|exception|panic|abort|fault|cannot|failed/i;
/** Frames of a stack, and the line that Node writes after the one that matters. */
const NOISE = /^(at |#?\d+: |Node\.js v|----- |\^)/;

/** Undefined when it said nothing. */
export function lastWords(tail: string): string | undefined {
  const lines = tail
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !NOISE.test(line));
  return (lines.findLast((line) => TELLING.test(line)) ?? lines.at(-1))?.slice(0, LONGEST);
}
