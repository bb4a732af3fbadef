/**
 * One iteration, recorded step by step in float64: every node's value with its local derivatives, the
 * loss, the contribution of every edge on the way back, the sum where a value feeds several edges, and the
 * update of every parameter. It runs the same program as the devices do, on the reference, so what people
 * step through is what training computes. It takes one sample, or the mean over several.
 */
import { ReferenceDevice } from '../backends/reference/index';
import { infer } from '../compile/infer';
import { ancestors } from '../compile/objective';
import type { Edge, EdgeId, Graph, NodeId } from '../graph/graph';
import { type Expr, read, select } from '../ir/expr';
import { prepareKernel } from '../ir/interpret';
import type { Convention } from '../ir/latex';
import { isBatched, sampleShape, type Shape, sizeOf, type Tensor } from '../ir/shape';
import { GRADIENT } from '../ops/op';
import { bufferIds, type BufferId, type BufferSpec, type ParameterSpec, type Plans, type Program, type Step } from '../plan';
import type { RecordedLocal, RecordedStep, RecordedUpdate, Recording, Target, Trace } from './trace-types';
import { NEW, worded } from './trace-words';

export interface TraceRequest {
  /** With every edge; towards `target`, if there is one. */
  readonly program: Program;
  /** The expanded drawing that the program was compiled from. */
  readonly drawing: Plans['drawing'];
  /** Row of the data set, noted in the recording; its encoded numbers follow, and those of further rows. */
  readonly row: number;
  readonly rows?: number;
  readonly features: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  /** Present numbers of parameters, optimizer state and hyperparameters, by buffer; the rest starts at `init`. */
  readonly state: Readonly<Record<BufferId, ArrayLike<number>>>;
  readonly target?: Target;
}

export const record = (request: TraceRequest): Recording => new Recorder(request).record();

/** The recording with its formulas. */
export const trace = (request: TraceRequest, convention: Convention = 'row'): Trace =>
  worded(record(request), request.drawing.graph, convention);

const COUNTER = bufferIds.counter('');

/**
 * What of a buffer belongs to the rows that are looked at. Of one row the batch axis is left out; of
 * several it is the first axis, and a number per row is a column.
 */
export function shapeInRows(shape: Shape, rows: number): readonly number[] {
  const own = sampleShape(shape);
  return rows === 1 || !isBatched(shape) ? own : [rows, ...(own.length === 0 ? [1] : own)];
}

/** Answers and fixed numbers: nobody asks for a gradient of these. */
const isGiven = (inferred: ReturnType<typeof infer>, id: NodeId): boolean => {
  const op = inferred.calls.get(id)?.op;
  return op?.kind === 'source' && (op.role === 'target' || op.role === 'constant');
};

type Draft = Omit<RecordedStep, 'index' | 'owner' | 'op'>;

class Recorder {
  readonly #device: ReferenceDevice;
  readonly #specs: ReadonlyMap<BufferId, BufferSpec>;
  readonly #inferred: ReturnType<typeof infer>;
  readonly #graph: Graph;
  readonly #steps: RecordedStep[] = [];
  readonly #rows: number;
  /** What is derived: the loss, or another node. */
  readonly #objective: NodeId | null;
  /** The program's steps for what flows back along each edge. */
  readonly #backward = new Map<EdgeId, Step[]>();
  readonly #gradients = new Map<NodeId, Tensor>();

  constructor(readonly request: TraceRequest) {
    const { program, drawing, target, rows = 1 } = request;
    this.#graph = drawing.graph;
    this.#rows = rows;
    this.#device = new ReferenceDevice(program);
    this.#specs = new Map(program.buffers.map((spec) => [spec.id, spec]));
    this.#inferred = infer(drawing.graph);
    this.#objective = target ? target.node : program.loss === null ? null : program.loss.slice(bufferIds.value('').length);
    for (const step of program.steps)
      if (step.edge !== undefined) {
        const steps = this.#backward.get(step.edge);
        if (steps) steps.push(step);
        else this.#backward.set(step.edge, [step]);
      }
  }

