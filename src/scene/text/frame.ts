/** Where lines may stand in a bubble at a given size: baselines, and the room from left to right on each. Knows no words. */

import type { Face } from '../fonts.js';
import type { Overlay, TextStyle } from '../scene.js';
import { type Room, roomOf, type Stretch } from './room.js';

export interface Frame {
  readonly style: TextStyle;
  readonly room: Room;
  /** How far the first line rises above, and the last line hangs below, its baseline; em. */
  readonly ascent: number;
  readonly descent: number;
  /** The part of a line that must find room sideways, em: a lone accent or tail may lean into a curve. */
  readonly inkTop: number;
  readonly inkBottom: number;
}

/** Scripts that pile marks up. Their fonts' own metrics allow for far more than is seen; these are measured on the bold Noto faces. */
const TALL = /[\p{Script=Arabic}\p{Script=Thai}\p{Script=Lao}]/u;

export function frameOf(
  { style, shape, text }: Pick<Overlay, 'style' | 'shape' | 'text'>,
  stack: readonly Face[],
): Frame {
  const { ascent, descent } = stack[0] as Face;
  const room = roomOf(shape, style.padding + (style.stroke?.width ?? 0) / 2);
  if (TALL.test(text)) return { style, room, ascent: 1.05, descent: 0.42, inkTop: 0.95, inkBottom: 0.35 };
  return { style, room, ascent, descent, inkTop: 0.85, inkBottom: 0.2 };
}

export interface Place extends Stretch {
  readonly baseline: number;
}

/** Where `count` lines may stand at a font size: ways to place them, the preferred one first; none where the shape has no room. Design units. */
export function placesOf(frame: Frame, size: number, count: number): readonly (readonly Place[])[] {
  const { room, style } = frame;
  const height = (frame.ascent + frame.descent + (count - 1) * style.lineHeight) * size;
  if (height > room.bottom - room.top + 1e-6) return [];
  return topsOf(frame, height).flatMap((top) => {
    const places = Array.from({ length: count }, (_, i) => {
      const baseline = top + (frame.ascent + i * style.lineHeight) * size;
      const stretch = room.between(baseline - frame.inkTop * size, baseline + frame.inkBottom * size);
      return stretch && { ...stretch, baseline };
    });
    const straight = places.every((place) => place !== undefined) ? straightened(places, frame) : undefined;
    return straight ? [straight] : [];
  });
}

/** Where the block may begin. A curved shape has little width at its top and bottom: from there lines may slide to the middle. */
function topsOf({ room, style }: Frame, height: number): number[] {
  const middle = Math.max(room.top, Math.min(room.middle - height / 2, room.bottom - height));
  if (style.valign === 'middle') return [middle];
  const edge = style.valign === 'top' ? room.top : room.bottom - height;
  const steps = room.straight ? 1 : 9;
  return Array.from({ length: steps }, (_, i) => edge + ((middle - edge) * i) / 8);
}

/** Lines share a straight edge, or an axis, even where the shape is crooked. */
function straightened(places: readonly Place[], { style, room }: Frame): readonly Place[] | undefined {
  const edges = {
    left: Math.max(...places.map(({ left }) => left)),
    right: Math.min(...places.map(({ right }) => right)),
  };
  const straight = places.map((place) => {
    if (style.align !== 'center') return { ...place, [style.align]: edges[style.align] };
    const half = Math.min(room.axis - place.left, place.right - room.axis);
    return { ...place, left: room.axis - half, right: room.axis + half };
  });
  return straight.every(({ left, right }) => left < right) ? straight : undefined;
}
