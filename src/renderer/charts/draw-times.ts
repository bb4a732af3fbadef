/**
 * How long plots take, for whoever wants to know: a measurement sets `markPlots`, and the making and the drawing of each
 * picture is marked on the browser's own timeline, which knows the time that the thread worked as well as the clock's.
 */
declare global {
  var markPlots: boolean | undefined;
}

const nothing = (): void => {};

/** Begins now; what comes back ends it. */
export function timed(what: 'make' | 'draw'): (title: string) => void {
  if (globalThis.markPlots !== true) return nothing;
  performance.mark('plot begins');
  return (title) => {
    performance.mark(`plot ${what} ${title}`);
    performance.clearMarks();
  };
}
