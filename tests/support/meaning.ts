/** What a drawing says, whatever the order of its nodes and the names that were made up for them. */
import { type Graph, linksOf, type NodeId } from '../../src/engine/graph/graph';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { opOf } from '../../src/engine/ops/index';

/** Each node as all that it is made of. */
export function meaning(graph: Graph): readonly string[] {
  const links = linksOf(graph);
  const known = new Map<NodeId, string>();
  const of = (id: NodeId): string => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const node = graph.nodes[id]!;
    const op = opOf(node.op)!;
    const attrs = completeAttrs(op, node.attrs);
    const own = op.kind === 'source' && op.role !== 'constant' ? id : '';
    const inputs = op.ports(attrs).map(({ name }) => of(links.into.get(id)!.get(name)!.from));
    const text = `${node.op}${own}${JSON.stringify(attrs)}${node.label ?? ''}(${inputs.join()})`;
    known.set(id, text);
    return text;
  };
  return Object.keys(graph.nodes).map(of).sort();
}
