/**
 * Toy data: one entry each. The sets of the plane follow TensorFlow Playground's constants (domain
 * [−6, 6]²; its label noise stays label noise), so that results can be compared; labels are 0 and 1 here.
 */
import type { GeneratorSource, Split } from '../graph/project';
import { cos, exp, sin } from '../ir/elementary';
import type { Dataset, Task } from './dataset';
import { madeDataset } from './made';
import { Random } from './random';

export interface Generator {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly task: Task;
  readonly features: readonly string[];
  readonly defaults: { readonly count: number; readonly noise: number };
  /** Row `index` of `count`: its features, and its target (0 or 1 for classes). `noise` is 0 … 1. */
  sample(random: Random, noise: number, index: number, count: number): { readonly x: readonly number[]; readonly y: number };
}

const plane = ['x', 'y'] as const;
const distance = (x: number, y: number, cx = 0, cy = 0): number => Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy));

const classes = (name: string, title: string, about: string, sample: Generator['sample']): Generator => ({
  name,
  title,
  about,
  task: 'binary',
  features: plane,
  defaults: { count: 500, noise: 0 },
  sample,
});

/** A function of one number, on [−3, 3], with Gaussian noise on its value. */
const curve = (name: string, title: string, about: string, f: (x: number) => number): Generator => ({
  name,
  title,
  about,
  task: 'regression',
  features: ['x'],
  defaults: { count: 300, noise: 0.05 },
  sample: (random, noise) => {
    const x = random.between(-3, 3);
    return { x: [x], y: f(x) + random.gaussian() * noise };
  },
});

const CENTRES = [
  [-4, 2.5, 1],
  [0, 2.5, -1],
  [4, 2.5, 1],
  [-4, -2.5, -1],
  [0, -2.5, 1],
  [4, -2.5, -1],
] as const;

export const generators: readonly Generator[] = [
  classes('gaussians', 'Gaussian clouds', 'Two clouds; one neuron separates them.', (random, noise, index) => {
    // Variance from 0.5 to 4 as the noise goes from 0 to one half.
    const deviation = Math.sqrt(0.5 + 7 * noise);
    const [centre, y] = index % 2 === 0 ? [2, 1] : [-2, 0];
    return { x: [centre + random.gaussian() * deviation, centre + random.gaussian() * deviation], y };
  }),
  classes('circles', 'Circles', 'A disc inside a ring; one neuron cannot separate them.', (random, noise, index) => {
    const R = 5;
    const radius = index % 2 === 0 ? random.between(0, 0.5 * R) : random.between(0.7 * R, R);
    const angle = random.between(0, 2 * Math.PI);
    const [x, y] = [radius * sin(angle), radius * cos(angle)];
    const [dx, dy] = [random.between(-R, R) * noise, random.between(-R, R) * noise];
    return { x: [x, y], y: distance(x + dx, y + dy) < 0.5 * R ? 1 : 0 };
  }),
  classes('xor', 'XOR', 'Four quadrants; opposite ones belong together.', (random, noise) => {
    const push = (v: number): number => v + (v > 0 ? 0.3 : -0.3);
    const [x, y] = [push(random.between(-5, 5)), push(random.between(-5, 5))];
    const [dx, dy] = [random.between(-5, 5) * noise, random.between(-5, 5) * noise];
    return { x: [x, y], y: (x + dx) * (y + dy) >= 0 ? 1 : 0 };
  }),
  classes('spiral', 'Spiral', 'Two arms wound around each other; needs a deeper network.', (random, noise, index, count) => {
    const arm = index % 2;
    const half = Math.max(1, count / 2);
    const i = Math.floor(index / 2);
    const radius = (i / half) * 5;
    const angle = ((1.75 * i) / half) * 2 * Math.PI + (arm === 0 ? 0 : Math.PI);
    return {
      x: [radius * sin(angle) + random.between(-1, 1) * noise, radius * cos(angle) + random.between(-1, 1) * noise],
      y: 1 - arm,
    };
  }),
  classes('moons', 'Moons', 'Two half moons that reach into each other.', (random, noise, index) => {
    const upper = index % 2 === 0;
    const angle = random.between(0, Math.PI);
    // Radius 3, shifted so that both together lie around the origin.
    const [x, y] = upper ? [3 * cos(angle) - 1.5, 3 * sin(angle) - 0.75] : [1.5 - 3 * cos(angle), 0.75 - 3 * sin(angle)];
    return { x: [x + random.gaussian() * 3 * noise, y + random.gaussian() * 3 * noise], y: upper ? 0 : 1 };
  }),
  {
    name: 'plane',
    title: 'Plane',
    about: 'A tilted plane; a single linear neuron fits it.',
    task: 'regression',
    features: plane,
    defaults: { count: 500, noise: 0 },
    sample: (random, noise) => {
      const [x, y] = [random.between(-6, 6), random.between(-6, 6)];
      const [dx, dy] = [random.between(-6, 6) * noise, random.between(-6, 6) * noise];
      return { x: [x, y], y: (x + dx + y + dy) / 10 };
    },
  },
  {
    name: 'multi-gaussian',
    title: 'Six hills',
    about: 'Three hills and three hollows of the plane.',
    task: 'regression',
    features: plane,
    defaults: { count: 500, noise: 0 },
    sample: (random, noise) => {
      const [x, y] = [random.between(-6, 6), random.between(-6, 6)];
      const [px, py] = [x + random.between(-6, 6) * noise, y + random.between(-6, 6) * noise];
      let height = 0;
      for (const [cx, cy, sign] of CENTRES) {
        const own = sign * Math.max(0, 1 - distance(px, py, cx, cy) / 2);
        if (Math.abs(own) > Math.abs(height)) height = own;
      }
      return { x: [x, y], y: height };
    },
  },
  curve('line', 'Line', 'A straight line.', (x) => 0.5 * x + 0.3),
  curve('sine', 'Sine', 'Two waves.', (x) => sin(2 * x)),
  curve('cubic', 'Cubic', 'A curve with a hill and a hollow.', (x) => 0.15 * x * x * x - 0.6 * x),
  curve('absolute', 'V-shape', 'A kink at 0.', (x) => Math.abs(x) - 1),
  curve('bump', 'Bump', 'A single hill.', (x) => exp(-2 * x * x)),
];

export const generatorOf = (name: string): Generator | undefined => generators.find((g) => g.name === name);

export const MAX_GENERATED_ROWS = 100_000;

/** Throws with a sentence for unknown names; counts and noise are brought into their ranges. */
export function generateDataset(source: GeneratorSource, split: Split): Dataset {
  const generator = generatorOf(source.name);
  if (!generator)
    throw new Error(`There is no toy data set '${source.name}'. Choose one of: ${generators.map((g) => g.name).join(', ')}.`);
  const count = Math.min(MAX_GENERATED_ROWS, Math.max(4, Math.round(source.count)));
  const noise = Math.min(1, Math.max(0, source.noise));
  const random = new Random(source.seed, `data:${source.name}`);
  const width = generator.features.length;
  const x = new Float32Array(count * width);
  const y = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const sample = generator.sample(random, noise, index, count);
    x.set(sample.x, index * width);
    y[index] = sample.y;
  }
  const target = generator.task === 'binary' ? 'class' : generator.features.includes('y') ? 'z' : 'y';
  return madeDataset(
    { name: generator.title, features: generator.features, target, classes: generator.task === 'binary' ? 2 : 0, x, y },
    split,
  );
}
