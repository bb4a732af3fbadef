/**
 * Runs of a sweep against what they change: a score over one setting, over two as a field of cells, over all as parallel
 * axes. One dot, cell or line is a run, or those that share the settings shown; pointed at, it is marked in all of them.
 */
import { numberText, plural } from '../ui/format';
import type { Ink } from './colours';
import type { Cell, Picture, Point, Series, Table } from './picture';
import { type Axis, extent, type Plane, rounded, shareOf, type Surface, ticksOf, tickTexts, widened } from './plane';
import { ramp, raster, shade } from './raster';

export interface SweepRun {
  readonly id: string;
  readonly title: string;
  /** Of each setting, in their order. */
  readonly values: readonly string[];
  /** Null: it has no such score. */
  readonly score: number | null;
}
export interface Sweep {
  readonly settings: readonly string[];
  /** `Validation loss` */
  readonly metric: string;
  /** Less of it is better. */
  readonly less: boolean;
  readonly runs: readonly SweepRun[];
}

/** Ratios from here on are told apart by powers. */
const WIDE = 20;
const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text));

/** The values that a setting takes, numbers in their order. */
export function valuesOf(sweep: Sweep, setting: number): readonly string[] {
  const all = [...new Set(sweep.runs.map(({ values }) => values[setting]!))];
  return all.every(isNumber) ? all.toSorted((a, b) => Number(a) - Number(b)) : all;
}

interface Scale {
  readonly axis: Axis;
  readonly at: (value: string) => number;
}
/** Numbers where they lie, words side by side. */
function scaleOf(sweep: Sweep, setting: number): Scale {
  const values = valuesOf(sweep, setting);
  const title = sweep.settings[setting]!;
  if (!values.every(isNumber)) {
    const places = new Map(values.map((value, at) => [value, at]));
    return { axis: { title, low: -0.5, high: values.length - 0.5, names: values }, at: (value) => places.get(value)! };
  }
  const [low, high] = extent(values.map(Number));
  const logarithmic = low > 0 && high / low >= WIDE;
  const [from, to] = logarithmic ? [low / 1.3, high * 1.3] : widened([low, high], 0.08);
  const whole = values.every((value) => Number.isInteger(Number(value)));
  return { axis: { title, low: from, high: to, logarithmic, ...(whole && !logarithmic ? { whole } : {}) }, at: Number };
}

/** A run may end without a score: it was stopped, or its numbers grew beyond all bounds. */
interface Scored extends SweepRun {
  readonly score: number;
}
const scored = ({ runs }: Sweep): readonly Scored[] =>
  runs.flatMap((run) => (run.score !== null && Number.isFinite(run.score) ? [{ ...run, score: run.score }] : []));
const mean = (runs: readonly Scored[]): number => runs.reduce((sum, { score }) => sum + score, 0) / runs.length;
const bestOf = (runs: readonly Scored[], less: boolean): Scored =>
  runs.reduce((best, run) => (less === run.score < best.score ? run : best));

/** `; 2 without a score`, or nothing: failures are never hidden behind the mean of the rest. */
const without = (all: number, runs: readonly Scored[]): string =>
  all > runs.length ? `; ${all - runs.length} without a score` : '';

function grouped<T extends SweepRun, K>(runs: readonly T[], key: (run: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const run of runs) {
    const group = groups.get(key(run));
    if (group) group.push(run);
    else groups.set(key(run), [run]);
  }
  return groups;
}

const words = ({ metric }: Sweep, run: Scored): string => `${run.title}: ${metric.toLowerCase()} ${numberText(run.score, 4)}`;

function tableOf({ settings, metric, runs }: Sweep): Table {
  const cell = (text: string): Cell => (isNumber(text) ? Number(text) : text);
  return {
    columns: [...settings, metric],
    rows: runs.map(({ values, score }) => [...values.map(cell), score]),
  };
}

const upOf = (sweep: Sweep): Axis => {
  const all = scored(sweep).map(({ score }) => score);
  const [low, high] = rounded(widened(extent(all), 0.05));
  return { title: sweep.metric, low: Math.min(...all) >= 0 ? Math.max(0, low) : low, high };
};

