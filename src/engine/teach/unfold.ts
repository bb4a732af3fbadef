/**
 * A small drawing of arrays as a drawing of single numbers: each element is a node of its own, a matrix
 * product is its products and their sum. Exercises are made from that, so any drawing gives some.
 */
import { expand, type Expansion } from '../compile/expand';
import { infer } from '../compile/infer';
import { prepare } from '../compile/program';
import { type Attrs, edge, edgeId, type Edge, type Node, type NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { product, sampleShape } from '../ir/shape';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';
import type { Op } from '../ops/op';

/** More single numbers than this make no exercise. */
const MOST = 90;

export type Unfolded = { readonly project: Project; readonly numbers: number } | { readonly fault: string };

export function unfold(project: Project): Unfolded {
  const checked = infer(project);
  const broken = checked.problems.find((p) => p.severity === 'error');
  if (broken) return { fault: broken.message };
  const { objective } = prepare(project, null);
  if (objective === null) return { fault: 'The drawing has no loss. Add one, or mark a node as the one to minimise.' };
  const expansion = expand(project, checked.shapes, checked);
  const { order, shapes } = infer(expansion.graph);
  const sizes = order.map((id) => product(sampleShape(shapes.get(id)!)));
  if (sizes.every((size) => size === 1) && order.every((id) => sampleShape(shapes.get(id)!).length === 0))
    return { project, numbers: order.length };
  const rough = sizes.reduce((a, b) => a + b, 0);
  if (rough > MOST)
    return {
      fault: `Written out, this drawing has more than ${rough} single numbers; exercises stop at ${MOST}. Use fewer neurons or features.`,
    };
  return new Unfolding(project, expansion, order, (id) => sampleShape(shapes.get(id)!), objective).result();
}

/** Letters of the layers' arrays, first layer first, as books write them. */
const LETTERS: Readonly<Record<string, string>> = {
  weight: 'wvuq',
  bias: 'bcde',
  sum: 'srom',
  product: 'srom',
  activation: 'hgkn',
};

/** Elements in row-major order; a sum that is not drawn yet is the list of its terms. */
type Cells = readonly (NodeId | readonly NodeId[])[];

class Unfolding {
  readonly #nodes: Record<NodeId, Node> = {};
  readonly #edges: Record<string, Edge> = {};
  readonly #cells = new Map<NodeId, Cells>();
  readonly #layers: readonly NodeId[];
  readonly #uses = new Map<NodeId, number>();
  #products = 0;
  #last: NodeId = '';

  constructor(
    readonly project: Project,
    readonly expansion: Expansion,
    readonly order: readonly NodeId[],
    readonly shapeOf: (id: NodeId) => readonly number[],
    readonly objective: NodeId,
  ) {
    const { graph, owner } = expansion;
    this.#layers = [...new Set(order.filter((id) => id.endsWith('/weight')).map((id) => owner.get(id)!))];
    for (const e of Object.values(graph.edges)) this.#uses.set(e.from, (this.#uses.get(e.from) ?? 0) + 1);
  }

  result(): Unfolded {
    for (const id of this.order) {
      const fault = this.#write(id);
      if (fault !== null) return { fault };
    }
    const count = Object.keys(this.#nodes).length;
    if (count > MOST)
      return {
        fault: `Written out, this drawing has ${count} single numbers; exercises stop at ${MOST}. Use fewer neurons or features.`,
      };
    const { settings } = this.project;
    return {
      numbers: count,
      project: {
        nodes: this.#nodes,
        edges: this.#edges,
        positions: {},
        settings: { ...settings, data: { kind: 'none' }, training: { ...settings.training, objective: this.#last } },
      },
    };
  }

  #write(id: NodeId): string | null {
    const node = this.expansion.graph.nodes[id]!;
    const op = opOf(node.op)!;
    const attrs = completeAttrs(op, node.attrs);
    const shape = this.shapeOf(id);
    const name = this.#nameOf(id);
    const inputs = new Map(
      Object.values(this.expansion.graph.edges)
        .filter((e) => e.to === id)
        .map((e) => [e.port, e.from]),
    );
    if (op.kind === 'source') this.#cells.set(id, this.#sources(op, attrs, shape, name));
    else if (op.name === 'matmul') this.#product(id, inputs.get('a')!, inputs.get('b')!);
    else if (op.name === 'sum' || op.name === 'mean') return this.#reduce(id, op.name, attrs, inputs.get('x')!, name);
    else if (op.kind === 'primitive' && op.group === 'loss') return this.#loss(id, op, node.attrs, inputs, name);
    else return this.#elements(id, op, node.attrs, inputs, name);
    return null;
  }

  /** Inputs become numbers with a gradient, so that they too may be asked for; targets stay fixed. */
  #sources(op: Op & { kind: 'source' }, attrs: Attrs, shape: readonly number[], name: string): Cells {
    const given = attrs['values'] as readonly number[] | undefined;
    const isFixed = op.role === 'target' || op.role === 'constant';
    return places(shape).map((at, k) => {
      const value = given?.length ? given[k % given.length]! : 1;
      const role: Attrs = attrs['role'] === 'bias' ? { role: 'bias' } : {};
      return this.#node(
        `${name}${suffix(at, shape)}`,
        isFixed ? 'constant' : 'parameter',
        {},
        { values: [value], ...(isFixed ? {} : role) },
      );
    });
  }

  #product(id: NodeId, a: NodeId, b: NodeId): void {
    const [rows, columns] = [this.shapeOf(a), this.shapeOf(b)];
    const inner = rows.at(-1)!;
    const outer = columns.length > 1 ? columns[1]! : 1;
    const [left, right] = [this.#ids(a), this.#ids(b)];
    const cells: (readonly NodeId[])[] = [];
    for (let i = 0; i < left.length / inner; i++)
      for (let j = 0; j < outer; j++)
        cells.push(
          Array.from({ length: inner }, (_, k) =>
            this.#node(`p${++this.#products}`, 'multiply', { a: left[i * inner + k]!, b: right[k * outer + j]! }),
          ),
        );
    this.#cells.set(id, cells);
  }

  #reduce(id: NodeId, how: 'sum' | 'mean', attrs: Attrs, x: NodeId, name: string): string | null {
    const shape = this.shapeOf(x);
    if (attrs['axes'] !== 'all' && shape.length > 1)
      return `'${name}' adds along one axis; exercises know only sums over everything.`;
    this.#cells.set(id, [this.#total(this.#ids(x), how, name)]);
    return null;
  }

  #loss(id: NodeId, op: Op, attrs: Attrs, inputs: ReadonlyMap<string, NodeId>, name: string): string | null {
    if (!isScalar(op, attrs))
      return `'${name}' (${op.title}) needs several numbers at once. Exercises know losses that are added up over the outputs.`;
    const [p, t] = [this.#ids(inputs.get('prediction')!), this.#ids(inputs.get('target')!)];
    const size = Math.max(p.length, t.length);
    const parts = Array.from({ length: size }, (_, k) =>
      this.#node(
        size === 1 ? name : `${name}${k + 1}`,
        op.name,
        { prediction: p[k % p.length]!, target: t[k % t.length]! },
        attrs,
      ),
    );
    const averaged = op.name.startsWith('mean') || op.name.startsWith('binary');
    this.#cells.set(id, [size === 1 ? parts[0]! : this.#total(parts, averaged ? 'mean' : 'sum', name)]);
    if (id === this.expansion.output.get(this.objective) || id === this.objective) this.#last = this.#ids(id)[0]!;
    return null;
  }

  #elements(id: NodeId, op: Op, attrs: Attrs, inputs: ReadonlyMap<string, NodeId>, name: string): string | null {
    if (op.kind !== 'primitive' || !isScalar(op, attrs))
      return `'${name}' (${op.title}) cannot be written as single numbers. Exercises know products, sums, activations and other functions of one number.`;
    const shape = this.shapeOf(id);
    const made = places(shape).map((at): NodeId => {
      const cell = (from: NodeId): NodeId | readonly NodeId[] => this.#cells.get(from)![offset(at, shape, this.shapeOf(from))]!;
      const label = `${name}${suffix(at, shape)}`;
      if (op.name === 'add') {
        // Terms of a product that nobody else takes are added here, with the bias, in one sum.
        const terms = [...inputs.values()].flatMap((from) => {
          const one = cell(from);
          return typeof one === 'string'
            ? [one]
            : this.#uses.get(from) === 1
              ? one
              : [this.#idAt(from, offset(at, shape, this.shapeOf(from)))];
        });
        return this.#total(terms, 'sum', label);
      }
      const ports = Object.fromEntries(
        [...inputs].map(([port, from]) => [port, this.#idAt(from, offset(at, shape, this.shapeOf(from)))]),
      );
      return this.#node(label, op.name, ports, attrs);
    });
    this.#cells.set(id, made);
    if (id === this.expansion.output.get(this.objective) || id === this.objective) this.#last = made[0]!;
    return null;
  }

  #total(terms: readonly NodeId[], how: 'sum' | 'mean', name: string): NodeId {
    let total = terms[0]!;
    // A sum takes sixteen terms at most.
    for (let from = 1; from < terms.length; from += 15) {
      const some = [total, ...terms.slice(from, from + 15)];
      const isLast = from + 15 >= terms.length && how === 'sum';
      total = this.#node(
        isLast ? name : `${name}t`,
        'add',
        Object.fromEntries(some.map((one, i) => ['abcdefghijklmnop'[i]!, one])),
        {
          inputs: some.length,
        },
      );
    }
    if (how === 'sum' || terms.length === 1) return total;
    const share = this.#node(`${name}n`, 'constant', {}, { values: [1 / terms.length] });
    // It is called by its number, and so keeps it when new numbers are drawn.
    this.#nodes[share] = { ...this.#nodes[share]!, label: `1/${terms.length}` };
    const mean = this.#node(name, 'multiply', { a: total, b: share });
    return mean;
  }

  #node(wish: string, op: string, inputs: Readonly<Record<string, NodeId>>, attrs: Attrs = {}): NodeId {
    let id = wish;
    for (let n = 2; Object.hasOwn(this.#nodes, id); n++) id = `${wish}_${n}`;
    this.#nodes[id] = { id, op, attrs };
    for (const [port, from] of Object.entries(inputs)) this.#edges[edgeId(id, port)] = edge(from, id, port);
    this.#last = id;
    return id;
  }

  /** An element's node; a product's sum is drawn when somebody needs it as such. */
  #idAt(of: NodeId, k: number): NodeId {
    const cells = this.#cells.get(of)!;
    const cell = cells[k]!;
    if (typeof cell === 'string') return cell;
    const shape = this.shapeOf(of);
    const id = this.#total(cell, 'sum', `${this.#nameOf(of)}${suffix(places(shape)[k]!, shape)}`);
    this.#cells.set(
      of,
      cells.map((one, i) => (i === k ? id : one)),
    );
    return id;
  }

  #ids(of: NodeId): readonly NodeId[] {
    return this.#cells.get(of)!.map((_, k) => this.#idAt(of, k));
  }

  #nameOf(id: NodeId): string {
    const node = this.expansion.graph.nodes[id]!;
    const slash = id.lastIndexOf('/');
    if (slash < 0) return (node.label ?? id).replaceAll('.', '');
    const part = id.slice(slash + 1);
    const layer = this.#layers.indexOf(this.expansion.owner.get(id)!);
    return LETTERS[part]?.[layer] ?? part.replaceAll('.', '');
  }
}

