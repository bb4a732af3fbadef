/** Counts as bars: of errors with the normal curve of the same mean and deviation, of sums under their activation. */
import type { Histogram } from '../../engine/train/analysis/histogram';
import type { OperatingPoints } from '../../engine/train/analysis/operating-points';
import { numberText, percentText, plural } from '../ui/format';
import type { Picture, Point } from './picture';
import { extent, widened } from './plane';

const barsOf = ({ edges, counts }: Histogram): readonly Point[] =>
  counts.map((count, at) => ({
    x: (edges[at]! + edges[at + 1]!) / 2,
    y: count,
    get text() {
      return `${numberText(edges[at]!, 3)} to ${numberText(edges[at + 1]!, 3)}: ${count}`;
    },
  }));

const widthOf = ({ edges }: Histogram): number => (edges[1] ?? 1) - (edges[0] ?? 0);

const tableOf = ({ edges, counts }: Histogram) => ({
  columns: ['from', 'to', 'count'],
  rows: counts.map((count, at) => [edges[at]!, edges[at + 1]!, count]),
});

const POINTS = 120;

export function errorsPicture(histogram: Histogram, what: string, shown: string): Picture {
  const { edges, counts, total, mean, deviation } = histogram;
  const [low, high] = [edges[0] ?? -1, edges.at(-1) ?? 1];
  const width = widthOf(histogram);
  const normal = (x: number): number =>
    (total * width * Math.exp(-((x - mean) ** 2) / (2 * deviation ** 2))) / (deviation * Math.sqrt(2 * Math.PI));
  const curve: readonly Point[] =
    deviation > 0
      ? Array.from({ length: POINTS }, (_, at) => {
          const x = low + ((high - low) * at) / (POINTS - 1);
          return { x, y: normal(x) };
        })
      : [];
  const top = Math.max(1, ...counts, ...curve.map(({ y }) => y));
  return {
    title: 'Spread of the errors',
    summary: `Errors of ${what} for ${shown} rows: mean ${numberText(mean, 3)}, standard deviation ${numberText(deviation, 3)}.`,
    x: { title: 'predicted − actual', low, high },
    y: { title: 'rows', low: 0, high: top * 1.05 },
    series: [
      { title: 'Rows', colour: '--accent', look: 'bars', width, points: barsOf(histogram) },
      { title: 'Normal curve of the same mean and deviation', colour: '--text-dim', look: 'line', dashed: true, points: curve },
    ],
    readings: () => [{ title: 'Rows', colour: '--accent', look: 'bars', points: barsOf(histogram) }],
    table: () => tableOf(histogram),
  };
}

/**
 * An activation and its slope over the sums of a batch: where they are many as bars (the tallest reaches the middle, they
 * have no scale of their own), and some of them as dots on the curve, each with its neuron.
 */
export function operatingPicture({ layer, sums, points, curve, title, rows, flat }: OperatingPoints, name: string): Picture {
  const [low, high] = widened(extent(curve.flatMap(({ value, slope }) => [value, slope])), 0.06);
  const top = Math.max(1, ...sums.counts);
  const height = (count: number): number => low + ((count / top) * (high - low)) / 2;
  const line = (of: 'value' | 'slope'): readonly Point[] =>
    curve.map((point) => ({
      x: point.x,
      y: point[of],
      get text() {
        return `sum ${numberText(point.x, 3)}: f ${numberText(point.value, 4)}, f′ ${numberText(point.slope, 4)}`;
      },
    }));
  const dots = points
    .toSorted((a, b) => a.sum - b.sum)
    .map(
      ({ unit, sum, value, slope }): Point => ({
        x: sum,
        y: value,
        get text() {
          return `Neuron ${unit + 1}: ${numberText(sum, 3)} in, ${numberText(value, 3)} out, slope ${numberText(slope, 3)}`;
        },
        spot: { kind: 'neuron', node: layer, index: unit },
      }),
    );
  return {
    title: `Activation of ${name}`,
    summary: `${title} of ${name} and its slope, with ${plural(sums.total, 'sum')} of ${plural(rows, 'row')}: mean ${numberText(sums.mean, 3)}, standard deviation ${numberText(sums.deviation, 3)}; ${percentText(flat)} of them lie where it is flat.`,
    x: { title: 'in: the sum', low: curve[0]!.x, high: curve.at(-1)!.x },
    y: { title: '', low, high },
    series: [
      { title: 'f', colour: '--group-activation', look: 'line', width: 2.2, points: line('value') },
      { title: 'f′', colour: '--text-dim', look: 'line', dashed: true, points: line('slope') },
      { title: 'Batch', colour: '--accent', look: 'dots', points: dots },
      { title: 'Sums', colour: '--accent', look: 'silent', points: barsOf(sums) },
    ],
    under: (context, plane, ink) => {
      context.fillStyle = ink.css('--accent', 0.22);
      sums.counts.forEach((count, at) => {
        const [left, right] = [plane.toX(sums.edges[at]!), plane.toX(sums.edges[at + 1]!)];
        const [foot, tip] = [plane.toY(low), plane.toY(height(count))];
        context.fillRect(left + 0.5, tip, Math.max(0.5, right - left - 1), foot - tip);
      });
    },
    table: () => ({
      columns: ['neuron', 'in', 'out', 'slope'],
      rows: points.map(({ unit, sum, value, slope }) => [unit + 1, sum, value, slope]),
    }),
  };
}
