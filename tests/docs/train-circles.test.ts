/** The example in the documentation runs and learns. */
import { expect, test, vi } from 'vitest';

test('docs/train-circles.ts trains circles with the engine alone', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { result } = await import('../../docs/train-circles');
  expect(result!.accuracy).toBeGreaterThan(0.9);
  expect(log).toHaveBeenLastCalledWith(expect.stringMatching(/^of the test points, \d+\.\d % are right$/));
});
