/**
 * Draws a picture on a surface: axes, grid and lines by Chart.js, dots, bars and fields by ourselves, since a few
 * thousand of them are too many for a library that gives each an element. The surface may be the screen's canvas, a
 * larger one for a file, or vectors; nothing here asks which. The only file that knows Chart.js.
 */
import {
  BasicPlatform,
  Chart,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type ChartData,
  type ChartOptions,
} from 'chart.js';
import type { Ink } from './colours';
import { thinned } from './curves';
import { legendOf, type Picture, type Point, type Series } from './picture';
import { type Axis, tickText, ticksOf, wholeView, type Plane, type Surface, type View } from './plane';

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale);

export interface Size {
  readonly width: number;
  readonly height: number;
}
type Line = Chart<'line', { x: number; y: number }[]>;
type LineData = ChartData<'line', { x: number; y: number }[]>;

const SMALL = 11;
const RIGHT = 10;
/** Room for the marks and the name of the x axis. */
const bottomOf = ({ x }: Picture): number => 18 + (x.title === '' ? 0 : 15);
const topOf = ({ y }: Picture): number => (y.title === '' ? 8 : 22);
const LETTER = 6.2;
/** Plots under each other have their fields under each other; only long names take more room. */
export const leftOf = ({ y }: Picture): number =>
  y.names ? Math.min(120, Math.max(30, 14 + LETTER * y.names.reduce((most, name) => Math.max(most, name.length), 0))) : 44;

/** What a picture takes of the room that it is given: square fields are as large as fit. */
export function sizeFor(picture: Picture, width: number, height: number): Size {
  if (!picture.square) return { width, height };
  const [across, down] = [leftOf(picture) + RIGHT, topOf(picture) + bottomOf(picture)];
  const side = Math.max(90, Math.min(width - across, height - down));
  return { width: side + across, height: side + down };
}

/** Title and legend above the field, which the window writes beside it. */
const HEAD = 46;

export class Painter {
  readonly #context: Surface;
  readonly #vectors: boolean;
  #chart: Line | null = null;
  #now: { readonly picture: Picture; readonly view: View; readonly ink: Ink; readonly head: number } | null = null;

  /** `vectors`: the surface cannot take paths that the browser made. */
  constructor(context: Surface, vectors = false) {
    this.#context = context;
    this.#vectors = vectors;
  }

