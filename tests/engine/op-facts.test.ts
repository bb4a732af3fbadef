/** What operations say of themselves, in place of lists of names elsewhere. */
import { describe, expect, test } from 'vitest';
import { activationFacts, activationOf, fittingWeights, insteadInTraining, linearityOf } from '../../src/engine/ops/facts';
import { initializers } from '../../src/engine/ops/initializers';
import { opOf, ops } from '../../src/engine/ops/index';

describe('how a value follows its inputs', () => {
  test.each([
    [
      'linear',
      ['identity', 'add', 'subtract', 'negate', 'sum', 'mean', 'reshape', 'transpose', 'slice', 'average-pooling', 'dropout'],
    ],
    ['multilinear', ['multiply', 'matmul', 'convolve-1d', 'convolve-2d']],
    [
      'curved',
      [
        'relu',
        'binary-step',
        'tanh',
        'softmax',
        'max',
        'abs',
        'clamp',
        'exp',
        'divide',
        'minimum',
        'max-pooling',
        'mcculloch-pitts',
      ],
    ],
  ] as const)('%s', (wanted, names) => {
    for (const name of names) expect([name, linearityOf(name, {})]).toEqual([name, wanted]);
  });

  test('it may depend on an attribute', () => {
    expect([1, 2, 0.5].map((exponent) => linearityOf('power', { exponent }))).toEqual(['linear', 'curved', 'curved']);
  });

  test('layers are linear up to their activation', () => {
    expect(linearityOf('dense', { activation: 'identity' })).toBe('linear');
    expect(linearityOf('dense', {})).toBe('curved');
    expect(linearityOf('neuron', { activation: 'identity' })).toBe('linear');
    expect(linearityOf('input', {})).toBe('linear');
    expect(linearityOf('unheard-of', {})).toBe('curved');
  });
});

test('what operations name exists', () => {
  for (const op of ops.values()) {
    if (op.kind !== 'primitive') continue;
    const { dies, weights } = op.activation ?? {};
    if (dies) expect(opOf(dies.instead)?.group).toBe('activation');
    if (weights) expect(initializers.map(({ name }) => name)).toContain(weights.initializer);
    if (op.noGradient) {
      const instead = opOf(op.noGradient.instead)!;
      expect(instead.kind === 'primitive' && instead.noGradient).toBeUndefined();
      // It fits where the other stood.
      expect(instead.ports({}).map(({ name }) => name)).toEqual(op.ports({}).map(({ name }) => name));
    }
  }
});

test('activations say where they are flat, what they die of and which weights suit them', () => {
  expect(activationFacts('tanh').saturated!(0.99)).toBe(true);
  expect(activationFacts('tanh').saturated!(0.5)).toBe(false);
  expect(activationFacts('relu')).toMatchObject({ dies: { instead: 'leaky-relu' } });
  expect(['relu', 'selu', 'tanh', 'add'].map((name) => fittingWeights(name).initializer)).toEqual([
    'he-normal',
    'lecun-normal',
    'glorot-uniform',
    'glorot-uniform',
  ]);
  expect(activationOf('dense', {})).toBe('relu');
  expect(activationOf('add', {})).toBeNull();
  expect([insteadInTraining('binary-step'), insteadInTraining('relu')]).toEqual(['sigmoid', null]);
});
