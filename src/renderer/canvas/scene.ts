/**
 * What to draw: from the project and its check to boxes, ports, columns of neurons and texts. Positions
 * are left out, so that a drag changes none of this; `geometry.ts` puts the two together.
 */
import type { Checked } from '../../engine/compile/check';
import type { Severity } from '../../engine/graph/diagnostics';
import { type Edge, type EdgeId, edgeId, type Graph, type Node, type NodeId } from '../../engine/graph/graph';
import { product, sampleShape, type Shape, shapeText } from '../../engine/ir/shape';
import { completeAttrs } from '../../engine/ops/attrs';
import { opOf } from '../../engine/ops/index';
import type { Op, OpGroup } from '../../engine/ops/op';
import { scalarFunction } from '../../engine/ops/scalar-function';
import type { DatasetInfo } from '../../engine/data/dataset';
import { subscript } from '../ui/format';
import type { Reads } from './reads';

/** A place on a node, from its middle. */
export interface Spot {
  readonly dx: number;
  readonly dy: number;
}

export interface PortVisual extends Spot {
  readonly name: string;
  readonly about: string;
  /** Needs a connection and has none. */
  readonly missing: boolean;
}

/** The neurons of a layer, or the features of an input, as a column. */
export interface Units {
  readonly count: number;
  /** Indices of those that are drawn; with more than fit, the first and the last ones. */
  readonly shown: readonly number[];
  readonly spots: readonly Spot[];
  readonly radius: number;
  /** Where the dots that stand for the rest go. */
  readonly gap: Spot | null;
  readonly labels: readonly string[];
}

/**
 * `dot`: a neuron or one of its operations, `tag`: a single number, `rest`: what is too much to be drawn,
 * `map`: an array as a heat map. These are parts, seen through a lens.
 */
type Form = 'card' | 'pill' | 'circle' | 'column' | 'neuron' | 'dot' | 'tag' | 'rest' | 'map';

export interface NodeVisual {
  readonly id: NodeId;
  readonly form: Form;
  readonly group: OpGroup;
  readonly glyph: string;
  readonly title: string;
  readonly subtitle: string;
  /** The subtitle, broken where a card would grow too wide. */
  readonly lines: readonly string[];
  /** `2,112 parameters`. */
  readonly meta: string;
  readonly width: number;
  readonly height: number;
  readonly ports: readonly PortVisual[];
  /** Null for losses: nothing usually follows, but a handle is still offered. */
  readonly out: Spot;
  readonly portNames: boolean;
  /** Room at the left for the ports' names. */
  readonly portColumn: number;
  readonly units: Units | null;
  /** Points of the function's graph in a unit square, y up. */
  readonly plot: readonly (readonly [number, number])[] | null;
  readonly shape: Shape | null;
  readonly severity: Severity | null;
  readonly objective: boolean;
  readonly boxGroup: string | undefined;
  /** For screen readers: what it is and how it is wired. */
  readonly about: string;
  /** The node of the drawing that this is a part of, seen through a lens. */
  readonly owner?: NodeId;
  /** Number of its own that a part shows. */
  readonly reads?: Reads;
  /** The array that a part shows as a heat map. */
  readonly map?: { readonly key: string; readonly rows: number; readonly columns: number };
}

/** Of a line between parts: what it shows itself, or what runs along it; its gradient too, or not. */
export interface Figured {
  readonly shows: 'base' | 'forward';
  readonly along: number;
  readonly withGradient: boolean;
}

