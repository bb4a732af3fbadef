/**
 * Text to drawings: `l = (sigmoid(w1*x + w2*y + b) - t)^2`. Every operation can be called by its name (with _
 * for -), its inputs in order, its attributes by name: `h = dense(x, units=8)`. Names that are never assigned
 * are single numbers: t… is a target, w…, b…, v… and θ… are parameters, others inputs. Where nodes stand and
 * how they are grouped is not part of the text.
 */
import { edge, type Edge, type Graph, linksOf, type Node, type NodeId, topologicalOrder } from '../../graph/graph';
import type { Point } from '../../graph/project';
import { completeAttrs } from '../../ops/attrs';
import { Fault, freeNode } from './names';
import { type Statement, statementsOf, type Term } from './terms';

export interface FormulaFault {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** What is wrong and what to do, as a sentence. */
  readonly message: string;
}

export type Formula =
  | { readonly ok: true; readonly graph: Graph; readonly positions: Readonly<Record<NodeId, Point>> }
  | { readonly ok: false; readonly fault: FormulaFault };

class Drawer {
  readonly nodes: Record<NodeId, Node> = {};
  readonly edges: Record<string, Edge> = {};
  readonly #statements = new Map<string, Statement>();
  readonly #made = new Map<string, NodeId>();
  readonly #making = new Set<string>();
  readonly #taken = new Set<NodeId>();

  constructor(readonly statements: readonly Statement[]) {
    const note = (term: Term): void => {
      if (term.kind === 'name') this.#taken.add(term.name);
      if (term.kind === 'use') term.inputs.forEach(note);
    };
    for (const statement of statements) {
      note(statement.term);
      if (statement.name === null) continue;
      if (/[./]/.test(statement.name) || statement.name.length > 120)
        throw new Fault(
          statement.at,
          `'${statement.name}' cannot be a name: it may have neither a point nor a slash, and at most 120 characters.`,
        );
      if (this.#statements.has(statement.name))
        throw new Fault(statement.at, `'${statement.name}' is assigned twice. Give one of the two another name.`);
      this.#statements.set(statement.name, statement);
      this.#taken.add(statement.name);
    }
  }

  draw(): void {
    for (const statement of this.statements) {
      if (statement.name === null) this.#place(statement.term);
      else this.#named(statement.name, statement.at);
    }
  }

  #named(name: string, at: number): NodeId {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const statement = this.#statements.get(name);
    if (this.#making.has(name))
      throw new Fault(at, `'${name}' depends on itself. Backpropagation needs an order, so take it out of its own formula.`);
    this.#making.add(name);
    let id = name;
    if (!statement) this.nodes[name] = freeNode(name);
    else id = this.#place(statement.term, name);
    this.#making.delete(name);
    this.#made.set(name, id);
    return id;
  }

  #place(term: Term, name?: string): NodeId {
    if (term.kind === 'name') return this.#named(term.name, term.at);
    const id = name ?? this.#fresh(term.kind === 'number' ? 'constant' : term.op.name);
    if (term.kind === 'number') {
      this.nodes[id] = { id, op: 'constant', attrs: { shape: [], values: [term.value] } };
      return id;
    }
    const sources = term.inputs.map((input) => this.#place(input));
    this.nodes[id] = { id, op: term.op.name, attrs: term.attrs, ...(term.label === undefined ? {} : { label: term.label }) };
    term.op.ports(completeAttrs(term.op, term.attrs)).forEach((port, i) => {
      const e = edge(sources[i]!, id, port.name);
      this.edges[e.id] = e;
    });
    return id;
  }

  #fresh(base: string): NodeId {
    for (let i = 1; ; i++) {
      const id = `${base}${i}`;
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      return id;
    }
  }
}

/** Left to right by the longest way from an input; in a column from top to bottom. */
function layout(graph: Graph): Record<NodeId, Point> {
  const links = linksOf(graph);
  const depth = new Map<NodeId, number>();
  const inColumn = new Map<number, number>();
  const positions: Record<NodeId, Point> = {};
  const { order } = topologicalOrder(graph, links);
  for (const id of order) depth.set(id, Math.max(0, ...[...links.into.get(id)!.values()].map((e) => depth.get(e.from)! + 1)));
  // A source stands just before what it feeds.
  for (const id of order)
    if (links.into.get(id)!.size === 0)
      depth.set(id, Math.max(0, Math.min(...links.outOf.get(id)!.map((e) => depth.get(e.to)!)) - 1));
  for (const id of order) {
    const column = Number.isFinite(depth.get(id)!) ? depth.get(id)! : 0;
    const row = inColumn.get(column) ?? 0;
    inColumn.set(column, row + 1);
    positions[id] = { x: 200 * column, y: 120 * row };
  }
  return positions;
}

export function parseFormula(text: string): Formula {
  try {
    const drawer = new Drawer(statementsOf(text));
    drawer.draw();
    const graph = { nodes: drawer.nodes, edges: drawer.edges };
    return { ok: true, graph, positions: layout(graph) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.at).split('\n');
    return { ok: false, fault: { line: before.length, column: before.at(-1)!.length + 1, message: error.message } };
  }
}
