/**
 * Edits that are made at a neuron and are edits of its layer: one neuron more or less, with the numbers of
 * all others kept; and, where a layer cannot say what is wished, the layer replaced by single neurons.
 */
import { Random } from '../data/random';
import { type Edit, freshId, inTurn, place, setAttr } from '../graph/edits';
import { type Attrs, edge, edgeId, type Edge, linksOf, type Node, type NodeId } from '../graph/graph';
import { type NumberEdit, slabOf } from '../graph/number-edits';
import type { Point, Project } from '../graph/project';
import { sampleShape, type Tensor } from '../ir/shape';
import { completeAttrs } from '../ops/attrs';
import { draw, initializerOf } from '../ops/initializers';
import { opOf } from '../ops/index';
import { layerAttrsFrom } from '../ops/layer-parameters';
import type { Checked } from './check';
import { check } from './check';
import { type NeuronLayer, neuronLayers } from './neurons';

type Numbers = Readonly<Record<string, Tensor>>;

export type NeuronEdit = { readonly edit: Edit; readonly numbers: readonly NumberEdit[] } | { readonly fault: string };

/** Layers whose weights have a row for each neuron of this one, through operations that work number by number. */
function readersOf(project: Project, checked: Checked, id: NodeId): readonly NeuronLayer[] {
  const layers = neuronLayers(checked);
  const links = linksOf(project);
  const found: NeuronLayer[] = [];
  const seen = new Set<NodeId>();
  const look = (from: NodeId): void => {
    for (const e of links.outOf.get(from) ?? []) {
      if (seen.has(e.to)) continue;
      seen.add(e.to);
      const layer = layers.get(e.to);
      if (layer) found.push(layer);
      else if (['activation', 'function'].includes(opOf(project.nodes[e.to]!.op)?.group ?? '')) look(e.to);
    }
  };
  look(id);
  return found;
}

/** What a changed width breaks, in the check's own words; null when nothing does. */
function faultOf(edit: Edit, project: Project, data: Parameters<typeof check>[1], checked: Checked): string | null {
  const known = new Set(checked.problems.map((p) => p.message));
  return check(edit(project), data).problems.find((p) => p.severity === 'error' && !known.has(p.message))?.message ?? null;
}

const widthOf = (project: Project, id: NodeId): number | null => {
  const node = project.nodes[id];
  const op = node && opOf(node.op);
  if (!node || op?.attrs['units']?.kind !== 'integer') return null;
  return completeAttrs(op, node.attrs)['units'] as number;
};

export function removeNeuron(
  project: Project,
  checked: Checked,
  data: Parameters<typeof check>[1],
  id: NodeId,
  unit: number,
  numbers: Numbers | null,
): NeuronEdit {
  const layer = neuronLayers(checked).get(id);
  const width = widthOf(project, id);
  if (!layer || width === null || unit >= width)
    return { fault: 'This neuron is no part of a layer whose width can be changed.' };
  if (width === 1) return { fault: `'${id}' has one neuron only. Delete the layer instead.` };
  const edit = setAttr(id, 'units', width - 1);
  const fault = faultOf(edit, project, data, checked);
  if (fault !== null) return { fault: `Without this neuron the drawing would not fit together: ${fault}` };
  const gone = (key: NodeId | null, axis: number): NumberEdit[] => {
    const tensor = key === null ? undefined : numbers?.[key];
    return key === null || !tensor ? [] : [{ kind: 'remove', key, axis, at: unit, values: slabOf(tensor, axis, unit) }];
  };
  return {
    edit,
    numbers: [
      ...gone(layer.weight, 1),
      ...gone(layer.bias, 0),
      ...readersOf(project, checked, id).flatMap((reader) => gone(reader.weight, 0)),
    ],
  };
}

/**
 * One neuron more, at the end. Its own weights are drawn as the layer's were; what follows does not listen
 * to it yet, so the network computes what it did before until it learns.
 */
export function addNeuron(
  project: Project,
  checked: Checked,
  data: Parameters<typeof check>[1],
  id: NodeId,
  numbers: Numbers | null,
): NeuronEdit {
  const layer = neuronLayers(checked).get(id);
  const width = widthOf(project, id);
  if (!layer || width === null) return { fault: 'Neurons can be added to fully connected layers.' };
  const edit = setAttr(id, 'units', width + 1);
  const fault = faultOf(edit, project, data, checked);
  if (fault !== null) return { fault: `With another neuron the drawing would not fit together: ${fault}` };
  const attrs = completeAttrs(opOf('parameter')!, checked.expansion.graph.nodes[layer.weight]!.attrs);
  const drawn = draw(
    initializerOf(attrs['initializer'] as string),
    [layer.inputs, 1],
    { fanIn: layer.inputs, fanOut: width + 1, scale: attrs['scale'] as number },
    new Random(project.settings.training.seed, `neuron:${id}:${width}`),
  );
  const come = (key: NodeId | null, axis: number, values: readonly number[]): NumberEdit[] =>
    key === null || !numbers?.[key] ? [] : [{ kind: 'insert', key, axis, at: width, values }];
  return {
    edit,
    numbers: [
      ...come(layer.weight, 1, [...drawn]),
      ...come(layer.bias, 0, [0]),
      ...readersOf(project, checked, id).flatMap((reader) => come(reader.weight, 0, new Array<number>(reader.units).fill(0))),
    ],
  };
}

/** What single neurons can differ in. */
export interface Difference {
  readonly unit: number;
  readonly activation?: string;
  /** An input that the neuron no longer listens to. */
  readonly without?: number;
}

