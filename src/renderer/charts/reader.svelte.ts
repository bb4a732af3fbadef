/**
 * Reading a plot: the cursor of the arrow keys, what lies under the pointer, the part that is zoomed to, and the words for
 * all of it. Knows a picture and where its numbers lie, and no element of a page: `PlotField.svelte` is its eyes and hands.
 */
import { numberText } from '../ui/format';
import { type Look, readingsOf, type Picture, type Point, type Series } from './picture';
import { type Axis, nameOn, pannedRange, shareOf, wholeView, zoomedRange, type Plane, type View } from './plane';
import type { Spot } from './spotlight.svelte';

interface Place {
  readonly series: number;
  readonly at: number;
  /** None of the readings, but what lies under the pointer. */
  readonly free?: Point;
  /** The field said it, and may say another number there later. */
  readonly said?: boolean;
}

export interface Line {
  readonly colour: string;
  readonly title: string;
  readonly text: string;
}

/** How far the pointer may be from a dot that it reads, in pixels; and from one that lies on a field which says something itself. */
const REACH = 28;
const REACH_ON_FIELD = 7;
/** A line is read wherever one stands above or below it. */
const FLATTENED = 0.02;
/** Curves that are read together at most. */
const TOGETHER = 12;
const CLOSER = 0.6;

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value));

const nearest = (points: readonly Point[], x: number): number => {
  let best = 0;
  for (let at = 1; at < points.length; at++) if (Math.abs(points[at]!.x - x) < Math.abs(points[best]!.x - x)) best = at;
  return best;
};

export class Reader {
  /** The part that is looked at; null: everything. */
  view = $state.raw<View | null>(null);
  /** Where numbers lie, since it was last drawn. */
  plane = $state.raw<Plane | null>(null);
  /** For a screen reader. */
  said = $state('');
  cursor = $state.raw<Place | null>(null);
  pointed = $state.raw<Place | null>(null);

  readonly #picture: () => Picture;

  constructor(picture: () => Picture) {
    this.#picture = picture;
  }

