/**
 * An elementwise operation on single numbers, from the kernels that devices run: as a function and its derivative, for
 * pictures of it and to say where numbers stand on it, and as an expression. Null where the operation is no such thing.
 */
import type { Attrs } from '../graph/graph';
import { evaluate, type Expr } from '../ir/expr';
import type { Kernel } from '../ir/kernel';
import { completeAttrs } from './attrs';
import { opOf } from './index';
import { GRADIENT, type Op, OUT } from './op';

export interface ScalarFunction {
  readonly value: (x: number) => number;
  readonly derivative: (x: number) => number;
}

/** What a single kernel without a fold stores. */
const storedBy = (kernels: readonly Kernel[]): Expr | null => {
  const [kernel] = kernels;
  return kernels.length === 1 && kernel && !kernel.fold && kernel.stores.length === 1 ? kernel.stores[0]!.value : null;
};

/** The value of single numbers in terms of the ports, and the ports in order. */
export function expressionOf(op: Op, given: Attrs = {}): { readonly value: Expr; readonly ports: readonly string[] } | null {
  if (op.kind !== 'primitive') return null;
  const attrs = completeAttrs(op, given);
  const ports = op.ports(attrs).map(({ name }) => name);
  const shapes = Object.fromEntries(ports.map((port) => [port, []]));
  if ('fault' in op.infer(shapes, attrs)) return null;
  const value = storedBy(op.value({ shapes, attrs, out: [] }).kernels);
  return value && { value, ports };
}

export function scalarFunction(name: string, given: Attrs = {}): ScalarFunction | null {
  const op = opOf(name);
  if (op?.kind !== 'primitive') return null;
  const attrs = completeAttrs(op, given);
  const [port, ...others] = op.ports(attrs);
  if (port === undefined || others.length > 0) return null;
  const call = { shapes: { [port.name]: [1] }, attrs, out: [1] };
  const forward = storedBy(op.value(call).kernels);
  if (forward === null) return null;
  const value = (x: number): number => evaluate(forward, () => x);
  const gradient = op.gradient(call, port.name);
  // Where training through it is refused, as through the binary step, it is flat all the same.
  if (gradient === null) return { value, derivative: () => 0 };
  const backward = storedBy(gradient.kernels);
  if (backward === null) return null;
  return {
    value,
    derivative: (x) => evaluate(backward, (read) => (read === GRADIENT ? 1 : read === OUT ? value(x) : x)),
  };
}
