/**
 * How one node is written: cards, circles, neurons and the parts that a lens shows, with their ports, rings
 * and badges. Bodies are Cytoscape's and live numbers the overlay's, so this is what lies on top of both.
 */
import type { Point } from '../../engine/graph/project';
import { drawColumn } from './column-ink';
import { outOf, portAt } from './geometry';
import type { InkState } from './ink-state';
import { ANY_TEXT, type Pen, SMALL_TEXT } from './pen';
import type { NodeVisual } from './scene';
import type { Theme } from './theme';

export function drawNode(pen: Pen, v: NodeVisual, at: Point, state: InkState): void {
  const { theme, camera, selection, feedback } = state;
  const c = pen.context;
  const color = theme.groups[v.group];
  const zoom = camera.zoom;
  if (feedback.stepping.includes(v.id)) pen.ring(v, at, theme.accent, 5, 3, [7, 5]);
  if (feedback.focused === v.id) pen.ring(v, at, theme.accent, 6, 2);
  if (feedback.pointed === v.id && v.owner === undefined) pen.ring(v, at, theme.accent, 4, 1.4);
  switch (v.form) {
    case 'column':
      drawColumn(pen, v, at, color, state);
      break;
    case 'circle':
      drawCircle(pen, v, at, color, state);
      break;
    case 'neuron':
      drawNeuron(pen, v, at, color, state);
      break;
    case 'dot':
    case 'tag':
    case 'rest':
    case 'map':
      drawPart(pen, v, at, color, state);
      break;
    default:
      drawCard(pen, v, at, color, state);
  }
  if (zoom >= ANY_TEXT && (v.owner === undefined || v.form === 'map')) drawPorts(pen, v, at, color, state);
  if (v.severity === 'error' || v.severity === 'warning')
    pen.badge(at.x + v.width / 2 - 4, at.y - v.height / 2 + 4, v.severity === 'error' ? theme.danger : theme.warning, theme);
  if (selection.has(v.id) && zoom < ANY_TEXT) pen.ring(v, at, theme.accent, 6, 3 / zoom);
  c.globalAlpha = 1;
}

function drawCard(pen: Pen, v: NodeVisual, at: Point, color: string, { theme, camera }: InkState): void {
  const c = pen.context;
  const left = at.x - v.width / 2;
  const names = v.portColumn;
  const tile = v.form === 'pill' ? 32 : 34;
  const x = left + names + (v.form === 'pill' ? 8 : 11);
  const y = at.y - tile / 2;
  c.fillStyle = color;
  c.globalAlpha = 0.14;
  c.beginPath();
  c.roundRect(x, y, tile, tile, v.form === 'pill' ? tile / 2 : 9);
  c.fill();
  c.globalAlpha = 1;
  if (v.plot) pen.plot(v.plot, x + 6, y + 7, tile - 12, tile - 14, color);
  else pen.glyph(v.glyph, x + tile / 2, at.y, tile - 8, 17, color);
  if (camera.zoom < ANY_TEXT) return;
  const tx = x + tile + 9;
  const room = left + v.width - 12 - tx;
  c.textAlign = 'left';
  c.textBaseline = 'middle';
  const lines = [...v.lines];
  const small = camera.zoom >= SMALL_TEXT;
  const third = small && v.meta !== '' && v.form !== 'pill';
  const readable = lines.reduce((a, b) => (a.length > b.length ? a : b), '');
  const legible = small && pen.font(11, 400, readable, room);
  const lineSize = pen.size;
  pen.font(13, 600, v.title, room);
  const rows = 1 + (legible ? lines.length : 0) + (third ? 1 : 0);
  // Writing that has grown needs lines farther apart, as far as the card is high enough.
  const pitch = Math.max(17, Math.min(0.61 * (pen.size + lineSize), (v.height - 10) / rows));
  let y0 = at.y - ((rows - 1) * pitch) / 2;
  c.fillStyle = theme.text;
  c.fillText(v.title, tx, y0);
  if (legible) {
    c.fillStyle = theme.textDim;
    pen.font(11, 400, readable, room);
    for (const text of lines) {
      y0 += pitch;
      c.fillText(text, tx, y0);
    }
  }
  if (third && pen.font(10.5, 500, v.meta, room)) {
    c.fillStyle = color;
    c.fillText(v.meta, tx, y0 + pitch);
  }
  if (v.objective) {
    pen.font(9.5, 600);
    c.fillStyle = theme.textDim;
    c.textAlign = 'center';
    c.fillText('minimised', at.x, at.y + v.height / 2 + 14);
  }
}

function drawCircle(pen: Pen, v: NodeVisual, at: Point, color: string, { theme, camera }: InkState): void {
  pen.glyph(v.glyph, at.x, at.y, v.width - 16, 24, color);
  drawCaption(pen, v, at, theme, camera.zoom);
}

function drawCaption(pen: Pen, v: NodeVisual, at: Point, theme: Theme, zoom: number): void {
  if (zoom < ANY_TEXT) return;
  const c = pen.context;
  c.textAlign = 'center';
  c.textBaseline = 'alphabetic';
  pen.font(11.5, 600);
  c.fillStyle = theme.text;
  c.fillText(v.title, at.x, at.y + v.height / 2 + 15);
  if (zoom < SMALL_TEXT || v.form === 'circle') return;
  pen.font(10.5);
  c.fillStyle = theme.textDim;
  c.fillText([v.subtitle, v.meta].filter(Boolean).join(', '), at.x, at.y + v.height / 2 + 15 + 1.24 * pen.size);
}

