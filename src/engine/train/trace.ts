/**
 * One iteration for one sample, recorded step by step in float64: every node's value with its local
 * derivatives, the loss, the contribution of every edge on the way back, the sum where a value feeds
 * several edges, and the update of every parameter. It runs the same program as the devices do, on the
 * reference, so what people step through is what training computes.
 */
import { ReferenceDevice } from '../backends/reference/index';
import { infer, nameOf } from '../compile/infer';
import type { Edge, EdgeId, NodeId } from '../graph/graph';
import { type Expr, read, select } from '../ir/expr';
import { prepareKernel } from '../ir/interpret';
import { asFactor, asTerm, type Latex, latexOf } from '../ir/latex';
import { sampleShape, sampleSize, sizeOf, type Tensor } from '../ir/shape';
import { type Call, GRADIENT, type Primitive } from '../ops/op';
import { optimizers } from '../optimizers/index';
import { bufferIds, type BufferId, type BufferSpec, type ParameterSpec, type Plans, type Program, type Step } from '../plan';
import { changeText, isSmall, listText, shapedLatex, symbolOf, valueLatex, valueText } from './trace-symbols';
import type { LocalDerivative, Trace, TraceStep } from './trace-types';

export interface TraceRequest {
  /** With every edge. */
  readonly program: Program;
  /** The expanded drawing that the program was compiled from. */
  readonly drawing: Plans['drawing'];
  /** Row of the data set, noted in the trace; its encoded numbers follow. */
  readonly row: number;
  readonly features: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  /** Present numbers of parameters, optimizer state and hyperparameters, by buffer; the rest starts at `init`. */
  readonly state: Readonly<Record<BufferId, ArrayLike<number>>>;
}

export function trace(request: TraceRequest): Trace {
  return new Recorder(request).record();
}

type Draft = Omit<TraceStep, 'index' | 'owner' | 'op'>;

/** The loss in formulas: what is derived. */
const LOSS: Latex = 'l';

const HYPER_SYMBOLS: ReadonlyMap<string, Latex> = new Map(
  optimizers.flatMap(({ hyper }) => Object.entries(hyper).map(([name, spec]) => [name, spec.symbol] as const)),
);

/** Whether each element of the result depends on one element of each input. */
function byElement(op: Primitive, call: Call): boolean {
  const { kernels } = op.value(call);
  return kernels.length === 1 && !kernels[0]!.fold;
}

const COUNTER = bufferIds.counter('');
const NUMBER = /^-?[\d.]+$/;

/** Marks names that mean a buffer after its update. */
const NEW = 'new ';

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

/** One assignment as it stands; several below each other, lined up at the arrow. */
function lines(assignments: readonly (readonly [left: Latex, right: Latex])[]): Latex {
  const [first, ...more] = assignments;
  if (first && more.length === 0) return first.join(' ');
  return `\\begin{aligned} ${assignments.map(([left, right]) => `${left} &${right}`).join(' \\\\ ')} \\end{aligned}`;
}

class Recorder {
  readonly #device: ReferenceDevice;
  readonly #specs: ReadonlyMap<BufferId, BufferSpec>;
  readonly #inferred: ReturnType<typeof infer>;
  readonly #steps: TraceStep[] = [];
  readonly #objective: NodeId | null;
  /** The program's steps for what flows back along each edge. */
  readonly #backward = new Map<EdgeId, Step[]>();
  readonly #gradients = new Map<NodeId, Tensor>();
  readonly #symbols = new Map<NodeId, Latex>();

  constructor(readonly request: TraceRequest) {
    const { program, drawing } = request;
    this.#device = new ReferenceDevice(program);
    this.#specs = new Map(program.buffers.map((spec) => [spec.id, spec]));
    this.#inferred = infer(drawing.graph);
    this.#objective = program.loss === null ? null : program.loss.slice(bufferIds.value('').length);
    for (const step of program.steps)
      if (step.edge !== undefined) {
        const steps = this.#backward.get(step.edge);
        if (steps) steps.push(step);
        else this.#backward.set(step.edge, [step]);
      }
    for (const node of Object.values(drawing.graph.nodes)) this.#symbols.set(node.id, symbolOf(node.id, nameOf(node)));
  }

