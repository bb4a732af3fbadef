/**
 * Looking changes nothing: a run in which people step through iterations, open elements, go back and forth in
 * time and derive other nodes ends in the same bits as one that nobody looked at. The memory of the optimizer,
 * the averages of batch normalisation and what dropout leaves out are part of the state.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../../src/engine/data/dataset';
import type { Project } from '../../../src/engine/graph/project';
import { openElement } from '../../../src/engine/train/element-words';
import { recordRows } from '../../../src/engine/train/record-rows';
import { Replay } from '../../../src/engine/train/replay';
import type { Session, State } from '../../../src/engine/train/session';
import { worded } from '../../../src/engine/train/trace-words';
import { readDataset } from '../../../src/main/services/datasets';
import { readProjectFile } from '../../../src/main/services/projects';
import { drawing } from '../../support/drawing';
import { trained } from '../../support/training';

const bits = (state: State): string =>
  [...state]
    .map(([id, numbers]) => `${id}:${Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64')}`)
    .join('\n');

/** Everything that the stepper does, without the window. */
async function stepThrough(session: Session, data: Dataset): Promise<void> {
  const { drawing, trace: program } = session.plans;
  for (const [row, rows] of [
    [0, 1],
    [2, 3],
  ] as const) {
    const recording = await recordRows(session, data, row, { rows });
    const trace = worded(recording, drawing.graph, 'row');
    const replay = new Replay(program, drawing.graph, recording);
    // Forth to the end, back to the beginning.
    for (const step of [...trace.steps, ...trace.steps.toReversed()]) {
      expect(step.title).not.toBe('');
      openElement(replay, trace, step, 0, 'row');
    }
  }
  const target = Object.keys(drawing.graph.nodes).find((id) => id.endsWith('/activation'));
  if (target !== undefined) await recordRows(session, data, 1, { target: { node: target, element: 'sum' } });
}

/** Some epochs; in the middle of them somebody looks, or nobody does. */
async function ends(project: Project, data: Dataset, look: boolean): Promise<string> {
  const { session, trainer } = await trained(project, data, { epochs: 1, memory: 2 ** 24, now: () => 0 });
  for (let i = 0; i < 2; i++) await trainer.oneStep();
  if (look) {
    const before = bits(await session.state());
    await stepThrough(session, data);
    expect(bits(await session.state())).toBe(before);
    const here = trainer.here!;
    const [first, second] = trainer.timeline.moments;
    expect(await trainer.travel(first!.id)).toBe(true);
    await stepThrough(session, data);
    expect(await trainer.travel(second!.id)).toBe(true);
    expect(await trainer.travel(here)).toBe(true);
    expect(bits(await session.state())).toBe(before);
    expect(trainer.here).toBe(here);
  }
  for (let i = 0; i < 4; i++) await trainer.oneStep();
  const end = bits(await session.state());
  session.close();
  return end;
}

describe('the examples', () => {
  const names = readdirSync('resources/examples').filter((name) => /^0[1-9].*\.chainrule$/.test(name));
  test.each(names)('%s', async (name) => {
    const project = await readProjectFile(`resources/examples/${name}`);
    const data = await readDataset(
      project.settings.data as Exclude<Project['settings']['data'], { kind: 'none' }>,
      project.settings.split,
    );
    expect(await ends(project, data, true)).toBe(await ends(project, data, false));
  });
});

test.each(['adam', 'momentum', 'rmsprop'])('batch normalisation and dropout, with %s', async (optimizer) => {
  const project = drawing(
    {
      x: ['input', {}, { shape: [4] }],
      h: ['dense', { x: 'x' }, { units: 6, activation: 'tanh' }],
      n: ['batch-normalisation', { x: 'h' }],
      d: ['dropout', { x: 'n' }, { rate: 0.4 }],
      y: ['dense', { x: 'd' }, { units: 3, activation: 'identity' }],
      t: ['target', {}, { shape: [3] }],
      l: ['cross-entropy-logits', { prediction: 'y', target: 't' }],
    },
    { optimizer, batch: 16 },
  );
  const iris = await readProjectFile('resources/examples/08-iris.chainrule');
  const data = await readDataset(
    iris.settings.data as Exclude<Project['settings']['data'], { kind: 'none' }>,
    iris.settings.split,
  );
  expect(await ends(project, data, true)).toBe(await ends(project, data, false));
});
