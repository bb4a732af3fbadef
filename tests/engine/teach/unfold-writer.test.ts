/** Which operation says a sign of an expression: found in the operations, and as it has always been drawn. */
import { expect, test } from 'vitest';
import { applyBinary, applyUnary, type BinaryOp, type UnaryOp } from '../../../src/engine/ir/expr';
import { spelling } from '../../../src/engine/teach/unfold-writer';

test('each sign has its operation, a function rather than an activation; a floor and any power have none', () => {
  const signs = [...Object.keys(applyUnary), ...Object.keys(applyBinary)] as (UnaryOp | BinaryOp)[];
  expect(Object.fromEntries(signs.map((sign) => [sign, spelling(sign)]))).toEqual({
    neg: 'negate',
    exp: 'exp',
    log: 'log',
    sqrt: 'sqrt',
    abs: 'abs',
    floor: null,
    tanh: 'tanh',
    sin: 'sin',
    cos: 'cos',
    add: 'add',
    sub: 'subtract',
    mul: 'multiply',
    div: 'divide',
    pow: null,
    max: 'maximum',
    min: 'minimum',
  });
});
