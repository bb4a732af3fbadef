/** Work for moments in which the window has nothing else to do: what is made ready there, nobody waits for later. */

/** Calls back when the window has nothing else to do. Returns what takes the wish back. */
export function whenIdle(work: () => void): () => void {
  if (typeof requestIdleCallback === 'undefined') {
    const timer = setTimeout(work, 60);
    return () => clearTimeout(timer);
  }
  const id = requestIdleCallback(work, { timeout: 2000 });
  return () => cancelIdleCallback(id);
}

/** One piece of work after the other, each in an idle moment of its own. Returns what stops it. */
export function inIdleMoments(pieces: readonly (() => void)[]): () => void {
  let stop: () => void = () => {};
  const go = (at: number): void => {
    const piece = pieces[at];
    if (!piece) return;
    stop = whenIdle(() => {
      piece();
      go(at + 1);
    });
  };
  go(0);
  return () => stop();
}
