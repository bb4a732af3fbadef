/**
 * The weights of a run in its report: every parameter with its size and spread, and as a map of blue and orange cells.
 * Small ones have their numbers in the cells; of large ones a cell is the mean of a block, so that the page stays small.
 */
import type { Weights } from '../../../engine/api';
import type { Tensor } from '../../../engine/ir/shape';
import { countText, numberText } from '../../ui/format';
import { escapeMarkup } from '../../ui/markup';

/** Cells with numbers, at most so many across and down. */
const WRITTEN = { across: 10, down: 24 };
/** Cells of a map, a side. */
const MOST = 96;

interface Grid {
  readonly rows: number;
  readonly columns: number;
  /** Numbers a cell is the mean of, down and across. */
  readonly block: readonly [number, number];
  readonly numbers: readonly number[];
}

/** A matrix, or a row of numbers; null for what has more axes. */
function gridOf({ shape, data }: Tensor): Grid | null {
  if (shape.length > 2 || data.length === 0) return null;
  const [rows, columns] = shape.length === 2 ? [shape[0]!, shape[1]!] : [1, data.length];
  const block = [Math.ceil(rows / MOST), Math.ceil(columns / MOST)] as const;
  const [down, across] = [Math.ceil(rows / block[0]), Math.ceil(columns / block[1])];
  const [sums, counts] = [new Float64Array(down * across), new Float64Array(down * across)];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = Math.floor(row / block[0]) * across + Math.floor(column / block[1]);
      sums[at]! += data[row * columns + column]!;
      counts[at]!++;
    }
  return { rows: down, columns: across, block, numbers: [...sums].map((sum, at) => sum / counts[at]!) };
}

const tone = (value: number, largest: number): string =>
  `color-mix(in srgb, var(${value < 0 ? '--neg' : '--pos'}) ${Math.round((100 * Math.abs(value)) / (largest || 1)) || 0}%, var(--surface))`;

function mapOf({ rows, columns, numbers }: Grid): string {
  const largest = numbers.reduce((top, value) => Math.max(top, Math.abs(value) || 0), 0);
  const each = <T>(make: (row: number, column: number, value: number) => T): T[] =>
    numbers.map((value, at) => make(Math.floor(at / columns), at % columns, value));
  if (columns <= WRITTEN.across && rows <= WRITTEN.down) {
    const cells = each(
      (_row, _column, value) => `<td style="background:${tone(value, largest * 1.6)}">${numberText(value, 3)}</td>`,
    );
    const lines = Array.from(
      { length: rows },
      (_, row) => `<tr>${cells.slice(row * columns, (row + 1) * columns).join('')}</tr>`,
    );
    return `<table class="cells">${lines.join('')}</table>`;
  }
  const side = Math.max(3, Math.min(14, Math.floor(640 / columns), Math.floor(400 / rows)));
  const squares = each(
    (row, column, value) =>
      `<rect x="${column * side}" y="${row * side}" width="${side}" height="${side}" style="fill:${tone(value, largest)}"/>`,
  );
  const [width, height] = [columns * side, rows * side];
  return `<svg class="map" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" shape-rendering="crispEdges" role="img" aria-label="${countText(rows)} × ${countText(columns)} cells">${squares.join('')}</svg>`;
}

function spreadOf(data: ArrayLike<number>): string {
  let [sum, squares, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < data.length; at++) {
    const value = data[at]!;
    sum += value;
    squares += value * value;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const mean = sum / data.length;
  const deviation = Math.sqrt(Math.max(0, squares / data.length - mean * mean));
  return `${numberText(mean, 3)} ± ${numberText(deviation, 3)}, from ${numberText(low, 3)} to ${numberText(high, 3)}`;
}

export function weightsSection(weights: Weights, epoch: number): string {
  const all = Object.entries(weights).filter(([, { data }]) => data.length > 0);
  if (all.length === 0) return '';
  const blocks = all.map(([key, tensor]) => {
    const grid = gridOf(tensor);
    const size = tensor.shape.length === 0 ? 'one number' : tensor.shape.join(' × ');
    const pooled = grid && Math.max(...grid.block) > 1 ? ` Each cell is the mean of ${grid.block.join(' × ')} numbers.` : '';
    const words = tensor.data.length === 1 ? numberText(tensor.data[0]!, 6) : spreadOf(tensor.data);
    return `<section class="parameter"><h3>${escapeMarkup(key)} <small>${size}</small></h3><p>${words}.${pooled}</p>${grid && tensor.data.length > 1 ? mapOf(grid) : ''}</section>`;
  });
  return `<h2>Weights</h2><p>As they stood after epoch ${countText(epoch)}: inputs down, outputs across; blue is positive, orange negative. Mean ± deviation, and the smallest and largest.</p>${blocks.join('')}`;
}
