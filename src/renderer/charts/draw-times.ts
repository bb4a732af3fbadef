/** How long plots take to draw, for whoever wants to know: a measurement puts a list at `drawTimes` and reads it. */
declare global {
  var drawTimes: { readonly title: string; readonly milliseconds: number }[] | undefined;
}

export const drawn = (title: string, milliseconds: number): void => {
  globalThis.drawTimes?.push({ title, milliseconds });
};
