/** Rows of a test drawing for what goes into a network: data and given parameters. */
import type { Rows } from './drawing';

type Row = Rows[string];

/** A parameter with given numbers. */
export const given = (values: readonly number[], shape: readonly number[] = [], role: 'weight' | 'bias' = 'weight'): Row => [
  'parameter',
  {},
  { values, shape, role },
];
export const input = (shape: readonly number[] = []): Row => ['input', {}, { shape }];
export const target = (shape: readonly number[] = []): Row => ['target', {}, { shape }];
