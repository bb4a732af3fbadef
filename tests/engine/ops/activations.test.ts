/** How a layer's formula writes its activation: as the activation itself is written, each differently. */
import { expect, test } from 'vitest';
import { opOf } from '../../../src/engine/ops/index';
import { activated, activations } from '../../../src/engine/ops/activations';
import { completeAttrs } from '../../../src/engine/ops/attrs';
import type { Call } from '../../../src/engine/ops/op';
import { equationsOf } from '../../../src/engine/teach/equations';
import { at, sketch } from '../../../src/engine/teach/sketch';

const names = activations.map(({ name }) => name);
const drawn = (activation: string): string =>
  equationsOf(
    sketch(
      { title: 'layer' },
      {
        x: ['input', {}, at(0, 0), { shape: [2] }],
        h: ['dense', { x: 'x' }, at(1, 0), { units: 3, activation }],
      },
    ),
    'row',
  ).find(({ node }) => node === 'h')!.latex;
const formula = (op: string, activation: string): string => {
  const own = opOf(op)!;
  const attrs = completeAttrs(own, { activation });
  const ports = own.ports(attrs).map(({ name }) => name);
  const shape = op === 'neuron' ? [] : op === 'dense' ? [4] : op === 'convolution-1d' ? [1, 4] : [1, 4, 4];
  const shapes = Object.fromEntries(ports.map((port) => [port, shape]));
  const result = own.infer(shapes, attrs);
  if ('fault' in result) throw new Error(result.fault);
  return own.formula(Object.fromEntries(ports.map((port) => [port, port])), { shapes, attrs, out: result.shape }, 'row');
};

test.each([
  ['the drawing’s equation', drawn],
  ...['dense', 'neuron', 'convolution-1d', 'convolution-2d'].map((op) => [op, (g: string) => formula(op, g)] as const),
] as const)('%s names each activation', (_, written) => {
  const all = names.map(written);
  expect(new Set(all).size).toBe(names.length);
  for (const latex of all) expect(latex).not.toContain('g\\left(');
});

test('as the activation writes itself, and nothing around the sum of the identity', () => {
  const call = (activation: string): Call => ({ shapes: {}, attrs: { activation }, out: [3] });
  expect(activated('s', call('identity'), 'row')).toBe('s');
  expect(activated('s', call('selu'), 'row')).toBe('\\operatorname{SELU}\\left(s\\right)');
  expect(activated('s', call('sine'), 'row')).toBe('\\sin\\left(s\\right)');
});
