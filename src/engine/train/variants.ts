/**
 * Variants of a project: the same drawing with a few settings changed, for races, trials and sweeps. Pure:
 * a project and axes give a list of projects. Every run of a grid is named by what it changes.
 */
import { Random } from '../data/random';
import { setAttr, setSettings, setTraining, type Edit } from '../graph/edits';
import { topologicalOrder, type NodeId } from '../graph/graph';
import { lockRefusal } from '../graph/lock';
import type { Project } from '../graph/project';
import { activations } from '../ops/activations';
import { opOf } from '../ops/index';
import { initializers } from '../ops/initializers';
import { optimizerOf, optimizers } from '../optimizers/index';

export type AxisValue = number | string;

/** A setting, and the values that it takes. */
export interface Axis {
  readonly key: string;
  readonly values: readonly AxisValue[];
}

export interface Variant {
  /** `rate 0.1, seed 3` */
  readonly changes: string;
  readonly project: Project;
}

export type Choice = { readonly kind: 'grid' } | { readonly kind: 'random'; readonly count: number; readonly seed: number };

/** A sentence for people: which setting, what is wrong, what to do. */
export class VariantFault extends Error {
  override readonly name = 'VariantFault';
  readonly code = 'bad-variant';
}

/** Runs of one sweep at most. */
export const MOST_VARIANTS = 10_000;

interface Setting {
  readonly key: string;
  readonly title: string;
  /** Null: the value is none for this setting. */
  readonly edit: (value: AxisValue, project: Project) => Edit | null;
  readonly expects: string;
}

