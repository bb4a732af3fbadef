/** Learning-rate schedules, limits on gradients, and the initializer that fills a matrix at once. */
import { describe, expect, test } from 'vitest';
import { ReferenceDevice } from '../../../src/engine/backends/reference/index';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { Random } from '../../../src/engine/data/random';
import type { Clip, Project, Schedule } from '../../../src/engine/graph/project';
import { parseProject } from '../../../src/engine/graph/project-file';
import { serialiseProject } from '../../../src/engine/graph/project-text';
import { opOf } from '../../../src/engine/ops/index';
import { draw, initializerOf } from '../../../src/engine/ops/initializers';
import { bufferIds } from '../../../src/engine/plan';
import { rateFactor, schedules } from '../../../src/engine/train/schedules';
import { array, drawing, number } from '../../support/drawing';
import { trained } from '../../support/training';

const factors = (schedule: Schedule | undefined, epochs: readonly number[], losses: readonly number[] = []): number[] =>
  epochs.map((epoch) => Number(rateFactor(schedule, { epoch, epochs: 10, losses: losses.slice(0, epoch) }).toFixed(6)));

describe('schedules', () => {
  test.each<[Schedule | undefined, number[], number[]]>([
    [undefined, [0, 5], [1, 1]],
    [{ kind: 'constant', settings: {} }, [0, 5], [1, 1]],
    [{ kind: 'step', settings: { every: 3, factor: 0.1 } }, [0, 2, 3, 6], [1, 1, 0.1, 0.01]],
    [{ kind: 'exponential', settings: { factor: 0.5 } }, [0, 1, 3], [1, 0.5, 0.125]],
    [{ kind: 'cosine', settings: {} }, [0, 5, 10, 12], [1, 0.5, 0, 0]],
    [{ kind: 'cosine', settings: { floor: 0.2 } }, [5, 10], [0.6, 0.2]],
    [{ kind: 'one-cycle', settings: { start: 0.1, end: 0, rise: 1 / 3 } }, [0, 3, 6, 9], [0.1, 1, 0.5, 0]],
    [{ kind: 'warm-up', settings: { epochs: 4 } }, [0, 1, 3, 8], [0.25, 0.5, 1, 1]],
    [{ kind: 'unheard-of', settings: {} }, [3], [1]],
  ])('%j at epochs %j', (schedule, epochs, wanted) => expect(factors(schedule, epochs)).toEqual(wanted));

  test('a plateau halves the rate after each two epochs without a better loss', () => {
    const losses = [3, 2, 2, 2, 1, 1, 1, 1, 1];
    expect(factors({ kind: 'plateau', settings: { patience: 2 } }, [0, 2, 3, 4, 5, 7, 9], losses)).toEqual([
      1, 1, 1, 0.5, 0.5, 0.25, 0.125,
    ]);
  });

  test('epochs whose loss is not known are no plateau', () => {
    const losses = [Number.NaN, Number.NaN, Number.NaN, 2, 2, Number.NaN, 2, 2];
    expect(factors({ kind: 'plateau', settings: { patience: 2 } }, [3, 5, 6, 7, 8], losses)).toEqual([1, 1, 1, 0.5, 0.5]);
  });

  test('every rule is finite from the first epoch to behind the last, also for one epoch', () => {
    for (const { kind } of schedules)
      for (const epochs of [1, 7])
        for (let epoch = 0; epoch <= epochs + 1; epoch++) {
          const factor = rateFactor({ kind, settings: {} }, { epoch, epochs, losses: [] });
          expect(factor).toBeGreaterThanOrEqual(0);
          expect(factor).toBeLessThanOrEqual(1);
        }
  });

  const line: Project = drawing(
    {
      x: ['input', {}, { shape: [] }],
      t: ['target', {}, { shape: [] }],
      w: number(0),
      y: ['multiply', { a: 'x', b: 'w' }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    },
    {
      optimizer: 'sgd',
      hyper: { rate: 0.125 },
      batch: 4,
      epochs: 3,
      schedule: { kind: 'exponential', settings: { factor: 0.5 } },
    },
  );
  const data = {
    name: 'line',
    rows: 4,
    task: 'regression' as const,
    classes: [],
    notes: [],
    features: [{ name: 'x', source: 'x', mean: 0, deviation: 1 }],
    targets: [{ name: 't', source: 't', mean: 0, deviation: 1 }],
    x: Float32Array.of(1, 1, 1, 1),
    y: Float32Array.of(1, 1, 1, 1),
    split: { train: Uint32Array.of(0, 1, 2, 3), validation: new Uint32Array(), test: new Uint32Array() },
  };

  test('the trainer halves the rate after each epoch', async () => {
    // w ← w − η·2(w − 1) with η = 1/8, 1/16, 1/32.
    const { session } = await trained(line, data, { backend: 'reference' });
    const { w } = await session.weights();
    expect(w!.data[0]).toBeCloseTo(1 - (1 - 1 / 4) * (1 - 1 / 8) * (1 - 1 / 16), 6);
    expect(session.hyper.get(bufferIds.hyper('rate'))).toBe(0.125 / 4);
    session.tune({ rate: 0.4 });
    expect(session.hyper.get(bufferIds.hyper('rate'))).toBeCloseTo(0.1, 12);
    session.close();
  });

  test('a plateau schedule asks for the loss of each epoch', async () => {
    const project = {
      ...line,
      settings: {
        ...line.settings,
        training: { ...line.settings.training, hyper: { rate: 0 }, schedule: { kind: 'plateau', settings: { patience: 1 } } },
      },
    };
    const { session, points } = await trained(project, data, { backend: 'reference', epochs: 4, scoreEvery: 0 });
    // As the picture of the schedule shows it: the first loss is the best, and each later one no better.
    expect(points.map(({ epoch, factor }) => [epoch, factor])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 0.5],
      [4, 0.25],
    ]);
    session.tune({ rate: 1 });
    expect(session.hyper.get(bufferIds.hyper('rate'))).toBe(0.25);
    session.close();
  });

  test('are kept in project files, with the limits on gradients', () => {
    const training = { ...line.settings.training, clip: { norm: 5, value: 0.5 } };
    const project = { ...line, settings: { ...line.settings, training } };
    const read = parseProject(serialiseProject(project, opOf), opOf);
    expect(read.ok && read.value.settings.training).toEqual(training);
  });
});

