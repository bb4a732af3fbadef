/** Drawings to text, in the shape in which people write formulas: signs where there are any, few brackets. */
import { type Attrs, type AttrValue, linksOf, type Links, type Node, type NodeId, topologicalOrder } from '../../graph/graph';
import { completeAttrs } from '../../ops/attrs';
import { opOf } from '../../ops/index';
import { callName, Fault, freeNode, type OwnDrawing } from './names';

function nameText(id: NodeId): string {
  if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(id)) return id;
  if (/[`\n]/.test(id)) throw new Fault(0, `The name '${id}' holds a character that no formula can say. Rename the node first.`);
  return `\`${id}\``;
}

function quoted(text: string): string {
  const mark = ["'", '"'].find((each) => !text.includes(each));
  if (mark === undefined || text.includes('\n'))
    throw new Fault(
      0,
      `The text ${text} holds both kinds of quotation marks or a line break, which no formula can say. Change it first.`,
    );
  return mark + text + mark;
}

/** How tightly a piece of text holds together; a piece in a tighter place gets brackets. */
const level = { sum: 1, product: 2, sign: 3, power: 4, atom: 5 } as const;
interface Piece {
  readonly text: string;
  readonly level: number;
}

const within = ({ text, level: own }: Piece, least: number): string => (own < least ? `(${text})` : text);

const valueText = (value: AttrValue): string =>
  typeof value === 'string' ? quoted(value) : Array.isArray(value) ? `[${value.join(', ')}]` : String(value);

const same = (a: AttrValue | undefined, b: AttrValue): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Formulas within formulas, before a part gets a line of its own. */
const MOST_NESTED = 24;

class Writer {
  readonly #links: Links;
  /** How many nodes are written within each, for those that are written within their only use. */
  readonly #inline = new Map<NodeId, number>();
  constructor(readonly graph: OwnDrawing) {
    this.#links = linksOf(graph);
  }

  /** Written inside its only use: a node whose name says nothing. What is learned or given, and layers, keep their names. */
  #saysNothing(node: Node): boolean {
    const op = opOf(node.op);
    if (node.id.replace(/\d+$/, '') !== node.op || this.#links.outOf.get(node.id)!.length !== 1) return false;
    return op !== undefined && (op.kind === 'primitive' || (op.kind === 'source' && op.role === 'constant'));
  }

  lines(): string[] {
    const { order, cycle } = topologicalOrder(this.graph, this.#links);
    if (cycle.length > 0)
      throw new Fault(
        0,
        `'${cycle[0]}' depends on itself, which no formula can say. Remove one of the connections of the circle.`,
      );
    for (const id of order) {
      const depth = [...this.#links.into.get(id)!.values()].reduce(
        (most, { from }) => Math.max(most, this.#inline.get(from) ?? 0),
        0,
      );
      if (depth < MOST_NESTED && this.#saysNothing(this.graph.nodes[id]!)) this.#inline.set(id, depth + 1);
    }
    const lines: string[] = [];
    for (const id of order) {
      const node = this.graph.nodes[id]!;
      if (this.#inline.has(id) || this.#isFree(node)) continue;
      lines.push(`${nameText(id)} = ${this.#piece(node).text}`);
    }
    return lines;
  }

  /** Whether its name alone says all of it, and it is used. */
  #isFree(node: Node): boolean {
    const op = opOf(node.op);
    const free = freeNode(node.id);
    if (!op || free.op !== node.op || node.label !== undefined || this.#links.outOf.get(node.id)!.length === 0) return false;
    return Object.entries(completeAttrs(op, node.attrs)).every(([name, value]) =>
      same(completeAttrs(op, free.attrs)[name], value),
    );
  }

  #input(node: Node, port: string): Piece {
    const from = this.#links.into.get(node.id)!.get(port)?.from;
    if (from === undefined)
      throw new Fault(
        0,
        `The input '${port}' of '${node.label ?? node.id}' is not connected, which no formula can say. Connect it first.`,
      );
    const source = this.graph.nodes[from]!;
    return this.#inline.has(from) ? this.#piece(source) : { text: nameText(from), level: level.atom };
  }

  #piece(node: Node): Piece {
    const op = opOf(node.op);
    if (!op) throw new Fault(0, `'${node.id}' is of the unknown kind '${node.op}'. Replace it first.`);
    const attrs = completeAttrs(op, node.attrs);
    const inputs = op.ports(attrs).map((port) => this.#input(node, port.name));
    const operator = node.label === undefined ? this.#operator(node, attrs, inputs) : null;
    if (operator) return operator;
    const given = Object.entries(op.attrs).flatMap(([name, spec]) => {
      const counted = name === 'inputs' && spec.kind === 'integer' && attrs[name] === inputs.length;
      return counted || same(attrs[name], spec.default) ? [] : [`${name}=${valueText(attrs[name]!)}`];
    });
    const label = node.label === undefined ? [] : [`label=${quoted(node.label)}`];
    return {
      text: `${callName(node.op, this.graph.composites ?? {})}(${[...inputs.map((i) => i.text), ...given, ...label].join(', ')})`,
      level: level.atom,
    };
  }

  /** The operations that have a sign of their own. */
  #operator(node: Node, attrs: Attrs, inputs: readonly Piece[]): Piece | null {
    const infix = (sign: string, own: number): Piece => ({
      text: `${within(inputs[0]!, own)}${sign}${within(inputs[1]!, own + 1)}`,
      level: own,
    });
    switch (node.op) {
      case 'constant': {
        const values = attrs['values'] as readonly number[];
        if ((attrs['shape'] as readonly number[]).length > 0 || values.length !== 1) return null;
        return { text: String(values[0]), level: values[0]! < 0 || Object.is(values[0], -0) ? level.sign : level.atom };
      }
      case 'add': {
        const first = this.#links.into.get(node.id)!.get('a')!.from;
        const nested = this.graph.nodes[first]!.op === 'add' && inputs[0]!.level === level.sum;
        const summands = inputs.map((input, i) => within(input, i > 0 || nested ? level.product : level.sum));
        return { text: summands.join(' + '), level: level.sum };
      }
      case 'subtract':
        return infix(' - ', level.sum);
      case 'multiply':
        return infix('*', level.product);
      case 'divide':
        return infix('/', level.product);
      case 'matmul':
        return infix(' @ ', level.product);
      case 'negate': {
        // −2 would be read as a number.
        const isNumber = /^[\d.]/.test(inputs[0]!.text);
        return { text: `-${isNumber ? `(${inputs[0]!.text})` : within(inputs[0]!, level.sign)}`, level: level.sign };
      }
      case 'power':
        return { text: `${within(inputs[0]!, level.power)}^${String(attrs['exponent'])}`, level: level.power };
      default:
        return null;
    }
  }
}

/** The text of a drawing, or why it has none. */
export function formulaOf(
  drawing: OwnDrawing,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, text: new Writer(drawing).lines().join('\n') };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, message: error.message };
  }
}
