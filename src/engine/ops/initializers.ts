/**
 * How parameters start. Each rule is one entry with its formula; n is the number of inputs of a neuron
 * (fan-in), m the number of neurons that an input feeds (fan-out). Numbers come from the generator that
 * is passed in, so that a seed decides them all.
 */
import type { Draw } from '../data/random';
import { product } from '../ir/shape';

export interface Initializer {
  readonly name: string;
  readonly title: string;
  /** LaTeX of the rule for a weight w, or a matrix W; N(mean, deviation). */
  readonly formula: string;
  /** Meaning of `scale`; null where the rule has no argument. */
  readonly scaleTitle: string | null;
  /** One number. `uniform` is in [0, 1), `gaussian` has mean 0 and deviation 1. */
  sample(fans: Fans, random: Draw): number;
  /** All numbers at once, for rules whose numbers depend on each other; default: `sample` for each. */
  fill?(shape: readonly number[], fans: Fans, random: Draw): Float64Array;
}

export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
  readonly scale: number;
}

/**
 * Columns (or rows, if there are fewer of them) that are perpendicular and of length `scale`: Gaussian
 * vectors, each without its parts along the ones before (Saxe et al., 2014). Twice, since rounding leaves
 * some of them.
 */
function orthogonal(shape: readonly number[], { scale }: Fans, random: Draw): Float64Array {
  const columns = shape.at(-1) ?? 1;
  const rows = product(shape.slice(0, -1));
  const [count, length] = columns <= rows ? [columns, rows] : [rows, columns];
  const vectors: Float64Array[] = [];
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  for (let k = 0; k < count; k++) {
    const vector = Float64Array.from({ length }, () => random.gaussian());
    for (let pass = 0; pass < 2; pass++)
      for (const other of vectors) {
        const along = dot(vector, other);
        for (let i = 0; i < length; i++) vector[i]! -= along * other[i]!;
      }
    const size = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((x) => x / size));
  }
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return scale * (columns <= rows ? vectors[column]![row]! : vectors[row]![column]!);
  });
}

const between = (random: Draw, limit: number): number => (2 * random.uniform() - 1) * limit;

export const initializers: readonly Initializer[] = [
  {
    name: 'glorot-uniform',
    title: 'Glorot, uniform',
    formula: 'w \\sim U\\left(\\pm\\sqrt{6/(n+m)}\\right)',
    scaleTitle: null,
    sample: ({ fanIn, fanOut }, random) => between(random, Math.sqrt(6 / (fanIn + fanOut))),
  },
  {
    name: 'glorot-normal',
    title: 'Glorot, Gaussian',
    formula: 'w \\sim \\mathcal N\\left(0,\\ \\sqrt{2/(n+m)}\\right)',
    scaleTitle: null,
    sample: ({ fanIn, fanOut }, random) => random.gaussian() * Math.sqrt(2 / (fanIn + fanOut)),
  },
  {
    name: 'he-normal',
    title: 'He, Gaussian',
    formula: 'w \\sim \\mathcal N\\left(0,\\ \\sqrt{2/n}\\right)',
    scaleTitle: null,
    sample: ({ fanIn }, random) => random.gaussian() * Math.sqrt(2 / fanIn),
  },
  {
    name: 'he-uniform',
    title: 'He, uniform',
    formula: 'w \\sim U\\left(\\pm\\sqrt{6/n}\\right)',
    scaleTitle: null,
    sample: ({ fanIn }, random) => between(random, Math.sqrt(6 / fanIn)),
  },
  {
    name: 'lecun-normal',
    title: 'LeCun, Gaussian',
    formula: 'w \\sim \\mathcal N\\left(0,\\ 1/\\sqrt{n}\\right)',
    scaleTitle: null,
    sample: ({ fanIn }, random) => random.gaussian() / Math.sqrt(fanIn),
  },
  {
    name: 'he-as-printed',
    title: 'He as the course prints it',
    formula: 'w \\sim \\mathcal N\\left(0,\\ 2/\\sqrt{n}\\right)',
    scaleTitle: null,
    sample: ({ fanIn }, random) => (random.gaussian() * 2) / Math.sqrt(fanIn),
  },
  {
    name: 'uniform',
    title: 'Uniform',
    formula: 'w \\sim U(\\pm s)',
    scaleTitle: 'Half-width s',
    sample: ({ scale }, random) => between(random, scale),
  },
  {
    name: 'normal',
    title: 'Gaussian',
    formula: 'w \\sim \\mathcal N(0, s)',
    scaleTitle: 'Deviation s',
    sample: ({ scale }, random) => random.gaussian() * scale,
  },
  {
    name: 'constant',
    title: 'Constant',
    formula: 'w = s',
    scaleTitle: 'Value s',
    sample: ({ scale }) => scale,
  },
  {
    name: 'orthogonal',
    title: 'Orthogonal',
    formula: 'W^{\\top} W = s^2 I',
    scaleTitle: 'Gain s',
    sample: ({ scale }, random) => Math.sign(random.gaussian()) * scale,
    fill: orthogonal,
  },
  { name: 'zeros', title: 'Zeros', formula: 'w = 0', scaleTitle: null, sample: () => 0 },
];

const byName: ReadonlyMap<string, Initializer> = new Map(initializers.map((rule) => [rule.name, rule]));

export function initializerOf(name: string): Initializer {
  const rule = byName.get(name);
  if (!rule) throw new Error(`There is no initializer '${name}'.`);
  return rule;
}

/** The numbers of a parameter. */
export function draw(rule: Initializer, shape: readonly number[], fans: Fans, random: Draw): Float64Array {
  if (rule.fill) return rule.fill(shape, fans, random);
  return Float64Array.from({ length: product(shape) }, () => rule.sample(fans, random));
}

export const initializerChoices = initializers.map(({ name, title }) => ({ value: name, title }));
