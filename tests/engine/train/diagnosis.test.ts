/** Each finding is raised by a project that has the fault, by none of the bundled examples, and its cure helps. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { backends } from '../../../src/engine/backends/index';
import type { Dataset } from '../../../src/engine/data/dataset';
import { balanced, classWeights } from '../../../src/engine/data/balance';
import { generateDataset } from '../../../src/engine/data/generators';
import { Engine } from '../../../src/engine/engine';
import * as edits from '../../../src/engine/graph/edits';
import type { CsvSource, GeneratorSource, Project } from '../../../src/engine/graph/project';
import {
  checklist,
  diagnoseData,
  diagnoseFit,
  diagnoseRun,
  type Evidence,
  type Finding,
  type FindingCode,
} from '../../../src/engine/train/diagnosis/index';
import { draftProject } from '../../../src/engine/train/draft';
import type { CurvePoint } from '../../../src/engine/train/training';
import { readDataset } from '../../../src/main/services/datasets';
import { readProjectFile } from '../../../src/main/services/projects';
import { plansOf, trained } from '../../support/training';

const diagnose = (evidence: Evidence): readonly Finding[] => [
  ...diagnoseData(evidence),
  ...diagnoseFit(evidence),
  ...diagnoseRun(evidence),
];
const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const circles: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 };

/** What is found after each epoch of a run, and at its end. */
async function findings(
  project: Project,
  data: Dataset | null,
  epochs = project.settings.training.epochs,
): Promise<{ codes: Set<FindingCode>; last: readonly Finding[]; points: CurvePoint[] }> {
  const points: CurvePoint[] = [];
  const engine = new Engine({
    backends,
    events: { progress: (progress) => points.push(...progress.points), trouble: () => {}, frame: () => {} },
    now: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: () => Promise.resolve(),
    sharedMemory: false,
  });
  await engine.setDataset(data);
  const { batch, seed, hyper } = project.settings.training;
  await engine.load(await plansOf(project, data, 'wasm'), { seed, epochs, batch });
  await engine.tune({ hyper });
  const codes = new Set<FindingCode>();
  const look = async (): Promise<readonly Finding[]> => {
    const found = diagnose({ project, data, weights: await engine.weights(), statistics: await engine.statistics(), points });
    for (const { code } of found) codes.add(code);
    return found;
  };
  let last = await look();
  for (let part = 0; part < Math.min(epochs, 12); part++) {
    const until = Math.ceil(((part + 1) * epochs) / Math.min(epochs, 12));
    await engine.tune({ epochs: until });
    await engine.train();
    last = await look();
  }
  return { codes, last, points };
}

describe('healthy examples have no findings', () => {
  const folder = 'resources/examples';
  // One neuron cannot divide circles: that drawing is there to show it.
  test.each(readdirSync(folder).filter((name) => name.endsWith('.chainrule')))(
    '%s',
    async (name) => {
      const project = await readProjectFile(`${folder}/${name}`);
      const { data, split: shares } = project.settings;
      const dataset = data.kind === 'none' ? null : await readDataset(data, shares);
      const { codes } = await findings(project, dataset, Math.min(project.settings.training.epochs, 200));
      expect([...codes]).toEqual([]);
    },
    60_000,
  );
});

function circlesWith(
  hidden: readonly number[],
  activation: string,
  change: edits.Edit = (project) => project,
  source: GeneratorSource = circles,
): { project: Project; data: Dataset } {
  const data = generateDataset(source, split);
  return { project: change(draftProject(data, source, split, { title: 'Test', hidden, activation })), data };
}
const layers = (project: Project): string[] =>
  Object.values(project.nodes)
    .filter(({ op }) => op === 'dense')
    .map(({ id }) => id);
const everywhere =
  (name: string, value: string | number): edits.Edit =>
  (project) =>
    edits.inTurn(...layers(project).map((id) => edits.setAttr(id, name, value)))(project);

