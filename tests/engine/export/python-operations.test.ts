/**
 * Every operation in NumPy and in PyTorch, run by Python: its value and the gradient along each input equal
 * what its kernels give in the float64 reference, shared by the batch and for each sample, in float64 and in
 * float32. PyTorch's gradients are those of its own automatic differentiation.
 */
import { expect, test } from 'vitest';
import { Functions } from '../../../src/engine/export/python/functions';
import { type Library, numpy, pytorch } from '../../../src/engine/export/python/library';
import { Names } from '../../../src/engine/export/python/names';
import { gradientText, valueText } from '../../../src/engine/export/python/spelling';
import { prepareKernel } from '../../../src/engine/ir/interpret';
import { concrete, type Shape, sizeOf } from '../../../src/engine/ir/shape';
import { completeAttrs } from '../../../src/engine/ops/attrs';
import { ops } from '../../../src/engine/ops/index';
import { type Call, GRADIENT, type KernelSequence, OUT, type Primitive, RESULT } from '../../../src/engine/ops/op';
import { canBatch, casesOf, numbersFor } from '../../support/op-cases';
import { pythonWith, runScript } from '../../support/python';

const ROWS = 3;

/** Runs kernels on arrays by name, as the reference does. */
function run({ temps, kernels }: KernelSequence, arrays: Map<string, Float64Array>, result: string, shape: Shape): Float64Array {
  arrays.set(result, new Float64Array(sizeOf(shape, ROWS)));
  for (const [name, own] of Object.entries(temps ?? {})) arrays.set(name, new Float64Array(sizeOf(own, ROWS)));
  for (const kernel of kernels) prepareKernel(kernel, (name) => arrays.get(name)!)(ROWS);
  return arrays.get(result)!;
}

interface Asked {
  readonly name: string;
  readonly library: string;
  readonly definitions: readonly string[];
  readonly value: string;
  readonly ports: readonly string[];
  readonly inputs: Record<string, { shape: readonly number[]; numbers: readonly number[] }>;
  readonly gradient: readonly number[];
  /** Texts of the gradients by port; PyTorch finds its own. */
  readonly gradients: Record<string, string | null>;
}
interface Expected {
  readonly value: readonly number[];
  readonly gradients: Record<string, readonly number[] | null>;
  readonly shape: readonly number[];
}

function caseOf(library: Library, op: Primitive, call: Call, name: string): { asked: Asked; expected: Expected } {
  const ports = op.ports(call.attrs).map((port) => port.name);
  const arrays = new Map<string, Float64Array>();
  const inputs: Asked['inputs'] = {};
  ports.forEach((port, i) => {
    const shape = call.shapes[port]!;
    const numbers = numbersFor(op, sizeOf(shape, ROWS), i);
    arrays.set(port, Float64Array.from(numbers));
    inputs[port] = { shape: concrete(shape, ROWS), numbers };
  });
  const value = run(op.value(call), arrays, OUT, call.out);
  const gradient = Float64Array.from({ length: value.length }, (_, i) => 0.75 - 0.3 * (i % 5));
  arrays.set(GRADIENT, gradient);
  const gradients: Record<string, readonly number[] | null> = {};
  const texts: Record<string, string | null> = {};
  const functions = new Functions(new Names([...ports, OUT, GRADIENT]));
  const args = Object.fromEntries([...ports, OUT, GRADIENT].map((port) => [port, port]));
  const valueIs = valueText(library, op, call, args, functions);
  for (const port of ports) {
    const sequence = op.gradient(call, port);
    gradients[port] = sequence && [...run(sequence, arrays, RESULT, call.shapes[port]!)];
    texts[port] = library.name === 'numpy' ? gradientText(library, op, call, port, args, functions) : null;
  }
  return {
    asked: {
      name,
      library: library.name,
      definitions: functions.definitions,
      value: valueIs,
      ports,
      inputs,
      gradient: [...gradient],
      gradients: texts,
    },
    expected: { value: [...value], gradients, shape: concrete(call.out, ROWS) },
  };
}

/** Uses of an operation: its cases, with all, some or none of its inputs different for each sample. */
function callsOf(op: Primitive): { call: Call; name: string }[] {
  const calls: { call: Call; name: string }[] = [];
  casesOf(op).forEach((one) => {
    const attrs = completeAttrs(op, one.attrs ?? {});
    const ports = op.ports(attrs);
    const mixes = [
      () => false,
      () => true,
      ...(ports.length > 1 ? [(i: number) => i === 0, (i: number) => i === ports.length - 1] : []),
    ];
    for (const batched of mixes) {
      if (!canBatch(op, one, batched)) continue;
      const shapes = Object.fromEntries(
        ports.map(({ name }, i): [string, Shape] => {
          const shape = one.shapes[i % one.shapes.length]!;
          return [name, batched(i) ? ['batch', ...shape] : shape];
        }),
      );
      const out = op.infer(shapes, attrs);
      if ('fault' in out) continue;
      const words = Object.values(shapes).map((shape) => `[${shape.join()}]`);
      calls.push({
        call: { shapes, attrs, out: out.shape },
        name: `${op.name} ${words.join(' ')} ${JSON.stringify(one.attrs ?? {})}`,
      });
    }
  });
  return calls;
}

