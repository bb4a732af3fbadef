/** Attributes of a node against its operation's table: defaults filled in, faults as sentences. */
import type { Attrs, AttrValue } from '../graph/graph';
import { product } from '../ir/shape';
import type { AttrSpec, Op } from './op';

/** All attributes of the operation: those of the node, the default for each that is missing. */
export function completeAttrs(op: Op, attrs: Attrs): Attrs {
  const complete: Record<string, AttrValue> = {};
  for (const [name, spec] of Object.entries(op.attrs)) complete[name] = attrs[name] ?? spec.default;
  return complete;
}

/** The rows of its table that say something, with these attributes (complete). */
export function tellingAttrs(op: Op, attrs: Attrs): readonly (readonly [name: string, spec: AttrSpec])[] {
  const tells = (spec: AttrSpec | undefined): boolean =>
    spec !== undefined && (spec.when ?? []).every(({ attr, is }) => is.includes(String(attrs[attr])) && tells(op.attrs[attr]));
  return Object.entries(op.attrs).filter(([, spec]) => tells(spec));
}

/** What is wrong with a value, as the end of a sentence that begins with the attribute's name; or null. */
export function attrFault(spec: AttrSpec, value: AttrValue): string | null {
  switch (spec.kind) {
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be a whole number.';
      return rangeFault(value, spec.min, spec.max);
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number.';
      return rangeFault(value, spec.min, spec.max);
    case 'choice':
      return spec.choices.some((choice) => choice.value === value)
        ? null
        : `must be one of ${spec.choices.map((choice) => choice.value).join(', ')}.`;
    case 'boolean':
      return typeof value === 'boolean' ? null : 'must be true or false.';
    case 'text':
      return typeof value === 'string' ? null : 'must be a text.';
    case 'shape':
      if (!isNumbers(value) || value.some((axis) => !Number.isInteger(axis) || axis < 1))
        return 'must be a list of whole numbers from 1 up, such as 8 or 8, 3; leave it empty for a single number.';
      if (value.length > 4) return 'may have at most four axes.';
      return product(value) > 2 ** 28 ? 'is too large: at most 268 million numbers fit.' : null;
    case 'numbers':
      return isNumbers(value) && value.every(Number.isFinite) ? null : 'must be a list of numbers.';
  }
}

const isNumbers = (value: AttrValue): value is readonly number[] =>
  Array.isArray(value) && value.every((x) => typeof x === 'number');

function rangeFault(value: number, min?: number, max?: number): string | null {
  if (min !== undefined && value < min) return `must be at least ${min}.`;
  if (max !== undefined && value > max) return `must be at most ${max}.`;
  return null;
}
