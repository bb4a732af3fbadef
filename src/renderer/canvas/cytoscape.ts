/**
 * Scene → Cytoscape, and the only file that imports it. Cytoscape holds the camera, draws the nodes'
 * bodies and the lines between them, and lays graphs out. Texts, neurons and live numbers are drawn on
 * sibling canvases, and gestures are ours, so its own events stay off.
 */
import cytoscape from 'cytoscape';
import dagre from 'cytoscape-dagre';
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import type { Box } from '../editor/gestures';
import { type Curve, edgeCurve, groupBoxes, NOWHERE } from './geometry';
import { settle } from './layout';
import type { EdgeVisual, NodeVisual, Scene } from './scene';
import { plainTheme, type Theme } from './theme';

cytoscape.use(dagre);

export interface Camera {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

export const MIN_ZOOM = 0.06;
export const MAX_ZOOM = 3;

const groupNode = (name: string): string => `\u0001group ${name}`;

/** A curve in Cytoscape's terms: control points as shares along, and distances from, the straight line. */
export function controlsOf(c: Curve): { readonly weights: string; readonly distances: string } {
  const [dx, dy] = [c.tx - c.sx, c.ty - c.sy];
  const length = Math.hypot(dx, dy) || 1;
  const along = (x: number, y: number): number => ((x - c.sx) * dx + (y - c.sy) * dy) / (length * length);
  // Cytoscape's normal points so that positive distances lie to the right of the direction of travel.
  const aside = (x: number, y: number): number => ((x - c.sx) * -dy + (y - c.sy) * dx) / length;
  const text = (a: number, b: number): string => `${a.toFixed(4)} ${b.toFixed(4)}`;
  return {
    weights: text(along(c.ax, c.ay), along(c.bx, c.by)),
    distances: text(aside(c.ax, c.ay), aside(c.bx, c.by)),
  };
}

export class Drawing {
  readonly #cy: cytoscape.Core;
  #scene: Scene = { nodes: new Map(), edges: new Map() };
  #positions: Project['positions'] = {};
  #chosen: ReadonlySet<string> = new Set();

