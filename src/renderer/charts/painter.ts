/**
 * Draws a picture on a surface: axes and grid by Chart.js, lines, dots, bars and fields by ourselves, since a few thousand
 * points are too many for a library that gives each an element, and since its options, which it resolves anew with every
 * change, cost more than the strokes. So it is asked only when an axis changes. The surface may be the screen's canvas, a
 * larger one for a file, or vectors; nothing here asks which. The only file that knows Chart.js.
 */
import { BasicPlatform, Chart, LinearScale, LogarithmicScale, type ChartOptions } from 'chart.js';
import type { Ink } from './colours';
import { thinned } from './curves';
import { legendOf, type Picture, type Point, type Series } from './picture';
import { outline } from './shapes';
import { type Axis, tickText, ticksOf, wholeView, type Plane, type Surface, type View } from './plane';

Chart.register(LinearScale, LogarithmicScale);

export interface Size {
  readonly width: number;
  readonly height: number;
}
/** Without data: axes and grid. */
type Axes = Chart<'line', never[]>;
type Scales = NonNullable<ChartOptions<'line'>['scales']>;

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

/** How far a line may reach out of the field: one that lies on its edge is seen whole. */
const EDGE = 2;

export class Painter {
  readonly #context: Surface;
  #axes: Axes | null = null;
  /** What the axes were made for. */
  #made = '';
  #plane: Plane | null = null;
  #now: { readonly picture: Picture; readonly view: View; readonly ink: Ink; readonly head: number } | null = null;

  constructor(context: Surface) {
    this.#context = context;
  }

  /** Returns where numbers lie. `head`: with title and legend, which makes it higher by `headHeight`. */
  draw(picture: Picture, size: Size, ink: Ink, { view = wholeView(picture), ratio = 1, head = false } = {}): Plane {
    this.#now = { picture, view, ink, head: head ? HEAD : 0 };
    const height = size.height + (head ? HEAD : 0);
    const key = JSON.stringify([
      size,
      ratio,
      head,
      view,
      picture.x,
      picture.y,
      picture.covered,
      picture.downwards,
      ink.css('--text-dim'),
    ]);
    if (key === this.#made && this.#axes !== null) {
      this.#axes.draw();
      return this.#plane!;
    }
    this.#made = key;
    this.#plane = null;
    const layout = { padding: { top: topOf(picture) + (head ? HEAD : 0), right: RIGHT } };
    const scales = { x: this.#scale(picture, 'x', size), y: this.#scale(picture, 'y', size) };
    const axes = this.#axes;
    if (axes === null) {
      this.#axes = this.#open(size.width, height, ratio, layout, scales);
      return this.#lie(this.#axes);
    }
    Object.assign(axes.options, { layout, scales });
    if (axes.width !== size.width || axes.height !== height || axes.options.devicePixelRatio !== ratio) {
      axes.options.devicePixelRatio = ratio;
      axes.resize(size.width, height);
    }
    axes.update('none');
    return this.#lie(axes);
  }

  close(): void {
    this.#axes?.destroy();
    this.#axes = null;
  }

  /** A new chart draws itself. */
  #open(width: number, height: number, ratio: number, layout: object, scales: Scales): Axes {
    const context = this.#context;
    const own = (context as { canvas?: HTMLCanvasElement }).canvas;
    const canvas = own ?? { width: 0, height: 0, style: {}, getContext: () => context };
    Object.assign(canvas, { width, height });
    if (!own) Object.assign(context, { canvas });
    // The stand-in has what Chart.js uses of a canvas on its platform without a document.
    return new Chart<'line', never[]>(canvas as HTMLCanvasElement, {
      type: 'line',
      platform: BasicPlatform,
      data: { datasets: [] },
      plugins: [
        {
          id: 'field',
          beforeDatasetsDraw: (chart) => this.#fill(this.#lie(chart)),
        },
      ],
      options: {
        animation: false,
        responsive: false,
        maintainAspectRatio: false,
        devicePixelRatio: ratio,
        events: [],
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

  /** Where numbers lie, as long as the axes stay. */
  #lie({ chartArea: { left, right, top, bottom }, scales }: Pick<Axes, 'chartArea' | 'scales'>): Plane {
    const [x, y] = [scales['x']!, scales['y']!];
    this.#plane ??= {
      left,
      right,
      top,
      bottom,
      toX: (value) => x.getPixelForValue(value),
      toY: (value) => y.getPixelForValue(value),
      fromX: (pixel) => x.getValueForPixel(pixel) ?? Number.NaN,
      fromY: (pixel) => y.getValueForPixel(pixel) ?? Number.NaN,
    };
    return this.#plane;
  }

  #inField(plane: Plane, beyond: number, paint: () => void): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.rect(
      plane.left - beyond,
      plane.top - beyond,
      plane.right - plane.left + 2 * beyond,
      plane.bottom - plane.top + 2 * beyond,
    );
    context.clip();
    paint();
    context.restore();
  }