describe('faults are found, and cured', () => {
  const cases: readonly [FindingCode, () => { project: Project; data: Dataset }, epochs: number][] = [
    ['symmetry', () => circlesWith([6], 'tanh', everywhere('initializer', 'zeros')), 3],
    [
      'saturation',
      () => circlesWith([6, 6], 'sigmoid', edits.inTurn(everywhere('initializer', 'uniform'), everywhere('scale', 200))),
      3,
    ],
    ['vanishing', () => circlesWith([8, 8, 8, 8, 8, 8], 'sigmoid', everywhere('initializer', 'glorot-uniform')), 3],
    [
      'exploding',
      () => circlesWith([8, 8, 8, 8, 8, 8], 'relu', edits.inTurn(everywhere('initializer', 'normal'), everywhere('scale', 4))),
      1,
    ],
    [
      'rate-too-high',
      () => circlesWith([8], 'tanh', edits.setTraining({ optimizer: 'adam', hyper: { rate: 3 }, batch: 20 })),
      40,
    ],
    [
      'unfit-weights',
      () => circlesWith([16, 16, 16], 'tanh', edits.inTurn(everywhere('initializer', 'normal'), everywhere('scale', 5))),
      0,
    ],
    [
      'unfit-weights',
      () =>
        circlesWith(
          [8, 8, 8],
          'relu',
          edits.inTurn(
            everywhere('initializer', 'uniform'),
            everywhere('scale', 1e-3),
            edits.setTraining({ optimizer: 'sgd', hyper: { rate: 0.1 } }),
          ),
        ),
      0,
    ],
    ['dead-units', () => circlesWith([8, 8], 'relu', edits.setTraining({ optimizer: 'sgd', hyper: { rate: 20 }, batch: 20 })), 2],
    [
      'overfitting',
      () =>
        circlesWith([40, 40], 'tanh', edits.setTraining({ optimizer: 'adam', hyper: { rate: 0.02 }, batch: 16 }), {
          ...circles,
          count: 160,
          noise: 0.5,
        }),
      150,
    ],
    [
      'batch-too-small',
      () => circlesWith([8], 'tanh', edits.setTraining({ optimizer: 'sgd', hyper: { rate: 1 }, batch: 1 })),
      24,
    ],
    ['rate-too-low', () => circlesWith([8], 'tanh', edits.setTraining({ optimizer: 'sgd', hyper: { rate: 1e-6 } })), 20],
  ];
  test.each(cases)(
    '%s',
    async (code, make, epochs) => {
      const { project, data } = make();
      const { last, codes, points } = await findings(project, data, epochs);
      expect([...codes]).toContain(code);
      const finding = last.find((one) => one.code === code)!;
      expect(finding.text).toMatch(/\d/);
      const cured = finding.cure!.edit(project);
      expect(cured).not.toEqual(project);
      // Its ghost run: from the same seed, as far as the cure lets it go.
      const long = Math.max(epochs, 20);
      const until = Math.min(code === 'overfitting' ? epochs : long, cured.settings.training.epochs);
      const ghost = await findings(cured, data, until);
      expect(ghost.last.map((one) => one.code)).not.toContain(code);
      const plain = until > epochs ? (await findings(project, data, until)).points : points;
      const lossOf = (curve: readonly CurvePoint[]): number => {
        const { train, validation } = curve.at(-1)!;
        return code === 'overfitting' ? validation!.loss : train.loss;
      };
      expect(lossOf(ghost.points)).toBeLessThan(lossOf(plain));
    },
    60_000,
  );
});

const csv: CsvSource = {
  kind: 'csv',
  path: 'x.csv',
  separator: ',',
  decimal: '.',
  header: true,
  features: [],
  targets: ['y'],
  task: 'auto',
  missing: 'mean',
  standardise: false,
};
function table(columns: readonly ((row: number) => number)[], y: (row: number) => number): Dataset {
  const rows = 100;
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  return {
    name: 'table',
    rows,
    task: 'binary',
    classes: ['no', 'yes'],
    notes: [],
    features: columns.map((_, k) => ({ name: `c${k}`, source: `c${k}`, mean: 0, deviation: 1 })),
    targets: [{ name: 'y', source: 'y', mean: 0, deviation: 1 }],
    x: Float32Array.from({ length: rows * columns.length }, (_, at) =>
      columns[at % columns.length]!(Math.floor(at / columns.length)),
    ),
    y: Float32Array.from(all, y),
    split: { train: all.slice(0, 70), validation: all.slice(70, 85), test: all.slice(85) },
  };
}
const tableProject = (data: Dataset): Project =>
  draftProject(data, csv, split, { title: 'Test', hidden: [4], activation: 'tanh' });
const only = (data: Dataset, points: readonly CurvePoint[] = [], change: edits.Edit = (project) => project): readonly Finding[] =>
  diagnose({ project: change(tableProject(data)), data, weights: null, statistics: null, points });
const even = (row: number): number => row % 2;