  record(): Recording {
    const { program, row, state, target } = this.request;
    const { owner } = this.request.drawing;
    for (const [buffer, numbers] of Object.entries(state)) if (this.#specs.has(buffer)) this.#device.write(buffer, numbers);
    this.#gather();
    this.#device.runPhases(['forward', 'loss'], this.#rows);
    const objective = this.#objective;
    // Towards another node only what it depends on is of interest.
    const wanted = target ? ancestors(this.#inferred, [target.node]) : null;
    const order = inOwners(this.#inferred, owner).filter(
      (id) => this.#specs.has(bufferIds.value(id)) && (wanted?.has(id) ?? true),
    );
    for (const id of order) if (id !== objective) this.#value(id, 'forward');

    const hasLoss = objective !== null && !target;
    const loss = hasLoss ? this.#device.batchLoss(this.#rows) : null;
    if (objective !== null) {
      this.#value(objective, 'loss');
      if (loss !== null && this.#isMean(objective))
        this.#add({ phase: 'loss', node: objective, value: scalar(loss), mean: true });
      this.#device.runPhases(['backward'], this.#rows);
      const seed = this.#read(bufferIds.gradient(objective));
      this.#gradients.set(objective, seed);
      this.#add({ phase: 'loss', node: objective, value: seed, gradient: seed });
      for (const id of [...order].reverse()) this.#flowBack(id);
      if (hasLoss) this.#update(program.parameters);
    }
    let lossAfter: number | null = null;
    if (hasLoss && program.steps.some((step) => step.phase === 'update')) {
      this.#device.runPhases(['forward', 'loss'], this.#rows);
      lossAfter = this.#device.batchLoss(this.#rows);
      this.#add({ phase: 'update', node: objective!, value: scalar(lossAfter), verification: true });
    }
    this.#device.close();
    return { row, rows: this.#rows, steps: this.#steps, loss, lossAfter, ...(target ? { target } : {}) };
  }

  #isMean(objective: NodeId): boolean {
    return this.#rows > 1 && isBatched(this.#specs.get(bufferIds.value(objective))!.shape);
  }

  /** The rows' numbers in float64: the reference is not limited to what devices hold. */
  #gather(): void {
    const { program, features, targets } = this.request;
    const n = this.#rows;
    for (const { buffer, from, columns } of program.inputs) {
      const source = from === 'features' ? features : targets;
      const width = source.length / n;
      this.#device.write(
        buffer,
        Array.from({ length: n }, (_, row) => columns.map((column) => source[row * width + column] ?? 0)).flat(),
      );
    }
    if (this.#specs.has(bufferIds.rowWeights))
      this.#device
        .numbers(bufferIds.rowWeights)
        .fill(0)
        .fill(1 / n, 0, n);
  }

  /** A buffer's numbers in the rows that are looked at, copied: the device goes on writing it. */
  #read(buffer: BufferId): Tensor {
    const { shape } = this.#specs.get(buffer)!;
    return { shape: shapeInRows(shape, this.#rows), data: this.#device.numbers(buffer).slice(0, sizeOf(shape, this.#rows)) };
  }

  #valueOf(id: NodeId): Tensor {
    return this.#read(bufferIds.value(id));
  }

  #add(draft: Draft): void {
    const { owner } = this.request.drawing;
    this.#steps.push({
      index: this.#steps.length,
      owner: owner[draft.node] ?? draft.node,
      op: this.#graph.nodes[draft.node]!.op,
      ...draft,
    });
  }

  #inputs(id: NodeId): readonly Edge[] {
    const { op, call } = this.#inferred.calls.get(id)!;
    const into = this.#inferred.links.into.get(id)!;
    return op.ports(call.attrs).map((port) => into.get(port.name)!);
  }

  #value(node: NodeId, phase: 'forward' | 'loss'): void {
    const value = this.#valueOf(node);
    const { op } = this.#inferred.calls.get(node)!;
    const edges = op.kind === 'source' ? [] : this.#inputs(node);
    const locals = edges.flatMap((e): RecordedLocal[] => {
      if (op.kind !== 'primitive' || !this.#flows(e)) return [];
      const local = this.#byElement(e);
      return [{ edge: e.id, ...(local ? { value: local } : {}) }];
    });
    const [only] = locals;
    this.#add({
      phase,
      node,
      value,
      ...(locals.length > 0 ? { locals } : {}),
      ...(edges.length === 1 && only?.value ? { localDerivative: only.value } : {}),
    });
  }

  /**
   * The local derivative where each element of the input has one of its own: what the edge's kernel gives
   * for an upstream gradient of ones. Null where the kernel adds up over other elements, or over rows.
   */
  #byElement(e: Edge): Tensor | null {
    const [step, ...more] = this.#backward.get(e.id)!;
    if (!step || more.length > 0) return null;
    if (step.kernel.fold?.over.some((axis) => axis !== 'batch' || this.#rows > 1)) return null;
    const { shape } = this.#specs.get(bufferIds.value(e.from))!;
    const result = new Float64Array(sizeOf(shape, this.request.program.batch));
    const upstream = step.bind[GRADIENT];
    const stored = step.kernel.stores[0]!.to;
    prepareKernel(step.kernel, (name) => {
      if (name === stored) return result;
      const buffer = step.bind[name]!;
      const numbers = this.#device.numbers(buffer);
      return buffer === upstream ? new Float64Array(numbers.length).fill(1) : numbers;
    })(this.#rows);
    return { shape: shapeInRows(shape, this.#rows), data: result.slice(0, sizeOf(shape, this.#rows)) };
  }

  #flowBack(node: NodeId): void {
    const arriving = this.#inferred.links.outOf.get(node)!.filter((e) => this.#flows(e));
    if (arriving.length > 0) this.#collect(node, arriving);
    if (this.#inferred.calls.get(node)!.op.kind === 'source' || !this.#gradients.has(node)) return;
    for (const e of this.#inputs(node)) if (this.#flows(e)) this.#contribution(e);
  }

  /** Whether a gradient that somebody asks for flows back along an edge: not towards answers and fixed numbers. */
  #flows(e: Edge): boolean {
    return this.#backward.has(e.id) && !isGiven(this.#inferred, e.from);
  }

  /** ∂L/∂value: the one contribution, or the sum of several. */
  #collect(node: NodeId, arriving: readonly Edge[]): void {
    const parts = arriving.map((e) => this.#read(bufferIds.edge(e.id)));
    const { shape } = parts[0]!;
    const data = new Float64Array(parts[0]!.data.length);
    for (const part of parts) for (let i = 0; i < data.length; i++) data[i]! += part.data[i]!;
    const gradient: Tensor = { shape, data };
    this.#gradients.set(node, gradient);
    if (arriving.length > 1) this.#add({ phase: 'backward', node, value: gradient, gradient });
  }

  #contribution(e: Edge): void {
    const contribution = this.#read(bufferIds.edge(e.id));
    const local = this.#byElement(e);
    this.#add({
      phase: 'backward',
      node: e.to,
      edge: e.id,
      value: contribution,
      ...(local ? { localDerivative: local } : {}),
      gradient: contribution,
    });
  }

  #update(parameters: readonly ParameterSpec[]): void {
    const { program } = this.request;
    const updates = program.steps.filter((step) => step.phase === 'update');
    if (updates.length === 0) return;
    const before = new Map<BufferId, Tensor>();
    // Counters are advanced before the weights read them, so of those the new value counts.
    for (const { id, role } of program.buffers) if (role === 'slot' && !id.startsWith(COUNTER)) before.set(id, this.#read(id));
    this.#device.runPhases(['update'], this.#rows);
    for (const parameter of parameters) {
      const step = updates.find((s) => s.kernel.stores.some((store) => s.bind[store.to] === parameter.value));
      if (!step) continue;
      const node = parameter.key;
      const value = this.#read(parameter.value);
      this.#add({
        phase: 'update',
        node,
        value,
        gradient: this.#gradients.get(node) ?? { shape: value.shape, data: new Float64Array(value.data.length) },
        update: this.#rules(step, parameter, before),
      });
    }
  }

  #rules(step: Step, parameter: ParameterSpec, known: ReadonlyMap<BufferId, Tensor>): RecordedUpdate {
    const { bind, kernel } = step;
    const own = (to: string): boolean => bind[to] === parameter.value;
    // The rule's memory (Adam's m and v) comes first, and the weight's own line then speaks of it.
    const memory = kernel.stores.filter(({ to }) => !own(to));
    const renewed = new Map(memory.map(({ to, value }) => [JSON.stringify(value), `${NEW}${to}`]));
    const rules = kernel.stores.map(({ to, value }) => ({ to, expression: own(to) ? withNames(value, renewed) : value }));
    rules.sort((x, y) => Number(own(x.to)) - Number(own(y.to)));
    const before: Record<BufferId, Tensor> = {};
    const after: Record<BufferId, Tensor> = {};
    for (const buffer of Object.values(bind)) {
      if (buffer === parameter.value || buffer === parameter.gradient) continue;
      before[buffer] = known.get(buffer) ?? this.#read(buffer);
    }
    for (const { to } of memory) after[bind[to]!] = this.#read(bind[to]!);
    return { rules, bind, parameter: parameter.value, gradient: parameter.gradient!, before, after };
  }
}