  record(): Trace {
    const { program, row, state } = this.request;
    for (const [buffer, numbers] of Object.entries(state)) if (this.#specs.has(buffer)) this.#device.write(buffer, numbers);
    this.#gather();
    this.#device.runPhases(['forward', 'loss'], 1);
    const order = this.#inferred.order.filter((id) => this.#specs.has(bufferIds.value(id)));
    for (const id of order) if (id !== this.#objective) this.#value(id, 'forward');

    const hasLoss = this.#objective !== null;
    const loss = hasLoss ? this.#device.batchLoss(1) : null;
    if (hasLoss) {
      this.#value(this.#objective!, 'loss');
      this.#device.runPhases(['backward'], 1);
      this.#seed(this.#objective!);
      for (const id of [...order].reverse()) this.#flowBack(id);
      this.#update(program.parameters);
    }
    let lossAfter: number | null = null;
    if (hasLoss && program.steps.some((step) => step.phase === 'update')) {
      this.#device.runPhases(['forward', 'loss'], 1);
      lossAfter = this.#device.batchLoss(1);
      this.#verify(loss!, lossAfter);
    }
    this.#device.close();
    return { row, steps: this.#steps, loss, lossAfter };
  }

  /** The forward pass once more, with the new weights: what the step was good for. */
  #verify(before: number, after: number): void {
    const scalar = (x: number): Tensor => ({ shape: [], data: Float64Array.of(x) });
    const [old, now] = [valueLatex(scalar(before)), valueLatex(scalar(after))];
    const sign = after < before ? '<' : after > before ? '>' : '=';
    const verdict =
      after < before
        ? 'the step made it smaller'
        : after > before
          ? 'the step was too long for this sample, and made it larger'
          : 'the step changed nothing';
    this.#add({
      phase: 'update',
      node: this.#objective!,
      title: `Forward once more with the new weights: the loss of this sample is ${valueText(scalar(after))}, and was ${valueText(scalar(before))}; ${verdict}.`,
      value: scalar(after),
      formula: `${LOSS}_{\\text{new}} ${sign} ${LOSS}`,
      numbers: `${now} ${sign} ${old}`,
      verification: true,
    });
  }