  /** Returns where numbers lie. `head`: with title and legend, which makes it higher by `headHeight`. */
  draw(picture: Picture, size: Size, ink: Ink, { view = wholeView(picture), ratio = 1, head = false } = {}): Plane {
    this.#now = { picture, view, ink, head: head ? HEAD : 0 };
    const height = size.height + (head ? HEAD : 0);
    const data = { datasets: this.#lines(picture, view, size.width) };
    const layout = { padding: { top: topOf(picture) + (head ? HEAD : 0), right: RIGHT } };
    const scales = { x: this.#scale(picture, 'x', size), y: this.#scale(picture, 'y', size) };
    const chart = this.#chart;
    if (chart === null) return this.#plane((this.#chart = this.#open(size.width, height, ratio, { data, layout, scales })));
    chart.data = data;
    Object.assign(chart.options, { layout, scales });
    if (chart.width !== size.width || chart.height !== height || chart.options.devicePixelRatio !== ratio) {
      chart.options.devicePixelRatio = ratio;
      chart.resize(size.width, height);
    }
    chart.update('none');
    return this.#plane(chart);
  }

  close(): void {
    this.#chart?.destroy();
    this.#chart = null;
  }

  #lines(picture: Picture, view: View, width: number): LineData['datasets'] {
    const { ink } = this.#now!;
    const columns = Math.max(50, Math.ceil(width - leftOf(picture) - RIGHT));
    return picture.series
      .filter(({ look, points }) => look === 'line' && points.length > 0)
      .map((series) => {
        const colour = ink.css(series.colour, series.faint ? 0.4 : 1);
        return {
          data: thinned(drawable(picture, series.points), view.x[0], view.x[1], columns) as { x: number; y: number }[],
          borderColor: colour,
          backgroundColor: colour,
          borderWidth: series.width ?? (series.faint ? 1.2 : 1.8),
          pointRadius: series.points.length < 2 ? 3 : 0,
          ...(series.dashed ? { borderDash: [5, 4] } : {}),
          // With it Chart.js draws point by point instead of by a path of the browser's.
          ...(this.#vectors ? { segment: {} } : {}),
        };
      });
  }

  /** A new chart draws itself. */
  #open(
    width: number,
    height: number,
    ratio: number,
    { data, layout, scales }: { data: LineData; layout: object; scales: NonNullable<ChartOptions<'line'>['scales']> },
  ): Line {
    const context = this.#context;
    const own = (context as { canvas?: HTMLCanvasElement }).canvas;
    const canvas = own ?? { width: 0, height: 0, style: {}, getContext: () => context };
    Object.assign(canvas, { width, height });
    if (!own) Object.assign(context, { canvas });
    // The stand-in has what Chart.js uses of a canvas on its platform without a document.
    return new Chart<'line', { x: number; y: number }[]>(canvas as HTMLCanvasElement, {
      type: 'line',
      platform: BasicPlatform,
      data,
      plugins: [
        {
          id: 'field',
          beforeDatasetsDraw: (chart) => this.#under(this.#plane(chart)),
          afterDatasetsDraw: (chart) => this.#over(this.#plane(chart)),
        },
      ],
      options: {
        animation: false,
        normalized: true,
        parsing: false,
        responsive: false,
        maintainAspectRatio: false,
        devicePixelRatio: ratio,
        events: [],
        elements: { line: { borderJoinStyle: 'round', borderCapStyle: 'round' } },
        layout,
        scales,
      },
    });
  }

  #scale(picture: Picture, which: 'x' | 'y', size: Size): NonNullable<ChartOptions<'line'>['scales']>[string] {
    const { view, ink } = this.#now!;
    const axis = picture[which];
    const [low, high] = view[which];
    const room = which === 'x' ? size.width - leftOf(picture) - RIGHT : size.height - topOf(picture) - bottomOf(picture);
    const longest = axis.names?.reduce((most, name) => Math.max(most, name.length), 1) ?? 6;
    const most =
      which === 'y'
        ? Math.max(2, Math.floor(room / (axis.names ? 13 : 28)))
        : Math.max(2, Math.floor(room / Math.max(axis.names ? 12 : 52, longest * LETTER + 8)));
    const ticks = ticksOf(axis, view[which], Math.min(most, axis.names ? 200 : 8));
    return {
      type: axis.logarithmic ? 'logarithmic' : 'linear',
      min: low,
      max: high,
      reverse: which === 'y' && picture.downwards === true,
      afterBuildTicks: (scale) => {
        scale.ticks = ticks.map((value) => ({ value }));
      },
      afterFit: (scale) => {
        if (which === 'y') scale.width = leftOf(picture);
        else scale.height = bottomOf(picture);
      },
      border: { display: false },
      grid: { display: !picture.covered && !axis.names, color: ink.css('--line'), drawTicks: false, lineWidth: 1 },
      ticks: {
        color: ink.css('--text-dim'),
        font: { family: ink.font, size: SMALL },
        autoSkip: false,
        maxRotation: 0,
        padding: 6,
        // Long names are cut where the room ends.
        callback: (value) =>
          shortened(
            tickText(axis, Number(value)),
            which === 'y' ? leftOf(picture) - 10 : Math.max(44, room / Math.max(1, ticks.length)),
          ),
      },
    };
  }

