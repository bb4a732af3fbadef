/**
 * Scene and positions together: where boxes, ports and neurons are, how a line runs, what lies under a
 * point. Everything is in the drawing's own coordinates; the camera is not known here.
 */
import type { EdgeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import { type Box, boxAround, holds, unionOf } from '../editor/gestures';
import type { EdgeVisual, NodeVisual, PortVisual, Scene } from './scene';

/** A line from (sx, sy) to (tx, ty) that leaves and arrives level, as two parabolas that meet halfway. */
export interface Curve {
  readonly sx: number;
  readonly sy: number;
  readonly ax: number;
  readonly ay: number;
  readonly bx: number;
  readonly by: number;
  readonly tx: number;
  readonly ty: number;
}

/** Weights bend less, so that each can be followed. */
const WEIGHT_BEND = 0.3;

export function curveBetween(s: Point, t: Point, bend = 0.4): Curve {
  const dx = t.x - s.x;
  // Backwards lines swing out, the more the farther they reach.
  const reach = dx > 0 ? Math.max(Math.min(30, dx), dx * bend) : 46 + Math.min(140, -dx * 0.25);
  // … and pass below what stands between, where they would run through it.
  const bow = dx > 0 ? 0 : Math.max(0, 120 - Math.abs(t.y - s.y));
  return { sx: s.x, sy: s.y, ax: s.x + reach, ay: s.y + bow, bx: t.x - reach, by: t.y + bow, tx: t.x, ty: t.y };
}

const straightBetween = (s: Point, t: Point): Curve => {
  const [dx, dy] = [t.x - s.x, t.y - s.y];
  return { sx: s.x, sy: s.y, ax: s.x + dx / 4, ay: s.y + dy / 4, bx: t.x - dx / 4, by: t.y - dy / 4, tx: t.x, ty: t.y };
};

export function pointOn(c: Curve, t: number): Point {
  const [mx, my] = [(c.ax + c.bx) / 2, (c.ay + c.by) / 2];
  if (t < 0.5) {
    const u = t * 2;
    const v = 1 - u;
    return { x: v * v * c.sx + 2 * u * v * c.ax + u * u * mx, y: v * v * c.sy + 2 * u * v * c.ay + u * u * my };
  }
  const u = t * 2 - 1;
  const v = 1 - u;
  return { x: v * v * mx + 2 * u * v * c.bx + u * u * c.tx, y: v * v * my + 2 * u * v * c.by + u * u * c.ty };
}

export function curveLength(c: Curve): number {
  let length = 0;
  let before = { x: c.sx, y: c.sy };
  for (let i = 1; i <= 8; i++) {
    const now = pointOn(c, i / 8);
    length += Math.hypot(now.x - before.x, now.y - before.y);
    before = now;
  }
  return length;
}

/** Distance of a point from a curve; infinite when it is clearly farther than `reach`. */
export function distanceTo(c: Curve, { x, y }: Point, reach: number): number {
  if (x < Math.min(c.sx, c.tx, c.bx) - reach || x > Math.max(c.sx, c.tx, c.ax) + reach) return Number.POSITIVE_INFINITY;
  if (y < Math.min(c.sy, c.ty) - reach || y > Math.max(c.sy, c.ty, c.ay, c.by) + reach) return Number.POSITIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  let before = { x: c.sx, y: c.sy };
  for (let i = 1; i <= 16; i++) {
    const now = pointOn(c, i / 16);
    least = Math.min(least, segmentDistance(before, now, x, y));
    before = now;
  }
  return least;
}

function segmentDistance(a: Point, b: Point, x: number, y: number): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  const t = square === 0 ? 0 : Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / square));
  return Math.hypot(x - a.x - t * dx, y - a.y - t * dy);
}

/** One drawn line of an edge: the whole edge, one weight, or one neuron's share. */
export interface Line {
  readonly edge: EdgeId;
  readonly curve: Curve;
  /** Index of the source's unit; −1: the source as a whole. */
  readonly source: number;
  /** Index of the target's unit; −1: the target as a whole. */
  readonly target: number;
}

export const NOWHERE: Point = { x: 0, y: 0 };
export const boxOfNode = (v: NodeVisual, at: Point): Box => boxAround(at, v.width, v.height);
export const outOf = (v: NodeVisual, at: Point): Point => ({ x: at.x + v.out.dx, y: at.y + v.out.dy });
export const portAt = (p: PortVisual, at: Point): Point => ({ x: at.x + p.dx, y: at.y + p.dy });

/** The line of an edge as a whole. */
export function edgeCurve(scene: Scene, positions: Project['positions'], e: EdgeVisual): Curve {
  const [from, to] = [scene.nodes.get(e.from)!, scene.nodes.get(e.to)!];
  if (e.kind === 'wire') {
    const [a, b] = [positions[e.from] ?? NOWHERE, positions[e.to] ?? NOWHERE];
    const [start, end] = [e.start ?? from.out, e.end ?? { dx: -to.width / 2, dy: 0 }];
    const [s, t] = [
      { x: a.x + start.dx, y: a.y + start.dy },
      { x: b.x + end.dx, y: b.y + end.dy },
    ];
    return e.straight ? straightBetween(s, t) : curveBetween(s, t, WEIGHT_BEND);
  }
  const port = to.ports.find((p) => p.name === e.port) ?? { dx: -to.width / 2, dy: 0, name: e.port, about: '', missing: false };
  return curveBetween(outOf(from, positions[e.from] ?? NOWHERE), portAt(port, positions[e.to] ?? NOWHERE));
}

