/**
 * The loss on a plane of the parameters, seen from above: colour and contour lines, the way that training came, and
 * where it stands. Colours and lines go by the order of the losses, since a surface spans several powers of ten.
 */
import { contourLines, type Line, levelsOf } from '../../engine/train/analysis/contours';
import type { SurfaceInfo, WayPoint } from '../../engine/train/analysis/studies';
import { countText, numberText } from '../ui/format';
import type { Ink } from './colours';
import type { Picture, Point, Series } from './picture';
import type { Plane, Surface } from './plane';
import { ramp, raster, shade } from './raster';

export interface SurfaceSpec {
  readonly info: SurfaceInfo;
  readonly across: readonly [number, number];
  readonly up: readonly [number, number];
  /** Points a side; row 0 is the low end. NaN where it is not known yet. */
  readonly resolution: number;
  readonly losses: Float64Array;
  readonly way: readonly WayPoint[];
}

const LEVELS = 14;
const LINES = 17;

interface Relief {
  /** The losses that are known, in their order. */
  readonly known: Float64Array;
  readonly contours: readonly Line[];
}
/** The way moves on over the same losses: their order and their lines stay. */
const reliefs = new WeakMap<Float64Array, Relief>();

function reliefOf(losses: Float64Array, resolution: number): Relief {
  const found = reliefs.get(losses);
  if (found) return found;
  const made = {
    known: losses.filter(Number.isFinite).sort(),
    contours: levelsOf(losses, LEVELS).flatMap((level) => contourLines(losses, resolution, resolution, level)),
  };
  reliefs.set(losses, made);
  return made;
}