export interface EdgeVisual {
  readonly id: EdgeId;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly port: string;
  /** `n × 64`. */
  readonly label: string;
  /**
   * `plain`: one line. `weights`: a line for each weight between drawn units. `fan`: one for each neuron.
   * `wire`: one line of many between parts, which only the live layer draws.
   */
  readonly kind: 'plain' | 'weights' | 'fan' | 'wire';
  readonly severity: Severity | null;
  /** What a line between parts shows, said by who drew it. */
  readonly reads?: Reads;
  /** Where a line between parts begins and ends, from the middles of its nodes, where that is not their output or port. */
  readonly start?: Spot;
  readonly end?: Spot;
  readonly straight?: true;
  /** The number that is written on it where there is room, and how far along it. */
  readonly figured?: Figured;
  /** The connection of the drawing that this line is a part of. */
  readonly of?: EdgeId;
}

/** The outline of an opened node around its parts. */
export interface Frame {
  readonly owner: NodeId;
  readonly title: string;
}

export interface Scene {
  readonly nodes: ReadonlyMap<NodeId, NodeVisual>;
  readonly edges: ReadonlyMap<EdgeId, EdgeVisual>;
  /** Opened nodes by the `boxGroup` of their parts. */
  readonly frames?: ReadonlyMap<string, Frame>;
  /** Expanded node → the drawn parts that show it, where lenses are open. */
  readonly shows?: ReadonlyMap<NodeId, readonly NodeId[]>;
}

const MOST_UNITS = 12;
export type Measure = (text: string, size: number, weight: number) => number;
/** Widths of an average sans-serif, for where there is no canvas to ask. */
const roughly: Measure = (text, size, weight) => text.length * size * (weight >= 600 ? 0.58 : 0.54);

export const counted = new Intl.NumberFormat('en-US');
const parametersText = (count: number): string =>
  count === 0 ? '' : `${counted.format(count)} parameter${count === 1 ? '' : 's'}`;

const worse = (a: Severity | null, b: Severity): Severity =>
  a === 'error' || b === 'error' ? 'error' : a === 'warning' || b === 'warning' ? 'warning' : 'hint';

export function sceneOf(graph: Graph, checked: Checked, data: DatasetInfo | null, measure: Measure = roughly): Scene {
  const nodeFaults = new Map<NodeId, Severity>();
  const edgeFaults = new Map<EdgeId, Severity>();
  const missing = new Set<EdgeId>();
  for (const { code, at, severity } of checked.problems) {
    // A node that was just put down is not wrong yet: its open port says enough.
    if (code === 'missing-input' && at.node !== undefined && at.port !== undefined) missing.add(edgeId(at.node, at.port));
    else if (at.edge !== undefined) edgeFaults.set(at.edge, worse(edgeFaults.get(at.edge) ?? null, severity));
    else if (at.node !== undefined) nodeFaults.set(at.node, worse(nodeFaults.get(at.node) ?? null, severity));
  }
  const sources = new Map<NodeId, string[]>();
  for (const e of Object.values(graph.edges)) {
    const list = sources.get(e.to) ?? [];
    const from = graph.nodes[e.from];
    list.push(`${e.port} from ${from ? spokenName(from) : e.from}`);
    sources.set(e.to, list);
  }
  const nodes = new Map<NodeId, NodeVisual>();
  for (const node of Object.values(graph.nodes))
    nodes.set(
      node.id,
      nodeVisual(node, checked, data, nodeFaults.get(node.id) ?? null, missing, sources.get(node.id) ?? [], measure),
    );
  const edges = new Map<EdgeId, EdgeVisual>();
  for (const e of Object.values(graph.edges)) {
    if (!nodes.has(e.from) || !nodes.has(e.to)) continue;
    const shape = checked.shapes.get(e.from);
    edges.set(e.id, {
      id: e.id,
      from: e.from,
      to: e.to,
      port: e.port,
      label: shape ? shapeText(shape) : '',
      kind: kindOf(e, nodes, shape),
      severity: edgeFaults.get(e.id) ?? null,
    });
  }
  return { nodes, edges };
}

function kindOf(e: Edge, nodes: ReadonlyMap<NodeId, NodeVisual>, shape: Shape | undefined): EdgeVisual['kind'] {
  const [from, to] = [nodes.get(e.from)!, nodes.get(e.to)!];
  if (!to.units || to.group !== 'layer' || !to.shape || !shape || sampleShape(shape).length !== 1) return 'plain';
  return from.units ? 'weights' : 'fan';
}

