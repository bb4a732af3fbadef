/**
 * A layer or a data column as its neurons: names, rims, what is left out in the middle. Their fill is the
 * overlay's while numbers are live.
 */
import type { Point } from '../../engine/graph/project';
import type { InkState } from './ink-state';
import { ANY_TEXT, type Pen, SMALL_TEXT } from './pen';
import type { NodeVisual } from './scene';

export function drawColumn(pen: Pen, v: NodeVisual, at: Point, color: string, state: InkState): void {
  const { theme, camera, live, feedback } = state;
  const c = pen.context;
  const units = v.units!;
  const top = at.y - v.height / 2;
  const bottom = at.y + v.height / 2;
  c.textAlign = 'center';
  c.textBaseline = 'alphabetic';
  if (camera.zoom >= ANY_TEXT) {
    pen.font(13, 600, v.title, v.width - 14);
    c.fillStyle = theme.text;
    c.fillText(v.title, at.x, top + 22);
  }
  if (camera.zoom >= SMALL_TEXT) {
    c.fillStyle = theme.textDim;
    const text = v.group === 'layer' ? `${units.count.toLocaleString('en-US')} × ${v.subtitle}` : v.subtitle;
    pen.font(11, 400, text, v.width - (v.group === 'layer' ? 36 : 14));
    if (v.group === 'layer' && v.plot) {
      const width = c.measureText(text).width;
      pen.plot(v.plot, at.x - width / 2 - 10, top + 32, 12, 9, color, 1.2);
      c.fillText(text, at.x + 8, top + 41);
    } else c.fillText(text, at.x, top + 41);
    if (v.meta !== '') {
      pen.font(10.5, 500, v.meta, v.width - 12);
      c.fillStyle = color;
      c.fillText(v.meta, at.x, bottom - 18);
    }
  }
  units.spots.forEach((spot, slot) => {
    const [x, y] = [at.x + spot.dx, at.y + spot.dy];
    const hovered = feedback.hoverUnit?.node === v.id && feedback.hoverUnit.index === units.shown[slot];
    c.beginPath();
    c.arc(x, y, units.radius, 0, 2 * Math.PI);
    if (!live) {
      c.fillStyle = theme.nodeBg;
      c.fill();
      c.globalAlpha = 0.12;
      c.fillStyle = color;
      c.fill();
      c.globalAlpha = 1;
    }
    c.strokeStyle = color;
    c.lineWidth = hovered ? 3 : 1.5;
    c.stroke();
    const label = units.labels[slot];
    if (label && camera.zoom >= SMALL_TEXT) {
      pen.font(10.5);
      c.textAlign = 'right';
      c.textBaseline = 'middle';
      c.fillStyle = theme.textDim;
      c.fillText(pen.fitted(label, x - units.radius - 6 - (at.x - v.width / 2 + 9)), x - units.radius - 6, y + 0.5);
    }
  });
  if (units.gap) {
    const [x, y] = [at.x + units.gap.dx, at.y + units.gap.dy];
    c.fillStyle = color;
    for (const dy of [-7, 0, 7]) {
      c.beginPath();
      c.arc(x, y + dy, 1.8, 0, 2 * Math.PI);
      c.fill();
    }
    if (camera.zoom >= SMALL_TEXT) {
      const hidden = units.count - units.shown.length;
      pen.font(10);
      c.textBaseline = 'middle';
      c.textAlign = units.gap.dx > 10 ? 'right' : 'left';
      c.fillStyle = theme.textDim;
      c.fillText(`${hidden.toLocaleString('en-US')} more`, x + (units.gap.dx > 10 ? -10 : 8), y);
    }
  }
}
