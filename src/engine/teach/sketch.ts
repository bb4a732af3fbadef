/**
 * Drawings written as a table, one row a node, with places on a grid. Lessons and exercises are drawn with
 * it: `y: ['multiply', { a: 'x', b: 'w' }, at(1, 0)]` reads like the course's figures.
 */
import { type Attrs, edge, edgeId, type Edge, type Node } from '../graph/graph';
import { type DataSource, defaultSettings, type Point, type Project, type Training } from '../graph/project';

export type SketchRow = readonly [op: string, inputs: Readonly<Record<string, string>>, at: Point, attrs?: Attrs, label?: string];

export interface SketchSettings {
  readonly title: string;
  readonly notes?: string;
  readonly data?: DataSource;
  readonly training?: Partial<Training>;
}

/** A place on the grid: columns to the right, rows downwards; halves are fine. */
export const at = (column: number, row: number): Point => ({ x: column * 230, y: row * 140 });

/** A fixed number that is not learned and gets no gradient: a coefficient, a target. */
export const fixed = (value: number, place: Point, label?: string): SketchRow => [
  'constant',
  {},
  place,
  { values: [value] },
  label,
];
/** A number with a gradient: a weight, or an input whose gradient is asked for. */
export const variable = (value: number, place: Point, role: 'weight' | 'bias' = 'weight'): SketchRow => [
  'parameter',
  {},
  place,
  { values: [value], role },
];

export function sketch(settings: SketchSettings, rows: Readonly<Record<string, SketchRow>>): Project {
  const nodes: Record<string, Node> = {};
  const edges: Record<string, Edge> = {};
  const positions: Record<string, Point> = {};
  for (const [id, [op, inputs, place, attrs = {}, label]] of Object.entries(rows)) {
    nodes[id] = { id, op, attrs, ...(label === undefined ? {} : { label }) };
    positions[id] = place;
    for (const [port, from] of Object.entries(inputs)) edges[edgeId(id, port)] = edge(from, id, port);
  }
  return {
    nodes,
    edges,
    positions,
    settings: {
      ...defaultSettings,
      title: settings.title,
      notes: settings.notes ?? '',
      data: settings.data ?? defaultSettings.data,
      training: { ...defaultSettings.training, ...settings.training },
    },
  };
}
