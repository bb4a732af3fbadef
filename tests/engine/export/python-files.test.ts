/**
 * The exported Python programs, run by Python: every example answers raw rows as the program does; the
 * hand-written gradients, the loss, each optimizer, schedule, penalty and training form equal the reference.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { ReferenceDevice } from '../../../src/engine/backends/reference/index';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { Random } from '../../../src/engine/data/random';
import { NotExportable } from '../../../src/engine/export/description';
import type { Model } from '../../../src/engine/export/exporter';
import { numpy, pytorch } from '../../../src/engine/export/python';
import { sourceOf } from '../../../src/engine/export/python/file';
import { numpyFile } from '../../../src/engine/export/python/numpy-file';
import { torchFile } from '../../../src/engine/export/python/torch-file';
import { predict } from '../../../src/engine/export/verify';
import type { Project, Training } from '../../../src/engine/graph/project';
import { product } from '../../../src/engine/ir/shape';
import { optimizers } from '../../../src/engine/optimizers/index';
import { bufferIds } from '../../../src/engine/plan';
import type { Dataset, DatasetInfo } from '../../../src/engine/data/dataset';
import { rateFactor, schedules } from '../../../src/engine/train/schedules';
import { readDataset } from '../../../src/main/services/datasets';
import { modelOf } from '../../../src/main/services/exports';
import { resources } from '../../../src/main/services/folders';
import { readProjectFile } from '../../../src/main/services/projects';
import { drawing, type Rows } from '../../support/drawing';
import { pythonWith, runScript } from '../../support/python';

const withNumpy = pythonWith('numpy');
const withTorch = pythonWith('torch');
const folder = mkdtempSync(join(tmpdir(), 'chainrule-programs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Weights of a size that trained ones have, the same in every run. */
function modelFor(project: Project, data: DatasetInfo | null): Model {
  const { program } = modelOf(project, {}, data);
  const random = new Random(3, 'weights');
  const weights = Object.fromEntries(
    program.parameters.map(({ key, shape, given }) => [
      key,
      {
        shape,
        data: Float32Array.from({ length: product(shape) }, (_, i) =>
          given ? given[i % given.length]! : key.endsWith('/variance') ? 0.5 + random.between(0, 1) : random.between(-0.7, 0.7),
        ),
      },
    ]),
  );
  return modelOf(project, weights, data);
}

let count = 0;
/** Unpacks an archive as people do. */
function unpacked(bytes: Uint8Array): string {
  const own = join(folder, String(count++));
  mkdirSync(own);
  for (const [name, file] of Object.entries(unzipSync(bytes))) writeFileSync(join(own, name), file);
  return own;
}