/** Each run as a dot, and the mean of those that share the value as a line. */
export function againstPicture(sweep: Sweep, setting: number): Picture {
  const { axis, at } = scaleOf(sweep, setting);
  const runs = scored(sweep);
  const name = sweep.settings[setting]!;
  const all = grouped(sweep.runs, ({ values }) => values[setting]!);
  const means = [...grouped(runs, ({ values }) => values[setting]!)]
    .map(
      ([value, own]): Point => ({
        x: at(value),
        y: mean(own),
        text: `${name} ${value}: mean ${numberText(mean(own), 4)} of ${plural(own.length, 'run')}${without(all.get(value)!.length, own)}`,
        // Of a single run the mean is the run.
        spot: own.length === 1 ? { kind: 'run', id: own[0]!.id } : undefined,
      }),
    )
    .sort((a, b) => a.x - b.x);
  const dots = runs
    .map(
      (run): Point => ({
        x: at(run.values[setting]!),
        y: run.score,
        text: words(sweep, run),
        spot: { kind: 'run', id: run.id },
      }),
    )
    .sort((a, b) => a.x - b.x);
  const best = runs.length === 0 ? null : bestOf(runs, sweep.less);
  return {
    title: `${sweep.metric} by ${name}`,
    summary: `${sweep.metric} of ${plural(runs.length, 'run')} by ${name}${without(sweep.runs.length, runs)}.${best === null ? '' : ` The best is ${numberText(best.score, 4)}, with ${best.title}.`}`,
    x: axis,
    y: upOf(sweep),
    series: [
      { title: 'Runs', colour: '--accent', look: 'dots', width: 4, points: dots },
      { title: 'Mean', colour: '--group-function', look: 'line', dashed: axis.names !== undefined, points: means },
    ],
    table: () => tableOf(sweep),
  };
}

const SHADED = 0.8;

/** The mean score over two settings, the better the stronger. */
export function fieldPicture(sweep: Sweep, across: number, up: number): Picture {
  const [columns, rows] = [valuesOf(sweep, across), valuesOf(sweep, up)];
  const cellOf = ({ values }: SweepRun): number => rows.indexOf(values[up]!) * columns.length + columns.indexOf(values[across]!);
  const runs = scored(sweep);
  const cells = grouped(runs, cellOf);
  const all = grouped(sweep.runs, cellOf);
  const means = new Map([...cells].map(([cell, runs]) => [cell, mean(runs)]));
  const [low, high] = extent(means.values());
  const good = (score: number): number => (high > low ? (sweep.less ? high - score : score - low) / (high - low) : 1);
  const pointAt = (row: number, column: number): Point => {
    const cell = row * columns.length + column;
    const [own, here] = [cells.get(cell), all.get(cell)];
    const where = `${sweep.settings[across]} ${columns[column]}, ${sweep.settings[up]} ${rows[row]}`;
    if (!here) return { x: column, y: row, text: `${where}: no run` };
    const best = own ? bestOf(own, sweep.less) : here[0]!;
    return {
      x: column,
      y: row,
      text: own
        ? `${where}: ${own.length === 1 ? '' : `mean of ${own.length} runs `}${numberText(mean(own), 4)}${without(here.length, own)}`
        : `${where}: no score${here.length === 1 ? '' : ` of ${here.length} runs`}`,
      spot: { kind: 'run', id: best.id, others: new Set(here.map(({ id }) => id)) },
    };
  };
  const within = (at: number, count: number): number => Math.min(count - 1, Math.max(0, Math.round(at)));
  return {
    title: `${sweep.metric} by ${sweep.settings[across]} and ${sweep.settings[up]}`,
    summary: `${sweep.metric} over ${columns.length} values of ${sweep.settings[across]} and ${rows.length} of ${sweep.settings[up]}, from ${numberText(low, 4)} to ${numberText(high, 4)}${without(sweep.runs.length, runs)}.`,
    x: { title: sweep.settings[across]!, low: -0.5, high: columns.length - 0.5, names: columns },
    y: { title: sweep.settings[up]!, low: -0.5, high: rows.length - 0.5, names: rows },
    covered: true,
    series: [],
    under: (context: Surface, plane: Plane, ink: Ink): void => {
      const shades = ramp(ink.rgb('--surface'), ink.rgb('--accent'), SHADED);
      const image = raster(columns.length, rows.length, (row, column) => {
        const score = means.get((rows.length - 1 - row) * columns.length + column);
        return shade(shades, score === undefined ? 0 : 0.15 + 0.85 * good(score));
      });
      const [left, right, top, bottom] = [
        plane.toX(-0.5),
        plane.toX(columns.length - 0.5),
        plane.toY(rows.length - 0.5),
        plane.toY(-0.5),
      ];
      context.imageSmoothingEnabled = false;
      context.drawImage(image, left, top, right - left, bottom - top);
      if ((right - left) / columns.length < 44 || (bottom - top) / rows.length < 16) return;
      context.fillStyle = ink.css('--text');
      context.font = `11px ${ink.font}`;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      for (const [cell, score] of means)
        context.fillText(numberText(score, 3), plane.toX(cell % columns.length), plane.toY(Math.floor(cell / columns.length)));
    },
    at: (x, y) => pointAt(within(y, rows.length), within(x, columns.length)),
    readings: () =>
      rows
        .map(
          (name, row): Series => ({
            title: name,
            colour: '--text',
            look: 'silent',
            points: columns.map((_, column) => pointAt(row, column)),
          }),
        )
        // The topmost first, as one reads.
        .reverse(),
    legend: [
      {
        title: `${numberText(low, 3)} to ${numberText(high, 3)}, the ${sweep.less ? 'lower' : 'higher'} the stronger`,
        colour: '--accent',
        mark: 'dot',
      },
    ],
    table: () => ({
      columns: [`${sweep.settings[up]} \\ ${sweep.settings[across]}`, ...columns],
      rows: rows.map((name, row) => [name, ...columns.map((_, column) => means.get(row * columns.length + column) ?? null)]),
    }),
  };
}

