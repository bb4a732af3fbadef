/** Figures, what is asked of them, and the table that says whether they reach it. */

export const median = (list: readonly number[]): number => {
  const sorted = [...list].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};

/** Written `20` for at least twenty, or `30` for at most thirty milliseconds; `better` says which. */
export interface Asked {
  readonly must: number | null;
  readonly aim: number | null;
  readonly better: 'larger' | 'smaller' | 'near';
  /** With `near`: how far from `must` it may be. */
  readonly within?: number;
}

export interface Figure {
  readonly group: string;
  readonly what: string;
  readonly unit: string;
  /** Median and range; null: not measured, with the reason. */
  readonly value: number | null;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
  readonly asked: Asked;
  readonly note: string;
}

export const atLeast = (must: number, aim: number | null = null): Asked => ({ must, aim, better: 'larger' });
export const atMost = (must: number, aim: number | null = null): Asked => ({ must, aim, better: 'smaller' });
export const near = (must: number, within: number): Asked => ({ must, aim: null, better: 'near', within });
export const nothing: Asked = { must: null, aim: null, better: 'larger' };

export function figure(
  group: string,
  what: string,
  unit: string,
  samples: readonly number[],
  asked: Asked = nothing,
  note = '',
): Figure {
  const value = samples.length > 0 ? median(samples) : null;
  const [low, high] = [Math.min(...samples), Math.max(...samples)];
  return { group, what, unit, value, low, high, samples: samples.length, asked, note };
}

export const missing = (group: string, what: string, asked: Asked, reason: string): Figure =>
  figure(group, what, '', [], asked, reason);

export type Verdict = 'aim' | 'pass' | 'MISS' | 'not measured' | '';

export function verdictOf({ value, asked: { must, aim, better, within } }: Figure): Verdict {
  if (value === null) return must === null ? '' : 'not measured';
  if (must === null) return '';
  const reaches = (limit: number): boolean =>
    better === 'larger' ? value >= limit : better === 'smaller' ? value <= limit : Math.abs(value - limit) <= within!;
  if (!reaches(must)) return 'MISS';
  return aim !== null && reaches(aim) ? 'aim' : 'pass';
}

/** Three digits that mean something. */
export function number(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return Math.abs(value) >= 0.01 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

const limit = (asked: Asked, value: number | null): string => {
  if (value === null) return '';
  if (asked.better === 'near') return `${value} ± ${asked.within}`;
  return `${asked.better === 'larger' ? '≥' : '≤'} ${value.toLocaleString('en')}`;
};

function cells(f: Figure): readonly string[] {
  const value = f.value === null ? '–' : `${number(f.value)}${f.unit === '×' ? '×' : f.unit === '' ? '' : ` ${f.unit}`}`;
  const range = f.samples > 1 ? `${number(f.low)} – ${number(f.high)}` : '';
  return [f.what, value, range, limit(f.asked, f.asked.must), limit(f.asked, f.asked.aim), verdictOf(f), f.note];
}
const HEAD = ['', 'median', 'range', 'must', 'aim', '', ''];

/** As text, in columns. */
export function printTable(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cells)];
  const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 || at >= 5 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd();
  const out: string[] = [];
  let group = '';
  for (const [at, f] of figures.entries()) {
    if (f.group !== group) out.push('', f.group, line(HEAD));
    group = f.group;
    out.push(line(rows[at + 1]!));
  }
  return out.join('\n');
}

/** For `docs/performance.md`. */
export function markdownTable(figures: readonly Figure[]): string {
  const out = ['| | median | range | must | aim | |', '|---|---:|---:|---:|---:|---|'];
  let group = '';
  for (const f of figures) {
    if (f.group !== group) out.push(`| **${f.group}** | | | | | |`);
    group = f.group;
    const [what, value, range, must, aim, verdict, note] = cells(f);
    out.push(`| ${what}${note === '' ? '' : ` (${note})`} | ${value} | ${range} | ${must} | ${aim} | ${verdict} |`);
  }
  return out.join('\n');
}
