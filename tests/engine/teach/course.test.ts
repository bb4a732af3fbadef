import katex from 'katex';
import { describe, expect, it, test } from 'vitest';
import { generateDataset } from '../../../src/engine/data/generators';
import { draftProject } from '../../../src/engine/train/draft';
import type { Tensor } from '../../../src/engine/ir/shape';
import { defaultSettings } from '../../../src/engine/graph/project';
import {
  drawnFunction,
  fitSteps,
  qAgainstEpsilon,
  smallestQ,
  targets,
  valueOfFit,
} from '../../../src/engine/teach/approximation';
import {
  batchPath,
  costsOf,
  descend,
  earlyStop,
  hollows,
  largestSafeRate,
  largestSafeRateOfQuadratic,
  linePoints,
  meanGradient,
  meanLoss,
  parabola,
  sampleGradient,
  sampleLoss,
  valley,
} from '../../../src/engine/teach/descent';
import { affineMaps, collapse, collapseNumbers, equationsBlock, equationsOf } from '../../../src/engine/teach/equations';
import { activationSizes, deviations, sigmoidBound, symmetryRun } from '../../../src/engine/teach/initialisation';
import {
  activationJacobian,
  contract,
  hadamard,
  leftJacobian,
  mapMatrix,
  matrix,
  multiply,
  rightJacobian,
  transpose,
} from '../../../src/engine/teach/jacobian';
import {
  accuracy,
  bestLine,
  footOf,
  insideAll,
  type LabelledPoint,
  polygon,
  signedDistance,
  sumAt,
  throughPoint,
  turnedTowards,
} from '../../../src/engine/teach/lines';
import { act, backward, courseLayer, forward, meanLossOf, type Network } from '../../../src/engine/teach/mlp';
import { countQuiz, courseSizes, networkSize } from '../../../src/engine/teach/network-size';
import { gates, reachableFunctions, searchUnit, truthTable } from '../../../src/engine/teach/threshold';
import { drawing } from '../../support/drawing';

describe('McCulloch–Pitts', () => {
  test.each(['AND', 'OR', 'NOT'])('%s is computed by its unit, and found by search', (name) => {
    const gate = gates.find((g) => g.name === name)!;
    for (const row of truthTable(gate.unit!)) expect(row.output === 1).toBe(gate.f(row.inputs));
    expect(searchUnit(gate).found).not.toBeNull();
  });
  it('no unit computes XOR', () => {
    expect(searchUnit(gates.find((g) => g.name === 'XOR')!)).toEqual({ tried: 24, found: null });
    const reached = reachableFunctions();
    expect(reached.size).toBe(14);
    expect([reached.has('0110'), reached.has('1001')]).toEqual([false, false]);
  });
});

describe('activations', () => {
  test.each([
    ['sigmoid', 0, 0.5, 0.25],
    ['sigmoid', 6, 0.997527, 0.002467],
    ['sigmoid', 1.5, 0.817574, 0.149146],
    ['tanh', 0, 0, 1],
    ['tanh', 3, 0.995055, 0.009866],
    ['relu', -1, 0, 0],
    ['relu', 1, 1, 1],
    ['relu', 0, 0, 0],
  ] as const)('%s at %f', (name, x, g, d) => {
    const y = act[name].g(x);
    expect(y).toBeCloseTo(g, 6);
    expect(act[name].d(x, y)).toBeCloseTo(d, 6);
  });
  it('does not overflow at ±1000', () => {
    for (const x of [-1000, 1000])
      for (const name of ['sigmoid', 'tanh', 'relu'] as const) expect(Number.isFinite(act[name].g(x))).toBe(true);
  });
});

const pointsOf = (name: string, noise = 0, count = 500): LabelledPoint[] => {
  const set = generateDataset({ kind: 'generator', name, count, noise, seed: 1 }, defaultSettings.split);
  return Array.from({ length: set.rows }, (_, i) => ({
    x: set.x[2 * i]!,
    y: set.x[2 * i + 1]!,
    label: set.y[i] === 1 ? (1 as const) : (0 as const),
  }));
};

