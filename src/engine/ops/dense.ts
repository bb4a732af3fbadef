/**
 * The fully connected layer y = g(xW + b), with W of shape inputs × outputs (row-vector convention, as in
 * the course's section 2.3). Opened, it is a weight, a matrix product, a bias, a sum and an activation.
 */
import { productLatex } from '../ir/latex';
import { sampleShape, type Shape } from '../ir/shape';
import { activated, activationChoices } from './activations';
import { layerParameterAttrs, parameterAttrs } from './layer-parameters';
import type { Composite } from './op';

export const dense: Composite = {
  kind: 'composite',
  name: 'dense',
  title: 'Fully connected layer',
  about: 'Every output is a neuron that sees every input: g(xW + b).',
  glyph: 'g(xW+b)',
  group: 'layer',
  keywords: ['fc', 'dense', 'linear', 'affine', 'fully-connected', 'layer', 'neurons', 'hidden', 'mlp'],
  ports: () => [{ name: 'x', about: 'vector of inputs' }],
  attrs: {
    units: { kind: 'integer', title: 'Neurons', about: 'Number of outputs.', default: 8, min: 1, max: 65536 },
    activation: {
      kind: 'choice',
      title: 'Activation',
      about: 'Applied to each neuron’s sum.',
      default: 'relu',
      choices: activationChoices,
    },
    bias: { kind: 'boolean', title: 'Bias', about: 'Adds a learned number to each neuron’s sum.', default: true },
    ...layerParameterAttrs('glorot-uniform', 'optional'),
  },
  infer: ({ x }, { units }) => {
    const shape = sampleShape(x!);
    if (shape.length === 0)
      return { fault: 'a layer needs a vector, but its input is a single number. Set the shape of the input to 1.' };
    return { shape: [...x!.slice(0, -1), units as number] as Shape };
  },
  formula: ({ x }, call, convention) => {
    const product = productLatex(x!, 'W', convention);
    return activated(call.attrs['bias'] ? `${product} + b` : product, call, convention);
  },
  expand: ({ shapes, attrs }, { x }, sketch) => {
    const inputs = sampleShape(shapes['x']!).at(-1)!;
    const units = attrs['units'] as number;
    const weight = sketch.node('weight', 'parameter', {
      shape: [inputs, units],
      ...parameterAttrs(attrs, 'weight'),
    });
    const product = sketch.node('product', 'matmul', {}, { a: x!, b: weight });
    let out = product;
    if (attrs['bias']) {
      const bias = sketch.node('bias', 'parameter', {
        shape: [units],
        fanIn: inputs,
        fanOut: units,
        ...parameterAttrs(attrs, 'bias'),
      });
      out = sketch.node('sum', 'add', {}, { a: product, b: bias });
    }
    return attrs['activation'] === 'identity' ? out : sketch.node('activation', attrs['activation'] as string, {}, { x: out });
  },
};
