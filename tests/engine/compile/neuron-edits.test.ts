import { describe, expect, test } from 'vitest';
import { ReferenceDevice } from '../../../src/engine/backends/reference/index';
import { check } from '../../../src/engine/compile/check';
import { addNeuron, intoNeurons, type NeuronEdit, removeNeuron } from '../../../src/engine/compile/neuron-edits';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { applyNumbers } from '../../../src/engine/graph/number-edits';
import type { Project } from '../../../src/engine/graph/project';
import type { Tensor } from '../../../src/engine/ir/shape';
import { initialNumbers } from '../../../src/engine/train/session';
import { drawing } from '../../support/drawing';

const network = drawing({
  x: ['input', {}, { shape: [2] }],
  h: ['dense', { x: 'x' }, { units: 3, activation: 'tanh' }],
  r: ['softsign', { x: 'h' }],
  y: ['dense', { x: 'r' }, { units: 2, activation: 'identity' }],
  t: ['target', {}, { shape: [2] }],
  l: ['mean-squared-error', { prediction: 'y', target: 't' }],
});

type Numbers = Record<string, Tensor>;
const programFor = (project: Project) => programOf(prepare(project, null), 'every-edge', 1);
function start(project: Project): Numbers {
  return Object.fromEntries(
    programFor(project).parameters.map((p) => [p.key, { shape: p.shape, data: initialNumbers(p, 5).map((v) => v + 0.25) }]),
  );
}
function answer(project: Project, numbers: Numbers): readonly number[] {
  const program = programFor(project);
  const device = new ReferenceDevice(program);
  device.setData(Float32Array.of(0.3, -1.2), 2, Float32Array.of(0, 0), 2);
  for (const p of program.parameters) {
    expect(numbers[p.key]?.shape, p.key).toEqual(p.shape);
    device.write(p.value, numbers[p.key]!.data);
  }
  device.gather([0]);
  device.runPhases(['forward'], 1);
  return [...device.numbers(program.prediction!.buffer)];
}
function made(edit: NeuronEdit): Exclude<NeuronEdit, { fault: string }> {
  if ('fault' in edit) throw new Error(edit.fault);
  return edit;
}

const checked = check(network, null);
const before = start(network);

describe('at a neuron', () => {
  test('one more changes nothing until it learns', () => {
    const { edit, numbers } = made(addNeuron(network, checked, null, 'h', before));
    const after = edit(network);
    expect(after.nodes['h']!.attrs['units']).toBe(4);
    const now = { ...before, ...applyNumbers(numbers, before) };
    expect(now['h/weight']!.shape).toEqual([2, 4]);
    expect(now['y/weight']!.shape).toEqual([4, 2]);
    answer(after, now).forEach((v, i) => {
      expect(v).toBeCloseTo(answer(network, before)[i]!, 6);
    });
  });

  test('one less is the network without it, whatever stands between it and the next layer', () => {
    const silent: Numbers = {
      ...before,
      'y/weight': { ...before['y/weight']!, data: before['y/weight']!.data.map((v, i) => (i >> 1 === 1 ? 0 : v)) },
    };
    const { edit, numbers } = made(removeNeuron(network, checked, null, 'h', 1, silent));
    const now = { ...silent, ...applyNumbers(numbers, silent) };
    answer(edit(network), now).forEach((v, i) => {
      expect(v).toBeCloseTo(answer(network, silent)[i]!, 6);
    });
  });

  test('what does not fit is refused with the reason', () => {
    const refused = removeNeuron(network, checked, null, 'y', 0, before);
    expect(refused).toMatchObject({ fault: expect.stringContaining('would not fit together') });
    const one = drawing({ x: ['input', {}, { shape: [2] }], h: ['dense', { x: 'x' }, { units: 1 }] });
    expect(removeNeuron(one, check(one, null), null, 'h', 0, null)).toMatchObject({
      fault: expect.stringContaining('one neuron only'),
    });
    expect(addNeuron(network, checked, null, 'l', before)).toHaveProperty('fault');
  });

  test('a layer opened for good computes the same, with the same numbers', () => {
    const { edit, numbers } = made(intoNeurons(network, checked, 'h', before));
    const after = edit(network);
    expect(Object.keys(after.nodes)).toEqual(['x', 'h-in1', 'h-in2', 'h-1', 'h-2', 'h-3', 'h', 'r', 'y', 't', 'l']);
    expect(check(after, null).problems.filter((p) => p.severity === 'error')).toEqual([]);
    const now = { ...before, ...applyNumbers(numbers, before) };
    answer(after, now).forEach((v, i) => {
      expect(v).toBeCloseTo(answer(network, before)[i]!, 6);
    });
  });

  test('one neuron may then differ: another activation, a weight that is cut', () => {
    const other = made(intoNeurons(network, checked, 'h', before, { unit: 1, activation: 'relu' }));
    expect(other.edit(network).nodes['h-2']!.attrs['activation']).toBe('relu');
    const cut = made(intoNeurons(network, checked, 'h', before, { unit: 1, without: 0 }));
    const after = cut.edit(network);
    expect(after.edges['h-2.x1']!.from).toBe('h-in2');
    expect(after.edges['h-2.x2']).toBeUndefined();
    const zeroed: Numbers = {
      ...before,
      'h/weight': { ...before['h/weight']!, data: before['h/weight']!.data.map((v, i) => (i === 1 ? 0 : v)) },
    };
    const now = { ...before, ...applyNumbers(cut.numbers, before) };
    answer(after, now).forEach((v, i) => {
      expect(v).toBeCloseTo(answer(network, zeroed)[i]!, 6);
    });
  });

  test('what is too wide for single neurons says so', () => {
    const wide = drawing({ x: ['input', {}, { shape: [20] }], h: ['dense', { x: 'x' }, { units: 3 }] });
    expect(intoNeurons(wide, check(wide, null), 'h', null)).toMatchObject({ fault: expect.stringContaining('20 inputs') });
  });
});
