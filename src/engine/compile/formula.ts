/**
 * Drawings as text and back: `l = (sigmoid(w1*x + w2*y + b) - t)^2`. Every operation can be called by its
 * name (with _ for -), its inputs in order, its attributes by name: `h = dense(x, units=8)`. Names that
 * are never assigned are single numbers: t… is a target, w…, b…, v… and θ… are parameters, others inputs.
 * Where nodes stand and how they are grouped is not part of the text.
 */
import {
  type Attrs,
  type AttrValue,
  edge,
  type Edge,
  type Graph,
  linksOf,
  type Links,
  type Node,
  type NodeId,
  topologicalOrder,
} from '../graph/graph';
import type { Point } from '../graph/project';
import { attrFault, completeAttrs } from '../ops/attrs';
import { opOf, ops } from '../ops/index';
import type { Op } from '../ops/op';

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

// ——— Reading: characters to tokens.

type TokenKind = 'number' | 'name' | 'text' | 'symbol' | 'end of line' | 'end';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Position of its first character in the whole text. */
  readonly at: number;
}

class Fault extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

const TOKEN =
  /[ \t\r]+|#[^\n]*|(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_]*|`[^`\n]+`)|('[^'\n]*'|"[^"\n]*")|(\*\*|[-+*/^@()[\],=])|([\n;])/uy;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match)
      throw new Fault(at, `The character '${String.fromCodePoint(text.codePointAt(at)!)}' has no meaning here. Remove it.`);
    const [all, number, name, quoted, symbol, line] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name.replaceAll('`', ''), at });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.slice(1, -1), at });
    else if (symbol !== undefined) {
      depth += '(['.includes(symbol) ? 1 : ')]'.includes(symbol) ? -1 : 0;
      tokens.push({ kind: 'symbol', text: symbol === '**' ? '^' : symbol, at });
    }
    // A bracket goes on over the end of a line.
    else if (line !== undefined && depth <= 0) tokens.push({ kind: 'end of line', text: all, at });
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

// ——— Tokens to terms.

type Term =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'use';
      readonly op: Op;
      readonly inputs: readonly Term[];
      readonly attrs: Attrs;
      readonly label?: string;
      readonly at: number;
    };

interface Statement {
  readonly name: string | null;
  readonly term: Term;
  readonly at: number;
}

const MOST_SUMMANDS = 16;

class Parser {
  #next = 0;
  constructor(readonly tokens: readonly Token[]) {}

