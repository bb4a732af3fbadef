/** Small projects for tests: `{ p: ['multiply', { a: 'x', b: 'w' }] }` is a node with its inputs and attributes. */
import { type Attrs, type Edge, edge, type Node } from '../../src/engine/graph/graph';
import { emptyProject, type Project, type Training } from '../../src/engine/graph/project';

type Drawn = readonly [op: string, inputs?: Readonly<Record<string, string>>, attrs?: Attrs];

export function draw(nodes: Readonly<Record<string, Drawn>>, training: Partial<Training> = {}): Project {
  const table: Record<string, Node> = {};
  const edges: Record<string, Edge> = {};
  for (const [id, [op, inputs = {}, attrs = {}]] of Object.entries(nodes)) {
    table[id] = { id, op, attrs };
    for (const [port, from] of Object.entries(inputs)) {
      const e = edge(from, id, port);
      edges[e.id] = e;
    }
  }
  const { settings } = emptyProject;
  return { ...emptyProject, nodes: table, edges, settings: { ...settings, training: { ...settings.training, ...training } } };
}

/** A parameter with given numbers. */
export const given = (values: readonly number[], shape: readonly number[] = [], role: 'weight' | 'bias' = 'weight'): Drawn => [
  'parameter',
  {},
  { values, shape, role },
];
export const input = (shape: readonly number[] = []): Drawn => ['input', {}, { shape }];
export const target = (shape: readonly number[] = []): Drawn => ['target', {}, { shape }];
