/** Variants of a project: axes read from text, grids and random draws, and sentences for what there is not. */
import { describe, expect, test } from 'vitest';
import { generateDataset } from '../../../src/engine/data/generators';
import type { GeneratorSource } from '../../../src/engine/graph/project';
import { draftProject } from '../../../src/engine/train/draft';
import { hiddenLayers, parseAxis, variantsOf, withValue } from '../../../src/engine/train/variants';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const circles: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 };
const project = draftProject(generateDataset(circles, split), circles, split, {
  title: 'Test',
  hidden: [4, 3],
  activation: 'tanh',
});

describe('axes as text', () => {
  test.each([
    ['rate=0.1,0.01', 'rate', [0.1, 0.01]],
    ['seed=1..4', 'seed', [1, 2, 3, 4]],
    ['seed=7,1..3', 'seed', [7, 1, 2, 3]],
    ['optimizer=adam, sgd', 'optimizer', ['adam', 'sgd']],
    ['rate=0.001..1*4', 'rate', [0.001, 0.01, 0.1, 1]],
    ['rate=1e-4..1e-2*3', 'rate', [0.0001, 0.001, 0.01]],
    ['seed=1,1,1', 'seed', [1]],
  ])('%s', (text, key, values) => {
    expect(parseAxis(text)).toEqual({ key, values });
  });
  test.each(['rate', 'rate=', '=1', 'seed=5..1', 'seed=1..x', 'rate=0..1*3', 'rate=,,'])(
    '%s is answered by a sentence',
    (text) => {
      expect(() => parseAxis(text)).toThrow(/Write|needs/);
    },
  );
});

describe('variants', () => {
  test('a grid is every combination, the last setting changing fastest, each named by what it changes', () => {
    const variants = variantsOf(project, [parseAxis('rate=0.1,0.01'), parseAxis('seed=1..3')]);
    expect(variants.map(({ changes }) => changes)).toEqual([
      'rate 0.1, seed 1',
      'rate 0.1, seed 2',
      'rate 0.1, seed 3',
      'rate 0.01, seed 1',
      'rate 0.01, seed 2',
      'rate 0.01, seed 3',
    ]);
    expect(variants[4]!.project.settings.training).toMatchObject({ hyper: { rate: 0.01 }, seed: 2 });
    expect(variants[4]!.project.nodes).toBe(project.nodes);
  });

  test('random ones are different combinations of the grid, the same for the same seed', () => {
    const axes = [parseAxis('rate=0.001..1*10'), parseAxis('units=1..20'), parseAxis('batch=8,16,32')];
    const draw = (seed: number) => variantsOf(project, axes, { kind: 'random', count: 25, seed }).map(({ changes }) => changes);
    expect(new Set(draw(1)).size).toBe(25);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
    expect(variantsOf(project, [parseAxis('seed=1..3')], { kind: 'random', count: 50, seed: 1 }).length).toBe(3);
  });

  test('neurons, activation and initialiser are those of the hidden layers; the output stays', () => {
    expect(hiddenLayers(project)).toEqual(['hidden1', 'hidden2']);
    const changed = withValue(withValue(project, 'units', 9), 'activation', 'relu');
    expect(['hidden1', 'hidden2', 'output'].map((id) => changed.nodes[id]!.attrs['units'])).toEqual([9, 9, 1]);
    expect(changed.nodes['output']!.attrs['activation']).toBe(project.nodes['output']!.attrs['activation']);
  });

  test('another optimiser keeps the rate; a setting of it may be varied with it', () => {
    const [variant] = variantsOf(project, [parseAxis('momentum=0.5'), parseAxis('optimizer=momentum')]);
    expect(variant!.project.settings.training).toMatchObject({ optimizer: 'momentum', hyper: { momentum: 0.5 } });
    expect(() => variantsOf(project, [parseAxis('momentum=0.5')])).toThrow(/adam has no setting 'momentum'/);
  });

  test.each([
    [['colour=red'], /no setting 'colour'. Choose one of: rate/],
    [['rate=fast'], /'fast' is not a value of rate. Give a number from/],
    [['units=2.5'], /whole number/],
    [['optimizer=adamant'], /one of sgd/],
    [['seed=1', 'seed=2'], /given twice/],
    [['seed=1..200', 'batch=1..200'], /40,000 runs/],
    [[], /at least one/],
  ])('%s', (axes, sentence) => {
    expect(() => variantsOf(project, axes.map(parseAxis))).toThrow(sentence);
  });
});
