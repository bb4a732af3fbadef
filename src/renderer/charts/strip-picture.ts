/**
 * The spread of a layer's numbers over the epochs, as a strip: across when, up which value, the stronger the more of
 * the numbers had it. Each stretch of training has its own range, so that all are laid on one scale here.
 */
import type { HistoryReport } from '../../engine/train/analysis/layer-history';
import { BINS } from '../../engine/train/analysis/strip';
import { numberText } from '../ui/format';
import type { Ink } from './colours';
import type { Picture, Point } from './picture';
import { extent, type Plane, type Surface, widened } from './plane';
import { ramp, raster, shade } from './raster';

const ROWS = 120;
const MOST_COLUMNS = 320;

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
    const image = raster(columns, ROWS, (row, column) => {
      const at = stretchAt(from + ((column + 0.5) / columns) * (end - from));
      const value = bottom + ((ROWS - row - 0.5) / ROWS) * (top - bottom);
      const [least, greatest] = [low[at]!, high[at]!];
      const own = (greatest - least) / BINS;
      if (own === 0) return shade(shades, Math.abs(value - least) <= (top - bottom) / ROWS ? 1 : 0);
      const bin = Math.floor((value - least) / own);
      if (bin < 0 || bin >= BINS) return shade(shades, 0);
      // Beside the densest place of its own stretch; the root makes the rare visible.
      let most = 0;
      for (let other = 0; other < BINS; other++) most = Math.max(most, shares[at * BINS + other]!);
      return shade(shades, most > 0 ? Math.sqrt(shares[at * BINS + bin]! / most) : 0);
    });
    context.imageSmoothingEnabled = false;
    const [left, right, above, below] = [plane.toX(from), plane.toX(end), plane.toY(top), plane.toY(bottom)];
    context.drawImage(image, left, above, right - left, below - above);
  };

  const points = (value: (at: number) => number): readonly Point[] =>
    Array.from({ length: count }, (_, at) => ({
      x: middleOf(at),
      y: value(at),
      text: `Epoch ${numberText(epochs[at]!, 3)}: mean ${numberText(mean[at]!, 3)} ± ${numberText(deviation[at]!, 2)}, from ${numberText(low[at]!, 3)} to ${numberText(high[at]!, 3)}`,
    }));
  return {
    title,
    summary: some
      ? `${title} over the epochs. At last mean ${numberText(mean[count - 1]!, 3)}, deviation ${numberText(deviation[count - 1]!, 3)}, from ${numberText(low[count - 1]!, 3)} to ${numberText(high[count - 1]!, 3)}.`
      : `${title}: nothing is recorded yet.`,
    x: { title: 'Epoch', low: from, high: end, shows: 'epoch' },
    y: { title: quantity, low: bottom, high: top },
    covered: true,
    under: paint,
    series: [
      { title: 'Mean', colour: '--text', look: 'line', width: 1.6, points: points((at) => mean[at]!) },
      { title: 'Least', colour: '--text-dim', look: 'line', faint: true, points: points((at) => low[at]!) },
      { title: 'Greatest', colour: '--text-dim', look: 'line', faint: true, points: points((at) => high[at]!) },
    ],
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
