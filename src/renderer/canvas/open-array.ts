/**
 * A vector or matrix of the drawing as its single numbers, around the node's place: each element a part of
 * its own, of a product of arrays each multiplication too, and lines between the elements that make each
 * other, as the kernels say. More than is readable is drawn as what stands for the rest, with its count.
 */
import type { Checked } from '../../engine/compile/check';
import { readsOfElement } from '../../engine/compile/element-reads';
import type { DatasetInfo } from '../../engine/data/dataset';
import type { NodeId } from '../../engine/graph/graph';
import { product, sampleShape } from '../../engine/ir/shape';
import type { Call, Op, Primitive } from '../../engine/ops/op';
import { indicesOf } from '../../engine/train/trace-symbols';
import { partId, type PartName } from '../editor/lens';
import {
  basePart,
  type End,
  type Look,
  MOST_PRODUCTS,
  MOST_ROWS,
  partValue,
  partGradient,
  restPart,
  windowOf,
} from './open-layer';
import { type Elements as Places, one, type Reads, span, type Span } from './reads';
import { counted, type EdgeVisual, featureNames, type NodeVisual, plotOf, type Spot } from './scene';

/** Elements that are drawn of an array at most, below each other; matrices of at most so many rows and columns as a grid. */
const MOST_ELEMENTS = 12;
const MOST_SIDE = 6;
/** Pairs of elements that are looked through to tell what feeds what. */
const MOST_PAIRS = 4096;

export interface OpenArray {
  readonly nodes: readonly NodeVisual[];
  readonly edges: readonly EdgeVisual[];
  readonly places: ReadonlyMap<NodeId, Spot>;
  readonly outs: readonly End[];
  readonly shows: ReadonlyMap<NodeId, readonly NodeId[]>;
  readonly reach: { readonly left: number; readonly right: number; readonly half: number };
  /** The lines into its elements by one connection, from the ends of what feeds it. */
  into(e: EdgeVisual, sources: readonly End[]): readonly EdgeVisual[];
}

/** What the array is: an operation with its call, or a source. */
export interface ArrayNode {
  readonly id: NodeId;
  readonly shape: readonly number[];
  readonly glyph: string;
  /** The operation that computes it; null: it is given. */
  readonly made: { readonly op: Primitive; readonly call: Call } | null;
  /** The node behind each of its inputs, in the expanded drawing. */
  readonly from: Readonly<Record<string, NodeId>>;
  /** What its numbers are called, where they have names: the features of an input. */
  readonly labels: readonly string[];
  readonly isParameter: boolean;
}

/** The array at a node of the drawing that a lens can open into its numbers; null for composites and single numbers. */
export function arrayAt(id: NodeId, checked: Checked, data: DatasetInfo | null): ArrayNode | null {
  const found = checked.inferred.calls.get(id);
  if (!found || found.op.kind === 'composite') return null;
  const { op, call } = found;
  const shape = sampleShape(call.out);
  if (product(shape) < 2 && !isProducts(call, op)) return null;
  const { output } = checked.expansion;
  const from = Object.fromEntries(
    [...checked.inferred.links.into.get(id)!].map(([port, e]) => [port, output.get(e.from) ?? e.from]),
  );
  return {
    id,
    shape,
    glyph: op.glyph,
    made: op.kind === 'primitive' ? { op, call } : null,
    from,
    labels: op.kind === 'source' && op.role === 'input' && shape.length === 1 ? featureNames(shape[0]!, data) : [],
    isParameter: op.kind === 'source' && op.role === 'parameter',
  };
}

/** A vector times a matrix, or times a vector: sums of single products. */
const isProducts = ({ shapes }: Call, op: Op): boolean => {
  if (op.name !== 'matmul') return false;
  const a = sampleShape(shapes['a']!);
  return a.length === 1 && a[0]! > 1;
};

const ELEMENT = 40;
const PITCH = { tag: 34, dot: 52 } as const;
const COLUMN = 64;
const PRODUCT_ROW = 46;
const SUM_AT = 190;

export function asElements(array: ArrayNode, look: Look): OpenArray {
  const { made } = array;
  const elements = new Elements(array, look);
  return made && isProducts(made.call, made.op) ? elements.products(made.call) : elements.plain();
}