/** A part of an opened layer stands in the frame of its layer. */
const isPart = ({ id, group }: Node): boolean => group !== undefined && id.startsWith(`${group}/`);
/** In its frame a part goes by its own name. */
const titleOf = (node: Node): string => node.label ?? (isPart(node) ? node.id.slice(node.group!.length + 1) : node.id);
/** Where there is no frame to be seen, the layer belongs to the name. */
const spokenName = (node: Node): string => (isPart(node) ? `${titleOf(node)} of ${node.group}` : titleOf(node));

const PORT_PITCH = 22;

function nodeVisual(
  node: Node,
  checked: Checked,
  data: DatasetInfo | null,
  severity: Severity | null,
  missing: ReadonlySet<EdgeId>,
  feeds: readonly string[],
  measure: Measure,
): NodeVisual {
  const op = opOf(node.op);
  const attrs = op ? completeAttrs(op, node.attrs) : node.attrs;
  const shape = checked.shapes.get(node.id) ?? null;
  const counts = checked.learnables.get(node.id);
  const meta = parametersText(counts ? counts.weights + counts.biases : 0);
  const title = titleOf(node);
  const group = op?.group ?? 'function';
  const ports = (op?.ports(attrs) ?? []).map((port) => ({ ...port, missing: missing.has(edgeId(node.id, port.name)) }));
  const base = {
    id: node.id,
    group,
    glyph: op?.glyph ?? '?',
    title,
    meta,
    shape,
    severity,
    objective: checked.objective === node.id,
    boxGroup: node.group,
    plot: null,
    units: null,
    portColumn: 0,
    about: [
      `${spokenName(node)}: ${op?.title ?? node.op}`,
      shape ? `shape ${shapeText(shape)}` : 'shape not known yet',
      meta,
      feeds.length > 0 ? feeds.join(', ') : ports.length > 0 ? 'no inputs connected' : '',
    ]
      .filter((part) => part !== '')
      .join('; '),
  };
  const subtitle = subtitleOf(op, node, attrs, shape);
  const lines = broken(subtitle, 112, measure);

  const columnOf = columnCount(op, attrs, shape);
  if (columnOf !== null) {
    const isLayer = group === 'layer';
    const labels = isLayer ? [] : featureNames(columnOf, data);
    const units = unitsOf(columnOf, labels);
    const lengths = units.spots.map(({ dy }) => dy);
    const half = Math.max(...lengths, 0) + units.radius + 10 + HEADER;
    const below = isLayer ? 22 + measure(`${counted.format(columnOf)} × ${subtitle}`, 11, 400) : measure(subtitle, 11, 400);
    const text = Math.max(measure(title, 13, 600), below, measure(meta, 10.5, 500));
    // Beside the units of an input stand the names of its features.
    const names = Math.max(0, ...units.labels.map((label) => 1.15 * measure(label, 10.5, 400))) + 2 * units.radius + 30;
    const width = Math.max(isLayer ? 112 : 92, Math.min(180, Math.ceil(Math.max(text + 24, isLayer ? 0 : names))));
    return {
      ...base,
      form: 'column',
      subtitle,
      lines,
      width,
      height: 2 * half,
      units: isLayer ? units : moved(units, width / 2 - units.radius - 14),
      ports: ports.map((p) => ({ ...p, dx: -width / 2, dy: 0 })),
      out: { dx: width / 2, dy: 0 },
      portNames: false,
      plot: isLayer ? plotOf(String(attrs['activation'])) : null,
    };
  }
  if (node.op === 'neuron' || (op?.kind === 'composite' && ports.length > 1)) {
    const radius = Math.max(34, (ports.length * 18) / 2 + 8);
    return {
      ...base,
      form: 'neuron',
      subtitle,
      lines,
      width: 2 * radius,
      height: 2 * radius,
      ports: around(ports, radius),
      out: { dx: radius, dy: 0 },
      portNames: false,
      plot: plotOf(String(attrs['activation'])),
    };
  }
  if (group === 'arithmetic' && op !== undefined && op.glyph.length <= 2) {
    const radius = Math.max(27, (ports.length * 16) / 2 + 6);
    return {
      ...base,
      form: 'circle',
      subtitle: '',
      lines: [],
      width: 2 * radius,
      height: 2 * radius,
      ports: around(ports, radius),
      out: { dx: radius, dy: 0 },
      portNames: ports.length > 1 && !['add', 'multiply'].includes(node.op),
    };
  }
  const plot = ports.length === 1 && op?.kind === 'primitive' ? plotOf(node.op) : null;
  const pill = group === 'activation' || group === 'function' || group === 'reduction';
  const named = ports.length > 1;
  const portColumn = named ? Math.max(...ports.map((p) => measure(p.name, 10, 400))) + 16 : 0;
  const text = Math.max(measure(title, 13, 600), ...lines.map((line) => measure(line, 11, 400)), measure(meta, 10.5, 400));
  const width = Math.ceil(Math.max(pill ? 104 : 124, portColumn + 12 + 34 + 10 + text + 18) / 2) * 2;
  const height = Math.max(
    pill ? 46 : 52,
    18 + 17 * (1 + lines.length + (meta !== '' && !pill ? 1 : 0)),
    ports.length * PORT_PITCH + 10,
  );
  return {
    ...base,
    form: pill ? 'pill' : 'card',
    subtitle,
    lines,
    width,
    height,
    plot,
    ports: ports.map((p, i) => ({ ...p, dx: -width / 2, dy: (i - (ports.length - 1) / 2) * PORT_PITCH })),
    out: { dx: width / 2, dy: 0 },
    portNames: named,
    portColumn: Math.max(0, portColumn - 2),
  };
}

