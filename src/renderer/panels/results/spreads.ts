/**
 * Spreads of all layers over one axis: from the least to the greatest number a thin line, one deviation around the
 * mean a thick one. In the table each spread whole, with the pace of the next update.
 */
import type { NodeId } from '../../../engine/graph/graph';
import type { Spread, Statistics } from '../../../engine/train/statistics';
import type { Ink } from '../../charts/colours';
import type { Picture, Point } from '../../charts/picture';
import { extent, type Plane, rounded, type Surface } from '../../charts/plane';
import { numberText } from '../../ui/format';

interface Line {
  readonly node: NodeId;
  readonly layer: string;
  readonly what: string;
  readonly colour: string;
  readonly spread: Spread;
  readonly ratio: number | null;
}

/** `hidden/weight` → `weight`. */
export const partOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

function linesOf(statistics: Statistics, nameOf: (node: NodeId) => string): readonly Line[] {
  return statistics.layers.flatMap(({ node, activation, gradient, parameters }) => {
    const line = (what: string, colour: string, spread: Spread, ratio: number | null = null): Line => ({
      node,
      layer: nameOf(node),
      what,
      colour,
      spread,
      ratio,
    });
    return [
      line('activation', '--group-activation', activation),
      ...(gradient ? [line('gradient of activation', '--group-reduction', gradient)] : []),
      ...parameters.flatMap((one) => [
        line(partOf(one.key), '--accent', one.weights, one.ratio),
        ...(one.gradient ? [line(`gradient of ${partOf(one.key)}`, '--group-reduction', one.gradient)] : []),
      ]),
    ];
  });
}

export function spreadsPicture(statistics: Statistics, nameOf: (node: NodeId) => string): Picture {
  const lines = linesOf(statistics, nameOf);
  const [low, high] = rounded(extent(lines.flatMap(({ spread }) => [spread.low, spread.high])));
  const bar = (context: Surface, plane: Plane, ink: Ink): void =>
    lines.forEach(({ spread, colour }, at) => {
      const y = plane.toY(at);
      const stroke = (from: number, to: number, width: number, alpha: number): void => {
        context.strokeStyle = ink.css(colour, alpha);
        context.lineWidth = width;
        context.beginPath();
        context.moveTo(plane.toX(from), y);
        context.lineTo(plane.toX(to), y);
        context.stroke();
      };
      stroke(spread.low, spread.high, 1.2, 0.8);
      stroke(spread.mean - spread.deviation, spread.mean + spread.deviation, 6, 0.45);
    });
  const points = lines.map(
    ({ node, layer, what, spread }, at): Point => ({
      x: spread.mean,
      y: at,
      text: `${layer}, ${what}: ${numberText(spread.mean, 3)} ± ${numberText(spread.deviation, 3)}, from ${numberText(spread.low, 3)} to ${numberText(spread.high, 3)}`,
      spot: { kind: 'neuron', node },
    }),
  );
  return {
    title: 'Inside the layers',
    summary: `Spreads of ${lines.length} kinds of numbers in ${statistics.layers.length} layers.`,
    x: { title: 'number', low, high },
    y: {
      title: '',
      low: -0.5,
      high: Math.max(1, lines.length) - 0.5,
      names: lines.map(({ layer, what }) => `${layer}: ${what}`),
    },
    downwards: true,
    series: [{ title: 'Mean', colour: '--text-2', look: 'dots', points }],
    legend: [],
    under: bar,
    table: () => ({
      columns: ['layer', 'numbers', 'count', 'mean', 'deviation', 'least', 'greatest', 'update to weight'],
      rows: lines.map(({ layer, what, spread, ratio }) => [
        layer,
        what,
        spread.count,
        spread.mean,
        spread.deviation,
        spread.low,
        spread.high,
        ratio,
      ]),
    }),
  };
}
