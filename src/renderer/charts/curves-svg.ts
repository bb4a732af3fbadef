/** Curves as vectors for pages that run no code: axes with round numbers, lines in the colours of tokens, a legend. */
import { numberText } from '../ui/format';
import { escapeMarkup } from '../ui/markup';
import { ticksBetween } from './plane';

interface SvgCurve {
  readonly title: string;
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export function curvesSvg(
  curves: readonly SvgCurve[],
  {
    width,
    height,
    xTitle,
    yTitle,
  }: { readonly width: number; readonly height: number; readonly xTitle: string; readonly yTitle: string },
): string {
  const finite = curves.map((curve) => ({
    ...curve,
    points: curve.points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)),
  }));
  const all = finite.flatMap(({ points }) => points);
  if (all.length === 0) return '';
  const bounds = (of: 'x' | 'y'): [number, number] => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const point of all) {
      low = Math.min(low, point[of]);
      high = Math.max(high, point[of]);
    }
    return high > low ? [low, high] : [low - 0.5, high + 0.5];
  };
  const [left, right, top, bottom] = [56, width - 12, 30, height - 36];
  const [xLow, xHigh] = bounds('x');
  const [yLow, yHigh] = bounds('y');
  const px = (x: number): number => left + ((x - xLow) / (xHigh - xLow)) * (right - left);
  const py = (y: number): number => bottom - ((y - yLow) / (yHigh - yLow)) * (bottom - top);
  const round = (value: number): string => value.toFixed(1);
  const parts: string[] = [];
  for (const tick of ticksBetween(yLow, yHigh, 6))
    parts.push(
      `<path d="M${left} ${round(py(tick))}H${right}" style="stroke:var(--line)"/><text x="${left - 8}" y="${round(py(tick) + 4)}" text-anchor="end">${numberText(tick, 3)}</text>`,
    );
  for (const tick of ticksBetween(xLow, xHigh, 8))
    parts.push(`<text x="${round(px(tick))}" y="${bottom + 18}" text-anchor="middle">${numberText(tick, 4)}</text>`);
  parts.push(
    `<text x="${right}" y="${height - 4}" text-anchor="end">${escapeMarkup(xTitle)}</text><text x="${left}" y="14" text-anchor="start">${escapeMarkup(yTitle)}</text>`,
  );
  let legend = left + 90;
  for (const { title, colour, dashed, points } of finite) {
    const d = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${round(px(x))} ${round(py(y))}`).join('');
    const stroke = `fill="none" style="stroke:var(${colour})" stroke-width="1.8" stroke-linejoin="round"${dashed ? ' stroke-dasharray="5 4"' : ''}`;
    parts.push(
      `<path d="${d}" ${stroke}/><path d="M${legend} 10h20" ${stroke}/><text x="${legend + 26}" y="14">${escapeMarkup(title)}</text>`,
    );
    legend += 40 + title.length * 7;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="var(--font)" font-size="11" style="fill:var(--text-dim)">${parts.join('')}</svg>`;
}