/**
 * The nodes in an order of computation in which what belongs together stands together: a layer's parts come one
 * after the other, and not its parameters first of all.
 */
function inOwners({ order, links }: ReturnType<typeof infer>, owner: Plans['drawing']['owner']): readonly NodeId[] {
  const ownerOf = (id: NodeId): string => owner[id] ?? id;
  const parts = new Map<string, NodeId[]>();
  for (const id of order) parts.set(ownerOf(id), [...(parts.get(ownerOf(id)) ?? []), id]);
  const state = new Map<string, 'open' | 'done'>();
  const result: NodeId[] = [];
  // Without recursion: drawings may be thousands of nodes deep.
  for (const id of order) {
    const stack = [ownerOf(id)];
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      const own = parts.get(name)!;
      if (state.has(name)) {
        stack.pop();
        if (state.get(name) === 'open') result.push(...own);
        state.set(name, 'done');
        continue;
      }
      state.set(name, 'open');
      for (const part of own)
        for (const e of links.into.get(part)?.values() ?? []) if (!state.has(ownerOf(e.from))) stack.push(ownerOf(e.from));
    }
  }
  return result;
}

const scalar = (x: number): Tensor => ({ shape: [], data: Float64Array.of(x) });

/** The expression with parts that have a name of their own replaced by it; `named` is keyed by their JSON. */
function withNames(e: Expr, named: ReadonlyMap<string, string>): Expr {
  const name = named.get(JSON.stringify(e));
  if (name !== undefined) return read(name);
  const inner = (x: Expr): Expr => withNames(x, named);
  switch (e.kind) {
    case 'unary':
      return { ...e, x: inner(e.x) };
    case 'binary':
      return { ...e, x: inner(e.x), y: inner(e.y) };
    case 'select':
      return select(inner(e.positive), inner(e.then), inner(e.otherwise));
    default:
      return e;
  }
}
