/**
 * A run as one HTML page that stands alone: the drawing and the curves as vectors, every setting, the
 * scores, the confusion matrix, the weights. It runs no code and loads nothing, so it can be sent and kept; it is dark
 * where the reader's system is, and light on paper.
 */
import type { CurvePoint, Score, Weights } from '../../../engine/api';
import type { RunDetail } from '../../../main/contract';
import { type Ink, inkOfSheet } from '../../charts/colours';
import { type Curve, curvesPicture } from '../../charts/curve-picture';
import { pictureSvg } from '../../charts/picture-files';
import { structureSvg } from '../../charts/structure-picture';
import { fixedText, numberText, percentText } from '../../ui/format';
import { escapeMarkup } from '../../ui/markup';
import { weightsSection } from './report-weights';
import { compareResults, compareSettings, statusTitle } from './settings-table';

const WIDTH = 860;

/** Curves are drawn in colours, not in names of colours: once for each theme. */
interface Inks {
  readonly light: Ink;
  readonly dark: Ink;
}

/** What the style sheet says of the dark theme. */
const darkTokens = (sheet: string): string => /\[data-theme=["']?dark["']?\]\s*\{([^}]*)\}/.exec(sheet)?.[1] ?? '';

function curves(points: readonly CurvePoint[], yTitle: string, of: (score: Score) => number | undefined, inks: Inks): string {
  const line = (part: 'train' | 'validation') =>
    points.flatMap((point) => {
      const y = point[part] === null ? undefined : of(point[part]);
      return y === undefined ? [] : [{ x: point.epoch, y }];
    });
  const [train, validation] = [line('train'), line('validation')];
  if (train.length === 0) return '';
  const both: readonly Curve[] = [
    { title: 'Training', colour: '--accent', points: train },
    ...(validation.length > 0 ? [{ title: 'Validation', colour: '--group-function', dashed: true, points: validation }] : []),
  ];
  const picture = curvesPicture({
    title: yTitle,
    summary: `${yTitle} over epochs.`,
    curves: both,
    xTitle: 'Epoch',
    yTitle,
    epochs: true,
  });
  const drawn = (theme: keyof Inks): string =>
    `<div class="${theme}">${pictureSvg(picture, { width: WIDTH - 18, height: 250 }, inks[theme], undefined, `${yTitle === 'Loss' ? 'loss' : 'metric'}-${theme}`)}</div>`;
  return drawn('light') + drawn('dark');
}

function matrix({ classes, counts }: NonNullable<RunDetail['confusion']>): string {
  const size = Math.max(2, classes.length);
  const name = (at: number): string => escapeMarkup(classes[at] ?? String(at));
  const head = Array.from({ length: size }, (_, at) => `<th scope="col">${name(at)}</th>`).join('');
  const rows = Array.from({ length: size }, (_, row) => {
    const cells = Array.from({ length: size }, (_cell, column) => {
      const total = counts.slice(row * size, (row + 1) * size).reduce((a, b) => a + b, 0);
      const value = counts[row * size + column] ?? 0;
      const share = total > 0 ? value / total : 0;
      const tone = row === column ? 'var(--pos)' : 'var(--neg)';
      return `<td style="background:color-mix(in srgb, ${tone} ${Math.round(share * 45)}%, transparent)">${value}</td>`;
    }).join('');
    return `<tr><th scope="row">${name(row)}</th>${cells}</tr>`;
  }).join('');
  return `<h2>Confusion matrix</h2><p>Test rows: true classes down, predictions across.</p><table class="matrix"><thead><tr><td></td>${head}</tr></thead><tbody>${rows}</tbody></table>`;
}

const table = (rows: readonly { readonly title: string; readonly values: readonly string[] }[]): string =>
  `<table>${rows
    .filter(({ values }) => values[0] !== '')
    .map(({ title, values }) => `<tr><th scope="row">${escapeMarkup(title)}</th><td>${escapeMarkup(values[0]!)}</td></tr>`)
    .join('')}</table>`;

/** `tokens`: the style sheet with the colours, which the pictures name. `weights`: null where none were kept. */
export function runReport(run: RunDetail, tokens: string, weights: Weights | null): string {
  const started = new Date(run.startedAt);
  const score = run.scores.test ?? run.scores.validation ?? run.scores.train;
  const headline = [
    score ? `loss ${numberText(score.loss, 4)}` : '',
    score?.accuracy === undefined ? '' : `accuracy ${percentText(score.accuracy, 1)}`,
    score?.r2 === undefined ? '' : `R² ${fixedText(score.r2, 3)}`,
  ].filter((text) => text !== '');
  const dark = darkTokens(tokens);
  const inks: Inks = { light: inkOfSheet(tokens, 'sans-serif'), dark: inkOfSheet(dark + tokens, 'sans-serif') };
  const accuracy = curves(run.points, 'Accuracy', (one) => one.accuracy, inks);
  const r2 = accuracy === '' ? curves(run.points, 'R²', (one) => one.r2, inks) : '';
  return `<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeMarkup(run.name)}</title>
<style>
${tokens}
body { max-width: ${WIDTH}px; margin: 40px auto; padding: 0 20px; background: var(--surface); color: var(--text); font: 14px/1.5 var(--font); }
h1 { margin: 0; font-size: 26px; } h2 { margin: 36px 0 10px; font-size: 16px; } p { margin: 4px 0; color: var(--text-2); }
svg { display: block; max-width: 100%; height: auto; } figure { margin: 0; padding: 8px; border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; } th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); text-align: left; font-weight: 450; vertical-align: top; }
th { color: var(--text-dim); } .columns { display: flex; flex-wrap: wrap; gap: 8px 56px; } .matrix th, .matrix td { padding: 5px 10px; text-align: right; }
h3 { margin: 18px 0 2px; font-size: 14px; } small { color: var(--text-dim); font-weight: 450; }
.cells td { padding: 4px 9px; text-align: right; border: 1px solid var(--line); font-variant-numeric: tabular-nums; } .map { margin-top: 8px; border: 1px solid var(--line); } td, rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.dark { display: none; }
@media screen and (prefers-color-scheme: dark) { :root[data-theme] { color-scheme: dark; ${dark} } .dark { display: block; } .light { display: none; } }
@media print { body { margin: 0; } figure, table, .parameter { break-inside: avoid; } h2, h3 { break-after: avoid; } }
</style>
</head>
<body>
<h1>${escapeMarkup(run.name)}</h1>
<p>${escapeMarkup(statusTitle(run))}${run.message === '' ? '' : `: ${escapeMarkup(run.message)}`}. Started ${started.toISOString().slice(0, 16).replace('T', ' ')} UTC.${headline.length > 0 ? ` ${run.scores.test ? 'On the test rows: ' : ''}${headline.join(', ')}.` : ''}</p>
${run.tags.length > 0 ? `<p>Tags: ${escapeMarkup(run.tags.join(', '))}</p>` : ''}
<h2>Drawing</h2>
<figure>${structureSvg(run.project, { width: WIDTH - 18, height: 420 })}</figure>
<h2>Curves</h2>
<figure>${curves(run.points, 'Loss', (one) => one.loss, inks) || '<p>Nothing was measured.</p>'}</figure>
${accuracy || r2 ? `<figure style="margin-top:12px">${accuracy || r2}</figure>` : ''}
<div class="columns">
<div><h2>Results</h2>${table(compareResults([run]))}</div>
<div><h2>Settings</h2>${table(compareSettings([run]))}</div>
</div>
${run.confusion ? matrix(run.confusion) : ''}
${weights === null ? '' : weightsSection(weights, run.epoch)}
${run.project.settings.notes === '' ? '' : `<h2>Notes</h2><p style="white-space:pre-wrap">${escapeMarkup(run.project.settings.notes)}</p>`}
<p style="margin-top:40px;color:var(--text-dim);font-size:12px">Made with Chainrule. Run ${escapeMarkup(run.id)}.</p>
</body>
</html>
`;
}