  #plane({ chartArea: { left, right, top, bottom }, scales }: Pick<Line, 'chartArea' | 'scales'>): Plane {
    const [x, y] = [scales['x']!, scales['y']!];
    return {
      left,
      right,
      top,
      bottom,
      toX: (value) => x.getPixelForValue(value),
      toY: (value) => y.getPixelForValue(value),
      fromX: (pixel) => x.getValueForPixel(pixel) ?? Number.NaN,
      fromY: (pixel) => y.getValueForPixel(pixel) ?? Number.NaN,
    };
  }

  #inField(plane: Plane, paint: () => void): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.rect(plane.left, plane.top, plane.right - plane.left, plane.bottom - plane.top);
    context.clip();
    paint();
    context.restore();
  }

  #under(plane: Plane): void {
    const { picture, ink } = this.#now!;
    this.#inField(plane, () => {
      picture.under?.(this.#context, plane, ink);
      for (const series of picture.series) if (series.look === 'bars') this.#bars(series, plane);
      for (const series of picture.series) if (dotted(series) && series.behind) this.#dots(series, plane);
    });
    this.#words(plane);
  }

  #over(plane: Plane): void {
    const { picture, ink } = this.#now!;
    this.#inField(plane, () => {
      for (const series of picture.series) if (dotted(series) && !series.behind) this.#dots(series, plane);
      picture.over?.(this.#context, plane, ink);
    });
    if (!picture.covered) return;
    const context = this.#context;
    context.strokeStyle = ink.css('--line-strong');
    context.lineWidth = 1;
    context.strokeRect(plane.left + 0.5, plane.top + 0.5, plane.right - plane.left - 1, plane.bottom - plane.top - 1);
  }

  #bars({ points, width = 1, colour, faint }: Series, plane: Plane): void {
    const { picture, ink } = this.#now!;
    const context = this.#context;
    context.fillStyle = ink.css(colour, faint ? 0.4 : 0.9);
    for (const { x, y } of drawable(picture, points)) {
      const [left, right] = [plane.toX(x - width / 2), plane.toX(x + width / 2)];
      const [tip, foot] = [plane.toY(y), Math.min(plane.bottom, plane.toY(picture.y.logarithmic ? picture.y.low : 0))];
      const gap = right - left > 4 ? 0.5 : 0;
      context.fillRect(left + gap, Math.min(tip, foot), Math.max(0.5, right - left - 2 * gap), Math.abs(foot - tip));
    }
  }

  #dots({ points, width, colour, look, faint }: Series, plane: Plane): void {
    const { picture, ink } = this.#now!;
    const context = this.#context;
    const many = points.length > 400;
    const radius = width ?? (many ? 2 : 2.7);
    // Of a map the ground stands out least; elsewhere dots that lie on each other should still be seen.
    context.fillStyle =
      look === 'rings' ? ink.css('--surface') : ink.css(colour, picture.covered ? 1 : faint ? 0.3 : many ? 0.45 : 0.65);
    context.strokeStyle = look === 'rings' ? ink.css(colour) : ink.css('--surface', 0.9);
    context.lineWidth = look === 'rings' ? 1.4 : 0.9;
    for (const { x, y } of drawable(picture, points)) {
      context.beginPath();
      context.arc(plane.toX(x), plane.toY(y), radius, 0, 2 * Math.PI);
      context.fill();
      if (look === 'rings' || picture.covered) context.stroke();
    }
  }

  /** Names of the axes at their ends; for a file the title and the legend. */
  #words(plane: Plane): void {
    const { picture, ink, head } = this.#now!;
    const context = this.#context;
    context.save();
    context.fillStyle = ink.css('--text-dim');
    context.font = `${SMALL}px ${ink.font}`;
    context.textBaseline = 'alphabetic';
    context.textAlign = 'right';
    if (picture.x.title !== '') context.fillText(`${picture.x.title} →`, plane.right, plane.bottom + bottomOf(picture) - 3);
    context.textAlign = 'left';
    if (picture.y.title !== '')
      context.fillText(`${picture.downwards ? '↓' : '↑'} ${picture.y.title}`, Math.max(8, plane.left - 30), plane.top - 9);
    if (head > 0) this.#head(plane);
    context.restore();
  }

  #head(plane: Plane): void {
    const { picture, ink } = this.#now!;
    const context = this.#context;
    context.fillStyle = ink.css('--text');
    context.font = `600 13px ${ink.font}`;
    context.fillText(picture.title, 12, 20);
    context.font = `${SMALL}px ${ink.font}`;
    let at = 12;
    for (const { title, colour, mark, faint } of legendOf(picture)) {
      const wide = context.measureText(title).width + 34;
      if (at + wide > plane.right && at > 12) break;
      context.strokeStyle = ink.css(colour, faint ? 0.55 : 1);
      context.fillStyle = ink.css(colour, faint ? 0.55 : 1);
      context.lineWidth = 1.8;
      context.beginPath();
      if (mark === 'line' || mark === 'dashed') {
        context.setLineDash(mark === 'dashed' ? [5, 4] : []);
        context.moveTo(at, 37);
        context.lineTo(at + 16, 37);
        context.stroke();
        context.setLineDash([]);
      } else {
        context.arc(at + 8, 37, 4, 0, 2 * Math.PI);
        if (mark === 'ring') context.stroke();
        else context.fill();
      }
      context.fillStyle = ink.css('--text-2');
      context.fillText(title, at + 22, 41);
      at += wide;
    }
  }
}

export const headHeight = HEAD;

const dotted = ({ look }: Series): boolean => look === 'dots' || look === 'rings';

const shortened = (text: string, room: number): string => {
  const most = Math.max(2, Math.floor(room / LETTER));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
};

/** Zeros and negatives have no place on a logarithmic axis. */
function drawable({ x, y }: { readonly x: Axis; readonly y: Axis }, points: readonly Point[]): readonly Point[] {
  if (!x.logarithmic && !y.logarithmic) return points;
  return points.filter((point) => (!x.logarithmic || point.x > 0) && (!y.logarithmic || point.y > 0));
}
