/**
 * Expressions of a kernel as one graph without repetition. Derivatives repeat whole subtrees (the sigmoid
 * in its own slope); here every distinct subexpression exists once and knows how often it is used, which
 * is what the code generator needs to keep it in a register.
 */
import type { BinaryOp, Expr, UnaryOp } from '../../ir/expr';

export type DagNode =
  | { readonly op: 'const'; readonly value: number; readonly args: readonly [] }
  | { readonly op: 'read'; readonly name: string; readonly args: readonly [] }
  | { readonly op: 'acc'; readonly args: readonly [] }
  | { readonly op: UnaryOp; readonly args: readonly [number] }
  | { readonly op: BinaryOp; readonly args: readonly [number, number] }
  | { readonly op: 'select'; readonly args: readonly [number, number, number] };

export class Dag {
  readonly nodes: DagNode[] = [];
  /** How many nodes or roots use each node. */
  readonly uses: number[] = [];
  readonly #known = new Map<string, number>();
  readonly #seen = new Map<Expr, number>();
  readonly #costs = new Map<number, number>();

  /** `acc` is the name that stands for the result of the fold, if the kernel has one. */
  constructor(readonly acc: string | null) {}

  /** Adds an expression that something outside uses; gives its node. */
  root(e: Expr): number {
    const id = this.#add(e);
    this.uses[id]!++;
    return id;
  }

  /** Rough number of vector instructions for one evaluation of a node and all below it. */
  cost(id: number): number {
    let cost = this.#costs.get(id);
    if (cost === undefined) this.#costs.set(id, (cost = this.#costBelow(id, new Set())));
    return cost;
  }

  /** Names read by a node or below it. */
  names(id: number, into: Set<string> = new Set()): Set<string> {
    const node = this.nodes[id]!;
    if (node.op === 'read') into.add(node.name);
    for (const arg of node.args) this.names(arg, into);
    return into;
  }

  #costBelow(id: number, seen: Set<number>): number {
    if (seen.has(id)) return 0;
    seen.add(id);
    const node = this.nodes[id]!;
    return COST[node.op] + node.args.reduce<number>((sum, arg) => sum + this.#costBelow(arg, seen), 0);
  }

  #add(e: Expr): number {
    const seen = this.#seen.get(e);
    if (seen !== undefined) return seen;
    const id = this.#node(e);
    this.#seen.set(e, id);
    return id;
  }

  #node(e: Expr): number {
    switch (e.kind) {
      case 'const':
        return this.#intern({ op: 'const', value: e.value, args: [] }, `c${Object.is(e.value, -0) ? '-0' : e.value}`);
      case 'read':
        return e.name === this.acc
          ? this.#intern({ op: 'acc', args: [] }, 'acc')
          : this.#intern({ op: 'read', name: e.name, args: [] }, `r${e.name}`);
      case 'unary':
        return this.#operation(e.op, [this.#add(e.x)]);
      case 'binary':
        return e.op === 'pow' ? this.#power(this.#add(e.x), e.y) : this.#operation(e.op, [this.#add(e.x), this.#add(e.y)]);
      case 'select':
        return this.#operation('select', [this.#add(e.positive), this.#add(e.then), this.#add(e.otherwise)]);
    }
  }

  /** Powers with a small whole or half exponent as products and roots; others stay. */
  #power(x: number, exponent: Expr): number {
    const multiply = (a: number, b: number): number => this.#operation('mul', [a, b]);
    const one = (): number => this.#intern({ op: 'const', value: 1, args: [] }, 'c1');
    if (exponent.kind === 'const')
      switch (exponent.value) {
        case 1:
          return x;
        case 2:
          return multiply(x, x);
        case 3:
          return multiply(multiply(x, x), x);
        case 4: {
          const square = multiply(x, x);
          return multiply(square, square);
        }
        case 0.5:
          return this.#operation('sqrt', [x]);
        case -0.5:
          return this.#operation('div', [one(), this.#operation('sqrt', [x])]);
        case -1:
          return this.#operation('div', [one(), x]);
        case -2:
          return this.#operation('div', [one(), multiply(x, x)]);
      }
    return this.#operation('pow', [x, this.#add(exponent)]);
  }

  #operation(op: UnaryOp | BinaryOp | 'select', args: readonly number[]): number {
    return this.#intern({ op, args } as unknown as DagNode, `${op}(${args.join()})`);
  }

  #intern(node: DagNode, key: string): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    for (const arg of node.args) this.uses[arg]!++;
    this.uses.push(0);
    const id = this.nodes.push(node) - 1;
    this.#known.set(key, id);
    return id;
  }
}

const COST: Readonly<Record<DagNode['op'], number>> = {
  const: 0,
  read: 1,
  acc: 0,
  neg: 1,
  abs: 1,
  floor: 1,
  sqrt: 1,
  exp: 28,
  log: 40,
  tanh: 28,
  sin: 30,
  cos: 30,
  add: 1,
  sub: 1,
  mul: 1,
  div: 1,
  max: 1,
  min: 1,
  pow: 40,
  select: 3,
};
