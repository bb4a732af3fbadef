/** How much samples disagree about the gradient: their gradients as a fan of arrows, and what is left of it in batches. */
import type { GradientNoise } from '../../engine/train/analysis/gradient-noise';
import { countText, numberText, plural } from '../ui/format';
import type { Ink } from './colours';
import type { Picture, Point } from './picture';
import { extent, type Plane, type Surface, widened } from './plane';

const HEAD = 5;

/** Arrows of one stroke: where they lie over each other they would not be darker. */
const TOGETHER = 8;

/** Adds to the path. */
function arrow(context: Surface, plane: Plane, { x, y }: Point): void {
  const [fromX, fromY, toX, toY] = [plane.toX(0), plane.toY(0), plane.toX(x), plane.toY(y)];
  const angle = Math.atan2(toY - fromY, toX - fromX);
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  for (const side of [-0.45, 0.45]) {
    context.moveTo(toX, toY);
    context.lineTo(toX - HEAD * Math.cos(angle + side), toY - HEAD * Math.sin(angle + side));
  }
}

function arrows(context: Surface, plane: Plane, points: readonly Point[]): void {
  for (let from = 0; from < points.length; from += TOGETHER) {
    context.beginPath();
    for (const point of points.slice(from, from + TOGETHER)) arrow(context, plane, point);
    context.stroke();
  }
}

export function fanPicture({ fan, samples, rows, epoch }: GradientNoise): Picture {
  const points: readonly Point[] = Array.from({ length: samples }, (_, at) => {
    const [x, y] = [fan.arrows[2 * at]!, fan.arrows[2 * at + 1]!];
    return {
      x,
      y,
      get text() {
        return `Row ${countText(rows[at]! + 1)}: ${numberText(x, 3)}, ${numberText(y, 3)}`;
      },
      spot: { kind: 'row', row: rows[at]! },
    };
  });
  const mean: Point = {
    x: fan.mean[0],
    y: fan.mean[1],
    text: `mean gradient: ${numberText(fan.mean[0], 3)}, ${numberText(fan.mean[1], 3)}`,
  };
  const [left, right] = widened(extent([0, mean.x, ...points.map(({ x }) => x)]), 0.06);
  const [low, high] = widened(extent([0, mean.y, ...points.map(({ y }) => y)]), 0.06);
  const draw = (context: Surface, plane: Plane, ink: Ink): void => {
    context.strokeStyle = ink.css('--accent', samples > 120 ? 0.3 : 0.45);
    context.lineWidth = 1;
    arrows(context, plane, points);
    context.strokeStyle = ink.css('--group-function');
    context.lineWidth = 2.6;
    arrows(context, plane, [mean]);
  };
  return {
    title: 'Gradients of single samples',
    summary: `Gradients of ${plural(samples, 'sample')} at epoch ${countText(epoch)}, ${fan.titles[0]} and ${fan.titles[1]}. Their mean is ${numberText(fan.mean[0], 3)}, ${numberText(fan.mean[1], 3)}.`,
    x: { title: fan.titles[0], low: left, high: right },
    y: { title: fan.titles[1], low, high },
    series: [],
    marked: points,
    over: draw,
    legend: [
      { title: 'samples', colour: '--accent', mark: 'line', faint: true },
      { title: 'their mean', colour: '--group-function', mark: 'line' },
    ],
    readings: () => [
      { title: 'mean', colour: '--group-function', look: 'rings', points: [mean] },
      { title: 'samples', colour: '--accent', look: 'rings', points: points.toSorted((a, b) => a.x - b.x) },
    ],
    table: () => ({
      columns: ['row', fan.titles[0], fan.titles[1]],
      rows: [['mean', mean.x, mean.y], ...points.map(({ x, y }, at) => [rows[at]! + 1, x, y])],
    }),
  };
}

export function batchNoisePicture({ batches, trace, squaredGradient }: GradientNoise, batch: number): Picture {
  const positive = batches.filter(({ measured }) => measured > 0);
  const most = Math.max(batch, 2, ...batches.map((one) => one.batch));
  const gradient = Math.sqrt(squaredGradient);
  const expected = (size: number): number => Math.sqrt(trace / size);
  const heights = [...positive.map(({ measured }) => measured), expected(1), expected(most), gradient].filter((x) => x > 0);
  const [low, high] = heights.length > 0 ? [Math.min(...heights) / 1.4, Math.max(...heights) * 1.4] : [0.1, 1];
  const sizes = [...new Set([1, ...batches.map((one) => one.batch), batch, most])].sort((a, b) => a - b);
  return {
    title: 'Noise and batch size',
    summary: `Standard deviation of a batch's gradient by the size of the batch, which falls as 1/√B from ${numberText(expected(1), 3)}. The gradient itself is ${numberText(gradient, 3)} long.`,
    x: { title: 'batch size', low: 1, high: most * 1.15, logarithmic: true },
    y: { title: 'deviation of the gradient', low, high, logarithmic: true },
    series: [
      {
        title: 'measured',
        colour: '--accent',
        look: 'dots',
        width: 4,
        points: positive.map((one) => ({
          x: one.batch,
          y: one.measured,
          text: `batches of ${one.batch}: deviation ${numberText(one.measured, 3)}, over ${plural(one.batches, 'batch', 'batches')}`,
        })),
      },
      {
        title: '1/√B',
        colour: '--text-dim',
        look: 'line',
        dashed: true,
        points: sizes.map((size) => ({
          x: size,
          y: expected(size),
          text: `batches of ${size}: expected ${numberText(expected(size), 3)}`,
        })),
      },
      {
        title: 'length of the gradient',
        colour: '--group-function',
        look: 'line',
        points:
          gradient > 0
            ? sizes.map((size) => ({ x: size, y: gradient, text: `the gradient is ${numberText(gradient, 3)} long` }))
            : [],
      },
    ],
    over: (context, plane, ink) => {
      context.strokeStyle = ink.css('--text-dim', 0.7);
      context.lineWidth = 1;
      context.setLineDash([2, 3]);
      context.beginPath();
      context.moveTo(plane.toX(batch), plane.top);
      context.lineTo(plane.toX(batch), plane.bottom);
      context.stroke();
      context.setLineDash([]);
    },
    table: () => ({
      columns: ['batch size', 'measured deviation', 'expected deviation', 'batches measured'],
      rows: batches.map((one) => [one.batch, one.measured, one.expected, one.batches]),
    }),
  };
}
