/**
 * The drawing through lenses. Composites that are looked at as matrices are replaced by their parts, as
 * "open into parts" would, but only to the eye; layers of neurons are replaced by their neurons or their
 * scalars, and arrays that are drawn by hand by their numbers. What stands around them makes room. The
 * project is not touched by any of this.
 */
import { type Checked, check } from '../../engine/compile/check';
import { expand } from '../../engine/compile/expand';
import { infer } from '../../engine/compile/infer';
import { isOnVectors, type NeuronLayer, neuronLayers } from '../../engine/compile/neurons';
import type { DatasetInfo } from '../../engine/data/dataset';
import { explode } from '../../engine/graph/edits';
import type { NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import { product, sampleShape, type Shape, shapeText } from '../../engine/ir/shape';
import { opOf } from '../../engine/ops/index';
import { tapKey } from '../../engine/train/frames';
import { type Lens, lenses, lensOf, type Looking, weightId } from '../editor/lens';
import { arrayAt, type ArrayNode, asElements, type OpenArray } from './open-array';
import { asNeurons, asScalars, type End, type OpenLayer, weightReads } from './open-layer';
import { alongAll, one, type Reads, span, whole } from './reads';
import { type EdgeVisual, type Frame, type Measure, type NodeVisual, type Scene, sceneOf, type Spot } from './scene';

export interface Seen {
  readonly scene: Scene;
  /** Of what is drawn: of the project, or of the project with some composites replaced by their parts. */
  readonly checked: Checked;
  /** Where everything is drawn, from where the project's nodes are. */
  place(positions: Project['positions']): Project['positions'];
  /** How each opened node is looked at. */
  readonly opened: ReadonlyMap<NodeId, Lens>;
}

const NOWHERE: Point = { x: 0, y: 0 };
export const frameKey = (id: NodeId): string => `\u0002${id}`;

/** What a lens makes of a node: nothing, where there is nothing closer to see. */
export function closer(lens: Lens, id: NodeId, project: Project, checked: Checked): Lens {
  const op = opOf(project.nodes[id]?.op ?? '');
  if (lens === 'layers' || !checked.shapes.has(id)) return 'layers';
  if (op?.kind !== 'composite') {
    const array = lens === 'neurons' ? null : arrayAt(id, checked, null);
    // A single number is no matrix, and data stands in columns already.
    return array === null || (lens === 'matrices' && !isMap(array)) ? 'layers' : lens;
  }
  const layer = neuronLayers(checked).get(id);
  if (layer && isOnVectors(checked, id)) return lens;
  // A single neuron is one already; other composites have parts, but no neurons.
  return lens === 'neurons' ? 'layers' : 'matrices';
}

/** The lenses that show a node in different ways; one alone where there is nothing closer to see. */
export const lensesFor = (id: NodeId, project: Project, checked: Checked): readonly Lens[] =>
  lenses.filter((lens) => closer(lens, id, project, checked) === lens);

/** Weights and what is computed are arrays to be looked at. */
const isMap = ({ shape, made, isParameter }: ArrayNode): boolean => product(shape) > 1 && (made !== null || isParameter);

export function lookAt(project: Project, checked: Checked, data: DatasetInfo | null, looking: Looking, measure: Measure): Seen {
  const opened = new Map<NodeId, Lens>();
  if (looking.whole !== 'layers' || looking.own.size > 0)
    for (const id of Object.keys(project.nodes)) {
      const lens = closer(lensOf(looking, id), id, project, checked);
      if (lens !== 'layers') opened.set(id, lens);
    }
  if (opened.size === 0) {
    return { scene: sceneOf(project, checked, data, measure), checked, place: (positions) => positions, opened };
  }
  const isComposite = (id: NodeId): boolean => opOf(project.nodes[id]!.op)?.kind === 'composite';
  const inParts = [...opened].filter(([id, lens]) => lens === 'matrices' && isComposite(id)).map(([id]) => id);
  const maps = new Set([...opened].filter(([id, lens]) => lens === 'matrices' && !isComposite(id)).map(([id]) => id));
  const asDrawn = (from: Project): Project => inParts.reduce((now, id) => explode(id, expansionOf(now))(now), from);
  const drawn = asDrawn(project);
  const seen = inParts.length === 0 ? checked : check(drawn, data);
  const base = withMaps(sceneOf(drawn, seen, data, measure), seen, checked, new Set(inParts), maps, project);
  const layers = new Map<NodeId, OpenLayer | OpenArray>();
  const frames = new Map<string, Frame>();
  const names = neuronLayers(checked);
  for (const [id, lens] of opened) {
    if (maps.has(id)) continue;
    const title = project.nodes[id]!.label ?? id;
    frames.set(frameKey(id), { owner: id, title });
    if (lens === 'matrices') continue;
    const visual = base.nodes.get(id)!;
    const look = { title, frame: frameKey(id), first: looking.first.get(id) ?? 0, color: visual.group };
    const layer = names.get(id);
    if (!layer) layers.set(id, asElements(arrayAt(id, checked, data)!, look));
    else
      layers.set(
        id,
        lens === 'neurons' ? asNeurons(layer, look) : asScalars(layer, look, (input) => inputName(base, drawn, id, input)),
      );
  }
  const scene = assemble(base, seen, names, layers, frames);
  return {
    scene,
    checked: seen,
    opened,
    place: (positions) =>
      withParts(inParts.length === 0 ? positions : hung(asDrawn({ ...project, positions }).positions, scene), base, layers),
  };
}

function expansionOf(project: Project) {
  const inferred = infer(project);
  return expand(project, inferred.shapes, inferred);
}

function inputName(scene: Scene, drawn: Project, id: NodeId, input: number): string {
  const from = Object.values(drawn.edges).find((e) => e.to === id)?.from;
  const v = from === undefined ? undefined : scene.nodes.get(from);
  const label = v?.units?.labels[v.units.shown.indexOf(input)];
  return label || `input ${input + 1}`;
}

// Matrices ------------------------------------------------------------------------------------------

/** Cells of a heat map are so large where there is room, and the map at most so large. */
const CELL = 13;
const MOST_MAP = 118;
const LEAST_MAP = 13;

/** Parts of composites that are looked at as matrices: heat maps of their arrays, in their composite's frame. */
function withMaps(
  scene: Scene,
  seen: Checked,
  before: Checked,
  inParts: ReadonlySet<NodeId>,
  maps: ReadonlySet<NodeId>,
  project: Project,
): Scene {
  if (inParts.size + maps.size === 0) return scene;
  const nodes = new Map<NodeId, NodeVisual>();
  const shows = new Map<NodeId, readonly NodeId[]>();
  const edges = new Map(scene.edges);
  for (const v of scene.nodes.values()) {
    const owner = project.nodes[v.id] ? undefined : before.expansion.owner.get(v.id);
    if (owner === undefined || !inParts.has(owner)) {
      nodes.set(v.id, maps.has(v.id) ? asMap(v, seen.shapes.get(v.id)) : v);
      continue;
    }
    shows.set(v.id, [v.id]);
    nodes.set(v.id, asMap({ ...v, owner, boxGroup: frameKey(owner) }, seen.shapes.get(v.id)));
  }
  for (const e of scene.edges.values()) {
    const [v, to] = [nodes.get(e.from)!, nodes.get(e.to)!];
    if (isHung(v, to)) edges.set(e.id, hangingLine(e, v, to));
  }
  return { nodes, edges, shows };
}

/** A parameter of a composite stands over the part that it feeds. */
const isHung = (v: NodeVisual, to: NodeVisual): boolean =>
  (v.form === 'map' || v.form === 'tag') && v.ports.length === 0 && v.owner !== undefined && v.owner === to.owner;
const ASIDE = 30;

const hangingLine = (e: EdgeVisual, v: NodeVisual, to: NodeVisual): EdgeVisual => ({
  ...e,
  kind: 'wire',
  of: e.id,
  straight: true,
  start: { dx: to.form === 'map' ? 0 : Math.min(ASIDE, v.width / 2 - 6), dy: v.height / 2 },
  end: { dx: to.form === 'map' ? -ASIDE : 0, dy: -to.height / 2 },
  reads: {
    base: { tap: { of: 'value', node: v.id }, at: whole },
    factor: null,
    gradient: { tap: { of: 'edge-gradient', edge: e.id }, at: whole },
  },
});

function asMap(v: NodeVisual, shape: Shape | undefined): NodeVisual {
  if (!shape) return v;
  const own = sampleShape(shape);
  if (own.length === 0 && v.ports.length === 0)
    return {
      ...v,
      form: 'tag',
      width: 46,
      height: 18,
      out: { dx: 0, dy: 9 },
      reads: {
        base: { tap: { of: 'value', node: v.id }, at: one(0) },
        factor: null,
        gradient: { tap: { of: 'gradient', node: v.id }, at: one(0) },
      },
    };
  if (own.length === 0) return v;
  const columns = own.at(-1)!;
  const rows = own.slice(0, -1).reduce((n, axis) => n * axis, 1);
  const side = (cells: number): number => Math.max(LEAST_MAP, Math.min(MOST_MAP, cells * CELL));
  const [width, height] = [Math.max(side(columns) + 24, 96), side(rows) + 54];
  const ports = v.ports.map((port, i) => ({ ...port, dx: -width / 2, dy: (i - (v.ports.length - 1) / 2) * 22 }));
  return {
    ...v,
    form: 'map',
    lines: [],
    subtitle: own.length === 1 ? `1 × ${columns}` : own.join(' × '),
    portNames: false,
    portColumn: 0,
    width,
    height,
    ports,
    out: { dx: width / 2, dy: 0 },
    map: { key: tapKey({ of: 'value', node: v.id }), rows, columns },
    reads: {
      base: { tap: { of: 'value', node: v.id }, at: whole },
      factor: null,
      gradient: { tap: { of: 'gradient', node: v.id }, at: whole },
    },
    about: `${v.about}; heat map of ${shapeText(shape)}`,
  };
}

/** Parameters hang above what they feed, the higher the larger their maps are. */
function hung(positions: Project['positions'], scene: Scene): Project['positions'] {
  const moved: Record<NodeId, Point> = { ...positions };
  for (const e of scene.edges.values()) {
    const [v, to] = [scene.nodes.get(e.from)!, scene.nodes.get(e.to)!];
    // Scalars of an opened layer have places of their own.
    if (!isHung(v, to) || positions[v.id] === undefined) continue;
    const below = positions[to.id] ?? NOWHERE;
    moved[v.id] = { x: below.x - ASIDE, y: below.y - to.height / 2 - v.height / 2 - (v.form === 'tag' ? 12 : 30) };
  }
  return moved;
}

// Neurons and scalars -------------------------------------------------------------------------------

/** Lines between two nodes up to which there is room for numbers on them. */
const FIGURED = 12;

function assemble(
  base: Scene,
  checked: Checked,
  names: ReadonlyMap<NodeId, NeuronLayer>,
  layers: ReadonlyMap<NodeId, OpenLayer | OpenArray>,
  frames: ReadonlyMap<string, Frame>,
): Scene {
  const nodes = new Map<NodeId, NodeVisual>();
  const edges = new Map<string, EdgeVisual>();
  const shows = new Map(base.shows ?? []);
  for (const v of base.nodes.values()) {
    const open = layers.get(v.id);
    if (!open) nodes.set(v.id, v);
    else {
      for (const part of open.nodes) nodes.set(part.id, part);
      for (const [node, parts] of open.shows) shows.set(node, parts);
    }
  }
  for (const e of base.edges.values()) {
    const [from, to] = [layers.get(e.from), layers.get(e.to)];
    if (!from && !to) {
      edges.set(e.id, e);
      continue;
    }
    const layer = names.get(e.to);
    // A closed layer's own neurons are ends too, as on its card.
    const ins =
      (to && 'ins' in to ? to.ins : null) ??
      (layer && e.kind !== 'plain' ? unitEnds(base.nodes.get(e.to)!, 'in').map((end) => ({ end, inputs: null })) : null);
    const outs = from?.outs ?? unitEnds(base.nodes.get(e.from)!, 'out');
    // A layer's value is that of its activation; any other node's is its own.
    const output = names.get(e.from)?.output ?? checked.expansion.output.get(e.from);
    const lines =
      to && 'into' in to
        ? to.into(e, outs.length > 0 ? outs : [{ node: e.from, units: EVERY }])
        : layer && ins
          ? intoNeurons(e, layer, outs, ins)
          : intoPort(e, base.nodes.get(e.to)!, checked, output, outs);
    // Where lines come together their numbers stand apart at the other end.
    const [starts, ends] = [lines.map((line) => line.from + line.start?.dy), lines.map((line) => line.to + line.end?.dy)].map(
      (all) => new Set(all).size,
    ) as [number, number];
    const isFan = starts < ends;
    const met = new Map<NodeId, number>();
    for (const line of lines) {
      // Where two or three meet, their numbers stand one behind the other.
      const before = met.get(line.to) ?? 0;
      met.set(line.to, before + 1);
      const along = isFan ? Math.max(0.3, 0.78 - 0.17 * before) : 0.26;
      const figured = { shows: 'base', along, withGradient: Math.min(starts, ends) === 1 } as const;
      edges.set(line.id, lines.length <= FIGURED ? { ...line, figured } : line);
    }
  }
  for (const open of layers.values()) for (const e of open.edges) edges.set(e.id, e);
  return { nodes, edges, frames, shows };
}

/** A node that has no units of its own feeds whatever takes it with all of its numbers. */
const EVERY = { from: 0, count: 1 << 30 };

/** The units of a card as ends of lines; a node without units is one end. */
function unitEnds(v: NodeVisual, side: 'in' | 'out'): readonly End[] {
  if (!v.units) return [];
  const { units } = v;
  const dx = side === 'in' ? -units.radius : units.radius;
  const ends: End[] = units.spots.map((spot, i) => ({
    node: v.id,
    units: { from: units.shown[i]!, count: 1 },
    spot: { dx: spot.dx + dx, dy: spot.dy },
  }));
  if (units.gap) {
    const from = units.shown.findIndex((unit, i) => unit !== i);
    ends.splice(from, 0, {
      node: v.id,
      units: { from, count: units.count - units.shown.length },
      spot: { dx: units.gap.dx, dy: units.gap.dy },
    });
  }
  return ends;
}

const lineBetween = (
  id: string,
  of: EdgeVisual,
  from: NodeId,
  to: NodeId,
  start: Spot | undefined,
  end: Spot | undefined,
  reads: Reads,
): EdgeVisual => ({
  id,
  from,
  to,
  port: of.port,
  label: '',
  kind: 'wire',
  severity: null,
  reads,
  of: of.id,
  ...(start && { start }),
  ...(end && { end }),
});

/** Every drawn input with every drawn neuron, or with the product that takes it. */
function intoNeurons(e: EdgeVisual, layer: NeuronLayer, outs: readonly End[], ins: OpenLayer['ins']): EdgeVisual[] {
  // Something that has no units of its own feeds all neurons with all of its numbers.
  const sources: readonly End[] = outs.length > 0 ? outs : [{ node: e.from, units: { from: 0, count: layer.inputs } }];
  const lines: EdgeVisual[] = [];
  for (const { end, inputs } of ins)
    for (const source of sources) {
      const single = end.units.count === 1 && source.units.count === 1;
      if (inputs === null) {
        const id = single ? weightId(e.to, end.units.from, source.units.from) : `${end.node}<${source.node}@${source.units.from}`;
        lines.push(lineBetween(id, e, source.node, end.node, source.spot, end.spot, weightReads(layer, end.units, source.units)));
        continue;
      }
      // A product takes its own input; the rest of the products take the rest.
      const last = source.units.from + source.units.count;
      if (last <= inputs.from || source.units.from >= inputs.from + inputs.count) continue;
      const at = source.units.count === 1 ? source.units : inputs;
      const slope = weightReads(layer, end.units, at).base;
      lines.push(
        lineBetween(
          `${end.node}<${source.node}@${source.units.from}`,
          e,
          source.node,
          end.node,
          source.spot,
          { dx: -17, dy: 0 },
          {
            base: { tap: { of: 'value', node: layer.from }, at: span(at) },
            factor: null,
            gradient: {
              tap: { of: 'gradient', node: layer.product },
              at: end.units.count === 1 ? one(end.units.from) : span(end.units),
            },
            slope,
          },
        ),
      );
    }
  return lines;
}

/** From every neuron into the port of a node that takes the layer's value as a whole. */
function intoPort(
  e: EdgeVisual,
  to: NodeVisual,
  checked: Checked,
  output: NodeId | undefined,
  outs: readonly End[],
): EdgeVisual[] {
  const port = to.ports.find((p) => p.name === e.port);
  // The edges by which the value goes on: the consumer's own, or those of its parts.
  const edges = checked.expansion.inner.get(e.id) ?? [];
  return outs.map((end) =>
    lineBetween(`${e.id}<${end.node}@${end.units.from}`, e, end.node, e.to, end.spot, port && { dx: port.dx, dy: port.dy }, {
      base: output === undefined ? null : { tap: { of: 'value', node: output }, at: span(end.units) },
      factor: null,
      ...alongAll(edges, span(end.units)),
    }),
  );
}

/** Room around an opened layer: what stands to the right, above and below moves away. */
function withParts(
  positions: Project['positions'],
  base: Scene,
  layers: ReadonlyMap<NodeId, OpenLayer | OpenArray>,
): Project['positions'] {
  if (layers.size === 0) return positions;
  const placed: Record<NodeId, Point> = {};
  const open = [...layers].map(([id, layer]) => {
    const { width, height } = base.nodes.get(id)!;
    const at = positions[id] ?? NOWHERE;
    return {
      id,
      at,
      right: Math.max(0, layer.reach.right - width / 2),
      // The frame's title stands above.
      extra: Math.max(0, layer.reach.half + 30 - height / 2),
      half: height / 2,
    };
  });
  // Layers that stand in one column need its room once.
  const columns = new Map<number, number>();
  for (const { at, right } of open) columns.set(Math.round(at.x / 40), Math.max(right, columns.get(Math.round(at.x / 40)) ?? 0));
  const shift = (id: NodeId, p: Point): Point => {
    let { x, y } = p;
    for (const [column, room] of columns) if (Math.round(p.x / 40) > column) x += room;
    for (const o of open) {
      if (o.id === id || Math.abs(p.x - o.at.x) > 130) continue;
      if (p.y - o.at.y > o.half * 0.5) y += o.extra;
      else if (o.at.y - p.y > o.half * 0.5) y -= o.extra;
    }
    return { x, y };
  };
  for (const [id, p] of Object.entries(positions)) {
    const at = shift(id, p);
    placed[id] = at;
    const layer = layers.get(id);
    if (layer) for (const [part, { dx, dy }] of layer.places) placed[part] = { x: at.x + dx, y: at.y + dy };
  }
  return placed;
}
