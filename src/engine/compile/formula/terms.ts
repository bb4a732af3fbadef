/**
 * Formulas as text to terms: characters to tokens, tokens to nested uses of operations. Faults are sentences
 * that say what is missing and where.
 */
import type { Attrs, AttrValue } from '../../graph/graph';
import { attrFault, completeAttrs } from '../../ops/attrs';
import type { OwnOperations } from '../../graph/own-operation';
import { opOf, ops } from '../../ops/index';
import type { Op } from '../../ops/op';
import { calledOp, callName, Fault } from './names';

// ——— Characters to tokens.

type TokenKind = 'number' | 'name' | 'text' | 'symbol' | 'end of line' | 'end';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** A name between `quotation marks`. */
  readonly isQuoted?: boolean;
  /** Position of its first character in the whole text. */
  readonly at: number;
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
    if (number !== undefined) {
      if (!Number.isFinite(Number(number))) throw new Fault(at, `The number ${number} is too large. Write one below 1.7e308.`);
      tokens.push({ kind: 'number', text: number, at });
    } else if (name !== undefined)
      tokens.push({ kind: 'name', text: name.replaceAll('`', ''), isQuoted: name.startsWith('`'), at });
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

export type Term =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'use';
      readonly op: Op;
      readonly inputs: readonly Term[];
      readonly attrs: Attrs;
      readonly label?: string;
      /** How many uses lie within each other. */
      readonly depth: number;
      readonly at: number;
    };

export interface Statement {
  readonly name: string | null;
  readonly term: Term;
  readonly at: number;
}

const MOST_SUMMANDS = 16;
/** Formulas within formulas; people give parts a name long before. */
const MOST_NESTED = 200;

const tooDeep = (at: number): Fault =>
  new Fault(
    at,
    `There are more than ${MOST_NESTED} formulas within each other here. Give a part of it a name, on a line of its own.`,
  );

class Parser {
  #next = 0;
  /** Brackets, calls and signs that are open. */
  #open = 0;
  constructor(
    readonly tokens: readonly Token[],
    readonly own: OwnOperations,
  ) {}

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

  #nested(read: () => Term): Term {
    if (++this.#open > MOST_NESTED) throw tooDeep(this.#peek().at);
    const term = read();
    this.#open--;
    return term;
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
    if (this.#peek().kind === 'number' && !this.#is('^', 1)) return { kind: 'number', value: minus(this.#take().text), at };
    return use('negate', [this.#nested(() => this.#sign())], {}, at);
  }

  #power(): Term {
    let base = this.#atom();
    while (this.#is('^')) {
      const { at } = this.#take();
      const negative = this.#accept('-');
      const exponent = this.#peek();
      if (exponent.kind !== 'number')
        throw new Fault(
          exponent.at,
          `An exponent is a fixed number here, as in x^2, but ${this.#shown()}. For others write exp(p * log(x)).`,
        );
      this.#next++;
      const power = negative ? minus(exponent.text) : Number(exponent.text);
      const fault = attrFault(opOf('power')!.attrs['exponent']!, power);
      if (fault) throw new Fault(exponent.at, `An exponent ${fault} For others write exp(p * log(x)).`);
      base = use('power', [base], { exponent: power }, at);
    }
    return base;
  }

  #atom(): Term {
    const token = this.#take();
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text), at: token.at };
    if (token.kind === 'name') return this.#is('(') ? this.#call(token) : { kind: 'name', name: token.text, at: token.at };
    if (token.kind === 'symbol' && token.text === '(') {
      const inner = this.#nested(() => this.#sum());
      this.#expect(')', 'to close the bracket');
      return inner;
    }
    throw new Fault(token.at, `A value is missing: here should be a number, a name or a bracket, but ${this.#shown(token)}.`);
  }

  #call(name: Token): Term {
    const op = calledOp(name.text, name.isQuoted === true, this.own);
    if (!op) throw new Fault(name.at, `There is no operation '${name.text}'. ${likely(name.text, this.own)}`);
    this.#next++;
    const inputs: Term[] = [];
    const attrs: Record<string, AttrValue> = {};
    let label: string | undefined;
    while (!this.#is(')')) {
      const first = this.#peek();
      if (first.kind === 'name' && this.#is('=', 1)) {
        this.#next += 2;
        if (Object.hasOwn(attrs, first.text) || (first.text === 'label' && label !== undefined))
          throw new Fault(first.at, `'${first.text}' is given twice in '${name.text}(…)'. Leave one of the two out.`);
        const { at } = this.#peek();
        const value = this.#value(op, first);
        if (first.text !== 'label') attrs[first.text] = value;
        else if (typeof value === 'string') label = value;
        else throw new Fault(at, "A label is a text: put it between quotation marks, as in label='hidden'.");
      } else inputs.push(this.#nested(() => this.#sum()));
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
    return used(op, inputs, attrs, name.at, label);
  }

  /** The value of an attribute: a number, a text, true or false, a list of numbers. */
  #value(op: Op, name: Token): AttrValue {
    const spec = Object.hasOwn(op.attrs, name.text) ? op.attrs[name.text] : undefined;
    if (!spec && name.text !== 'label') {
      const known = Object.keys(op.attrs);
      throw new Fault(
        name.at,
        `'${callName(op.name, this.own)}' has no attribute '${name.text}'. ${known.length > 0 ? `It has ${known.join(', ')}.` : 'It has none.'}`,
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
    const negative = this.#accept('-');
    const token = this.#take();
    if (token.kind !== 'number')
      throw new Fault(
        token.at,
        `A value is missing: here should be a number, a 'text', true, false or a [list, of, numbers], but ${this.#shown(token)}.`,
      );
    return negative ? minus(token.text) : Number(token.text);
  }
}

/** A number with a minus before it. There is one zero: a file could not keep another. */
const minus = (text: string): number => 0 - Number(text);

function used(op: Op, inputs: readonly Term[], attrs: Attrs, at: number, label?: string): Term {
  const depth = 1 + inputs.reduce((most, input) => Math.max(most, input.kind === 'use' ? input.depth : 0), 0);
  if (depth > MOST_NESTED) throw tooDeep(at);
  return { kind: 'use', op, inputs, attrs, depth, at, ...(label === undefined ? {} : { label }) };
}

const use = (name: string, inputs: readonly Term[], attrs: Attrs, at: number): Term => used(opOf(name)!, inputs, attrs, at);

/** Other names for what people type, and the operations that begin alike. */
function likely(name: string, own: OwnOperations): string {
  const text = name.toLowerCase().replaceAll('_', '-');
  const begin = text.slice(0, 3);
  const found = [
    ...Object.keys(own).filter((op) => own[op]!.name.toLowerCase().startsWith(begin)),
    ...[...ops.values()].filter((op) => op.name.startsWith(begin) || op.keywords?.includes(text)).map((op) => op.name),
  ].map((op) => callName(op, own));
  return found.length > 0 ? `Did you mean ${found.slice(0, 3).join(', ')}?` : 'The palette lists all of them.';
}

/** One statement a line, in the order of the text. */
export const statementsOf = (text: string, own: OwnOperations): readonly Statement[] =>
  new Parser(tokensOf(text), own).statements();
