/**
 * A recorded iteration run again in float64, to ask it more than the recording holds: what one element is
 * made of, what flows back along one edge for another upstream gradient, how the loss moves. Nothing of
 * the training is touched.
 */
import { ReferenceDevice } from '../backends/reference/index';
import type { Edge, EdgeId, Graph, NodeId } from '../graph/graph';
import { prepareKernel } from '../ir/interpret';
import { sizeOf } from '../ir/shape';
import { GRADIENT } from '../ops/op';
import { type BufferId, bufferIds, type BufferSpec, type Program, type Step } from '../plan';
import type { Recording } from './trace-types';

export class Replay {
  readonly device: ReferenceDevice;
  readonly specs: ReadonlyMap<BufferId, BufferSpec>;
  readonly rows: number;
  readonly #forward = new Map<NodeId, Step[]>();
  readonly #backward = new Map<EdgeId, Step[]>();

  /** `program` is the one that was recorded, `graph` the expanded drawing. */
  constructor(
    readonly program: Program,
    readonly graph: Graph,
    readonly recording: Recording,
  ) {
    this.device = new ReferenceDevice(program);
    this.rows = recording.rows;
    this.specs = new Map(program.buffers.map((spec) => [spec.id, spec]));
    for (const step of program.steps) {
      const list = step.edge === undefined ? this.#forward : this.#backward;
      const key = step.edge ?? step.node;
      if (step.edge === undefined && step.phase !== 'forward' && step.phase !== 'loss') continue;
      const steps = list.get(key);
      if (steps) steps.push(step);
      else list.set(key, [step]);
    }
    if (this.specs.has(bufferIds.rowWeights))
      this.device
        .numbers(bufferIds.rowWeights)
        .fill(0)
        .fill(1 / this.rows, 0, this.rows);
    const fed = new Set(Object.values(graph.edges).map(({ to }) => to));
    for (const { phase, node, value } of recording.steps)
      if (phase === 'forward' && !fed.has(node) && this.specs.has(bufferIds.value(node)))
        this.device.write(bufferIds.value(node), value.data);
    this.device.runPhases(['forward', 'loss', 'backward'], this.rows);
  }

  /** The kernels of a node's value. */
  stepsOf(node: NodeId): readonly Step[] {
    return this.#forward.get(node) ?? [];
  }

  /** The kernels of what flows back along an edge; none where nothing does. */
  backOf(edge: EdgeId): readonly Step[] {
    return this.#backward.get(edge) ?? [];
  }

  /** Edges along which a gradient flows back that somebody asks for: not towards answers and fixed numbers. */
  get flowing(): readonly Edge[] {
    return this.recording.steps.flatMap(({ phase, edge }) =>
      phase === 'backward' && edge !== undefined ? [this.graph.edges[edge]!] : [],
    );
  }

  /** A buffer's numbers in the rows that are looked at. */
  numbers(buffer: BufferId): Float64Array {
    return this.device.numbers(buffer).subarray(0, this.size(buffer));
  }

  size(buffer: BufferId): number {
    return sizeOf(this.specs.get(buffer)!.shape, this.rows);
  }

  /** What flows back along an edge for an upstream gradient that is given; nothing else changes. */
  pull(edge: EdgeId, upstream: Float64Array): Float64Array {
    const own = new Map<BufferId, Float64Array>();
    const result = bufferIds.edge(edge);
    for (const { kernel, bind } of this.backOf(edge)) {
      const stored = new Set(kernel.stores.map(({ to }) => bind[to]!));
      prepareKernel(kernel, (name) => {
        const buffer = bind[name]!;
        if (name === GRADIENT) return upstream;
        const written = own.get(buffer);
        if (written) return written;
        const numbers = this.device.numbers(buffer);
        if (!stored.has(buffer)) return numbers;
        const fresh = new Float64Array(numbers.length);
        own.set(buffer, fresh);
        return fresh;
      })(this.rows);
    }
    return own.get(result)!.subarray(0, this.size(result));
  }

  close(): void {
    this.device.close();
  }
}
