/**
 * The unit of McCulloch and Pitts (1943) on inputs that are 0 or 1: it fires when no inhibitory input is
 * active and at least `threshold` excitatory ones are. Opened, one active inhibitory input outweighs all
 * excitatory ones. It does not learn.
 */
import { asTerm } from '../ir/latex';
import { broadcastAll } from './make';
import type { Composite, PortSpec, Sketch } from './op';
import type { NodeId } from '../graph/graph';

const excitatory = (count: unknown): PortSpec[] =>
  Array.from({ length: count as number }, (_, i) => ({ name: `x${i + 1}`, about: `excitatory input ${i + 1}` }));
const inhibitory = (count: unknown): PortSpec[] =>
  Array.from({ length: count as number }, (_, i) => ({ name: `inhibit${i + 1}`, about: `inhibitory input ${i + 1}` }));

/** One value is its own sum. */
function total(sketch: Sketch, part: string, values: readonly NodeId[]): NodeId {
  if (values.length === 1) return values[0]!;
  return sketch.node(
    part,
    'add',
    { inputs: values.length },
    Object.fromEntries(values.map((id, i) => ['abcdefghijklmnop'[i]!, id])),
  );
}

export const mccullochPitts: Composite = {
  kind: 'composite',
  name: 'mcculloch-pitts',
  title: 'McCulloch–Pitts unit',
  about: 'Fires (1) when enough excitatory inputs are active and no inhibitory one is. Takes zeros and ones; does not learn.',
  glyph: 'MP',
  group: 'layer',
  keywords: ['threshold', 'logic', 'and', 'or', 'not', 'gate', 'excitatory', 'inhibitory'],
  ports: ({ excitatory: e, inhibitory: i }) => [...excitatory(e), ...inhibitory(i)],
  attrs: {
    excitatory: { kind: 'integer', title: 'Excitatory inputs', about: 'Inputs that make it fire.', default: 2, min: 1, max: 12 },
    inhibitory: {
      kind: 'integer',
      title: 'Inhibitory inputs',
      about: 'Inputs each of which keeps it from firing.',
      default: 0,
      min: 0,
      max: 4,
    },
    threshold: {
      kind: 'integer',
      title: 'Threshold',
      about: 'How many excitatory inputs it takes. 0: it fires unless inhibited.',
      default: 2,
      min: 0,
      max: 13,
    },
  },
  infer: (shapes, { excitatory: e, inhibitory: i }) =>
    broadcastAll([...excitatory(e), ...inhibitory(i)].map(({ name }) => shapes[name]!)),
  formula: (args, { attrs }) => {
    const sum = excitatory(attrs['excitatory'])
      .map(({ name }, i) => (i === 0 ? args[name]! : asTerm(args[name]!)))
      .join(' + ');
    const veto = inhibitory(attrs['inhibitory'])
      .map(({ name }) => ` \\wedge ${args[name]!} = 0`)
      .join('');
    return `\\mathbb{1}\\left[${sum} \\ge ${String(attrs['threshold'])}${veto}\\right]`;
  },
  expand: ({ attrs }, inputs, sketch) => {
    const exciting = excitatory(attrs['excitatory']).map(({ name }) => inputs[name]!);
    const inhibiting = inhibitory(attrs['inhibitory']).map(({ name }) => inputs[name]!);
    let sum = total(sketch, 'excitation', exciting);
    if (inhibiting.length > 0) {
      const weight = sketch.node('weight', 'constant', { shape: [], values: [exciting.length + 1] });
      const veto = sketch.node('veto', 'multiply', {}, { a: total(sketch, 'inhibition', inhibiting), b: weight });
      sum = sketch.node('difference', 'subtract', {}, { a: sum, b: veto });
    }
    // The step fires above 0, and sums of zeros and ones are whole: half a unit below the threshold.
    const threshold = sketch.node('threshold', 'constant', { shape: [], values: [(attrs['threshold'] as number) - 0.5] });
    const over = sketch.node('over', 'subtract', {}, { a: sum, b: threshold });
    return sketch.node('fires', 'binary-step', {}, { x: over });
  },
};
