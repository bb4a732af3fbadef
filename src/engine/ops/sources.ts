/** The nodes whose values no kernel computes: what the data gives, what is fixed, what is learned. */
import type { Attrs } from '../graph/graph';
import type { Shape } from '../ir/shape';
import { product } from '../ir/shape';
import { frozenAttr } from './frozen';
import { penaltyAttrs } from './penalised';
import { initializerChoices } from './initializers';
import type { AttrSpec, Source } from './op';

const shapeAttr = (about: string, fallback: readonly number[]): AttrSpec => ({
  kind: 'shape',
  title: 'Shape',
  about,
  default: fallback,
});

const columns: AttrSpec = {
  kind: 'text',
  title: 'Columns',
  about: 'Names of data columns, separated by commas. Empty: the next columns in order.',
  default: '',
};

const ownShape = (attrs: Attrs): readonly number[] => attrs['shape'] as readonly number[];
const batched = (attrs: Attrs): Shape => ['batch', ...ownShape(attrs)];
const noPorts = (): readonly [] => [];

const values: AttrSpec = {
  kind: 'numbers',
  title: 'Values',
  about: 'Numbers in row-major order; one number fills the whole shape.',
  default: [],
};

export const input: Source = {
  kind: 'source',
  role: 'input',
  name: 'input',
  title: 'Input',
  about: 'One sample’s features, taken from the data.',
  glyph: 'x',
  group: 'data',
  keywords: ['feature', 'data', 'x'],
  ports: noPorts,
  attrs: { shape: shapeAttr('Numbers per sample: 2 for a point of the plane; empty for a single number.', [2]), columns },
  infer: (_shapes, attrs) => ({ shape: batched(attrs) }),
  formula: () => 'x',
};

export const target: Source = {
  kind: 'source',
  role: 'target',
  name: 'target',
  title: 'Target',
  about: 'What the network should answer for the sample, taken from the data.',
  glyph: 't',
  group: 'data',
  keywords: ['label', 'truth', 'y'],
  ports: noPorts,
  attrs: { shape: shapeAttr('Numbers per sample: 1 for yes or no, 10 for ten classes.', [1]), columns },
  infer: (_shapes, attrs) => ({ shape: batched(attrs) }),
  formula: () => 't',
};

const valuesFault = (attrs: Attrs): string | null => {
  const given = (attrs['values'] as readonly number[]).length;
  const size = product(ownShape(attrs));
  return given <= 1 || given === size
    ? null
    : `there are ${given} values for a shape of ${size} number${size === 1 ? '' : 's'}. Give one for all, or ${size}.`;
};

export const constant: Source = {
  kind: 'source',
  role: 'constant',
  name: 'constant',
  title: 'Constant',
  about: 'Fixed numbers that do not learn.',
  glyph: 'c',
  group: 'data',
  keywords: ['number', 'fixed'],
  ports: noPorts,
  attrs: { shape: shapeAttr('Axis lengths; empty for a single number.', []), values: { ...values, default: [1] } },
  infer: (_shapes, attrs) => {
    const fault = valuesFault(attrs);
    return fault ? { fault } : { shape: ownShape(attrs) };
  },
  formula: (_args, { attrs }) => {
    const given = attrs['values'] as readonly number[];
    return given.length === 1 ? String(given[0]) : 'c';
  },
};

export const parameter: Source = {
  kind: 'source',
  role: 'parameter',
  name: 'parameter',
  title: 'Parameter',
  about: 'Numbers that training changes: a weight, a bias.',
  glyph: 'w',
  group: 'data',
  keywords: ['weight', 'bias', 'learn', 'variable', 'theta'],
  ports: noPorts,
  attrs: {
    shape: shapeAttr('Axis lengths; empty for a single number. A weight matrix is inputs, outputs.', []),
    values: { ...values, about: 'Numbers to start from, in row-major order. Empty: drawn by the initializer.' },
    initializer: {
      kind: 'choice',
      title: 'Initializer',
      about: 'How the numbers are drawn when none are given.',
      default: 'glorot-uniform',
      choices: initializerChoices,
    },
    scale: {
      kind: 'number',
      title: 'Initializer’s scale',
      about: 'Half-width, deviation or value of the initializers that take one.',
      default: 0.5,
    },
    role: {
      kind: 'choice',
      title: 'Role',
      about: 'Weights and biases are counted apart.',
      default: 'weight',
      choices: [
        { value: 'weight', title: 'Weight' },
        { value: 'bias', title: 'Bias' },
      ],
    },
    ...penaltyAttrs,
    frozen: frozenAttr,
    fanIn: {
      kind: 'integer',
      title: 'Fan-in',
      about: 'Inputs of a neuron, for the initializer. 0: the first axis.',
      default: 0,
      min: 0,
      max: 1e9,
    },
    fanOut: {
      kind: 'integer',
      title: 'Fan-out',
      about: 'Outputs that an input feeds, for the initializer. 0: the last axis.',
      default: 0,
      min: 0,
      max: 1e9,
    },
  },
  infer: (_shapes, attrs) => {
    const fault = valuesFault(attrs);
    return fault ? { fault } : { shape: ownShape(attrs) };
  },
  formula: () => 'w',
};
