/** The whole Hessian of a small network's mean loss, by central differences of the float64 reference's gradients. */
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import type { Dataset } from '../../src/engine/data/dataset';
import type { Project } from '../../src/engine/graph/project';
import { learned } from '../../src/engine/train/analysis/sample-gradients';
import { initialNumbers } from '../../src/engine/train/session';
import { plansOf } from './training';

export async function hessianOf(project: Project, data: Dataset): Promise<number[][]> {
  const plans = await plansOf(project, data, 'wasm');
  const device = new ReferenceDevice(plans.trace);
  const parameters = learned(plans);
  device.setData(data.x, data.features.length, data.y, data.targets.length, data.weights);
  const rows = data.split.train.subarray(0, plans.trace.batch);
  const start = parameters.flatMap((p) => [...initialNumbers(p, project.settings.training.seed)]);
  const gradientAt = async (at: readonly number[]): Promise<number[]> => {
    let from = 0;
    for (const { value } of parameters) {
      const { length } = device.numbers(value);
      device.write(value, at.slice(from, from + length));
      from += length;
    }
    await device.run({ phases: ['forward', 'loss', 'backward'], rows, batch: rows.length });
    return parameters.flatMap(({ gradient }) => [...device.numbers(gradient)]);
  };
  const h = 1e-4;
  const columns: number[][] = [];
  for (let k = 0; k < start.length; k++) {
    const up = await gradientAt(start.map((x, i) => (i === k ? x + h : x)));
    const down = await gradientAt(start.map((x, i) => (i === k ? x - h : x)));
    columns.push(up.map((x, i) => (x - down[i]!) / (2 * h)));
  }
  return columns;
}

/** Of a symmetric matrix whose largest eigenvalue is its largest in size. */
export function largestEigenvalue(matrix: readonly (readonly number[])[]): number {
  let along = matrix.map((_, k) => Math.sin(k + 1));
  let value = 0;
  for (let step = 0; step < 2000; step++) {
    const image = matrix.map((row) => row.reduce((sum, x, k) => sum + x * along[k]!, 0));
    const length = Math.hypot(...image);
    value = image.reduce((sum, x, k) => sum + x * along[k]!, 0) / along.reduce((sum, x) => sum + x * x, 0);
    along = image.map((x) => x / length);
  }
  return value;
}
