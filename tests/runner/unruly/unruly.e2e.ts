/** Like its neighbour, for the end-to-end tests' reporter. No browser is needed. */
import { expect, test } from '@playwright/test';

test('is fine', () => expect(1).toBe(1));
test.describe('in a group', () => {
  test('is wrong', () => expect(1, 'one is two').toBe(2));
});
