/**
 * How much room a shape gives to a line of text: the widest stretch inside the shape that is free from the line's top to its bottom.
 *
 * Box: the same everywhere (round corners are ignored: text seldom reaches them and the drawing is clipped). Ellipse: the chord at the band's
 * edge farther from the middle. Polygon: exact, for any simple polygon, by cutting it into slabs at its corners.
 */

import { type Box, boundsOf, type Shape } from '../scene.js';

export interface Stretch {
  readonly left: number;
  readonly right: number;
}

export interface Room {
  /** Where text may stand vertically; padding is taken off. */
  readonly top: number;
  readonly bottom: number;
  /** Where the eye sees the middle of the shape: a narrow tail of a speech bubble does not pull it. */
  readonly middle: number;
  /** The axis of centred lines. */
  readonly axis: number;
  /** Whether every height has the same room. */
  readonly straight: boolean;
  /** The free stretch of the band from y0 down to y1, padding taken off; undefined where there is none. */
  between(y0: number, y1: number): Stretch | undefined;
}

/** By shape, then by padding: a bubble's shape is asked for again with every job's words. */
const rooms = new WeakMap<Shape, Map<number, Room>>();

/** Room inside a shape whose edge the text stays `padding` away from. All in design units. */
export function roomOf(shape: Shape, padding: number): Room {
  const known = rooms.get(shape) ?? new Map<number, Room>();
  rooms.set(shape, known);
  const room = known.get(padding) ?? measureRoom(shape, padding);
  known.set(padding, room);
  return room;
}

function measureRoom(shape: Shape, padding: number): Room {
  if (shape.kind === 'ellipse') return ellipseRoom(shape, padding);
  if (shape.kind === 'polygon') return polygonRoom(shape.points, padding);
  const [left, right] = [shape.x + padding, shape.x + shape.width - padding];
  return { ...frameOf(shape, padding), straight: true, between: () => (left < right ? { left, right } : undefined) };
}

function frameOf(box: Box, padding: number) {
  return {
    top: box.y + padding,
    bottom: box.y + box.height - padding,
    middle: box.y + box.height / 2,
    axis: box.x + box.width / 2,
    straight: false,
  };
}

function ellipseRoom(box: Box, padding: number): Room {
  const frame = frameOf(box, padding);
  const [rx, ry] = [box.width / 2 - padding, box.height / 2 - padding];
  return {
    ...frame,
    between(y0, y1) {
      const distance = Math.max(Math.abs(y0 - frame.middle), Math.abs(y1 - frame.middle)) / ry;
      if (rx <= 0 || ry <= 0 || distance >= 1) return undefined;
      const half = rx * Math.sqrt(1 - distance * distance);
      return { left: frame.axis - half, right: frame.axis + half };
    },
  };
}

type Point = readonly [number, number];

function polygonRoom(points: readonly Point[], padding: number): Room {
  const bounds = boundsOf({ kind: 'polygon', points });
  const slabs = slabsOf(points);
  const between = (y0: number, y1: number): Stretch | undefined => {
    const widest = freeStretches(slabs, y0 - padding, y1 + padding).reduce<Stretch | undefined>(
      (best, stretch) => (best && best.right - best.left >= stretch.right - stretch.left ? best : stretch),
      undefined,
    );
    if (!widest || widest.right - widest.left <= 2 * padding) return undefined;
    return { left: widest.left + padding, right: widest.right - padding };
  };
  return { ...frameOf(bounds, padding), ...centreOf(slabs, bounds), between };
}

/** The centre of the body: slices weigh by the square of their width, so that a tail hardly counts. */
function centreOf(slabs: readonly Slab[], bounds: Box): { middle: number; axis: number } {
  const height = bounds.height / 64;
  let [weight, middle, axis] = [0, 0, 0];
  for (let top = bounds.y; top + height / 2 < bounds.y + bounds.height; top += height) {
    for (const { left, right } of freeStretches(slabs, top + height * 0.49, top + height * 0.51)) {
      const square = (right - left) ** 2;
      weight += square;
      middle += square * (top + height / 2);
      axis += (square * (left + right)) / 2;
    }
  }
  if (weight === 0) return { middle: bounds.y + bounds.height / 2, axis: bounds.x + bounds.width / 2 };
  return { middle: middle / weight, axis: axis / weight };
}

/** A part of the polygon, from side to side, in which no edge begins or ends: a row of trapezoids between pairs of edges. */
interface Slab {
  readonly top: number;
  readonly bottom: number;
  /** Where each edge is at a height, from left to right. */
  readonly edges: readonly ((y: number) => number)[];
}

function slabsOf(points: readonly Point[]): Slab[] {
  const heights = [...new Set(points.map(([, y]) => y))].sort((a, b) => a - b);
  return heights.slice(1).map((bottom, i) => {
    const top = heights[i] as number;
    const middle = (top + bottom) / 2;
    const edges = points.flatMap((from, j) => {
      const to = points[(j + 1) % points.length] as Point;
      if (from[1] > middle === to[1] > middle) return [];
      const slope = (to[0] - from[0]) / (to[1] - from[1]);
      return [(y: number) => from[0] + slope * (y - from[1])];
    });
    return { top, bottom, edges: edges.sort((a, b) => a(middle) - b(middle)) };
  });
}

/** The stretches of x that lie inside the polygon (even-odd) at every y of the band. */
function freeStretches(slabs: readonly Slab[], y0: number, y1: number): Stretch[] {
  if (y0 < (slabs[0]?.top ?? Infinity) || y1 > (slabs.at(-1)?.bottom ?? -Infinity)) return [];
  let free: Stretch[] | undefined;
  for (const slab of slabs) {
    if (slab.bottom <= y0 || slab.top >= y1) continue;
    const inside = stretchesOf(slab, Math.max(y0, slab.top), Math.min(y1, slab.bottom));
    free = free ? intersect(free, inside) : inside;
  }
  return free ?? [];
}

/** What is inside at both heights of a slab: of each trapezoid its narrower part. */
function stretchesOf({ edges }: Slab, y0: number, y1: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (let i = 0; i + 1 < edges.length; i += 2) {
    const [enter, leave] = [edges[i], edges[i + 1]] as [Slab['edges'][0], Slab['edges'][0]];
    const stretch = { left: Math.max(enter(y0), enter(y1)), right: Math.min(leave(y0), leave(y1)) };
    if (stretch.left < stretch.right) stretches.push(stretch);
  }
  return stretches;
}

function intersect(a: readonly Stretch[], b: readonly Stretch[]): Stretch[] {
  return a
    .flatMap((one) =>
      b.map((other) => ({ left: Math.max(one.left, other.left), right: Math.min(one.right, other.right) })),
    )
    .filter(({ left, right }) => left < right);
}
