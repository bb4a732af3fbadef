/**
 * Keys of the stepper on the whole window while an iteration is open: arrows step, Space plays, Page keys
 * go by phases, Home and End to the ends. Fields, lists and sliders keep their own keys, and so does the
 * drawing while something is selected in it.
 */
import type { Stepper } from '../../run/stepper.svelte';

const OWN_KEYS =
  'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], [role=slider], [role=tab], [role=radio], [role=combobox], [role=menuitem], [role=grid], [role=separator]';
/** Space presses these. */
const PRESSED = 'button, a, summary, [role=switch], [role=checkbox]';

export function stepperKeys(stepper: Stepper, drawingIsBusy: () => boolean): () => void {
  const actions: Readonly<Record<string, () => void>> = {
    ArrowRight: () => stepper.next(),
    ArrowDown: () => stepper.next(),
    ArrowLeft: () => stepper.back(),
    ArrowUp: () => stepper.back(),
    ' ': () => stepper.toggle(),
    PageDown: () => stepper.nextPhase(),
    PageUp: () => stepper.previousPhase(),
    Home: () => stepper.first(),
    End: () => stepper.last(),
  };
  const listener = (event: KeyboardEvent): void => {
    const act = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (!act || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const { target } = event;
    if (document.querySelector('[role=dialog], [role=menu], [role=listbox]') !== null) return;
    if (target instanceof HTMLElement) {
      if (target.closest(OWN_KEYS)) return;
      if (event.key === ' ' && target.closest(PRESSED)) return;
      if (target.closest('main') && drawingIsBusy()) return;
    }
    act();
    event.preventDefault();
    event.stopPropagation();
  };
  // Before the drawing takes them to walk from node to node.
  addEventListener('keydown', listener, { capture: true });
  return () => removeEventListener('keydown', listener, { capture: true });
}
