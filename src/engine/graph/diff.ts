/**
 * What changed between two projects, as a value. Undo is the inverse of a diff, a drag is the composition
 * of its small moves, and everyone who follows the project (canvas, autosave, training) reads the same
 * diff. The order of a table's keys is part of it: parameters draw their first numbers in that order, so
 * undoing a deletion must put the node back where it stood.
 */
import type { Edge, EdgeId, Node, NodeId, Table } from './graph';
import { composeNumbers, invertNumbers, type NumberEdit } from './number-edits';
import type { OwnOperation } from './own-operation';
import type { Bookmark, Point, Project, Settings, StoredTensor } from './project';

interface Change<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

interface TableDiff<K extends string, V> {
  readonly changes: Table<K, Change<V>>;
  /** The keys in order, on both sides; absent when neither their set nor their order changed. */
  readonly keys?: { readonly before: readonly K[]; readonly after: readonly K[] };
}

export interface Diff {
  readonly nodes?: TableDiff<NodeId, Node>;
  readonly edges?: TableDiff<EdgeId, Edge>;
  readonly positions?: TableDiff<NodeId, Point>;
  readonly composites?: TableDiff<string, OwnOperation>;
  readonly settings?: Change<Settings>;
  /** Kept weights are replaced whole. */
  readonly weights?: Change<Table<string, StoredTensor>>;
  readonly bookmarks?: Change<readonly Bookmark[]>;
  /** Trained numbers, which the engine holds and not the project: whoever follows tells them on. */
  readonly numbers?: readonly NumberEdit[];
}

export const isEmpty = (diff: Diff): boolean => Object.keys(diff).length === 0;

