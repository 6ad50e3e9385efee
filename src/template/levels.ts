/** What an H.264 level allows (ITU-T H.264, table A-1): a player that claims a level decodes no more than this. */

/** By level, lowest first: macroblocks (16x16) a second, and macroblocks of a frame. */
const LEVELS = new Map<string, Limits>([
  ['1', [1485, 99]],
  ['1b', [1485, 99]],
  ['1.1', [3000, 396]],
  ['1.2', [6000, 396]],
  ['1.3', [11880, 396]],
  ['2', [11880, 396]],
  ['2.1', [19800, 792]],
  ['2.2', [20250, 1620]],
  ['3', [40500, 1620]],
  ['3.1', [108000, 3600]],
  ['3.2', [216000, 5120]],
  ['4', [245760, 8192]],
  ['4.1', [245760, 8192]],
  ['4.2', [522240, 8704]],
  ['5', [589824, 22080]],
  ['5.1', [983040, 36864]],
  ['5.2', [2073600, 36864]],
]);

type Limits = readonly [perSecond: number, perFrame: number];

/** Why a picture size (pixels) at a frame rate is beyond a level, as a sentence; undefined when it is not. */
export function beyondLevel(level: string, width: number, height: number, fps: number): string | undefined {
  const allows = (limits: Limits) => within(limits, Math.ceil(width / 16), Math.ceil(height / 16), fps);
  const limits = LEVELS.get(level.replace(/\.0$/, ''));
  if (!limits) return `There is no H.264 level ${level}.`;
  if (allows(limits)) return undefined;
  const [enough] = [...LEVELS].find(([, other]) => allows(other)) ?? [];
  const remedy = enough ? `Declare level ${enough} or make it smaller.` : 'Make it smaller.';
  return `${width}x${height} at ${Number(fps.toFixed(3))} frames a second is beyond level ${level}. ${remedy}`;
}

/** No side may be longer than the square root of eight times the frame (A.3.1). */
function within([perSecond, perFrame]: Limits, columns: number, rows: number, fps: number): boolean {
  return (
    columns * rows <= perFrame && columns * rows * fps <= perSecond && Math.max(columns, rows) ** 2 <= 8 * perFrame
  );
}
