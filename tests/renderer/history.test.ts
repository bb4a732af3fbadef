/** The window's list of runs: what is shown of the queue while it is put in another order. */
import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/main/contract';
import { History } from '../../src/renderer/run/history.svelte';

test('an order that was read before a run was moved does not put it back', async () => {
  const runs = ['a', 'b', 'c'].map((id) => ({ id, status: 'queued' }) as RunRecord);
  let order = ['a', 'b', 'c'];
  let late: (() => void) | null = null;
  let slow = false;
  const history = new History(
    {
      runHistory: async () => ({ stamp: 1, ids: ['a', 'b', 'c'], runs }),
      sweeps: async () => [],
      queue: async () => {
        const read = [...order];
        if (slow) await new Promise<void>((resolve) => (late = resolve));
        return read;
      },
      moveInQueue: async (id: string) => {
        order = [id, ...order.filter((other) => other !== id)];
      },
    } as unknown as ConstructorParameters<typeof History>[0],
    (title) => expect.fail(title),
  );
  const shown = (): readonly string[] => history.waiting.map(({ id }) => id);
  await history.refresh();
  slow = true;
  const reading = history.refresh();
  await expect.poll(() => late).not.toBeNull();
  slow = false;
  const moving = history.moveInQueue('c', 'a');
  expect(shown()).toEqual(['c', 'a', 'b']);
  await moving;
  late!();
  await reading;
  expect(shown()).toEqual(['c', 'a', 'b']);
});