/** Imports each program and answers what is asked of it. */
const SCRIPT = `
import importlib.util, json, sys, warnings
import numpy as np
warnings.simplefilter('ignore')
asked = json.load(open(sys.argv[1]))
def load(folder, name):
    spec = importlib.util.spec_from_file_location(name, folder + '/model.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
def arrays(parts): return [np.array(p['numbers'], float).reshape(p['shape']) for p in parts]
class Drawn:
    """Gives out the numbers of the program's own generators, in place of NumPy's."""
    def __init__(self, numbers): self.numbers = iter(numbers)
    def random(self, shape): return np.array(next(self.numbers), float).reshape(shape)
def flat(named): return {name: np.ravel(value).astype(float).tolist() for name, value in named.items()}
answers = []
for i, a in enumerate(asked):
    m = load(a['folder'], f'model{i}')
    answer = {}
    if 'torch' in a:
        import torch
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64 if a.get('double') else torch.float32)
        network = m.load()
        to = lambda parts: [torch.tensor(x, dtype=torch.get_default_dtype()) for x in arrays(parts)]
        if 'rows' in a:
            answer['predicted'] = m.predict(a['rows'])
            answer['encoded'] = np.ravel(m.encode(a['rows'])).tolist()
        if 'inputs' in a:
            with torch.no_grad(): answer['outputs'] = network(*to(a['inputs'])).reshape(-1).tolist()
        if 'steps' in a:
            optimizer = m.optimizer_of(network)
            losses = [m.step(network, optimizer, *to(s)) for s in a['steps']]
            answer['losses'] = losses
            answer['weights'] = flat({key: getattr(network, name).detach().numpy() for name, key in m.KEYS.items()})
        if 'train' in a:
            rows = a['train']
            answer['course'] = m.train(network, m.encode(rows), m.encode_targets(rows), epochs=3)
    else:
        weights = m.load()
        if 'rows' in a:
            answer['predicted'] = m.predict(a['rows'])
            answer['encoded'] = np.ravel(m.encode(a['rows'])).tolist()
        if 'inputs' in a: answer['outputs'] = np.ravel(m.forward(*arrays(a['inputs']), **weights)).tolist()
        if 'check' in a: answer['worst'] = max(m.check_gradients(weights).values())
        if 'batch' in a:
            loss, gradients = m.loss_and_gradients(*arrays(a['batch']), **weights)
            answer['loss'] = float(loss)
            answer['gradients'] = flat({m.KEYS[name]: g for name, g in gradients.items()})
            answer['shapes'] = all(np.shape(g) == weights[name].shape for name, g in gradients.items())
        if 'steps' in a:
            memory = m.new_memory(weights)
            losses = []
            for i, s in enumerate(a['steps']):
                rng = [Drawn(a['drawn'][i])] if a.get('drawn') and a['drawn'][i] else []
                loss, gradients, *averages = m.loss_and_gradients(*arrays(s), *rng, **weights)
                losses.append(float(loss))
                m.update(weights, gradients, memory)
                for new in averages: weights.update(new)
            if hasattr(m, 'loss_in_use'): answer['inUse'] = float(m.loss_in_use(*arrays(a['steps'][0]), **weights))
            answer['losses'] = losses
            answer['weights'] = flat({key: weights[name] for name, key in m.KEYS.items()})
        if 'train' in a:
            rows = a['train']
            answer['course'] = m.train(m.encode(rows), m.encode_targets(rows), weights, epochs=3)[1]
    if 'factors' in a:
        answer['factors'] = [m.rate_factor(epoch, a['factors']['epochs'], a['factors']['losses'][:epoch]) for epoch in range(a['factors']['epochs'])]
    answers.append(answer)
json.dump(answers, open(sys.argv[2], 'w'), default=float)
`;

interface Part {
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}
interface Answer {
  readonly predicted?: readonly (string | number)[];
  readonly encoded?: readonly number[];
  readonly outputs?: readonly number[];
  readonly worst?: number;
  readonly loss?: number;
  readonly gradients?: Readonly<Record<string, readonly number[]>>;
  readonly shapes?: boolean;
  readonly losses?: readonly number[];
  /** Of the first batch after training, of the network in use. */
  readonly inUse?: number;
  readonly weights?: Readonly<Record<string, readonly number[]>>;
  readonly course?: readonly number[];
  readonly factors?: readonly number[];
}

const ask = (python: string, asked: readonly object[]): readonly Answer[] => runScript<Answer[]>(python, SCRIPT, asked);

/** What is largest: |a − b| against 1 or |a|. */
function furthest(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  return Array.from(ours).reduce(
    (most, x, i) => (Object.is(x, theirs[i]) ? most : Math.max(most, Math.abs(x - theirs[i]!) / Math.max(1, Math.abs(x)) || 0)),
    0,
  );
}

/** Rows of a table as `csv.DictReader` gives them, made from encoded ones where there is no file. */
function rawRows(data: Dataset, rows: number): Record<string, string>[] {
  return Array.from({ length: rows }, (_, r) => {
    const row: Record<string, string> = {};
    data.features.forEach(({ name, source, mean, deviation }, k) => {
      expect(name).toBe(source);
      row[source] = String(data.x[r * data.features.length + k]! * deviation + mean);
    });
    if (data.task === 'regression')
      data.targets.forEach(({ source, mean, deviation }, k) => {
        row[source] = String(data.y[r * data.targets.length + k]! * deviation + mean);
      });
    else {
      const own = data.y.subarray(r * data.targets.length, (r + 1) * data.targets.length);
      row[data.targets[0]!.source] = data.classes[own.length === 1 ? own[0]! : own.indexOf(1)]!;
    }
    return row;
  });
}

