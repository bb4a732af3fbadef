/**
 * Gives memory back soon. An array is freed when the heap is collected, and a process that waits for its
 * window collects nothing; hundreds of megabytes that nobody needs would stay with it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null = null;

/** Not within the call, whose own stack may still hold what is to go. */
export const collectSoon = (): void => void setTimeout(collectGarbage, 20);

function collectGarbage(): void {
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext("typeof gc === 'function' ? gc : null");
    collect = typeof found === 'function' ? () => void found() : () => undefined;
  }
  collect();
}