describe('limits on gradients', () => {
  const stepWith = (clip: Clip): number[] => {
    const project = drawing(
      {
        a: array([2], [0, 0]),
        b: number(0),
        k: array([2], [3, -0.2]),
        c: number(4),
        p: ['multiply', { a: 'a', b: 'k' }],
        s: ['sum', { x: 'p' }],
        q: ['multiply', { a: 'b', b: 'c' }],
        l: ['add', { a: 's', b: 'q' }],
      },
      { objective: 'l', optimizer: 'sgd', hyper: { rate: 1 }, clip },
    );
    return (['every-edge', 'fused'] as const)
      .map((detail) => {
        const program = programOf(prepare(project, null), detail, 1);
        const device = new ReferenceDevice(program);
        for (const p of program.parameters) device.write(p.value, p.given!);
        device.runPhases(['forward', 'loss', 'backward', 'update'], 1);
        return [...device.numbers('v:a'), ...device.numbers('v:b')];
      })
      .reduce((every, fused) => {
        expect(fused).toEqual(every);
        return fused;
      });
  };

  test('none: the gradient is (3, −0.2) and 4', () => expect(stepWith({})).toEqual([-3, 0.2, -4]));
  test('by value: each component by itself', () => expect(stepWith({ value: 1 })).toEqual([-1, 0.2, -1]));
  test('by norm: all together, in the same direction', () => {
    const length = Math.hypot(3, 0.2, 4);
    stepWith({ norm: 1 }).forEach((w, i) => {
      expect(w).toBeCloseTo([-3, 0.2, -4][i]! / length, 12);
    });
  });
  test('a gradient within the limits is left as it is', () => expect(stepWith({ norm: 10, value: 5 })).toEqual([-3, 0.2, -4]));
});

describe('orthogonal initializer', () => {
  test.each([[[5, 3]], [[3, 5]], [[4, 4]], [[2, 3, 4]], [[3]]])(
    '%j: the shorter side is perpendicular and of length 2',
    (shape) => {
      const numbers = draw(initializerOf('orthogonal'), shape, { fanIn: 1, fanOut: 1, scale: 2 }, new Random(7, 'test'));
      const columns = shape.at(-1)!;
      const rows = numbers.length / columns;
      const at = (row: number, column: number): number => numbers[row * columns + column]!;
      const [count, length] = columns <= rows ? [columns, rows] : [rows, columns];
      for (let i = 0; i < count; i++)
        for (let j = 0; j < count; j++) {
          let dot = 0;
          for (let k = 0; k < length; k++) dot += columns <= rows ? at(k, i) * at(k, j) : at(i, k) * at(j, k);
          expect(dot).toBeCloseTo(i === j ? 4 : 0, 10);
        }
    },
  );
});
