/**
 * A plane of two features: how numbers over it become colours (shares of two classes, the likeliest of
 * several, signed values), and the rows of the data as points on it.
 */
import type { Dataset, Task } from '../../../engine/data/dataset';
import type { MapPoint, Tone } from '../../charts/map-picture';
import { binaryShare, largestAt, shares, type Takes } from '../../run/answers';
import { countText, numberText } from '../../ui/format';
import { MOST_POINTS } from '../../run/boundary.svelte';

/** One map for each output, row-major over the plane. `signed`: as they are, whatever the task. */
export function toneOf(maps: readonly Float32Array[], task: Task, takes: Takes, signed = false): Tone | null {
  const [first] = maps;
  if (!first) return null;
  if (signed || task === 'regression') {
    let largest = 0;
    for (const value of first) largest = Math.max(largest, Math.abs(value));
    return { kind: 'signed', value: first, largest };
  }
  if (task === 'binary') return { kind: 'two', share: first.map((value) => binaryShare(value, takes)) };
  const winner = new Uint8Array(first.length);
  const sureness = new Float32Array(first.length);
  const row = new Array<number>(maps.length);
  for (let at = 0; at < first.length; at++) {
    maps.forEach((map, index) => {
      row[index] = map[at]!;
    });
    const all = shares(row, takes);
    winner[at] = largestAt(all);
    sureness[at] = all[winner[at]!]!;
  }
  return { kind: 'several', winner, sureness };
}

/** Encoded number → the feature's own units. */
export function unitsOf(dataset: Dataset, feature: number): (value: number) => number {
  const column = dataset.features[feature];
  return (value) => (column ? value * column.deviation + column.mean : value);
}

function truthText(dataset: Dataset, row: number): string {
  const outs = dataset.targets.length;
  const y = dataset.y.subarray(row * outs, (row + 1) * outs);
  if (dataset.task === 'multiclass') return dataset.classes[largestAt(y)] ?? '';
  if (dataset.task === 'binary') return dataset.classes[Math.round(y[0]!)] ?? '';
  const target = dataset.targets[0]!;
  return `${target.name} ${numberText(y[0]! * target.deviation + target.mean, 3)}`;
}

/** `axes` are positions in the encoded features; points are in the features' own units. */
export function pointsOf(dataset: Dataset, [a, b]: readonly [number, number]): readonly MapPoint[] {
  const width = dataset.features.length;
  if (width < 2) return [];
  const outs = dataset.targets.length;
  const list: MapPoint[] = [];
  const [across, up] = [unitsOf(dataset, a), unitsOf(dataset, b)];
  let largest = 1e-9;
  if (dataset.task === 'regression')
    for (let i = 0; i < dataset.y.length; i += outs) largest = Math.max(largest, Math.abs(dataset.y[i]!));
  const add = (rows: Uint32Array, held: boolean): void => {
    const stride = Math.max(1, Math.ceil(dataset.rows / MOST_POINTS));
    for (let i = 0; i < rows.length; i += stride) {
      const row = rows[i]!;
      const y = dataset.y.subarray(row * outs, (row + 1) * outs);
      const value = dataset.task === 'multiclass' ? largestAt(y) : dataset.task === 'binary' ? y[0]! : y[0]! / largest;
      list.push({
        x: across(dataset.x[row * width + a]!),
        y: up(dataset.x[row * width + b]!),
        value,
        held,
        text: `Row ${countText(row + 1)}: ${truthText(dataset, row)}`,
        spot: { kind: 'row', row },
      });
    }
  };
  add(dataset.split.train, false);
  add(dataset.split.validation, true);
  add(dataset.split.test, true);
  return list;
}