/** Equality of plain values: what a JSON file would say. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = b as Record<string, unknown>;
  const rightKeys = Object.keys(right).filter((key) => right[key] !== undefined);
  return left.length === rightKeys.length && left.every(([key, value]) => Object.hasOwn(right, key) && same(value, right[key]));
}

const sameKeys = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key, index) => key === b[index]);

function tableBetween<K extends string, V>(before: Table<K, V>, after: Table<K, V>): TableDiff<K, V> | undefined {
  if (before === after) return undefined;
  const changes: Record<string, Change<V>> = {};
  const [old, now] = [Object.keys(before) as K[], Object.keys(after) as K[]];
  for (const key of old)
    if (before[key] !== after[key] && !same(before[key], after[key])) changes[key] = { before: before[key], after: after[key] };
  for (const key of now) if (!Object.hasOwn(before, key)) changes[key] = { before: undefined, after: after[key] };
  const keys = sameKeys(old, now) ? undefined : { before: old, after: now };
  if (keys === undefined && Object.keys(changes).length === 0) return undefined;
  return { changes: changes as Table<K, Change<V>>, ...(keys && { keys }) };
}

export function between(before: Project, after: Project): Diff {
  const nodes = tableBetween(before.nodes, after.nodes);
  const edges = tableBetween(before.edges, after.edges);
  const positions = tableBetween(before.positions, after.positions);
  const composites = tableBetween(before.composites ?? {}, after.composites ?? {});
  return {
    ...(nodes && { nodes }),
    ...(edges && { edges }),
    ...(positions && { positions }),
    ...(composites && { composites }),
    ...(!same(before.settings, after.settings) && { settings: { before: before.settings, after: after.settings } }),
    ...(before.weights !== after.weights && { weights: { before: before.weights, after: after.weights } }),
    ...(before.bookmarks !== after.bookmarks && { bookmarks: { before: before.bookmarks, after: after.bookmarks } }),
  };
}

function applyTable<K extends string, V>(table: Table<K, V>, diff: TableDiff<K, V> | undefined): Table<K, V> {
  if (!diff) return table;
  const valueAt = (key: K): V | undefined => {
    const change = diff.changes[key];
    return change ? change.after : table[key];
  };
  const keys = diff.keys?.after ?? (Object.keys(table) as K[]);
  const out = {} as Record<K, V>;
  for (const key of keys) {
    const value = valueAt(key);
    if (value !== undefined) out[key] = value;
  }
  return out;
}

export function apply(project: Project, diff: Diff): Project {
  if (isEmpty(diff)) return project;
  const { weights, bookmarks, composites, ...rest } = project;
  const kept = diff.weights ? diff.weights.after : weights;
  const marked = diff.bookmarks ? diff.bookmarks.after : bookmarks;
  const own = diff.composites ? applyTable(composites ?? {}, diff.composites) : composites;
  return {
    ...rest,
    nodes: applyTable(project.nodes, diff.nodes),
    edges: applyTable(project.edges, diff.edges),
    positions: applyTable(project.positions, diff.positions),
    settings: diff.settings?.after ?? project.settings,
    ...(own && Object.keys(own).length > 0 && { composites: own }),
    ...(kept && { weights: kept }),
    ...(marked && { bookmarks: marked }),
  };
}

const invertChange = <T>({ before, after }: Change<T>): Change<T> => ({ before: after, after: before });

function invertTable<K extends string, V>(diff: TableDiff<K, V>): TableDiff<K, V> {
  const changes = {} as Record<K, Change<V>>;
  for (const key of Object.keys(diff.changes) as K[]) changes[key] = invertChange(diff.changes[key]);
  return { changes, ...(diff.keys && { keys: { before: diff.keys.after, after: diff.keys.before } }) };
}

export function invert(diff: Diff): Diff {
  return {
    ...(diff.nodes && { nodes: invertTable(diff.nodes) }),
    ...(diff.edges && { edges: invertTable(diff.edges) }),
    ...(diff.positions && { positions: invertTable(diff.positions) }),
    ...(diff.composites && { composites: invertTable(diff.composites) }),
    ...(diff.settings && { settings: invertChange(diff.settings) }),
    ...(diff.weights && { weights: invertChange(diff.weights) }),
    ...(diff.bookmarks && { bookmarks: invertChange(diff.bookmarks) }),
    ...(diff.numbers && { numbers: invertNumbers(diff.numbers) }),
  };
}

function composeTable<K extends string, V>(
  first: TableDiff<K, V> | undefined,
  second: TableDiff<K, V> | undefined,
): TableDiff<K, V> | undefined {
  if (!first || !second) return first ?? second;
  const changes: Record<string, Change<V>> = {};
  for (const key of new Set([...Object.keys(first.changes), ...Object.keys(second.changes)]) as Set<K>) {
    const before = (first.changes[key] ?? second.changes[key])!.before;
    const after = (second.changes[key] ?? first.changes[key])!.after;
    if (!same(before, after)) changes[key] = { before, after };
  }
  const before = first.keys?.before ?? second.keys?.before;
  const after = second.keys?.after ?? first.keys?.after;
  const keys = before && after && !sameKeys(before, after) ? { before, after } : undefined;
  if (!keys && Object.keys(changes).length === 0) return undefined;
  return { changes: changes as Table<K, Change<V>>, ...(keys && { keys }) };
}

function composeChange<T>(first: Change<T> | undefined, second: Change<T> | undefined): Change<T> | undefined {
  if (!first || !second) return first ?? second;
  return same(first.before, second.after) ? undefined : { before: first.before, after: second.after };
}

/** One diff that does what the two do one after the other; empty when they cancel out. */
export function compose(first: Diff, second: Diff): Diff {
  const nodes = composeTable(first.nodes, second.nodes);
  const edges = composeTable(first.edges, second.edges);
  const positions = composeTable(first.positions, second.positions);
  const composites = composeTable(first.composites, second.composites);
  const settings = composeChange(first.settings, second.settings);
  const weights = composeChange(first.weights, second.weights);
  const bookmarks = composeChange(first.bookmarks, second.bookmarks);
  const numbers = composeNumbers(first.numbers ?? [], second.numbers ?? []);
  return {
    ...(nodes && { nodes }),
    ...(edges && { edges }),
    ...(positions && { positions }),
    ...(composites && { composites }),
    ...(settings && { settings }),
    ...(weights && { weights }),
    ...(bookmarks && { bookmarks }),
    ...(numbers.length > 0 && { numbers }),
  };
}

/**
 * Whether a diff changes what is computed. Positions, labels, groups, the title, the notes, kept
 * weights and bookmarks do not: they need no new plan.
 */
export function changesModel(diff: Diff): boolean {
  if (diff.edges) return true;
  if (diff.settings) {
    const [a, b] = [diff.settings.before, diff.settings.after];
    if (!same({ ...a, title: '', notes: '' }, { ...b, title: '', notes: '' })) return true;
  }
  if (!diff.nodes) return false;
  if (diff.nodes.keys) return true;
  return Object.values(diff.nodes.changes).some(
    ({ before, after }) => before?.op !== after?.op || !same(before?.attrs, after?.attrs),
  );
}
