/**
 * Edits of trained numbers, as values that can be taken back: single numbers, slabs that come or go with a
 * neuron, whole parameters. They say what changes and not what results, so that taking one back after
 * more training leaves alone what it did not change.
 */
import type { Tensor } from '../ir/shape';

export type NumberEdit =
  | { readonly kind: 'set'; readonly key: string; readonly at: number; readonly before: number; readonly after: number }
  /** A slab at an index of an axis: a column of weights, a row of them, a bias. */
  | {
      readonly kind: 'insert' | 'remove';
      readonly key: string;
      readonly axis: number;
      readonly at: number;
      readonly values: readonly number[];
    }
  /** A parameter as a whole; null where there was, or will be, none. */
  | { readonly kind: 'put'; readonly key: string; readonly before: Tensor | null; readonly after: Tensor | null };

type Numbers = Readonly<Record<string, Tensor>>;

const inverse = (edit: NumberEdit): NumberEdit => {
  switch (edit.kind) {
    case 'set':
    case 'put':
      return { ...edit, before: edit.after, after: edit.before } as NumberEdit;
    default:
      return { ...edit, kind: edit.kind === 'insert' ? 'remove' : 'insert' };
  }
};

export const invertNumbers = (edits: readonly NumberEdit[]): readonly NumberEdit[] => edits.map(inverse).reverse();

/** The one list and then the other, where numbers that change twice change once. */
export function composeNumbers(first: readonly NumberEdit[], second: readonly NumberEdit[]): readonly NumberEdit[] {
  const all = [...first];
  for (const edit of second) {
    const last = all.at(-1);
    if (edit.kind === 'set' && last?.kind === 'set' && last.key === edit.key && last.at === edit.at) {
      all.pop();
      if (last.before !== edit.after) all.push({ ...edit, before: last.before });
    } else all.push(edit);
  }
  return all;
}

/** The parameters that change, as they become. What no longer fits is left out. */
export function applyNumbers(edits: readonly NumberEdit[], numbers: Numbers): Record<string, Tensor> {
  const changed: Record<string, Tensor> = {};
  for (const edit of edits) {
    if (edit.kind === 'put') {
      if (edit.after) changed[edit.key] = edit.after;
      else delete changed[edit.key];
      continue;
    }
    const now = changed[edit.key] ?? numbers[edit.key];
    const next = now && (edit.kind === 'set' ? withNumber(now, edit.at, edit.after) : withSlab(now, edit));
    if (next) changed[edit.key] = next;
  }
  return changed;
}

function withNumber(tensor: Tensor, at: number, value: number): Tensor | null {
  if (at >= tensor.data.length) return null;
  const data = Float32Array.from(tensor.data);
  data[at] = value;
  return { ...tensor, data };
}

function withSlab(
  { shape, data }: Tensor,
  { kind, axis, at, values }: Extract<NumberEdit, { kind: 'insert' | 'remove' }>,
): Tensor | null {
  const length = shape[axis];
  if (length === undefined || at > length - (kind === 'remove' ? 1 : 0)) return null;
  const outer = shape.slice(0, axis).reduce((n, x) => n * x, 1);
  const inner = shape.slice(axis + 1).reduce((n, x) => n * x, 1);
  if (values.length !== outer * inner) return null;
  const now = length + (kind === 'insert' ? 1 : -1);
  const out = new Float32Array(outer * now * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < now; i++) {
      const isNew = kind === 'insert' && i === at;
      const from = kind === 'insert' ? (i < at ? i : i - 1) : i < at ? i : i + 1;
      for (let k = 0; k < inner; k++)
        out[(o * now + i) * inner + k] = isNew ? values[o * inner + k]! : data[(o * length + from) * inner + k]!;
    }
  return { shape: shape.map((x, a) => (a === axis ? now : x)), data: out };
}

/** A slab as it is now, for an edit that removes it. */
export function slabOf({ shape, data }: Tensor, axis: number, at: number): readonly number[] {
  const length = shape[axis]!;
  const outer = shape.slice(0, axis).reduce((n, x) => n * x, 1);
  const inner = shape.slice(axis + 1).reduce((n, x) => n * x, 1);
  const values: number[] = [];
  for (let o = 0; o < outer; o++) for (let k = 0; k < inner; k++) values.push(data[(o * length + at) * inner + k]!);
  return values;
}
