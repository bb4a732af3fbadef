/** The second part of the Run menu: stepping through one iteration, formulas, and going back in time. */
import { libraries } from '../../engine/export/python/library';
import type { Menu } from './command';

export function steppingCommands({ app, block, drawn }: Menu): void {
  const { editor, run, workspace } = app;
  const writes = (): boolean => drawn() && !app.empty && !editor.lock?.answers;
  const tracing = (): boolean => drawn() && run.stepper.trace !== null;
  block(
    'Run',
    2,
    {
      id: 'step.through',
      title: 'Step through one iteration',
      keys: ['$mod+Shift+Enter'],
      keywords: ['backpropagation', 'trace', 'chain rule'],
      enabled: () => drawn() && run.canStep,
      run: () => void app.stepThrough(),
    },
    {
      id: 'step.byHand',
      title: 'Numbers by hand…',
      keywords: ['type', 'row', 'values', 'sample', 'exercise', 'data'],
      enabled: () => drawn() && app.canTypeRow,
      run: () => workspace.push({ kind: 'row-by-hand' }),
    },
    {
      id: 'step.next',
      title: 'Next step',
      keys: ['Alt+ArrowRight'],
      whileTyping: true,
      enabled: tracing,
      run: () => run.stepper.next(),
    },
    {
      id: 'step.back',
      title: 'Step back',
      keys: ['Alt+ArrowLeft'],
      whileTyping: true,
      enabled: tracing,
      run: () => run.stepper.back(),
    },
    {
      id: 'step.nextPhase',
      title: 'Next phase',
      keys: ['Alt+Shift+ArrowRight'],
      whileTyping: true,
      enabled: tracing,
      run: () => run.stepper.nextPhase(),
    },
    {
      id: 'step.previousPhase',
      title: 'Previous phase',
      keys: ['Alt+Shift+ArrowLeft'],
      whileTyping: true,
      enabled: tracing,
      run: () => run.stepper.previousPhase(),
    },
    {
      id: 'step.finish',
      title: 'Finish this phase',
      keys: ['Shift+PageDown'],
      enabled: tracing,
      run: () => run.stepper.finishPhase(),
    },
    {
      id: 'step.runTo',
      title: 'Run to the selected node',
      keys: ['Alt+ArrowDown'],
      enabled: () => tracing() && editor.selectedNodes.length > 0,
      run: () => {
        const node = editor.selectedNodes.at(-1);
        if (node !== undefined) run.stepper.runTo(node);
      },
    },
    {
      id: 'step.derive',
      title: 'Derive the selected node',
      keywords: ['target', 'gradient', 'partial derivative', 'seed'],
      enabled: () => drawn() && run.canStep && app.selected.canDerive,
      run: () => void app.deriveSelected(),
    },
    {
      id: 'step.inside',
      title: 'Step inside',
      keys: ['Alt+Shift+ArrowDown'],
      keywords: ['parts', 'layer', 'composite'],
      enabled: tracing,
      run: () => run.stepper.stepInside(),
    },
    { id: 'step.faster', title: 'Play the steps faster', keys: ['Alt+Equal'], enabled: tracing, run: () => run.stepper.faster() },
    { id: 'step.slower', title: 'Play the steps slower', keys: ['Alt+Minus'], enabled: tracing, run: () => run.stepper.slower() },
    {
      id: 'view.equations',
      title: 'Equations of the drawing…',
      keywords: ['latex', 'matrix', 'formula', 'identity', 'linear', 'copy'],
      enabled: () => drawn() && !app.empty,
      run: () => workspace.push({ kind: 'equations' }),
    },
    {
      id: 'view.python',
      title: 'Python of the drawing…',
      keywords: ['numpy', 'pytorch', 'torch', 'code', 'program', 'backward', 'copy'],
      enabled: writes,
      run: () => workspace.push({ kind: 'equations', form: libraries[0]!.name }),
    },
    ...libraries.map((library) => ({
      id: `view.copy.${library.name}`,
      title: `Copy the drawing as ${library.title}`,
      keywords: ['python', 'code', 'program', 'clipboard'],
      enabled: writes,
      run: () => void app.clipboard.copyCode(library),
    })),
    {
      id: 'view.convention',
      title: 'Vectors as rows or as columns in formulas',
      keywords: ['convention', 'notation', 'transpose', 'xW', 'Wx'],
      run: () => run.notation.turn(),
    },
    { id: 'step.play', title: 'Play or pause the steps', keys: ['Alt+Space'], enabled: tracing, run: () => run.stepper.toggle() },
  );

  const moments = (): boolean => drawn() && run.timeline.moments.length > 1;
  block(
    'Run',
    3,
    {
      id: 'time.back',
      title: 'Back in time by one moment',
      keys: ['Alt+BracketLeft'],
      keywords: ['history', 'travel', 'undo training'],
      enabled: () => moments() && run.timeline.index > 0,
      run: () => void run.timeline.seek(run.timeline.index - 1),
    },
    {
      id: 'time.forward',
      title: 'Forward in time by one moment',
      keys: ['Alt+BracketRight'],
      keywords: ['history', 'travel'],
      enabled: () => moments() && run.timeline.inPast,
      run: () => void run.timeline.seek(run.timeline.index + 1),
    },
    {
      id: 'time.death',
      title: 'When did this neuron die?',
      keywords: ['dead', 'ReLU', 'silent', 'zero', 'history', 'travel', 'unit'],
      enabled: () => drawn() && app.selected.canAskDeath,
      run: () => void app.selected.whenNeuronDied(),
    },
    {
      id: 'time.bookmark',
      title: 'Bookmark this moment of training',
      keywords: ['history', 'travel', 'remember'],
      enabled: () => moments() && !run.running && run.timeline.moment?.bookmark === null,
      run: () => {
        const { moment } = run.timeline;
        if (moment) void run.timeline.bookmark(moment.id, `Epoch ${moment.epoch}`);
      },
    },
  );
}
