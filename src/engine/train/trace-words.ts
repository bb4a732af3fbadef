/**
 * The formulas and sentences of a recorded iteration, in the convention that is asked for. They are made
 * when a step is looked at: a long iteration opens at once, and turning the convention costs nothing.
 */
import { infer, nameOf } from '../compile/infer';
import type { Edge, EdgeId, Graph, NodeId } from '../graph/graph';
import type { Expr } from '../ir/expr';
import { asFactor, asTerm, type Convention, type Latex, latexOf, productLatex } from '../ir/latex';
import { concrete, isBatched, sampleShape, type Shape, type Tensor } from '../ir/shape';
import type { Call, Op, Primitive } from '../ops/op';
import { optimizers } from '../optimizers/index';
import type { BufferId } from '../plan';
import { changeText, isSmall, listText, shapedLatex, symbolOf, targetLatex, valueLatex, valueText } from './trace-symbols';
import type { LocalDerivative, RecordedLocal, RecordedStep, Recording, Trace, TraceStep } from './trace-types';

export function worded(recording: Recording, graph: Graph, convention: Convention): Trace {
  const words = new Words(recording, graph, convention);
  return { ...recording, of: words.of, steps: recording.steps.map((step) => wordedStep(step, words)) };
}

interface Said {
  readonly title: string;
  readonly formula: Latex;
  readonly numbers: Latex;
}

/** A recorded step that writes its formulas when they are first read. */
function wordedStep(step: RecordedStep, words: Words): TraceStep {
  let said: Said | null = null;
  let locals: readonly LocalDerivative[] | undefined;
  const all = (): Said => (said ??= words.say(step));
  return {
    ...step,
    get title() {
      return all().title;
    },
    get formula() {
      return all().formula;
    },
    get numbers() {
      return all().numbers;
    },
    get locals() {
      return (locals ??= step.locals?.map((local) => words.local(local)));
    },
  };
}

/** The loss of one sample in formulas; of several the mean is L. */
const LOSS: Latex = 'l';
const MEAN: Latex = 'L';

const HYPER_SYMBOLS: ReadonlyMap<string, Latex> = new Map(
  optimizers.flatMap(({ hyper, counters }) =>
    [...Object.entries(hyper), ...Object.entries(counters)].map(([name, { symbol }]) => [name, symbol] as const),
  ),
);

/** Whether each element of the result depends on one element of each input. */
function byElement(op: Primitive, call: Call): boolean {
  const { kernels } = op.value(call);
  return kernels.length === 1 && !kernels[0]!.fold;
}

const NUMBER = /^-?[\d.]+$/;
/** Marks names in recorded rules that mean a buffer after its update. */
export const NEW = 'new ';

/** One assignment as it stands; several below each other, lined up at the arrow. */
function lines(assignments: readonly (readonly [left: Latex, right: Latex])[]): Latex {
  const [first, ...more] = assignments;
  if (first && more.length === 0) return first.join(' ');
  return `\\begin{aligned} ${assignments.map(([left, right]) => `${left} &${right}`).join(' \\\\ ')} \\end{aligned}`;
}

class Words {
  readonly #inferred: ReturnType<typeof infer>;
  readonly #symbols = new Map<NodeId, Latex>();
  readonly #values = new Map<NodeId, Tensor>();
  readonly #gradients = new Map<NodeId, Tensor>();
  readonly #contributions = new Map<EdgeId, Tensor>();
  readonly #objective: NodeId | null = null;
  /** What is derived, in formulas and in sentences. */
  readonly of: Latex;

