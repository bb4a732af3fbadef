/**
 * The spread of a layer's numbers over the epochs, as a strip: across when, up which value, the stronger the more of
 * the numbers had it. Each stretch of training has its own range, so that all are laid on one scale here.
 */
import type { HistoryReport } from '../../engine/train/analysis/layer-history';
import { BINS } from '../../engine/train/analysis/strip';
import { numberText } from '../ui/format';
import type { Ink } from './colours';
import type { Picture, Point, Series } from './picture';
import { extent, type Plane, type Surface, widened } from './plane';
import { ramp, raster, shade } from './raster';

const ROWS = 96;
const MOST_COLUMNS = 240;

export function stripPicture(title: string, quantity: string, { epochs, strip }: HistoryReport): Picture {
  const count = epochs.length;
  const { low, high, mean, deviation, shares } = strip!;
  const some = count > 0;
  const [from, to] = some ? [epochs[0]!, epochs[count - 1]!] : [0, 1];
  // The last stretch is still open; it is as long as those before it.
  const end = count > 1 ? to + (to - from) / (count - 1) : from + 1;
  const [bottom, top] = some ? widened(extent([...low, ...high]), 0.03) : [-1, 1];
  const stretchAt = (epoch: number): number => {
    let [first, last] = [0, count - 1];
    while (first < last) {
      const middle = (first + last + 1) >> 1;
      if (epochs[middle]! <= epoch) first = middle;
      else last = middle - 1;
    }
    return first;
  };
  const middleOf = (at: number): number => (epochs[at]! + (at + 1 < count ? epochs[at + 1]! : end)) / 2;

  const paint = (context: Surface, plane: Plane, ink: Ink): void => {
    const ground = ink.rgb('--surface');
    context.fillStyle = ink.css('--surface');
    context.fillRect(plane.left, plane.top, plane.right - plane.left, plane.bottom - plane.top);
    if (!some) return;
    const shades = ramp(ground, ink.rgb('--accent'), 0.95);
    const columns = Math.min(MOST_COLUMNS, Math.max(1, Math.ceil(plane.right - plane.left)));
    // What a column needs of its stretch is looked up once, not for each pixel.
    const stretches = Uint32Array.from({ length: columns }, (_, column) =>
      stretchAt(from + ((column + 0.5) / columns) * (end - from)),
    );
    const densest = Float32Array.from({ length: count }, (_, at) => {
      let most = 0;
      for (let bin = at * BINS; bin < (at + 1) * BINS; bin++) if (shares[bin]! > most) most = shares[bin]!;
      return most;
    });
    // And its colours: a pixel only asks in which bin it lies. The root makes the rare visible.
    const tones = Uint32Array.from({ length: count * BINS }, (_, bin) => {
      const most = densest[Math.floor(bin / BINS)]!;
      return shade(shades, most > 0 ? Math.sqrt(shares[bin]! / most) : 0);
    });
    const step = (top - bottom) / ROWS;
    const image = raster(columns, ROWS, (row, column) => {
      const at = stretches[column]!;
      const above = top - (row + 0.5) * step - low[at]!;
      const own = (high[at]! - low[at]!) / BINS;
      if (own === 0) return Math.abs(above) <= step ? shades.at(-1)! : shades[0]!;
      const bin = Math.floor(above / own);
      return bin < 0 || bin >= BINS ? shades[0]! : tones[at * BINS + bin]!;
    });
    context.imageSmoothingEnabled = false;
    const [left, right, above, below] = [plane.toX(from), plane.toX(end), plane.toY(top), plane.toY(bottom)];
    context.drawImage(image, left, above, right - left, below - above);
  };

  const textOf = (at: number): string =>
    `Epoch ${numberText(epochs[at]!, 3)}: mean ${numberText(mean[at]!, 3)} ± ${numberText(deviation[at]!, 2)}, from ${numberText(low[at]!, 3)} to ${numberText(high[at]!, 3)}`;
  const points = (values: Float32Array): readonly Point[] => Array.from(values, (y, at) => ({ x: middleOf(at), y }));
  const series: readonly Series[] = [
    { title: 'Mean', colour: '--text', look: 'line', width: 1.6, points: points(mean) },
    { title: 'Least', colour: '--text-dim', look: 'line', faint: true, points: points(low) },
    { title: 'Greatest', colour: '--text-dim', look: 'line', faint: true, points: points(high) },
  ];
  return {
    title,
    summary: some
      ? `${title} over the epochs. At last mean ${numberText(mean[count - 1]!, 3)}, deviation ${numberText(deviation[count - 1]!, 3)}, from ${numberText(low[count - 1]!, 3)} to ${numberText(high[count - 1]!, 3)}.`
      : `${title}: nothing is recorded yet.`,
    x: { title: 'Epoch', low: from, high: end, shows: 'epoch' },
    y: { title: quantity, low: bottom, high: top },
    covered: true,
    under: paint,
    series,
    // Words are made when someone reads.
    readings: () => series.map((one) => ({ ...one, points: one.points.map((point, at) => ({ ...point, text: textOf(at) })) })),
    legend: [
      { title: 'mean', colour: '--text', mark: 'line' },
      { title: 'the stronger, the more numbers', colour: '--accent', mark: 'dot' },
    ],
    table: () => ({
      columns: ['epoch', 'mean', 'deviation', 'least', 'greatest'],
      rows: Array.from({ length: count }, (_, at) => [epochs[at]!, mean[at]!, deviation[at]!, low[at]!, high[at]!]),
    }),
  };
}