  readonly readings = $derived.by(() => readingsOf(this.#picture()));
  readonly place = $derived(this.pointed ?? this.cursor);
  readonly point = $derived(this.pointAt(this.place));
  /** Curves over the same axis are read together: each at the place nearest to the point. */
  readonly #together = $derived(
    this.readings.length > 1 && this.readings.length <= TOGETHER && this.readings.every(({ look }) => look === 'line'),
  );
  readonly read = $derived.by((): { readonly title: string; readonly lines: readonly Line[] } | null => {
    const { place, point } = this;
    if (place === null || point === null) return null;
    if (place.free) return { title: point.text ?? '', lines: [] };
    if (!this.#together) return { title: this.textOf(this.readings[place.series]!, point), lines: [] };
    const { x, y } = this.#picture();
    const whole = [x.low, x.high] as const;
    const lines = this.readings.flatMap((series) => {
      const other = series.points[nearest(series.points, point.x)]!;
      const far = Math.abs(shareOf(x, whole, other.x) - shareOf(x, whole, point.x)) > 0.02;
      return far ? [] : [{ colour: series.colour, title: series.title, text: this.#axisText(y, other.y) }];
    });
    return { title: `${x.title} ${this.#axisText(x, point.x)}`, lines };
  });
  /** What of the network or the data the point is. */
  readonly spot = $derived.by((): Spot | null => {
    if (this.point === null) return null;
    return this.point.spot ?? (this.#picture().x.shows === 'epoch' ? { kind: 'epoch', epoch: this.point.x } : null);
  });

  pointAt(place: Place | null): Point | null {
    if (place?.free && place.said) return this.#picture().at?.(place.free.x, place.free.y) ?? place.free;
    return place === null ? null : (place.free ?? this.readings[place.series]?.points[place.at] ?? null);
  }

  #axisText(axis: Axis, value: number): string {
    return nameOn(axis, value) ?? numberText(value, 5);
  }

  textOf(series: Series, { x, y, text }: Point): string {
    if (text !== undefined) return text;
    const picture = this.#picture();
    const across = picture.x.title === '' ? this.#axisText(picture.x, x) : `${picture.x.title} ${this.#axisText(picture.x, x)}`;
    return `${across}: ${this.readings.length === 1 ? '' : `${series.title} `}${this.#axisText(picture.y, y)}`;
  }

  /** Where a point lies, if it is seen. One that is above or below everything there is to see is at the edge. */
  inField({ x, y }: Point): { readonly left: number; readonly top: number } | null {
    const { plane } = this;
    if (plane === null) return null;
    const [left, exact] = [plane.toX(x), plane.toY(y)];
    const top = this.view === null ? Math.min(plane.bottom, Math.max(plane.top, exact)) : exact;
    const within = left >= plane.left - 1 && left <= plane.right + 1 && top >= plane.top - 1 && top <= plane.bottom + 1;
    return within ? { left, top } : null;
  }

  #go(to: Place): void {
    this.cursor = to;
    this.pointed = null;
    const [series, target] = [this.readings[to.series], this.pointAt(to)];
    if (!series || !target) return;
    this.said = this.textOf(series, target);
    this.#show(target);
  }
  /** What is zoomed away comes into sight when the cursor goes there. */
  #show(point: Point): void {
    const { view } = this;
    if (view === null || this.inField(point)) return;
    const { x, y } = this.#picture();
    const along = (axis: Axis, range: View['x'], value: number) =>
      Number.isFinite(value) ? pannedRange(axis, range, shareOf(axis, range, value) - 0.5) : range;
    this.view = { x: along(x, view.x, point.x), y: along(y, view.y, point.y) };
  }

  /** Whether the key meant something. `onPick`: Enter on a point. */
  key(name: string, onPick: ((point: Point) => void) | undefined): boolean {
    if (name === '+' || name === '=') return this.zoom(CLOSER);
    if (name === '-') return this.zoom(1 / CLOSER);
    if (name === '0') return this.reset();
    if (name === 'Escape') {
      if (this.cursor === null) return false;
      this.cursor = null;
      return true;
    }
    const from = this.cursor;
    const { readings } = this;
    const series = readings[from?.series ?? 0];
    if (!series) return false;
    if (name === 'Enter' || name === ' ') {
      const now = this.pointAt(from);
      if (now && onPick) onPick(now);
      return now !== null && onPick !== undefined;
    }
    const last = series.points.length - 1;
    const at = Math.min(from?.at ?? -1, last);
    const moved = { ArrowLeft: from ? at - 1 : last, ArrowRight: at + 1, Home: 0, End: last, PageUp: at - 10, PageDown: at + 10 }[
      name
    ];
    if (moved !== undefined) {
      this.#go({ series: from?.series ?? 0, at: clamp(moved, last) });
      return true;
    }
    if (name !== 'ArrowUp' && name !== 'ArrowDown') return false;
    if (from === null) {
      this.#go({ series: 0, at: 0 });
      return true;
    }
    // Up and down go to the next series, to what lies nearest.
    const other = clamp(from.series + (name === 'ArrowUp' ? -1 : 1), readings.length - 1);
    this.#go({ series: other, at: nearest(readings[other]!.points, series.points[at]!.x) });
    return true;
  }

  /** Around the cursor where there is one, else around a place given in shares of what is seen. */
  zoom(factor: number, across = 0.5, up = 0.5): boolean {
    const picture = this.#picture();
    const now = this.view ?? wholeView(picture);
    const at = this.pointed === null ? this.point : null;
    const share = (axis: Axis, range: View['x'], value: number | undefined, fallback: number): number =>
      value === undefined || !Number.isFinite(value) ? fallback : clamp(shareOf(axis, range, value), 1);
    const next: View = {
      x: zoomedRange(picture.x, now.x, factor, share(picture.x, now.x, at?.x, across)),
      y: zoomedRange(picture.y, now.y, factor, share(picture.y, now.y, at?.y, up)),
    };
    const whole = (axis: Axis, range: View['x']): boolean =>
      shareOf(axis, range, axis.low) > -1e-6 && shareOf(axis, range, axis.high) < 1 + 1e-6;
    this.view = factor > 1 && whole(picture.x, next.x) ? null : next;
    this.said =
      this.view === null
        ? 'Everything is seen.'
        : `${picture.x.title || 'x'} from ${this.#axisText(picture.x, this.view.x[0])} to ${this.#axisText(picture.x, this.view.x[1])}.`;
    return true;
  }
  reset(): boolean {
    if (this.view === null) return false;
    this.view = null;
    this.said = 'Everything is seen.';
    return true;
  }
  /** Moves what is seen, by pixels, from where it stood. */
  pan(start: View, right: number, down: number): void {
    const { plane } = this;
    if (plane === null) return;
    const picture = this.#picture();
    this.view = {
      x: pannedRange(picture.x, start.x, -right / (plane.right - plane.left)),
      y: pannedRange(picture.y, start.y, (picture.downwards ? -down : down) / (plane.bottom - plane.top)),
    };
  }
  /** Looks at a rectangle of the field; `flat`: only at a part along x. */
  frame(xs: readonly [number, number], ys: readonly [number, number], flat: boolean): void {
    const { plane } = this;
    if (plane === null) return;
    const inside = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
    const across = xs.map((x) => plane.fromX(inside(x, plane.left, plane.right))).sort((a, b) => a - b);
    const up = ys.map((y) => plane.fromY(inside(y, plane.top, plane.bottom))).sort((a, b) => a - b);
    const now = this.view ?? wholeView(this.#picture());
    this.view = { x: [across[0]!, across[1]!], y: flat ? now.y : [up[0]!, up[1]!] };
  }

  /** What lies at a pixel of the field. */
  hit([left, top]: readonly [number, number]): Place | null {
    const { plane } = this;
    if (plane === null || left < plane.left - 6 || left > plane.right + 6 || top < plane.top - 6 || top > plane.bottom + 6)
      return null;
    const picture = this.#picture();
    if (picture.at) {
      const dot = this.#dotNear(plane, left, top);
      if (dot) return { series: 0, at: 0, free: dot };
      return { series: 0, at: 0, free: picture.at(plane.fromX(left), plane.fromY(top)), said: true };
    }
    const isDots = (look: Look): boolean => look === 'dots' || look === 'rings';
    // A dot must be near, and is meant where it is: lines that run by are read everywhere else.
    return this.#nearest(plane, left, top, isDots, REACH) ?? this.#nearest(plane, left, top, (look) => !isDots(look));
  }
  #nearest(
    plane: Plane,
    left: number,
    top: number,
    ofLook: (look: Look) => boolean,
    reach = Number.POSITIVE_INFINITY,
  ): Place | null {
    let best: Place | null = null;
    let distance = reach * reach;
    this.readings.forEach(({ points, look }, series) => {
      if (!ofLook(look)) return;
      const flat = look === 'line' || look === 'bars' ? FLATTENED : 1;
      for (let at = 0; at < points.length; at++) {
        const [dx, dy] = [plane.toX(points[at]!.x) - left, plane.toY(points[at]!.y) - top];
        const away = dx * dx + flat * dy * dy;
        if (away < distance) {
          distance = away;
          best = { series, at };
        }
      }
    });
    return best;
  }
  /** A dot that lies on a field, if one is meant. */
  #dotNear(plane: Plane, left: number, top: number): Point | null {
    let [found, distance]: [Point | null, number] = [null, REACH_ON_FIELD * REACH_ON_FIELD];
    for (const { points } of this.#picture().series)
      for (const one of points) {
        const away = (plane.toX(one.x) - left) ** 2 + (plane.toY(one.y) - top) ** 2;
        if (away < distance) [found, distance] = [one, away];
      }
    return found;
  }
}