  constructor(
    readonly recording: Recording,
    readonly graph: Graph,
    readonly convention: Convention,
  ) {
    this.#inferred = infer(graph);
    for (const node of Object.values(graph.nodes)) this.#symbols.set(node.id, symbolOf(node.id, nameOf(node)));
    for (const { phase, node, edge, value, gradient, mean } of recording.steps) {
      if (mean) continue;
      if (phase === 'forward') this.#values.set(node, value);
      else if (phase === 'loss') {
        if (gradient === undefined) this.#values.set(node, value);
        else {
          this.#objective = node;
          this.#gradients.set(node, gradient);
        }
      } else if (phase === 'backward') {
        if (edge === undefined) this.#gradients.set(node, value);
        else {
          this.#contributions.set(edge, value);
          // The first one stands until a sum of several follows.
          const { from } = graph.edges[edge]!;
          if (!this.#gradients.has(from)) this.#gradients.set(from, value);
        }
      }
    }
    const { target, rows } = recording;
    const objective = this.#objective;
    this.of =
      target && objective !== null
        ? targetLatex(this.#symbols.get(objective)!, this.#valueOf(objective).shape, target.element, rows, convention)
        : this.#isMean
          ? MEAN
          : LOSS;
  }

  get #isMean(): boolean {
    return this.recording.steps.some(({ mean }) => mean);
  }

  say(step: RecordedStep): Said {
    if (step.verification) return this.#verification(step);
    if (step.mean) return this.#mean(step);
    if (step.update) return this.#update(step);
    if (step.phase === 'backward') return step.edge === undefined ? this.#sum(step) : this.#contribution(step, step.edge);
    return step.phase === 'loss' && step.gradient ? this.#seed(step) : this.#value(step);
  }

  /** The forward pass once more, with the new weights: what the step was good for. */
  #verification({ value }: RecordedStep): Said {
    const { loss } = this.recording;
    const before: Tensor = { shape: [], data: Float64Array.of(loss!) };
    const [old, now] = [loss!, value.data[0]!];
    const sign = now < old ? '<' : now > old ? '>' : '=';
    const whose = this.recording.rows > 1 ? 'the mean loss of these samples' : 'the loss of this sample';
    const verdict =
      now < old
        ? 'the step made it smaller'
        : now > old
          ? `the step was too long for ${this.recording.rows > 1 ? 'these samples' : 'this sample'}, and made it larger`
          : 'the step changed nothing';
    return {
      title: `Forward once more with the new weights: ${whose} is ${valueText(value)}, and was ${valueText(before)}; ${verdict}.`,
      formula: `${this.of}_{\\text{new}} ${sign} ${this.of}`,
      numbers: `${this.#number(value)} ${sign} ${this.#number(before)}`,
    };
  }

