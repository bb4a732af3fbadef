/** The analyzer's table, against numbers counted by hand. */
import { expect, test } from 'vitest';
import { analyze } from '../../../src/engine/compile/analyze';
import { generateDataset } from '../../../src/engine/data/generators';
import * as edits from '../../../src/engine/graph/edits';
import { emptyProject, type GeneratorSource } from '../../../src/engine/graph/project';
import { draftProject } from '../../../src/engine/train/draft';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source: GeneratorSource = { kind: 'generator', name: 'circles', count: 50, noise: 0, seed: 1 };

test('a layer of 4 ReLU units on 2 features: sizes, learnables, operations, bytes', () => {
  const data = generateDataset(source, split);
  const project = draftProject(data, source, split, { title: 'Test', hidden: [4], activation: 'relu' });
  const { nodes, totals } = analyze(project, data);
  const hidden = nodes.find(({ shape, count }) => count > 0 && shape?.at(-1) === 4)!;
  expect(hidden.shape).toEqual(['batch', 4]);
  expect(hidden.learnables).toEqual([
    { name: 'weight', shape: [2, 4] },
    { name: 'bias', shape: [4] },
  ]);
  expect(hidden.count).toBe(12);
  // Product: 4 · 2 · (multiply, add); bias: 4 additions; ReLU: 4 comparisons.
  expect(hidden.operations).toBe(16 + 4 + 4);
  expect(hidden.parameterBytes).toBe(48);
  // Product, sum and activation of 4 numbers each.
  expect(hidden.valueBytes).toBe(3 * 4 * 4);
  const output = nodes.find(({ shape, count }) => count > 0 && shape?.at(-1) === 1)!;
  expect(output.count).toBe(5);
  expect(output.operations).toBe(4 * 2 + 1);
  expect(totals.count).toBe(17);
  expect(totals.operations).toBe(nodes.reduce((sum, { operations }) => sum + operations, 0));
});

test('an unfinished drawing without a loss has a table too', () => {
  const project = edits.addNode({ id: 'alone', op: 'input', attrs: { shape: [3] } }, { x: 0, y: 0 })(emptyProject);
  expect(analyze(project, null).nodes).toMatchObject([{ node: 'alone', shape: ['batch', 3], count: 0, operations: 0 }]);
});
