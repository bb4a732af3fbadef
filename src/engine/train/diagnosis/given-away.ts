/** Columns that know too much: a copy of the target, or one that only counts the rows. Tables have them, and they spoil every score. */
import type { Dataset } from '../../data/dataset';
import { imageOf } from '../../data/images';
import * as edits from '../../graph/edits';
import type { TableSource } from '../../graph/project';
import type { Cure, Finding } from './finding';

/** A column that follows the target so closely is most likely the target itself. */
const SAME = 0.9995;
/** Fewer rows agree by chance. */
const LEAST_ROWS = 12;

export function givenAway(source: TableSource, data: Dataset, rows: Uint32Array): Finding[] {
  if (rows.length < LEAST_ROWS || imageOf(data) !== null) return [];
  const [width, outs] = [data.features.length, data.targets.length];
  const named = new Set(data.targets.map((target) => target.source));
  const target = data.targets[0]!.source;
  const numbered = rows.slice().sort();
  const leaks = new Set<string>();
  const counters = new Set<string>();
  for (let k = 0; k < width; k++) {
    const { source: column, derivation } = data.features[k]!;
    if (named.has(column) || leaks.has(column)) continue;
    for (let out = 0; out < outs && !leaks.has(column); out++)
      if (
        Math.abs(
          correlation(
            rows,
            (row) => data.x[row * width + k]!,
            (row) => data.y[row * outs + out]!,
          ),
        ) > SAME
      )
        leaks.add(column);
    if (data.task !== 'regression' && outs > 1 && isCode(data, rows, k)) leaks.add(column);
    if (!leaks.has(column) && !derivation && countsRows(data, numbered, k)) counters.add(column);
  }
  const without = (gone: ReadonlySet<string>): Cure | null => {
    const left = [...new Set(data.features.map((column) => column.source))].filter((name) => !gone.has(name));
    const lost = data.features.filter((column) => gone.has(column.source)).length;
    return left.length === 0 ? null : { title: 'Leave out', edit: leaveOut(source, left, width - lost, width), restart: true };
  };
  const list = (names: ReadonlySet<string>): string =>
    [...names]
      .slice(0, 5)
      .map((name) => `'${name}'`)
      .join(', ');
  const findings: Finding[] = [];
  if (leaks.size > 0)
    findings.push({
      code: 'leakage',
      title: leaks.size === 1 ? `${list(leaks)} gives the answer away` : `${leaks.size} features give the answer away`,
      text: `${list(leaks)} ${leaks.size === 1 ? 'follows' : 'follow'} '${target}' in ${rows.length} training rows without an exception that counts. Where it is not known beforehand, a score with it says nothing.`,
      panel: 'data',
      cure: without(leaks),
    });
  if (counters.size > 0)
    findings.push({
      code: 'row-number',
      title: `${list(counters)} only ${counters.size === 1 ? 'counts' : 'count'} the rows`,
      text: 'Its numbers rise by the same step from row to row, as an identifier does. A network can learn rows by heart from it, and nothing about others.',
      panel: 'data',
      cure: without(counters),
    });
  return findings;
}

function correlation(rows: Uint32Array, a: (row: number) => number, b: (row: number) => number): number {
  let [meanA, meanB] = [0, 0];
  for (const row of rows) {
    meanA += a(row) / rows.length;
    meanB += b(row) / rows.length;
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (const row of rows) {
    const [x, y] = [a(row) - meanA, b(row) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** Each class has one number in this column, and no other class has it. */
function isCode(data: Dataset, rows: Uint32Array, k: number): boolean {
  const [width, outs] = [data.features.length, data.targets.length];
  const ofNumber = new Map<number, number>();
  const ofClass = new Map<number, number>();
  for (const row of rows) {
    const number = data.x[row * width + k]!;
    const klass = data.y.subarray(row * outs, (row + 1) * outs).indexOf(1);
    if ((ofNumber.get(number) ?? klass) !== klass || (ofClass.get(klass) ?? number) !== number) return false;
    ofNumber.set(number, klass);
    ofClass.set(klass, number);
  }
  return ofClass.size > 2;
}

/** Whole numbers that rise by one and the same step from row to row of the file. */
function countsRows(data: Dataset, numbered: Uint32Array, k: number): boolean {
  const width = data.features.length;
  const { mean, deviation } = data.features[k]!;
  const at = (row: number): number => data.x[row * width + k]! * deviation + mean;
  const [first, last] = [numbered[0]!, numbered.at(-1)!];
  const step = (at(last) - at(first)) / (last - first);
  if (Math.abs(Math.round(step) - step) > 1e-3 || Math.round(step) === 0) return false;
  const near = Math.max(1e-3, 1e-6 * Math.abs(at(last)));
  return numbered.every((row) => Math.abs(at(row) - at(first) - (row - first) * step) < near);
}

/** The table without some columns; an input that took them all takes so many less. */
export function leaveOut(csv: TableSource, features: readonly string[], now: number, before: number): edits.Edit {
  return (project) => {
    const inputs = Object.values(project.nodes).filter(({ op }) => op === 'input');
    const [input] = inputs;
    const shape = input?.attrs['shape'];
    const whole = inputs.length === 1 && input !== undefined && Array.isArray(shape) && shape.length === 1 && shape[0] === before;
    const chosen = edits.setSettings({ data: { ...csv, features: [...features] } });
    return whole ? edits.inTurn(chosen, edits.setAttr(input.id, 'shape', [now]))(project) : chosen(project);
  };
}