  #mean({ node, value }: RecordedStep): Said {
    const { rows } = this.recording;
    const losses = this.#valueOf(node);
    const terms = [...losses.data]
      .slice(0, rows)
      .map((x) => valueLatex({ shape: [], data: Float64Array.of(x) }, this.convention));
    const written = terms.length <= 6 ? terms : [...terms.slice(0, 4), '\\dots', terms.at(-1)!];
    const sum = written.map((term, i) => (i === 0 || term === '\\dots' ? term : asTerm(term))).join(' + ');
    return {
      title: `The mean of the ${rows} losses is ${valueText(value)}: this is what the step makes smaller.`,
      formula: `${MEAN} = \\frac{1}{n} \\sum_{i=1}^{n} ${LOSS}_i`,
      numbers: `${MEAN} = \\frac{1}{${rows}}\\left(${sum}\\right) = ${this.#number(value)}`,
    };
  }

  #seed({ node, value }: RecordedStep): Said {
    const { target, rows } = this.recording;
    const name = this.#name(node);
    if (target) {
      const what =
        value.data.length === 1
          ? name
          : target.element === 'sum'
            ? `the sum of all elements of ${name}`
            : `the chosen element of ${name}`;
      return {
        title: `${capital(what)} is derived. Its derivative with respect to itself is 1: from here the gradient flows back.`,
        formula: `\\frac{\\partial ${this.of}}{\\partial ${this.#symbols.get(node)!}} = ${this.#number(value)}`,
        numbers: `\\frac{\\partial ${this.of}}{\\partial ${this.#symbols.get(node)!}} = ${this.#number(value)}`,
      };
    }
    if (this.#isMean)
      return {
        title: `Each of the ${rows} losses counts with 1/${rows} in the mean: from here the gradient flows back.`,
        formula: `\\frac{\\partial ${MEAN}}{\\partial ${LOSS}_i} = \\frac{1}{n}`,
        numbers: `\\frac{\\partial ${MEAN}}{\\partial ${LOSS}} = ${this.#number(value)}`,
      };
    const formula = `\\frac{\\partial ${LOSS}}{\\partial ${LOSS}} = 1`;
    return {
      title: 'The derivative of the loss with respect to itself is 1: from here the gradient flows back.',
      formula,
      numbers: formula,
    };
  }

  #name(id: NodeId): string {
    return `'${nameOf(this.graph.nodes[id]!)}'`;
  }

  #valueOf(id: NodeId): Tensor {
    return this.#values.get(id)!;
  }

  #number(tensor: Tensor): Latex {
    return valueLatex(tensor, this.convention);
  }

  /** A node's symbol, with its shape below it where it is an array. */
  #shaped(id: NodeId): Latex {
    return shapedLatex(this.#symbols.get(id)!, this.#valueOf(id).shape, this.convention);
  }

  /** A node's number, or its symbol where its numbers are too many to write. */
  #plugged(id: NodeId): Latex {
    const tensor = this.#valueOf(id);
    return isSmall(tensor) ? this.#number(tensor) : this.#symbols.get(id)!;
  }

  #partial(of: NodeId): Latex {
    const symbol = of === this.#objective && !this.recording.target ? LOSS : this.#symbols.get(of)!;
    return `\\frac{\\partial ${this.of}}{\\partial ${symbol}}`;
  }

  #inputs(id: NodeId): readonly Edge[] {
    const { op, call } = this.#inferred.calls.get(id)!;
    const into = this.#inferred.links.into.get(id)!;
    return op.ports(call.attrs).map((port) => into.get(port.name)!);
  }

  /** The operation as it is used here: of one row nothing is batched. */
  #call(id: NodeId): { readonly op: Op; readonly call: Call } {
    const { op, call } = this.#inferred.calls.get(id)!;
    if (this.recording.rows > 1) return { op, call };
    const shapes = Object.fromEntries(Object.entries(call.shapes).map(([port, shape]) => [port, sampleShape(shape)]));
    return { op, call: { ...call, shapes, out: sampleShape(call.out) } };
  }

  #args(node: NodeId, latex: (id: NodeId) => Latex): Record<string, Latex> {
    return Object.fromEntries(this.#inputs(node).map((e) => [e.port, latex(e.from)]));
  }

  #value({ node, phase, value }: RecordedStep): Said {
    const { op, call } = this.#call(node);
    const name = this.#shaped(node);
    const result = this.#number(value);
    const symbol = this.#symbols.get(node)!;
    if (op.kind === 'source') {
      const from = {
        input: 'from the data',
        target: 'the answer that the data asks for',
        constant: 'fixed',
        parameter: 'to be learned',
      }[op.role];
      return { title: `${this.#name(node)} is ${valueText(value)}, ${from}.`, formula: name, numbers: `${symbol} = ${result}` };
    }
    const isLoss = phase === 'loss' && !this.recording.target;
    const formula = op.formula(
      this.#args(node, (id) => this.#shaped(id)),
      call,
      this.convention,
    );
    const plugged = op.formula(
      this.#args(node, (id) => this.#plugged(id)),
      call,
      this.convention,
    );
    const given = listText(this.#inputs(node).map((e) => this.#name(e.from)));
    return {
      title: isLoss
        ? this.recording.rows > 1
          ? `The losses of these samples are ${valueText(value)}.`
          : `The loss of this sample is ${valueText(value)}.`
        : `${op.title} takes ${given} and gives ${this.#name(node)}: ${valueText(value)}.`,
      formula: `${isLoss ? LOSS : name} = ${formula}`,
      numbers: `${isLoss ? LOSS : symbol} = ${plugged} = ${result}`,
    };
  }

  /** ∂out/∂input along an edge, in symbols and numbers. */
  local(recorded: RecordedLocal): LocalDerivative {
    const e = this.graph.edges[recorded.edge]!;
    const { op, call } = this.#call(e.to) as { op: Primitive; call: Call };
    const { value } = recorded;
    const latex = (symbol: (id: NodeId) => Latex): Latex =>
      op.derivativeFormula(this.#args(e.to, symbol), symbol(e.to), e.port, call, this.convention);
    const left = `\\frac{\\partial ${this.#symbols.get(e.to)!}}{\\partial ${this.#symbols.get(e.from)!}}`;
    const plugged = latex((id) => this.#plugged(id));
    const result = value && isSmall(value) && byElement(op, call) ? this.#number(value) : null;
    return {
      ...recorded,
      formula: `${left} = ${latex((id) => this.#shaped(id))}`,
      numbers: `${left} = ${plugged}${result === null || result === plugged ? '' : ` = ${result}`}`,
    };
  }

  #flows(e: Edge): boolean {
    return this.#contributions.has(e.id);
  }

  #sum({ node, value }: RecordedStep): Said {
    const arriving = this.#inferred.links.outOf.get(node)!.filter((e) => this.#flows(e));
    const parts = arriving.map((e) => this.#contributions.get(e.id)!);
    const left = this.#partial(node);
    const symbols = arriving.map((e) => this.#contributionSymbol(e)).join(' + ');
    const numbers = parts.every(isSmall)
      ? parts.map((part, i) => (i === 0 ? this.#number(part) : asTerm(this.#number(part)))).join(' + ')
      : symbols;
    return {
      title: `${this.#name(node)} feeds ${arriving.length} edges, so the contributions of all of them are added.`,
      formula: `${left} = ${symbols}`,
      numbers: `${left} = ${numbers} = ${this.#number(value)}`,
    };
  }

  /** One of several contributions is marked with the node through which it comes. */
  #contributionSymbol(e: Edge): Latex {
    const siblings = this.#inferred.links.outOf.get(e.from)!.filter((other) => this.#flows(other));
    if (siblings.length === 1) return this.#partial(e.from);
    const twice = siblings.filter((other) => other.to === e.to).length > 1;
    return `\\left.${this.#partial(e.from)}\\right|_{${this.#symbols.get(e.to)!}${twice ? `.${e.port}` : ''}}`;
  }

  #contribution({ value, localDerivative }: RecordedStep, edge: EdgeId): Said {
    const e = this.graph.edges[edge]!;
    const { op, call } = this.#call(e.to) as { op: Primitive; call: Call };
    const upstream = this.#gradients.get(e.to)!;
    const derivative = (symbol: (id: NodeId) => Latex): Latex =>
      op.derivativeFormula(this.#args(e.to, symbol), symbol(e.to), e.port, call, this.convention);
    const left = this.#contributionSymbol(e);
    const upstreamSymbol = this.#partial(e.to);
    // The local derivative as a number where it has one: that is the factor on the edge.
    const symbols = derivative((id) => this.#shaped(id));
    const elementwise = byElement(op, call);
    const plugged = NUMBER.test(symbols)
      ? symbols
      : localDerivative && isSmall(localDerivative) && (elementwise || upstream.data.length === 1)
        ? this.#number(localDerivative)
        : derivative((id) => this.#plugged(id));
    const gradient = isSmall(upstream) ? this.#number(upstream) : upstreamSymbol;
    const product = (g: Latex, factor: Latex, symbol: (id: NodeId) => Latex): Latex =>
      op.backwardFormula
        ? op.backwardFormula(g, this.#args(e.to, symbol), e.port, call, this.convention)
        : this.#chain(e, elementwise, g, factor);
    return {
      title: `The gradient at ${this.#name(e.to)} times its local derivative flows back to ${this.#name(e.from)}: ${valueText(value)}.`,
      formula: `${left} = ${product(upstreamSymbol, symbols, (id) => this.#shaped(id))}`,
      numbers: `${left} = ${product(gradient, plugged, (id) => this.#plugged(id))} = ${this.#number(value)}`,
    };
  }

  /** Upstream gradient and local derivative, joined by the product that this operation calls for. */
  #chain(e: Edge, elementwise: boolean, gradient: Latex, local: Latex): Latex {
    const [g, d] = [asFactor(gradient), asFactor(local)];
    const { shapes, out: result } = this.#call(e.to).call;
    const inRows = (shape: Shape): readonly number[] => concrete(shape, this.recording.rows);
    const out = inRows(result);
    const number = out.every((axis) => axis === 1);
    if (elementwise) {
      const sign = !number && !NUMBER.test(local) ? '\\odot' : '\\cdot';
      const all = `${g} ${sign} ${d}`;
      // A value that was repeated along an axis, or for every row, receives the sum over its repetitions.
      const given = inRows(shapes[e.port]!);
      return out.join() === given.join() ? all : `${this.#repeated(e)} \\left(${all}\\right)`;
    }
    if (number || !isArray(result)) return `${g} ${number ? '\\cdot' : '\\odot'} ${d}`;
    return productLatex(g, d, this.convention);
  }

  /** The sum over what a value was repeated for; over the rows of the batch it has an index of its own. */
  #repeated(e: Edge): Latex {
    const { shapes, out } = this.#call(e.to).call;
    const given = shapes[e.port]!;
    const overRows = isBatched(out) && !isBatched(given) && this.recording.rows > 1;
    const own = sampleShape(given).length === sampleShape(out).length && sampleShape(given).join() === sampleShape(out).join();
    return overRows && own ? '\\sum_{i=1}^{n}' : '\\sum';
  }

  #update(step: RecordedStep): Said {
    const { node, value, gradient } = step;
    const { rules, bind, parameter, before, after, gradient: gradientBuffer } = step.update!;
    const old = this.#valueOf(node);
    const bufferOf = (name: string): BufferId => bind[name.startsWith(NEW) ? name.slice(NEW.length) : name]!;
    const symbol = (name: string): Latex => this.#bufferSymbol(bufferOf(name), node, parameter, gradientBuffer);
    const tensorOf = (name: string): Tensor | undefined => {
      const buffer = bufferOf(name);
      if (buffer === gradientBuffer) return gradient;
      if (buffer === parameter) return old;
      return (name.startsWith(NEW) ? after : before)[buffer];
    };
    const number = (name: string): Latex => {
      const tensor = tensorOf(name);
      return tensor && isSmall(tensor) ? this.#number(tensor) : symbol(name);
    };
    const isArray = (name: string): boolean => (tensorOf(name)?.data.length ?? 1) > 1;
    const result = (to: string): Tensor => (bind[to] === parameter ? value : after[bind[to]!]!);
    const assigned = (right: (to: string, expression: Expr) => Latex): Latex =>
      lines(rules.map(({ to, expression }) => [symbol(to), `\\leftarrow ${right(to, expression)}`]));
    return {
      title: `${this.#name(node)} takes a step against its gradient: ${changeText(old, value)}.`,
      formula: assigned((_to, expression) => latexOf(expression, symbol, isArray)),
      numbers: assigned((to, expression) => `${latexOf(expression, number, isArray)} = ${this.#number(result(to))}`),
    };
  }

  #bufferSymbol(buffer: BufferId, node: NodeId, parameter: BufferId, gradient: BufferId): Latex {
    if (buffer === parameter) return this.#symbols.get(node)!;
    if (buffer === gradient) return this.#partial(node);
    const name = buffer.slice(buffer.lastIndexOf('/') + 1).replace(/^[a-z]:/, '');
    return HYPER_SYMBOLS.get(name) ?? symbolOf(name, name);
  }
}

const capital = (text: string): string => text.replace(/^./, (c) => c.toUpperCase());
const isArray = (shape: Shape): boolean => sampleShape(shape).length > 0;
