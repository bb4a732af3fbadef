/** Tests that fail in each way there is, for the test of the reporters. Only that test runs them. */
import { beforeAll, describe, expect, test } from 'vitest';

test('is fine', () => expect(1).toBe(1));
test('is wrong', () => expect(1, 'one is two').toBe(2));
test('leaves something behind', () => {
  void Promise.reject(new Error('nobody waited for this'));
});
describe('with a hook that breaks', () => {
  beforeAll(() => {
    throw new Error('no ground to stand on');
  });
  test('never runs', () => {});
});
