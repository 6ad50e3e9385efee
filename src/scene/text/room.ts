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
  /** The free stretch of the band from y0 down to y1, padding taken off; undefined where there is none. */
  between(y0: number, y1: number): Stretch | undefined;
}

/** Room inside a shape whose edge the text stays `padding` away from. All in design units. */
export function roomOf(shape: Shape, padding: number): Room {
  if (shape.kind === 'ellipse') return ellipseRoom(shape, padding);
  if (shape.kind === 'polygon') return polygonRoom(shape.points, padding);
  const [left, right] = [shape.x + padding, shape.x + shape.width - padding];
  return { ...frameOf(shape, padding), between: () => (left < right ? { left, right } : undefined) };
}

function frameOf(box: Box, padding: number) {
  return {
    top: box.y + padding,
    bottom: box.y + box.height - padding,
    middle: box.y + box.height / 2,
    axis: box.x + box.width / 2,
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
  const between = (y0: number, y1: number): Stretch | undefined => {
    const widest = freeStretches(points, y0 - padding, y1 + padding).reduce<Stretch | undefined>(
      (best, stretch) => (best && best.right - best.left >= stretch.right - stretch.left ? best : stretch),
      undefined,
    );
    if (!widest || widest.right - widest.left <= 2 * padding) return undefined;
    return { left: widest.left + padding, right: widest.right - padding };
  };
  return { ...frameOf(bounds, padding), ...centreOf(points, bounds), between };
}

/** The centre of the body: slices weigh by the square of their width, so that a tail hardly counts. */
function centreOf(points: readonly Point[], bounds: Box): { middle: number; axis: number } {
  const slices = 64;
  let [weight, middle, axis] = [0, 0, 0];
  for (let i = 0; i < slices; i++) {
    const y = bounds.y + (bounds.height * (i + 0.5)) / slices;
    for (const { left, right } of freeStretches(points, y, y)) {
      const square = (right - left) ** 2;
      weight += square;
      middle += square * y;
      axis += (square * (left + right)) / 2;
    }
  }
  if (weight === 0) return { middle: bounds.y + bounds.height / 2, axis: bounds.x + bounds.width / 2 };
  return { middle: middle / weight, axis: axis / weight };
}

/** The stretches of x that lie inside the polygon (even-odd) at every y of the band. */
function freeStretches(points: readonly Point[], y0: number, y1: number): Stretch[] {
  // Between two neighbouring cuts no edge begins or ends, so each slab is a row of trapezoids.
  const corners = points.map(([, y]) => y).filter((y) => y > y0 && y < y1);
  const cuts = [...new Set([y0, ...corners, y1])].sort((a, b) => a - b);
  if (cuts.length === 1) cuts.push(y0);
  let free: Stretch[] | undefined;
  for (let i = 0; i + 1 < cuts.length; i++) {
    const slab = trapezoids(points, cuts[i] as number, cuts[i + 1] as number);
    free = free ? intersect(free, slab) : slab;
  }
  return free ?? [];
}

/** What is inside at both edges of a slab that has no corner within: for each trapezoid its narrower part. */
function trapezoids(points: readonly Point[], y0: number, y1: number): Stretch[] {
  const middle = (y0 + y1) / 2;
  const crossings = points
    .flatMap((from, i) => {
      const to = points[(i + 1) % points.length] as Point;
      if (from[1] > middle === to[1] > middle) return [];
      const at = (y: number) => from[0] + ((to[0] - from[0]) * (y - from[1])) / (to[1] - from[1]);
      return [{ x: at(middle), upper: at(y0), lower: at(y1) }];
    })
    .sort((a, b) => a.x - b.x);
  const stretches: Stretch[] = [];
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const [enter, leave] = [crossings[i], crossings[i + 1]] as [(typeof crossings)[0], (typeof crossings)[0]];
    stretches.push({ left: Math.max(enter.upper, enter.lower), right: Math.min(leave.upper, leave.lower) });
  }
  return stretches.filter(({ left, right }) => left < right);
}

function intersect(a: readonly Stretch[], b: readonly Stretch[]): Stretch[] {
  return a
    .flatMap((one) =>
      b.map((other) => ({ left: Math.max(one.left, other.left), right: Math.min(one.right, other.right) })),
    )
    .filter(({ left, right }) => left < right);
}
