/**
 * What changes around the drawing and makes it look different: colours, typefaces, the room there is, and
 * whether people want motion. One place that listens to all of them, and stops.
 */
export interface Surroundings {
  resized(): void;
  recolored(): void;
  /** A typeface has arrived. */
  lettered(): void;
  calmed(still: boolean): void;
}

/** Tells at once whether motion is wanted, and the rest when it changes. Returns what stops it. */
export function watchSurroundings(root: HTMLElement, told: Surroundings): () => void {
  const observer = new ResizeObserver(() => told.resized());
  observer.observe(root);
  const recolor = (): void => void requestAnimationFrame(() => told.recolored());
  const looks = new MutationObserver(recolor);
  looks.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class', 'style'] });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', recolor);
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const calm = (): void => told.calmed(still.matches);
  calm();
  still.addEventListener('change', calm);
  // Formulas bring typefaces of their own, which the drawing does not write in.
  const letter = (event: Event): void => {
    if (!(event as FontFaceSetLoadEvent).fontfaces.every(({ family }) => family.includes('KaTeX'))) told.lettered();
  };
  document.fonts?.addEventListener('loadingdone', letter);
  return () => {
    document.fonts?.removeEventListener('loadingdone', letter);
    still.removeEventListener('change', calm);
    dark.removeEventListener('change', recolor);
    looks.disconnect();
    observer.disconnect();
  };
}
