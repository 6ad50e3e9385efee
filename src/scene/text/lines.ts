/**
 * Dividing words into lines, by arithmetic alone: widths are measured before, room is known for each line.
 *
 * First fit says whether the words go into the lines at all: as much as possible into each line from the top. Balance then divides the same
 * words over the same number of lines so that all are filled alike, relative to the room each has; the last line counts like any other, so
 * that no single word is left over.
 */

/** What stays together on a line. Widths are in em. */
export interface Unit {
  readonly width: number;
  /** Width of the spaces after it, which vanish at the end of a line. */
  readonly space: number;
  /** What it costs to end a line after it (breaks.ts). */
  readonly cost: number;
  /** A line must end after it. */
  readonly must: boolean;
}

/** Floating point sums of widths that are whole 64ths: anything smaller is noise. */
const NOISE = 1e-9;

/**
 * The best division of `units` into exactly `rooms.length` lines of at most these widths (em): for each line the index after its last
 * unit; undefined when there is none.
 */
export function divide(units: readonly Unit[], rooms: readonly number[]): number[] | undefined {
  return fits(units, rooms) ? balance(units, rooms) : undefined;
}

function fits(units: readonly Unit[], rooms: readonly number[]): boolean {
  let next = 0;
  for (const room of rooms) {
    let width = 0;
    for (let unit = units[next]; unit && width + unit.width <= room + NOISE; unit = units[next]) {
      width += unit.width + unit.space;
      next++;
      if (unit.must) break;
    }
    if (next === units.length) return true;
  }
  return false;
}

/** Dynamic programming: the cheapest way to put the first `end` units into the first `line` lines. */
function balance(units: readonly Unit[], rooms: readonly number[]): number[] | undefined {
  const starts = [0];
  for (const [i, unit] of units.entries()) starts.push((starts[i] as number) + unit.width + unit.space);
  let before = new Float64Array(units.length + 1).fill(Infinity);
  before[0] = 0;
  const origins: Int32Array[] = [];
  for (const room of rooms) {
    const costs = new Float64Array(units.length + 1).fill(Infinity);
    const origin = new Int32Array(units.length + 1);
    for (let end = 1; end <= units.length; end++) {
      const last = units[end - 1] as Unit;
      const lineEnd = (starts[end] as number) - last.space;
      for (let start = end - 1; start >= 0; start--) {
        const width = lineEnd - (starts[start] as number);
        if (width > room + NOISE || (start < end - 1 && units[start]?.must)) break;
        const cost = (before[start] as number) + ((room - width) / room) ** 2 + (last.must ? 0 : last.cost);
        if (cost < (costs[end] as number)) {
          costs[end] = cost;
          origin[end] = start;
        }
      }
    }
    origins.push(origin);
    before = costs;
  }
  if (before[units.length] === Infinity) return undefined;
  const ends: number[] = [];
  let end = units.length;
  for (const origin of origins.reverse()) {
    ends.unshift(end);
    end = origin[end] as number;
  }
  return ends;
}

/**
 * How awkward a division looks, 0 being perfect: lines that are filled unlike (relative to the room each has) and ends in the middle of a
 * clause. `ends` as divide answers it, rooms in em.
 */
export function awkwardness(units: readonly Unit[], ends: readonly number[], rooms: readonly number[]): number {
  const fills = ends.map((end, i) => {
    const line = units.slice(ends[i - 1] ?? 0, end);
    const width = line.reduce((sum, unit) => sum + unit.width + unit.space, 0) - (line.at(-1)?.space ?? 0);
    return width / (rooms[i] as number);
  });
  const fullest = Math.max(...fills);
  if (fullest === 0) return 0;
  const uneven = fills.reduce((sum, fill) => sum + (1 - fill / fullest) ** 2, 0) / fills.length;
  const breaks = ends.map((end) => units[end - 1] as Unit).reduce((sum, unit) => sum + (unit.must ? 0 : unit.cost), 0);
  return uneven + breaks;
}