/** The operation acts on single numbers, with a single number as its result. */
function isScalar(op: Op, attrs: Attrs): boolean {
  const full = completeAttrs(op, attrs);
  const inferred =
    op.kind === 'source' ? null : op.infer(Object.fromEntries(op.ports(full).map((port) => [port.name, []])), full);
  return (
    inferred !== null && 'shape' in inferred && inferred.shape.length === 0 && op.group !== 'shape' && op.group !== 'reduction'
  );
}

/** All places of an array, in row-major order. */
function places(shape: readonly number[]): readonly (readonly number[])[] {
  let all: readonly (readonly number[])[] = [[]];
  for (const axis of shape) all = all.flatMap((at) => Array.from({ length: axis }, (_, i) => [...at, i]));
  return all;
}

/** w12 for the element (1, 2); axes of one number are not counted. */
const suffix = (at: readonly number[], shape: readonly number[]): string =>
  at
    .filter((_, axis) => shape[axis]! > 1)
    .map((i) => i + 1)
    .join(shape.some((axis) => axis > 9) ? '_' : '');

/** Where an operand is read for a place of the result: its last axes line up, axes of 1 repeat. */
function offset(at: readonly number[], shape: readonly number[], operand: readonly number[]): number {
  const skip = shape.length - operand.length;
  return operand.reduce((sum, axis, i) => sum * axis + (axis === 1 ? 0 : at[i + skip]!), 0);
}
