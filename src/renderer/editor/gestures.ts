/**
 * The drawing gestures as small pure machines: moving with snapping, selecting by a box, choosing where a
 * connection ends. They know boxes and points, not pointers or pixels, so that each can be tested and the
 * keyboard can drive the same ones.
 */
import type { Point } from '../../engine/graph/project';

export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export const boxOf = (a: Point, b: Point): Box => ({
  x1: Math.min(a.x, b.x),
  y1: Math.min(a.y, b.y),
  x2: Math.max(a.x, b.x),
  y2: Math.max(a.y, b.y),
});

export const boxAround = (center: Point, width: number, height: number): Box => ({
  x1: center.x - width / 2,
  y1: center.y - height / 2,
  x2: center.x + width / 2,
  y2: center.y + height / 2,
});

const shifted = (box: Box, dx: number, dy: number): Box => ({
  x1: box.x1 + dx,
  y1: box.y1 + dy,
  x2: box.x2 + dx,
  y2: box.y2 + dy,
});

export const overlap = (a: Box, b: Box): boolean => a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
export const holds = (box: Box, { x, y }: Point): boolean => x >= box.x1 && x <= box.x2 && y >= box.y1 && y <= box.y2;

export const unionOf = (boxes: readonly Box[]): Box | null =>
  boxes.length === 0
    ? null
    : boxes.reduce((a, b) => ({
        x1: Math.min(a.x1, b.x1),
        y1: Math.min(a.y1, b.y1),
        x2: Math.max(a.x2, b.x2),
        y2: Math.max(a.y2, b.y2),
      }));

/** A line that shows what a moved node is in line with. */
export interface Guide {
  readonly axis: 'x' | 'y';
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export interface Snap {
  readonly dx: number;
  readonly dy: number;
  readonly guides: readonly Guide[];
}

export const GRID = 10;

/**
 * Where a box that was dragged by (dx, dy) comes to rest: in line with the edge or middle of another box
 * within `reach`, else on the grid. `center` is the position (a node's middle) that the grid applies to.
 */
export function snap(moved: Box, center: Point, dx: number, dy: number, others: readonly Box[], reach: number): Snap {
  const box = shifted(moved, dx, dy);
  const guides: Guide[] = [];
  const along = (axis: 'x' | 'y'): number => {
    const [low, high] = axis === 'x' ? [box.x1, box.x2] : [box.y1, box.y2];
    const mine = [(low + high) / 2, low, high];
    let best: { shift: number; at: number; other: Box } | null = null;
    for (const other of others) {
      const [a, b] = axis === 'x' ? [other.x1, other.x2] : [other.y1, other.y2];
      const theirs = [(a + b) / 2, a, b];
      // Middle meets middle, edge meets edge: anything else looks like an accident.
      for (let i = 0; i < 3; i++) {
        const shift = theirs[i]! - mine[i]!;
        if (Math.abs(shift) <= reach && (best === null || Math.abs(shift) < Math.abs(best.shift) - 1e-9))
          best = { shift, at: theirs[i]!, other };
      }
    }
    if (best === null) {
      const at = axis === 'x' ? center.x + dx : center.y + dy;
      return Math.round(at / GRID) * GRID - at;
    }
    const { other, at } = best;
    guides.push(
      axis === 'x'
        ? { axis, at, from: Math.min(box.y1, other.y1), to: Math.max(box.y2, other.y2) }
        : { axis, at, from: Math.min(box.x1, other.x1), to: Math.max(box.x2, other.x2) },
    );
    return best.shift;
  };
  const sx = along('x');
  const sy = along('y');
  return { dx: dx + sx, dy: dy + sy, guides };
}

/** What a click or a box does to a selection: alone, added, or toggled. */
export function chosen(
  before: ReadonlySet<string>,
  hit: readonly string[],
  how: 'replace' | 'add' | 'toggle',
): ReadonlySet<string> {
  if (how === 'replace') return new Set(hit);
  const after = new Set(before);
  for (const id of hit) {
    if (how === 'toggle' && after.has(id)) after.delete(id);
    else after.add(id);
  }
  return after;
}

/**
 * The next node in a direction from a point: near, and more ahead than aside. This is how arrow keys walk
 * over a drawing.
 */
export function neighbour<T extends Point>(
  from: Point,
  points: readonly T[],
  direction: 'left' | 'right' | 'up' | 'down',
): T | null {
  let best: T | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const [dx, dy] = [point.x - from.x, point.y - from.y];
    const [ahead, aside] =
      direction === 'right' ? [dx, dy] : direction === 'left' ? [-dx, dy] : direction === 'down' ? [dy, dx] : [-dy, dx];
    if (ahead <= 1) continue;
    const cost = ahead + 2.5 * Math.abs(aside);
    if (cost < least) {
      least = cost;
      best = point;
    }
  }
  return best;
}