describe('data', () => {
  const wave = (row: number): number => Math.sin(row);
  test('scaled, varied, balanced data are healthy', () => {
    expect(only(table([wave, Math.cos], even))).toEqual([]);
  });
  test('unscaled', () => {
    const [found] = only(table([wave, (row) => 1000 + row], even));
    expect(found).toMatchObject({ code: 'unscaled', title: "'c1' is not scaled" });
    expect(found!.cure!.edit(tableProject(table([wave, wave], even))).settings.data).toMatchObject({ standardise: true });
  });
  test('constant columns are left out, and the input takes one number less', () => {
    const data = table([wave, () => 3], even);
    const [found] = only(data);
    expect(found).toMatchObject({ code: 'constant-columns', title: "'c1' never changes" });
    const cured = found!.cure!.edit(tableProject(data));
    expect(cured.settings.data).toMatchObject({ features: ['c0'] });
    expect(Object.values(cured.nodes).find(({ op }) => op === 'input')!.attrs['shape']).toEqual([1]);
  });
  test('imbalance', () => {
    const rare = table([wave], (row) => (row % 20 === 0 ? 1 : 0));
    const [found, ...others] = only(rare);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ code: 'imbalance', cure: { title: 'Balance the classes', restart: true } });
    // Balanced, all classes count the same, and rows count 1 on average.
    const even = balanced(rare);
    expect(only(even)).toEqual([]);
    const [no, yes] = classWeights(even);
    expect(no).toBeCloseTo(yes!, 3);
    expect(no! + yes!).toBeCloseTo(even.split.train.length, 3);
  });

  test('a copy of the target is left out, and the input takes one number less', () => {
    const data = table([wave, (row) => 2 * even(row) - 1], even);
    const [found] = only(data);
    expect(found).toMatchObject({ code: 'leakage', title: "'c1' gives the answer away", panel: 'data' });
    const cured = found!.cure!.edit(tableProject(data));
    expect(cured.settings.data).toMatchObject({ features: ['c0'] });
    expect(Object.values(cured.nodes).find(({ op }) => op === 'input')!.attrs['shape']).toEqual([1]);
    // A number that is only nearly the same gives it away too, and one that merely helps does not.
    const regression = (other: (row: number) => number): Dataset => ({
      ...table([(row) => wave(3 * row), other], (row) => wave(row) * 2),
      task: 'regression',
      classes: [],
    });
    expect(only(regression((row) => wave(row) + 1e-4 * Math.cos(7 * row))).map(({ code }) => code)).toEqual(['leakage']);
    expect(only(regression((row) => wave(row) + 0.2 * Math.cos(7 * row)))).toEqual([]);
  });

  test('the number of a class beside its name', () => {
    const kind = (row: number): number => (row * 7) % 3;
    const binary = table([wave, (row) => [5, -1, 2][kind(row)]!], even);
    const data: Dataset = {
      ...binary,
      task: 'multiclass',
      classes: ['a', 'b', 'c'],
      targets: ['a', 'b', 'c'].map((name) => ({ name: `y=${name}`, source: 'y', mean: 0, deviation: 1 })),
      y: Float32Array.from({ length: binary.rows * 3 }, (_, at) => (kind(Math.floor(at / 3)) === at % 3 ? 1 : 0)),
    };
    expect(only(data).map(({ code }) => code)).toEqual(['leakage']);
  });

  test('a column that counts the rows', () => {
    const data = table([wave, (row) => (row - 50) / 29], even);
    const numbered: Dataset = { ...data, features: [data.features[0]!, { name: 'id', source: 'id', mean: 50, deviation: 29 }] };
    const [found] = only(numbered);
    expect(found).toMatchObject({ code: 'row-number', title: "'id' only counts the rows" });
    expect(found!.cure!.edit(tableProject(numbered)).settings.data).toMatchObject({ features: ['c0'] });
  });

  test('a target that the output cannot reach, and a loss that compares classes', () => {
    const data: Dataset = { ...table([wave, Math.cos], (row) => 3 * Math.sin(2 * row)), task: 'regression', classes: [] };
    const bounded: edits.Edit = edits.setAttr('output', 'activation', 'sigmoid');
    const [found] = only(data, [], bounded);
    expect(found).toMatchObject({ code: 'target-range', node: 'output' });
    expect(only(data, [], edits.inTurn(bounded, found!.cure!.edit))).toEqual([]);
    const classes: edits.Edit = (project) => ({
      ...project,
      nodes: { ...project.nodes, loss: { ...project.nodes['loss']!, op: 'binary-cross-entropy-logits' } },
    });
    const [wrong] = only(data, [], classes);
    expect(wrong).toMatchObject({ code: 'wrong-loss', node: 'loss' });
    expect(only(data, [], edits.inTurn(classes, wrong!.cure!.edit))).toEqual([]);
  });
});

