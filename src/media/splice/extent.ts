/** How far a shape reaches sideways within a horizontal band: where ink can be, row by row. */

import type { Shape } from '../../scene/scene.js';

export interface Extent {
  readonly left: number;
  readonly right: number;
}

/** The outermost points of the shape between the heights y0 and y1, design units; undefined where it has none. Round corners of boxes are taken for square. */
export function extentOf(shape: Shape, y0: number, y1: number): Extent | undefined {
  if (shape.kind === 'polygon') return polygonExtent(shape.points, y0, y1);
  if (y1 <= shape.y || y0 >= shape.y + shape.height) return undefined;
  if (shape.kind === 'box') return { left: shape.x, right: shape.x + shape.width };
  const [rx, ry] = [shape.width / 2, shape.height / 2];
  const [cx, cy] = [shape.x + rx, shape.y + ry];
  // The widest chord of the band is the one nearest to the middle.
  const nearest = Math.max(y0, Math.min(cy, y1)) - cy;
  const half = rx * Math.sqrt(Math.max(0, 1 - (nearest / ry) ** 2));
  return half > 0 ? { left: cx - half, right: cx + half } : undefined;
}

function polygonExtent(points: readonly (readonly [number, number])[], y0: number, y1: number): Extent | undefined {
  const xs: number[] = [];
  for (const [index, [ax, ay]] of points.entries()) {
    const [bx, by] = points[(index + 1) % points.length] as readonly [number, number];
    const [low, high] = [Math.max(y0, Math.min(ay, by)), Math.min(y1, Math.max(ay, by))];
    if (low > high) continue;
    for (const y of [low, high]) xs.push(ay === by ? ax : ax + ((bx - ax) * (y - ay)) / (by - ay));
    if (ay === by) xs.push(bx);
  }
  const extent = { left: Math.min(...xs), right: Math.max(...xs) };
  return extent.right > extent.left ? extent : undefined;
}
