/**
 * Writes a drawing of single numbers: nodes with names that are free, sums of any length, and expressions
 * as operations. What is only added and changes nothing for the question is one given number, the rest.
 */
import { type Attrs, edge, edgeId, type Edge, type Node, type NodeId } from '../graph/graph';
import type { BinaryOp, Expr, UnaryOp } from '../ir/expr';
import { ops } from '../ops/index';
import { expressionOf } from '../ops/scalar-function';
import { answerText, same } from './numbers';

/** Something to be added; null: it belongs to the rest. */
export type Term = NodeId | null;

/**
 * The operation that says just this of its inputs, by the sign of the expression; read off the operations themselves.
 * An activation may say what a function says too, as the sine does: a drawing of numbers takes the function.
 */
const spellings = (): ReadonlyMap<UnaryOp | BinaryOp, string> => {
  known ??= new Map(
    [...ops.values()]
      .filter(({ group }) => group === 'activation' || group === 'function' || group === 'arithmetic')
      .sort((a, b) => Number(a.group !== 'activation') - Number(b.group !== 'activation'))
      .flatMap((op): readonly (readonly [UnaryOp | BinaryOp, string])[] => {
        const { value, ports } = expressionOf(op) ?? {};
        if (value?.kind !== 'unary' && value?.kind !== 'binary') return [];
        const parts = value.kind === 'unary' ? [value.x] : [value.x, value.y];
        const plain = parts.length === ports!.length && parts.every((e, i) => e.kind === 'read' && e.name === ports![i]);
        return plain ? [[value.op, op.name]] : [];
      }),
  );
  return known;
};
/** Not at once: the operations need not be there yet when this file is loaded. */
let known: ReadonlyMap<UnaryOp | BinaryOp, string> | null = null;

/** The operation's name; null where none says it. */
export const spelling = (op: UnaryOp | BinaryOp): string | null => spellings().get(op) ?? null;

/** 1/3 for 0.333…, else the number with as many digits as it needs. */
function numberName(value: number): string {
  const below = 1 / value;
  if (Number.isInteger(Math.round(below * 1e9) / 1e9) && Math.abs(below) > 1 && Math.abs(below) < 1000)
    return `${value < 0 ? '−' : ''}1/${Math.abs(Math.round(below))}`;
  const short = answerText(value);
  return same(Number(short.replace('−', '-')), value) ? short : String(value).replaceAll('-', '−');
}

export class ScalarWriter {
  readonly nodes: Record<NodeId, Node> = {};
  readonly edges: Record<string, Edge> = {};
  readonly rests: NodeId[] = [];
  #products = 0;

  node(wish: string, op: string, inputs: Readonly<Record<string, NodeId>>, attrs: Attrs = {}): NodeId {
    const plain = wish.replaceAll(',', '_');
    let id = plain;
    for (let n = 2; Object.hasOwn(this.nodes, id); n++) id = `${plain}_${n}`;
    this.nodes[id] = { id, op, attrs, ...(wish === plain ? {} : { label: wish }) };
    for (const [port, from] of Object.entries(inputs)) this.edges[edgeId(id, port)] = edge(from, id, port);
    return id;
  }

  /** A number that is given and gets no gradient. */
  given(wish: string, value = 1): NodeId {
    return this.node(wish, 'constant', {}, { values: [value] });
  }

  /** A number of the mathematics: it is called by its value, and keeps it when new numbers are drawn. */
  number(value: number): NodeId {
    const id = this.node('n', 'constant', {}, { values: [value] });
    this.nodes[id] = { ...this.nodes[id]!, label: numberName(value) };
    return id;
  }

  product(a: NodeId, b: NodeId): NodeId {
    return this.node(`p${++this.#products}`, 'multiply', { a, b });
  }

  /** One term stays what it is. */
  sum(terms: readonly Term[], name: string): NodeId {
    const written = terms.filter((term) => term !== null);
    if (written.length < terms.length) {
      const rest = this.given('rest');
      this.rests.push(rest);
      written.push(rest);
    }
    let total = written[0]!;
    // A sum takes sixteen terms at most.
    for (let from = 1; from < written.length; from += 15) {
      const some = [total, ...written.slice(from, from + 15)];
      total = this.node(
        from + 15 >= written.length ? name : `${name}t`,
        'add',
        Object.fromEntries(some.map((one, i) => ['abcdefghijklmnop'[i]!, one])),
        { inputs: some.length },
      );
    }
    return total;
  }

  mean(terms: readonly Term[], name: string): NodeId {
    const total = this.sum(terms, `${name}t`);
    return terms.length === 1 ? total : this.node(name, 'multiply', { a: total, b: this.number(1 / terms.length) });
  }

  /** An expression as operations, the outermost under the name that is wished for; null: it has cases, and no operation says them. */
  expression(e: Expr, of: (name: string) => NodeId, wish = 'u'): NodeId | null {
    switch (e.kind) {
      case 'read':
        return of(e.name);
      case 'const':
        return this.number(e.value);
      case 'unary': {
        const op = spelling(e.op);
        const x = op === null ? null : this.expression(e.x, of);
        return x === null ? null : this.node(wish, op!, { x });
      }
      case 'binary': {
        if (e.op === 'pow') {
          const x = e.y.kind === 'const' ? this.expression(e.x, of) : null;
          return x === null || e.y.kind !== 'const' ? null : this.node(wish, 'power', { x }, { exponent: e.y.value });
        }
        const op = spelling(e.op);
        const [a, b] = op === null ? [null, null] : [this.expression(e.x, of), this.expression(e.y, of)];
        if (a === null || b === null) return null;
        return op === 'multiply' && wish === 'u' ? this.product(a, b) : this.node(wish, op!, { a, b });
      }
      case 'select':
        return null;
    }
  }

  /** Only what the loss is made of. */
  leading(to: NodeId): { readonly nodes: Record<NodeId, Node>; readonly edges: Record<string, Edge> } {
    const kept = new Set([to]);
    for (const id of kept) for (const e of Object.values(this.edges)) if (e.to === id) kept.add(e.from);
    const only = <T>(all: Readonly<Record<string, T>>, wanted: (key: string, value: T) => boolean): Record<string, T> =>
      Object.fromEntries(Object.entries(all).filter(([key, value]) => wanted(key, value)));
    return { nodes: only(this.nodes, (id) => kept.has(id)), edges: only(this.edges, (_, e) => kept.has(e.to)) };
  }
}