/** A pasted table, and a network for it, as the window makes them. */
async function pasted(
  rows: readonly (readonly (number | string)[])[],
  header: readonly string[],
  change: Partial<CsvSource> = {},
  edit: edits.Edit = (project) => project,
): Promise<Project> {
  const source: CsvSource = { ...csv, text: [header, ...rows].map((row) => row.join(',')).join('\n'), ...change };
  const data = await readDataset(source, split);
  return edit(draftProject(data, source, split, { title: 'Test', hidden: [8], activation: 'tanh' }));
}

describe('what the data are guilty of is cured in a ghost run, on data that are read anew', () => {
  const noise = (row: number, k: number): number => (((row * 7919 + k * 104_729) % 1000) / 1000) * 2 - 1;
  const many = Array.from({ length: 240 }, (_, row) => row);
  const quick = edits.setTraining({ optimizer: 'adam', hyper: { rate: 0.01 }, epochs: 40, batch: 20 });
  const both = (row: number): readonly [number, number] => [noise(row, 1), noise(row, 2)];
  const inside = (row: number): boolean => Math.hypot(...both(row)) < 0.7;

  /** Before and after the cure: what was found, and where the run came to. */
  async function cured(project: Project, code: FindingCode) {
    const run = async (one: Project) => {
      const { data: source, split: shares } = one.settings;
      if (source.kind === 'none') throw new Error('no data');
      const data = await readDataset(source, shares);
      return { data, ...(await findings(one, data)) };
    };
    const before = await run(project);
    expect([...before.codes]).toContain(code);
    const cure = diagnose({ project, data: before.data, weights: null, statistics: null, points: [] }).find(
      (one) => one.code === code,
    )!.cure!;
    const after = await run(cure.edit(project));
    expect([...after.codes]).not.toContain(code);
    return { before, after, cured: cure.edit(project) };
  }
  const lossOf = ({ points }: { points: readonly CurvePoint[] }): number => points.at(-1)!.train.loss;

  test('unscaled: standardised, it learns better', async () => {
    const project = await pasted(
      many.map((row) => [1000 * noise(row, 1), noise(row, 2), inside(row) ? 'in' : 'out']),
      ['a', 'b', 'y'],
      {},
      quick,
    );
    const { before, after } = await cured(project, 'unscaled');
    expect(lossOf(after)).toBeLessThan(0.8 * lossOf(before));
  });

  test('a column that never changes: left out, it learns as well', async () => {
    const project = await pasted(
      many.map((row) => [...both(row), 3, inside(row) ? 'in' : 'out']),
      ['a', 'b', 'c', 'y'],
      {},
      quick,
    );
    const { before, after } = await cured(project, 'constant-columns');
    expect(lossOf(after)).toBeLessThan(1.2 * lossOf(before));
  });

  test('a copy of the answer, and a number of the row: left out, the score is an honest one', async () => {
    const project = await pasted(
      many.map((row) => [row + 1, ...both(row), inside(row) ? 1 : 0, inside(row) ? 'in' : 'out']),
      ['id', 'a', 'b', 'copy', 'y'],
      {},
      quick,
    );
    const { after, cured: without } = await cured(project, 'leakage');
    expect(after.data.features.map(({ name }) => name)).toEqual(['id', 'a', 'b']);
    const { after: last } = await cured(without, 'row-number');
    expect(last.data.features.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(lossOf(last)).toBeLessThan(0.65);
  });

  test('a rare class: balanced, it is recognised', async () => {
    // One row in ten, and not all of these can be told from the others.
    const rare = (row: number): boolean => row % 10 === 0;
    const project = await pasted(
      many.map((row) => [noise(row, 1) + (rare(row) ? 0.8 : 0), noise(row, 2), rare(row) ? 'yes' : 'no']),
      ['a', 'b', 'y'],
      {},
      edits.inTurn(quick, edits.setTraining({ optimizer: 'adam', hyper: { rate: 0.003 }, epochs: 20, batch: 20 })),
    );
    const { before, after } = await cured(project, 'imbalance');
    const recall = async ({ data }: typeof before, from: Project): Promise<number> => {
      const { session } = await trained(from, data);
      const { prediction } = session.plans.evaluate.program;
      const { values } = await session.forward(data.x, data.features.length, data.y, 1, data.split.train, [prediction!.buffer]);
      const rows = [...data.split.train].map((row, at) => ({ is: data.y[row]! > 0.5, says: values[0]![at]! > 0 }));
      session.close();
      return rows.filter(({ is, says }) => is && says).length / rows.filter(({ is }) => is).length;
    };
    const balancedProject = edits.setSettings({ data: { ...(project.settings.data as CsvSource), balance: true } })(project);
    expect(await recall(before, project)).toBeLessThan(0.4);
    expect(await recall(after, balancedProject)).toBeGreaterThan(0.6);
    expect(after.data.weighedBy).toBe('class');
  });

  test('a target beyond the output, and a loss for classes: both learn once they fit', async () => {
    const wave = many.map((row) => [noise(row, 1), 3 * Math.sin(2 * noise(row, 1))]);
    const plain: Partial<CsvSource> = { task: 'regression' };
    const bounded = await pasted(wave, ['a', 'y'], plain, edits.inTurn(quick, edits.setAttr('output', 'activation', 'sigmoid')));
    const range = await cured(bounded, 'target-range');
    expect(lossOf(range.after)).toBeLessThan(0.5 * lossOf(range.before));
    const classes = await pasted(wave, ['a', 'y'], plain, (project) => ({
      ...quick(project),
      nodes: { ...project.nodes, loss: { ...project.nodes['loss']!, op: 'binary-cross-entropy-logits' } },
    }));
    const loss = await cured(classes, 'wrong-loss');
    expect(loss.after.points.at(-1)!.train.r2).toBeGreaterThan(0.8);
    expect(loss.before.points.at(-1)!.train.r2 ?? 0).toBeLessThan(0.5);
  });
});

describe('curves', () => {
  const data = table([Math.sin, Math.cos], even);
  const curve = (
    train: (epoch: number) => number,
    validation: (epoch: number) => { loss: number; accuracy: number },
  ): CurvePoint[] =>
    Array.from({ length: 30 }, (_, epoch) => ({
      epoch,
      step: epoch,
      train: { loss: train(epoch), accuracy: 0.9 },
      validation: validation(epoch),
    }));
  test('overfitting: the validation loss turns up and the accuracy falls; the cure stops where it was best', () => {
    const turned = curve(
      (e) => 1 / (1 + e),
      (e) => ({ loss: 0.3 + Math.abs(e - 10) / 20, accuracy: e <= 10 ? 0.95 : 0.6 }),
    );
    const [found] = only(data, turned);
    expect(found!.code).toBe('overfitting');
    expect(found!.cure!.edit(tableProject(data)).settings.training.epochs).toBe(10);
  });
  test('a validation loss that rises while the accuracy holds is no fault', () => {
    expect(
      only(
        data,
        curve(
          (e) => 1 / (1 + e),
          (e) => ({ loss: 0.3 + Math.abs(e - 10) / 20, accuracy: 0.95 }),
        ),
      ),
    ).toEqual([]);
  });
  test('a restless loss: small batches first, else the rate', () => {
    const restless = curve(
      (e) => (e % 2 === 0 ? 0.9 : 0.4),
      () => ({ loss: 0.5, accuracy: 0.7 }),
    );
    expect(only(data, restless, edits.setTraining({ batch: 1 })).map(({ code }) => code)).toEqual(['batch-too-small']);
    expect(only(data, restless).map(({ code }) => code)).toEqual(['rate-too-high']);
  });
});

test('dead units: a large negative bias silences them; leaky ReLU lets gradients through again', () => {
  const { project, data } = circlesWith([6], 'relu');
  const [node] = layers(project);
  const spread = { count: 1, low: 0, high: 0, mean: 0, deviation: 0, size: 1, bins: [1] };
  const layer = {
    node: node!,
    op: 'relu',
    units: 6,
    activation: spread,
    gradient: spread,
    saturated: null,
    parameters: [],
  };
  const at = (dead: readonly number[]): readonly Finding[] =>
    diagnose({
      project,
      data,
      weights: null,
      points: [],
      statistics: {
        step: 0,
        epoch: 0,
        rows: 140,
        layers: [
          { ...layer, dead },
          { ...layer, node: 'output', op: 'add', dead: null },
        ],
      },
    });
  expect(at([1])).toEqual([]);
  const [found] = at([0, 1, 2, 3]);
  expect(found).toMatchObject({ code: 'dead-units', node });
  expect(found!.cure!.edit(project).nodes[node!]!.attrs['activation']).toBe('leaky-relu');
});

test('the list says what was looked at, more of it once training has begun', () => {
  const before = checklist([], false);
  expect(before.every(({ found }) => !found)).toBe(true);
  expect(checklist([], true).length).toBeGreaterThan(before.length);
  const [found] = only(table([Math.sin, (row) => 1000 + row], even));
  expect(checklist([found!], false).filter((one) => one.found)).toEqual([{ title: 'Features are about 1 in size', found: true }]);
});
