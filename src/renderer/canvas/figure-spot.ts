/**
 * Where the live numbers of an edge stand: the value above its line and the gradient below, as on a blackboard,
 * or both on one side of it, so that neither the line with its pulses nor a node with its ports is written over.
 */
import type { Point } from '../../engine/graph/project';
import { type Box, overlap } from '../editor/gestures';
import { type Curve, pointOn } from './geometry';

/** Port rings reach so far out of a node. */
const RIM = 6;
/** Samples of a line. */
const SAMPLES = 24;

export interface FigureSpot {
  /** Middle of the value, and of the gradient. */
  readonly value: Point;
  readonly gradient: Point;
}

/** What the two numbers cover. */
export const boxesOf = ({ value, gradient }: FigureSpot, half: number, size: number): readonly [Box, Box] => {
  const box = ({ x, y }: Point): Box => ({
    x1: x - half - 1,
    x2: x + half + 1,
    y1: y - size * 0.68 - 1,
    y2: y + size * 0.68 + 1,
  });
  return [box(value), box(gradient)];
};

/**
 * `half`: half the width of the longer number. `size`: of the writing. `nodes`: what must stay clear, as a rule the
 * two ends; `others`: the numbers of other edges. The first way that touches nothing is taken, otherwise the one
 * that touches least.
 */
export function figureSpot(
  curve: Curve,
  along: number,
  half: number,
  size: number,
  nodes: readonly Box[],
  others: readonly Box[] = [],
): FigureSpot {
  const middle = pointOn(curve, along);
  const line = Array.from({ length: SAMPLES + 1 }, (_, i) => pointOn(curve, i / SAMPLES));
  const tall = size * 0.68;
  const near = line.filter(({ x }) => Math.abs(x - middle.x) <= half + 3);
  const top = Math.min(middle.y, ...near.map(({ y }) => y));
  const bottom = Math.max(middle.y, ...near.map(({ y }) => y));
  const stacked = (x: number, y: number, apart: number): FigureSpot => ({
    value: { x, y: y - apart },
    gradient: { x, y: y + apart },
  });
  const beside = line.filter(({ y }) => Math.abs(y - middle.y) <= 2 * tall + 3);
  const right = Math.max(middle.x, ...beside.map(({ x }) => x)) + half + 5;
  const left = Math.min(middle.x, ...beside.map(({ x }) => x)) - half - 5;
  const aboveAndBelow: FigureSpot = {
    value: { x: middle.x, y: top - tall - 3 },
    gradient: { x: middle.x, y: bottom + tall + 3 },
  };
  const onOneSide = [stacked(middle.x, top - 2 * tall - 3, tall), stacked(middle.x, bottom + 2 * tall + 3, tall)];
  const atItsSide = [stacked(right, middle.y, tall), stacked(left, middle.y, tall)];
  // Along a steep line they would stand far from each other.
  const steep = bottom - top > 3.4 * size;
  const ways: FigureSpot[] = steep
    ? [...atItsSide, ...onOneSide]
    : [stacked(middle.x, middle.y, size * 0.7 + 1), aboveAndBelow, ...onOneSide, ...atItsSide];
  // Where nodes stand close, above or below all of them.
  const ceiling = Math.min(top, ...nodes.map(({ y1 }) => y1)) - RIM;
  const floor = Math.max(bottom, ...nodes.map(({ y2 }) => y2)) + RIM;
  ways.push(stacked(middle.x, ceiling - 2 * tall - 2, tall), stacked(middle.x, floor + 2 * tall + 2, tall));

  const touches = (spot: FigureSpot): number => {
    let sum = 0;
    for (const box of boxesOf(spot, half, size)) {
      for (const other of others) if (overlap(box, other)) sum += SAMPLES / 2;
      for (const p of line) if (p.x > box.x1 && p.x < box.x2 && p.y > box.y1 && p.y < box.y2) sum++;
      for (const node of nodes)
        if (overlap(box, { x1: node.x1 - RIM, x2: node.x2 + RIM, y1: node.y1 - RIM, y2: node.y2 + RIM })) sum += SAMPLES;
    }
    return sum;
  };
  let best = ways[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const way of ways) {
    const found = touches(way);
    if (found < least) [best, least] = [way, found];
    if (least === 0) break;
  }
  return best;
}
