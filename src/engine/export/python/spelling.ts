/**
 * One use of an operation as Python. Where a library has a function of that meaning it is called; everything
 * else follows from the operation's kernels: in the line itself where that is short, else in a function that
 * has the operation's name.
 */
import { isBatched } from '../../ir/shape';
import { type Call, GRADIENT, type KernelSequence, OUT, type Primitive, RESULT } from '../../ops/op';
import type { Operand } from './access';
import { Functions } from './functions';
import { bodyLines, type Statement, statementsOf } from './kernels';
import type { Library } from './library';
import { libraryCall } from './library-calls';
import { Names } from './names';
import { type Python, uses } from './text';

/** What is longer is read better as a function. */
const SHORT_VALUE = 48;
const SHORT_GRADIENT = 76;

export type Args = Readonly<Record<string, Python>>;

/** Texts by name, with their shapes. */
function operandsOf(op: Primitive, call: Call, args: Args): Record<string, Operand> {
  const operands: Record<string, Operand> = {};
  for (const { name } of op.ports(call.attrs)) operands[name] = { text: args[name]!, shape: call.shapes[name]! };
  if (args[OUT] !== undefined) operands[OUT] = { text: args[OUT], shape: call.out };
  if (args[GRADIENT] !== undefined) operands[GRADIENT] = { text: args[GRADIENT], shape: call.out };
  return operands;
}

/** The number of rows, asked of an argument that has them. */
const rowsOf = (operands: Readonly<Record<string, Operand>>): Python => {
  const batched = Object.values(operands).find(({ shape }) => isBatched(shape));
  return batched ? `len(${batched.text})` : '1';
};

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

function write(
  library: Library,
  op: Primitive,
  call: Call,
  sequence: KernelSequence,
  args: Args,
  result: { readonly name: string; readonly of: string },
): readonly Statement[] {
  const operands = operandsOf(op, call, args);
  const shape = result.of === OUT ? call.out : call.shapes[result.of]!;
  return statementsOf(library, sequence, operands, { name: result.name, shape }, rowsOf(operands), snake);
}

const single = (statements: readonly Statement[]): Python | null =>
  statements.length === 1 && /^\w+$/.test(statements[0]!.to) ? statements[0]!.text : null;

/** Every name stands for itself, as in the body of a function. */
const themselves = (names: readonly string[]): Args => Object.fromEntries(names.map((name) => [name, name]));

/** The value for texts of its inputs. `training` is the text of whether it trains. */
export function valueText(
  library: Library,
  op: Primitive,
  call: Call,
  args: Args,
  functions: Functions,
  training: Python = 'False',
): Python {
  const called = libraryCall(library, op, call, args, functions, training);
  if (called !== null) return called;
  const ports = op.ports(call.attrs).map(({ name }) => name);
  const sequence = op.value(call);
  const plain = write(library, op, call, sequence, themselves(ports), { name: OUT, of: OUT });
  const expression = single(plain);
  if (expression !== null && expression.length <= SHORT_VALUE && ports.every((port) => uses(expression, port) <= 1))
    return single(write(library, op, call, sequence, args, { name: OUT, of: OUT }))!;
  const used = ports.filter((port) => plain.some(({ text }) => uses(text, port) > 0));
  const name = functions.add(op.name, used, bodyLines(plain, OUT));
  return `${name}(${used.map((port) => args[port]!).join(', ')})`;
}

/** The gradient's kernels, with those before them that make what they read of the value. */
function gradientSequence(op: Primitive, call: Call, port: string): KernelSequence | null {
  const gradient = op.gradient(call, port);
  if (!gradient) return null;
  const value = op.value(call);
  const missing = new Set(Object.keys(value.temps ?? {}));
  const needed = new Set<string>();
  const note = (kernels: KernelSequence['kernels']): void => {
    for (const kernel of kernels) for (const { name } of kernel.reads) if (missing.has(name)) needed.add(name);
  };
  note(gradient.kernels);
  const before: KernelSequence['kernels'][number][] = [];
  for (const kernel of [...value.kernels].reverse())
    if (kernel.stores.some(({ to }) => needed.has(to))) {
      before.unshift(kernel);
      note([kernel]);
    }
  return { temps: { ...value.temps, ...gradient.temps }, kernels: [...before, ...gradient.kernels] };
}

/** What flows back along `port`, for texts of the inputs, of the value and of its gradient; null: nothing does. */
export function gradientText(
  library: Library,
  op: Primitive,
  call: Call,
  port: string,
  args: Args,
  functions: Functions,
): Python | null {
  const sequence = gradientSequence(op, call, port);
  if (!sequence) return null;
  const ports = op.ports(call.attrs).map(({ name }) => name);
  const names = [GRADIENT, ...ports, OUT];
  const result = { name: RESULT, of: port };
  const plain = write(library, op, call, sequence, themselves(names), result);
  const expression = single(plain);
  if (expression !== null && expression.length <= SHORT_GRADIENT)
    return single(write(library, op, call, sequence, args, result))!;
  const used = names.filter((name) => plain.some(({ text }) => uses(text, name) > 0));
  const wish = `${op.name}_backward${ports.length > 1 ? `_${port}` : ''}`;
  const name = functions.add(wish, used, bodyLines(plain, RESULT));
  return `${name}(${used.map((one) => args[one]!).join(', ')})`;
}

/** Which of its inputs and its value (`out`) the gradient along a port reads. */
export function gradientReads(op: Primitive, call: Call, port: string, library: Library): readonly string[] {
  const ports = op.ports(call.attrs).map(({ name }) => name);
  const args = Object.fromEntries([...ports, OUT, GRADIENT].map((name) => [name, `arg_${name}`]));
  const text = gradientText(library, op, call, port, args, new Functions(new Names())) ?? '';
  return [...ports, OUT].filter((name) => uses(text, `arg_${name}`) > 0);
}

/** How often the value's text writes what comes in at each port. */
export function valueUses(op: Primitive, call: Call, library: Library): Readonly<Record<string, number>> {
  const ports = op.ports(call.attrs).map(({ name }) => name);
  const args = Object.fromEntries(ports.map((name) => [name, `arg_${name}`]));
  const text = valueText(library, op, call, args, new Functions(new Names()));
  return Object.fromEntries(ports.map((name) => [name, uses(text, `arg_${name}`)]));
}
