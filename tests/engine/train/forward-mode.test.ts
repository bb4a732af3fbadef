import { describe, expect, test } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { changesFrom, operationCounts } from '../../../src/engine/train/forward-mode';
import { Replay } from '../../../src/engine/train/replay';
import { record } from '../../../src/engine/train/trace';
import type { Project } from '../../../src/engine/graph/project';
import { drawing } from '../../support/drawing';
import { randomDrawing } from '../../support/random-drawing';
import { given, input, target } from '../../support/sources';

function replayOf(project: Project, features: ArrayLike<number>, targets: ArrayLike<number>, rows = 1): Replay {
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'every-edge', rows);
  const state = Object.fromEntries(program.parameters.map(({ value, given: numbers }) => [value, numbers!]));
  return new Replay(program, prepared.graph, record({ program, drawing: prepared, row: 0, rows, features, targets, state }));
}

test('x = 2, w = 3, b = 1, t = 9: a change of w becomes 2 at the product, 2 at the sum, −8 at the loss', () => {
  const replay = replayOf(
    drawing({
      x: input(),
      w: given([3]),
      b: given([1], [], 'bias'),
      t: target(),
      p: ['multiply', { a: 'w', b: 'x' }],
      y: ['add', { a: 'p', b: 'b' }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    }),
    [2],
    [9],
  );
  const changes = changesFrom(replay, 'w', 0);
  expect(['w', 'p', 'y', 'l'].map((node) => changes.get(node)![0])).toEqual([1, 2, 2, -8]);
  const counts = operationCounts(replay.program);
  expect(counts.parameters).toBe(2);
  // A product, a sum, a difference (written twice) and its square: five forward, 2 · 2 · 5 for central differences.
  expect(counts.values).toBe(5);
  expect(counts.differences).toBe(20);
  expect(counts.reverse).toBeLessThan(counts.differences);
});

describe('500 random drawings', () => {
  test('forward mode, from the values’ kernels alone, and reverse mode come to the same', () => {
    let compared = 0;
    for (let seed = 0; seed < 500; seed++) {
      const drawn = randomDrawing(seed);
      const replay = replayOf(drawn.project, drawn.features.subarray(0, drawn.width), drawn.targets.subarray(0, 1));
      const { program, recording, graph } = replay;
      const objective = program.loss!.slice(2);
      const gradients = new Map<string, Float64Array>();
      for (const { phase, edge, value } of recording.steps) {
        if (phase !== 'backward' || edge === undefined) continue;
        const { from } = graph.edges[edge]!;
        const sum = gradients.get(from) ?? new Float64Array(value.data.length);
        value.data.forEach((x, i) => {
          sum[i]! += x;
        });
        gradients.set(from, sum);
      }
      for (const { role, id } of program.buffers) {
        const gradient = gradients.get(id.slice(2));
        if ((role !== 'parameter' && role !== 'input') || !gradient) continue;
        for (let i = 0; i < gradient.length; i += 2) {
          const forward = changesFrom(replay, id.slice(2), i).get(objective)![0]!;
          compared++;
          expect(Math.abs(forward - gradient[i]!), `seed ${seed}, ${id} element ${i}`).toBeLessThan(
            1e-9 * Math.max(1, Math.abs(gradient[i]!)),
          );
        }
      }
      replay.close();
    }
    expect(compared).toBeGreaterThan(1500);
  });
});
