/**
 * What a gesture shows while it lasts, on top of the drawing: the connection that is being drawn, the lines
 * that a dragged node snaps to, the box that selects, the edge that would take a dropped node.
 */
import { curveBetween, edgeCurve, NOWHERE, outOf, portAt } from './geometry';
import type { InkState } from './ink-state';
import type { Pen } from './pen';

export function drawFeedback(pen: Pen, { scene, positions, theme, camera, feedback }: InkState): void {
  const c = pen.context;
  const hair = 1 / camera.zoom;
  const { connecting, box, guides, dropEdge } = feedback;
  if (dropEdge !== null) {
    const e = scene.edges.get(dropEdge);
    if (e) pen.stroke(edgeCurve(scene, positions, e), theme.accent, 4);
  }
  if (connecting) {
    const from = scene.nodes.get(connecting.from);
    if (from) {
      const start = outOf(from, positions[from.id] ?? NOWHERE);
      const refused = connecting.port !== null && connecting.ports.get(connecting.port) === false;
      const target = connecting.target === null || connecting.port === null ? null : scene.nodes.get(connecting.target);
      const port = target?.ports.find((p) => p.name === connecting.port);
      const end = port && target ? portAt(port, positions[target.id] ?? NOWHERE) : connecting.to;
      c.setLineDash(refused ? [6, 5] : []);
      pen.stroke(curveBetween(start, end), refused ? theme.danger : port ? theme.success : theme.accent, 2.4);
      c.setLineDash([]);
    }
  }
  c.strokeStyle = theme.accent;
  c.lineWidth = hair;
  for (const g of guides) {
    c.beginPath();
    if (g.axis === 'x') {
      c.moveTo(g.at, g.from - 12);
      c.lineTo(g.at, g.to + 12);
    } else {
      c.moveTo(g.from - 12, g.at);
      c.lineTo(g.to + 12, g.at);
    }
    c.stroke();
  }
  if (box) {
    c.beginPath();
    c.rect(box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1);
    c.globalAlpha = 0.08;
    c.fillStyle = theme.accent;
    c.fill();
    c.globalAlpha = 1;
    c.lineWidth = 1.2 * hair;
    c.stroke();
  }
}
