/**
 * A drawing as vectors, alone or against another: what was added, removed or changed stands out in
 * colour and by a sign, for those who do not tell the colours apart.
 * Places are the user's own. One writer makes the picture for dialogs and for reports, in names of colour
 * tokens, so that both look like the drawing itself.
 */
import type { Attrs, Node, NodeId } from '../../engine/graph/graph';
import type { Project } from '../../engine/graph/project';
import { opOf } from '../../engine/ops/index';
import { escapeMarkup } from '../ui/markup';

type Mark = 'same' | 'added' | 'removed' | 'changed';

export interface StructureChange {
  readonly mark: Exclude<Mark, 'same'>;
  /** `hidden: units 4 → 8`. */
  readonly text: string;
}

const nameOf = (node: Node): string => node.label ?? node.id;
const shown = (value: unknown): string =>
  Array.isArray(value) ? (value.length > 4 ? `${value.length} numbers` : `[${value.join(', ')}]`) : String(value ?? 'default');

function attrChanges(before: Attrs, after: Attrs): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => `${name} ${shown(before[name])} → ${shown(after[name])}`);
}

const sameEdge = (before: Project, after: Project, id: string): boolean => before.edges[id]?.from === after.edges[id]?.from;

/** Sentences on what differs, nodes before edges. */
export function structureChanges(before: Project, after: Project): readonly StructureChange[] {
  const list: StructureChange[] = [];
  for (const node of Object.values(after.nodes)) {
    const old = before.nodes[node.id];
    const title = opOf(node.op)?.title ?? node.op;
    if (!old) list.push({ mark: 'added', text: `${nameOf(node)}: ${title}` });
    else {
      const changes = [
        ...(old.op === node.op ? [] : [`${opOf(old.op)?.title ?? old.op} → ${title}`]),
        ...attrChanges(old.attrs, node.attrs),
      ];
      if (changes.length > 0) list.push({ mark: 'changed', text: `${nameOf(node)}: ${changes.join(', ')}` });
    }
  }
  for (const node of Object.values(before.nodes))
    if (!after.nodes[node.id]) list.push({ mark: 'removed', text: `${nameOf(node)}: ${opOf(node.op)?.title ?? node.op}` });
  for (const edge of Object.values(after.edges))
    if (!sameEdge(before, after, edge.id)) list.push({ mark: 'added', text: `Edge from ${edge.from} to ${edge.id}` });
  for (const edge of Object.values(before.edges))
    if (!sameEdge(before, after, edge.id)) list.push({ mark: 'removed', text: `Edge from ${edge.from} to ${edge.id}` });
  return list;
}

export const marks = {
  added: { title: 'Added', sign: '+', stroke: 'var(--success)', dash: '' },
  removed: { title: 'Removed', sign: '−', stroke: 'var(--danger)', dash: '5 4' },
  changed: { title: 'Changed', sign: '≠', stroke: 'var(--warning)', dash: '' },
} as const satisfies Readonly<Record<Exclude<Mark, 'same'>, object>>;
const lookOf = (mark: Mark): { readonly stroke: string | null; readonly dash: string } =>
  mark === 'same' ? { stroke: null, dash: '' } : marks[mark];

