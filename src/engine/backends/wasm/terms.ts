/**
 * A neuron drawn from single numbers is a written-out sum, x₁w₁ + x₂w₂ + …, whose operands lie at even
 * distances. Such a sum becomes a fold with one more axis, so that rows of neurons are a product of matrices
 * like a layer's: it shares loads in a register tile, and its code does not grow with the number of terms.
 */
import type { Expr } from '../../ir/expr';
import { read } from '../../ir/expr';
import { ACC } from '../../ir/kernel';
import { Dag, type DagNode } from './dag';
import { type Access, collapse, type Nest } from './nest';

/** Terms from which a fold pays; fewer do where neighbours share factors. */
const MANY = 4;
const FEWEST = 2;

/** One term of a sum: a read, or a product of two. */
interface Term {
  readonly node: number;
  readonly factors: readonly Access[];
}

/** Terms at even distances, in the order in which the fold takes them. */
interface Row {
  readonly terms: readonly Term[];
  /** Bytes from one term to the next, for each factor. */
  readonly distances: readonly number[];
}

/** Names of the folded factors; no kernel has them. */
const FACTORS = ['term·0', 'term·1'];

/** The nest with its longest sum of like terms as a fold, or as it is. */
export function foldTerms(nest: Nest): Nest {
  if (nest.combine !== null || nest.body >= 0 || nest.ordered) return nest;
  const fewest = nest.axes.length > 1 ? FEWEST : MANY;
  let best: { readonly row: Row; readonly leaves: readonly number[]; readonly sum: number } | null = null;
  for (const sum of sumsOf(nest.dag)) {
    const leaves = leavesOf(nest.dag, sum);
    const row = longestRow(leaves.flatMap((leaf) => termOf(nest, leaf) ?? []));
    if (row && row.terms.length > (best?.row.terms.length ?? fewest - 1)) best = { row, leaves, sum };
  }
  return best ? folded(nest, best.sum, best.leaves, best.row) : nest;
}

/** Additions that are no part of another sum. */
function sumsOf({ nodes, uses }: Dag): readonly number[] {
  const inner = new Set<number>();
  for (const { op, args } of nodes)
    if (op === 'add') for (const arg of args) if (nodes[arg]!.op === 'add' && uses[arg] === 1) inner.add(arg);
  return nodes.flatMap(({ op }, id) => (op === 'add' && !inner.has(id) ? [id] : []));
}

/** What a sum adds up, from left to right. */
function leavesOf(dag: Dag, sum: number): readonly number[] {
  const leaves: number[] = [];
  const visit = (id: number): void => {
    const node = dag.nodes[id]!;
    if (node.op === 'add' && (id === sum || dag.uses[id] === 1)) node.args.forEach(visit);
    else leaves.push(id);
  };
  visit(sum);
  return leaves;
}

function termOf({ dag, reads }: Nest, id: number): Term | null {
  const accessOf = (at: number): Access | null => {
    const node = dag.nodes[at]!;
    return node.op === 'read' ? reads.get(node.name)! : null;
  };
  const node = dag.nodes[id]!;
  const factors = node.op === 'mul' && dag.uses[id] === 1 ? node.args.map(accessOf) : [accessOf(id)];
  return factors.every((factor) => factor !== null) ? { node: id, factors } : null;
}

function longestRow(terms: readonly Term[]): Row | null {
  let best: Row | null = null;
  for (let from = 0; from + 1 < terms.length; ) {
    const row = rowFrom(terms, from);
    if (row.terms.length > (best?.terms.length ?? 0)) best = row;
    from += Math.max(1, row.terms.length - 1);
  }
  if (best === null) return null;
  // Upwards in memory, where that can be.
  const down = best.distances.some((distance) => distance < 0) && best.distances.every((distance) => distance <= 0);
  return down ? { terms: [...best.terms].reverse(), distances: best.distances.map((distance) => -distance) } : best;
}

function rowFrom(terms: readonly Term[], from: number): Row {
  const row = [terms[from]!];
  let distances: readonly number[] | null = null;
  for (let at = from + 1; at < terms.length; at++) {
    const last = row.at(-1)!;
    const next = alike(terms[at]!, last);
    const apart: readonly number[] = next ? next.factors.map(({ address }, i) => address - last.factors[i]!.address) : [];
    if (!next || (distances !== null && apart.some((distance, i) => distance !== distances![i]))) break;
    distances = apart;
    row.push(next);
  }
  return { terms: row, distances: distances ?? [] };
}

/** The term with its factors in the order of another that walks memory likewise; null where it does not. */
function alike(term: Term, other: Term): Term | null {
  if (term.factors.length !== other.factors.length) return null;
  const same = (factors: readonly Access[]): boolean =>
    factors.every(({ strides }, at) => strides.every((stride, axis) => stride === other.factors[at]!.strides[axis]));
  if (same(term.factors)) return term;
  const swapped = [...term.factors].reverse();
  return same(swapped) ? { ...term, factors: swapped } : null;
}

function folded(nest: Nest, sum: number, leaves: readonly number[], { terms, distances }: Row): Nest {
  const inRow = new Set(terms.map(({ node }) => node));
  const known = new Map<number, Expr>();
  const exprOf = (id: number): Expr => {
    let e = known.get(id);
    if (!e) known.set(id, (e = spelled(nest.dag.nodes[id]!, exprOf)));
    return e;
  };
  const rest = leaves.filter((leaf) => !inRow.has(leaf)).map(exprOf);
  known.set(
    sum,
    rest.reduce<Expr>((x, y) => ({ kind: 'binary', op: 'add', x, y }), read(ACC)),
  );
  const dag = new Dag(ACC);
  const factors = terms[0]!.factors.map((_, at) => read(FACTORS[at]!));
  const body = dag.root(factors.length === 1 ? factors[0]! : { kind: 'binary', op: 'mul', x: factors[0]!, y: factors[1]! });
  const targets = nest.targets.map((target) => ({
    ...target,
    strides: [...target.strides, 0],
    value: dag.root(exprOf(target.value)),
  }));
  const left = new Set(targets.flatMap(({ value }) => [...dag.names(value)]));
  const reads = new Map<string, Access>();
  for (const [name, access] of nest.reads) if (left.has(name)) reads.set(name, { ...access, strides: [...access.strides, 0] });
  terms[0]!.factors.forEach((access, at) => {
    reads.set(FACTORS[at]!, { ...access, strides: [...access.strides, distances[at]! / 4] });
  });
  return collapse({ ...nest, axes: [...nest.axes, terms.length], combine: 'sum', dag, body, reads, targets });
}

/** A node of the graph as an expression again. */
function spelled(node: DagNode, of: (id: number) => Expr): Expr {
  switch (node.op) {
    case 'const':
      return { kind: 'const', value: node.value };
    case 'read':
      return read(node.name);
    case 'acc':
      return read(ACC);
    case 'select':
      return { kind: 'select', positive: of(node.args[0]), then: of(node.args[1]), otherwise: of(node.args[2]) };
    case 'neg':
    case 'exp':
    case 'log':
    case 'sqrt':
    case 'abs':
    case 'floor':
    case 'tanh':
    case 'sin':
    case 'cos':
      return { kind: 'unary', op: node.op, x: of(node.args[0]) };
    default:
      return { kind: 'binary', op: node.op, x: of(node.args[0]), y: of(node.args[1]) };
  }
}
