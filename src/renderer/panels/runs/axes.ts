/** Settings to vary, as someone types them: a row for each, with values to begin with, and what they make together. */
import type { Project } from '../../../engine/graph/project';
import { optimizerOf } from '../../../engine/optimizers/index';
import {
  type Axis,
  type Choice,
  parseValues,
  settingNames,
  VariantFault,
  type Variant,
  variantsOf,
} from '../../../engine/train/variants';

export interface AxisDraft {
  readonly key: string;
  /** `0.1, 0.01` or `1..5` */
  readonly text: string;
}

/** Values around what is set now. */
export function suggested(project: Project, key: string): string {
  const { training } = project.settings;
  switch (key) {
    case 'optimizer':
      return 'sgd, momentum, rmsprop, adam';
    case 'activation':
      return 'sigmoid, tanh, relu';
    case 'initializer':
      return 'glorot-uniform, he-normal';
    case 'seed':
      return `${training.seed}..${training.seed + 4}`;
    case 'batch':
      return [...new Set([Math.max(1, Math.round(training.batch / 4)), training.batch, training.batch * 4])].join(', ');
    case 'units':
      return '2, 4, 8, 16';
    case 'epochs':
      return `${training.epochs}, ${training.epochs * 2}`;
    default: {
      const value = training.hyper[key] ?? optimizerOf(training.optimizer)?.hyper[key]?.default ?? 0.1;
      return [value * 3, value, value / 3, value / 10].map((one) => Number(one.toPrecision(2))).join(', ');
    }
  }
}

export const unused = (project: Project, drafts: readonly AxisDraft[]): string | null =>
  settingNames(project).find(({ key }) => !drafts.some((draft) => draft.key === key))?.key ?? null;

/** What they make, or the sentence on what is wrong. */
export function variantsFrom(
  project: Project,
  drafts: readonly AxisDraft[],
  choice?: Choice,
  /** Besides those that are typed. */
  fixed: readonly Axis[] = [],
): { readonly variants: readonly Variant[]; readonly fault: string | null } {
  try {
    const axes = [...drafts.map(({ key, text }) => ({ key, values: parseValues(key, text) })), ...fixed];
    return { variants: variantsOf(project, axes, choice), fault: null };
  } catch (error) {
    if (error instanceof VariantFault) return { variants: [], fault: error.message };
    throw error;
  }
}
