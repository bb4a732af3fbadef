/**
 * What the course says of batches, of the program's own trainer: a batch of all rows is gradient descent, a batch of
 * one is stochastic gradient descent, and what lies between takes the mean of each batch, the last of them smaller.
 * The same steps are taken here by hand, on a linear model whose gradient can be written down.
 */
import { describe, expect, it, test } from 'vitest';
import type { Dataset } from '../../../src/engine/data/dataset';
import { generateDataset } from '../../../src/engine/data/generators';
import { defaultSettings, type DataSource } from '../../../src/engine/graph/project';
import { layersByLongestPath } from '../../../src/engine/teach/layers';
import { biologicalNeuron } from '../../../src/engine/teach/threshold';
import { RowOrder } from '../../../src/engine/train/order';
import { array, drawing } from '../../support/drawing';
import { trained } from '../../support/training';

const source: Extract<DataSource, { kind: 'generator' }> = { kind: 'generator', name: 'plane', count: 26, noise: 0.1, seed: 4 };
const data: Dataset = generateDataset(source, defaultSettings.split);
const RATE = 0.01;
const START = [0.3, -0.2, 0.1] as const;

const model = (batch: number) => {
  const made = drawing(
    {
      x: ['input', {}, { shape: [2] }],
      w: array([2, 1], START.slice(0, 2)),
      b: ['parameter', {}, { shape: [1], values: [START[2]], role: 'bias' }],
      p: ['matmul', { a: 'x', b: 'w' }],
      y: ['add', { a: 'p', b: 'b' }],
      t: ['target', {}, { shape: [1] }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    },
    { optimizer: 'sgd', hyper: { rate: RATE }, batch },
  );
  return { ...made, settings: { ...made.settings, data: source } };
};

/** ∇l of (w₁x₁ + w₂x₂ + b − t)², the mean over these rows. */
function meanGradient(theta: readonly number[], rows: ArrayLike<number>): number[] {
  const sum = [0, 0, 0];
  for (const row of Array.from(rows)) {
    const [x1, x2] = [data.x[2 * row]!, data.x[2 * row + 1]!];
    const slope = (2 * (theta[0]! * x1 + theta[1]! * x2 + theta[2]! - data.y[row]!)) / rows.length;
    for (const [k, x] of [x1, x2, 1].entries()) sum[k]! += slope * x;
  }
  return sum;
}

async function weightsAfter(batch: number, epochs: number): Promise<number[]> {
  const { session } = await trained(model(batch), data, { backend: 'reference', epochs, seed: 7 });
  const { w, b } = await session.weights();
  session.close();
  return [...w!.data, ...b!.data];
}

describe('batches of the trainer', () => {
  const n = data.split.train.length;
  it('all rows: gradient descent, one update an epoch', async () => {
    let theta: number[] = [...START];
    for (let t = 0; t < 3; t++) theta = theta.map((v, k) => v - RATE * meanGradient(theta, data.split.train)[k]!);
    const after = await weightsAfter(n, 3);
    for (const [k, v] of theta.entries()) expect(after[k]).toBeCloseTo(v, 6);
  });

  test.each([1, 4])('%i at a time, in the order of the shuffle, each batch with its own mean', async (batch) => {
    const order = new RowOrder(Uint32Array.from(data.split.train), 7, batch);
    let theta: number[] = [...START];
    let [updates, smallest] = [0, batch];
    while (order.epoch < 2) {
      const rows = order.coming();
      theta = theta.map((v, k) => v - RATE * meanGradient(theta, rows)[k]!);
      smallest = Math.min(smallest, rows.length);
      order.advance(order.take(1, (epoch) => epoch < 2));
      updates++;
    }
    expect(updates).toBe(2 * Math.ceil(n / batch));
    expect(smallest).toBe(n % batch === 0 ? batch : n % batch);
    const after = await weightsAfter(batch, 2);
    for (const [k, v] of theta.entries()) expect(after[k]).toBeCloseTo(v, 6);
  });
});

describe('what pages count themselves', () => {
  it('a neuron sends a spike only when the net sum exceeds the threshold', () => {
    expect(biologicalNeuron(4, 2, 5)).toEqual({ net: 2, fires: false });
    expect(biologicalNeuron(7, 2, 5)).toEqual({ net: 5, fires: false });
    expect(biologicalNeuron(8, 2, 5)).toEqual({ net: 6, fires: true });
  });
  it('the layer of a neuron is its longest path, whatever the order of edges and neurons', () => {
    const edges = [
      { from: 3, to: 4 },
      { from: 0, to: 4 },
      { from: 1, to: 3 },
      { from: 0, to: 1 },
      { from: 2, to: 1 },
    ];
    expect(layersByLongestPath(5, edges)).toEqual([0, 1, 0, 2, 3]);
    // Numbered against the flow: 2 feeds 1, and 1 feeds 0.
    expect(
      layersByLongestPath(3, [
        { from: 2, to: 1 },
        { from: 1, to: 0 },
      ]),
    ).toEqual([2, 1, 0]);
  });
});
