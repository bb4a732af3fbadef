/** The stepper of a run: its engine records the iteration, and the drawing shows the numbers of the step that is looked at. */
import type { EngineApi, Look } from '../../engine/api';
import type { Plans } from '../../engine/plan';
import { worded } from '../../engine/train/trace-words';
import type { Live } from './live.svelte';
import type { Notation } from './notation.svelte';
import { numbersOf, recordedOn } from './recorded-iteration';
import { Stepper } from './stepper.svelte';

export interface SteppingLinks {
  readonly api: () => EngineApi;
  readonly live: Live;
  readonly notation: Notation;
  /** What an iteration is recorded on. */
  readonly plans: () => Pick<Plans, 'trace' | 'drawing'>;
  readonly hasRows: () => boolean;
  readonly settled: () => Promise<void>;
}

export function stepperWith({ api, live, notation, plans, hasRows, settled }: SteppingLinks): Stepper {
  /** What the live view showed before. */
  let before: Look | null = null;
  const stepper: Stepper = new Stepper(
    async (row, wish) => {
      if (!hasRows() && plans().trace.inputs.length > 0)
        throw new Error('There is no data to step through. Type a row of numbers, or choose a data set.');
      const recording = await api().trace(row, wish);
      if (hasRows()) {
        before ??= live.look;
        void live.lookAt({ row: recording.row });
      }
      const recorded = recordedOn(plans(), recording);
      live.show(numbersOf(recorded));
      return recorded;
    },
    ({ recording, drawing }) => worded(recording, drawing.graph, notation.convention),
    (step) => {
      live.known = stepper.reached();
      live.sealed = stepper.closed;
      if (step === null) {
        live.show(null);
        if (before !== null) void live.lookAt(before);
        before = null;
      }
      live.focus =
        step === null ? null : { node: step.node, ...(step.edge === undefined ? {} : { edge: step.edge }), phase: step.phase };
    },
    settled,
  );
  return stepper;
}