describe('lines', () => {
  const line = { w: [3, 4] as const, b: -5 };
  it('distance is the sum over the length of w', () => {
    expect(signedDistance(line, 3, 4)).toBe(4);
    expect(sumAt(line, ...footOf(line))).toBeCloseTo(0, 12);
    expect(sumAt(throughPoint(line, 7, -2), 7, -2)).toBeCloseTo(0, 12);
    const turned = turnedTowards(line, footOf(line), 10, 0);
    expect(Math.hypot(...turned.w)).toBeCloseTo(5, 12);
    expect(sumAt(turned, ...footOf(line))).toBeCloseTo(0, 12);
  });
  it('one line separates Gaussian clouds, but never circles: about 66 % is the best', () => {
    expect(bestLine(pointsOf('gaussians')).accuracy).toBeGreaterThan(0.95);
    const circles = bestLine(pointsOf('circles', 0, 2000));
    expect(circles.accuracy).toBeGreaterThan(0.62);
    expect(circles.accuracy).toBeLessThan(0.69);
    expect(accuracy(circles.line, pointsOf('circles', 0, 2000))).toBeCloseTo(circles.accuracy, 6);
  });
  it('three half-planes made by hand solve the circles nearly, six exactly', () => {
    const share = (k: number, radius: number): number => {
      const lines = polygon(k, radius);
      const points = pointsOf('circles');
      return points.filter((p) => insideAll(lines, p.x, p.y) === p.label).length / points.length;
    };
    expect(share(3, 2.5)).toBeGreaterThan(0.85);
    expect(share(6, 2.8)).toBe(1);
  });
});

describe('counting parameters', () => {
  it('8-9-9-9-4: 270 weights, 31 biases, 301 parameters, 39 neurons', () => {
    expect(networkSize(courseSizes)).toMatchObject({ weights: 270, biases: 31, total: 301, neurons: 39 });
    expect(countQuiz(courseSizes).map((c) => [c.letter, c.value, c.right])).toEqual([
      ['A', 270, false],
      ['B', 274, false],
      ['C', 301, true],
      ['D', 39, false],
    ]);
  });
});