function drawNeuron(pen: Pen, v: NodeVisual, at: Point, color: string, state: InkState): void {
  const r = v.width / 2;
  if (v.plot) pen.plot(v.plot, at.x - r * 0.5, at.y - r * 0.4, r, r * 0.8, state.live ? state.theme.text : color);
  else pen.glyph('Σ', at.x, at.y, v.width - 20, 26, color);
  drawCaption(pen, v, at, state.theme, state.camera.zoom);
}

/** Parts seen through a lens. Their numbers and maps are the overlay's. */
function drawPart(
  pen: Pen,
  v: NodeVisual,
  at: Point,
  color: string,
  { theme, camera, live, selection, feedback }: InkState,
): void {
  const c = pen.context;
  const left = at.x - v.width / 2;
  if (selection.has(v.id) || feedback.hover === v.id || feedback.pointed === v.id)
    pen.ring(v, at, theme.accent, 3, selection.has(v.id) ? 2.4 : 1.4);
  c.textBaseline = 'middle';
  if (v.form === 'dot') {
    const r = v.width / 2;
    const ink = live ? theme.text : color;
    // Above its number, where it has one.
    const y = at.y - (r >= 20 ? r * 0.3 : 0);
    if (v.plot) pen.plot(v.plot, at.x - r * 0.42, y - r * 0.3, r * 0.84, r * 0.55, ink, 1.5);
    else pen.glyph(v.glyph, at.x, y, r * 1.3, r >= 20 ? 14 : 16, ink);
    if (v.subtitle !== '' && camera.zoom >= SMALL_TEXT && pen.font(9)) {
      c.textAlign = 'right';
      c.fillStyle = theme.textDim;
      c.fillText(v.subtitle, left - 3, at.y - r * 0.75);
    }
    return;
  }
  if (v.form === 'rest') {
    if (camera.zoom < ANY_TEXT) return;
    c.textAlign = 'center';
    pen.font(9.5, 500, v.title, v.width - 8);
    c.fillStyle = theme.textDim;
    c.fillText(`… ${v.title}`, at.x, at.y);
    return;
  }
  if (v.form === 'tag' || camera.zoom < ANY_TEXT) return;
  const top = at.y - v.height / 2;
  c.textAlign = 'left';
  pen.glyph(v.glyph, left + 20, top + 17, 20, 15, color);
  pen.font(12, 600, v.title, v.width - 44);
  c.fillStyle = theme.text;
  c.textAlign = 'left';
  c.fillText(v.title, left + 36, top + 15);
  if (camera.zoom >= 0.62 && pen.font(9.5, 400, v.subtitle, v.width - 44)) {
    c.fillStyle = theme.textDim;
    c.fillText(v.subtitle, left + 36, top + 28);
  }
}

function drawPorts(pen: Pen, v: NodeVisual, at: Point, color: string, { theme, camera, feedback }: InkState): void {
  const c = pen.context;
  const targeted = feedback.connecting?.target === v.id ? feedback.connecting : null;
  // A layer's lines end at its neurons, so its ports step back.
  const small = v.form === 'column' ? 2.8 : 3.6;
  for (const port of v.ports) {
    const p = portAt(port, at);
    const allowed = targeted?.ports.get(port.name);
    const chosen = targeted !== null && targeted.port === port.name;
    c.beginPath();
    c.arc(p.x, p.y, chosen ? 6.5 : allowed ? 5 : port.missing ? 4.6 : small, 0, 2 * Math.PI);
    c.fillStyle = allowed === true ? theme.success : allowed === false && chosen ? theme.danger : theme.nodeBg;
    c.fill();
    c.lineWidth = port.missing ? 2.2 : 1.5;
    c.strokeStyle = allowed === true ? theme.success : port.missing || (allowed === false && chosen) ? theme.danger : color;
    c.stroke();
    if (!v.portNames || camera.zoom < SMALL_TEXT) continue;
    if (!pen.font(10, 400, port.name, v.portColumn - 10)) continue;
    c.fillStyle = theme.textDim;
    c.textBaseline = 'middle';
    if (v.form === 'circle') {
      c.textAlign = 'left';
      c.fillText(port.name, p.x + 6, p.y + (port.dy < 0 ? 2 : 0));
    } else {
      c.textAlign = 'left';
      c.fillText(port.name, p.x + 9, p.y + 0.5);
    }
  }
  const out = outOf(v, at);
  const reaching = feedback.hover === v.id || feedback.connecting?.from === v.id;
  c.beginPath();
  c.arc(out.x, out.y, reaching ? 6.5 : small, 0, 2 * Math.PI);
  c.fillStyle = reaching ? theme.accent : color;
  c.fill();
  if (reaching) {
    c.strokeStyle = theme.bg;
    c.lineWidth = 1.6;
    c.beginPath();
    c.moveTo(out.x - 3, out.y);
    c.lineTo(out.x + 3, out.y);
    c.moveTo(out.x, out.y - 3);
    c.lineTo(out.x, out.y + 3);
    c.stroke();
  }
}
