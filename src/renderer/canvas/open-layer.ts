/**
 * A layer of neurons drawn as single neurons, or each neuron as its products, sum, bias and activation,
 * around the layer's place. Every part says which numbers of the layer's arrays it shows, so all of it is
 * the layer's own state at a closer look. More than is readable is drawn as what stands for the rest.
 */
import type { NeuronLayer } from '../../engine/compile/neurons';
import { edgeId, type NodeId } from '../../engine/graph/graph';
import { opOf } from '../../engine/ops/index';
import { partId, type PartKind } from '../editor/lens';
import { block, one, type Reads, type Source, span, type Span } from './reads';
import { counted, type EdgeVisual, type NodeVisual, plotOf, type Spot } from './scene';

/** Neurons that are drawn of one layer at most; then eleven or twelve, and the rest. */
const MOST_NEURONS = 14;
/** Products that are drawn of one neuron, and of all neurons of a layer together. */
export const MOST_PRODUCTS = 6;
export const MOST_ROWS = 42;

/** One end of the lines at a layer: a drawn unit, or those that are not drawn. */
export interface End {
  readonly node: NodeId;
  readonly units: Span;
  /** From the middle of the node; absent: its output, or its left side. */
  readonly spot?: Spot;
}

export interface OpenLayer {
  readonly nodes: readonly NodeVisual[];
  /** Lines inside. */
  readonly edges: readonly EdgeVisual[];
  /** Places of the parts from the layer's middle. */
  readonly places: ReadonlyMap<NodeId, Spot>;
  /** Where what the layer feeds begins. */
  readonly outs: readonly End[];
  /** Where what feeds the layer ends: at neurons (`inputs` null: with all of them) or at single products. */
  readonly ins: readonly { readonly end: End; readonly inputs: Span | null }[];
  /** Expanded node → the parts that show it. */
  readonly shows: ReadonlyMap<NodeId, readonly NodeId[]>;
  /** From the layer's middle to the outermost parts. */
  readonly reach: { readonly left: number; readonly right: number; readonly half: number };
}

export interface Look {
  readonly title: string;
  readonly frame: string;
  readonly first: number;
  readonly color: NodeVisual['group'];
}

export const partValue = (node: NodeId, at: Source['at']): Source => ({ tap: { of: 'value', node }, at });
export const partGradient = (node: NodeId, at: Source['at']): Source => ({ tap: { of: 'gradient', node }, at });

export const basePart = (id: NodeId, owner: NodeId, { frame, color }: Look) => ({
  id,
  owner,
  group: color,
  subtitle: '',
  lines: [],
  meta: '',
  ports: [],
  portNames: false,
  portColumn: 0,
  units: null,
  plot: null,
  shape: null,
  severity: null,
  objective: false,
  boxGroup: frame,
});

/** Which neurons are drawn: a window of them, and how many are left out before and after it. */
export function windowOf(count: number, first: number, most: number): { readonly from: number; readonly count: number } {
  if (count <= most) return { from: 0, count };
  const room = most - 2;
  return { from: Math.max(0, Math.min(first, count - room)), count: room };
}

/** What stands for the numbers of a value that are not drawn: all before the window of those that are, or all after it. */
export const restPart = (owner: NodeId, node: NodeId, units: Span, words: string, look: Look): NodeVisual => ({
  ...basePart(partId({ owner, kind: 'rest', unit: -1, input: -1 }, units.from), owner, look),
  form: 'rest',
  glyph: '⋮',
  title: words,
  width: 64,
  height: 30,
  out: { dx: 32, dy: 0 },
  reads: { base: partValue(node, span(units)), factor: null, gradient: partGradient(node, span(units)) },
  about: `${words} of ${look.title}, drawn as one. Enter shows them.`,
});

const NEURON = 22;
const PITCH = 56;

/** An input's line into a part: weight, product, gradient. `units` and `inputs` may be several. */
export const weightReads = (layer: NeuronLayer, units: Span, inputs: Span): Reads => {
  const at = block(inputs, units, layer.units);
  return {
    base: partValue(layer.weight, at),
    factor: partValue(layer.from, span(inputs)),
    gradient: partGradient(layer.weight, at),
  };
};

