import { expect, it } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Project } from '../../../src/engine/graph/project';
import { constant, mul } from '../../../src/engine/ir/expr';
import type { Program } from '../../../src/engine/plan';
import { checkGradients, gradientChecks } from '../../../src/engine/train/gradient-check';
import { drawing } from '../../support/drawing';
import { given, input, target } from '../../support/sources';

const TOLERANCE = 1e-6;

function checked(project: Project, features: readonly number[], change: (program: Program) => Program = (p) => p, most = 100) {
  const program = programOf(prepare(project, null), 'every-edge', features.length);
  const weights = Object.fromEntries(
    program.parameters.map(({ key, shape, given: numbers }) => [key, { shape, data: Float32Array.from(numbers!) }]),
  );
  return checkGradients({
    program: change(program),
    weights,
    features: Float32Array.from(features),
    featureCount: 1,
    targets: new Float32Array(features.length).fill(1),
    targetCount: 1,
    rows: Uint32Array.from(features, (_, i) => i),
    tolerance: TOLERANCE,
    most,
  });
}

const neuron = (activation: string, w: number) =>
  drawing({
    x: input(),
    t: target(),
    w: given([w]),
    p: ['multiply', { a: 'x', b: 'w' }],
    y: [activation, { x: 'p' }],
    l: ['squared-error', { prediction: 'y', target: 't' }],
  });

it('finds right gradients right', () => {
  const [w] = checked(neuron('tanh', 0.7), [0.5, -1, 2]);
  expect(w).toMatchObject({ key: 'w', compared: 1, size: 1, kinks: 0 });
  expect(w!.worst).toBeLessThan(1e-9);
});

it('finds a gradient that is one per cent off', () => {
  const off = (program: Program): Program => ({
    ...program,
    steps: program.steps.map((step) =>
      step.edge === 'y.x'
        ? {
            ...step,
            kernel: { ...step.kernel, stores: step.kernel.stores.map((s) => ({ ...s, value: mul(constant(1.01), s.value) })) },
          }
        : step,
    ),
  });
  expect(checked(neuron('tanh', 0.7), [0.5, -1, 2], off)[0]!.worst).toBeCloseTo(0.01, 3);
});

it('counts places at a kink instead of calling them wrong', () => {
  expect(checked(neuron('relu', 0), [0.5, -1, 2])[0]).toMatchObject({ compared: 0, kinks: 1, worst: 0 });
  // Close to a kink there is a derivative.
  expect(checked(neuron('relu', 1e-4), [0.5, -1, 2])[0]).toMatchObject({ compared: 1, kinks: 0 });
});

it('samples large parameters', () => {
  const project = drawing({
    x: input([1]),
    t: target([50]),
    w: given(
      Array.from({ length: 50 }, (_, i) => i / 50),
      [1, 50],
    ),
    y: ['matmul', { a: 'x', b: 'w' }],
    s: ['sum', { x: 'y' }],
    l: ['power', { x: 's' }],
    u: ['squared-error', { prediction: 'y', target: 't' }],
    total: ['add', { a: 'l', b: 'u' }],
  });
  const [w] = checked(
    { ...project, settings: { ...project.settings, training: { ...project.settings.training, objective: 'l' } } },
    [1],
    undefined,
    10,
  );
  expect(w).toMatchObject({ compared: 10, size: 50, kinks: 0 });
  expect(w!.worst).toBeLessThan(TOLERANCE);
});

it('gives a large network’s thread back many times for each number', () => {
  const project = drawing({
    x: ['input', {}, { shape: [200] }],
    t: ['target', {}, { shape: [1] }],
    a: ['dense', { x: 'x' }, { units: 200, activation: 'tanh' }],
    b: ['dense', { x: 'a' }, { units: 200, activation: 'tanh' }],
    p: ['dense', { x: 'b' }, { units: 1, activation: 'identity' }],
    l: ['mean-squared-error', { prediction: 'p', target: 't' }],
  });
  const program = programOf(prepare(project, null), 'every-edge', 1);
  const checks = gradientChecks({
    program,
    weights: {},
    features: new Float32Array(200).fill(0.5),
    featureCount: 200,
    targets: Float32Array.of(1),
    targetCount: 1,
    rows: Uint32Array.of(0),
    tolerance: TOLERANCE,
    most: 1,
  });
  // Four losses at least for every number, each of two products of 40,000.
  let between = 0;
  while (checks.next().value && between < 1000) between++;
  expect(between).toBeGreaterThanOrEqual(6 * 4 * 2);
});
