/**
 * Operations of one's own as operations like any other: shapes follow from those of the parts, and the parts
 * are what is computed. They are kept by names made from what they hold, so this table only ever grows by
 * entries that could be nothing else, whichever project brings them.
 */
import { type NodeId, topologicalOrder, type Edge } from '../graph/graph';
import { OWN, type OwnOperation, ownName, type OwnOperations } from '../graph/own-operation';
import { applied } from '../ir/latex';
import type { Shape } from '../ir/shape';
import { completeAttrs } from './attrs';
import type { Composite, Op } from './op';

const known = new Map<string, Composite>();

/** The operation of one's own with that name, if a project has brought it. */
export const ownOp = (name: string): Op | undefined => (name.startsWith(OWN) ? known.get(name) : undefined);

/** Makes a project's own operations known. `opOf` finds the operations of their parts. */
export function learnOwn(operations: OwnOperations, opOf: (name: string) => Op | undefined): void {
  for (const own of Object.values(operations)) {
    const name = ownName(own);
    if (!known.has(name)) known.set(name, compositeOf(name, own, opOf));
  }
}

function compositeOf(name: string, own: OwnOperation, opOf: (name: string) => Op | undefined): Composite {
  const into = new Map<NodeId, Edge[]>(Object.keys(own.nodes).map((id) => [id, []]));
  for (const e of Object.values(own.edges)) into.get(e.to)!.push(e);
  const inner = Object.fromEntries(Object.entries(own.edges).filter(([, e]) => Object.hasOwn(own.nodes, e.from)));
  const { order, cycle } = topologicalOrder({ nodes: own.nodes, edges: inner });
  const count = order.length;

  /** Shapes of the parts and inputs, or what stands in the way. */
  const shapesFor = (inputs: Readonly<Record<string, Shape>>): ReadonlyMap<string, Shape> | string => {
    if (cycle.length > 0) return `its parts ${cycle.join(', ')} form a circle. Open it into parts and break the circle.`;
    const shapes = new Map<string, Shape>(Object.entries(inputs));
    for (const id of order) {
      const node = own.nodes[id]!;
      const op = opOf(node.op);
      if (!op) return `its part '${id}' is of a kind that this program does not know.`;
      const attrs = completeAttrs(op, node.attrs);
      const given: Record<string, Shape> = {};
      for (const e of into.get(id)!) given[e.port] = shapes.get(e.from)!;
      const missing = op.ports(attrs).find((port) => !given[port.name]);
      if (missing) return `its part '${id}' needs an input '${missing.name}'. Open it into parts and connect it.`;
      const result = op.infer(given, attrs);
      if ('fault' in result) return `in its part '${id}', ${result.fault}`;
      shapes.set(id, result.shape);
    }
    return shapes;
  };

  return {
    kind: 'composite',
    name,
    title: own.name,
    about: `Your own operation of ${count} part${count === 1 ? '' : 's'}.`,
    glyph: initials(own.name),
    group: 'own',
    keywords: ['own', 'my'],
    ports: () => own.inputs.map((port) => ({ name: port, about: `input ‘${port}’` })),
    attrs: {},
    infer(inputs) {
      const shapes = shapesFor(inputs);
      return typeof shapes === 'string' ? { fault: shapes } : { shape: shapes.get(own.output)! };
    },
    formula: (args) =>
      applied(
        `\\operatorname{${own.name.replaceAll('_', '\\_').replaceAll(' ', '\\ ')}}`,
        own.inputs.map((port) => args[port]!).join(', '),
      ),
    expand(_call, inputs, sketch) {
      const drawn = new Map<string, NodeId>(Object.entries(inputs));
      for (const id of order) {
        const { op, attrs } = own.nodes[id]!;
        const from: Record<string, NodeId> = {};
        for (const e of into.get(id)!) from[e.port] = drawn.get(e.from)!;
        drawn.set(id, sketch.node(id, op, attrs, from));
      }
      return drawn.get(own.output)!;
    },
  };
}

/** Up to three letters that stand for a name. */
const initials = (name: string): string => {
  const words = name.split(/[\s_-]+/).filter(Boolean);
  return words.length > 1
    ? words
        .slice(0, 3)
        .map((word) => word[0]!.toUpperCase())
        .join('')
    : name.slice(0, 3);
};
