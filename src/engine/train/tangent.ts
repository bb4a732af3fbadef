/**
 * The loss of one sample as a function of one number, beside what its derivative predicts: the recorded
 * iteration is run again in float64 with that number changed and everything else as it was.
 */
import { ReferenceDevice } from '../backends/reference/index';
import type { Graph, NodeId } from '../graph/graph';
import type { Tensor } from '../ir/shape';
import { bufferIds, type Program } from '../plan';
import type { Trace } from './trace-types';

export class Tangent {
  readonly #device: ReferenceDevice;
  readonly #values = new Map<NodeId, Tensor>();
  readonly #gradients = new Map<NodeId, Float64Array>();

  /** `program` with every edge, compiled from `graph`, the expanded drawing that was recorded. */
  constructor(
    program: Program,
    readonly graph: Graph,
    readonly trace: Trace,
  ) {
    this.#device = new ReferenceDevice(program);
    if (program.buffers.some(({ id }) => id === bufferIds.rowWeights))
      this.#device.numbers(bufferIds.rowWeights).fill(0).fill(1, 0, 1);
    const fed = new Set(Object.values(graph.edges).map(({ to }) => to));
    const known = new Set(program.buffers.map(({ id }) => id));
    for (const { phase, node, edge, value } of trace.steps) {
      if (phase === 'forward' && !fed.has(node) && known.has(bufferIds.value(node))) {
        this.#values.set(node, value);
        this.#device.write(bufferIds.value(node), value.data);
      } else if (phase === 'backward' && edge !== undefined) {
        const from = graph.edges[edge]!.from;
        const sum = this.#gradients.get(from) ?? new Float64Array(value.data.length);
        value.data.forEach((x, i) => {
          sum[i]! += x;
        });
        this.#gradients.set(from, sum);
      }
    }
  }

  /** Sources that the loss depends on: what one may drag. */
  get places(): readonly NodeId[] {
    return [...this.#values.keys()].filter((id) => this.#gradients.has(id));
  }

  valueOf(node: NodeId): Tensor {
    return this.#values.get(node)!;
  }
  slope(node: NodeId, element: number): number {
    return this.#gradients.get(node)![element]!;
  }

  /** The true loss with that number in that place. */
  lossAt(node: NodeId, element: number, x: number): number {
    const value = this.valueOf(node);
    const changed = Float64Array.from(value.data);
    changed[element] = x;
    const buffer = bufferIds.value(node);
    this.#device.write(buffer, changed);
    this.#device.runPhases(['forward', 'loss'], 1);
    const loss = this.#device.batchLoss(1);
    this.#device.write(buffer, value.data);
    return loss;
  }

  /** What the derivative predicts there. */
  predictedAt(node: NodeId, element: number, x: number): number {
    return this.trace.loss! + this.slope(node, element) * (x - this.valueOf(node).data[element]!);
  }

  close(): void {
    this.#device.close();
  }
}
