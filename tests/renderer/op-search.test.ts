/** Operations are found by the words of other programs and books, the likeliest first. */
import { describe, expect, test } from 'vitest';
import { ops } from '../../src/engine/ops/index';
import { searchOps } from '../../src/renderer/ui/op-search';

const all = [...ops.values()];
const first = (query: string): string | undefined => searchOps(all, query)[0]?.name;

describe('the first that is found', () => {
  test.each([
    ['fc', 'dense'],
    ['linear', 'dense'],
    ['mlp', 'dense'],
    ['dense', 'dense'],
    ['perceptron', 'neuron'],
    ['conv2d', 'convolution-2d'],
    ['conv1d', 'convolution-1d'],
    ['maxpool', 'max-pooling'],
    ['avgpool', 'average-pooling'],
    ['bn', 'batch-normalisation'],
    ['batchnorm', 'batch-normalisation'],
    ['batch norm', 'batch-normalisation'],
    ['layernorm', 'layer-normalisation'],
    ['and', 'mcculloch-pitts'],
    ['heaviside', 'binary-step'],
    ['logistic', 'sigmoid'],
    ['swish', 'silu'],
    ['relu', 'relu'],
    ['relu6', 'clamp'],
    ['softmax', 'softmax'],
    ['lrelu', 'leaky-relu'],
    ['mse', 'mean-squared-error'],
    ['MAE', 'mean-absolute-error'],
    ['l1', 'l1-penalty'],
    ['lasso', 'l1-penalty'],
    ['weight decay', 'l2-penalty'],
    ['bce', 'binary-cross-entropy'],
    ['log loss', 'binary-cross-entropy'],
    ['bcewithlogits', 'binary-cross-entropy-logits'],
    ['nll', 'cross-entropy-logits'],
    ['crossentropy', 'cross-entropy-logits'],
    ['svm', 'hinge'],
    ['smooth l1', 'huber'],
    ['+', 'add'],
    ['×', 'multiply'],
    ['minus', 'subtract'],
    ['square', 'power'],
    ['max', 'max'],
    ['min', 'minimum'],
    ['sum', 'sum'],
    ['average', 'mean'],
    ['ln', 'log'],
    ['sin', 'sin'],
    ['clip', 'clamp'],
    ['dot', 'matmul'],
    ['@', 'matmul'],
    ['cat', 'concatenate'],
    ['repeat', 'broadcast'],
    ['view', 'reshape'],
    ['vector', 'flatten'],
    ['weight', 'parameter'],
    ['bias', 'parameter'],
    ['label', 'target'],
    ['feature', 'input'],
    ['cross entropy', 'cross-entropy-logits'],
  ])('of ‘%s’ is %s', (query, name) => expect(first(query)).toBe(name));
});

test('each is the first for its own title, and among the first two for its own name', () => {
  for (const op of all) {
    expect(first(op.title)).toBe(op.name);
    expect(searchOps(all, op.name).slice(0, 2)).toContain(op);
  }
});

test('nothing typed: all, in their own order; nonsense: none; words narrow down', () => {
  expect(searchOps(all, '  ')).toEqual(all);
  expect(searchOps(all, 'qqq')).toEqual([]);
  expect(searchOps(all, 'loss cross').every(({ group }) => group === 'loss')).toBe(true);
});
