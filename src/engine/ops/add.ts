import { add as sum } from '../ir/expr';
import { elementwise } from './make';

const letters = 'abcdefghijklmnop';

/** a + b + …; as many inputs as wanted, so that a neuron's sum is one node. */
export const add = elementwise({
  name: 'add',
  title: 'Add',
  about: 'The sum of its inputs.',
  glyph: '+',
  group: 'arithmetic',
  keywords: ['plus', 'sum', '+'],
  attrs: { inputs: { kind: 'integer', title: 'Inputs', about: 'How many values are added.', default: 2, min: 2, max: 16 } },
  ports: ({ inputs }) => Array.from({ length: inputs as number }, (_, i) => ({ name: letters[i]!, about: `summand ${i + 1}` })),
  value: (inputs) => inputs.reduce((total, x) => sum(total, x)),
  formula: (args) => args.join(' + ').replaceAll('+ -', '- '),
  textbook: 'sum',
  onnx: { type: 'Sum' },
});