export function asNeurons(layer: NeuronLayer, look: Look): OpenLayer {
  const nodes: NodeVisual[] = [];
  const places = new Map<NodeId, Spot>();
  const outs: End[] = [];
  const drawn = windowOf(layer.units, look.first, MOST_NEURONS);
  const after = layer.units - drawn.from - drawn.count;
  const slots = drawn.count + (drawn.from > 0 ? 1 : 0) + (after > 0 ? 1 : 0);
  let slot = 0;
  const next = (): Spot => ({ dx: 0, dy: (slot++ - (slots - 1) / 2) * PITCH });
  const rest = (units: Span, words: string): void => {
    const visual = restPart(layer.id, layer.output, units, words, look);
    nodes.push(visual);
    places.set(visual.id, next());
    outs.push({ node: visual.id, units });
  };
  if (drawn.from > 0) rest({ from: 0, count: drawn.from }, `${counted.format(drawn.from)} before`);
  for (let unit = drawn.from; unit < drawn.from + drawn.count; unit++) {
    const id = partId({ owner: layer.id, kind: 'neuron', unit, input: -1 });
    nodes.push({
      ...basePart(id, layer.id, look),
      form: 'dot',
      glyph: 'Σ',
      title: `${look.title}, neuron ${unit + 1}`,
      subtitle: String(unit + 1),
      width: 2 * NEURON,
      height: 2 * NEURON,
      out: { dx: NEURON, dy: 0 },
      plot: plotOf(layer.activation),
      reads: { base: partValue(layer.output, one(unit)), factor: null, gradient: partGradient(layer.output, one(unit)) },
      about: `${look.title}, neuron ${unit + 1} of ${layer.units}: ${layer.inputs} weights, ${activationTitle(layer)}`,
    });
    const at = next();
    places.set(id, at);
    outs.push({ node: id, units: { from: unit, count: 1 } });
    if (layer.bias !== null) {
      const tag = partId({ owner: layer.id, kind: 'bias', unit, input: -1 });
      nodes.push({
        ...basePart(tag, layer.id, look),
        form: 'tag',
        glyph: '',
        title: `bias of neuron ${unit + 1}`,
        width: 14,
        height: 14,
        out: { dx: 7, dy: 0 },
        reads: { base: partValue(layer.bias, one(unit)), factor: null, gradient: partGradient(layer.bias, one(unit)) },
        about: `Bias of neuron ${unit + 1} of ${look.title}`,
      });
      places.set(tag, { dx: at.dx - NEURON - 1, dy: at.dy + NEURON - 1 });
    }
  }
  if (after > 0) rest({ from: drawn.from + drawn.count, count: after }, `${counted.format(after)} more`);
  const neurons = nodes.filter((v) => v.form !== 'tag').map((v) => v.id);
  const biases = nodes.filter((v) => v.form === 'tag').map((v) => v.id);
  return {
    nodes,
    edges: [],
    places,
    outs,
    ins: outs.map((end) => ({ end, inputs: null })),
    shows: new Map([
      ...[layer.weight, layer.product, layer.sum, layer.output].map((part) => [part, neurons] as const),
      ...(layer.bias === null ? [] : [[layer.bias, biases] as const]),
    ]),
    reach: { left: NEURON + 10, right: NEURON + 10, half: (slots * PITCH) / 2 },
  };
}

const activationTitle = ({ activation }: NeuronLayer): string =>
  activation === 'identity' ? 'linear' : (opOf(activation)?.title ?? activation);

const ROW = 50;
const SUM_AT = 190;
const ACTIVATION_AT = 310;

