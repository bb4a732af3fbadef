/**
 * A single neuron y = g(b + Σ wᵢxᵢ) on single numbers. Opened, it shows its products, its sum and its
 * activation, as the course draws it.
 */
import { activated, activationChoices } from './activations';
import { layerParameterAttrs, parameterAttrs } from './layer-parameters';
import { broadcastAll } from './make';
import type { Composite } from './op';

const count = (inputs: unknown): number[] => Array.from({ length: inputs as number }, (_, i) => i + 1);

export const neuron: Composite = {
  kind: 'composite',
  name: 'neuron',
  title: 'Neuron',
  about: 'Weighs its inputs, adds a bias, applies an activation.',
  glyph: 'Σ g',
  group: 'layer',
  keywords: ['perceptron', 'unit', 'weighted sum'],
  ports: ({ inputs }) => count(inputs).map((i) => ({ name: `x${i}`, about: `input ${i}` })),
  attrs: {
    inputs: { kind: 'integer', title: 'Inputs', about: 'How many numbers it sees.', default: 2, min: 1, max: 15 },
    activation: {
      kind: 'choice',
      title: 'Activation',
      about: 'Applied to the sum.',
      default: 'sigmoid',
      choices: activationChoices,
    },
    ...layerParameterAttrs('glorot-uniform', 'always'),
  },
  infer: (shapes, { inputs }) => broadcastAll(count(inputs).map((i) => shapes[`x${i}`]!)),
  formula: (args, call, convention) => {
    const terms = count(call.attrs['inputs']).map((i) => `w_{${i}} ${args[`x${i}`]!}`);
    return activated(`b + ${terms.join(' + ')}`, call, convention);
  },
  expand: ({ attrs }, inputs, sketch) => {
    const n = attrs['inputs'] as number;
    const bias = sketch.node('bias', 'parameter', {
      shape: [],
      fanIn: n,
      fanOut: 1,
      ...parameterAttrs(attrs, 'bias'),
    });
    const summands: Record<string, string> = { a: bias };
    for (const i of count(n)) {
      const weight = sketch.node(`w${i}`, 'parameter', {
        shape: [],
        fanIn: n,
        fanOut: 1,
        ...parameterAttrs(attrs, 'weight'),
      });
      const letter = String.fromCharCode('a'.charCodeAt(0) + i);
      summands[letter] = sketch.node(`times${i}`, 'multiply', {}, { a: inputs[`x${i}`]!, b: weight });
    }
    const sum = sketch.node('sum', 'add', { inputs: n + 1 }, summands);
    return attrs['activation'] === 'identity' ? sum : sketch.node('activation', attrs['activation'] as string, {}, { x: sum });
  },
};