const examples = readdirSync(join(resources, 'examples'));

/** The examples that answer, with some rows, and what the program says to them. */
async function exampleCases() {
  const cases: { name: string; model: Model; data: Dataset | null; rows: Record<string, string>[]; expected: Float32Array }[] =
    [];
  for (const name of examples) {
    const project = await readProjectFile(join(resources, 'examples', name));
    const data = project.settings.data.kind === 'none' ? null : await readDataset(project.settings.data, project.settings.split);
    const model = modelFor(project, data);
    if (!model.program.prediction) {
      expect(() => pytorch.write(model)).toThrow(/no prediction to export/);
      continue;
    }
    const count = data ? 40 : 1;
    const width = data?.features.length ?? 0;
    const expected = await predict(model.program, model.weights, data?.x ?? new Float32Array(), count, width);
    cases.push({ name, model, data, rows: data ? rawRows(data, count) : [], expected });
  }
  expect(cases.length).toBe(examples.length - 1);
  return cases;
}

/** Inputs, then targets, as the functions of the programs take them. */
function partsOf(
  model: Model,
  x: Float32Array,
  y: Float32Array,
  rows: readonly number[],
  from: readonly ('features' | 'targets')[],
): Part[] {
  const { inputs } = prepare(model.project, model.data);
  const [wide, tall] = [
    1 + Math.max(-1, ...inputs.flatMap((i) => (i.from === 'features' ? i.columns : []))),
    1 + Math.max(-1, ...inputs.flatMap((i) => (i.from === 'targets' ? i.columns : []))),
  ];
  const ordered = from.flatMap((kind) => inputs.filter((input) => input.from === kind));
  return ordered.map(({ node, columns, from: kind }) => {
    const [table, width] = kind === 'features' ? [x, wide] : [y, tall];
    const shape = model.project.nodes[node]!.attrs['shape'] as readonly number[] | undefined;
    const lengths = shape ?? [kind === 'features' ? 2 : 1];
    return {
      shape: [rows.length, ...lengths],
      numbers: rows.flatMap((row) => columns.map((column) => table[row * width + column]!)),
    };
  });
}

describe.skipIf(!withNumpy || !withTorch)('every example', () => {
  test('answers raw rows as the program does, in NumPy and in PyTorch, and goes on learning', { timeout: 120_000 }, async () => {
    const cases = await exampleCases();
    const asked = cases.flatMap(({ model, data, rows }) => {
      const inputs = data
        ? partsOf(
            model,
            data.x,
            data.y,
            rows.map((_, i) => i),
            ['features'],
          )
        : [];
      const common = { ...(data ? { rows, train: rows } : {}), inputs };
      return [
        { folder: unpacked(numpy.write(model)), check: true, ...common },
        { folder: unpacked(pytorch.write(model)), torch: true, ...common },
      ];
    });
    const answers = ask(withTorch!, asked);
    cases.forEach(({ name, data, expected }, i) => {
      for (const answer of answers.slice(2 * i, 2 * i + 2)) {
        expect(furthest(expected, answer.outputs!), name).toBeLessThan(1e-5);
        if (!data) continue;
        expect(furthest(data.x.subarray(0, answer.encoded!.length), answer.encoded!), name).toBeLessThan(1e-5);
        expect(answer.predicted!.length, name).toBe(40);
        if (data.task === 'regression') {
          const [target] = data.targets;
          const own = Array.from(expected, (z) => z * target!.deviation + target!.mean);
          expect(furthest(own, answer.predicted as number[]), name).toBeLessThan(1e-5);
        } else for (const one of answer.predicted!) expect(data.classes, name).toContain(one);
        expect(answer.course!.at(-1)!, name).toBeLessThan(answer.course![0]!);
      }
      expect(answers[2 * i]!.worst!, name).toBeLessThan(1e-5);
    });
  });
});

