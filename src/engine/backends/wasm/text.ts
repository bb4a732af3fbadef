/**
 * A generated module in WebAssembly's text form, for people: expressions are folded, so that a loop reads
 * like the formula it came from, and the memory's map stands first. Assemblers read it too.
 */
import type { Layout } from './layout';
import { ATOMIC, BASIC, COPY, type Instruction, TYPES, VECTOR } from './text-table';

/** An instruction with the operands that stand before it. */
interface Tree {
  readonly head: string;
  readonly operands: readonly Tree[];
}

/** Columns that a line fills before it is broken. */
const WIDTH = 108;

class Reader {
  at = 0;
  readonly #view: DataView;
  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  byte(): number {
    return this.bytes[this.at++]!;
  }
  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
  signed(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return byte & 64 ? value - 2 ** (shift + 7) : value;
    }
  }
  float(bytes: 4 | 8): number {
    const value = bytes === 4 ? this.#view.getFloat32(this.at, true) : this.#view.getFloat64(this.at, true);
    this.at += bytes;
    return value;
  }
  text(): string {
    const length = this.unsigned();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }
  list<T>(item: () => T): T[] {
    return Array.from({ length: this.unsigned() }, item);
  }
}

interface Signature {
  readonly parameters: readonly string[];
  readonly results: readonly string[];
}

const floatText = (value: number): string =>
  Object.is(value, -0) ? '-0' : Number.isNaN(value) ? 'nan' : Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf';

function immediateText(r: Reader, { immediate, name }: Instruction): string {
  switch (immediate) {
    case undefined:
      return '';
    case 'index':
      return ` ${r.unsigned()}`;
    case 'i32':
    case 'i64':
      return ` ${r.signed()}`;
    case 'f32':
      return ` ${floatText(r.float(4))}`;
    case 'f64':
      return ` ${floatText(r.float(8))}`;
    case 'lane':
      return ` ${r.byte()}`;
    case 'copy':
      r.at += 2;
      return '';
    case 'vector': {
      const lanes = Array.from({ length: 4 }, () => {
        const bytes = Array.from({ length: 4 }, () => r.byte());
        return `0x${bytes
          .reverse()
          .map((b) => b.toString(16).padStart(2, '0'))
          .join('')}`;
      });
      return ` i32x4 ${lanes.join(' ')}`;
    }
    case 'shuffle':
      return ` ${Array.from({ length: 16 }, () => r.byte()).join(' ')}`;
    default: {
      const align = 2 ** r.unsigned();
      const offset = r.unsigned();
      const lane = immediate === 'memory lane' ? ` ${r.byte()}` : '';
      // The alignment that is natural for the access goes without saying.
      const natural = /f64|64/.test(name) ? 8 : name === 'v128.load' || name === 'v128.store' ? 16 : 4;
      return `${offset === 0 ? '' : ` offset=${offset}`}${align === natural ? '' : ` align=${align}`}${lane}`;
    }
  }
}

const flat = ({ head, operands }: Tree): string => `(${[head, ...operands.map(flat)].join(' ')})`;

function laidOut(tree: Tree, indent: number): string[] {
  const line = flat(tree);
  if (line.length + indent <= WIDTH || tree.operands.length === 0) return [' '.repeat(indent) + line];
  const lines = tree.operands.flatMap((operand) => laidOut(operand, indent + 2));
  return [`${' '.repeat(indent)}(${tree.head}`, ...lines.slice(0, -1), `${lines.at(-1)})`];
}

/** The instructions of a function up to its end. `signatures`: of all functions, for calls. */
function bodyLines(r: Reader, signatures: readonly Signature[]): string[] {
  const lines: string[] = [];
  /** Pending expressions; null: one that was written out before. */
  let stack: (Tree | null)[] = [];
  const open: ('block' | 'if')[] = [];
  const indent = (): number => 4 + open.reduce((sum, kind) => sum + (kind === 'if' ? 4 : 2), 0);
  const write = (tree: Tree): void => void lines.push(...laidOut(tree, indent()));
  /** What is pending stands before what comes next. */
  const flush = (): void => {
    for (const pending of stack) if (pending) write(pending);
    stack = stack.map(() => null);
  };
  const operandsOf = (takes: number): readonly Tree[] => {
    const taken = takes === 0 ? [] : stack.splice(-takes);
    return taken.filter((one) => one !== null);
  };
  const put = (head: string, takes: number, gives: number): void => {
    const tree = { head, operands: operandsOf(takes) };
    if (gives > 0) stack.push(tree);
    else {
      flush();
      write(tree);
    }
  };
  for (;;) {
    const code = r.byte();
    switch (code) {
      case 0x02:
      case 0x03:
        r.byte();
        flush();
        lines.push(`${' '.repeat(indent())}(${code === 0x02 ? 'block' : 'loop'}`);
        open.push('block');
        break;
      case 0x04: {
        r.byte();
        const condition = operandsOf(1);
        flush();
        const [first, ...rest] = condition.flatMap((tree) => laidOut(tree, indent() + 2));
        lines.push(`${' '.repeat(indent())}(if${first === undefined ? '' : ` ${first.trimStart()}`}`, ...rest);
        lines.push(`${' '.repeat(indent() + 2)}(then`);
        open.push('if');
        break;
      }
      case 0x05:
        flush();
        lines[lines.length - 1] += ')';
        lines.push(`${' '.repeat(indent() - 2)}(else`);
        break;
      case 0x0b: {
        flush();
        const closed = open.pop();
        if (closed === undefined) return lines;
        lines[lines.length - 1] += closed === 'if' ? '))' : ')';
        break;
      }
      case 0x10: {
        const index = r.unsigned();
        const { parameters, results } = signatures[index]!;
        put(`call ${index}`, parameters.length, results.length);
        break;
      }
      default: {
        const [table, which] =
          code === 0xfd ? [VECTOR, r.unsigned()] : code === 0xfe ? [ATOMIC, r.unsigned()] : ([BASIC, code] as const);
        const found = code === 0xfc && r.unsigned() === 0x0a ? COPY : table.get(which);
        if (!found) throw new Error(`No text for the instruction 0x${which.toString(16)}.`);
        put(`${found.name}${immediateText(r, found)}`, found.takes, found.gives);
      }
    }
  }
}

