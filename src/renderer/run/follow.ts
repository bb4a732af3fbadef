/**
 * What a change of the project asks of the engine, as a pure comparison: a new plan, new hyperparameters,
 * other data, or nothing (moving and naming nodes).
 */
import { watchesOf } from '../../engine/compile/watches';
import type { Attrs, Node } from '../../engine/graph/graph';
import type { Project } from '../../engine/graph/project';

export interface Demands {
  /** The drawing or the optimizer changed: new plans are needed. */
  readonly compile: boolean;
  /** Learning rate and the like, or the number of epochs: told to the running engine. */
  readonly tune: boolean;
  /** The data set, or how it is split. */
  readonly data: boolean;
}

/** Plain values of a project: numbers, text, flat lists and tables. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && same(left[key], right[key]))
  );
}

const sameAttrs = (a: Attrs, b: Attrs): boolean => a === b || same(a, b);

function sameNodes(a: Readonly<Record<string, Node>>, b: Readonly<Record<string, Node>>): boolean {
  if (a === b) return true;
  const ids = Object.keys(a);
  if (ids.length !== Object.keys(b).length) return false;
  return ids.every((id) => {
    const [x, y] = [a[id]!, b[id]];
    return y !== undefined && (x === y || (x.op === y.op && sameAttrs(x.attrs, y.attrs)));
  });
}

export function demandsOf(before: Project | null, after: Project): Demands {
  if (before === null) return { compile: true, tune: false, data: true };
  const [a, b] = [before.settings.training, after.settings.training];
  return {
    compile:
      !sameNodes(before.nodes, after.nodes) ||
      !(before.edges === after.edges || same(before.edges, after.edges)) ||
      a.optimizer !== b.optimizer ||
      a.batch !== b.batch ||
      a.objective !== b.objective ||
      !same(a.schedule, b.schedule) ||
      !same(a.clip, b.clip) ||
      !same([...watchesOf(a.breakpoints ?? [])].sort(), [...watchesOf(b.breakpoints ?? [])].sort()),
    tune: a.epochs !== b.epochs || !same(a.hyper, b.hyper) || !same(a.stop, b.stop) || !same(a.breakpoints, b.breakpoints),
    data: !same(before.settings.data, after.settings.data) || !same(before.settings.split, after.settings.split),
  };
}