const SCRIPT = `
import json, sys, warnings
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
asked = json.load(open(sys.argv[1]))
if any(c['library'] == 'pytorch' for c in asked):
    import torch
    import torch.nn.functional as F
warnings.simplefilter('ignore')
def numpy_case(c, dtype):
    space = {'np': np, 'sliding_window_view': sliding_window_view}
    exec('\\n\\n'.join(c['definitions']), space)
    for name in c['ports']:
        space[name] = np.array(c['inputs'][name]['numbers'], dtype).reshape(c['inputs'][name]['shape'])
    value = eval(c['value'], space)
    space['out'] = value
    space['gradient'] = np.array(c['gradient'], dtype).reshape(np.shape(value))
    gradients = {}
    for name, text in c['gradients'].items():
        g = None if text is None else eval(text, space)
        if g is not None and np.shape(g) != np.shape(space[name]): raise ValueError(f'shape {np.shape(g)} for {np.shape(space[name])}')
        gradients[name] = None if g is None else np.ravel(g).astype(float).tolist()
    return {'shape': np.shape(value), 'value': np.ravel(value).astype(float).tolist(), 'gradients': gradients}
def torch_case(c, dtype):
    torch.set_default_dtype(dtype)
    space = {'torch': torch, 'F': F}
    exec('\\n\\n'.join(c['definitions']), space)
    for name in c['ports']:
        space[name] = torch.tensor(c['inputs'][name]['numbers'], dtype=dtype).reshape(c['inputs'][name]['shape']).requires_grad_()
    value = eval(c['value'], space)
    gradients = {name: None for name in c['ports']}
    if value.requires_grad:
        value.backward(torch.tensor(c['gradient'], dtype=dtype).reshape(value.shape))
        gradients = {name: None if space[name].grad is None else space[name].grad.reshape(-1).tolist() for name in c['ports']}
    return {'shape': list(value.shape), 'value': value.detach().reshape(-1).tolist(), 'gradients': gradients}
answers = []
for c in asked:
    try:
        if c['library'] == 'numpy': answers.append([numpy_case(c, np.float64), numpy_case(c, np.float32)])
        else: answers.append([torch_case(c, torch.float64), torch_case(c, torch.float32)])
    except Exception as error:
        answers.append({'error': f'{type(error).__name__}: {error}'})
json.dump(answers, open(sys.argv[2], 'w'))
`;

type Answer = { readonly shape: readonly number[]; readonly value: readonly number[]; readonly gradients: Expected['gradients'] };

const primitives = [...ops.values()].filter((op): op is Primitive => op.kind === 'primitive');

/** Everything that differs, in words, so that one run names all of it: with the library's functions, and from kernels alone. */
function differences(library: Library, python: string): string {
  const cases = [true, false].flatMap((spelled) =>
    primitives.flatMap((op) => {
      const { onnx, torch } = op;
      if (!spelled && !onnx && !torch) return [];
      if (!spelled) Object.assign(op, { onnx: null, torch: undefined });
      try {
        return callsOf(op).map(({ call, name }) => caseOf(library, op, call, name));
      } finally {
        Object.assign(op, { onnx, torch });
      }
    }),
  );
  const answers = runScript<(readonly Answer[] | { error: string })[]>(
    python,
    SCRIPT,
    cases.map((c) => c.asked),
  );
  return cases.flatMap(({ asked, expected }, i) => differenceOf(asked, expected, answers[i]!)).join('\n\n');
}

function differenceOf(asked: Asked, expected: Expected, answer: readonly Answer[] | { error: string }): string[] {
  const told = (what: string): string[] => [
    `${asked.name}: ${what}\n  ${[asked.value, ...Object.values(asked.gradients)].join('\n  ')}\n${asked.definitions.join('\n')}`,
  ];
  if ('error' in answer) return told(answer.error);
  for (const [single, run] of answer.entries()) {
    const tolerance = single ? 3e-6 : 1e-12;
    const far = (ours: readonly number[], theirs: readonly number[]): boolean =>
      ours.length !== theirs.length ||
      ours.some((x, k) => !(Object.is(x, theirs[k]) || Math.abs(x - theirs[k]!) <= tolerance * Math.max(1, Math.abs(x))));
    if (run.shape.join() !== expected.shape.join())
      return told(`the shape is ${run.shape.join(' × ')}, not ${expected.shape.join(' × ')}`);
    if (far(expected.value, run.value)) return told(`the value is ${run.value.join(', ')}, not ${expected.value.join(', ')}`);
    for (const [port, numbers] of Object.entries(expected.gradients)) {
      const own = run.gradients[port] ?? null;
      const zeros = numbers?.every((x) => x === 0) ?? true;
      if (own === null ? !zeros : far(numbers ?? own.map(() => 0), own))
        return told(`the gradient along ${port} is ${own?.join(', ')}, not ${numbers?.join(', ')}`);
    }
  }
  return [];
}

const withNumpy = pythonWith('numpy');
const withTorch = pythonWith('torch');

test.skipIf(!withNumpy)('NumPy equals the reference on every operation', () => {
  expect(differences(numpy, withNumpy!)).toBe('');
});

test.skipIf(!withTorch)('PyTorch equals the reference on every operation', () => {
  expect(differences(pytorch, withTorch!)).toBe('');
});