const MOST_INPUTS = 15;
const MOST_UNITS = 16;
const STEP: Point = { x: 240, y: 130 };

/**
 * A layer replaced by single neurons for good, with its trained numbers: each input is sliced out, each
 * neuron is a node of its own, and they are put together again under the layer's name.
 */
export function intoNeurons(
  project: Project,
  checked: Checked,
  id: NodeId,
  numbers: Numbers | null,
  difference: Difference | null = null,
): NeuronEdit {
  const node = project.nodes[id];
  const layer = neuronLayers(checked).get(id);
  const source = Object.values(project.edges).find((e) => e.to === id)?.from;
  const shape = checked.shapes.get(id);
  if (!node || !layer || source === undefined || !shape || sampleShape(shape).length !== 1)
    return { fault: 'Only a layer that works on vectors can be opened into neurons. Open it into its parts instead.' };
  if (layer.inputs > MOST_INPUTS || layer.units > MOST_UNITS)
    return {
      fault: `'${id}' has ${layer.inputs} inputs and ${layer.units} neurons; up to ${MOST_INPUTS} and ${MOST_UNITS} can be drawn as single neurons. Make it smaller, or open it into its parts.`,
    };
  if (layer.inputs === 1 && difference?.without !== undefined)
    return { fault: 'The neuron has this input only. Set its weight to 0 instead.' };
  const group = node.group ?? id;
  const nodes: Record<NodeId, Node> = {};
  const edges: Record<string, Edge> = {};
  const wire = (from: NodeId, to: NodeId, port: string): void => {
    edges[edgeId(to, port)] = edge(from, to, port);
  };
  const at = project.positions[id] ?? { x: 0, y: 0 };
  const positions: Record<NodeId, Point> = {};
  const put: NumberEdit[] = [];
  const take = (key: NodeId | null): Tensor | undefined => (key === null ? undefined : numbers?.[key]);
  const gone = (key: NodeId | null): void => {
    const tensor = take(key);
    if (key !== null && tensor) put.push({ kind: 'put', key, before: tensor, after: null });
  };
  const come = (key: NodeId, value: number | undefined): void => {
    if (value !== undefined) put.push({ kind: 'put', key, before: null, after: { shape: [], data: Float32Array.of(value) } });
  };
  gone(layer.weight);
  gone(layer.bias);
  let taken = project.nodes;
  const name = (base: string): NodeId => {
    const fresh = freshId(taken, base, true);
    taken = { ...taken, [fresh]: node };
    return fresh;
  };
  const middle = (count: number, i: number): number => at.y + (i - (count - 1) / 2) * STEP.y;
  const inputs = Array.from({ length: layer.inputs }, (_, i): NodeId => {
    if (layer.inputs === 1) return source;
    const slice = name(`${id}-in${i + 1}`);
    nodes[slice] = { id: slice, op: 'slice', attrs: { axis: 0, from: i, count: 1 }, group };
    wire(source, slice, 'x');
    positions[slice] = { x: at.x, y: middle(layer.inputs, i) };
    return slice;
  });
  const attrsOf = (key: NodeId | null): Attrs | null =>
    key === null ? null : completeAttrs(opOf('parameter')!, checked.expansion.graph.nodes[key]!.attrs);
  const attrs = attrsOf(layer.weight)!;
  const neurons = Array.from({ length: layer.units }, (_, unit): NodeId => {
    const neuron = layer.units === 1 ? id : name(`${id}-${unit + 1}`);
    const own = difference?.unit === unit ? difference : null;
    const heard = inputs.map((_input, i) => i).filter((i) => i !== own?.without);
    nodes[neuron] = {
      id: neuron,
      op: 'neuron',
      attrs: {
        inputs: heard.length,
        activation: own?.activation ?? layer.activation,
        ...layerAttrsFrom(attrs, attrsOf(layer.bias)),
      },
      group,
    };
    heard.forEach((input, port) => {
      wire(inputs[input]!, neuron, `x${port + 1}`);
      come(`${neuron}/w${port + 1}`, take(layer.weight)?.data[input * layer.units + unit]);
    });
    come(`${neuron}/bias`, take(layer.bias)?.data[unit]);
    positions[neuron] = { x: at.x + STEP.x, y: middle(layer.units, unit) };
    return neuron;
  });
  if (layer.units > 1) {
    nodes[id] = { id, op: 'concatenate', attrs: { inputs: layer.units, axis: 0 }, group };
    neurons.forEach((neuron, i) => {
      wire(neuron, id, String.fromCharCode(97 + i));
    });
    positions[id] = { x: at.x + 2 * STEP.x, y: at.y };
  }
  const room = (layer.units > 1 ? 2 : 1) * STEP.x;
  const edit: Edit = (now) => {
    const moved = Object.fromEntries(
      Object.entries(now.positions).flatMap(([other, p]) =>
        other !== id && p.x > at.x ? [[other, { x: p.x + room, y: p.y }]] : [],
      ),
    );
    const old = Object.fromEntries(Object.entries(now.edges).filter(([, e]) => e.to !== id));
    const drawn: Record<NodeId, Node> = {};
    for (const other of Object.values(now.nodes)) {
      if (other.id !== id) drawn[other.id] = other;
      else
        for (const part of Object.values(nodes))
          drawn[part.id] = part.id === id && node.label !== undefined ? { ...part, label: node.label } : part;
    }
    return inTurn(
      place(moved),
      place(positions),
    )({
      ...now,
      nodes: drawn,
      edges: { ...old, ...edges },
      positions: { ...now.positions, ...positions },
    });
  };
  return { edit, numbers: put };
}