/** Runs that stand out in parallel axes: the best share. */
const OUTSTANDING = 0.2;

/** All settings and the score as axes beside each other, a run as a line through them; the best ones strong. */
export function parallelPicture(sweep: Sweep): Picture {
  const runs = scored(sweep).toSorted((a, b) => (sweep.less ? a.score - b.score : b.score - a.score));
  const last = sweep.settings.length;
  const scales = sweep.settings.map((_, setting) => scaleOf(sweep, setting));
  const up = upOf(sweep);
  const axes: readonly Axis[] = [...scales.map(({ axis }) => axis), up];
  const share = (at: number, value: number): number => shareOf(axes[at]!, [axes[at]!.low, axes[at]!.high], value);
  const strong = Math.max(1, Math.round(runs.length * OUTSTANDING));
  const lines = runs.map((run, rank): Series => {
    const text = words(sweep, run);
    const spot = { kind: 'run', id: run.id } as const;
    return {
      title: run.title,
      colour: rank < strong ? '--accent' : '--text-dim',
      look: 'line',
      faint: rank >= strong,
      width: rank === 0 ? 2.6 : 1.4,
      points: [
        ...scales.map(({ at }, setting): Point => ({ x: setting, y: share(setting, at(run.values[setting]!)), text, spot })),
        { x: last, y: share(last, run.score), text, spot },
      ],
    };
  });
  return {
    title: `${sweep.metric} by all settings`,
    summary: `${plural(runs.length, 'run')} as lines through ${last} settings and their ${sweep.metric.toLowerCase()}${without(sweep.runs.length, runs)}.${runs[0] ? ` The best is ${words(sweep, runs[0])}.` : ''}`,
    x: { title: '', low: -0.35, high: last + 0.35, names: axes.map(({ title }) => title) },
    y: { title: '', low: -0.03, high: 1.03, names: [] },
    series: lines,
    // Read one by one: what lies beside each other on an axis is not of one kind.
    readings: () => lines.map((line) => ({ ...line, look: 'silent' })),
    legend: [
      { title: `the best ${strong === 1 ? 'run' : `${strong} runs`}`, colour: '--accent', mark: 'line' },
      { title: 'the others', colour: '--text-dim', mark: 'line', faint: true },
    ],
    over: (context: Surface, plane: Plane, ink: Ink): void => {
      context.font = `11px ${ink.font}`;
      context.textBaseline = 'middle';
      context.lineWidth = 1;
      axes.forEach((axis, at) => {
        const x = plane.toX(at);
        context.strokeStyle = ink.css('--line-strong');
        context.beginPath();
        context.moveTo(x, plane.toY(0));
        context.lineTo(x, plane.toY(1));
        context.stroke();
        context.textAlign = at === last ? 'right' : 'left';
        const ticks = ticksOf(axis, [axis.low, axis.high], axis.names ? 12 : 5);
        const texts = tickTexts(axis, ticks);
        const away = at === last ? -5 : 5;
        for (const [place, tick] of ticks.entries()) {
          const [text, y] = [texts[place]!, plane.toY(share(at, tick))];
          const wide = context.measureText(text).width;
          // Lines that run behind a number would make it another one.
          context.fillStyle = ink.css('--surface', 0.85);
          context.fillRect(x + away - (at === last ? wide : 0) - 1, y - 7, wide + 2, 14);
          context.fillStyle = ink.css('--text-2');
          context.fillText(text, x + away, y);
        }
      });
    },
    table: () => tableOf(sweep),
  };
}
