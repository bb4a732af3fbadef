/**
 * The same iteration as neurons and as matrices compute it. A program runs on the reference, but matrix
 * products, biases and activations are worked out by rules of the textbook and not by the program's
 * kernels: neuron by neuron with deltas, or by transposed matrices, column sums and Hadamard products.
 */
import { type EdgeId, edgeId, type Graph, type NodeId } from '../graph/graph';
import { derive } from '../ir/derive';
import { evaluator, prepareKernel } from '../ir/interpret';
import { isBatched, type Shape, sizeOf } from '../ir/shape';
import { opOf } from '../ops/index';
import { type BufferId, bufferIds, type Program, type Step } from '../plan';

type Buffers = (id: BufferId) => Float64Array;

/** What is done in place of a node's or an edge's own kernels. */
export interface Rules {
  readonly values: ReadonlyMap<NodeId, () => void>;
  readonly edges: ReadonlyMap<EdgeId, () => void>;
}

/** A copy of a program's numbers, to work on. */
export function copyOf(program: Program, from: Buffers): Buffers {
  const copies = new Map(program.buffers.map((b) => [b.id, from(b.id).slice()]));
  return (id) => copies.get(id)!;
}

/** Runs forward, loss and backward with some of the work done by rules. Yields after each step. */
export function* runBy(program: Program, numbers: Buffers, rows: number, { values, edges }: Rules): Generator<void, void> {
  const done = new Set<string>();
  const once = (id: string, rule: () => void): void => {
    if (done.has(id)) return;
    done.add(id);
    rule();
  };
  for (const step of program.steps) {
    if (step.phase === 'update') continue;
    const rule = step.phase === 'backward' ? (step.edge === undefined ? undefined : edges.get(step.edge)) : values.get(step.node);
    if (rule) once(step.edge ?? `${step.phase} ${step.node}`, rule);
    else prepareKernel(step.kernel, (name) => numbers(step.bind[name]!))(rows);
    yield;
  }
}