class Elements {
  readonly #nodes: NodeVisual[] = [];
  readonly #edges: EdgeVisual[] = [];
  readonly #places = new Map<NodeId, Spot>();
  readonly #outs: End[] = [];
  /** Products of a matrix product, by what they multiply. */
  readonly #products: { readonly id: NodeId; readonly unit: number; readonly inputs: Span }[] = [];
  readonly #count: number;

  constructor(
    readonly array: ArrayNode,
    readonly look: Look,
  ) {
    this.#count = product(array.shape);
  }

  #name(at: number): string {
    const { labels, shape } = this.array;
    if (this.#count === 1) return this.look.title;
    const index = shape.length === 1 ? String(at + 1) : indicesOf(at, shape).join(', ');
    return labels[at] ? `${this.look.title}, ${labels[at]}` : `${this.look.title}, element ${index}`;
  }

  #put(id: NodeId, at: Spot, visual: Omit<NodeVisual, keyof ReturnType<typeof basePart>> & Partial<NodeVisual>): NodeId {
    this.#nodes.push({ ...basePart(id, this.array.id, this.look), ...visual });
    this.#places.set(id, at);
    return id;
  }

  #part(kind: PartName['kind'], unit: number, input = -1, from = 0): NodeId {
    return partId({ owner: this.array.id, kind, unit, input }, from);
  }

  #element(unit: number, at: Spot, more: Partial<NodeVisual> = {}): NodeId {
    const { array } = this;
    const name = this.#name(unit);
    const isTag = array.isParameter;
    const id = this.#put(this.#part('neuron', unit), at, {
      form: isTag ? 'tag' : 'dot',
      glyph: isTag ? '' : array.glyph,
      title: name,
      width: isTag ? 46 : ELEMENT,
      height: isTag ? 18 : ELEMENT,
      out: { dx: (isTag ? 46 : ELEMENT) / 2, dy: 0 },
      subtitle: isTag ? '' : array.labels[unit] || indicesOf(unit, array.shape).join(','),
      plot: array.made ? plotOf(array.made.op.name) : null,
      reads: { base: partValue(array.id, one(unit)), factor: null, gradient: partGradient(array.id, one(unit)) },
      about: `${name} of ${counted.format(this.#count)}${array.isParameter ? ', to be learned' : array.made ? `, ${array.made.op.title}` : ''}`,
      ...more,
    });
    this.#outs.push({ node: id, units: { from: unit, count: 1 } });
    return id;
  }

  #rest(units: Span, words: string, at: Spot): void {
    const visual = restPart(this.array.id, this.array.id, units, words, this.look);
    this.#nodes.push(visual);
    this.#places.set(visual.id, at);
    this.#outs.push({ node: visual.id, units });
  }

  /** Elements alone: a vector below each other, a small matrix as it is written. */
  plain(): OpenArray {
    const { array, look } = this;
    const pitch = PITCH[array.isParameter ? 'tag' : 'dot'];
    const [rows, columns] = array.shape.length === 2 ? array.shape : [0, 0];
    if (rows! > 0 && rows! <= MOST_SIDE && columns! <= MOST_SIDE) {
      for (let at = 0; at < this.#count; at++)
        this.#element(at, {
          dx: (at % columns!) * COLUMN,
          dy: (Math.floor(at / columns!) - (rows! - 1) / 2) * pitch,
        });
      return this.#opened((columns! - 1) * COLUMN + 30, (rows! * pitch) / 2);
    }
    const drawn = windowOf(this.#count, look.first, MOST_ELEMENTS);
    const after = this.#count - drawn.from - drawn.count;
    const slots = drawn.count + (drawn.from > 0 ? 1 : 0) + (after > 0 ? 1 : 0);
    let slot = 0;
    const next = (): Spot => ({ dx: 0, dy: (slot++ - (slots - 1) / 2) * pitch });
    if (drawn.from > 0) this.#rest({ from: 0, count: drawn.from }, `${counted.format(drawn.from)} before`, next());
    for (let at = drawn.from; at < drawn.from + drawn.count; at++) this.#element(at, next());
    if (after > 0) this.#rest({ from: drawn.from + drawn.count, count: after }, `${counted.format(after)} more`, next());
    return this.#opened(40, (slots * pitch) / 2);
  }

  /** A vector times a matrix: for each element its multiplications and their sum. */
  products({ shapes }: Call): OpenArray {
    const { look } = this;
    const inputs = sampleShape(shapes['a']!)[0]!;
    const few = inputs <= MOST_PRODUCTS ? inputs : MOST_PRODUCTS - 1;
    const rows = few + (few < inputs ? 1 : 0);
    const drawn = windowOf(this.#count, look.first, Math.max(3, Math.floor(MOST_ROWS / rows)));
    const after = this.#count - drawn.from - drawn.count;
    const tall = drawn.count * (rows + 0.5) - 0.5 + (drawn.from > 0 ? 1 : 0) + (after > 0 ? 1 : 0);
    let row = -(tall - 1) / 2;
    if (drawn.from > 0)
      this.#rest({ from: 0, count: drawn.from }, `${counted.format(drawn.from)} before`, { dx: SUM_AT, dy: row++ * PRODUCT_ROW });
    for (let unit = drawn.from; unit < drawn.from + drawn.count; unit++) {
      const name = this.#name(unit);
      const sum = this.#element(
        unit,
        { dx: SUM_AT, dy: (row + (rows - 1) / 2) * PRODUCT_ROW },
        {
          glyph: 'Σ',
          plot: null,
          about: `${name} of ${counted.format(this.#count)}: the sum of ${counted.format(inputs)} products`,
        },
      );
      for (let input = 0; input < inputs; input = input < few ? input + 1 : inputs) {
        const isRest = input >= few;
        const taken = { from: input, count: isRest ? inputs - few : 1 };
        const words = isRest ? `${counted.format(taken.count)} more` : `product ${input + 1} of ${name}`;
        const reads = this.#productReads(unit, taken);
        const id = this.#put(
          this.#part(isRest ? 'rest' : 'product', unit, input, input),
          { dx: 0, dy: row++ * PRODUCT_ROW },
          {
            form: isRest ? 'rest' : 'dot',
            glyph: isRest ? '⋮' : '×',
            title: words,
            width: isRest ? 64 : 34,
            height: isRest ? 30 : 34,
            out: { dx: isRest ? 32 : 17, dy: 0 },
            reads,
            about: isRest
              ? `${counted.format(taken.count)} more products of ${name}, drawn as one`
              : `Product ${input + 1} of ${name}`,
          },
        );
        this.#products.push({ id, unit, inputs: taken });
        this.#edges.push({
          id: `${sum}<${id}`,
          from: id,
          to: sum,
          port: '',
          label: '',
          kind: 'wire',
          severity: null,
          reads,
          ...(isRest ? {} : { figured: { shows: 'forward', along: 0.3, withGradient: true } as const }),
        });
      }
      row += 0.5;
    }
    if (after > 0)
      this.#rest({ from: drawn.from + drawn.count, count: after }, `${counted.format(after)} more`, {
        dx: SUM_AT,
        dy: row * PRODUCT_ROW,
      });
    return this.#opened(SUM_AT + 30, (tall * PRODUCT_ROW) / 2);
  }

  /** A product of element i of `a` with element (i, unit) of `b`, or with element i of a vector `b`. */
  #productReads(unit: number, inputs: Span): Reads {
    const { from } = this.array;
    return {
      base: partValue(from['b']!, this.#weightsAt(unit, inputs)),
      factor: partValue(from['a']!, span(inputs)),
      gradient: partGradient(this.array.id, one(unit)),
    };
  }

  #weightsAt(unit: number, { from, count }: Span) {
    return { start: from * this.#count + unit, step: this.#count, count, skip: 0, times: 1 };
  }

  #opened(right: number, half: number): OpenArray {
    const parts = this.#nodes.map(({ id }) => id);
    return {
      nodes: this.#nodes,
      edges: this.#edges,
      places: this.#places,
      outs: this.#outs,
      shows: new Map([[this.array.id, parts]]),
      reach: { left: 34, right, half },
      into: (e, sources) => (this.#products.length > 0 ? this.#intoProducts(e, sources) : this.#intoElements(e, sources)),
    };
  }

  #line(e: EdgeVisual, source: End, to: NodeId, reads: Reads): EdgeVisual {
    return {
      id: `${to}<${source.node}@${source.units.from}.${e.port}`,
      from: source.node,
      to,
      port: e.port,
      label: '',
      kind: 'wire',
      severity: null,
      of: e.id,
      reads,
      ...(source.spot && { start: source.spot }),
    };
  }

  #intoProducts(e: EdgeVisual, sources: readonly End[]): readonly EdgeVisual[] {
    const { from, id } = this.array;
    const lines: EdgeVisual[] = [];
    for (const { id: to, unit, inputs } of this.#products) {
      const width = e.port === 'a' ? 1 : this.#count;
      const wanted = Array.from({ length: inputs.count }, (_, i) => (inputs.from + i) * width + (e.port === 'a' ? 0 : unit));
      for (const source of endsOf(sources, wanted))
        lines.push(
          this.#line(e, source, to, {
            base: partValue(from[e.port]!, e.port === 'a' ? span(inputs) : this.#weightsAt(unit, inputs)),
            factor: null,
            gradient: partGradient(id, one(unit)),
            slope: e.port === 'a' ? partValue(from['b']!, this.#weightsAt(unit, inputs)) : partValue(from['a']!, span(inputs)),
          }),
        );
    }
    return lines;
  }

  #intoElements(e: EdgeVisual, sources: readonly End[]): readonly EdgeVisual[] {
    const { made, from, id } = this.array;
    const source = from[e.port];
    if (!made || source === undefined) return [];
    const given = product(sampleShape(made.call.shapes[e.port]!));
    const lines: EdgeVisual[] = [];
    const drawn = new Set<number>();
    for (const { node, units } of this.#outs) {
      if (units.count > 1) continue;
      const wanted = [...(readsOfElement(made.op, made.call, units.from).get(e.port) ?? [])];
      for (const at of wanted) drawn.add(at);
      for (const end of endsOf(sources, wanted)) {
        const isOne = end.units.count === 1 || wanted.length === 1;
        const at = isOne ? one(end.units.count === 1 ? end.units.from : wanted[0]!) : span(end.units);
        lines.push(
          this.#line(e, end, node, {
            base: partValue(source, at),
            factor: null,
            gradient: this.#along(e, units.from, at),
          }),
        );
      }
    }
    // What is not drawn of the one is, as a rule, made of what is not drawn of the other.
    for (const rest of this.#outs.filter(({ units }) => units.count > 1))
      for (const end of sources)
        if (end.units.count > 1 || sources.every(({ units }) => units.count === 1))
          if (end.units.count > 1 || !drawn.has(end.units.from) || given === 1)
            lines.push(
              this.#line(e, end, rest.node, {
                base: partValue(source, end.units.count > 1 ? span(end.units) : one(end.units.from)),
                factor: null,
                gradient:
                  given === this.#count ? { tap: { of: 'edge-gradient', edge: `${id}.${e.port}` }, at: span(rest.units) } : null,
              }),
            );
    return lines;
  }

  /** What flows back along one line, where it is a number of its own: each element feeds one, or passes all of it on. */
  #along(e: EdgeVisual, unit: number, at: Places): Reads['gradient'] {
    const { made, id } = this.array;
    if (made!.op.name === 'add') return partGradient(id, one(unit));
    if (at.count !== 1 || !this.#feedsOne(e.port, at.start)) return null;
    return { tap: { of: 'edge-gradient', edge: `${id}.${e.port}` }, at };
  }

  /** How many elements each element of an input goes into; known where it is quickly found. */
  readonly #fans = new Map<string, Uint16Array | null>();

  #feedsOne(port: string, at: number): boolean {
    const { op, call } = this.array.made!;
    const given = product(sampleShape(call.shapes[port]!));
    let fan = this.#fans.get(port);
    if (fan === undefined) {
      fan = given * this.#count > MOST_PAIRS ? null : new Uint16Array(given);
      for (let unit = 0; fan && unit < this.#count; unit++)
        for (const from of readsOfElement(op, call, unit).get(port) ?? []) fan[from]!++;
      this.#fans.set(port, fan);
    }
    return fan === null ? given === this.#count && readsOfElement(op, call, at).get(port)?.size === 1 : fan[at] === 1;
  }
}

/** The ends that hold some of these elements; without ends of its own a node is one for all. */
function endsOf(sources: readonly End[], wanted: readonly number[]): readonly End[] {
  return sources.filter(({ units }) => wanted.some((at) => at >= units.from && at < units.from + units.count));
}