describe('descent', () => {
  const thetas = (rate: number, steps: number) => descend(parabola, 1, rate, steps).map((s) => s.theta);
  it('L = θ² from 1: 0.1 approaches, 1 oscillates, 1.1 diverges', () => {
    expect(thetas(0.1, 2)[1]).toBeCloseTo(0.8, 12);
    expect(thetas(0.1, 2)[2]).toBeCloseTo(0.64, 12);
    expect(thetas(1, 3)).toEqual([1, -1, 1, -1]);
    expect(thetas(1.1, 2)[1]).toBeCloseTo(-1.2, 12);
    expect(thetas(1.1, 2)[2]).toBeCloseTo(1.44, 12);
    expect(descend(parabola, 1, 0.1, 5).every((s) => s.descends)).toBe(true);
    expect(
      descend(parabola, 1, 1.1, 5)
        .slice(1)
        .some((s) => s.descends),
    ).toBe(false);
  });
  it('the largest safe rate: below it the loss falls, above it rises', () => {
    expect(largestSafeRateOfQuadratic(1)).toBe(1);
    expect(largestSafeRate(parabola, 1)).toBeCloseTo(1, 9);
    for (const theta of [-2, 0.6, 1.9]) {
      const bound = largestSafeRate(hollows, theta);
      expect(descend(hollows, theta, bound * 0.999, 1)[1]!.descends).toBe(true);
      expect(descend(hollows, theta, bound * 1.001, 1)[1]!.descends).toBe(false);
    }
    expect(descend(valley, 0.1, 0.3, 1)[1]!.descends).toBe(false);
  });
  it('a batch of n is gradient descent, a batch of 1 is SGD, the last batch may be smaller', () => {
    const samples = linePoints(10, 0.1, 2);
    const full = batchPath(samples, [0, 0], 0.1, 10, 3, 1);
    let theta: readonly [number, number] = [0, 0];
    for (let t = 1; t <= 3; t++) {
      const [dw, db] = meanGradient(theta, samples);
      theta = [theta[0] - 0.1 * dw, theta[1] - 0.1 * db];
      expect(full[t]).toEqual(theta);
    }
    expect(batchPath(samples, [0, 0], 0.1, 1, 2, 1)).toHaveLength(21);
    expect(batchPath(samples, [0, 0], 0.1, 4, 1, 1)).toHaveLength(4);
    const [dw, db] = sampleGradient([0.3, 0.2], samples[0]!);
    const h = 1e-6;
    expect(dw).toBeCloseTo((sampleLoss([0.3 + h, 0.2], samples[0]!) - sampleLoss([0.3 - h, 0.2], samples[0]!)) / (2 * h), 6);
    expect(db).toBeCloseTo((sampleLoss([0.3, 0.2 + h], samples[0]!) - sampleLoss([0.3, 0.2 - h], samples[0]!)) / (2 * h), 6);
    expect(meanLoss([0.3, 0.2], samples)).toBeCloseTo(samples.reduce((s, p) => s + sampleLoss([0.3, 0.2], p), 0) / 10, 12);
  });
  it('early stopping stops at patience and remembers the best', () => {
    expect(earlyStop([5, 4, 3, 3.1, 3.2, 2.9, 3, 3, 3, 1], 3)).toEqual({ best: 5, stop: 8, stopped: true });
    expect(earlyStop([3, 2, 1], 5)).toEqual({ best: 2, stop: 2, stopped: false });
  });
  it('finite differences cost a forward pass for each parameter, backpropagation about three in all', () => {
    const costs = costsOf(courseSizes);
    expect(costs).toMatchObject({ parameters: 301, forward: 270, finiteDifferences: 270 * 302 });
    expect(costs.backprop / costs.forward).toBeLessThan(3.2);
  });
});

describe('losses', () => {
  it('squared error and binary cross-entropy of f = 0.817574', () => {
    const f = act.sigmoid.g(1.5);
    expect((f - 1) ** 2).toBeCloseTo(0.033279, 6);
    expect(-Math.log(f)).toBeCloseTo(0.201413, 6);
    expect(f - 1).toBeCloseTo(-0.182426, 6);
  });
});

describe('universal approximation', () => {
  it('more neurons come closer; the error is what is measured', () => {
    for (const { f } of targets) {
      expect(fitSteps(f, 30).error).toBeLessThan(fitSteps(f, 4).error);
      const fit = fitSteps(f, 12);
      expect(fit.neurons).toHaveLength(12);
      expect(Math.abs(f(fit.worstAt) - valueOfFit(fit.neurons, fit.worstAt))).toBeCloseTo(fit.error, 12);
    }
  });
  it('a smaller ε needs more neurons', () => {
    const { f } = targets[0]!;
    const coarse = smallestQ(f, 0.1)!;
    expect(coarse.fit.error).toBeLessThan(0.1);
    expect(fitSteps(f, coarse.q - 1).error).toBeGreaterThanOrEqual(0.1);
    const qs = qAgainstEpsilon(f, [0.2, 0.1, 0.05, 0.02]).map((r) => r.q!);
    expect(qs).toEqual([...qs].sort((a, b) => a - b));
    expect(qs[1]).toBe(coarse.q);
  });
  it('a drawn function goes through its heights', () => {
    const f = drawnFunction([0, 1, 0.5]);
    expect([f(0), f(0.25), f(0.5), f(1), f(2)]).toEqual([0, 0.5, 1, 0.5, 0.5]);
  });
});