/** A text in at most two lines, broken at the space that leaves them most alike, when it is wider than `room`. */
function broken(text: string, room: number, measure: Measure): readonly string[] {
  if (text === '') return [];
  if (measure(text, 11, 400) <= room) return [text];
  const words = text.split(' ');
  let best: readonly string[] = [text];
  let least = Number.POSITIVE_INFINITY;
  for (let cut = 1; cut < words.length; cut++) {
    const lines = [words.slice(0, cut).join(' '), words.slice(cut).join(' ')];
    const width = Math.max(...lines.map((line) => measure(line, 11, 400)));
    if (width < least) [best, least] = [lines, width];
  }
  return best;
}

/** Room for the title above the units, and the same below, so that the column's middle is the node's. */
const HEADER = 50;

/** Number of units when the node is drawn as a column of them. */
function columnCount(op: Op | undefined, attrs: Node['attrs'], shape: Shape | null): number | null {
  if (op?.kind === 'source' && op.role === 'input') {
    const own = attrs['shape'] as readonly number[];
    return own.length === 1 && own[0]! >= 1 ? own[0]! : null;
  }
  // Layers state their number of outputs as `units`; drawn so before they are wired, too.
  if (op?.kind === 'composite' && op.attrs['units']?.kind === 'integer')
    return shape && sampleShape(shape).length > 1 ? null : (attrs['units'] as number);
  return null;
}

function unitsOf(count: number, labels: readonly string[]): Units {
  const many = count > MOST_UNITS;
  const shown = many
    ? [...Array.from({ length: 8 }, (_, i) => i), ...Array.from({ length: 3 }, (_, i) => count - 3 + i)]
    : Array.from({ length: count }, (_, i) => i);
  const slots = many ? MOST_UNITS : count;
  const pitch = slots <= 4 ? 46 : slots <= 6 ? 42 : slots <= 8 ? 37 : 31;
  const radius = slots <= 8 ? 14 : 12;
  const at = (slot: number): Spot => ({ dx: 0, dy: (slot - (slots - 1) / 2) * pitch });
  return {
    count,
    shown,
    spots: shown.map((_, i) => at(many && i >= 8 ? i + 1 : i)),
    radius,
    gap: many ? at(8) : null,
    labels: shown.map((index) => labels[index] ?? ''),
  };
}

