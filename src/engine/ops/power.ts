import { mul, pow } from '../ir/expr';
import { elementwise } from './make';

/** xᵖ with a fixed exponent p. Small whole exponents are products, which are defined for negative x too. */
export const power = elementwise({
  name: 'power',
  title: 'Power',
  about: 'The input raised to a fixed exponent.',
  glyph: 'xᵖ',
  group: 'arithmetic',
  keywords: ['pow', 'square', 'squared', 'cube', 'exponent', '^', '**'],
  attrs: { exponent: { kind: 'number', title: 'Exponent', about: 'The fixed power p.', default: 2, min: -16, max: 16 } },
  ports: [{ name: 'x', about: 'base' }],
  value: ([x], { exponent }) => pow(x!, exponent as number),
  stable: ([x], { exponent }) =>
    exponent === 2 ? mul(x!, x!) : exponent === 3 ? mul(x!, mul(x!, x!)) : pow(x!, exponent as number),
  derivative: ([x], _y, _port, { exponent }) =>
    exponent === 2 ? mul(2, x!) : mul(exponent as number, pow(x!, (exponent as number) - 1)),
  onnx: null,
});