  constructor(container: HTMLElement | null) {
    this.#cy = cytoscape({
      ...(container ? { container } : { headless: true }),
      styleEnabled: true,
      style: styleOf(plainTheme) as unknown as cytoscape.StylesheetJson,
      minZoom: MIN_ZOOM,
      maxZoom: MAX_ZOOM,
      autoungrabify: true,
      autounselectify: true,
      userPanningEnabled: false,
      userZoomingEnabled: false,
      boxSelectionEnabled: false,
      ...(container && { pixelRatio: Math.min(2, globalThis.devicePixelRatio || 1) }),
    });
  }

  destroy(): void {
    this.#cy.destroy();
  }

  /** For tests and the layout: how many elements of each kind Cytoscape holds. */
  get counts(): { readonly nodes: number; readonly edges: number } {
    return { nodes: this.#cy.nodes('.node').length, edges: this.#cy.edges().length };
  }

  paint(theme: Theme): void {
    this.#cy.style(styleOf(theme) as unknown as cytoscape.StylesheetJson);
  }

  /** Brings Cytoscape to this scene, touching only what differs. */
  show(scene: Scene, positions: Project['positions']): void {
    const cy = this.#cy;
    const old = this.#scene;
    /** Nodes whose lines must be found anew though they may not have moved. */
    const fresh = new Set<NodeId>();
    cy.batch(() => {
      for (const id of old.edges.keys()) if (!isHeld(scene.edges.get(id))) cy.getElementById(`e ${id}`).remove();
      for (const id of old.nodes.keys()) if (!scene.nodes.has(id)) cy.getElementById(`n ${id}`).remove();
      const bodies: cytoscape.ElementDefinition[] = [];
      for (const v of scene.nodes.values()) {
        const before = old.nodes.get(v.id);
        const at = positions[v.id] ?? NOWHERE;
        if (!before) {
          bodies.push({
            group: 'nodes',
            data: nodeData(v),
            position: { ...at },
            classes: nodeClasses(v, this.#chosen.has(v.id)),
          });
          fresh.add(v.id);
        } else if (!sameNode(before, v)) {
          fresh.add(v.id);
          const node = cy.getElementById(`n ${v.id}`);
          node.data(nodeData(v));
          node.classes(nodeClasses(v, this.#chosen.has(v.id)));
        }
      }
      if (bodies.length > 0) cy.add(bodies);
      const wires: cytoscape.ElementDefinition[] = [];
      for (const e of scene.edges.values()) {
        if (!isHeld(e)) continue;
        const known = old.edges.get(e.id);
        const before = isHeld(known) ? known : undefined;
        if (before && before.from === e.from && before.to === e.to) {
          if (before.severity !== e.severity || before.kind !== e.kind)
            cy.getElementById(`e ${e.id}`).classes(edgeClasses(e, this.#chosen.has(e.id)));
          continue;
        }
        if (before) cy.getElementById(`e ${e.id}`).remove();
        fresh.add(e.to);
        wires.push({
          group: 'edges',
          data: { id: `e ${e.id}`, source: `n ${e.from}`, target: `n ${e.to}`, s: '50% 0', t: '-50% 0', w: '0.5', d: '0' },
          classes: edgeClasses(e, this.#chosen.has(e.id)),
        });
      }
      if (wires.length > 0) cy.add(wires);
    });
    this.#scene = scene;
    this.#positions = Object.fromEntries(Object.entries(this.#positions).filter(([id]) => !fresh.has(id)));
    this.move(positions);
    cy.batch(() => this.#frameGroups(positions));
  }

  /** Follows positions only: nodes that moved, the lines at them, the groups around them. */
  move(positions: Project['positions']): void {
    const cy = this.#cy;
    const before = this.#positions;
    const moved = new Set<NodeId>();
    cy.batch(() => {
      for (const id of this.#scene.nodes.keys()) {
        const at = positions[id] ?? NOWHERE;
        const was = before[id];
        if (was && was.x === at.x && was.y === at.y) continue;
        moved.add(id);
        cy.getElementById(`n ${id}`).position({ x: at.x, y: at.y });
      }
      for (const e of this.#scene.edges.values()) {
        if (!isHeld(e) || (!moved.has(e.from) && !moved.has(e.to))) continue;
        const curve = edgeCurve(this.#scene, positions, e);
        const { weights, distances } = controlsOf(curve);
        const [a, b] = [positions[e.from] ?? NOWHERE, positions[e.to] ?? NOWHERE];
        cy.getElementById(`e ${e.id}`).data({
          s: `${curve.sx - a.x}px ${curve.sy - a.y}px`,
          t: `${curve.tx - b.x}px ${curve.ty - b.y}px`,
          w: weights,
          d: distances,
        });
      }
      if (moved.size > 0) this.#frameGroups(positions);
    });
    this.#positions = positions;
  }

  #frameGroups(positions: Project['positions']): void {
    const cy = this.#cy;
    const boxes = groupBoxes(this.#scene, positions);
    cy.nodes('.group').forEach((element) => {
      if (!boxes.has(element.data('name') as string)) element.remove();
    });
    for (const [name, box] of boxes) {
      const middle = { x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2 };
      const size = { width: box.x2 - box.x1, height: box.y2 - box.y1 };
      const known = cy.getElementById(groupNode(name));
      if (known.nonempty()) {
        known.data(size);
        known.position(middle);
      } else cy.add({ group: 'nodes', data: { id: groupNode(name), name, ...size }, position: middle, classes: 'group' });
    }
  }

  choose(ids: ReadonlySet<string>): void {
    const before = this.#chosen;
    this.#chosen = ids;
    this.#cy.batch(() => {
      for (const id of before) if (!ids.has(id)) this.#element(id)?.removeClass('chosen');
      for (const id of ids) if (!before.has(id)) this.#element(id)?.addClass('chosen');
    });
  }

  #element(id: NodeId | EdgeId): cytoscape.CollectionReturnValue | null {
    if (this.#scene.nodes.has(id)) return this.#cy.getElementById(`n ${id}`);
    if (isHeld(this.#scene.edges.get(id))) return this.#cy.getElementById(`e ${id}`);
    return null;
  }

  // Camera ------------------------------------------------------------------------------------------

  get camera(): Camera {
    const { x, y } = this.#cy.pan();
    return { zoom: this.#cy.zoom(), x, y };
  }

  look(camera: Camera): void {
    this.#cy.viewport({ zoom: camera.zoom, pan: { x: camera.x, y: camera.y } });
  }

  /** After each picture that Cytoscape has drawn. */
  onDrawn(listener: () => void): void {
    this.#cy.on('render', listener);
  }

  resize(): void {
    this.#cy.resize();
  }

  /** Left to right by layers; `ids` empty: all nodes. The middle of the laid nodes stays where it was. */
  layout(ids: readonly NodeId[]): Readonly<Record<NodeId, Point>> {
    return layoutOf(this.#scene, this.#positions, ids);
  }

  /** What Cytoscape holds for a node or an edge, for tests. */
  describe(id: NodeId | EdgeId): { readonly classes: readonly string[]; readonly box: Box } | null {
    const element = this.#element(id);
    if (!element || element.empty()) return null;
    const { x1, y1, x2, y2 } = element.boundingBox();
    const { classes } = element.json() as unknown as { classes: string };
    return { classes: classes.split(' '), box: { x1, y1, x2, y2 } };
  }
}

/** A layout by dagre, on a Cytoscape of its own that draws nothing. */
export function layoutOf(scene: Scene, positions: Project['positions'], ids: readonly NodeId[]): Readonly<Record<NodeId, Point>> {
  const wanted = new Set(ids.length === 0 ? scene.nodes.keys() : ids);
  const before: Record<NodeId, Point> = {};
  const elements: cytoscape.ElementDefinition[] = [];
  for (const id of wanted) {
    const v = scene.nodes.get(id);
    if (!v) continue;
    before[id] = positions[id] ?? NOWHERE;
    elements.push({ data: nodeData(v), position: { ...before[id]! } });
  }
  for (const e of scene.edges.values())
    if (wanted.has(e.from) && wanted.has(e.to))
      elements.push({ data: { id: `e ${e.id}`, source: `n ${e.from}`, target: `n ${e.to}` } });
  const plain = cytoscape({
    headless: true,
    styleEnabled: true,
    elements,
    style: [{ selector: 'node', style: { width: 'data(width)', height: 'data(height)' } }] as unknown as cytoscape.StylesheetJson,
  });
  const options: dagre.DagreLayoutOptions = {
    name: 'dagre',
    rankDir: 'LR',
    nodeSep: 44,
    rankSep: 110,
    edgeSep: 16,
    fit: false,
    animate: false,
  };
  plain.layout(options).run();
  const laid: Record<NodeId, Point> = {};
  plain.nodes().forEach((node) => {
    const { x, y } = node.position();
    laid[node.id().slice(2)] = { x, y };
  });
  plain.destroy();
  return settle(laid, before);
}

/** Lines between parts are many and only the live layer draws them. */
const isHeld = (e: EdgeVisual | undefined): e is EdgeVisual => e !== undefined && e.kind !== 'wire';
const nodeData = (v: NodeVisual): Record<string, unknown> => ({ id: `n ${v.id}`, width: v.width, height: v.height });
const nodeClasses = (v: NodeVisual, chosen: boolean): string =>
  ['node', v.form, `of-${v.group}`, v.severity === 'error' ? 'fault' : '', chosen ? 'chosen' : ''].filter(Boolean).join(' ');
const edgeClasses = (e: EdgeVisual, chosen: boolean): string =>
  [e.kind === 'plain' ? 'plain' : 'bundle', e.severity === 'error' ? 'fault' : '', chosen ? 'chosen' : '']
    .filter(Boolean)
    .join(' ');
const sameNode = (a: NodeVisual, b: NodeVisual): boolean =>
  a.width === b.width &&
  a.height === b.height &&
  a.form === b.form &&
  a.group === b.group &&
  a.severity === b.severity &&
  a.boxGroup === b.boxGroup &&
  a.ports.length === b.ports.length;

interface Rule {
  readonly selector: string;
  readonly style: Readonly<Record<string, string | number>>;
}

/** Classes only: no live number ever becomes a style. */
function styleOf(theme: Theme): readonly Rule[] {
  const rules: Rule[] = [
    { selector: '*', style: { events: 'no', 'overlay-opacity': 0, 'z-index-compare': 'manual' } },
    {
      selector: 'node.node',
      style: {
        width: 'data(width)',
        height: 'data(height)',
        shape: 'round-rectangle',
        'corner-radius': '12px',
        'background-color': theme.nodeBg,
        'border-width': 1.25,
        'border-color': theme.nodeBorder,
        'underlay-color': '#0c0c20',
        'underlay-opacity': 0.05,
        'underlay-padding': '3px',
        'underlay-shape': 'round-rectangle',
        'underlay-corner-radius': '14px',
        'z-index': 3,
      },
    },
    { selector: 'node.pill', style: { 'corner-radius': '100px', 'underlay-corner-radius': '100px' } },
    {
      selector: 'node.circle, node.neuron, node.dot',
      style: { shape: 'ellipse', 'underlay-shape': 'ellipse', 'border-width': 1.75 },
    },
    { selector: 'node.tag', style: { 'corner-radius': '4px', 'underlay-opacity': 0, 'border-width': 1, 'z-index': 4 } },
    {
      selector: 'node.rest',
      style: { 'corner-radius': '15px', 'border-style': 'dashed', 'background-opacity': 0.8, 'underlay-opacity': 0 },
    },
    {
      selector: 'node.column',
      style: { 'corner-radius': '16px', 'background-opacity': 0.72, 'underlay-opacity': 0.025, 'underlay-corner-radius': '19px' },
    },
    ...Object.entries(theme.groups).flatMap(([group, color]): Rule[] => [
      {
        selector: `node.circle.of-${group}, node.neuron.of-${group}, node.dot.of-${group}, node.tag.of-${group}`,
        style: { 'border-color': color },
      },
    ]),
    { selector: 'node.fault', style: { 'border-color': theme.danger, 'border-width': 2 } },
    {
      selector: 'node.chosen',
      style: {
        'border-color': theme.accent,
        'border-width': 2,
        'underlay-color': theme.accent,
        'underlay-opacity': 0.2,
        'underlay-padding': '4px',
      },
    },
    {
      selector: 'node.group',
      style: {
        width: 'data(width)',
        height: 'data(height)',
        shape: 'round-rectangle',
        'corner-radius': '18px',
        'background-color': theme.accent,
        'background-opacity': 0.05,
        'border-width': 1.25,
        'border-style': 'dashed',
        'border-color': theme.accent,
        'border-opacity': 0.45,
        'z-index': 0,
      },
    },
    {
      selector: 'edge',
      style: {
        'curve-style': 'unbundled-bezier',
        'edge-distances': 'endpoints',
        'source-endpoint': 'data(s)',
        'target-endpoint': 'data(t)',
        'control-point-weights': 'data(w)',
        'control-point-distances': 'data(d)',
        width: 1.6,
        'line-color': theme.line,
        'line-opacity': 0.6,
        'line-cap': 'round',
        'z-index': 2,
      },
    },
    { selector: 'edge.fault', style: { 'line-color': theme.danger, 'line-style': 'dashed', 'line-opacity': 1, width: 2 } },
    { selector: 'edge.chosen', style: { 'line-color': theme.accent, 'line-opacity': 1, width: 3 } },
    // Lines of single weights are the overlay's; here they only carry the connection.
    { selector: 'edge.bundle', style: { 'line-opacity': 0 } },
  ];
  return rules;
}
