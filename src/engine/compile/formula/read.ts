/**
 * Text to drawings: `l = (sigmoid(w1*x + w2*y + b) - t)^2`. Every operation can be called by its name (with _
 * for -), its inputs in order, its attributes by name: `h = dense(x, units=8)`. Names that are never assigned
 * are single numbers: t… is a target, w…, b…, v… and θ… are parameters, others inputs. Where nodes stand and
 * how they are grouped is not part of the text. Read onto a drawing, the text calls that one's own operations, and what
 * it leaves unnamed has the names that the same parts have there.
 */
import { depthsOf, edge, type Edge, type Graph, type Node, type NodeId } from '../../graph/graph';
import { idFault } from '../../graph/node-names';
import type { Point } from '../../graph/project';
import type { OwnOperations } from '../../graph/own-operation';
import { completeAttrs } from '../../ops/attrs';
import { asBefore } from './as-before';
import { Fault, freeNode, nodeBase, type OwnDrawing } from './names';
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

function expectName(name: string, at: number): void {
  const fault = idFault(name) ?? (/\//.test(name) ? `the name '${name}' may not hold a slash.` : null);
  if (fault !== null)
    throw new Fault(
      at,
      fault.replace(/^./, (first) => first.toUpperCase()),
    );
}

/** The names that a formula holds, in their order. */
function namesIn(term: Term): readonly Extract<Term, { kind: 'name' }>[] {
  return term.kind === 'name' ? [term] : term.kind === 'use' ? term.inputs.flatMap(namesIn) : [];
}

class Drawer {
  readonly nodes: Record<NodeId, Node> = {};
  readonly edges: Record<string, Edge> = {};
  /** Nodes that the text does not name. */
  readonly unnamed = new Set<NodeId>();
  readonly #statements = new Map<string, Statement>();
  readonly #made = new Map<string, NodeId>();
  readonly #taken = new Set<NodeId>();
  /** The number of the next node that is named after its operation. */
  readonly #next = new Map<string, number>();

  constructor(
    readonly statements: readonly Statement[],
    readonly own: OwnOperations,
  ) {
    const note = (term: Term): void => {
      if (term.kind === 'name') this.#taken.add(term.name);
      if (term.kind === 'use') term.inputs.forEach(note);
    };
    for (const statement of statements) {
      note(statement.term);
      if (statement.name === null) continue;
      expectName(statement.name, statement.at);
      if (this.#statements.has(statement.name))
        throw new Fault(statement.at, `'${statement.name}' is assigned twice. Give one of the two another name.`);
      this.#statements.set(statement.name, statement);
      this.#taken.add(statement.name);
    }
  }

  draw(): void {
    for (const statement of this.#inOrder()) {
      if (statement.name === null) this.#place(statement.term);
      else this.#named(statement.name, statement.at);
    }
  }

  /** Each after those that it uses, however far below they stand: without a call for each. */
  #inOrder(): readonly Statement[] {
    const order: Statement[] = [];
    const done = new Set<Statement>();
    const open = new Set<Statement>();
    for (const first of this.statements) {
      const path = done.has(first) ? [] : [first];
      for (let statement = path.at(-1); statement; statement = path.at(-1)) {
        open.add(statement);
        const waits = namesIn(statement.term).find(({ name }) => {
          const other = this.#statements.get(name);
          return other !== undefined && !done.has(other);
        });
        const next = waits && this.#statements.get(waits.name)!;
        if (next && open.has(next))
          throw new Fault(
            waits.at,
            `'${waits.name}' depends on itself. Backpropagation needs an order, so take it out of its own formula.`,
          );
        if (next) path.push(next);
        else {
          path.pop();
          open.delete(statement);
          done.add(statement);
          order.push(statement);
        }
      }
    }
    return order;
  }

  #named(name: string, at: number): NodeId {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const statement = this.#statements.get(name);
    let id = name;
    if (statement) id = this.#place(statement.term, name);
    else {
      expectName(name, at);
      this.nodes[name] = freeNode(name);
    }
    this.#made.set(name, id);
    return id;
  }

  #place(term: Term, name?: string): NodeId {
    if (term.kind === 'name') return this.#named(term.name, term.at);
    const id = name ?? this.#fresh(term.kind === 'number' ? 'constant' : nodeBase(term.op.name, this.own));
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
    for (let i = this.#next.get(base) ?? 1; ; i++) {
      const id = `${base}${i}`;
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      this.unnamed.add(id);
      this.#next.set(base, i + 1);
      return id;
    }
  }
}

/** Columns from left to right; in a column from top to bottom. */
function layout(graph: Graph): Record<NodeId, Point> {
  const inColumn = new Map<number, number>();
  const positions: Record<NodeId, Point> = {};
  for (const [id, column] of depthsOf(graph)) {
    const row = inColumn.get(column) ?? 0;
    inColumn.set(column, row + 1);
    positions[id] = { x: 200 * column, y: 120 * row };
  }
  return positions;
}

/** `onto`: the drawing that the text changes. */
export function parseFormula(text: string, onto: OwnDrawing = { nodes: {}, edges: {} }): Formula {
  try {
    const own = onto.composites ?? {};
    const drawer = new Drawer(statementsOf(text, own), own);
    drawer.draw();
    const graph = asBefore({ nodes: drawer.nodes, edges: drawer.edges }, drawer.unnamed, onto);
    return { ok: true, graph, positions: layout(graph) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.at).split('\n');
    return { ok: false, fault: { line: before.length, column: before.at(-1)!.length + 1, message: error.message } };
  }
}
