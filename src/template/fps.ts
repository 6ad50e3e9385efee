/** Frame rates are exact fractions: 29.97 means 30000/1001. */

export interface Fps {
  readonly num: number;
  readonly den: number;
  /** Frames per second as a number. */
  readonly value: number;
}

/** Rates that are written shortened and mean a fraction over 1001 (SMPTE ST 12). */
const NTSC: Record<string, number> = { '23.976': 24000, '23.98': 24000, '29.97': 30000, '59.94': 60000 };

/** Reads "24", "29.97", "12.5" or "30000/1001", or the rate of a template. The format has checked the spelling. */
export function fpsOf(rate: string | { readonly fps: string }): Fps {
  const text = typeof rate === 'string' ? rate : rate.fps;
  const ntsc = NTSC[text];
  if (ntsc !== undefined) return { num: ntsc, den: 1001, value: ntsc / 1001 };
  const [whole, over] = text.split('/').map(Number);
  const den = over ?? 1000;
  const num = over === undefined ? Math.round((whole ?? 0) * 1000) : (whole ?? 0);
  const divisor = greatest(num, den);
  return { num: num / divisor, den: den / divisor, value: num / den };
}

const greatest = (a: number, b: number): number => (b === 0 ? a : greatest(b, a % b));