export function surfacePicture({ info, across, up, resolution, losses, way }: SurfaceSpec): Picture {
  const { known, contours } = reliefOf(losses, resolution);
  const share = (loss: number): number => {
    // Not finite: as high as it gets.
    if (!Number.isFinite(loss)) return 1;
    let [first, last] = [0, known.length - 1];
    while (first < last) {
      const middle = (first + last) >> 1;
      if (known[middle]! < loss) first = middle + 1;
      else last = middle;
    }
    return known.length > 1 ? first / (known.length - 1) : 0;
  };
  const [x0, y0] = info.origin;
  const xAt = (column: number): number => x0 + across[0] + (column / (resolution - 1)) * (across[1] - across[0]);
  const yAt = (row: number): number => y0 + up[0] + (row / (resolution - 1)) * (up[1] - up[0]);
  const xRange = [xAt(0), xAt(resolution - 1)] as const;
  const yRange = [yAt(0), yAt(resolution - 1)] as const;

  const paint = (context: Surface, plane: Plane, ink: Ink): void => {
    context.fillStyle = ink.css('--surface');
    context.fillRect(plane.left, plane.top, plane.right - plane.left, plane.bottom - plane.top);
    if (known.length === 0) return;
    const shades = ramp(ink.rgb('--surface'), ink.rgb('--accent'), 0.85);
    const image = raster(resolution, resolution, (row, column) => {
      const loss = losses[(resolution - 1 - row) * resolution + column]!;
      return Number.isNaN(loss) ? shade(shades, 0) : shade(shades, share(loss));
    });
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    // A pixel of the image is a point of the grid: it reaches half a step beyond the outermost ones.
    const [stepX, stepY] = [
      (plane.toX(xRange[1]) - plane.toX(xRange[0])) / (resolution - 1),
      (plane.toY(yRange[0]) - plane.toY(yRange[1])) / (resolution - 1),
    ];
    context.drawImage(
      image,
      plane.toX(xRange[0]) - stepX / 2,
      plane.toY(yRange[1]) - stepY / 2,
      stepX * resolution,
      stepY * resolution,
    );
    context.strokeStyle = ink.css('--text', 0.4);
    context.lineWidth = 0.8;
    // Lines of different levels never cross: one path for all.
    const [left, bottom] = [plane.toX(xRange[0]), plane.toY(yRange[0])];
    context.beginPath();
    for (const line of contours)
      line.forEach(([x, y], at) => {
        if (at === 0) context.moveTo(left + x * stepX, bottom - y * stepY);
        else context.lineTo(left + x * stepX, bottom - y * stepY);
      });
    context.stroke();
  };

  const lossAt = (x: number, y: number): number => {
    const column = Math.min(resolution - 1, Math.max(0, ((x - xRange[0]) / (xRange[1] - xRange[0])) * (resolution - 1)));
    const row = Math.min(resolution - 1, Math.max(0, ((y - yRange[0]) / (yRange[1] - yRange[0])) * (resolution - 1)));
    const [c, r] = [Math.min(resolution - 2, Math.floor(column)), Math.min(resolution - 2, Math.floor(row))];
    const at = (dr: number, dc: number): number => losses[(r + dr) * resolution + c + dc]!;
    const [right, high] = [column - c, row - r];
    // A corner that does not count must not make the others unknown.
    return [
      [(1 - right) * (1 - high), at(0, 0)],
      [right * (1 - high), at(0, 1)],
      [(1 - right) * high, at(1, 0)],
      [right * high, at(1, 1)],
    ].reduce((sum, [weight, loss]) => (weight! > 0 ? sum + weight! * loss! : sum), 0);
  };
  const words = (x: number, y: number): Point => ({
    x,
    y,
    text: `${numberText(x, 3)}, ${numberText(y, 3)}: loss ${numberText(lossAt(x, y), 4)}`,
  });
  const path: readonly Point[] = way.map((point) => ({
    x: x0 + point.across,
    y: y0 + point.up,
    get text() {
      return `Epoch ${countText(point.epoch)}, step ${countText(point.step)}: loss here ${numberText(lossAt(x0 + point.across, y0 + point.up), 4)}; the weights lie ${numberText(point.off, 3)} off the plane`;
    },
    spot: { kind: 'epoch', epoch: point.epoch },
  }));
  const start = path[0];
  const present = path.at(-1);
  const series: readonly Series[] = [
    { title: 'way of training', colour: '--group-function', look: 'line', width: 2.2, points: [] },
    ...(start ? [{ title: 'start', colour: '--group-function', look: 'rings', width: 4, points: [start] } as const] : []),
    ...(present
      ? [{ title: 'present weights', colour: '--group-function', look: 'dots', width: 4.5, points: [present] } as const]
      : []),
  ];
  return {
    title: 'Loss surface',
    summary: `Loss over ${info.titles[0]} and ${info.titles[1]}, ${countText(info.rows)} training rows: ${known.length === 0 ? 'not known yet' : `from ${numberText(known[0]!, 4)} to ${numberText(known.at(-1)!, 4)}`}. At the middle, epoch ${countText(info.epoch)}, it is ${numberText(info.loss, 4)}.`,
    x: { title: info.titles[0], low: xRange[0], high: xRange[1] },
    y: { title: info.titles[1], low: yRange[0], high: yRange[1] },
    square: true,
    covered: true,
    under: paint,
    over: (context, plane, ink) => {
      // The way turns back on itself, which a line chart would not draw.
      context.strokeStyle = ink.css('--group-function');
      context.lineWidth = 2;
      context.lineJoin = 'round';
      context.beginPath();
      path.forEach(({ x, y }, at) => {
        if (at === 0) context.moveTo(plane.toX(x), plane.toY(y));
        else context.lineTo(plane.toX(x), plane.toY(y));
      });
      context.stroke();
    },
    series: series.slice(1),
    marked: path,
    legend: [
      { title: 'way of training', colour: '--group-function', mark: 'line' },
      {
        title: `loss ${known.length === 0 ? 'not known yet' : `${numberText(known[0]!, 2)} to ${numberText(known.at(-1)!, 2)}`}`,
        colour: '--accent',
        mark: 'dot',
      },
    ],
    at: known.length === 0 ? undefined : words,
    readings: () => [
      { title: 'way of training', colour: '--group-function', look: 'silent', points: path },
      ...Array.from(
        { length: known.length === 0 ? 0 : LINES },
        (_, line): Series => ({
          title: `line ${line + 1}`,
          colour: '--text',
          look: 'silent',
          points: Array.from({ length: LINES }, (_p, column) =>
            words(
              xRange[0] + (column / (LINES - 1)) * (xRange[1] - xRange[0]),
              yRange[1] - (line / (LINES - 1)) * (yRange[1] - yRange[0]),
            ),
          ),
        }),
      ),
    ],
    table: () => ({
      columns: [info.titles[0], info.titles[1], 'loss'],
      rows: Array.from(losses, (loss, at) => [
        xAt(at % resolution),
        yAt(Math.floor(at / resolution)),
        Number.isNaN(loss) ? null : loss,
      ]),
    }),
  };
}
