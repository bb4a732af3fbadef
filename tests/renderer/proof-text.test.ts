import { describe, expect, test } from 'vitest';
import type { Proof } from '../../src/engine/train/proof';
import { proofText, tinyText } from '../../src/renderer/panels/proof-text';

const gap = (worst: number) => ({ worst, at: 'h/weight' });
const done: Proof = {
  rows: 4,
  matrices: gap(1e-16),
  neurons: gap(0),
  scalars: gap(2.2e-16),
  isTooLarge: false,
  device: gap(3e-7),
  step: gap(2e-6),
  devices: { live: 'wasm', training: 'webgpu' },
  trainsOtherwise: false,
  verified: 312,
  of: 312,
  kinks: 0,
  size: 312,
  isDone: true,
  fault: null,
};

describe('the badge of the checks', () => {
  test('is green where everything agrees', () => {
    const text = proofText(done, false, true);
    expect(text).toMatchObject({ tone: 'fine', short: '312 of 312 gradients' });
    expect(text.lines.map((line) => line.tone)).toEqual(['fine', 'fine', 'fine', 'fine', 'fine', 'fine']);
    expect(text.lines[0]!.text).toBe('1.0 × 10⁻¹⁶');
  });

  test('is red where a lens, the device or a gradient is off', () => {
    for (const wrong of [
      { scalars: gap(1e-9) },
      { device: gap(0.5) },
      { step: gap(0.5) },
      { verified: 311 },
      { fault: { node: 'h', edge: 'h.x', message: 'It differs.' } },
    ])
      expect(proofText({ ...done, ...wrong }, false, true)).toMatchObject({ tone: 'wrong', short: 'Gradients differ' });
  });

  test('says so where a number is gone', () =>
    expect(proofText({ ...done, neurons: gap(Number.NaN) }, false, true)).toMatchObject({
      tone: 'wrong',
      short: 'Not a number',
    }));

  test('says what was chosen, what has no slope, and what was too much', () => {
    const text = proofText({ ...done, of: 40, verified: 40, size: 1000, kinks: 3, scalars: null, isTooLarge: true }, false, true);
    expect(text.lines.at(-1)!.text).toBe('40 of 40 verified, chosen from 1,000; 3 at a kink, where there is no slope');
    expect(text.lines[2]!.text).toBe('too many scalars to compare');
    expect(text.tone).toBe('fine');
  });

  test('waits while training runs', () => {
    expect(proofText(done, true, true)).toMatchObject({ tone: 'wait', short: 'Checks wait', lines: [] });
    expect(proofText({ ...done, isDone: false, verified: 16, of: 312 }, false, true)).toMatchObject({ tone: 'wait' });
  });

  test('knows nothing yet, or has nothing to check', () => {
    expect(proofText(null, false, true).short).toBe('Checking…');
    expect(proofText(null, false, false).short).toBe('Nothing to check');
  });

  test('tiny numbers read as powers of ten', () => {
    expect(tinyText(0)).toBe('0');
    expect(tinyText(3.14e-7)).toBe('3.1 × 10⁻⁷');
  });
});
