/**
 * The first iteration that is opened would take twice as long as those after it: the browser reads the panel's code, and
 * fetches the fonts of its formulas, when they are first used. So the panel is drawn once out of sight, with an iteration
 * of a small network, in moments in which nobody waits; it is gone again before a frame is painted.
 */
import { flushSync, mount, unmount } from 'svelte';
import { prepare, programOf } from '../../../engine/compile/program';
import { at, sketch } from '../../../engine/teach/sketch';
import { record } from '../../../engine/train/trace';
import { worded } from '../../../engine/train/trace-words';
import type { Notation } from '../../run/notation.svelte';
import { type Recorded, recordedOn } from '../../run/recorded-iteration';
import { Stepper } from '../../run/stepper.svelte';
import { inIdleMoments } from '../../ui/idle';
import Rehearsal from './Rehearsal.svelte';

const network = () =>
  sketch(
    { title: '', training: { optimizer: 'adam', batch: 1 } },
    {
      x: ['input', {}, at(0, 0), { shape: [64] }],
      f: ['dense', { x: 'x' }, at(1, 0), { units: 8, activation: 'relu' }],
      p: ['dense', { x: 'f' }, at(2, 0), { units: 4, activation: 'identity' }],
      y: ['target', {}, at(2, 1), { shape: [4] }],
      l: ['cross-entropy-logits', { prediction: 'p', target: 'y' }, at(3, 0)],
    },
  );

function recorded(): Recorded {
  const prepared = prepare(network(), null);
  const [trace, drawing] = [programOf(prepared, 'every-edge', 1), { graph: prepared.graph, owner: prepared.owner, labels: {} }];
  const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, k) => Math.sin(k + 1));
  return recordedOn(
    { trace, drawing },
    record({ program: trace, drawing, row: 0, features: numbers(64), targets: numbers(4), state: {} }),
  );
}

/** In idle moments, once. Returns what takes the wish back. */
export function rehearseStepping(notation: Notation): () => void {
  let iteration: Recorded | null = null;
  return inIdleMoments([
    () => {
      iteration = recorded();
    },
    () => {
      const stepper = new Stepper(
        () => Promise.resolve(iteration!),
        ({ recording, drawing }) => worded(recording, drawing.graph, notation.convention),
      );
      stepper.recorded = iteration;
      const panel = mount(Rehearsal, { target: document.body, props: { run: { stepper, notation, dataset: null } } });
      flushSync();
      // Laid out as well, which fetches the fonts.
      document.body.getBoundingClientRect();
      void unmount(panel);
    },
  ]);
}
