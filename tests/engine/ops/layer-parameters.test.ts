/** Weights and biases of a layer are told apart by its attributes: how they start, what penalty they carry, which stay. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../src/engine/compile/check';
import { intoNeurons } from '../../../src/engine/compile/neuron-edits';
import { generateDataset } from '../../../src/engine/data/generators';
import { parseProject } from '../../../src/engine/graph/project-file';
import { serialiseProject } from '../../../src/engine/graph/project-text';
import type { Attrs } from '../../../src/engine/graph/graph';
import type { Project } from '../../../src/engine/graph/project';
import { completeAttrs, tellingAttrs } from '../../../src/engine/ops/attrs';
import { opOf } from '../../../src/engine/ops/index';
import { freezing } from '../../../src/engine/ops/layer-parameters';
import { drawing, type Rows } from '../../support/drawing';
import { trained } from '../../support/training';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const data = generateDataset({ kind: 'generator', name: 'circles', count: 60, noise: 0.1, seed: 1 }, split);
const net = (layer: Rows[string]): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [2] }],
      t: ['target', {}, { shape: [1] }],
      h: layer,
      out: ['dense', { x: 'h' }, { units: 1, activation: 'identity' }],
      loss: ['binary-cross-entropy-logits', { prediction: 'out', target: 't' }],
    },
    { optimizer: 'sgd', hyper: { rate: 0.1 }, epochs: 3 },
  );
const dense = (attrs: Attrs): Project => net(['dense', { x: 'x' }, { units: 3, activation: 'tanh', ...attrs }]);

async function numbers(project: Project, epochs: number) {
  const { session } = await trained(project, data, { epochs });
  const weights = await session.weights();
  session.close();
  return { weight: [...weights['h/weight']!.data], bias: [...weights['h/bias']!.data] };
}

describe('of a fully connected layer', () => {
  test('biases start as they are told to, weights as they are', async () => {
    const { weight, bias } = await numbers(dense({ initializer: 'zeros', biasInitializer: 'constant', biasScale: 0.25 }), 0);
    expect(weight).toEqual([0, 0, 0, 0, 0, 0]);
    expect(bias).toEqual([0.25, 0.25, 0.25]);
    expect((await numbers(dense({}), 0)).bias).toEqual([0, 0, 0]);
  });

  test('rules that ask for the inputs of a neuron take the layer’s, for its biases too', async () => {
    const { bias } = await numbers(dense({ biasInitializer: 'he-uniform', units: 200 }), 0);
    const most = Math.sqrt(6 / 2);
    expect(Math.max(...bias.map(Math.abs))).toBeLessThanOrEqual(most);
    expect(Math.max(...bias.map(Math.abs))).toBeGreaterThan(0.9 * most);
  });

  test.each([
    ['weights', [true, false]],
    ['biases', [false, true]],
    ['all', [true, true]],
  ] as const)('frozen: %s', async (frozenPart, stays) => {
    const project = dense({ frozen: true, frozenPart });
    const [before, after] = [await numbers(project, 0), await numbers(project, 3)];
    expect([after.weight.join() === before.weight.join(), after.bias.join() === before.bias.join()]).toEqual(stays);
    expect(freezing(stays[0], stays[1])).toEqual({ frozen: true, frozenPart });
  });

  test('a penalty is of the weights, of the biases, or of both', () => {
    const carriers = (attrs: Attrs): string[] =>
      Object.values(check(dense({ penalty: 'l2', ...attrs }), data).expansion.graph.nodes)
        .filter((node) => node.op === 'parameter' && node.attrs['penalty'] !== undefined)
        .map(({ id }) => id);
    expect(carriers({})).toEqual(['h/weight']);
    expect(carriers({ penaliseBias: true })).toEqual(['h/weight', 'h/bias']);
    expect(carriers({ penaliseWeights: false, penaliseBias: true })).toEqual(['h/bias']);
    expect(carriers({ penaliseWeights: false })).toEqual([]);
  });
});

test('a convolution and a neuron say the same of theirs', () => {
  const image = drawing({
    x: ['input', {}, { shape: [1, 4, 4] }],
    c: ['convolution-2d', { x: 'x' }, { filters: 2, size: 3, biasInitializer: 'constant', frozen: true, frozenPart: 'biases' }],
  });
  const neuron = drawing({
    x: ['input', {}, { shape: [] }],
    c: ['neuron', { x1: 'x' }, { inputs: 1, biasInitializer: 'constant', frozen: true, frozenPart: 'biases' }],
  });
  for (const project of [image, neuron]) {
    const { nodes } = check(project, null).expansion.graph;
    expect(nodes['c/bias']!.attrs).toMatchObject({ initializer: 'constant', frozen: true });
    expect(Object.values(nodes).filter((node) => node.op === 'parameter' && node.attrs['frozen'] === true)).toHaveLength(1);
  }
});

test('a layer that is drawn as neurons hands all of it on; one without biases gets such as stay 0', () => {
  const attrs = {
    biasInitializer: 'constant',
    biasScale: 0.5,
    penalty: 'l1',
    strength: 0.1,
    penaliseBias: true,
    frozen: true,
    frozenPart: 'weights',
  };
  const neuronsOf = (project: Project): Attrs[] => {
    const opened = intoNeurons(project, check(project, data), 'h', null);
    if ('fault' in opened) throw new Error(opened.fault);
    return Object.values(opened.edit(project).nodes).flatMap((node) => (node.op === 'neuron' ? [node.attrs] : []));
  };
  const [first, ...others] = neuronsOf(dense(attrs));
  expect(others).toHaveLength(2);
  expect(first).toMatchObject({ ...attrs, penaliseWeights: true });
  expect(neuronsOf(dense({ bias: false }))[0]).toMatchObject({ frozen: true, frozenPart: 'biases' });
  expect(neuronsOf(dense({}))[0]).not.toHaveProperty('frozen');
});

test('the inspector asks only what says something', () => {
  const asked = (attrs: Attrs): string[] =>
    tellingAttrs(opOf('dense')!, completeAttrs(opOf('dense')!, attrs)).map(([name]) => name);
  expect(asked({})).toContain('biasInitializer');
  expect(asked({})).not.toContain('biasScale');
  expect(asked({ biasInitializer: 'constant' })).toContain('biasScale');
  expect(asked({ biasInitializer: 'constant', bias: false })).not.toContain('biasScale');
  expect(asked({ frozen: true })).toContain('frozenPart');
  expect(asked({ penalty: 'l2' })).toContain('penaliseBias');
  const without = asked({ penalty: 'l2', frozen: true, bias: false });
  expect(without).toContain('penaliseWeights');
  expect(without).not.toContain('penaliseBias');
  expect(without).not.toContain('frozenPart');
});

test('a file keeps it', () => {
  const project = dense({ biasInitializer: 'uniform', biasScale: 2, frozen: true, frozenPart: 'biases' });
  const read = parseProject(serialiseProject(project), opOf);
  expect(read.ok && read.value.nodes['h']!.attrs).toEqual(project.nodes['h']!.attrs);
});
