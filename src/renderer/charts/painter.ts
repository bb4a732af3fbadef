/**
 * Draws a picture on a surface: axes and grid by Chart.js, lines, dots, bars and fields by ourselves, since a few thousand
 * points are too many for a library that gives each an element, and since its options, which it resolves anew with every
 * change, cost more than the strokes. So it is asked only when an axis changes. The surface may be the screen's canvas, a
 * larger one for a file, or vectors; nothing here asks which. The only file that knows Chart.js.
 */
import { BasicPlatform, Chart, LinearScale, LogarithmicScale, type ChartOptions } from 'chart.js';
import type { Ink } from './colours';
import { thinned } from './curves';
import { drawHead, headHeight } from './head';
import type { Picture, Point, Series } from './picture';
import { type Axis, wholeView, type Plane, type Surface, type View } from './plane';
import { roomOf, SMALL, type Room, type Size } from './room';
import { outline } from './shapes';

Chart.register(LinearScale, LogarithmicScale);

/** Without data: axes and grid. */
type Axes = Chart<'line', never[]>;
type Scales = NonNullable<ChartOptions<'line'>['scales']>;

/** How far a line may reach out of the field: one that lies on its edge is seen whole. */
const EDGE = 2;
/** From so many dots on they are paler, so that one sees where they are dense. */
const CLOUD = 2000;

export class Painter {
  readonly #context: Surface;
  #axes: Axes | null = null;
  /** What the axes were made for. */
  #made = '';
  #plane: Plane | null = null;
  #now: {
    readonly picture: Picture;
    readonly view: View;
    readonly ink: Ink;
    readonly head: number;
    readonly width: number;
  } | null = null;
  #room: Room | null = null;

  constructor(context: Surface) {
    this.#context = context;
  }

  /** Returns where numbers lie. `head`: with title and legend, which makes it higher by `headHeight`. */
  draw(picture: Picture, size: Size, ink: Ink, { view = wholeView(picture), ratio = 1, head = false } = {}): Plane {
    const above = head ? headHeight(this.#context, picture, size.width, ink) : 0;
    const height = size.height + above;
    this.#now = { picture, view, ink, head: above, width: size.width };
    const key = JSON.stringify([
      size,
      ratio,
      above,
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
    const room = (this.#room = roomOf(picture, view, size));
    const layout = { padding: { top: room.top + above, right: room.right } };
    const scales = { x: this.#scale(picture, 'x', room), y: this.#scale(picture, 'y', room) };
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

  #scale(picture: Picture, which: 'x' | 'y', room: Room): Scales[string] {
    const { view, ink } = this.#now!;
    const axis = picture[which];
    const [low, high] = view[which];
    const { ticks, texts } = room[which];
    const turn = which === 'x' && room.upright ? 90 : 0;
    return {
      type: axis.logarithmic ? 'logarithmic' : 'linear',
      min: low,
      max: high,
      reverse: which === 'y' && picture.downwards === true,
      afterBuildTicks: (scale) => {
        scale.ticks = ticks.map((value) => ({ value }));
      },
      afterFit: (scale) => {
        if (which === 'y') scale.width = room.left;
        else scale.height = room.bottom;
      },
      border: { display: false },
      grid: { display: !picture.covered && !axis.names, color: ink.css('--line'), drawTicks: false, lineWidth: 1 },
      ticks: {
        color: ink.css('--text-dim'),
        font: { family: ink.font, size: SMALL },
        autoSkip: false,
        minRotation: turn,
        maxRotation: turn,
        padding: 6,
        callback: (_, at) => texts[at] ?? '',
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
    const radius = width ?? (points.length > CLOUD ? 1.5 : many ? 2 : 2.7);
    // Of a map the ground stands out least; elsewhere dots that lie on each other should still be seen.
    context.fillStyle =
      look === 'rings'
        ? ink.css('--surface')
        : ink.css(
            colour,
            picture.covered ? 1 : faint ? 0.3 : many ? Math.max(0.12, 0.45 * Math.min(1, CLOUD / points.length)) : 0.65,
          );
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
    const { picture, ink, head, width } = this.#now!;
    const context = this.#context;
    context.save();
    context.fillStyle = ink.css('--text-dim');
    context.font = `${SMALL}px ${ink.font}`;
    context.textBaseline = 'alphabetic';
    context.textAlign = 'right';
    if (picture.x.title !== '') context.fillText(`${picture.x.title} →`, plane.right, plane.bottom + this.#room!.bottom - 3);
    context.textAlign = 'left';
    if (picture.y.title !== '')
      context.fillText(`${picture.downwards ? '↓' : '↑'} ${picture.y.title}`, Math.max(8, plane.left - 30), plane.top - 11);
    if (head > 0) drawHead(context, picture, width, ink);
    if (picture.note) this.#note(picture.note, plane);
    context.restore();
  }

  /** Why there is nothing to see. */
  #note(note: string, plane: Plane): void {
    const context = this.#context;
    context.fillStyle = this.#now!.ink.css('--text-dim');
    context.font = `${SMALL}px ${this.#now!.ink.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(note, (plane.left + plane.right) / 2, (plane.top + plane.bottom) / 2);
  }
}

const dotted = ({ look }: Series): boolean => look === 'dots' || look === 'rings';

/** Zeros and negatives have no place on a logarithmic axis. */
function drawable({ x, y }: { readonly x: Axis; readonly y: Axis }, points: readonly Point[]): readonly Point[] {
  if (!x.logarithmic && !y.logarithmic) return points;
  return points.filter((point) => (!x.logarithmic || point.x > 0) && (!y.logarithmic || point.y > 0));
}
