/**
 * Kernels of operations, made once for each way of calling an operation: a drawing of ten thousand
 * multiplications of numbers has one kernel for all of them, which is checked once and turned into a graph
 * of instructions once. `infer` gives equal calls of an operation the same object, by which they are known.
 */
import type { Call, KernelSequence, Primitive } from '../ops/op';

/** The form of an operation in a program: in training it may differ from use. */
const formOf = (op: Primitive, training: boolean): Pick<Primitive, 'value' | 'gradient'> =>
  training && op.training ? op.training : op;

type Made = Map<string, KernelSequence | null>;
const known = new WeakMap<Call, Made>();

function once(call: Call, key: string, make: () => KernelSequence | null): KernelSequence | null {
  let made = known.get(call);
  if (!made) known.set(call, (made = new Map()));
  let sequence = made.get(key);
  if (sequence === undefined) made.set(key, (sequence = make()));
  return sequence;
}

export const valueKernels = (op: Primitive, call: Call, training: boolean): KernelSequence =>
  once(call, training ? 'training' : 'use', () => formOf(op, training).value(call))!;

export const gradientKernels = (op: Primitive, call: Call, port: string, training: boolean): KernelSequence | null =>
  once(call, `${training ? 'training' : 'use'} ${port}`, () => formOf(op, training).gradient(call, port));
