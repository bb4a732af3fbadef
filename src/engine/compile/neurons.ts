/**
 * Which nodes of a drawing are layers of neurons: composites whose parts are one matrix product with a
 * matrix of weights, perhaps a bias, perhaps an activation. Found from the parts and not from the name, so
 * that layers which people define themselves count too.
 */
import { type EdgeId, edgeId, type Links, linksOf, type NodeId } from '../graph/graph';
import { sampleShape } from '../ir/shape';
import { opOf } from '../ops/index';
import type { Checked } from './check';

export interface NeuronLayer {
  /** The node of the drawing. */
  readonly id: NodeId;
  readonly inputs: number;
  readonly units: number;
  /** The expanded node whose value comes in, and the expanded edge it comes in by. */
  readonly from: NodeId;
  readonly edge: EdgeId;
  /** The parts, by their ids in the expanded drawing. */
  readonly weight: NodeId;
  readonly product: NodeId;
  readonly bias: NodeId | null;
  /** Holds the neurons' sums: the part that adds the bias, or the product where there is none. */
  readonly sum: NodeId;
  /** Holds the neurons' values. */
  readonly output: NodeId;
  /** Name of the activation; `identity` where there is none. */
  readonly activation: string;
}

const known = new WeakMap<Checked, Map<NodeId, NeuronLayer>>();

/** The layers of neurons of a drawing, by their nodes. Asked often, found once. */
export function neuronLayers(checked: Checked): ReadonlyMap<NodeId, NeuronLayer> {
  let layers = known.get(checked);
  if (!layers) {
    layers = find(checked);
    known.set(checked, layers);
  }
  return layers;
}

function find({ expansion }: Checked): Map<NodeId, NeuronLayer> {
  const parts = new Map<NodeId, NodeId[]>();
  for (const [part, owner] of expansion.owner) {
    if (part === owner) continue;
    const list = parts.get(owner);
    if (list) list.push(part);
    else parts.set(owner, [part]);
  }
  const layers = new Map<NodeId, NeuronLayer>();
  if (parts.size === 0) return layers;
  const links = linksOf(expansion.graph);
  for (const [id, own] of parts) {
    const layer = layerOf(id, own, expansion, links);
    if (layer) layers.set(id, layer);
  }
  return layers;
}

function layerOf(
  id: NodeId,
  parts: readonly NodeId[],
  { graph, output }: Checked['expansion'],
  links: Links,
): NeuronLayer | null {
  const opName = (part: NodeId): string => graph.nodes[part]!.op;
  const isOwn = new Set(parts);
  const source = (part: NodeId, port: string): NodeId | undefined => links.into.get(part)?.get(port)?.from;
  const products = parts.filter((part) => opName(part) === 'matmul');
  const [product] = products;
  if (product === undefined || products.length > 1) return null;
  const [from, weight] = [source(product, 'a'), source(product, 'b')];
  if (from === undefined || weight === undefined || isOwn.has(from) || !isOwn.has(weight)) return null;
  const shape = graph.nodes[weight]!.attrs['shape'] as readonly number[] | undefined;
  if (opName(weight) !== 'parameter' || shape?.length !== 2) return null;

  const next = (part: NodeId): NodeId | undefined => {
    const out = links.outOf.get(part)!.filter((e) => isOwn.has(e.to));
    return out.length === 1 ? out[0]!.to : undefined;
  };
  const end = output.get(id)!;
  let [sum, bias]: [NodeId, NodeId | null] = [product, null];
  let counted = 2;
  const adding = sum === end ? undefined : next(product);
  if (adding !== undefined && opName(adding) === 'add') {
    const other = source(adding, 'a') === product ? source(adding, 'b') : source(adding, 'a');
    if (other === undefined || !isOwn.has(other) || opName(other) !== 'parameter') return null;
    [sum, bias] = [adding, other];
    counted += 2;
  }
  let activation = 'identity';
  if (sum !== end) {
    if (next(sum) !== end) return null;
    const op = opOf(opName(end));
    if (op?.kind !== 'primitive' || op.group !== 'activation' || links.into.get(end)!.size !== 1) return null;
    activation = op.name;
    counted++;
  }
  if (counted !== parts.length) return null;
  return {
    id,
    inputs: shape[0]!,
    units: shape[1]!,
    from,
    edge: edgeId(product, 'a'),
    weight,
    product,
    bias,
    sum,
    output: end,
    activation,
  };
}

/** Whether a layer works on one vector a sample, and so can be drawn as single neurons. */
export const isOnVectors = (checked: Checked, id: NodeId): boolean => {
  const shape = checked.shapes.get(id);
  return shape !== undefined && sampleShape(shape).length === 1;
};
