/**
 * A drawing of arrays as a drawing of single numbers: each element is a node of its own, a matrix product
 * is its products and their sum. Exercises are made from that, so any drawing gives some: a small one is
 * written out whole, of a large one what lies between one element and the loss.
 */
import { infer, type Inferred, nameOf } from '../compile/infer';
import { valueKernels } from '../compile/kernels';
import { ancestors, descendants } from '../compile/objective';
import { prepare, type Prepared } from '../compile/program';
import type { Attrs, NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { ACC } from '../ir/kernel';
import { product, sampleShape } from '../ir/shape';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';
import { type Call, OUT, type Op, type Primitive } from '../ops/op';
import { elementOf, type Source } from '../train/elements';
import { type ArrayElement, type ArrayKey, arrayOf, elementsIn, reachOf } from './unfold-reach';
import { ScalarWriter, type Term } from './unfold-writer';

/** More single numbers than this make no exercise. */
const MOST = 90;

export type Unfolded =
  | {
      readonly project: Project;
      readonly numbers: number;
      /** The number that was asked about, where one was. */
      readonly asked?: NodeId;
      /** What one must know beside the drawing, in sentences. */
      readonly notes: readonly string[];
    }
  | {
      readonly fault: string /** It is too large to be written out whole, but single elements can be asked about. */;
      readonly large?: true;
    };

/** The drawing, checked and with its layers opened. */
function prepared(project: Project): { readonly from: Prepared; readonly objective: NodeId } | { readonly fault: string } {
  const broken = infer(project).problems.find((p) => p.severity === 'error');
  if (broken) return { fault: broken.message };
  const from = prepare(project, null);
  if (from.objective === null) return { fault: 'The drawing has no loss. Add one, or mark a node as the one to minimise.' };
  return { from, objective: from.objective };
}

/** The whole drawing. */
export function unfold(project: Project): Unfolded {
  const made = prepared(project);
  if ('fault' in made) return made;
  const { order, shapes } = made.from.inferred;
  const sizes = order.map((id) => elementsIn(made.from.inferred, id));
  if (order.every((id) => sampleShape(shapes.get(id)!).length === 0)) return { project, numbers: order.length, notes: [] };
  const rough = sizes.reduce((a, b) => a + b, 0);
  if (rough > MOST)
    return {
      fault: `Written out, this drawing has more than ${rough} single numbers; exercises stop at ${MOST}. Ask about one element.`,
      large: true,
    };
  return new Unfolding(project, made.from, made.objective, null).result();
}

/** What lies between one element and the loss; all other numbers are given. */
export function unfoldAround(project: Project, asked: ArrayElement): Unfolded {
  const made = prepared(project);
  if ('fault' in made) return made;
  const { inferred, graph } = made.from;
  if (!inferred.shapes.has(asked.node) || asked.at >= elementsIn(inferred, asked.node))
    return { fault: 'The drawing has no such element any more.' };
  const reach = reachOf(inferred, ancestors(inferred, [made.objective]), asked, MOST);
  if (!reach)
    return {
      fault: `More than ${MOST} numbers depend on this element of '${nameOf(graph.nodes[asked.node]!)}'. Ask about an array that is nearer to the loss.`,
    };
  return new Unfolding(project, made.from, made.objective, { asked, reach }).result();
}

/** An array of which single elements can be asked about. */
export interface AskableArray {
  readonly node: NodeId;
  readonly name: string;
  readonly shape: readonly number[];
  /** Size of the exercise about its first element. */
  readonly numbers: number;
}

/** Parameters, inputs and results whose first element gives an exercise: parameters first, as the drawing goes. */
export function askableArrays(project: Project): readonly AskableArray[] {
  const made = prepared(project);
  if ('fault' in made) return [];
  const { inferred, graph } = made.from;
  const needed = ancestors(inferred, [made.objective]);
  const learned = descendants(
    inferred,
    inferred.order.filter((id) => {
      const op = opOf(graph.nodes[id]!.op);
      return op?.kind === 'source' && (op.role === 'parameter' || op.role === 'input');
    }),
  );
  const names = new Namer(made.from);
  const role = (id: NodeId): number => {
    const op = opOf(graph.nodes[id]!.op);
    return op?.kind !== 'source' ? 2 : op.role === 'parameter' ? 0 : 1;
  };
  return (
    inferred.order
      .filter((id) => id !== made.objective && needed.has(id) && learned.has(id))
      .flatMap((id) => {
        const asked = { node: id, at: 0 };
        const reach = reachOf(inferred, needed, asked, MOST);
        const written = reach && new Unfolding(project, made.from, made.objective, { asked, reach }).result();
        if (!written || 'fault' in written) return [];
        const shape = sampleShape(inferred.shapes.get(id)!) as readonly number[];
        return [{ node: id, name: names.of(id), shape, numbers: written.numbers }];
      })
      // A layer's product and its sum with the bias are one sum in exercises.
      .filter(({ name }, i, all) => !all.slice(i + 1).some((later) => later.name === name))
      .toSorted((a, b) => role(a.node) - role(b.node))
  );
}

/** Letters of the layers' arrays, first layer first, as books write them. */
const LETTERS: Readonly<Record<string, string>> = {
  weight: 'wvuq',
  bias: 'bcde',
  sum: 'srom',
  product: 'srom',
  convolution: 'srom',
  activation: 'hgkn',
};

/** Names of arrays: short letters for the parts of layers. */
class Namer {
  readonly #layers: readonly NodeId[];

  constructor(readonly from: Prepared) {
    this.#layers = [...new Set(from.inferred.order.filter((id) => id.endsWith('/weight')).map((id) => from.owner[id]!))];
  }

  of(id: NodeId): string {
    const node = this.from.graph.nodes[id]!;
    const slash = id.lastIndexOf('/');
    if (slash < 0) return (node.label ?? id).replaceAll('.', '');
    const part = id.slice(slash + 1);
    return LETTERS[part]?.[this.#layers.indexOf(this.from.owner[id]!)] ?? part.replaceAll('.', '');
  }
}

/** An element's node; the list of its terms where a sum is not drawn yet. */
type Cell = NodeId | readonly Term[];

class Unfolding {
  readonly #writer = new ScalarWriter();
  readonly #cells = new Map<ArrayKey, Map<number, Cell>>();
  readonly #zeros = new Map<ArrayKey, Float64Array>();
  readonly #uses = new Map<NodeId, number>();
  readonly #names: Namer;
  readonly #notes: string[] = [];
  readonly #inferred: Inferred;

  constructor(
    readonly project: Project,
    readonly from: Prepared,
    readonly objective: NodeId,
    readonly around: { readonly asked: ArrayElement; readonly reach: ReadonlyMap<ArrayKey, ReadonlySet<number>> } | null,
  ) {
    this.#inferred = from.inferred;
    this.#names = new Namer(from);
    for (const e of Object.values(from.graph.edges)) this.#uses.set(e.from, (this.#uses.get(e.from) ?? 0) + 1);
  }

  result(): Unfolded {
    const needed = ancestors(this.#inferred, [this.objective]);
    let asked: NodeId | undefined;
    if (this.around) {
      const { node, at } = this.around.asked;
      asked = this.#writer.node(this.#elementName(node, at), 'parameter', {}, { values: [1] });
      this.#put(node, at, asked);
    }
    for (const id of this.#inferred.order) {
      if (!needed.has(id) || id === this.around?.asked.node) continue;
      const fault = this.#write(id);
      if (fault !== null) return { fault };
    }
    const last = this.#idAt(this.objective, 0);
    const { nodes, edges } = this.#writer.leading(last);
    const numbers = Object.keys(nodes).length;
    if (numbers > MOST)
      return {
        fault: `Written out, this ${this.around ? 'question' : 'drawing'} has ${numbers} single numbers; exercises stop at ${MOST}. ${this.around ? 'Ask about an array that is nearer to the loss.' : 'Ask about one element.'}`,
        ...(this.around ? {} : { large: true }),
      };
    const { composites: _, ...plain } = this.project;
    const { settings } = this.project;
    const rests = this.#writer.rests.filter((id) => Object.hasOwn(nodes, id));
    return {
      numbers,
      ...(asked === undefined ? {} : { asked }),
      notes: [
        ...this.#notes,
        ...(rests.length > 0
          ? [
              `${listed(rests)} ${rests.length === 1 ? 'stands' : 'stand'} for the rest of a sum, which does not depend on the number asked about.`,
            ]
          : []),
      ],
      project: {
        ...plain,
        nodes,
        edges,
        positions: {},
        settings: { ...settings, data: { kind: 'none' }, training: { ...settings.training, objective: last } },
      },
    };
  }

  #explicit(key: ArrayKey, at: number): boolean {
    return this.around === null || (this.around.reach.get(key)?.has(at) ?? false);
  }

  /** Elements of an array that are written out, in row-major order. */
  #places(key: ArrayKey, size: number): readonly number[] {
    if (this.around === null) return Array.from({ length: size }, (_, k) => k);
    return [...(this.around.reach.get(key) ?? [])].sort((a, b) => a - b);
  }

  #write(id: NodeId): string | null {
    const node = this.from.graph.nodes[id]!;
    const op = opOf(node.op)!;
    const inputs = new Map([...this.#inferred.links.into.get(id)!].map(([port, e]) => [port, e.from]));
    if (op.kind === 'source') {
      this.#source(id, op, completeAttrs(op, node.attrs));
      return null;
    }
    const call = this.#inferred.calls.get(id)?.call;
    if (op.kind !== 'primitive' || !call) return `'${nameOf(node)}' (${op.title}) cannot be written as single numbers.`;
    const textbook = TEXTBOOK[op.name];
    if (textbook) return this[textbook](id, inputs);
    if (op.group === 'loss' && isScalar(op, node.attrs)) return this.#loss(id, op, call, inputs);
    if (isScalar(op, node.attrs)) return this.#elements(id, op, node.attrs, inputs);
    return this.#kernels(id, op, call);
  }

  /** Inputs become numbers with a gradient, so that they too may be asked for; targets stay fixed. */
  #source(id: NodeId, op: Op & { kind: 'source' }, attrs: Attrs): void {
    if (this.around) return;
    const given = attrs['values'] as readonly number[] | undefined;
    const isFixed = op.role === 'target' || op.role === 'constant';
    const role: Attrs = attrs['role'] === 'bias' ? { role: 'bias' } : {};
    for (let k = 0; k < elementsIn(this.#inferred, id); k++) {
      const value = given?.length ? given[k % given.length]! : 1;
      const name = this.#elementName(id, k);
      this.#put(
        id,
        k,
        isFixed ? this.#writer.given(name, value) : this.#writer.node(name, 'parameter', {}, { values: [value], ...role }),
      );
    }
  }

  #loss(id: NodeId, op: Primitive, call: Call, inputs: ReadonlyMap<string, NodeId>): string | null {
    const [prediction, target] = [inputs.get('prediction')!, inputs.get('target')!];
    const [outputs, targets] = [elementsIn(this.#inferred, prediction), elementsIn(this.#inferred, target)];
    const size = Math.max(outputs, targets);
    const name = this.#names.of(id);
    const parts = Array.from({ length: size }, (_, k): Term => {
      const [p, t] = [k % outputs, k % targets];
      if (!this.#explicit(prediction, p) && !this.#explicit(target, t)) return null;
      return this.#writer.node(
        size === 1 ? name : `${name}${k + 1}`,
        op.name,
        { prediction: this.#idAt(prediction, p), target: this.#idAt(target, t) },
        this.from.graph.nodes[id]!.attrs,
      );
    });
    // Over several outputs a loss adds or averages: its kernel says which.
    const kernel = valueKernels(op, call, false).kernels.at(-1)!;
    const adds = kernel.fold === undefined || kernel.stores[0]!.value.kind === 'read';
    this.#put(id, 0, size === 1 ? parts[0]! : adds ? this.#writer.sum(parts, name) : this.#writer.mean(parts, name));
    return null;
  }

  #elements(id: NodeId, op: Primitive, attrs: Attrs, inputs: ReadonlyMap<string, NodeId>): string | null {
    const shape = this.#shape(id);
    for (const k of this.#places(id, product(shape))) {
      const at = indicesOf(k, shape);
      const place = (from: NodeId): number => offset(at, shape, this.#shape(from));
      const name = this.#elementName(id, k);
      if (op.name === 'add') {
        // Terms of a product that nobody else takes are added here, with the bias, in one sum.
        const terms = [...inputs.values()].flatMap((from): readonly Term[] => {
          if (!this.#explicit(from, place(from))) return [null];
          const cell = this.#cells.get(from)?.get(place(from));
          return cell !== undefined && typeof cell !== 'string' && this.#uses.get(from) === 1
            ? cell
            : [this.#idAt(from, place(from))];
        });
        this.#put(id, k, this.#writer.sum(terms, name));
        continue;
      }
      const ports = Object.fromEntries([...inputs].map(([port, from]) => [port, this.#idAt(from, place(from))]));
      this.#put(id, k, this.#writer.node(name, op.name, ports, attrs));
    }
    return null;
  }

  /** −ln softmax of the right class: ln Σ e^s − s of that class. Other classes are together as one score. */
  protected crossEntropy(id: NodeId, inputs: ReadonlyMap<string, NodeId>): string | null {
    const scores = inputs.get('prediction')!;
    const size = elementsIn(this.#inferred, scores);
    const places = this.#places(scores, size);
    const right = this.around ? (places[0] ?? 0) : this.#rightClass(inputs.get('target')!);
    const exps: NodeId[] = places.map((k) => this.#writer.node(`e${k + 1}`, 'exp', { x: this.#idAt(scores, k) }));
    if (places.length < size) {
      const others = this.#writer.given('others');
      exps.push(this.#writer.node('eo', 'exp', { x: others }));
      this.#notes.push('‘others’ stands for the scores of the other classes: e to the power of it is what they add to E.');
    }
    const total = this.#writer.sum(exps, 'E');
    const log = this.#writer.node('M', 'log', { x: total });
    this.#put(id, 0, this.#writer.node(this.#names.of(id), 'subtract', { a: log, b: this.#idAt(scores, right) }));
    this.#notes.push(`The right class is number ${right + 1}.`);
    return null;
  }

  #rightClass(target: NodeId): number {
    const given = this.from.graph.nodes[target]!.attrs['values'] as readonly number[] | undefined;
    return given?.length ? given.indexOf(Math.max(...given)) : 0;
  }

  protected softmax(id: NodeId, inputs: ReadonlyMap<string, NodeId>): string | null {
    return this.#normalised(id, inputs.get('x')!, (name, score, total) =>
      this.#writer.node(name, 'divide', { a: this.#writer.node('e', 'exp', { x: score }), b: total }),
    );
  }

  protected logSoftmax(id: NodeId, inputs: ReadonlyMap<string, NodeId>): string | null {
    return this.#normalised(id, inputs.get('x')!, (name, score, total) =>
      this.#writer.node(name, 'subtract', { a: score, b: this.#writer.node('M', 'log', { x: total }) }),
    );
  }

  #normalised(id: NodeId, x: NodeId, share: (name: string, score: NodeId, total: NodeId) => NodeId): string | null {
    const length = this.#shape(id).at(-1)!;
    const totals = new Map<number, NodeId>();
    for (const k of this.#places(id, elementsIn(this.#inferred, id))) {
      const first = k - (k % length);
      let total = totals.get(first);
      if (total === undefined) {
        const scores = Array.from({ length }, (_, i) => this.#idAt(x, first + i));
        total = this.#writer.sum(
          scores.map((score, i) => this.#writer.node(`e${i + 1}`, 'exp', { x: score })),
          'E',
        );
        totals.set(first, total);
      }
      this.#put(id, k, share(this.#elementName(id, k), this.#idAt(x, k), total));
    }
    return null;
  }

  /** Any other operation, element by element as its kernels say. */
  #kernels(id: NodeId, op: Primitive, call: Call): string | null {
    const { kernels, temps } = valueKernels(op, call, false);
    const sizeOf = (key: ArrayKey, name: string): number =>
      key.includes('~') ? product(sampleShape(temps![name]!)) : elementsIn(this.#inferred, key);
    for (const kernel of kernels)
      for (const { to } of kernel.stores) {
        const key = arrayOf(this.#inferred, id, to);
        for (const k of this.#places(key, sizeOf(key, to))) {
          const numbers = (name: string): Float64Array =>
            this.#blank(arrayOf(this.#inferred, id, name), (of) => sizeOf(of, name));
          const element = elementOf(kernel, numbers, to, k, 1, Number.POSITIVE_INFINITY);
          if (!element) continue;
          const name = to === OUT ? this.#elementName(id, k) : `${to}${k + 1}`;
          const cell = this.#gathered(id, element, name);
          if (cell === null)
            return `'${nameOf(this.from.graph.nodes[id]!)}' (${op.title}) decides between cases, which single numbers cannot say. Exercises know products, sums, activations and other functions of one number.`;
          this.#put(key, k, cell);
        }
      }
    return null;
  }

  #gathered(id: NodeId, element: NonNullable<ReturnType<typeof elementOf>>, name: string): Cell | null {
    const { body, fold, finish, finishSources } = element;
    const keyOf = (source: Source): ArrayKey => arrayOf(this.#inferred, id, source.name);
    const idOf =
      (sources: readonly Source[]) =>
      (read: string): NodeId => {
        const source = sources.find((one) => one.name === read)!;
        return this.#idAt(keyOf(source), source.at);
      };
    if (fold === null) {
      const { sources } = element.terms[0]!;
      if (body.kind === 'read') return this.#cellAt(keyOf(sources[0]!), sources[0]!.at);
      return this.#writer.expression(body, idOf(sources), name);
    }
    const terms: Term[] = [];
    for (const { sources } of element.terms) {
      if (!sources.some((source) => this.#explicit(keyOf(source), source.at))) {
        terms.push(null);
        continue;
      }
      const term = this.#writer.expression(body, idOf(sources));
      if (term === null) return null;
      terms.push(term);
    }
    const isPlain = finish.kind === 'read' && finish.name === ACC;
    if (fold === 'sum' && isPlain) return terms;
    const inner = isPlain ? name : `${name}t`;
    const all = fold === 'sum' ? this.#writer.sum(terms, inner) : this.#largest(terms, inner);
    return isPlain ? all : this.#writer.expression(finish, (read) => (read === ACC ? all : idOf(finishSources)(read)), name);
  }

  #largest(terms: readonly Term[], name: string): NodeId {
    const written = terms.filter((term) => term !== null);
    if (written.length < terms.length) written.push(this.#writer.given('rest'));
    return written.reduce((a, b) => this.#writer.node(name, 'maximum', { a, b }));
  }

  #blank(key: ArrayKey, size: (key: ArrayKey) => number): Float64Array {
    let found = this.#zeros.get(key);
    if (!found) this.#zeros.set(key, (found = new Float64Array(size(key))));
    return found;
  }

  #put(key: ArrayKey, at: number, cell: Cell | null): void {
    if (cell === null) return;
    let cells = this.#cells.get(key);
    if (!cells) this.#cells.set(key, (cells = new Map()));
    cells.set(at, cell);
  }

  /** What does not depend on the number asked about is given. */
  #cellAt(key: ArrayKey, at: number): Cell {
    const found = this.#cells.get(key)?.get(at);
    if (found !== undefined) return found;
    const given = this.#writer.given(key.includes('~') ? 'k' : this.#elementName(key, at));
    this.#put(key, at, given);
    return given;
  }

  /** An element's node; a product's sum is drawn when somebody needs it as such. */
  #idAt(key: ArrayKey, at: number): NodeId {
    const cell = this.#cellAt(key, at);
    if (typeof cell === 'string') return cell;
    const id = this.#writer.sum(cell, this.#elementName(key, at));
    this.#put(key, at, id);
    return id;
  }

  #shape(id: NodeId): readonly number[] {
    return sampleShape(this.#inferred.shapes.get(id)!) as readonly number[];
  }

  #elementName(id: ArrayKey, at: number): string {
    const shape = this.#inferred.shapes.has(id) ? this.#shape(id) : [];
    return `${id.includes('~') ? 'k' : this.#names.of(id)}${suffix(indicesOf(at, shape), shape)}`;
  }
}

/** Operations that books write in another way than devices compute them. */
const TEXTBOOK: Readonly<Record<string, 'crossEntropy' | 'softmax' | 'logSoftmax'>> = {
  'cross-entropy-logits': 'crossEntropy',
  softmax: 'softmax',
  'log-softmax': 'logSoftmax',
};

/** The operation acts on single numbers, with a single number as its result. */
function isScalar(op: Primitive, attrs: Attrs): boolean {
  const full = completeAttrs(op, attrs);
  const inferred = op.infer(Object.fromEntries(op.ports(full).map((port) => [port.name, []])), full);
  return 'shape' in inferred && inferred.shape.length === 0 && op.group !== 'shape' && op.group !== 'reduction';
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;

/** The place of an element, in row-major order. */
function indicesOf(at: number, shape: readonly number[]): readonly number[] {
  const indices: number[] = [];
  let rest = at;
  for (const axis of shape.toReversed()) {
    indices.unshift(rest % axis);
    rest = Math.floor(rest / axis);
  }
  return indices;
}

/** w12 for the element (1, 2); axes of one number are not counted. */
const suffix = (at: readonly number[], shape: readonly number[]): string =>
  at
    .filter((_, axis) => shape[axis]! > 1)
    .map((i) => i + 1)
    .join(shape.some((axis) => axis > 9) ? ',' : '');

/** Where an operand is read for a place of the result: its last axes line up, axes of 1 repeat. */
function offset(at: readonly number[], shape: readonly number[], operand: readonly number[]): number {
  const skip = shape.length - operand.length;
  return operand.reduce((sum, axis, i) => sum * axis + (axis === 1 ? 0 : at[i + skip]!), 0);
}