  #fill(plane: Plane): void {
    const { picture, ink } = this.#now!;
    const { series } = picture;
    this.#inField(plane, 0, () => {
      picture.under?.(this.#context, plane, ink);
      for (const one of series) if (one.look === 'bars') this.#bars(one, plane);
      for (const one of series) if (dotted(one) && one.behind) this.#dots(one, plane);
    });
    this.#words(plane);
    const lines = series.filter(({ look, points }) => look === 'line' && points.length > 0);
    // The first stands on top.
    if (lines.length > 0)
      this.#inField(plane, EDGE, () => {
        for (const line of lines.toReversed()) this.#line(line, plane);
      });
    this.#inField(plane, 0, () => {
      for (const one of series) if (dotted(one) && !one.behind) this.#dots(one, plane);
      picture.over?.(this.#context, plane, ink);
    });
    if (!picture.covered) return;
    const context = this.#context;
    context.strokeStyle = ink.css('--line-strong');
    context.lineWidth = 1;
    context.strokeRect(plane.left + 0.5, plane.top + 0.5, plane.right - plane.left - 1, plane.bottom - plane.top - 1);
  }

  #line(series: Series, plane: Plane): void {
    const { picture, view, ink } = this.#now!;
    const context = this.#context;
    const columns = Math.max(50, Math.ceil(plane.right - plane.left));
    const points = thinned(drawable(picture, series.points), view.x[0], view.x[1], columns);
    context.strokeStyle = ink.css(series.colour, series.faint ? 0.4 : 1);
    context.lineWidth = series.width ?? (series.faint ? 1.2 : 1.8);
    context.lineJoin = 'round';
    context.lineCap = 'round';
    context.setLineDash(series.dashed ? [5, 4] : []);
    context.beginPath();
    let [pen, drawn] = [false, 0];
    for (const { x, y } of points) {
      // What is no number leaves a gap.
      if (!Number.isFinite(y)) {
        pen = false;
        continue;
      }
      const [left, top] = [plane.toX(x), plane.toY(y)];
      if (pen) context.lineTo(left, top);
      else context.moveTo(left, top);
      pen = true;
      drawn++;
    }
    context.stroke();
    context.setLineDash([]);
    const alone = drawn === 1 ? points.find(({ y }) => Number.isFinite(y)) : undefined;
    if (!alone) return;
    context.fillStyle = context.strokeStyle;
    context.beginPath();
    context.arc(plane.toX(alone.x), plane.toY(alone.y), 3, 0, 2 * Math.PI);
    context.fill();
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

  #dots({ points, width, colour, look, faint, shape = 0 }: Series, plane: Plane): void {
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
      outline(context, shape, plane.toX(x), plane.toY(y), radius);
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
    for (const { title, colour, mark, faint, shape = 0 } of legendOf(picture)) {
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
        outline(context, shape, at + 8, 37, 4);
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
