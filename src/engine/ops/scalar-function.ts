/**
 * An elementwise operation of one number as a function and its derivative, from the kernels that devices run: for
 * pictures of it, and to say where numbers stand on it. Null where the operation is no such function.
 */
import type { Attrs } from '../graph/graph';
import { evaluate } from '../ir/expr';
import type { Kernel } from '../ir/kernel';
import { completeAttrs } from './attrs';
import { opOf } from './index';
import { GRADIENT, OUT } from './op';

export interface ScalarFunction {
  readonly value: (x: number) => number;
  readonly derivative: (x: number) => number;
}

/** What a single kernel without a fold stores. */
const expressionOf = (kernels: readonly Kernel[]) => {
  const [kernel] = kernels;
  return kernels.length === 1 && kernel && !kernel.fold && kernel.stores.length === 1 ? kernel.stores[0]!.value : null;
};

export function scalarFunction(name: string, given: Attrs = {}): ScalarFunction | null {
  const op = opOf(name);
  if (op?.kind !== 'primitive') return null;
  const attrs = completeAttrs(op, given);
  const [port, ...others] = op.ports(attrs);
  if (port === undefined || others.length > 0) return null;
  const call = { shapes: { [port.name]: [1] }, attrs, out: [1] };
  const forward = expressionOf(op.value(call).kernels);
  if (forward === null) return null;
  const value = (x: number): number => evaluate(forward, () => x);
  const gradient = op.gradient(call, port.name);
  // Where training through it is refused, as through the binary step, it is flat all the same.
  if (gradient === null) return { value, derivative: () => 0 };
  const backward = expressionOf(gradient.kernels);
  if (backward === null) return null;
  return {
    value,
    derivative: (x) => evaluate(backward, (read) => (read === GRADIENT ? 1 : read === OUT ? value(x) : x)),
  };
}