/** Features stand at the right of their card, with their names at the left. */
const moved = (units: Units, dx: number): Units => ({
  ...units,
  spots: units.spots.map((spot) => ({ ...spot, dx })),
  gap: units.gap && { ...units.gap, dx },
});

/** What the numbers of an input are called. */
export function featureNames(count: number, data: DatasetInfo | null): readonly string[] {
  return Array.from({ length: Math.min(count, 100_000) }, (_, i) =>
    data && data.features.length === count ? data.features[i]!.name : `x${subscript(i + 1)}`,
  );
}

/** Ports on the left arc of a circle. */
const around = (ports: readonly Omit<PortVisual, keyof Spot>[], radius: number): PortVisual[] =>
  ports.map((p, i) => {
    const spread = Math.min(Math.PI * 0.62, (ports.length - 1) * 0.55);
    const angle = Math.PI + (ports.length === 1 ? 0 : spread / 2 - (i * spread) / (ports.length - 1));
    return { ...p, dx: radius * Math.cos(angle), dy: radius * Math.sin(angle) };
  });

function subtitleOf(op: Op | undefined, node: Node, attrs: Node['attrs'], shape: Shape | null): string {
  if (!op) return `unknown: ${node.op}`;
  if (op.kind === 'source') {
    const own = attrs['shape'] as readonly number[];
    if (op.role === 'input')
      return own.length <= 1 ? `${counted.format(product(own))} feature${product(own) === 1 ? '' : 's'}` : shapeText(own);
    if (op.role === 'constant' && (attrs['values'] as readonly number[]).length === 1)
      return own.length === 0
        ? String((attrs['values'] as readonly number[])[0])
        : `${shapeText(own)}, all ${(attrs['values'] as readonly number[])[0]}`;
    if (op.role === 'parameter') return `${attrs['role']}, ${shapeText(own)}${attrs['frozen'] ? ', frozen' : ''}`;
    return shape ? shapeText(shape) : op.title;
  }
  if (op.kind === 'composite') {
    const activation = opOf(String(attrs['activation']));
    return activation === undefined ? op.title : activation.name === 'identity' ? 'linear' : activation.name;
  }
  return op.title;
}

const plots = new Map<string, readonly (readonly [number, number])[] | null>();

/** The graph of an elementwise operation on −3 … 3, from the expression that devices run. */
export function plotOf(name: string): readonly (readonly [number, number])[] | null {
  const known = plots.get(name);
  if (known !== undefined) return known;
  const made = samplePlot(opOf(name));
  plots.set(name, made);
  return made;
}

/** Elsewhere the graph would be a straight line: reshaping and the like change no number. */
const PLOTTED: readonly OpGroup[] = ['activation', 'function', 'penalty'];

function samplePlot(op: Op | undefined): readonly (readonly [number, number])[] | null {
  const drawn = op !== undefined && PLOTTED.includes(op.group) ? scalarFunction(op.name) : null;
  if (drawn === null) return null;
  const steps = 48;
  const points: [number, number][] = [];
  for (let i = 0; i <= steps; i++) {
    const x = -3 + (6 * i) / steps;
    const y = drawn.value(x);
    if (Number.isFinite(y) && Math.abs(y) < 6) points.push([x, y]);
  }
  if (points.length < 2) return null;
  const ys = points.map(([, y]) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  return points.map(([x, y]) => [(x + 3) / 6, high === low ? 0.5 : (y - low) / (high - low)]);
}