const typesText = (word: string, types: readonly string[]): string => (types.length > 0 ? ` (${word} ${types.join(' ')})` : '');

/** `(func (;7;) (export "run") (param i32) (local i32 v128)` and what it does. */
function functionLines(
  r: Reader,
  index: number,
  signatures: readonly Signature[],
  exported: string | undefined,
  nameAt: (address: number) => string | undefined,
): string[] {
  const from = r.at;
  const end = r.unsigned() + r.at;
  const { parameters, results } = signatures[index]!;
  const locals = r
    .list(() => {
      const count = r.unsigned();
      const type = TYPES[r.byte()]!;
      return Array.from({ length: count }, () => type);
    })
    .flat();
  const head = `(func (;${index};)${exported === undefined ? '' : ` (export "${exported}")`}${typesText('param', parameters)}${typesText('result', results)}`;
  const lines = ['', `  ;; ${end - from} bytes`, `  ${head}`];
  if (locals.length > 0) lines.push(`   ${typesText('local', locals)}`);
  const body = bodyLines(r, signatures);
  body[body.length - 1] += ')';
  lines.push(...body.map((line) => named(line, nameAt)));
  r.at = end;
  return lines;
}

/** Whose numbers a line reads and writes, behind it, where that is written out. */
function named(line: string, nameAt: (address: number) => string | undefined): string {
  const names = [...line.matchAll(/offset=(\d+)[^()]*\(i32\.const 0\)/g)].map(([, offset]) => nameAt(Number(offset)));
  const known = names.filter((name) => name !== undefined);
  return known.length === 0 ? line : `${line} ;; ${known.join(', ')}`;
}

/** `v:hidden/weight[3]` for the address of a buffer's element. */
function namesIn({ buffers }: Layout): (address: number) => string | undefined {
  const names = new Map<number, string>();
  // Farther in, addresses are computed, not written out.
  for (const [id, { address, elements }] of Object.entries(buffers))
    for (let i = 0; i < Math.min(elements, 4096); i++) names.set(address + 4 * i, elements === 1 ? id : `${id}[${i}]`);
  return (address) => names.get(address);
}

/** Where the buffers lie, as comments. */
const mapOf = ({ buffers, queue, losses }: Layout): string[] => [
  '  ;; Memory, in bytes:',
  ...Object.entries(buffers).map(([id, { address, elements }]) => `  ;; ${String(address).padStart(8)}  ${id} [${elements}]`),
  `  ;; ${String(queue).padStart(8)}  the rows of the batches to run`,
  `  ;; ${String(losses).padStart(8)}  their losses`,
];

export function moduleText(bytes: Uint8Array, layout: Layout): string {
  const r = new Reader(bytes);
  // Past the magic number and the version.
  r.at = 8;
  let types: readonly Signature[] = [];
  const signatures: Signature[] = [];
  const exported = new Map<number, string>();
  const lines = ['(module', ...mapOf(layout), ''];
  while (r.at < bytes.length) {
    const section = r.byte();
    const end = r.unsigned() + r.at;
    if (section === 1)
      types = r.list(() => {
        r.byte();
        return { parameters: r.list(() => TYPES[r.byte()]!), results: r.list(() => TYPES[r.byte()]!) };
      });
    else if (section === 2)
      r.list(() => {
        const name = `"${r.text()}" "${r.text()}"`;
        if (r.byte() === 0) {
          const type = types[r.unsigned()]!;
          const about = typesText('param', type.parameters) + typesText('result', type.results);
          lines.push(`  (import ${name} (func (;${signatures.length};)${about}))`);
          signatures.push(type);
        } else {
          const limits = r.byte();
          const pages = [r.unsigned(), ...(limits & 1 ? [r.unsigned()] : [])].join(' ');
          lines.push(`  (import ${name} (memory ${pages}${limits & 2 ? ' shared' : ''}))`);
        }
      });
    else if (section === 3) signatures.push(...r.list(() => types[r.unsigned()]!));
    else if (section === 7)
      r.list(() => {
        const name = r.text();
        r.byte();
        exported.set(r.unsigned(), name);
      });
    else if (section === 10) {
      const count = r.unsigned();
      const nameAt = namesIn(layout);
      for (let index = signatures.length - count; index < signatures.length; index++)
        lines.push(...functionLines(r, index, signatures, exported.get(index), nameAt));
    }
    r.at = end;
  }
  return `${lines.join('\n')})`;
}
