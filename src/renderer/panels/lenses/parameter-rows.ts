/**
 * All numbers that a network learns as the rows of one table, without making them: a parameter's heading
 * and then its numbers, found by their place, so that a table of millions costs what is seen of it.
 */
import type { Checked } from '../../../engine/compile/check';
import { neuronLayers } from '../../../engine/compile/neurons';
import type { Attrs, NodeId } from '../../../engine/graph/graph';
import type { Project } from '../../../engine/graph/project';
import { completeAttrs } from '../../../engine/ops/attrs';
import { ops } from '../../../engine/ops/index';
import { freezing, isFrozen } from '../../../engine/ops/layer-parameters';
import type { Weights } from '../../../engine/plan';
import { partId, partOf } from '../../editor/lens';
import { partAt } from './part-edits';

export interface ParameterGroup {
  readonly key: string;
  /** The node of the drawing. */
  readonly owner: NodeId;
  readonly shape: readonly number[];
  readonly size: number;
  /** Row of its heading; its numbers follow. */
  readonly row: number;
}

export interface ParameterRows {
  readonly groups: readonly ParameterGroup[];
  readonly count: number;
}

export function rowsOf(weights: Weights, checked: Checked, only: NodeId | null): ParameterRows {
  const groups: ParameterGroup[] = [];
  let row = 0;
  for (const [key, { shape, data }] of Object.entries(weights)) {
    const owner = checked.expansion.owner.get(key);
    if (owner === undefined || (only !== null && owner !== only)) continue;
    groups.push({ key, owner, shape, size: data.length, row });
    row += data.length + 1;
  }
  return { groups, count: row };
}

/** The parameter that a row is of, and which of its numbers; −1 for its heading. */
export function rowAt({ groups }: ParameterRows, row: number): { readonly group: ParameterGroup; readonly at: number } | null {
  let [low, high] = [0, groups.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (groups[middle]!.row <= row) low = middle;
    else high = middle - 1;
  }
  const group = groups[low];
  return group && row >= group.row && row <= group.row + group.size ? { group, at: row - group.row - 1 } : null;
}

/** What the drawing shows of a number: a weight's line, a bias, or the node. */
export const pointOf = (group: ParameterGroup, at: number, checked: Checked): string => {
  const layer = neuronLayers(checked).get(group.owner);
  if (layer) return (at >= 0 ? partAt(layer, group.key, at) : null) ?? group.owner;
  const isElement = at >= 0 && group.key === group.owner && group.size > 1;
  return isElement ? partId({ owner: group.key, kind: 'neuron', unit: at, input: -1 }) : group.owner;
};

/** The row of what the drawing points at; null where no row is. */
export function rowOf(rows: ParameterRows, id: string, checked: Checked): number | null {
  const part = partOf(id);
  const layer = part ? neuronLayers(checked).get(part.owner) : undefined;
  if (part && !layer) {
    const whole = rows.groups.find((g) => g.key === part.owner);
    return whole && part.kind === 'neuron' ? whole.row + 1 + part.unit : null;
  }
  if (!part || !layer) return rows.groups.find((g) => g.owner === id)?.row ?? null;
  const key = part.kind === 'bias' ? layer.bias : part.input >= 0 ? layer.weight : null;
  const group = rows.groups.find((g) => g.key === key);
  if (!group) return null;
  return group.row + 1 + (part.kind === 'bias' ? part.unit : part.input * layer.units + part.unit);
}

/** `x → neuron 3`, `bias of neuron 3`, or the indices of an array. */
export function nameOf(group: ParameterGroup, at: number, checked: Checked, inputName: (input: number) => string): string {
  const part = partOf(pointOf(group, at, checked));
  if (part?.kind === 'bias') return `bias of neuron ${part.unit + 1}`;
  if (part?.kind === 'weight') return `${inputName(part.input)} → neuron ${part.unit + 1}`;
  if (group.shape.length === 0) return 'number';
  const indices: number[] = [];
  let rest = at;
  for (const length of [...group.shape].reverse()) {
    indices.unshift((rest % length) + 1);
    rest = Math.floor(rest / length);
  }
  return `at ${indices.join(', ')}`;
}

/**
 * Whether the numbers keep still while it trains; and attributes of the node by which they do, or learn again: of a
 * layer its weights and its biases apart. Null where the drawing cannot say so.
 */
export function freezingOf(
  group: ParameterGroup,
  project: Project,
  checked: Checked,
): { readonly on: boolean; readonly what: string; readonly attrs: ((on: boolean) => Attrs) | null } {
  const part = checked.expansion.graph.nodes[group.key];
  const on = part?.attrs['frozen'] === true;
  const node = project.nodes[group.owner];
  const op = node && ops.get(node.op);
  if (!node || !op?.attrs['frozen']) return { on, what: '', attrs: null };
  if (!op.attrs['frozenPart']) return { on, what: '', attrs: (frozen) => ({ frozen }) };
  const now = completeAttrs(op, node.attrs);
  const isBias = part?.attrs['role'] === 'bias';
  return {
    on,
    what: isBias ? 'biases' : 'weights',
    attrs: (frozen) => freezing(isBias ? isFrozen(now, 'weight') : frozen, isBias ? frozen : isFrozen(now, 'bias')),
  };
}
