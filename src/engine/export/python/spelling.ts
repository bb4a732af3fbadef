/**
 * One use of an operation as Python. Where a library has a function of that meaning it is called; everything
 * else follows from the operation's kernels: in the line itself where that is short, else in a function that
 * has the operation's name.
 */
import { isBatched } from '../../ir/shape';
import { type Call, GRADIENT, type KernelSequence, OUT, type Primitive, RESULT, ROWS } from '../../ops/op';
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

const forms = new WeakMap<Primitive, Primitive>();
const made = new WeakSet<Primitive>();
const isTrainingForm = (op: Primitive): boolean => made.has(op);
/** An operation as it is while the network trains; one that does the same then is returned itself. */
export function inTraining(op: Primitive): Primitive {
  if (!op.training || isTrainingForm(op)) return op;
  let form = forms.get(op);
  if (!form) {
    const { torch: _, ...rest } = op;
    const { value, gradient } = op.training.drawn ?? op.training;
    form = { ...rest, name: `${op.name}-in-training`, onnx: null, value, gradient };
    forms.set(op, form);
    made.add(form);
  }
  return form;
}

/** What an operation in training reads besides its ports: the rows' shares in the mean, and numbers that are drawn. */
export function readsBesides(op: Primitive, call: Call): readonly string[] {
  const { kernels, temps = {} } = op.value(call);
  const ports = op.ports(call.attrs).map(({ name }) => name);
  const names = new Set(kernels.flatMap(({ reads }) => reads.map(({ name }) => name)));
  return [...names].filter((name) => !ports.includes(name) && !Object.hasOwn(temps, name) && name !== OUT);
}

/** What a use of an operation is written with: its inputs, and what it reads besides. */
const namesOf = (op: Primitive, call: Call): readonly string[] => [
  ...op.ports(call.attrs).map(({ name }) => name),
  ...(isTrainingForm(op) ? readsBesides(op, call) : []),
];

/** Texts by name, with their shapes. */
function operandsOf(op: Primitive, call: Call, args: Args): Record<string, Operand> {
  const operands: Record<string, Operand> = {};
  for (const name of namesOf(op, call))
    operands[name] = { text: args[name]!, shape: call.shapes[name] ?? (name === ROWS ? ['batch'] : call.out) };
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
  const ports = namesOf(op, call);
  const sequence = op.value(call);
  const plain = write(library, op, call, sequence, themselves(ports), { name: OUT, of: OUT });
  const expression = single(plain);
  if (expression !== null && expression.length <= SHORT_VALUE && ports.every((port) => uses(expression, port) <= 1))
    return single(write(library, op, call, sequence, args, { name: OUT, of: OUT }))!;
  const used = ports.filter((port) => plain.some(({ text }) => uses(text, port) > 0));
  const name = functions.add(op.name, used, bodyLines(plain, OUT));
  return `${name}(${used.map((port) => args[port]!).join(', ')})`;
}

/** Kernels that follow the value, with those before them that make what they read of it. */
function withValues(op: Primitive, call: Call, after: KernelSequence): KernelSequence {
  const value = op.value(call);
  const missing = new Set(Object.keys(value.temps ?? {}));
  const needed = new Set<string>();
  const note = (kernels: KernelSequence['kernels']): void => {
    for (const kernel of kernels) for (const { name } of kernel.reads) if (missing.has(name)) needed.add(name);
  };
  note(after.kernels);
  const before: KernelSequence['kernels'][number][] = [];
  for (const kernel of [...value.kernels].reverse())
    if (kernel.stores.some(({ to }) => needed.has(to))) {
      before.unshift(kernel);
      note([kernel]);
    }
  return { temps: { ...value.temps, ...after.temps }, kernels: [...before, ...after.kernels] };
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
  const gradient = op.gradient(call, port);
  if (!gradient) return null;
  const sequence = withValues(op, call, gradient);
  const ports = namesOf(op, call);
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

/** The new number of a parameter that keeps an average of what passes here, while the network trains. */
export function averageText(library: Library, op: Primitive, call: Call, port: string, args: Args, functions: Functions): Python {
  const kernels = op.training!.update(call).kernels.filter(({ stores }) => stores.some(({ to }) => to === port));
  const form = inTraining(op);
  const result = { name: port, of: port };
  const names = namesOf(form, call);
  const lines = write(library, form, call, withValues(form, call, { kernels }), themselves(names), result);
  const used = names.filter((name) => lines.some(({ text }) => uses(text, name) > 0));
  const name = functions.add(`${op.name}_new_${port}`, used, bodyLines(lines, port));
  return `${name}(${used.map((one) => args[one]!).join(', ')})`;
}

/** Which of its inputs and its value (`out`) the gradient along a port reads. */
export function gradientReads(op: Primitive, call: Call, port: string, library: Library): readonly string[] {
  const ports = op.ports(call.attrs).map(({ name }) => name);
  const args = Object.fromEntries([...namesOf(op, call), OUT, GRADIENT].map((name) => [name, `arg_${name}`]));
  const text = gradientText(library, op, call, port, args, new Functions(new Names())) ?? '';
  return [...ports, OUT].filter((name) => uses(text, `arg_${name}`) > 0);
}

/** How often the value's text writes what comes in at each port. */
export function valueUses(op: Primitive, call: Call, library: Library): Readonly<Record<string, number>> {
  const ports = op.ports(call.attrs).map(({ name }) => name);
  const args = Object.fromEntries(namesOf(op, call).map((name) => [name, `arg_${name}`]));
  const text = valueText(library, op, call, args, new Functions(new Names()));
  return Object.fromEntries(ports.map((name) => [name, uses(text, `arg_${name}`)]));
}
