/** What the card at the pointer says of a line or a neuron: its name, and its numbers in full. */
import type { NodeId } from '../../engine/graph/graph';
import { partOf } from '../editor/lens';
import type { Line } from './geometry';
import type { Reading } from './live';
import type { EdgeVisual } from './scene';
import type { Stage } from './stage';

export interface CardRow {
  readonly name: string;
  readonly value: number;
}

export interface Card {
  readonly title: string;
  readonly note: string;
  readonly rows: readonly CardRow[];
}

function unitName(stage: Stage, node: NodeId, index: number): string {
  const v = stage.scene.nodes.get(node);
  if (v?.reads) return v.title;
  const label = v?.units?.labels[v.units.shown.indexOf(index)];
  if (v?.group === 'data') return label ? `${label}` : `${v.title} ${index + 1}`;
  return v?.form === 'neuron' ? v.title : `${v?.title ?? node}, neuron ${index + 1}`;
}

export function unitCard(stage: Stage, node: NodeId, index: number): Card {
  const reading = stage.partReading(node);
  if (reading)
    return {
      title: unitName(stage, node, index),
      note: '',
      rows: rowsOf([
        ['value', reading.forward],
        ['gradient', reading.gradient],
      ]),
    };
  const value = stage.unitValue(node, index);
  return { title: unitName(stage, node, index), note: '', rows: rowsOf([['value', value]]) };
}

const rowsOf = (numbers: readonly (readonly [string, number | null])[]): readonly CardRow[] =>
  numbers.flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));

/** A composite may use an input more than once: then the sum is shown as a sum. */
const gradientRows = (name: string, { gradient, parts }: Reading): readonly (readonly [string, number | null])[] =>
  parts.length < 2
    ? [[name, gradient]]
    : [...parts.map((part, i) => [`by use ${i + 1}`, part] as const), [`${name}, the sum`, gradient]];

/** A line between parts: a weight with what goes through it, or a number on its way with what flows back. */
function wireCard(stage: Stage, line: Line, e: EdgeVisual): Card {
  const [from, to] = [e.from, e.to].map((id) => stage.scene.nodes.get(id));
  const count = e.reads?.base ? e.reads.base.at.count * e.reads.base.at.times : 1;
  const index = stage.scene.nodes.get(e.from)?.units && e.reads?.factor ? e.reads.factor.at.start : -1;
  const title = `${index >= 0 && count === 1 ? unitName(stage, e.from, index) : (from?.title ?? e.from)} → ${to?.title ?? e.to}`;
  const reading = stage.readingOf(line);
  const note = count > 1 ? `root mean square of ${count.toLocaleString('en-US')} numbers` : '';
  if (!reading) return { title, note, rows: [] };
  return {
    title,
    note,
    rows:
      reading.factor === null
        ? rowsOf([['value', reading.base], ...gradientRows('gradient along it', reading)])
        : rowsOf([
            ['weight w', reading.base],
            ['input x', reading.factor],
            ['w · x', reading.forward],
            [partOf(e.id) === null ? 'gradient along it' : 'gradient ∂L/∂w', reading.gradient],
          ]),
  };
}

export function lineCard(stage: Stage, line: Line): Card | null {
  const e = stage.scene.edges.get(line.edge);
  if (!e) return null;
  if (e.kind === 'wire') return wireCard(stage, line, e);
  const [from, to] = [stage.scene.nodes.get(e.from), stage.scene.nodes.get(e.to)];
  const reading = stage.readingOf(line);
  const ofUnit = line.target >= 0;
  const title = ofUnit
    ? `${line.source >= 0 ? unitName(stage, e.from, line.source) : (from?.title ?? e.from)} → ${unitName(stage, e.to, line.target)}`
    : `${from?.title ?? e.from} → ${to?.title ?? e.to}`;
  const isMany = ofUnit ? line.source < 0 : (reading?.factor ?? null) === null && !/^(n|scalar)$/.test(e.label);
  const note = ofUnit
    ? line.source >= 0
      ? ''
      : 'root mean square of its weights'
    : `input ${e.port}, ${e.label || 'shape not known yet'}${isMany && reading ? '; root mean square, sign of the mean' : ''}`;
  if (!reading) return { title, note, rows: [] };
  const numbers: readonly (readonly [string, number | null])[] =
    reading.factor !== null
      ? [
          ['weight w', reading.base],
          ['input x', reading.factor],
          ['w · x', reading.forward],
          ['gradient ∂L/∂w', reading.gradient],
        ]
      : [['value', reading.base], ...gradientRows('gradient', reading)];
  return { title, note, rows: rowsOf(numbers) };
}