/** A drawing with its weights, 24 rows, and how the reference trains on them in batches of 8. */
function trainedByReference(rows: Rows, training: Partial<Training>, steps: number) {
  const project = drawing(rows, { batch: 8, ...training });
  const model = modelFor(project, null);
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'fused', 8);
  const width = (from: string): number => 1 + Math.max(-1, ...prepared.inputs.flatMap((i) => (i.from === from ? i.columns : [])));
  const random = new Random(11, 'rows');
  const x = Float32Array.from({ length: 24 * width('features') }, () => random.gaussian());
  const y = Float32Array.from({ length: 24 * width('targets') }, () => Math.round(random.between(0, 1)));
  const device = new ReferenceDevice(program);
  device.setData(x, width('features'), y, width('targets'));
  for (const { key, value } of program.parameters) device.write(value, model.weights[key]!.data);
  const batches = Array.from({ length: steps }, (_, s) => Array.from({ length: 8 }, (_, i) => (s * 8 + i * 5) % 24));
  const losses: number[] = [];
  // What dropout draws, as numbers from 0 to 1: the two generators of each element together.
  const drawn: number[][][] = [];
  const dropouts = prepared.inferred.order.filter((id) => prepared.inferred.calls.get(id)?.op.name === 'dropout');
  for (const batch of batches) {
    drawn.push(
      dropouts.map((id) => {
        const [first, second] = ['first', 'second'].map((name) => device.numbers(bufferIds.slot(id, name)));
        return Array.from(first!, (x, i) => ((x + second![i]!) % 65537) / 65537);
      }),
    );
    device.gather(batch);
    device.runPhases(['forward', 'loss', 'backward', 'update'], 8);
    losses.push(device.batchLoss(8));
  }
  const weights = Object.fromEntries(program.parameters.map(({ key }) => [key, [...device.numbers(bufferIds.value(key))]]));
  // The same batch once more, in use.
  const use = programOf(prepare(project, null), 'every-edge', 8);
  const inUse = new ReferenceDevice(use);
  inUse.setData(x, width('features'), y, width('targets'));
  for (const { key, value } of use.parameters) inUse.write(value, weights[key]!);
  inUse.gather(batches[0]!);
  inUse.runPhases(['forward', 'loss'], 8);
  return {
    model,
    losses,
    weights,
    drawn,
    inUse: inUse.batchLoss(8),
    steps: batches.map((batch) => partsOf(model, x, y, batch, ['features', 'targets'])),
  };
}

const network: Rows = {
  x: ['input', {}, { shape: [5] }],
  t: ['target', {}, { shape: [3] }],
  hidden: ['dense', { x: 'x' }, { units: 6, activation: 'tanh' }],
  scores: ['dense', { x: 'hidden' }, { units: 3, activation: 'identity' }],
  loss: ['binary-cross-entropy-logits', { prediction: 'scores', target: 't' }],
};
const penalised: Rows = {
  ...network,
  hidden: [
    'dense',
    { x: 'x' },
    { units: 6, activation: 'gelu', penalty: 'elastic', strength: 0.02, mix: 0.3, penaliseBias: true },
  ],
  scores: ['dense', { x: 'hidden' }, { units: 3, activation: 'identity', penalty: 'l2', strength: 0.1 }],
};
const frozen: Rows = { ...network, hidden: ['dense', { x: 'x' }, { units: 6, activation: 'sigmoid', frozen: true }] };
const normalised: Rows = {
  ...network,
  norm: ['batch-normalisation', { x: 'hidden' }, { momentum: 0.3 }],
  none: ['dropout', { x: 'norm' }, { rate: 0 }],
  scores: ['dense', { x: 'none' }, { units: 3, activation: 'identity' }],
};
const images: Rows = {
  x: ['input', {}, { shape: [16] }],
  t: ['target', {}, { shape: [2] }],
  image: ['reshape', { x: 'x' }, { shape: [1, 4, 4] }],
  convolution: ['convolution-2d', { x: 'image' }, { filters: 3, padding: 'same', activation: 'tanh' }],
  norm: ['batch-normalisation', { x: 'convolution' }],
  pool: ['average-pooling', { x: 'norm' }],
  flat: ['flatten', { x: 'pool' }],
  scores: ['dense', { x: 'flat' }, { units: 2, activation: 'identity' }],
  loss: ['cross-entropy-logits', { prediction: 'scores', target: 't' }],
};