  #peek(ahead = 0): Token {
    return this.tokens[Math.min(this.#next + ahead, this.tokens.length - 1)]!;
  }
  #is(symbol: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'symbol' && token.text === symbol;
  }
  #take(): Token {
    return this.tokens[this.#next++]!;
  }
  #accept(symbol: string): boolean {
    if (!this.#is(symbol)) return false;
    this.#next++;
    return true;
  }
  #shown(token = this.#peek()): string {
    return token.kind === 'end' || token.kind === 'end of line' ? 'the line ends' : `there is '${token.text}'`;
  }
  #expect(symbol: string, where: string): void {
    if (!this.#accept(symbol)) throw new Fault(this.#peek().at, `A '${symbol}' is missing ${where}, but ${this.#shown()}.`);
  }

  statements(): readonly Statement[] {
    const list: Statement[] = [];
    while (this.#peek().kind !== 'end') {
      if (this.#peek().kind === 'end of line') {
        this.#next++;
        continue;
      }
      const first = this.#peek();
      const named = first.kind === 'name' && this.#is('=', 1);
      if (named) this.#next += 2;
      list.push({ name: named ? first.text : null, term: this.#sum(), at: first.at });
      const after = this.#peek();
      if (after.kind !== 'end of line' && after.kind !== 'end')
        throw new Fault(
          after.at,
          `The formula is complete before '${after.text}'. Put an operator such as + or * there, or start a new line.`,
        );
    }
    return list;
  }

  #sum(): Term {
    let left = this.#product();
    let summands: Term[] = [left];
    const close = (): Term => {
      if (summands.length > 1) left = use('add', summands, { inputs: summands.length }, summands[0]!.at);
      return left;
    };
    for (;;) {
      if (this.#accept('+')) {
        if (summands.length === MOST_SUMMANDS) summands = [close()];
        summands.push(this.#product());
      } else if (this.#is('-')) {
        const { at } = this.#take();
        left = use('subtract', [close(), this.#product()], {}, at);
        summands = [left];
      } else return close();
    }
  }

  #product(): Term {
    let left = this.#sign();
    for (;;) {
      const op = this.#is('*') ? 'multiply' : this.#is('/') ? 'divide' : this.#is('@') ? 'matmul' : null;
      if (!op) return left;
      const { at } = this.#take();
      left = use(op, [left, this.#sign()], {}, at);
    }
  }

  #sign(): Term {
    if (!this.#is('-')) return this.#power();
    const { at } = this.#take();
    if (this.#peek().kind === 'number' && !this.#is('^', 1)) return { kind: 'number', value: -Number(this.#take().text), at };
    return use('negate', [this.#sign()], {}, at);
  }

  #power(): Term {
    let base = this.#atom();
    while (this.#is('^')) {
      const { at } = this.#take();
      const sign = this.#accept('-') ? -1 : 1;
      const exponent = this.#peek();
      if (exponent.kind !== 'number')
        throw new Fault(
          exponent.at,
          `An exponent is a fixed number here, as in x^2, but ${this.#shown()}. For others write exp(p * log(x)).`,
        );
      this.#next++;
      base = use('power', [base], { exponent: sign * Number(exponent.text) }, at);
    }
    return base;
  }

  #atom(): Term {
    const token = this.#take();
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text), at: token.at };
    if (token.kind === 'name') return this.#is('(') ? this.#call(token) : { kind: 'name', name: token.text, at: token.at };
    if (token.kind === 'symbol' && token.text === '(') {
      const inner = this.#sum();
      this.#expect(')', 'to close the bracket');
      return inner;
    }
    throw new Fault(token.at, `A value is missing: here should be a number, a name or a bracket, but ${this.#shown(token)}.`);
  }

  #call(name: Token): Term {
    const op = opOf(name.text.replaceAll('_', '-'));
    if (!op) throw new Fault(name.at, `There is no operation '${name.text}'. ${likely(name.text)}`);
    this.#next++;
    const inputs: Term[] = [];
    const attrs: Record<string, AttrValue> = {};
    let label: string | undefined;
    while (!this.#is(')')) {
      const first = this.#peek();
      if (first.kind === 'name' && this.#is('=', 1)) {
        this.#next += 2;
        const value = this.#value(op, first);
        if (first.text === 'label') label = String(value);
        else attrs[first.text] = value;
      } else inputs.push(this.#sum());
      if (!this.#is(')')) this.#expect(',', `or a ')' in '${name.text}(…)'`);
    }
    this.#next++;
    // Operations with any number of inputs count them.
    if (op.attrs['inputs']?.kind === 'integer' && attrs['inputs'] === undefined && inputs.length > 0)
      attrs['inputs'] = inputs.length;
    for (const [attr, value] of Object.entries(attrs)) {
      const fault = attrFault(op.attrs[attr]!, value);
      if (fault) throw new Fault(name.at, `'${attr}' of '${name.text}' ${fault}`);
    }
    const ports = op.ports(completeAttrs(op, attrs));
    if (ports.length !== inputs.length)
      throw new Fault(
        name.at,
        `'${name.text}' takes ${ports.length === 0 ? 'no inputs' : `${ports.length} input${ports.length === 1 ? '' : 's'} (${ports.map((p) => p.about).join(', ')})`}, but ${inputs.length === 0 ? 'none is' : `${inputs.length} ${inputs.length === 1 ? 'is' : 'are'}`} given.`,
      );
    return { kind: 'use', op, inputs, attrs, at: name.at, ...(label === undefined ? {} : { label }) };
  }

  /** The value of an attribute: a number, a text, true or false, a list of numbers. */
  #value(op: Op, name: Token): AttrValue {
    const spec = op.attrs[name.text];
    if (!spec && name.text !== 'label') {
      const known = Object.keys(op.attrs);
      throw new Fault(
        name.at,
        `'${op.name}' has no attribute '${name.text}'. ${known.length > 0 ? `It has ${known.join(', ')}.` : 'It has none.'}`,
      );
    }
    if (this.#accept('[')) {
      const list: number[] = [];
      while (!this.#is(']')) {
        list.push(this.#number());
        if (!this.#is(']')) this.#expect(',', "or a ']' in the list");
      }
      this.#next++;
      return list;
    }
    const token = this.#peek();
    if (token.kind === 'text' || (token.kind === 'name' && spec?.kind === 'choice')) return this.#take().text;
    if (token.kind === 'name' && (token.text === 'true' || token.text === 'false')) return this.#take().text === 'true';
    const number = this.#number();
    return spec?.kind === 'shape' || spec?.kind === 'numbers' ? [number] : number;
  }

  #number(): number {
    const sign = this.#accept('-') ? -1 : 1;
    const token = this.#take();
    if (token.kind !== 'number')
      throw new Fault(
        token.at,
        `A value is missing: here should be a number, a 'text', true, false or a [list, of, numbers], but ${this.#shown(token)}.`,
      );
    return sign * Number(token.text);
  }
}

const use = (name: string, inputs: readonly Term[], attrs: Attrs, at: number): Term => ({
  kind: 'use',
  op: opOf(name)!,
  inputs,
  attrs,
  at,
});

/** Other names for what people type, and the operations that begin alike. */
function likely(name: string): string {
  const text = name.toLowerCase().replaceAll('_', '-');
  const found = [...ops.values()]
    .filter((op) => op.name.startsWith(text.slice(0, 3)) || op.keywords?.includes(text))
    .map((op) => spelled(op.name));
  return found.length > 0 ? `Did you mean ${found.slice(0, 3).join(', ')}?` : 'The palette lists all of them.';
}

// ——— Terms to a drawing.

const PARAMETER = /^[wbvθWBV]|^theta/;
const TARGET = /^t(\d|_|$)|^target/;

/** What a name is that nobody assigns. */
const freeNode = (id: NodeId): Node =>
  TARGET.test(id)
    ? { id, op: 'target', attrs: { shape: [] } }
    : PARAMETER.test(id)
      ? { id, op: 'parameter', attrs: { shape: [], ...(/^[bB]/.test(id) ? { role: 'bias', initializer: 'zeros' } : {}) } }
      : { id, op: 'input', attrs: { shape: [] } };

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
    const drawer = new Drawer(new Parser(tokensOf(text)).statements());
    drawer.draw();
    const graph = { nodes: drawer.nodes, edges: drawer.edges };
    return { ok: true, graph, positions: layout(graph) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.at).split('\n');
    return { ok: false, fault: { line: before.length, column: before.at(-1)!.length + 1, message: error.message } };
  }
}

// ——— A drawing to text.

const spelled = (op: string): string => op.replaceAll('-', '_');
const nameText = (id: NodeId): string => (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(id) ? id : `\`${id}\``);

/** How tightly a piece of text holds together; a piece in a tighter place gets brackets. */
const level = { sum: 1, product: 2, sign: 3, power: 4, atom: 5 } as const;
interface Piece {
  readonly text: string;
  readonly level: number;
}

const within = ({ text, level: own }: Piece, least: number): string => (own < least ? `(${text})` : text);

const valueText = (value: AttrValue): string =>
  typeof value === 'string' ? `'${value}'` : Array.isArray(value) ? `[${value.join(', ')}]` : String(value);

const same = (a: AttrValue | undefined, b: AttrValue): boolean => JSON.stringify(a) === JSON.stringify(b);

class Writer {
  readonly #links: Links;
  constructor(readonly graph: Graph) {
    this.#links = linksOf(graph);
  }

  /** Written inside its only use: a node whose name says nothing. What is learned or given keeps its name. */
  #isInline(node: Node): boolean {
    const op = opOf(node.op);
    if (node.id.replace(/\d+$/, '') !== node.op || this.#links.outOf.get(node.id)!.length !== 1) return false;
    return op !== undefined && (op.kind !== 'source' || op.role === 'constant');
  }

  lines(): string[] {
    const { order, cycle } = topologicalOrder(this.graph, this.#links);
    if (cycle.length > 0)
      throw new Fault(
        0,
        `'${cycle[0]}' depends on itself, which no formula can say. Remove one of the connections of the circle.`,
      );
    const lines: string[] = [];
    for (const id of order) {
      const node = this.graph.nodes[id]!;
      if (this.#isInline(node) || this.#isFree(node)) continue;
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
    return this.#isInline(source) ? this.#piece(source) : { text: nameText(from), level: level.atom };
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
    const label = node.label === undefined ? [] : [`label='${node.label.replaceAll("'", '’')}'`];
    return { text: `${spelled(node.op)}(${[...inputs.map((i) => i.text), ...given, ...label].join(', ')})`, level: level.atom };
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
  graph: Graph,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, text: new Writer(graph).lines().join('\n') };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, message: error.message };
  }
}
