/**
 * A recorded iteration with what it was recorded on, so that its views never mix it with a later drawing;
 * and its numbers as the drawing shows them, by the keys of frames.
 */
import { programToward } from '../../engine/compile/toward';
import type { NodeId } from '../../engine/graph/graph';
import type { Plans, Program } from '../../engine/plan';
import { localKey, tapKey } from '../../engine/train/frames';
import type { Recording } from '../../engine/train/trace-types';

export interface Recorded {
  readonly recording: Recording;
  /** Keeps every edge, and runs back from what is derived. */
  readonly program: Program;
  readonly drawing: Plans['drawing'];
}

export function recordedOn({ trace, drawing }: Pick<Plans, 'trace' | 'drawing'>, recording: Recording): Recorded {
  const { target } = recording;
  return { recording, drawing, program: target ? programToward(trace, drawing.graph, target.node, target.element) : trace };
}

/** Of several rows the mean of values, and the sum of gradients, which weigh 1/n each. */
export function numbersOf({ recording, drawing: { graph } }: Recorded): (key: string) => ArrayLike<number> | null {
  const found = new Map<string, ArrayLike<number>>();
  const gradients = new Map<NodeId, Float64Array>();
  for (const { phase, node, edge, value, gradient, mean, locals } of recording.steps) {
    if (mean || phase === 'update') continue;
    // Those of several rows are several, and no mean of them is one.
    if (recording.rows === 1)
      for (const local of locals ?? []) if (local.value) found.set(localKey(local.edge), local.value.data);
    const numbers = perRow(value, recording.rows, phase === 'forward' || gradient === undefined);
    if (phase === 'forward' || (phase === 'loss' && gradient === undefined)) found.set(tapKey({ of: 'value', node }), numbers);
    else if (phase === 'loss') gradients.set(node, Float64Array.from(numbers));
    else if (edge !== undefined) {
      found.set(tapKey({ of: 'edge-gradient', edge }), numbers);
      const { from } = graph.edges[edge]!;
      const sum = gradients.get(from) ?? new Float64Array(numbers.length);
      for (let i = 0; i < sum.length; i++) sum[i]! += numbers[i]!;
      gradients.set(from, sum);
    }
  }
  for (const [node, numbers] of gradients) found.set(tapKey({ of: 'gradient', node }), numbers);
  return (key) => found.get(key) ?? null;
}

function perRow(
  { shape, data }: { shape: readonly number[]; data: ArrayLike<number> },
  rows: number,
  mean: boolean,
): ArrayLike<number> {
  if (rows === 1 || shape[0] !== rows) return data;
  const width = data.length / rows;
  return Array.from({ length: width }, (_, k) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += data[row * width + k]!;
    return mean ? sum / rows : sum;
  });
}
