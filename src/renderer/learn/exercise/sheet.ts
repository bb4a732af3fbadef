/** Puts an element at the end of the page, where the print stylesheet finds it and hides everything else. */
export function portal(element: HTMLElement): { destroy: () => void } {
  document.body.append(element);
  return { destroy: () => element.remove() };
}
