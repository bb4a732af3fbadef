/**
 * Where the strokes of a project's small picture go. Two forms: a chain of layers as columns of neurons
 * with lines between them, anything else as boxes at the places where the user put them.
 */
import { check } from '../../engine/compile/check';
import { linksOf, type NodeId } from '../../engine/graph/graph';
import type { Project } from '../../engine/graph/project';
import { sampleSize } from '../../engine/ir/shape';
import { opOf } from '../../engine/ops/index';
import type { OpGroup } from '../../engine/ops/op';

export type Picture =
  | {
      readonly kind: 'columns';
      readonly dots: readonly { x: number; y: number; r: number; group: OpGroup }[];
      readonly lines: readonly {
        x1: number;
        y1: number;
        x2: number;
        y2: number;
        width: number;
        positive: boolean;
        faint: number;
      }[];
      readonly more: readonly { x: number; y: number; text: string }[];
    }
  | {
      readonly kind: 'boxes';
      readonly boxes: readonly { x: number; y: number; w: number; h: number; text: string; font: number; group: OpGroup }[];
      readonly paths: readonly string[];
    };

const MOST_DOTS = 7;

export function networkPicture(project: Project, width: number, height: number): Picture {
  return columns(project, width, height) ?? boxes(project, width, height);
}

/** From the prediction back to the input, as long as it is one chain of layers. */
function chainOf(project: Project): { group: OpGroup; size: number }[] | null {
  const { prediction, shapes } = check(project, null);
  const links = linksOf(project);
  const chain: { group: OpGroup; size: number }[] = [];
  const seen = new Set<NodeId>();
  for (let id: NodeId | undefined = prediction ?? undefined; id !== undefined && !seen.has(id); ) {
    seen.add(id);
    const node = project.nodes[id]!;
    const op = opOf(node.op);
    const shape = shapes.get(id);
    if (!op || !shape) return null;
    const into: NodeId[] = [...(links.into.get(id)?.values() ?? [])].map((edge) => edge.from);
    if (op.kind === 'source') {
      if (op.role !== 'input') return null;
      chain.unshift({ group: 'data', size: sampleSize(shape) });
      return chain.length > 1 ? chain : null;
    }
    if (into.length !== 1) return null;
    // An activation of its own is drawn with the layer that it follows.
    if (op.group === 'layer') chain.unshift({ group: 'layer', size: sampleSize(shape) });
    else if (op.group !== 'activation') return null;
    id = into[0];
  }
  return null;
}

function columns(project: Project, width: number, height: number): Picture | null {
  const chain = chainOf(project);
  if (chain === null) return null;
  const dots: { x: number; y: number; r: number; group: OpGroup }[] = [];
  const lines: { x1: number; y1: number; x2: number; y2: number; width: number; positive: boolean; faint: number }[] = [];
  const more: { x: number; y: number; text: string }[] = [];
  const margin = 26;
  const step = chain.length > 1 ? Math.min(86, (width - 2 * margin) / (chain.length - 1)) : 0;
  const left = (width - step * (chain.length - 1)) / 2;
  const places = chain.map(({ size, group }, column) => {
    const count = Math.min(size, MOST_DOTS);
    const gap = Math.min(22, (height - 34) / Math.max(1, MOST_DOTS - 1));
    const r = Math.min(6.5, gap * 0.36);
    const x = left + step * column;
    if (size > MOST_DOTS) more.push({ x, y: height - 4, text: String(size) });
    const middle = height / 2 - (size > MOST_DOTS ? 4 : 0);
    return Array.from({ length: count }, (_, at) => {
      const dot = {
        x,
        y: middle + (at - (count - 1) / 2) * gap,
        r,
        group: column === chain.length - 1 ? ('loss' as const) : group,
      };
      dots.push(dot);
      return dot;
    });
  });
  places.forEach((column, at) => {
    if (at === 0) return;
    for (const [i, to] of column.entries())
      for (const [j, from] of places[at - 1]!.entries()) {
        // Untrained weights have no numbers to show; a fixed pattern stands for "positive and negative".
        const wave = Math.sin(i * 12.9898 + j * 78.233 + at * 37.719) * 43758.5453;
        const value = wave - Math.floor(wave);
        lines.push({
          x1: from.x,
          y1: from.y,
          x2: to.x,
          y2: to.y,
          width: 0.6 + value * 1.3,
          positive: (i * 7 + j * 3 + at) % 5 > 1,
          faint: 0.25 + value * 0.4,
        });
      }
  });
  return { kind: 'columns', dots, lines, more };
}

function boxes(project: Project, width: number, height: number): Picture {
  const entries = Object.values(project.nodes).map((node) => ({
    node,
    at: project.positions[node.id] ?? { x: 0, y: 0 },
    op: opOf(node.op),
  }));
  const xs = entries.map(({ at }) => at.x);
  const ys = entries.map(({ at }) => at.y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const margin = 24;
  const scale = Math.min(
    (width - 2 * margin) / Math.max(1, right - left),
    (height - 2 * margin) / Math.max(1, bottom - top),
    0.6,
  );
  const h = Math.max(9, Math.min(22, 60 * scale));
  const place = ({ x, y }: { x: number; y: number }): [number, number] => [
    width / 2 + (x - (left + right) / 2) * scale,
    height / 2 + (y - (top + bottom) / 2) * scale,
  ];
  const font = h * 0.52;
  const placed = new Map(
    entries.map(({ node, at, op }) => {
      const [x, y] = place(at);
      const glyph = op?.glyph ?? '?';
      const text = h < 12 ? '' : glyph;
      return [
        node.id,
        { x, y, w: Math.max(h, text.length * font * 0.62 + h * 0.7), h, text, font, group: op?.group ?? ('data' as const) },
      ];
    }),
  );
  const paths = Object.values(project.edges).flatMap(({ from, to }) => {
    const [a, b] = [placed.get(from), placed.get(to)];
    if (!a || !b) return [];
    const [x1, x2] = [a.x + a.w / 2, b.x - b.w / 2];
    const bend = Math.max(8, Math.abs(x2 - x1) / 2);
    return [`M${x1} ${a.y}C${x1 + bend} ${a.y} ${x2 - bend} ${b.y} ${x2} ${b.y}`];
  });
  return { kind: 'boxes', boxes: [...placed.values()], paths };
}
