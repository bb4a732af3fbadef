/** A matrix as a field of cells: signed numbers in blue and orange, or counts of right and wrong answers. Rows go down, as matrices are written. */
import { numberText } from '../ui/format';
import type { Ink } from './colours';
import type { Picture, Point, Series } from './picture';
import type { Plane, Surface } from './plane';
import { ramp, raster, shade } from './raster';
import type { Spot } from './spotlight.svelte';

export interface MatrixSpec {
  readonly title: string;
  readonly summary: string;
  /** Row-major. */
  readonly numbers: ArrayLike<number>;
  readonly rowNames: readonly string[];
  readonly columnNames: readonly string[];
  readonly rowTitle: string;
  readonly columnTitle: string;
  /** `counts`: the diagonal is right, everything else wrong. */
  readonly kind: 'signed' | 'counts';
  readonly spot?: ((row: number, column: number) => Spot | undefined) | undefined;
}

/** Cells of at least this many pixels have their number in them. */
const ROOM = 22;

export function matrixPicture(spec: MatrixSpec): Picture {
  const { numbers, rowNames, columnNames, kind } = spec;
  const [rows, columns] = [rowNames.length, columnNames.length];
  const value = (row: number, column: number): number => numbers[row * columns + column] ?? 0;
  let [largest, right, wrong] = [0, 1, 1];
  for (let at = 0; at < rows * columns; at++) {
    const size = Math.abs(numbers[at]!) || 0;
    if (size > largest) largest = size;
    if (kind === 'counts' && Math.floor(at / columns) === at % columns) right = Math.max(right, size);
    else if (kind === 'counts') wrong = Math.max(wrong, size);
  }
  const under = (context: Surface, plane: Plane, ink: Ink): void => {
    const ground = ink.rgb('--surface');
    const tones =
      kind === 'signed'
        ? { negative: ramp(ground, ink.rgb('--neg')), positive: ramp(ground, ink.rgb('--pos')) }
        : { negative: ramp(ground, ink.rgb('--danger'), 0.5), positive: ramp(ground, ink.rgb('--accent'), 0.5) };
    const colour = (row: number, column: number): number => {
      const number = value(row, column);
      if (kind === 'signed') return shade(number < 0 ? tones.negative : tones.positive, Math.abs(number) / (largest || 1));
      if (number === 0) return shade(tones.positive, 0);
      return row === column
        ? shade(tones.positive, 0.2 + (0.8 * number) / right)
        : shade(tones.negative, 0.2 + (0.8 * number) / wrong);
    };
    const [left, end, top, bottom] = [plane.toX(-0.5), plane.toX(columns - 0.5), plane.toY(-0.5), plane.toY(rows - 0.5)];
    context.imageSmoothingEnabled = false;
    context.drawImage(raster(columns, rows, colour), left, top, end - left, bottom - top);
    const [wide, high] = [(end - left) / columns, (bottom - top) / rows];
    if (wide < ROOM || high < ROOM * 0.6) return;
    context.fillStyle = ink.css('--text');
    context.font = `11px ${ink.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    const most = Math.floor(wide / 6.5);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const text = kind === 'counts' ? String(value(row, column)) : numberText(value(row, column), 2);
        if (text.length <= most) context.fillText(text, plane.toX(column), plane.toY(row));
      }
  };
  const point = (row: number, column: number): Point => ({
    x: column,
    y: row,
    text: `${rowNames[row]} → ${columnNames[column]}: ${numberText(value(row, column), 4)}`,
    spot: spec.spot?.(row, column),
  });
  const within = (at: number, count: number): number => Math.min(count - 1, Math.max(0, Math.round(at)));
  const all = (): readonly Series[] =>
    rowNames.map((title, row) => ({
      title,
      colour: '--text',
      look: 'silent',
      points: columnNames.map((_, column) => point(row, column)),
    }));
  return {
    title: spec.title,
    summary: spec.summary,
    x: { title: spec.columnTitle, low: -0.5, high: columns - 0.5, names: columnNames },
    y: { title: spec.rowTitle, low: -0.5, high: rows - 0.5, names: rowNames },
    downwards: true,
    covered: true,
    under,
    series: [],
    legend:
      kind === 'signed'
        ? [
            { title: `−${numberText(largest, 3)}`, colour: '--neg', mark: 'dot' },
            { title: `+${numberText(largest, 3)}`, colour: '--pos', mark: 'dot' },
          ]
        : [],
    at: (x, y) => point(within(y, rows), within(x, columns)),
    readings: all,
    table: () => ({
      columns: [`${spec.rowTitle} \\ ${spec.columnTitle}`, ...columnNames],
      rows: rowNames.map((name, row) => [name, ...columnNames.map((_, column) => value(row, column))]),
    }),
  };
}
