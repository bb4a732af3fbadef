/**
 * An activation and its slope, with where the network works on it: a dot on the curve for each number that the coming
 * batch puts in. Dots where the slope is all but 0 are neurons that hardly learn.
 */
import type { LayerStatistics } from '../../../engine/train/statistics';
import { scalarFunction } from '../../../engine/teach/scalar-function';
import type { Picture, Point } from '../../charts/picture';
import { extent, rounded, widened } from '../../charts/plane';
import { numberText, percentText } from '../../ui/format';

const STEPS = 240;
/** Seen in any case: where the common activations bend. */
const LEAST = 3;
const FLAT = 0.05;

export function activationPicture(layer: LayerStatistics, name: string, functionTitle: string): Picture | null {
  const { operating, node, op } = layer;
  const drawn = operating === null ? null : scalarFunction(op, operating.attrs);
  if (operating === null || drawn === null) return null;
  const seen = extent(operating.numbers);
  const [low, high] = widened([Math.min(seen[0], -LEAST), Math.max(seen[1], LEAST)], 0.04);
  const line = (of: (x: number) => number): readonly Point[] =>
    Array.from({ length: STEPS + 1 }, (_, at) => {
      const x = low + (at / STEPS) * (high - low);
      return { x, y: of(x) };
    });
  const [value, slope] = [line(drawn.value), line(drawn.derivative)];
  const points = operating.numbers
    .map((x, at): Point => {
      const [y, steep, unit] = [drawn.value(x), drawn.derivative(x), operating.units[at]!];
      return {
        x,
        y,
        text: `Neuron ${unit + 1}: ${numberText(x, 3)} in, ${numberText(y, 3)} out, slope ${numberText(steep, 3)}`,
        spot: { kind: 'neuron', node, index: unit },
      };
    })
    .sort((a, b) => a.x - b.x);
  const flat = points.filter(({ x }) => Math.abs(drawn.derivative(x)) < FLAT).length / Math.max(1, points.length);
  const [bottom, top] = rounded(extent([...value, ...slope].map(({ y }) => y)));
  return {
    title: `Activation of ${name}`,
    summary: `${functionTitle} and its slope, with ${points.length} operating points of ${name}; ${percentText(flat)} of them lie where it is flat.`,
    x: { title: 'in', low, high },
    y: { title: 'out', low: bottom, high: top },
    series: [
      { title: 'f', colour: '--group-activation', look: 'line', points: value },
      { title: 'f′', colour: '--text-dim', look: 'line', dashed: true, points: slope },
      { title: 'Batch', colour: '--accent', look: 'dots', points },
    ],
    table: () => ({
      columns: ['neuron', 'in', 'out', 'slope'],
      rows: points.map(({ x, y, spot }) => [spot?.kind === 'neuron' ? (spot.index ?? 0) + 1 : null, x, y, drawn.derivative(x)]),
    }),
  };
}
