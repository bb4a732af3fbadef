/**
 * The Jacobian of a step of the drawing as blocks: for each element of the result the derivative by a whole
 * input, found by sending 1 back from that element alone; what of it is zero; and that adding all blocks,
 * each times its upstream gradient, gives what the operation's own short rule gives.
 */
import type { EdgeId } from '../graph/graph';
import { operationsOf } from '../ir/operations';
import { product } from '../ir/shape';
import { ops } from '../ops/index';
import { bufferIds } from '../plan';
import type { Replay } from '../train/replay';
import { shapeInRows } from '../train/trace';

/** How the blocks look, which is why the array need not be built. */
export type Structure = 'elementwise' | 'product' | 'other';

export interface JacobianLens {
  readonly edge: EdgeId;
  /** Axes of the result and of the input. */
  readonly of: readonly number[];
  readonly by: readonly number[];
  /** Numbers of the whole array (m, n, p, q). */
  readonly size: number;
  /** The first blocks, in the order of the result's elements. */
  readonly blocks: readonly Float64Array[];
  /** Of all blocks, or of those that are listed when there are too many. */
  readonly zeros: number;
  readonly counted: number;
  readonly structure: Structure;
  readonly upstream: Float64Array;
  /** Σ upstream · block, and what flows back along the edge; null where not all blocks were made. */
  readonly contracted: Float64Array | null;
  readonly short: Float64Array;
  readonly multiplications: { readonly full: number; readonly short: number };
}

/** Numbers of an array that is still built whole. */
const MOST = 4_000_000;

export function jacobianLens(replay: Replay, edge: EdgeId, shown = 24): JacobianLens | null {
  const e = replay.graph.edges[edge];
  if (!e || replay.backOf(edge).length === 0) return null;
  const spec = (node: string) => replay.specs.get(bufferIds.value(node))!;
  const of = shapeInRows(spec(e.to).shape, replay.rows);
  const by = shapeInRows(spec(e.from).shape, replay.rows);
  const [results, inputs] = [product(of), product(by)];
  const size = results * inputs;
  const all = size <= MOST;
  const upstreamBuffer = bufferIds.gradient(e.to);
  const upstream = Float64Array.from(replay.numbers(upstreamBuffer));
  const whole = replay.device.numbers(upstreamBuffer).length;
  const contracted = all ? new Float64Array(inputs) : null;
  const blocks: Float64Array[] = [];
  const one = new Float64Array(whole);
  let zeros = 0;
  let counted = 0;
  let single = true;
  for (let k = 0; k < (all ? results : Math.min(shown, results)); k++) {
    one[k] = 1;
    const block = replay.pull(edge, one);
    one[k] = 0;
    if (k < shown) blocks.push(Float64Array.from(block));
    let filled = 0;
    for (let i = 0; i < inputs; i++) {
      const x = block[i]!;
      if (x === 0) zeros++;
      else {
        filled++;
        if (contracted) contracted[i]! += upstream[k]! * x;
      }
    }
    counted += inputs;
    if (filled > 1) single = false;
  }
  const op = ops.get(replay.graph.nodes[e.to]!.op);
  return {
    edge,
    of,
    by,
    size,
    blocks,
    zeros,
    counted,
    structure:
      single && results > 1 ? 'elementwise' : op?.kind === 'primitive' && op.textbook === 'matrix product' ? 'product' : 'other',
    upstream,
    contracted,
    short: Float64Array.from(replay.numbers(bufferIds.edge(edge))),
    multiplications: {
      full: size,
      short: replay.backOf(edge).reduce((n, { kernel }) => n + operationsOf(kernel), 0) * replay.rows,
    },
  };
}
