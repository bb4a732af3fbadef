/**
 * What the project file asks of operations: which attributes a kind has, and whether a value in a file suits
 * one. The operations stand to the right of this floor, so they come in through a lookup of this shape.
 */
import { LIST_LIMIT, TEXT_LIMIT } from './file-reader';
import type { AttrValue, Attrs } from './graph';
import type { JsonValue } from './json';

/** What is asked of an operation. `Op` has this shape. */
export interface OpFacts {
  readonly attrs: Readonly<Record<string, AttrFacts>>;
  ports(attrs: Attrs): readonly { readonly name: string }[];
}
interface AttrFacts {
  readonly kind: 'integer' | 'number' | 'choice' | 'boolean' | 'text' | 'shape' | 'numbers';
  readonly default: AttrValue;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly { readonly value: string }[];
}
export type OpLookup = (op: string) => OpFacts | undefined;

export const withDefaults = (op: OpFacts, attrs: Attrs): Attrs => {
  const all: Record<string, AttrValue> = {};
  for (const [name, spec] of Object.entries(op.attrs)) all[name] = attrs[name] ?? spec.default;
  return all;
};

const isNumbers = (value: JsonValue): boolean =>
  Array.isArray(value) && value.length <= LIST_LIMIT && value.every((n) => typeof n === 'number');
export const isAttr = (value: JsonValue): boolean =>
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  (typeof value === 'string' && value.length <= TEXT_LIMIT) ||
  isNumbers(value);

/** What the value should be (to follow "must be"), or null when it is right. */
export function attrFault(spec: AttrFacts, value: JsonValue): string | null {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = spec;
  const range =
    (spec.min === undefined ? '' : ` of at least ${spec.min}`) +
    (spec.max === undefined ? '' : `${spec.min === undefined ? ' of' : ' and'} at most ${spec.max}`);
  const inRange = typeof value === 'number' && value >= min && value <= max;
  switch (spec.kind) {
    case 'integer':
      return inRange && Number.isInteger(value) ? null : `a whole number${range}`;
    case 'number':
      return inRange ? null : `a number${range}`;
    case 'boolean':
      return typeof value === 'boolean' ? null : 'true or false';
    case 'text':
      return typeof value === 'string' && value.length <= TEXT_LIMIT ? null : 'a text';
    case 'choice':
      return spec.choices?.some((c) => c.value === value)
        ? null
        : `one of ${(spec.choices ?? []).map((c) => JSON.stringify(c.value)).join(', ')}`;
    case 'shape':
      return Array.isArray(value) &&
        value.length <= 3 &&
        value.every((n) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 1_000_000)
        ? null
        : 'a list of at most three axis lengths, such as [8] or []';
    case 'numbers':
      return isNumbers(value) ? null : 'a list of numbers';
  }
}
