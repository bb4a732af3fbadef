/**
 * How parameters start. Each rule is one entry with its formula; n is the number of inputs of a neuron
 * (fan-in), m the number of neurons that its output feeds (fan-out). Numbers come from the generator that
 * is passed in, so that a seed decides them all.
 */
import type { Draw } from '../data/random';

export interface Initializer {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  /** Meaning of `scale`; null where the rule has no argument. */
  readonly scaleTitle: string | null;
  /** One number. `uniform` is in [0, 1), `gaussian` has mean 0 and deviation 1. */
  sample(fans: { readonly fanIn: number; readonly fanOut: number; readonly scale: number }, random: Draw): number;
}

const between = (random: Draw, limit: number): number => (2 * random.uniform() - 1) * limit;

export const initializers: readonly Initializer[] = [
  {
    name: 'glorot-uniform',
    title: 'Glorot, uniform',
    formula: 'U\\left(\\pm\\sqrt{6/(n+m)}\\right)',
    scaleTitle: null,
    sample: ({ fanIn, fanOut }, random) => between(random, Math.sqrt(6 / (fanIn + fanOut))),
  },
  {
    name: 'glorot-normal',
    title: 'Glorot, Gaussian',
    formula: '\\mathcal N\\left(0,\\ \\sqrt{2/(n+m)}\\right)',
    scaleTitle: null,
    sample: ({ fanIn, fanOut }, random) => random.gaussian() * Math.sqrt(2 / (fanIn + fanOut)),
  },
  {
    name: 'he-normal',
    title: 'He, Gaussian',
    formula: '\\mathcal N\\left(0,\\ \\sqrt{2/n}\\right)',
    scaleTitle: null,
    sample: ({ fanIn }, random) => random.gaussian() * Math.sqrt(2 / fanIn),
  },
  {
    name: 'he-uniform',
    title: 'He, uniform',
    formula: 'U\\left(\\pm\\sqrt{6/n}\\right)',
    scaleTitle: null,
    sample: ({ fanIn }, random) => between(random, Math.sqrt(6 / fanIn)),
  },
  {
    name: 'lecun-normal',
    title: 'LeCun, Gaussian',
    formula: '\\mathcal N\\left(0,\\ 1/\\sqrt{n}\\right)',
    scaleTitle: null,
    sample: ({ fanIn }, random) => random.gaussian() / Math.sqrt(fanIn),
  },
  {
    name: 'he-as-printed',
    title: 'He as the course prints it',
    formula: '\\mathcal N\\left(0,\\ 2/\\sqrt{n}\\right)',
    scaleTitle: null,
    sample: ({ fanIn }, random) => (random.gaussian() * 2) / Math.sqrt(fanIn),
  },
  {
    name: 'uniform',
    title: 'Uniform',
    formula: 'U(\\pm s)',
    scaleTitle: 'Half-width s',
    sample: ({ scale }, random) => between(random, scale),
  },
  {
    name: 'normal',
    title: 'Gaussian',
    formula: '\\mathcal N(0, s)',
    scaleTitle: 'Deviation s',
    sample: ({ scale }, random) => random.gaussian() * scale,
  },
  {
    name: 'constant',
    title: 'Constant',
    formula: 's',
    scaleTitle: 'Value s',
    sample: ({ scale }) => scale,
  },
  { name: 'zeros', title: 'Zeros', formula: '0', scaleTitle: null, sample: () => 0 },
];

const byName: ReadonlyMap<string, Initializer> = new Map(initializers.map((rule) => [rule.name, rule]));

export function initializerOf(name: string): Initializer {
  const rule = byName.get(name);
  if (!rule) throw new Error(`There is no initializer '${name}'.`);
  return rule;
}

export const initializerChoices = initializers.map(({ name, title }) => ({ value: name, title }));
