/**
 * The drawing as a table: each node and each edge as a row with its value, its gradient and its local
 * derivative at the moment shown. Where its numbers are found is worked out once for a drawing; the numbers
 * themselves are read when they are shown.
 */
import type { Checked } from '../../../engine/compile/check';
import { type EdgeId, edgeId, type Graph, linksOf, type NodeId } from '../../../engine/graph/graph';
import type { Project } from '../../../engine/graph/project';
import { completeAttrs } from '../../../engine/ops/attrs';
import { opOf } from '../../../engine/ops/index';
import { type Tap, tapKey } from '../../../engine/train/frames';
import type { Recording } from '../../../engine/train/trace-types';
import { numberText } from '../../ui/format';

export interface DrawingRow {
  /** Of the node or the edge. */
  readonly id: string;
  readonly kind: 'node' | 'edge';
  readonly name: string;
  /** The operation, or the input that an edge leads to. */
  readonly type: string;
  /** Null: nothing is known of it, since the drawing is not whole there. */
  readonly value: Tap | null;
  /** Of an edge that a composite uses more than once several, whose sum it has; of a node its own. */
  readonly gradient: readonly Tap[];
  /** Edges of the expanded drawing along which its gradient comes: once all of them are known, it is. */
  readonly arriving: readonly EdgeId[];
  /** The edge of the expanded drawing whose local derivative it has. */
  readonly local: EdgeId | null;
}

export function rowsOfDrawing(project: Project, checked: Checked): readonly DrawingRow[] {
  const { graph, output, inner } = checked.expansion;
  const nameOf = (id: NodeId): string => project.nodes[id]?.label ?? id;
  const leaving = new Map<NodeId, EdgeId[]>();
  for (const { id, from } of Object.values(graph.edges)) {
    const list = leaving.get(from);
    if (list) list.push(id);
    else leaving.set(from, [id]);
  }
  const valueTap = (id: NodeId): Tap | null => {
    const node = output.get(id);
    return node === undefined || !checked.shapes.has(id) ? null : { of: 'value', node };
  };
  const rows: DrawingRow[] = [];
  for (const { id, op, attrs } of Object.values(project.nodes)) {
    const node = output.get(id);
    const arriving = node === undefined ? [] : (leaving.get(node) ?? []);
    const value = valueTap(id);
    const known = opOf(op);
    const type = known?.title ?? op;
    rows.push({
      id,
      kind: 'node',
      name: nameOf(id),
      type,
      value,
      gradient: value ? [{ of: 'gradient', node: node! }] : [],
      arriving,
      local: null,
    });
    const ports = known?.ports(completeAttrs(known, attrs)).map(({ name }) => name) ?? [];
    for (const name of ports) {
      const edge = project.edges[edgeId(id, name)];
      if (!edge) continue;
      const found = inner.get(edge.id) ?? [];
      rows.push({
        id: edge.id,
        kind: 'edge',
        name: `${nameOf(edge.from)} → ${nameOf(id)}`,
        type: `input ${name}`,
        value: valueTap(edge.from),
        gradient: found.map((one) => ({ of: 'edge-gradient', edge: one })),
        arriving: found,
        local: found.length === 1 ? found[0]! : null,
      });
    }
  }
  return rows;
}

/** What must be watched for these rows: their values and gradients, and what their local derivatives are made from. */
export function tapsOf(rows: readonly DrawingRow[], graph: Graph): readonly Tap[] {
  const { into } = linksOf(graph);
  const values = new Set<NodeId>();
  const taps: Tap[] = [];
  for (const { value, gradient, local } of rows) {
    if (value?.of === 'value') values.add(value.node);
    taps.push(...gradient);
    const node = local === null ? undefined : graph.edges[local]?.to;
    if (node === undefined) continue;
    values.add(node);
    for (const { from } of into.get(node)!.values()) values.add(from);
  }
  return [...[...values].map((node): Tap => ({ of: 'value', node })), ...taps];
}

/** Local derivatives of a recorded iteration up to a step, by edge; those of a kind that no element has alone are absent. */
export function localsUpTo({ steps }: Recording, index: number): ReadonlyMap<EdgeId, ArrayLike<number>> {
  const locals = new Map<EdgeId, ArrayLike<number>>();
  for (const step of steps) {
    if (step.index > index) break;
    for (const { edge, value } of step.locals ?? []) if (value) locals.set(edge, value.data);
  }
  return locals;
}

/** Whether a gradient may be shown: all contributions to it were come by. */
export const isReached = ({ arriving }: DrawingRow, known: ReadonlySet<string> | null): boolean =>
  known === null || (arriving.length > 0 && arriving.every((edge) => known.has(tapKey({ of: 'edge-gradient', edge }))));

export type Numbers = ArrayLike<number> | null;

/** The sum of arrays of one length; null while one of them is not known. */
export function sumOf(parts: readonly Numbers[]): Numbers {
  const [first, ...more] = parts;
  if (first === undefined || first === null || more.some((part) => part === null)) return null;
  return more.length === 0 ? first : Array.from(first, (x, i) => more.reduce((sum, part) => sum + part![i]!, x));
}

/** By this numbers are sorted: one number by itself, of several their root mean square. */
export function sizeOf(numbers: Numbers): number | null {
  if (numbers === null || numbers.length === 0) return null;
  if (numbers.length === 1) return numbers[0]!;
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]! ** 2;
  return Math.sqrt(sum / numbers.length);
}

/** A sum as a sum: of single numbers its parts are written with it. */
export function sumText(parts: readonly Numbers[]): string {
  const sum = sumOf(parts);
  if (parts.length < 2 || sum === null || sum.length > 1) return numbersText(sum);
  const written = parts.map((part, i) => {
    const x = part![0]!;
    return i === 0 ? numberText(x, 4) : `${x < 0 ? '−' : '+'} ${numberText(Math.abs(x), 4)}`;
  });
  return `${written.join(' ')} = ${numberText(sum[0]!, 4)}`;
}

/** One number, a few, or the first of many with their count. */
export function numbersText(numbers: Numbers): string {
  if (numbers === null || numbers.length === 0) return '–';
  if (numbers.length === 1) return numberText(numbers[0]!, 5);
  const first = Array.from({ length: Math.min(3, numbers.length) }, (_, i) => numberText(numbers[i]!, 3));
  return numbers.length <= 3 ? `(${first.join(', ')})` : `(${first.join(', ')}, …) of ${numbers.length}`;
}

/** For a spreadsheet: all digits, and of arrays all numbers in one cell. */
const cell = (numbers: Numbers): string => (numbers === null ? '' : Array.from(numbers, String).join(' '));

export const tsvOf = (
  rows: readonly { readonly row: DrawingRow; readonly value: Numbers; readonly gradient: Numbers; readonly local: Numbers }[],
): string =>
  [
    ['name', 'type', 'value', 'gradient', 'local derivative'],
    ...rows.map(({ row, value, gradient, local }) => [row.name, row.type, cell(value), cell(gradient), cell(local)]),
  ]
    .map((line) => line.map((text) => text.replace(/[\t\r\n]+/g, ' ')).join('\t'))
    .join('\n');