const whole = (value: AxisValue, least: number, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

/** Layers before the last one, which must stay as wide as the target. */
export function hiddenLayers(project: Project): readonly NodeId[] {
  const layers = topologicalOrder(project).order.filter((id) => opOf(project.nodes[id]!.op)?.group === 'layer');
  const last = layers.findLast((id) => opOf(project.nodes[id]!.op)?.attrs['units'] !== undefined);
  return layers.filter((id) => id !== last);
}

const inHidden =
  (attr: string) =>
  (value: AxisValue) =>
  (project: Project): Project => {
    const nodes = hiddenLayers(project).filter((id) => opOf(project.nodes[id]!.op)?.attrs[attr] !== undefined);
    if (nodes.length === 0) throw new VariantFault(`The drawing has no hidden layer whose ${attr} could be changed.`);
    return nodes.reduce((now, id) => setAttr(id, attr, value)(now), project);
  };

const named = (names: readonly string[]): string => `one of ${names.join(', ')}`;

const settings: readonly Setting[] = [
  {
    key: 'optimizer',
    title: 'Optimiser',
    expects: named(optimizers.map(({ name }) => name)),
    edit: (value) =>
      typeof value === 'string' && optimizerOf(value)
        ? (project) => {
            // The rate is everybody's; what else was set belongs to the rule before.
            const { rate } = project.settings.training.hyper;
            return setTraining({ optimizer: value, hyper: rate === undefined ? {} : { rate } })(project);
          }
        : null,
  },
  {
    key: 'activation',
    title: 'Activation',
    expects: named(activations.map(({ name }) => name)),
    edit: (value) => (activations.some(({ name }) => name === value) ? inHidden('activation')(value) : null),
  },
  {
    key: 'units',
    title: 'Neurons',
    expects: 'a whole number from 1 to 65536',
    edit: (value) => (whole(value, 1, 65_536) ? inHidden('units')(value) : null),
  },
  {
    key: 'initializer',
    title: 'Initialiser',
    expects: named(initializers.map(({ name }) => name)),
    edit: (value) => (initializers.some(({ name }) => name === value) ? inHidden('initializer')(value) : null),
  },
  {
    key: 'batch',
    title: 'Batch size',
    expects: 'a whole number from 1 to 1000000',
    edit: (value) => (whole(value, 1, 1_000_000) ? setTraining({ batch: value as number }) : null),
  },
  {
    key: 'epochs',
    title: 'Epochs',
    expects: 'a whole number from 1 to 10000000',
    edit: (value) => (whole(value, 1, 10_000_000) ? setTraining({ epochs: value as number }) : null),
  },
  {
    key: 'seed',
    title: 'Seed',
    expects: 'a whole number from 0 to 4294967295',
    edit: (value) => (whole(value, 0, 2 ** 32 - 1) ? setTraining({ seed: value as number }) : null),
  },
];

/** The learning rate and the other numbers of the project's optimizer, or of whichever it becomes. */
function hyperSetting(key: string): Setting | null {
  const owner = optimizers.find(({ hyper }) => hyper[key]);
  if (!owner) return null;
  const { title, min, max } = owner.hyper[key]!;
  return {
    key,
    title,
    expects: `a number from ${min} to ${max}`,
    edit: (value) =>
      typeof value === 'number' && value >= min && value <= max
        ? (project) => {
            const { optimizer, hyper } = project.settings.training;
            if (!optimizerOf(optimizer)?.hyper[key])
              throw new VariantFault(
                `The optimiser ${optimizer} has no setting '${key}'. Leave it out, or choose another optimiser.`,
              );
            return setTraining({ hyper: { ...hyper, [key]: value } })(project);
          }
        : null,
  };
}

/** Settings that axes may name, those of the optimizer by their own names. */
export const settingNames = (project: Project): readonly { readonly key: string; readonly title: string }[] => [
  ...Object.entries(optimizerOf(project.settings.training.optimizer)?.hyper ?? {}).map(([key, { title }]) => ({ key, title })),
  ...settings.map(({ key, title }) => ({ key, title })),
];

/** The part of the rows that is held back, of a split that is cut into folds. */
export const FOLD = 'fold';
const foldSetting: Setting = {
  key: FOLD,
  title: 'Fold',
  expects: 'a whole number, at most as many as there are folds',
  edit: (value, project) => {
    const { split } = project.settings;
    return split.folds !== undefined && whole(value, 1, split.folds)
      ? setSettings({ split: { ...split, fold: value as number } })
      : null;
  },
};

const settingOf = (key: string): Setting | null =>
  key === FOLD ? foldSetting : (settings.find((one) => one.key === key) ?? hyperSetting(key));

/** The project with one setting changed. Throws a fault for a setting or a value that there is not, or that a teacher's lock keeps as it is. */
export function withValue(project: Project, key: string, value: AxisValue): Project {
  const setting = settingOf(key);
  if (!setting)
    throw new VariantFault(
      `There is no setting '${key}'. Choose one of: ${settingNames(project)
        .map((one) => one.key)
        .join(', ')}.`,
    );
  const edit = setting.edit(value, project);
  if (!edit) throw new VariantFault(`'${value}' is not a value of ${key}. Give ${setting.expects}.`);
  return edit(project);
}

const axisValueOf = (text: string): AxisValue =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text.trim();

/** `rate=0.1,0.01`, `seed=1..5`, `rate=0.0001..0.1*4` (four values, evenly by their logarithm). */
export function parseAxis(text: string): Axis {
  const at = text.indexOf('=');
  const key = text.slice(0, at).trim();
  const list = text.slice(at + 1).trim();
  if (at < 1 || list === '')
    throw new VariantFault(`'${text}' is no setting with its values. Write, for example, rate=0.1,0.01 or seed=1..5.`);
  return { key, values: parseValues(key, list) };
}

export function parseValues(key: string, list: string): readonly AxisValue[] {
  const values = list.split(',').flatMap((part): readonly AxisValue[] => {
    const range = /^\s*([^.\s]+(?:\.\d+)?)\s*\.\.\s*(\S+?)\s*(?:\*\s*(\d+))?\s*$/.exec(part);
    if (!range) return part.trim() === '' ? [] : [axisValueOf(part)];
    const [low, high, count] = [Number(range[1]), Number(range[2]), range[3] === undefined ? null : Number(range[3])];
    if (count !== null) {
      if (!(low > 0 && high > low && count >= 2 && count <= 1000))
        throw new VariantFault(
          `'${part.trim()}' of ${key} needs two numbers above 0, the smaller first, and a count from 2 to 1000.`,
        );
      return Array.from({ length: count }, (_, step) => Number((low * (high / low) ** (step / (count - 1))).toPrecision(4)));
    }
    if (!(Number.isInteger(low) && Number.isInteger(high) && high >= low && high - low < MOST_VARIANTS))
      throw new VariantFault(`'${part.trim()}' of ${key} needs two whole numbers, the smaller first, such as 1..5.`);
    return Array.from({ length: high - low + 1 }, (_, step) => low + step);
  });
  if (values.length === 0) throw new VariantFault(`${key} has no values. Write some with commas between them.`);
  return [...new Set(values)];
}

/**
 * All combinations in order (the last axis changes fastest), or so many different ones drawn at random from
 * them. Throws a fault for a setting or a value that there is not, or that a teacher's lock keeps as it is.
 */
export function variantsOf(project: Project, axes: readonly Axis[], choice: Choice = { kind: 'grid' }): readonly Variant[] {
  if (axes.length === 0) throw new VariantFault('Choose at least one setting to change.');
  const twice = axes.find(({ key }, at) => axes.findIndex((other) => other.key === key) !== at);
  if (twice) throw new VariantFault(`${twice.key} is given twice. Put all its values into one list.`);
  const folds = axes.find(({ key }) => key === FOLD);
  const others = axes.filter((axis) => axis !== folds);
  // Of what is drawn at random every fold is trained: one alone says little.
  if (folds && others.length > 0 && choice.kind === 'random')
    return variantsOf(project, others, choice).flatMap((one) =>
      folds.values.map((value) => ({
        changes: `${one.changes}, ${FOLD} ${value}`,
        project: withValue(one.project, FOLD, value),
      })),
    );
  const total = axes.reduce((product, { values }) => product * values.length, 1);
  const wanted = choice.kind === 'grid' ? total : Math.min(total, choice.count);
  if (wanted > MOST_VARIANTS)
    throw new VariantFault(
      `These settings make ${total.toLocaleString('en')} runs; at most ${MOST_VARIANTS.toLocaleString('en')} are possible. Choose fewer values, or some at random.`,
    );
  return chosen(total, wanted, choice).map((index) => {
    let rest = index;
    const values = axes.toReversed().map(({ values: own }) => {
      const value = own[rest % own.length]!;
      rest = Math.floor(rest / own.length);
      return value;
    });
    values.reverse();
    // The optimizer first: the others may be settings of the new one.
    const order = axes
      .map((axis, at) => ({ axis, value: values[at]! }))
      .sort((a, b) => Number(b.axis.key === 'optimizer') - Number(a.axis.key === 'optimizer'));
    const variant = order.reduce((now, { axis, value }) => withValue(now, axis.key, value), project);
    const refusal = lockRefusal(project, variant);
    if (refusal !== null) throw new VariantFault(refusal);
    return { changes: axes.map(({ key }, at) => `${key} ${values[at]}`).join(', '), project: variant };
  });
}

function chosen(total: number, wanted: number, choice: Choice): readonly number[] {
  if (choice.kind === 'grid' || wanted === total) return Array.from({ length: total }, (_, at) => at);
  const random = new Random(choice.seed, 'sweep');
  const drawn = new Set<number>();
  while (drawn.size < wanted) drawn.add(Math.floor(random.uniform() * total));
  return [...drawn];
}