/** The sign of a mark in a disc of its colour. */
function badge(mark: Mark, x: number, y: number): string {
  if (mark === 'same') return '';
  const { sign, stroke } = marks[mark];
  return `<g transform="translate(${x} ${y})"><circle r="9" style="fill:${stroke};stroke:var(--canvas-bg)" stroke-width="2"/><text text-anchor="middle" y="4.5" font-size="13" font-weight="700" style="fill:var(--surface)">${sign}</text></g>`;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Widths of letters are guessed; a little room is left. */
const widthOf = (text: string, size: number): number => text.length * size * 0.6 + 22;
const HEIGHT = 46;
const SIZE = 13;
const SMALL = 11;
const MARGIN = 28;

interface Drawn {
  readonly node: Node;
  readonly at: { readonly x: number; readonly y: number };
  readonly mark: Mark;
  /** What is different about it, in a line. */
  readonly change: string;
}

const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

/** An `<svg>` of at most that width and height; larger drawings are scaled down as a whole. */
export function structureSvg(
  after: Project,
  most: { readonly width: number; readonly height: number },
  before: Project = after,
): string {
  const nodes = [
    ...Object.values(after.nodes).map((node): Drawn => {
      const old = before.nodes[node.id];
      const changes = old ? attrChanges(old.attrs, node.attrs) : [];
      const mark = !old ? 'added' : old.op !== node.op || changes.length > 0 ? 'changed' : 'same';
      return { node, at: after.positions[node.id] ?? { x: 0, y: 0 }, mark, change: cut(changes.join(', ')) };
    }),
    ...Object.values(before.nodes)
      .filter(({ id }) => !after.nodes[id])
      .map((node): Drawn => ({ node, at: before.positions[node.id] ?? { x: 0, y: 0 }, mark: 'removed', change: '' })),
  ];
  if (nodes.length === 0) return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>';
  const boxes = new Map<NodeId, Box>();
  for (const { node, at, mark, change } of nodes) {
    const w = Math.max(64, ...[subtitle(node), change].map((text) => widthOf(text, SMALL)), widthOf(nameOf(node), SIZE));
    const box = { x: at.x, y: at.y, w, h: change === '' ? HEIGHT : HEIGHT + 16 };
    // What took the place of something must not hide it.
    const covers = (other: Box): boolean =>
      Math.abs(other.x - box.x) < (other.w + box.w) / 2 && Math.abs(other.y - box.y) < (other.h + box.h) / 2 + 12;
    if (mark === 'removed') while ([...boxes.values()].some(covers)) box.y += 10;
    boxes.set(node.id, box);
  }
  const all = [...boxes.values()];
  const left = Math.min(...all.map(({ x, w }) => x - w / 2)) - MARGIN;
  const right = Math.max(...all.map(({ x, w }) => x + w / 2)) + MARGIN;
  const top = Math.min(...all.map(({ y, h }) => y - h / 2)) - MARGIN;
  const bottom = Math.max(...all.map(({ y, h }) => y + h / 2)) + MARGIN;
  const scale = Math.min(1, most.width / (right - left), most.height / (bottom - top));

  const edges = [
    ...Object.values(after.edges).map((edge) => ({ edge, mark: (sameEdge(before, after, edge.id) ? 'same' : 'added') as Mark })),
    ...Object.values(before.edges)
      .filter(({ id }) => !sameEdge(before, after, id))
      .map((edge) => ({ edge, mark: 'removed' as const })),
  ];
  const lines = edges.flatMap(({ edge, mark }) => {
    const [a, b] = [boxes.get(edge.from), boxes.get(edge.to)];
    if (!a || !b) return [];
    const [x1, x2] = [a.x + a.w / 2, b.x - b.w / 2];
    const bend = Math.max(24, Math.abs(x2 - x1) / 2);
    const { stroke, dash } = lookOf(mark);
    return `<path d="M${x1} ${a.y}C${x1 + bend} ${a.y} ${x2 - bend} ${b.y} ${x2} ${b.y}" fill="none" style="stroke:${stroke ?? 'var(--line-strong)'}" stroke-width="${mark === 'same' ? 1.5 : 2.2}"${dash ? ` stroke-dasharray="${dash}"` : ''}/>${badge(mark, (x1 + x2) / 2, (a.y + b.y) / 2)}`;
  });
  const drawn = nodes.map(({ node, mark, change }) => {
    const { x, y, w, h } = boxes.get(node.id)!;
    const group = `var(--group-${opOf(node.op)?.group ?? 'data'})`;
    const { stroke, dash } = lookOf(mark);
    const lift = change === '' ? 0 : -8;
    const faint = mark === 'removed' ? ' opacity="0.7"' : '';
    return `<g transform="translate(${x} ${y})"${faint}><rect x="${-w / 2}" y="${-h / 2}" width="${w}" height="${h}" rx="9" style="fill:var(--node-bg);stroke:${stroke ?? group}" stroke-width="${mark === 'same' ? 1.4 : 2.6}"${dash ? ` stroke-dasharray="${dash}"` : ''}/><text text-anchor="middle" y="${lift - 3}" font-size="${SIZE}" font-weight="600" style="fill:var(--text)">${escapeMarkup(nameOf(node))}</text><text text-anchor="middle" y="${lift + 13}" font-size="${SMALL}" style="fill:${group}">${escapeMarkup(subtitle(node))}</text>${change === '' ? '' : `<text text-anchor="middle" y="21" font-size="${SMALL}" font-weight="600" style="fill:${stroke}">${escapeMarkup(change)}</text>`}${badge(mark, w / 2 - 4, -h / 2 + 2)}</g>`;
  });
  const [width, height] = [(right - left) * scale, (bottom - top) * scale];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.round(width)}" height="${Math.round(height)}" viewBox="${left} ${top} ${right - left} ${bottom - top}" font-family="var(--font)">${lines.join('')}${drawn.join('')}</svg>`;
}

/** The kind of a node and its size. */
function subtitle({ op, attrs }: Node): string {
  const found = opOf(op);
  const title = found?.title ?? op;
  const size = attrs['units'] ?? attrs['filters'] ?? found?.attrs['units']?.default;
  const activation = attrs['activation'] ?? found?.attrs['activation']?.default;
  return [
    title,
    ...(typeof size === 'number' ? [String(size)] : []),
    ...(typeof activation === 'string' && activation !== 'identity' ? [activation] : []),
  ].join(' · ');
}