const STEPS = 20;
const courses: readonly (readonly [string, Rows, Partial<Training>])[] = [
  ...optimizers.map((o) => [o.name, network, { optimizer: o.name }] as const),
  ['gradients limited', network, { optimizer: 'sgd', clip: { value: 0.02 } }],
  ['gradients limited together', network, { optimizer: 'momentum', clip: { norm: 0.1 } }],
  ['penalties', penalised, { optimizer: 'sgd' }],
  ['a frozen layer', frozen, { optimizer: 'adam' }],
];
/** Dropout and batch normalisation do something else in training. */
const differing: typeof courses = [
  ['batch normalisation and dropout', normalised, { optimizer: 'adam' }],
  ['images', images, { optimizer: 'sgd' }],
];
/** What is dropped is drawn by PyTorch's own generator there, so it cannot be compared number by number. */
const dropping: typeof courses = [
  ['dropout', { ...normalised, none: ['dropout', { x: 'norm' }, { rate: 0.4 }] }, { optimizer: 'adam' }],
  [
    'dropout of images, and twice',
    {
      ...images,
      pool: ['dropout', { x: 'norm' }],
      flat: ['flatten', { x: 'pool' }],
      again: ['dropout', { x: 'flat' }, { rate: 0.25 }],
      scores: ['dense', { x: 'again' }, { units: 2, activation: 'identity' }],
    },
    { optimizer: 'momentum' },
  ],
];

describe.skipIf(!withNumpy)('NumPy', () => {
  test('trains as the reference does: every optimizer, limits, penalties, frozen layers, training forms', () => {
    const runs = [...courses, ...differing, ...dropping].map(([name, rows, training]) => ({
      name,
      ...trainedByReference(rows, training, STEPS),
    }));
    const answers = ask(
      withNumpy!,
      runs.map(({ model, steps, drawn }, i) => ({
        folder: unpacked(numpy.write(model)),
        steps,
        check: true,
        ...(i < courses.length ? { batch: steps[0] } : { drawn }),
      })),
    );
    runs.forEach(({ name, losses, weights, inUse }, i) => {
      const answer = answers[i]!;
      // Differences of the loss, with the same numbers drawn for each.
      expect(answer.worst!, name).toBeLessThan(1e-5);
      if (i < courses.length) expect(answer.shapes, name).toBe(true);
      else expect(Math.abs(answer.inUse! - inUse), name).toBeLessThan(1e-9);
      // The weights of the file are float32; from there on both compute in float64.
      expect(furthest(losses, answer.losses!), name).toBeLessThan(1e-10);
      for (const [key, numbers] of Object.entries(weights))
        expect(furthest(numbers, answer.weights![key]!), `${name}: ${key}`).toBeLessThan(1e-9);
    });
  });

  test('goes on training with dropout and batch normalisation, and the network in use gets better', () => {
    const { model, steps } = trainedByReference(dropping[0]![1], {}, 1);
    const own = unpacked(numpy.write(model));
    const script = `
import importlib.util, json, sys
import numpy as np
asked = json.load(open(sys.argv[1]))
spec = importlib.util.spec_from_file_location('model', asked['folder'] + '/model.py')
m = importlib.util.module_from_spec(spec)
spec.loader.exec_module(m)
x, t = (np.array(p['numbers'], float).reshape(p['shape']) for p in asked['batch'])
start = m.load()
weights, losses = m.train(x, t, epochs=60, batch=5, rate=0.01)
again, _ = m.train(x, t, epochs=60, batch=5, rate=0.01)
json.dump({
    'losses': losses,
    'last': float(m.loss_in_use(x, t, **weights)),
    'moved': {name: bool(np.any(w != start[name])) for name, w in weights.items()},
    'same': all(bool(np.all(again[name] == w)) for name, w in weights.items()),
}, open(sys.argv[2], 'w'))`;
    const told = runScript<{ losses: number[]; last: number; moved: Record<string, boolean>; same: boolean }>(
      withNumpy!,
      script,
      {
        folder: own,
        batch: steps[0],
      },
    );
    expect(told.losses.at(-1)!).toBeLessThan(told.losses[0]!);
    expect(told.last).toBe(told.losses.at(-1)!);
    // Averages move as well as weights do; the same seed drops the same.
    expect(Object.values(told.moved)).not.toContain(false);
    expect(told.moved['norm_mean']).toBe(true);
    expect(told.same).toBe(true);
  });
});

