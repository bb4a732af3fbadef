/**
 * Rows that the program makes itself (toy sets, formulas, painted points) as data sets: their numbers are
 * taken as they are, unless transforms ask for more, which are those of tables.
 */
import type { FormulaSource, Pipeline, PointsSource, Split } from '../graph/project';
import type { Dataset, EncodedColumn } from './dataset';
import { encodeTable } from './encode';
import { DataFault } from './fault';
import { Random } from './random';
import { scalarFormula } from './scalar-formula';
import { splitRows } from './split';
import { Builder, type Table } from './table';

interface Made {
  readonly name: string;
  readonly features: readonly string[];
  readonly target: string;
  /** How many there are; 0: the target is a number. */
  readonly classes: number;
  readonly x: Float32Array;
  /** A number or a class for each row. */
  readonly y: Float32Array;
}

export function madeDataset({ name, features, target, classes, x, y }: Made, split: Split): Dataset {
  const plain = (column: string, source = column): EncodedColumn => ({ name: column, source, mean: 0, deviation: 1 });
  const several = classes > 2;
  const coded = several ? new Float32Array(y.length * classes) : y;
  if (several) y.forEach((k, row) => void (coded[row * classes + k] = 1));
  const names = Array.from({ length: classes }, (_, k) => String(k));
  return {
    name,
    rows: y.length,
    task: classes === 0 ? 'regression' : several ? 'multiclass' : 'binary',
    features: features.map((feature) => plain(feature)),
    targets: several ? names.map((k) => plain(`${target}=${k}`, target)) : [plain(target)],
    classes: names,
    notes: [],
    x,
    y: coded,
    split: splitRows(y.length, split, (row) => y[row]!),
  };
}

/** The same rows with the features that a source asks for. */
export async function withPipeline(
  dataset: Dataset,
  source: Pipeline & { readonly features?: readonly string[] },
  split: Split,
): Promise<Dataset> {
  const { transforms = [], features } = source;
  const all = dataset.features.map(({ name }) => name);
  const used = features ?? all;
  const absent = used.find((name) => !all.includes(name));
  if (absent !== undefined)
    throw new DataFault(`There is no column '${absent}' in ${dataset.name}. Its columns are: ${all.join(', ')}.`);
  if (transforms.length === 0 && used.length === all.length) return dataset;
  const target = dataset.targets[0]!.source;
  const width = dataset.features.length;
  const outs = dataset.targets.length;
  const builders = [...all, target].map((name) => new Builder(name, '.', true));
  for (let row = 0; row < dataset.rows; row++) {
    for (let k = 0; k < width; k++) builders[k]!.addNumber(dataset.x[row * width + k]!, row + 1);
    const answer = outs === 1 ? dataset.y[row]! : dataset.y.subarray(row * outs, (row + 1) * outs).indexOf(1);
    builders[width]!.addNumber(answer, row + 1);
  }
  const table: Table = {
    name: dataset.name,
    rows: dataset.rows,
    columns: builders,
    names: [...all, target],
    notes: [],
    rowNumber: (row) => row + 1,
  };
  // Without a column of its own, what is derived from columns is all there is: those stay in the table, not among the features.
  const base = used.length > 0 ? used : all;
  const encoded = await encodeTable(
    table,
    { features: base, targets: [target], task: dataset.task, missing: 'drop-row', standardise: false, transforms },
    split,
  );
  const whole = used.length > 0 ? encoded : withoutColumns(encoded, all);
  return outs === 1 ? { ...whole, targets: dataset.targets } : whole;
}

/** Drops the first features, which are the plain columns. */
function withoutColumns(dataset: Dataset, columns: readonly string[]): Dataset {
  const [width, gone] = [dataset.features.length, columns.length];
  const left = width - gone;
  if (left === 0) throw new DataFault('No feature is left. Choose at least one that the network may look at.');
  const x = new Float32Array(dataset.rows * left);
  for (let row = 0; row < dataset.rows; row++) x.set(dataset.x.subarray(row * width + gone, (row + 1) * width), row * left);
  return { ...dataset, features: dataset.features.slice(gone), x };
}

/** Rows drawn evenly between the formula's bounds. */
export function formulaDataset(source: FormulaSource, split: Split, most: number): Dataset {
  const { inputs, low, high, noise, target } = source;
  const formula = scalarFormula(source.formula, inputs);
  if (!formula.ok) throw new DataFault(`The formula cannot be read. ${formula.message}`);
  const count = Math.min(most, Math.max(4, Math.round(source.count)));
  const random = new Random(source.seed, 'formula');
  const x = new Float32Array(count * inputs);
  const y = new Float32Array(count);
  for (let row = 0; row < count; row++) {
    const [a, b] = [random.between(low, high), inputs === 2 ? random.between(low, high) : 0];
    const value = formula.value(a, b);
    if (!Number.isFinite(value) || Math.abs(value) > 1e18) {
      const place = inputs === 1 ? `x = ${a.toPrecision(4)}` : `x = ${a.toPrecision(4)}, y = ${b.toPrecision(4)}`;
      throw new DataFault(`The formula has no finite value at ${place}. Choose other bounds, or another formula.`);
    }
    x[row * inputs] = a;
    if (inputs === 2) x[row * inputs + 1] = b;
    const noisy = value + (noise > 0 ? random.gaussian() * noise : 0);
    y[row] = target === 'class' ? (noisy > 0 ? 1 : 0) : noisy;
  }
  if (target === 'class' && (y.every((k) => k === 0) || y.every((k) => k === 1)))
    throw new DataFault(
      'The formula is nowhere above 0, or everywhere, so all rows have the same class. Shift it, or choose other bounds.',
    );
  const features = inputs === 1 ? ['x'] : ['x', 'y'];
  const name = `Formula ${source.formula.slice(0, 60)}`;
  return madeDataset(
    {
      name,
      features,
      target: target === 'class' ? 'class' : inputs === 1 ? 'y' : 'z',
      classes: target === 'class' ? 2 : 0,
      x,
      y,
    },
    split,
  );
}

export function pointsDataset(source: PointsSource, split: Split): Dataset {
  const { points, target } = source;
  const rows = Math.floor(points.length / 3);
  if (rows < 4)
    throw new DataFault(
      `${rows === 0 ? 'No points are' : `Only ${rows === 1 ? 'one point is' : `${rows} points are`}`} painted. Paint at least four.`,
    );
  const x = new Float32Array(2 * rows);
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    x.set([points[3 * row]!, points[3 * row + 1]!], 2 * row);
    y[row] = points[3 * row + 2]!;
  }
  let classes = 0;
  if (target === 'class') {
    const odd = y.findIndex((k) => !Number.isInteger(k) || k < 0 || k > 9);
    if (odd >= 0) throw new DataFault(`Point ${odd + 1} has the class ${y[odd]}; classes are whole numbers from 0 to 9.`);
    classes = Math.max(2, ...y.map((k) => k + 1));
    if (y.every((k) => k === y[0]))
      throw new DataFault('All points have the same class, so there is nothing to tell apart. Paint some of another class.');
  }
  return madeDataset(
    { name: 'Painted points', features: ['x', 'y'], target: target === 'class' ? 'class' : 'z', classes, x, y },
    split,
  );
}