interface Product {
  readonly node: NodeId;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly out: Float64Array;
  readonly delta: Float64Array | null;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** Rules for what a program does with vectors, matrices, biases and activations; the rest keeps its kernels. */
function rulesOf(program: Program, graph: Graph, numbers: Buffers, rows: number, how: 'neurons' | 'matrices'): Rules {
  const values = new Map<NodeId, () => void>();
  const edges = new Map<EdgeId, () => void>();
  const shapes = new Map<BufferId, Shape>(program.buffers.map((b) => [b.id, b.shape]));
  const shapeOf = (node: NodeId): Shape => shapes.get(bufferIds.value(node)) ?? [];
  const known = (id: BufferId): Float64Array | null => (shapes.has(id) ? numbers(id) : null);
  const valueSteps = new Map<NodeId, Step[]>();
  for (const step of program.steps) {
    if (step.phase !== 'forward' && step.phase !== 'loss') continue;
    const list = valueSteps.get(step.node);
    if (list) list.push(step);
    else valueSteps.set(step.node, [step]);
  }
  for (const node of Object.values(graph.nodes)) {
    const steps = valueSteps.get(node.id);
    if (!steps) continue;
    const source = (port: string): NodeId => graph.edges[edgeId(node.id, port)]!.from;
    const flow = (port: string): Float64Array | null => known(bufferIds.edge(edgeId(node.id, port)));
    const op = opOf(node.op);
    const textbook = op?.kind === 'primitive' ? op.textbook : undefined;
    if (textbook === 'matrix product') {
      const [left, right] = [shapeOf(source('a')), shapeOf(source('b'))];
      // One vector a sample times one matrix for all of them.
      if (!isBatched(left) || left.length !== 2 || right.length !== 2 || isBatched(right)) continue;
      const product: Product = {
        node: node.id,
        a: numbers(bufferIds.value(source('a'))),
        b: numbers(bufferIds.value(source('b'))),
        out: numbers(bufferIds.value(node.id)),
        delta: known(bufferIds.gradient(node.id)),
        rows,
        inner: right[0] as number,
        columns: right[1] as number,
      };
      values.set(node.id, () => (how === 'neurons' ? sumsOfNeurons(product) : matrixProduct(product)));
      const [toA, toB] = [flow('a'), flow('b')];
      if (toA)
        edges.set(edgeId(node.id, 'a'), () => (how === 'neurons' ? deltasOfInputs(product, toA) : timesTransposed(product, toA)));
      if (toB)
        edges.set(edgeId(node.id, 'b'), () =>
          how === 'neurons' ? deltasOfWeights(product, toB) : transposedTimes(product, toB),
        );
      continue;
    }
    const delta = known(bufferIds.gradient(node.id));
    if (textbook === 'sum' && delta) {
      const out = shapeOf(node.id);
      for (const port of ['a', 'b']) {
        const from = graph.edges[edgeId(node.id, port)]?.from;
        const to = flow(port);
        if (from === undefined || !to || !isBatched(out) || isBatched(shapeOf(from)) || out.length !== 2) continue;
        const width = out[1] as number;
        if (sizeOf(shapeOf(from), 1) !== width) continue;
        edges.set(edgeId(node.id, port), () => columnSums(delta, rows, width, to));
      }
      continue;
    }
    const to = flow('x');
    const [step] = steps;
    if (op?.kind !== 'primitive' || op.group !== 'activation' || steps.length !== 1 || !to || !delta || !step) continue;
    const { fold, reads, stores } = step.kernel;
    if (fold || reads.length !== 1 || stores.length !== 1) continue;
    const { registers, prepare } = evaluator([reads[0]!.name]);
    const slope = prepare(derive(stores[0]!.value, reads[0]!.name));
    const x = numbers(bufferIds.value(source('x')));
    const size = sizeOf(shapeOf(node.id), rows);
    edges.set(edgeId(node.id, 'x'), () => {
      // Hadamard: the gradient times the slope, place by place.
      for (let i = 0; i < size; i++) {
        registers[0] = x[i]!;
        to[i] = delta[i]! * slope();
      }
    });
  }
  return { values, edges };
}

export const neuronRules = (program: Program, graph: Graph, numbers: Buffers, rows: number): Rules =>
  rulesOf(program, graph, numbers, rows, 'neurons');
export const matrixRules = (program: Program, graph: Graph, numbers: Buffers, rows: number): Rules =>
  rulesOf(program, graph, numbers, rows, 'matrices');

// Neuron by neuron ----------------------------------------------------------------------------------

/** z of each neuron: its inputs by its weights. */
function sumsOfNeurons({ a, b, out, rows, inner, columns }: Product): void {
  for (let neuron = 0; neuron < columns; neuron++)
    for (let row = 0; row < rows; row++) {
      let z = 0;
      for (let input = 0; input < inner; input++) z += a[row * inner + input]! * b[input * columns + neuron]!;
      out[row * columns + neuron] = z;
    }
}

/** What an input hears from all neurons that it feeds. */
function deltasOfInputs({ b, delta, rows, inner, columns }: Product, to: Float64Array): void {
  to.fill(0);
  for (let neuron = 0; neuron < columns; neuron++)
    for (let row = 0; row < rows; row++) {
      const d = delta![row * columns + neuron]!;
      for (let input = 0; input < inner; input++) to[row * inner + input]! += d * b[input * columns + neuron]!;
    }
}

/** Each weight of a neuron: its delta by the weight's input. */
function deltasOfWeights({ a, delta, rows, inner, columns }: Product, to: Float64Array): void {
  to.fill(0);
  for (let neuron = 0; neuron < columns; neuron++)
    for (let row = 0; row < rows; row++) {
      const d = delta![row * columns + neuron]!;
      for (let input = 0; input < inner; input++) to[input * columns + neuron]! += d * a[row * inner + input]!;
    }
}

// As matrices ---------------------------------------------------------------------------------------

const transposed = (m: Float64Array, rows: number, columns: number): Float64Array => {
  const t = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) t[j * rows + i] = m[i * columns + j]!;
  return t;
};

/** A B as a sum of outer products, columns of A by rows of B. */
function multiply(a: Float64Array, b: Float64Array, out: Float64Array, rows: number, inner: number, columns: number): void {
  out.fill(0, 0, rows * columns);
  for (let k = 0; k < inner; k++)
    for (let i = 0; i < rows; i++) {
      const x = a[i * inner + k]!;
      for (let j = 0; j < columns; j++) out[i * columns + j]! += x * b[k * columns + j]!;
    }
}

/** X W. */
const matrixProduct = ({ a, b, out, rows, inner, columns }: Product): void => multiply(a, b, out, rows, inner, columns);
/** ∂L/∂X = Δ Wᵀ. */
const timesTransposed = ({ b, delta, rows, inner, columns }: Product, to: Float64Array): void =>
  multiply(delta!, transposed(b, inner, columns), to, rows, columns, inner);
/** ∂L/∂W = Xᵀ Δ. */
const transposedTimes = ({ a, delta, rows, inner, columns }: Product, to: Float64Array): void =>
  multiply(transposed(a.subarray(0, rows * inner), rows, inner), delta!, to, inner, rows, columns);

/** ∂L/∂b: the sum of Δ's rows. */
function columnSums(delta: Float64Array, rows: number, width: number, to: Float64Array): void {
  to.fill(0);
  for (let row = 0; row < rows; row++) for (let k = 0; k < width; k++) to[k]! += delta[row * width + k]!;
}