/** Where the shape on an edge is written. */
export function labelSpot(scene: Scene, positions: Project['positions'], e: EdgeVisual, curve: Curve): Point {
  const middle = pointOn(curve, 0.5);
  if (e.kind !== 'weights') return middle;
  // Above the bundle, where no line crosses it.
  const tops = [e.from, e.to].map((id) => {
    const spots = scene.nodes.get(id)!.units!.spots;
    return (positions[id] ?? NOWHERE).y + Math.min(...spots.map((s) => s.dy));
  });
  return { x: middle.x, y: (tops[0]! + tops[1]!) / 2 - 18 };
}

/** The lines of an edge, as drawn up close. */
export function linesOf(scene: Scene, positions: Project['positions'], e: EdgeVisual): readonly Line[] {
  if (e.kind === 'plain' || e.kind === 'wire')
    return [{ edge: e.id, curve: edgeCurve(scene, positions, e), source: -1, target: -1 }];
  const [from, to] = [scene.nodes.get(e.from)!, scene.nodes.get(e.to)!];
  const [a, b] = [positions[e.from] ?? NOWHERE, positions[e.to] ?? NOWHERE];
  const lines: Line[] = [];
  const starts =
    e.kind === 'weights'
      ? from.units!.spots.map((s, i) => ({ x: a.x + s.dx + from.units!.radius, y: a.y + s.dy, index: from.units!.shown[i]! }))
      : [{ ...outOf(from, a), index: -1 }];
  to.units!.spots.forEach((spot, k) => {
    const end = { x: b.x + spot.dx - to.units!.radius, y: b.y + spot.dy };
    for (const start of starts)
      lines.push({ edge: e.id, curve: curveBetween(start, end, WEIGHT_BEND), source: start.index, target: to.units!.shown[k]! });
  });
  return lines;
}

/** Nodes later in the table lie on top. `reach` is what a pointer forgives, in the drawing's units. */
export function hitNode(scene: Scene, positions: Project['positions'], at: Point, reach = 0): NodeVisual | null {
  let found: NodeVisual | null = null;
  for (const v of scene.nodes.values()) {
    const p = positions[v.id] ?? NOWHERE;
    if (Math.abs(at.x - p.x) <= v.width / 2 + reach && Math.abs(at.y - p.y) <= v.height / 2 + reach) found = v;
  }
  return found;
}

export function hitHandle(scene: Scene, positions: Project['positions'], at: Point, reach: number): NodeVisual | null {
  let found: NodeVisual | null = null;
  for (const v of scene.nodes.values()) {
    const out = outOf(v, positions[v.id] ?? NOWHERE);
    if (Math.hypot(at.x - out.x, at.y - out.y) <= reach) found = v;
  }
  return found;
}

/** Index of the unit under a point, or null. */
export function hitUnit(v: NodeVisual, position: Point, at: Point): number | null {
  if (v.reads) return 0;
  if (v.form === 'neuron') return Math.hypot(at.x - position.x, at.y - position.y) <= v.width / 2 ? 0 : null;
  if (!v.units) return null;
  const { spots, shown, radius } = v.units;
  const found = spots.findIndex((s) => Math.hypot(at.x - position.x - s.dx, at.y - position.y - s.dy) <= radius + 1);
  return found < 0 ? null : shown[found]!;
}

/** The port of a node nearest to a point. */
export function nearestPort(v: NodeVisual, position: Point, at: Point): PortVisual | null {
  let found: PortVisual | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const port of v.ports) {
    const p = portAt(port, position);
    const away = Math.hypot(at.x - p.x, at.y - p.y);
    if (away < least) [found, least] = [port, away];
  }
  return found;
}

export function nearestLine(lines: Iterable<Line>, at: Point, reach: number): Line | null {
  let found: Line | null = null;
  let least = reach;
  for (const line of lines) {
    const away = distanceTo(line.curve, at, least);
    if (away < least) [found, least] = [line, away];
  }
  return found;
}

const GROUP_PADDING = 18;
export const GROUP_TITLE = 22;

/** Boxes of groups, with room for their titles. */
export function groupBoxes(scene: Scene, positions: Project['positions']): ReadonlyMap<string, Box> {
  const members = new Map<string, Box[]>();
  for (const v of scene.nodes.values()) {
    if (v.boxGroup === undefined) continue;
    const list = members.get(v.boxGroup) ?? [];
    const box = boxOfNode(v, positions[v.id] ?? NOWHERE);
    // Round nodes carry their name below.
    // A part's name stands elsewhere.
    list.push(v.form === 'circle' || v.form === 'neuron' ? { ...box, y2: box.y2 + 20 } : box);
    members.set(v.boxGroup, list);
  }
  const boxes = new Map<string, Box>();
  for (const [name, list] of members) {
    const box = unionOf(list)!;
    boxes.set(name, {
      x1: box.x1 - GROUP_PADDING,
      y1: box.y1 - GROUP_PADDING - GROUP_TITLE,
      x2: box.x2 + GROUP_PADDING,
      y2: box.y2 + GROUP_PADDING,
    });
  }
  return boxes;
}

export function hitGroup(boxes: ReadonlyMap<string, Box>, at: Point): string | null {
  for (const [name, box] of boxes) if (holds({ ...box, y2: box.y1 + GROUP_TITLE + 4 }, at)) return name;
  return null;
}