describe('initialisation', () => {
  const tenLayers = (name: string): number =>
    activationSizes({
      width: 128,
      layers: 10,
      deviation: deviations.find((d) => d.name === name)!.of(128),
      g: 'relu',
      seed: 1,
    }).at(-1)!.meanSquare;
  it('ten ReLU layers of 128: about 1 with √(2/n), 1e-3 with 1/√n, 1e3 with 2/√n', () => {
    expect(tenLayers('he')).toBeGreaterThan(0.3);
    expect(tenLayers('he')).toBeLessThan(3);
    expect(tenLayers('lecun')).toBeGreaterThan(2e-4);
    expect(tenLayers('lecun')).toBeLessThan(4e-3);
    expect(tenLayers('printed')).toBeGreaterThan(3e2);
    expect(tenLayers('printed')).toBeLessThan(4e3);
    expect(tenLayers('zero')).toBe(0);
    expect(sigmoidBound(10)).toBeCloseTo(9.5e-7, 8);
  });
  it('zero and equal weights stay equal; random ones do not', () => {
    expect(Math.max(...symmetryRun({ equal: 0 }, 200).spread)).toBe(0);
    // Equal weights: the hidden neurons are the same neuron four times over.
    expect(Math.max(...symmetryRun({ equal: 0.5 }, 200).spread)).toBe(0);
    const random = symmetryRun({ deviation: 0.7, seed: 3 }, 2000, 1);
    expect(random.spread[0]).toBeGreaterThan(0);
    expect(random.loss.at(-1)).toBeLessThan(0.1);
    expect(symmetryRun({ equal: 0 }, 2000, 1).loss.at(-1)).toBeCloseTo(0.25, 3);
  });
  it('a run keeps the network of each of its steps', () => {
    const start = { deviation: 0.7, seed: 3 };
    const { networks, loss } = symmetryRun(start, 40, 1);
    expect(networks.length).toBe(41);
    for (const steps of [0, 1, 25, 40]) {
      const shorter = symmetryRun(start, steps, 1);
      expect(networks[steps]).toEqual(shorter.networks.at(-1));
      expect(loss[steps]).toBe(shorter.loss.at(-1));
    }
  });
});

describe('matrix calculus', () => {
  const x = matrix([
    [1, -2],
    [0.5, 3],
  ]);
  const y = matrix([
    [2, 0, -1],
    [1, 4, 0.5],
  ]);
  const up = matrix([
    [1, -1, 2],
    [0.5, 0, 3],
  ]);
  it('an activation: the full contraction is the Hadamard product', () => {
    const g = matrix([
      [1, 2],
      [3, -1],
    ]);
    const d = (v: number): number => 1 - Math.tanh(v) ** 2;
    const jacobian = activationJacobian(x, d);
    expect(contract(g, jacobian).data).toEqual(hadamard(g, mapMatrix(x, d)).data);
    for (const [k, block] of jacobian.blocks.entries()) for (const [j, v] of block.data.entries()) if (j !== k) expect(v).toBe(0);
  });
  it('a product: ∂L/∂X = ∂L/∂T Yᵗ and ∂L/∂Y = Xᵗ ∂L/∂T', () => {
    expect(contract(up, leftJacobian(x, y)).data).toEqual(multiply(up, transpose(y)).data);
    expect(contract(up, rightJacobian(x, y)).data).toEqual(multiply(transpose(x), up).data);
  });
  it('the fully connected layer of 3.6.20', () => {
    const { network, x: input, target } = courseLayer;
    expect(forward(network, input)[0]!.t).toEqual([2.5, 0.5]);
    const { loss, layers } = backward(network, input, target);
    expect(loss).toBe(0.5);
    expect(layers[0]).toEqual({
      t: [1, 1],
      w: [
        [1, -2],
        [1, -2],
      ],
      b: [1, 1],
      x: [2.5, 0],
    });
  });
  it('backward equals finite differences in two layers', () => {
    const network: Network = [
      {
        w: [
          [0.3, -0.2],
          [0.5, 0.1],
          [-0.4, 0.7],
        ],
        b: [0.1, -0.1, 0.2],
        g: 'tanh',
      },
      { w: [[0.6, -0.3, 0.2]], b: [0.05], g: 'sigmoid' },
    ];
    const pair = { x: [0.7, -1.1], y: [1] };
    const { layers } = backward(network, pair.x, pair.y);
    const h = 1e-6;
    const moved = (by: number): Network => [
      { ...network[0]!, w: network[0]!.w.map((row, i) => row.map((v, j) => (i === 1 && j === 0 ? v + by : v))) },
      network[1]!,
    ];
    expect(layers[0]!.w[1]![0]).toBeCloseTo((meanLossOf(moved(h), [pair]) - meanLossOf(moved(-h), [pair])) / (2 * h), 7);
  });
});

