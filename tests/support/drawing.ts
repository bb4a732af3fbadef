/** Drawings for tests, written as a table: `{ y: ['multiply', { a: 'x', b: 'w' }, attrs?] }`. */
import { edge, type Attrs, type Edge, type Node } from '../../src/engine/graph/graph';
import { defaultSettings, type Project, type Training } from '../../src/engine/graph/project';

export type Rows = Readonly<Record<string, readonly [op: string, inputs?: Readonly<Record<string, string>>, attrs?: Attrs]>>;

export function drawing(rows: Rows, training: Partial<Training> = {}): Project {
  const nodes: Record<string, Node> = {};
  const edges: Record<string, Edge> = {};
  for (const [id, [op, inputs = {}, attrs = {}]] of Object.entries(rows)) {
    nodes[id] = { id, op, attrs };
    for (const [port, from] of Object.entries(inputs)) {
      const e = edge(from, id, port);
      edges[e.id] = e;
    }
  }
  return {
    nodes,
    edges,
    positions: {},
    settings: { ...defaultSettings, training: { ...defaultSettings.training, ...training } },
  };
}

/** A parameter that holds one given number. */
export const number = (value: number): Rows[string] => ['parameter', {}, { shape: [], values: [value] }];

/** A parameter of some shape that holds given numbers. */
export const array = (shape: readonly number[], values: readonly number[]): Rows[string] => ['parameter', {}, { shape, values }];
