/**
 * What is found in the rows alone, before any training: columns of other sizes, columns that never change,
 * that give the answer away or only count rows, rare classes.
 */
import { classWeights } from '../../data/balance';
import { imageOf } from '../../data/images';
import * as edits from '../../graph/edits';
import { isTable } from '../../graph/project';
import { type Evidence, type Finding, percent, short } from './finding';
import { givenAway, leaveOut } from './given-away';

const MOST_ROWS = 5000;

/** What is found in the rows alone, before any training. */
export function diagnoseData({ project, data }: Pick<Evidence, 'project' | 'data'>): readonly Finding[] {
  if (data === null || data.features.length === 0) return [];
  const findings: Finding[] = [];
  const width = data.features.length;
  const rows = data.split.train.subarray(0, MOST_ROWS);
  const columns = data.features.map(({ name, source }, k) => {
    let [low, high, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (const row of rows) {
      const x = data.x[row * width + k]!;
      low = Math.min(low, x);
      high = Math.max(high, x);
      squares += x * x;
    }
    return { name, source, constant: rows.length > 1 && low === high, size: Math.sqrt(squares / Math.max(1, rows.length)) };
  });
  const { data: source } = project.settings;
  const csv = isTable(source) ? source : null;

  const large = columns.filter(({ size, constant }) => size > 10 && !constant);
  if (large.length > 0) {
    const worst = large.reduce((a, b) => (b.size > a.size ? b : a));
    findings.push({
      code: 'unscaled',
      title: large.length === 1 ? `'${worst.name}' is not scaled` : `${large.length} features are not scaled`,
      text: `The numbers of '${worst.name}' are about ${short(worst.size)} in size; initial weights expect about 1. Large inputs saturate activations and make steps too long.`,
      panel: 'data',
      cure:
        csv && !csv.standardise
          ? { title: 'Standardise the features', edit: edits.setSettings({ data: { ...csv, standardise: true } }), restart: true }
          : null,
    });
  }
  if (csv) findings.push(...givenAway(csv, data, rows));
  // The margins of images are always empty.
  const constant = imageOf(data) === null ? columns.filter((column) => column.constant) : [];
  if (constant.length > 0) {
    const gone = new Set(constant.map((column) => column.source));
    const left = [...new Set(columns.map((column) => column.source))].filter((name) => !gone.has(name));
    findings.push({
      code: 'constant-columns',
      title: constant.length === 1 ? `'${constant[0]!.name}' never changes` : `${constant.length} features never change`,
      text: `${constant.length === 1 ? 'It has' : 'They have'} the same value in all training rows, so nothing can be learned from ${constant.length === 1 ? 'it' : 'them'}: ${constant
        .slice(0, 5)
        .map(({ name }) => name)
        .join(', ')}${constant.length > 5 ? ', …' : ''}.`,
      panel: 'data',
      cure:
        csv && left.length > 0
          ? {
              title: 'Leave out',
              edit: leaveOut(csv, left, width - columns.filter(({ source: s }) => gone.has(s)).length, width),
              restart: true,
            }
          : null,
    });
  }
  if (data.task !== 'regression') {
    const counts = classWeights(data, rows);
    const most = counts.indexOf(Math.max(...counts));
    const share = counts[most]! / counts.reduce((a, b) => a + b, 1e-9);
    const even = 1 / counts.length;
    if (rows.length >= 20 && share > even + 0.65 * (1 - even))
      findings.push({
        code: 'imbalance',
        title: 'One class is far more frequent',
        text: `${percent(share)} of the training rows are '${data.classes[most]}': always guessing it gives that accuracy. Let rare classes count more in the loss, and look at the recall of each class.`,
        panel: 'data',
        cure:
          source.kind === 'none'
            ? null
            : { title: 'Balance the classes', edit: edits.setSettings({ data: { ...source, balance: true } }), restart: true },
      });
  }
  return findings;
}
