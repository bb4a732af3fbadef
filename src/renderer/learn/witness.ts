/** What a lesson's check sees: the reports of the page's figures and the state of the live program, as one plain value. */
import type { Editor } from '../editor/editor.svelte';
import type { Run } from '../run/run.svelte';
import type { Witness } from './lesson';

export function witnessOf(facts: Witness['facts'], editor: Editor, run: Run): Witness {
  const { stepper } = run;
  return {
    facts,
    project: editor.project,
    sound:
      Object.keys(editor.project.nodes).length > 0 &&
      !editor.checked.problems.some((p) => p.severity === 'error' || p.code === 'bce-unbounded'),
    parameters: editor.checked.totals,
    epoch: run.epoch,
    step: run.step,
    accuracy: run.testScore?.accuracy ?? run.point?.validation?.accuracy ?? null,
    loss: run.batchLoss,
    stepped:
      stepper.trace === null ? null : { at: stepper.index, of: stepper.steps.length, phase: stepper.step?.phase ?? 'forward' },
  };
}