describe('equations', () => {
  const data = generateDataset({ kind: 'generator', name: 'circles', count: 20, noise: 0, seed: 1 }, defaultSettings.split);
  const project = draftProject(data, { kind: 'none' }, defaultSettings.split, { title: 'n', hidden: [3, 2], activation: 'tanh' });
  it('rows and columns', () => {
    const of = (convention: 'row' | 'column') => equationsOf(project, convention).find((e) => e.node === 'hidden1')!.latex;
    expect(of('row')).toContain('\\,\\mathbf{W}_{1} + \\mathbf{b}_{1}');
    expect(of('column')).toContain('\\mathbf{W}_{1}\\,');
    for (const convention of ['row', 'column'] as const)
      expect(() =>
        katex.renderToString(equationsBlock(equationsOf(project, convention)), { throwOnError: true, strict: 'error' }),
      ).not.toThrow();
  });
  it('with identities everywhere one matrix is left', () => {
    const found = collapse(project, null, 'row');
    if ('fault' in found) throw new Error(found.fault);
    expect(found.layers).toEqual(['hidden1', 'hidden2', 'output']);
    expect(found.latex[1]).toContain('\\mathbf{W}_{1}\\,\\mathbf{W}_{2}\\,\\mathbf{W}_{3}');
    for (const tex of found.latex) expect(() => katex.renderToString(tex, { throwOnError: true, strict: 'error' })).not.toThrow();
    const w = (rows: number, columns: number, seed: number) => ({
      shape: [rows, columns],
      data: Float64Array.from({ length: rows * columns }, (_, i) => Math.sin(seed + i)),
    });
    const layers = [
      { weight: w(2, 3, 1), bias: { shape: [3], data: Float64Array.of(0.1, 0.2, -0.3) } },
      { weight: w(3, 1, 5), bias: { shape: [1], data: Float64Array.of(0.7) } },
    ];
    const one = collapseNumbers(layers);
    const apply = (row: readonly number[], { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor }): number[] =>
      Array.from({ length: weight.shape[1]! }, (_, j) =>
        row.reduce((s, v, i) => s + v * weight.data[i * weight.shape[1]! + j]!, bias.data[j]!),
      );
    const x = [0.3, -2];
    expect(apply(x, one)[0]).toBeCloseTo(apply(apply(x, layers[0]!), layers[1]!)[0]!, 12);
    // Over the plane: the middle of the first cell of the second row of 2 × 2.
    const [map] = affineMaps(one, [0, 1], [0, 4], [-2, 2], 2);
    expect(map![2]).toBeCloseTo(apply([1, 1], one)[0]!, 6);
  });
  it('a drawing that is no chain is refused with a sentence', () => {
    const odd = drawing({
      x: ['input', {}, { shape: [2] }],
      h: ['dense', { x: 'x' }],
      s: ['add', { a: 'h', b: 'h' }],
      t: ['target', {}, { shape: [8] }],
      l: ['squared-error', { prediction: 's', target: 't' }],
    });
    expect(collapse(odd, null, 'row')).toMatchObject({ fault: expect.stringContaining("'s'") });
  });
});