export function asScalars(layer: NeuronLayer, look: Look, inputName: (input: number) => string): OpenLayer {
  const nodes: NodeVisual[] = [];
  const edges: EdgeVisual[] = [];
  const places = new Map<NodeId, Spot>();
  const outs: End[] = [];
  const ins: OpenLayer['ins'][number][] = [];
  const byKind = new Map<PartKind, NodeId[]>();
  const inputs = layer.inputs <= MOST_PRODUCTS ? layer.inputs : MOST_PRODUCTS - 1;
  const products = inputs + (inputs < layer.inputs ? 1 : 0);
  // The bias takes a row of its own.
  const rows = products + (layer.bias === null ? 0 : 1);
  const drawn = windowOf(layer.units, look.first, Math.max(3, Math.floor(MOST_ROWS / rows)));
  const after = layer.units - drawn.from - drawn.count;
  const tall = drawn.count * rows + (drawn.from > 0 ? 1 : 0) + (after > 0 ? 1 : 0) + (drawn.count - 1) * 0.5;
  let row = -(tall - 1) / 2;
  const isLinear = layer.output === layer.sum;

  const part = (
    kind: PartKind,
    unit: number,
    input: number,
    at: Spot,
    visual: Pick<NodeVisual, 'form' | 'glyph' | 'title' | 'about'> & Partial<NodeVisual>,
  ): NodeId => {
    const id = partId({ owner: layer.id, kind, unit, input }, kind === 'rest' ? Math.max(0, input) : 0);
    const size =
      visual.form === 'tag'
        ? { width: 46, height: 18 }
        : visual.form === 'rest'
          ? { width: 64, height: 30 }
          : { width: 34, height: 34 };
    nodes.push({ ...basePart(id, layer.id, look), ...size, out: { dx: (visual.width ?? size.width) / 2, dy: 0 }, ...visual });
    places.set(id, at);
    const list = byKind.get(kind);
    if (list) list.push(id);
    else byKind.set(kind, [id]);
    return id;
  };
  const wire = (from: NodeId, to: NodeId, reads: Reads, more: Partial<EdgeVisual> = {}): void => {
    edges.push({ id: `${to}<${from}`, from, to, port: '', label: '', kind: 'wire', severity: null, reads, ...more });
  };
  const restOfUnits = (units: Span, words: string): void => {
    const visual = restPart(layer.id, layer.output, units, words, look);
    nodes.push(visual);
    places.set(visual.id, { dx: SUM_AT, dy: row * ROW });
    outs.push({ node: visual.id, units });
    ins.push({ end: { node: visual.id, units }, inputs: null });
    row++;
  };

  if (drawn.from > 0) restOfUnits({ from: 0, count: drawn.from }, `${counted.format(drawn.from)} before`);
  for (let unit = drawn.from; unit < drawn.from + drawn.count; unit++) {
    const top = row;
    const name = `neuron ${unit + 1} of ${look.title}`;
    const middle = (top + (rows - 1) / 2) * ROW;
    const delta = partGradient(layer.product, one(unit));
    const sum = partId({ owner: layer.id, kind: 'sum', unit, input: -1 });
    for (let input = 0; input < inputs; input++) {
      const at = { dx: 0, dy: row * ROW };
      const weightAt = one(input * layer.units + unit);
      const times: Reads = {
        base: partValue(layer.weight, weightAt),
        factor: partValue(layer.from, one(input)),
        gradient: delta,
      };
      const weight = part(
        'weight',
        unit,
        input,
        { dx: at.dx + 4, dy: at.dy - 27 },
        {
          form: 'tag',
          glyph: '',
          title: `weight of ${inputName(input)}, ${name}`,
          reads: { base: partValue(layer.weight, weightAt), factor: null, gradient: partGradient(layer.weight, weightAt) },
          about: `Weight of ${inputName(input)} in ${name}`,
        },
      );
      const product = part('product', unit, input, at, {
        form: 'dot',
        glyph: '×',
        title: `weight times ${inputName(input)}, ${name}`,
        reads: times,
        about: `Product of ${inputName(input)} and its weight in ${name}`,
      });
      wire(
        weight,
        product,
        { base: partValue(layer.weight, weightAt), factor: null, gradient: partGradient(layer.weight, weightAt) },
        {
          start: { dx: -4, dy: 9 },
          end: { dx: 0, dy: -17 },
          straight: true,
        },
      );
      wire(product, sum, times, { figured: { shows: 'forward', along: 0.3, withGradient: true } });
      ins.push({ end: { node: product, units: { from: unit, count: 1 } }, inputs: { from: input, count: 1 } });
      row++;
    }
    if (inputs < layer.inputs) {
      const units = { from: unit, count: 1 };
      const others = { from: inputs, count: layer.inputs - inputs };
      const reads = weightReads(layer, units, others);
      const product = part(
        'rest',
        unit,
        inputs,
        { dx: 0, dy: row * ROW },
        {
          form: 'rest',
          glyph: '⋮',
          title: `${counted.format(others.count)} more`,
          reads: { ...reads, gradient: delta },
          about: `${counted.format(others.count)} more products of ${name}, drawn as one`,
        },
      );
      wire(product, sum, { ...reads, gradient: delta });
      ins.push({ end: { node: product, units }, inputs: others });
      row++;
    }
    if (layer.bias !== null) {
      const reads: Reads = {
        base: partValue(layer.bias, one(unit)),
        factor: null,
        gradient: partGradient(layer.bias, one(unit)),
      };
      const bias = part(
        'bias',
        unit,
        -1,
        { dx: 12, dy: row * ROW - 6 },
        {
          form: 'tag',
          glyph: '',
          title: `bias of ${name}`,
          reads,
          about: `Bias of ${name}`,
        },
      );
      wire(bias, sum, reads);
      row++;
    }
    part(
      'sum',
      unit,
      -1,
      { dx: SUM_AT, dy: middle },
      {
        form: 'dot',
        glyph: 'Σ',
        title: `sum of ${name}`,
        subtitle: String(unit + 1),
        width: 40,
        height: 40,
        reads: { base: partValue(layer.sum, one(unit)), factor: null, gradient: partGradient(layer.sum, one(unit)) },
        about: `Sum of ${name}: ${layer.inputs} products${layer.bias === null ? '' : ' and the bias'}`,
      },
    );
    let out = sum;
    if (!isLinear) {
      out = part(
        'activation',
        unit,
        -1,
        { dx: ACTIVATION_AT, dy: middle },
        {
          form: 'dot',
          glyph: 'g',
          title: `activation of ${name}`,
          subtitle: '',
          width: 40,
          height: 40,
          plot: plotOf(layer.activation),
          reads: { base: partValue(layer.output, one(unit)), factor: null, gradient: partGradient(layer.output, one(unit)) },
          about: `${activationTitle(layer)} of the sum of ${name}`,
        },
      );
      wire(
        sum,
        out,
        {
          base: partValue(layer.sum, one(unit)),
          factor: null,
          gradient: partGradient(layer.sum, one(unit)),
          local: { tap: { of: 'edge-gradient', edge: edgeId(layer.output, 'x') }, at: one(unit) },
        },
        { figured: { shows: 'forward', along: 0.3, withGradient: true } },
      );
    }
    outs.push({ node: out, units: { from: unit, count: 1 } });
    row += 0.5;
  }
  if (after > 0) restOfUnits({ from: drawn.from + drawn.count, count: after }, `${counted.format(after)} more`);
  const of = (kind: PartKind): readonly NodeId[] => byKind.get(kind) ?? [];
  return {
    nodes,
    edges,
    places,
    outs,
    ins,
    shows: new Map([
      [layer.product, of('product')],
      [layer.weight, of('weight')],
      ...(layer.sum === layer.product ? [] : [[layer.sum, of('sum')] as const]),
      ...(isLinear ? [] : [[layer.output, of('activation')] as const]),
      ...(layer.bias === null ? [] : [[layer.bias, of('bias')] as const]),
    ]),
    reach: { left: 34, right: (isLinear ? SUM_AT : ACTIVATION_AT) + 26, half: (tall * ROW) / 2 },
  };
}
