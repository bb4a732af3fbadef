import { describe, expect, test } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Project } from '../../../src/engine/graph/project';
import { arrayPaths, stationsOf } from '../../../src/engine/teach/array-paths';
import { jacobianLens } from '../../../src/engine/teach/jacobian-lens';
import { Replay } from '../../../src/engine/train/replay';
import { record } from '../../../src/engine/train/trace';
import { drawing } from '../../support/drawing';
import { randomDrawing } from '../../support/random-drawing';
import { given, input, target } from '../../support/sources';

function replayOf(project: Project, features: ArrayLike<number>, targets: ArrayLike<number>, rows = 1): Replay {
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'every-edge', rows);
  const state = Object.fromEntries(program.parameters.map(({ value, given: numbers }) => [value, numbers!]));
  return new Replay(program, prepared.graph, record({ program, drawing: prepared, row: 0, rows, features, targets, state }));
}

const layer = (): Replay =>
  replayOf(
    drawing({
      X: input([3]),
      W: given([0.5, -1, 0.25, 2, -0.5, 1], [3, 2]),
      T: ['matmul', { a: 'X', b: 'W' }],
      Y: ['tanh', { x: 'T' }],
      t: target([2]),
      l: ['mean-squared-error', { prediction: 'Y', target: 't' }],
    }),
    [1, 2, -1],
    [0, 1],
  );

describe('the Jacobian of a step', () => {
  test('of an activation: one number in each block, so a Hadamard product', () => {
    const lens = jacobianLens(layer(), 'Y.x')!;
    expect([lens.size, lens.zeros, lens.structure]).toEqual([4, 2, 'elementwise']);
    expect(lens.blocks[0]![0]).toBeCloseTo(1 - Math.tanh(1.5) ** 2, 12);
  });
  test('of a product by its matrix: the row x in one column of each block', () => {
    const lens = jacobianLens(layer(), 'T.b')!;
    expect([lens.of, lens.by, lens.size, lens.structure]).toEqual([[2], [3, 2], 12, 'product']);
    expect([...lens.blocks[0]!]).toEqual([1, 0, 2, 0, -1, 0]);
    expect([...lens.blocks[1]!]).toEqual([0, 1, 0, 2, 0, -1]);
    expect([...lens.contracted!]).toEqual([...lens.short]);
  });
  test('on random drawings: all blocks, each times its upstream gradient, are what the short rule gives', () => {
    let compared = 0;
    for (let seed = 0; seed < 120; seed++) {
      const drawn = randomDrawing(seed);
      const rows = seed % 2 === 0 ? 1 : 2;
      const replay = replayOf(
        drawn.project,
        drawn.features.subarray(0, rows * drawn.width),
        drawn.targets.subarray(0, rows),
        rows,
      );
      for (const { id } of Object.values(replay.graph.edges)) {
        const lens = jacobianLens(replay, id);
        if (!lens) continue;
        compared++;
        for (const [i, x] of lens.contracted!.entries())
          expect(Math.abs(x - lens.short[i]!), `seed ${seed}, ${id}`).toBeLessThan(1e-10 * Math.max(1, Math.abs(x)));
      }
      replay.close();
    }
    expect(compared).toBeGreaterThan(700);
  });
});

describe('paths of arrays', () => {
  test('W reaches the loss by one path; an element of it through one element of T', () => {
    const replay = layer();
    const { paths, gradient, total } = arrayPaths(replay, 'l', 'W');
    expect(total).toBe(1);
    expect([...paths[0]!.contribution]).toEqual([...gradient]);
    const stations = stationsOf(replay, paths[0]!, 3);
    expect(stations).toEqual([{ element: 1, value: gradient[3] }]);
  });
  test('on random drawings: the paths add up to the gradient, and the elements on the way to the path', () => {
    let compared = 0;
    for (let seed = 0; seed < 120; seed++) {
      const drawn = randomDrawing(seed);
      const replay = replayOf(drawn.project, drawn.features.subarray(0, drawn.width), drawn.targets.subarray(0, 1));
      const objective = replay.program.loss!.slice(2);
      for (const { role, id } of replay.program.buffers) {
        if (role !== 'parameter' && role !== 'input') continue;
        const found = arrayPaths(replay, objective, id.slice(2), 500);
        if (found.total === 0 || found.total > 500) continue;
        found.gradient.forEach((want, i) => {
          const sum = found.paths.reduce((s, { contribution }) => s + contribution[i]!, 0);
          expect(Math.abs(sum - want), `seed ${seed}, ${id} element ${i}`).toBeLessThan(1e-10 * Math.max(1, Math.abs(want)));
          compared++;
        });
        const [path] = found.paths;
        if (path && path.next.length <= 16) {
          const through = stationsOf(replay, path, 0).reduce((s, { value }) => s + value, 0);
          expect(Math.abs(through - path.contribution[0]!)).toBeLessThan(1e-10 * Math.max(1, Math.abs(through)));
        }
      }
      replay.close();
    }
    expect(compared).toBeGreaterThan(400);
  });
});
