/**
 * Work shared among threads. Each takes some of the turns of a loop over the result, never a part of a sum, so the
 * numbers do not depend on how many there are.
 */
import { alignUp } from './layout';
import { type Access, type Nest, outAxes, splitAxis } from './nest';
import { type Arranged, one, type Piece } from './piece';
import type { Schedule } from './schedule';

/** More turns than threads, so that they come out even; not so many that their beginnings cost. */
const MOST_TURNS = 64;
/** Least worth having: threads of a division that are as busy as that, tiles as full. */
const LEAST_GAIN = 0.7;

/**
 * Loops of more than one turn shared among threads: each thread has its own scratch, so that its number is one more
 * outer axis along which only scratch moves.
 */
export function divide({ pieces, scratchBytes }: Arranged, { scratch, threads }: { scratch: number; threads: number }): Arranged {
  const own = alignUp(scratchBytes, 64);
  const withThread = <A extends Access>(a: A): A => ({ ...a, strides: [a.start >= scratch ? own / 4 : 0, ...a.strides] });
  const deeper = (piece: Piece, outermost: boolean): Piece =>
    piece.kind === 'loop'
      ? { ...piece, depth: piece.depth + 1, divided: outermost, body: piece.body.map((inner) => deeper(inner, false)) }
      : one({
          ...piece.nest,
          axes: [threads, ...piece.nest.axes],
          outer: piece.nest.outer + 1,
          outRank: piece.nest.outRank + 1,
          reads: new Map([...piece.nest.reads].map(([name, a]) => [name, withThread(a)])),
          targets: piece.nest.targets.map(withThread),
        });
  return {
    pieces: pieces.map((piece) => (piece.kind === 'loop' && piece.times > 1 ? deeper(piece, true) : piece)),
    scratchBytes: own * threads,
  };
}

/**
 * A nest as a loop over blocks of one axis of its result, for threads to share: an axis that its tiles leave alone if
 * there is one, or else one that can be cut between tiles. The nest as it is where nothing divides evenly enough, or
 * where a shorter axis would be walked in another way: a sum along lanes adds up in another order.
 */
export function inTurns(nest: Nest, scheduleOf: (nest: Nest) => Schedule, threads: number): Piece {
  const whole = one(nest);
  const schedule = scheduleOf(nest);
  if (nest.ordered) return whole;
  let best = { gain: LEAST_GAIN, axis: -1, turns: 1 };
  for (const axis of outAxes(nest)) {
    const length = nest.axes[axis]!;
    const tile = tileAlong(axis, schedule);
    const tiles = (indices: number): number => tile * Math.ceil(indices / tile);
    for (let turns = Math.min(length, MOST_TURNS); turns > 1; turns--) {
      if (length % turns > 0) continue;
      const even = turns / (threads * Math.ceil(turns / threads));
      const gain = (even * tiles(length)) / (turns * tiles(length / turns));
      if (gain > best.gain + 1e-9) best = { gain, axis, turns };
    }
  }
  if (best.axis < 0) return whole;
  const split = splitAxis(nest, best.axis, best.turns, nest.axes[best.axis]! / best.turns);
  const turn: Nest = { ...split, outer: 1 };
  const after = scheduleOf(turn);
  if (after.dot !== schedule.dot || (after.dot && after.lanes !== schedule.lanes + 1)) return whole;
  return { kind: 'loop', times: best.turns, depth: 0, divided: false, body: [one(turn)] };
}

function tileAlong(axis: number, { lanes, rows, columns, vectors, rowCount, dot }: Schedule): number {
  if (axis === lanes) return 4 * vectors;
  if (axis === rows) return rowCount;
  return dot && axis === columns ? vectors : 1;
}
