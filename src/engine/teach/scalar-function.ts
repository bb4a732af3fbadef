/**
 * An elementwise operation of one number as a function and its derivative, from the expression that devices run:
 * for pictures of it. Null where the operation is no such function.
 */
import type { Attrs } from '../graph/graph';
import { derive } from '../ir/derive';
import { evaluate, namesIn } from '../ir/expr';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';

export interface ScalarFunction {
  readonly value: (x: number) => number;
  readonly derivative: (x: number) => number;
}

export function scalarFunction(name: string, given: Attrs = {}): ScalarFunction | null {
  const op = opOf(name);
  if (op?.kind !== 'primitive') return null;
  const attrs = completeAttrs(op, given);
  const ports = op.ports(attrs);
  if (ports.length !== 1) return null;
  const { kernels } = op.value({ shapes: { [ports[0]!.name]: [1] }, attrs, out: [1] });
  const kernel = kernels[0];
  if (kernels.length !== 1 || !kernel || kernel.fold || kernel.stores.length !== 1) return null;
  const expression = kernel.stores[0]!.value;
  const [input] = namesIn(expression);
  const slope = input === undefined ? null : derive(expression, input);
  return {
    value: (x) => evaluate(expression, () => x),
    derivative: (x) => (slope === null ? 0 : evaluate(slope, () => x)),
  };
}
