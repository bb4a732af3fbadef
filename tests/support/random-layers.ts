/**
 * Random networks of layers from a seed: convolutions and pooling on small pictures or along a line, then normalisation, dropout
 * and fully connected layers, before a loss. What trains differently than it is used occurs only where it is asked for.
 */
import { infer } from '../../src/engine/compile/infer';
import { Random } from '../../src/engine/data/random';
import type { Project } from '../../src/engine/graph/project';
import { drawing, type Rows } from './drawing';
import type { RandomDrawing } from './random-drawing';

const ACTIVATIONS = ['tanh', 'sigmoid', 'silu', 'elu', 'softplus'];

export function randomLayers(seed: number, training: boolean): RandomDrawing {
  const random = new Random(seed, 'layers');
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const maybe = (): boolean => random.integer(2) === 0;
  const count = 4 + random.integer(3);
  const rows: Record<string, Rows[string]> = {};
  const [channels, side] = [1 + random.integer(2), 6];
  const isLine = random.integer(3) === 0;
  const lengths = isLine ? [2 * side] : [side, side];
  rows['x'] = ['input', {}, { shape: [channels, ...lengths] }];
  let last = 'x';
  const put = (op: string, attrs: Rows[string][2] = {}): void => {
    const id = `${op}-${Object.keys(rows).length}`;
    rows[id] = [op, { x: last }, attrs ?? {}];
    last = id;
  };
  if (maybe())
    put(isLine ? 'convolution-1d' : 'convolution-2d', {
      filters: 1 + random.integer(4),
      ...pick<Readonly<Record<string, number | string>>>([
        { size: 3, padding: pick(['same', 'none']) },
        { size: 2, stride: 2, padding: 'none' },
      ]),
      activation: pick(ACTIVATIONS),
    });
  if (training && maybe()) put('batch-normalisation');
  // Halves of 3 there are none.
  const isOdd = Object.values(rows).some(([, , attrs]) => attrs?.['stride'] === 2) && !isLine;
  if (maybe() && !isOdd) put(pick(['max-pooling', 'average-pooling']), { size: 2, ...(isLine ? { axes: '1' } : {}) });
  put('flatten');
  for (let layers = 1 + random.integer(2); layers > 0; layers--) {
    const units = 2 + random.integer(9);
    put('dense', { units, activation: pick(ACTIVATIONS) });
    // Of two or three numbers hardly more than the signs would be left: rounding, magnified, for what normalises them again.
    if (maybe() && units > 3) put('layer-normalisation');
    if (training && maybe()) put(pick(['dropout', 'batch-normalisation']));
  }
  const classes = 3;
  put('dense', { units: classes, activation: 'identity' });
  rows['t'] = ['target', {}, { shape: [classes] }];
  rows['loss'] = [pick(['cross-entropy-logits', 'mean-squared-error']), { prediction: last, target: 't' }];
  const width = channels * lengths.reduce((n, length) => n * length, 1);
  const targets = new Float32Array(count * classes);
  for (let row = 0; row < count; row++) targets[row * classes + random.integer(classes)] = 1;
  const project: Project = drawing(rows, { optimizer: 'sgd', hyper: { rate: 0.05 }, batch: count });
  const [problem] = infer(project).problems;
  if (problem) throw new Error(problem.message);
  return {
    seed,
    rows,
    project,
    count,
    features: Float32Array.from({ length: count * width }, () => random.between(-1, 1)),
    width,
    targets,
  };
}
