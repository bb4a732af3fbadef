/**
 * What is derived as a function of one number, beside what its derivative predicts: the recorded iteration
 * is run again in float64 with that number changed, in a source, at a node, or on one edge alone, and
 * everything else as it was.
 */
import { ReferenceDevice } from '../backends/reference/index';
import type { EdgeId, NodeId } from '../graph/graph';
import { isBatched } from '../ir/shape';
import { type BufferId, bufferIds, type Program, type Step } from '../plan';
import type { Replay } from './replay';

/** What one may drag: the value of a node, or that value on one of the several edges it feeds. */
export interface Place {
  /** Of the node or the edge. */
  readonly id: string;
  readonly node: NodeId;
  readonly edge?: EdgeId;
}

const DRAGGED: BufferId = 't:dragged';

export class Tangent {
  readonly places: readonly Place[];
  readonly #places: ReadonlyMap<string, Place>;
  readonly #slopes = new Map<string, Float64Array>();
  #device: ReferenceDevice | null = null;
  #for: string | null = null;

  constructor(readonly replay: Replay) {
    const feeds = new Map<NodeId, EdgeId[]>();
    for (const { id, from } of replay.flowing) {
      const slope = replay.numbers(bufferIds.edge(id));
      const sum = this.#slopes.get(from) ?? new Float64Array(slope.length);
      slope.forEach((x, i) => {
        sum[i]! += x;
      });
      this.#slopes.set(from, sum);
      this.#slopes.set(id, Float64Array.from(slope));
      feeds.set(from, [...(feeds.get(from) ?? []), id]);
    }
    const nodes = replay.recording.steps.flatMap(({ phase, node }) => (phase === 'forward' && feeds.has(node) ? [node] : []));
    this.places = nodes.flatMap((node): Place[] => {
      const edges = feeds.get(node)!;
      return [{ id: node, node }, ...(edges.length > 1 ? edges.map((edge) => ({ id: edge, node, edge })) : [])];
    });
    this.#places = new Map(this.places.map((place) => [place.id, place]));
  }

  valueOf(place: string): Float64Array {
    return this.replay.numbers(bufferIds.value(this.#places.get(place)!.node));
  }

  slope(place: string, element: number): number {
    return this.#slopes.get(place)![element]!;
  }

  /** What is derived, with that number in that place. */
  trueAt(place: string, element: number, x: number): number {
    const device = this.#open(this.#places.get(place)!);
    const dragged = device.numbers(DRAGGED);
    dragged.set(this.valueOf(place));
    dragged[element] = x;
    device.runPhases(['forward', 'loss'], this.replay.rows);
    return this.#derived(device);
  }

  /** What the derivative predicts there. */
  predictedAt(place: string, element: number, x: number): number {
    return this.here + this.slope(place, element) * (x - this.valueOf(place)[element]!);
  }

  /** What is derived, as it was recorded. */
  get here(): number {
    return this.#derived(this.replay.device);
  }

  #derived(device: ReferenceDevice): number {
    const { recording, rows, specs } = this.replay;
    const { target } = recording;
    if (!target) return device.batchLoss(rows);
    const value = bufferIds.value(target.node);
    const batched = isBatched(specs.get(value)!.shape);
    const numbers = device.numbers(value).subarray(0, this.replay.size(value));
    const width = numbers.length / (batched ? rows : 1);
    let sum = 0;
    numbers.forEach((x, i) => {
      if (target.element === 'sum' || i % width === target.element) sum += x;
    });
    return sum / (batched ? rows : 1);
  }

  /** The program in which those who read the place read the dragged numbers instead. */
  #open(place: Place): ReferenceDevice {
    if (this.#device !== null && this.#for === place.id) return this.#device;
    const { replay } = this;
    const value = bufferIds.value(place.node);
    const port = place.edge === undefined ? null : replay.graph.edges[place.edge]!.port;
    const reads = (step: Step, name: string, buffer: BufferId): boolean =>
      buffer === value &&
      step.node !== place.node &&
      (port === null || (step.node === replay.graph.edges[place.edge!]!.to && name === port));
    const { shape } = replay.specs.get(value)!;
    const program: Program = {
      ...replay.program,
      buffers: [...replay.program.buffers, { id: DRAGGED, shape, role: 'temporary' }],
      steps: replay.program.steps
        .filter(({ phase }) => phase === 'forward' || phase === 'loss')
        .map((step) => ({
          ...step,
          bind: Object.fromEntries(
            Object.entries(step.bind).map(([name, buffer]) => [name, reads(step, name, buffer) ? DRAGGED : buffer]),
          ),
        })),
    };
    this.#device?.close();
    const device = new ReferenceDevice(program);
    for (const { id, role } of replay.program.buffers)
      if (role === 'input' || role === 'parameter' || role === 'rows') device.write(id, replay.device.numbers(id));
    this.#device = device;
    this.#for = place.id;
    return device;
  }

  close(): void {
    this.#device?.close();
  }
}