describe.skipIf(!withTorch)('PyTorch', () => {
  test('trains as the reference does: every optimizer, limits, penalties, training forms', () => {
    const runs = [...courses, ...differing].map(([name, rows, training]) => ({
      name,
      ...trainedByReference(rows, training, STEPS),
    }));
    const answers = ask(
      withTorch!,
      runs.flatMap(({ model, steps }) => {
        const own = unpacked(pytorch.write(model));
        return [
          { folder: own, torch: true, steps, double: true },
          { folder: own, torch: true, steps },
        ];
      }),
    );
    runs.forEach(({ name, losses, weights }, i) => {
      // PyTorch's norm of gradients is off by its 1e-6 in the divisor.
      const exact = name === 'gradients limited together' ? 1e-4 : 1e-9;
      for (const [answer, tolerance] of [
        [answers[2 * i]!, exact],
        [answers[2 * i + 1]!, Math.max(exact, 1e-4)],
      ] as const) {
        expect(furthest(losses, answer.losses!), name).toBeLessThan(tolerance);
        for (const [key, numbers] of Object.entries(weights))
          expect(furthest(numbers, answer.weights![key]!), `${name}: ${key}`).toBeLessThan(tolerance);
      }
    });
  });
});

describe.skipIf(!withNumpy)('schedules', () => {
  const losses = [5, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3];
  const epochs = 12;
  test('are the same function of the epoch', () => {
    const settings = { every: 3, factor: 0.5, patience: 2, epochs: 4 };
    const rules = schedules.filter((rule) => rule.kind !== 'constant');
    const own = rules.map(({ kind, settings: known }) => ({
      kind,
      settings: Object.fromEntries(Object.entries(settings).filter(([name]) => name in known)),
    }));
    const answers = ask(
      withNumpy!,
      own.map((schedule) => ({
        folder: unpacked(numpy.write(modelFor(drawing(network, { schedule }), null))),
        factors: { epochs, losses },
      })),
    );
    own.forEach((schedule, i) => {
      const ours = Array.from({ length: epochs }, (_, epoch) =>
        rateFactor(schedule, { epoch, epochs, losses: losses.slice(0, epoch) }),
      );
      expect(furthest(ours, answers[i]!.factors!), schedule.kind).toBeLessThan(1e-12);
    });
  });
});

describe('what cannot be exported says why', () => {
  const write = (project: Project) => () => [numpy, pytorch].map((format) => format.write(modelFor(project, null)));

  test('no prediction', () => {
    expect(write(drawing({ w: ['parameter', {}, { shape: [] }] }))).toThrow(/no prediction to export/);
  });

  test('a prediction that depends on the target', () => {
    const project = drawing({
      x: ['input', {}, { shape: [2] }],
      t: ['target', {}, { shape: [2] }],
      y: ['add', { a: 'x', b: 't' }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    });
    for (const file of [numpyFile, torchFile])
      expect(() => file(sourceOf(project, null))).toThrow(/depends on the target 't'. Take the target out/);
  });

  test('no trained numbers', () => {
    const model = modelOf(drawing(network), {}, null);
    for (const format of [numpy, pytorch]) expect(() => format.write(model)).toThrow(NotExportable);
    for (const format of [numpy, pytorch])
      expect(() => format.write(model)).toThrow(/no trained numbers for 'hidden\/weight'. Train/);
  });
});
