/** Points of the plane for the figures, from the same generators that the program trains on. */
import { generateDataset } from '../../../engine/data/generators';
import { defaultSettings } from '../../../engine/graph/project';
import type { LabelledPoint } from '../../../engine/teach/lines';

export function pointsOf(name: 'gaussians' | 'circles', count: number, noise = 0): readonly LabelledPoint[] {
  const { x, y, rows } = generateDataset({ kind: 'generator', name, count, noise, seed: 1 }, defaultSettings.split);
  return Array.from({ length: rows }, (_, i) => ({ x: x[2 * i]!, y: x[2 * i + 1]!, label: y[i] === 1 ? 1 : 0 }));
}

export const few: readonly LabelledPoint[] = [
  { x: -3, y: 2, label: 0 },
  { x: -2.4, y: -1.5, label: 0 },
  { x: -0.8, y: -3.4, label: 0 },
  { x: -1.2, y: 0.4, label: 0 },
  { x: 0.6, y: 3.2, label: 1 },
  { x: 1.8, y: -0.4, label: 1 },
  { x: 3.2, y: 1.6, label: 1 },
  { x: 2.2, y: -2.6, label: 1 },
];