  /** The row's numbers in float64: the reference is not limited to what devices hold. */
  #gather(): void {
    const { program, features, targets } = this.request;
    for (const { buffer, from, columns } of program.inputs) {
      const source = from === 'features' ? features : targets;
      this.#device.write(
        buffer,
        columns.map((column) => source[column] ?? 0),
      );
    }
    if (this.#specs.has(bufferIds.rowWeights)) this.#device.numbers(bufferIds.rowWeights).fill(0).fill(1, 0, 1);
  }

  /** One sample of a buffer, copied: the device goes on writing it. */
  #read(buffer: BufferId): Tensor {
    const { shape } = this.#specs.get(buffer)!;
    return { shape: sampleShape(shape), data: this.#device.numbers(buffer).slice(0, sampleSize(shape)) };
  }

  #valueOf(id: NodeId): Tensor {
    return this.#read(bufferIds.value(id));
  }

  #add(draft: Draft): void {
    const { owner, graph } = this.request.drawing;
    this.#steps.push({
      index: this.#steps.length,
      owner: owner[draft.node] ?? draft.node,
      op: graph.nodes[draft.node]!.op,
      ...draft,
    });
  }

  #name(id: NodeId): string {
    return `'${nameOf(this.request.drawing.graph.nodes[id]!)}'`;
  }

  /** A node's symbol, with its shape below it where it is an array. */
  #symbol(id: NodeId): Latex {
    return shapedLatex(this.#symbols.get(id)!, this.#valueOf(id).shape);
  }

  /** A node's number, or its symbol where its numbers are too many to write. */
  #number(id: NodeId): Latex {
    const tensor = this.#valueOf(id);
    return isSmall(tensor) ? valueLatex(tensor) : this.#symbols.get(id)!;
  }

  #partial(of: NodeId): Latex {
    return `\\frac{\\partial ${LOSS}}{\\partial ${this.#symbols.get(of)!}}`;
  }

  #inputs(id: NodeId): readonly Edge[] {
    const { op, call } = this.#inferred.calls.get(id)!;
    const into = this.#inferred.links.into.get(id)!;
    return op.ports(call.attrs).map((port) => into.get(port.name)!);
  }

  #value(node: NodeId, phase: 'forward' | 'loss'): void {
    const known = this.#inferred.calls.get(node)!;
    const { op, call } = known;
    const value = this.#valueOf(node);
    const name = this.#symbol(node);
    const result = valueLatex(value);
    if (op.kind === 'source') {
      const from = {
        input: 'from the data',
        target: 'the answer that the data asks for',
        constant: 'fixed',
        parameter: 'to be learned',
      }[op.role];
      const title = `${this.#name(node)} is ${valueText(value)}, ${from}.`;
      this.#add({ phase, node, title, value, formula: name, numbers: `${this.#symbols.get(node)!} = ${result}` });
      return;
    }
    const edges = this.#inputs(node);
    const args = (latex: (id: NodeId) => Latex): Record<string, Latex> =>
      Object.fromEntries(edges.map((e) => [e.port, latex(e.from)]));
    const formula = op.formula(
      args((id) => this.#symbol(id)),
      call,
    );
    const plugged = op.formula(
      args((id) => this.#number(id)),
      call,
    );
    const locals = edges.flatMap((e) => this.#localDerivative(e) ?? []);
    const [only] = locals;
    const left = phase === 'loss' ? LOSS : name;
    this.#add({
      phase,
      node,
      title:
        phase === 'loss'
          ? `The loss of this sample is ${valueText(value)}.`
          : `${op.title} takes ${listText(edges.map((e) => this.#name(e.from)))} and gives ${this.#name(node)}: ${valueText(value)}.`,
      value,
      ...(locals.length > 0 ? { locals } : {}),
      ...(edges.length === 1 && only?.value ? { localDerivative: only.value } : {}),
      formula: `${left} = ${formula}`,
      numbers: `${phase === 'loss' ? LOSS : this.#symbols.get(node)!} = ${plugged} = ${result}`,
    });
  }

  /** ∂out/∂input along an edge, in symbols and numbers; null where nothing flows back. */
  #localDerivative(e: Edge): LocalDerivative | null {
    const { op, call } = this.#inferred.calls.get(e.to)!;
    if (op.kind !== 'primitive' || !this.#flows(e)) return null;
    const latex = (symbol: (id: NodeId) => Latex): Latex =>
      op.derivativeFormula(
        Object.fromEntries(this.#inputs(e.to).map((other) => [other.port, symbol(other.from)])),
        symbol(e.to),
        e.port,
        call,
      );
    const value = this.#byElement(e);
    const left = `\\frac{\\partial ${this.#symbols.get(e.to)!}}{\\partial ${this.#symbols.get(e.from)!}}`;
    const plugged = latex((id) => this.#number(id));
    const result = value && isSmall(value) && byElement(op, call) ? valueLatex(value) : null;
    return {
      edge: e.id,
      ...(value ? { value } : {}),
      formula: `${left} = ${latex((id) => this.#symbol(id))}`,
      numbers: `${left} = ${plugged}${result === null || result === plugged ? '' : ` = ${result}`}`,
    };
  }

  /**
   * The local derivative where each element of the input has one of its own: what the edge's kernel gives
   * for an upstream gradient of ones. Null where the kernel adds up over other elements.
   */
  #byElement(e: Edge): Tensor | null {
    const [step, ...more] = this.#backward.get(e.id)!;
    if (!step || more.length > 0) return null;
    if (step.kernel.fold?.over.some((axis) => axis !== 'batch')) return null;
    const shape = this.#specs.get(bufferIds.value(e.from))!.shape;
    const result = new Float64Array(sizeOf(shape, this.request.program.batch));
    const upstream = step.bind[GRADIENT];
    const stored = step.kernel.stores[0]!.to;
    prepareKernel(step.kernel, (name) => {
      if (name === stored) return result;
      const buffer = step.bind[name]!;
      const numbers = this.#device.numbers(buffer);
      return buffer === upstream ? new Float64Array(numbers.length).fill(1) : numbers;
    })(1);
    return { shape: sampleShape(shape), data: result.slice(0, sampleSize(shape)) };
  }

  #seed(node: NodeId): void {
    const gradient: Tensor = { shape: [], data: Float64Array.of(1) };
    this.#gradients.set(node, gradient);
    this.#add({
      phase: 'loss',
      node,
      title: 'The derivative of the loss with respect to itself is 1: from here the gradient flows back.',
      value: gradient,
      gradient,
      formula: `\\frac{\\partial ${LOSS}}{\\partial ${LOSS}} = 1`,
      numbers: `\\frac{\\partial ${LOSS}}{\\partial ${LOSS}} = 1`,
    });
  }

  #flowBack(node: NodeId): void {
    const arriving = this.#inferred.links.outOf.get(node)!.filter((e) => this.#flows(e));
    if (arriving.length > 0) this.#collect(node, arriving);
    if (this.#inferred.calls.get(node)!.op.kind === 'source' || !this.#gradients.has(node)) return;
    for (const e of this.#inputs(node)) if (this.#flows(e)) this.#contribution(e);
  }

  /** Whether a gradient that somebody asks for flows back along an edge: not towards answers and fixed numbers. */
  #flows(e: Edge): boolean {
    const { op } = this.#inferred.calls.get(e.from)!;
    return this.#backward.has(e.id) && !(op.kind === 'source' && (op.role === 'target' || op.role === 'constant'));
  }

  /** ∂L/∂value: the one contribution, or the sum of several. */
  #collect(node: NodeId, arriving: readonly Edge[]): void {
    const parts = arriving.map((e) => this.#read(bufferIds.edge(e.id)));
    const { shape } = parts[0]!;
    const data = new Float64Array(parts[0]!.data.length);
    for (const part of parts) for (let i = 0; i < data.length; i++) data[i]! += part.data[i]!;
    const gradient: Tensor = { shape, data };
    this.#gradients.set(node, gradient);
    if (arriving.length === 1) return;
    const left = this.#partial(node);
    const symbols = arriving.map((e) => this.#contributionSymbol(e)).join(' + ');
    const numbers = parts.every(isSmall)
      ? parts.map((part, i) => (i === 0 ? valueLatex(part) : asTerm(valueLatex(part)))).join(' + ')
      : symbols;
    this.#add({
      phase: 'backward',
      node,
      title: `${this.#name(node)} feeds ${arriving.length} edges, so the contributions of all of them are added.`,
      value: gradient,
      gradient,
      formula: `${left} = ${symbols}`,
      numbers: `${left} = ${numbers} = ${valueLatex(gradient)}`,
    });
  }

  /** One of several contributions is marked with the node through which it comes. */
  #contributionSymbol(e: Edge): Latex {
    const siblings = this.#inferred.links.outOf.get(e.from)!.filter((other) => this.#flows(other));
    if (siblings.length === 1) return this.#partial(e.from);
    const twice = siblings.filter((other) => other.to === e.to).length > 1;
    return `\\left.${this.#partial(e.from)}\\right|_{${this.#symbols.get(e.to)!}${twice ? `.${e.port}` : ''}}`;
  }

  #contribution(e: Edge): void {
    const { op, call } = this.#inferred.calls.get(e.to)! as { op: Primitive; call: Call };
    const contribution = this.#read(bufferIds.edge(e.id));
    const upstream = this.#gradients.get(e.to)!;
    const local = this.#byElement(e);
    const derivative = (symbol: (id: NodeId) => Latex): Latex =>
      op.derivativeFormula(
        Object.fromEntries(this.#inputs(e.to).map((other) => [other.port, symbol(other.from)])),
        symbol(e.to),
        e.port,
        call,
      );
    const product = (gradient: Latex, factor: Latex): Latex => this.#chain(e, op, call, gradient, factor);
    const left = this.#contributionSymbol(e);
    const upstreamSymbol = e.to === this.#objective ? `\\frac{\\partial ${LOSS}}{\\partial ${LOSS}}` : this.#partial(e.to);
    // The local derivative as a number where it has one: that is the factor on the edge.
    const symbols = derivative((id) => this.#symbol(id));
    const plugged = NUMBER.test(symbols)
      ? symbols
      : local && isSmall(local) && (byElement(op, call) || upstream.shape.length === 0)
        ? valueLatex(local)
        : derivative((id) => this.#number(id));
    const numbers = product(isSmall(upstream) ? valueLatex(upstream) : upstreamSymbol, plugged);
    this.#add({
      phase: 'backward',
      node: e.to,
      edge: e.id,
      title: `The gradient at ${this.#name(e.to)} times its local derivative flows back to ${this.#name(e.from)}: ${valueText(contribution)}.`,
      value: contribution,
      ...(local ? { localDerivative: local } : {}),
      gradient: contribution,
      formula: `${left} = ${product(upstreamSymbol, symbols)}`,
      numbers: `${left} = ${numbers} = ${valueLatex(contribution)}`,
    });
  }

  /** Upstream gradient and local derivative, joined by the product that this operation calls for. */
  #chain(e: Edge, op: Primitive, call: Call, gradient: Latex, local: Latex): Latex {
    const [g, d] = [asFactor(gradient), asFactor(local)];
    const out = this.#gradients.get(e.to)!.shape;
    const port = this.#valueOf(e.from).shape;
    if (byElement(op, call)) {
      const sign = out.length > 0 && !NUMBER.test(local) ? '\\odot' : '\\cdot';
      const repeated = out.join() !== port.join();
      const all = `${g} ${sign} ${d}`;
      // A value that was repeated along an axis receives the sum over its repetitions.
      return repeated ? `\\sum \\left(${all}\\right)` : all;
    }
    if (out.length === 0) return `${g} \\cdot ${d}`;
    // ∂L/∂A = ∂L/∂T Bᵗ, but ∂L/∂B = Aᵗ ∂L/∂T: the second factor is reached from the left.
    const second = op.ports(call.attrs).findIndex((p) => p.name === e.port) === 1;
    return second ? `${d}\\,${g}` : `${g}\\,${d}`;
  }

  #update(parameters: readonly ParameterSpec[]): void {
    const { program } = this.request;
    const updates = program.steps.filter((step) => step.phase === 'update');
    if (updates.length === 0) return;
    const before = new Map<BufferId, Tensor>();
    // Counters are advanced before the weights read them, so of those the new value counts.
    for (const { id, role } of program.buffers)
      if ((role === 'parameter' || role === 'slot') && !id.startsWith(COUNTER)) before.set(id, this.#read(id));
    this.#device.runPhases(['update'], 1);
    for (const parameter of parameters) {
      const step = updates.find((s) => s.kernel.stores.some((store) => s.bind[store.to] === parameter.value));
      if (!step) continue;
      const node = parameter.key;
      const value = this.#read(parameter.value);
      const old = before.get(parameter.value)!;
      const gradient = this.#gradients.get(node) ?? this.#zeros(value.shape);
      // The rule's memory (Adam's m and v) comes first, and the weight's own line then speaks of it.
      const memory = step.kernel.stores.filter((store) => step.bind[store.to] !== parameter.value);
      const renewed = new Map(memory.map(({ to, value: expression }) => [JSON.stringify(expression), `${NEW}${to}`]));
      const rules = step.kernel.stores.map(({ to, value: expression }) => ({
        to,
        expression: step.bind[to] === parameter.value ? withNames(expression, renewed) : expression,
      }));
      rules.sort((x, y) => Number(step.bind[x.to] === parameter.value) - Number(step.bind[y.to] === parameter.value));
      const bufferOf = (name: string): BufferId => step.bind[name.startsWith(NEW) ? name.slice(NEW.length) : name]!;
      const symbol = (name: string): Latex => this.#bufferSymbol(bufferOf(name), parameter);
      const tensorOf = (name: string): Tensor => {
        const buffer = bufferOf(name);
        if (buffer === parameter.gradient) return gradient;
        return (name.startsWith(NEW) ? undefined : before.get(buffer)) ?? this.#read(buffer);
      };
      const number = (name: string): Latex => {
        const tensor = tensorOf(name);
        return isSmall(tensor) ? valueLatex(tensor) : symbol(name);
      };
      this.#add({
        phase: 'update',
        node,
        title: `${this.#name(node)} takes a step against its gradient: ${changeText(old, value)}.`,
        value,
        gradient,
        formula: lines(
          rules.map(({ to, expression }) => {
            const left = step.bind[to] === parameter.value ? this.#symbol(node) : symbol(to);
            return [left, `\\leftarrow ${latexOf(expression, symbol)}`];
          }),
        ),
        numbers: lines(
          rules.map(({ to, expression }) => [
            symbol(to),
            `\\leftarrow ${latexOf(expression, number)} = ${valueLatex(this.#read(step.bind[to]!))}`,
          ]),
        ),
      });
    }
  }

  #bufferSymbol(buffer: BufferId, parameter: ParameterSpec): Latex {
    if (buffer === parameter.value) return this.#symbols.get(parameter.key)!;
    if (buffer === parameter.gradient) return this.#partial(parameter.key);
    if (buffer.startsWith(COUNTER)) {
      // A counter is the running power of a hyperparameter: `beta1t` is β₁ᵗ.
      const base = HYPER_SYMBOLS.get(buffer.slice(COUNTER.length, -1));
      if (base !== undefined) return `${base}^{t}`;
    }
    const name = buffer.slice(buffer.lastIndexOf('/') + 1).replace(/^[a-z]:/, '');
    return HYPER_SYMBOLS.get(name) ?? symbolOf(name, name);
  }

  #zeros(shape: readonly number[]): Tensor {
    return { shape, data: new Float64Array(shape.reduce((n, axis) => n * axis, 1)) };
  }
}
