/**
 * Names of nodes may be anything; in Python they are legal identifiers of their own, and whatever they hold
 * stays text. Drawings with such names, and random ones, are run by Python against the reference.
 */
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ReferenceDevice } from '../../../src/engine/backends/reference/index';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { numpy, pytorch } from '../../../src/engine/export/python';
import { identifier, Names } from '../../../src/engine/export/python/names';
import { atom, bindsOf, minus, negative, over, plus, power, stringText, times } from '../../../src/engine/export/python/text';
import type { Project } from '../../../src/engine/graph/project';
import { sampleShape } from '../../../src/engine/ir/shape';
import { bufferIds } from '../../../src/engine/plan';
import { initialNumbers } from '../../../src/engine/train/session';
import { modelOf } from '../../../src/main/services/exports';
import { drawing, type Rows } from '../../support/drawing';
import { pythonWith, runScript } from '../../support/python';
import { randomDrawing } from '../../support/random-drawing';

const withNumpy = pythonWith('numpy');
const withTorch = pythonWith('torch');
const folder = mkdtempSync(join(tmpdir(), 'chainrule-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What people may call a node, and what could hurt. */
const AWKWARD = [
  'self',
  'lambda',
  'class',
  'None',
  'np',
  'torch',
  'forward',
  'loss',
  'weights',
  'parameters',
  'training',
  'w₁',
  'w1',
  'größe',
  'Σ',
  '重み',
  '🙂',
  '1st layer',
  "it's",
  'say "no"',
  '"""',
  "'''",
  'a\\',
  'line\nbreak',
  '\u2028',
  '#',
  'hidden/weight',
  'hidden_weight',
  'hidden weight',
  '__init__',
  '_',
  'x.y',
  '{x}',
  '%s',
  'np.exp',
  'rng',
  'd_loss',
  'sum',
];

describe('identifiers', () => {
  test('are plain, legal and never alike', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom(...AWKWARD)), { maxLength: 30 }),
        (texts) => {
          const names = new Names(['forward', 'hidden']);
          const taken = texts.map((text) => names.take(text));
          expect(new Set([...taken, 'forward', 'hidden']).size).toBe(taken.length + 2);
          for (const name of taken) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
          for (const name of taken) expect(['self', 'lambda', 'None', 'np', 'class']).not.toContain(name);
        },
      ),
    );
  });

  test('keep what can be kept', () => {
    expect(['w₁', 'größe', 'hidden/weight', 'α', 'naïve', 'lambda', '2d'].map(identifier)).toEqual([
      'w1',
      'grosse',
      'hidden_weight',
      'alpha',
      'naive',
      'lambda_',
      'n2d',
    ]);
  });
});

describe.skipIf(!withNumpy)('texts', () => {
  test('strings come back from Python as they were', () => {
    const texts = [...AWKWARD, ...fc.sample(fc.string({ unit: 'binary' }), 200).filter((text) => !/\p{Cs}/u.test(text))];
    const script =
      'import ast, json, sys\njson.dump([ast.literal_eval(t) for t in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))';
    expect(runScript(withNumpy!, script, texts.map(stringText))).toEqual(texts);
  });

  test('brackets keep the meaning of any expression', () => {
    type Made = { text: string; value: number };
    // Python raises where JavaScript goes on with Infinity, which a later division may make finite again.
    const made = (text: string, value: number): Made => ({ text, value: Number.isFinite(value) ? value : Number.NaN });
    const leaf = fc.constantFrom<Made>(
      { text: 'x', value: 1.7 },
      { text: 'y', value: -0.6 },
      { text: '2', value: 2 },
      { text: '-3', value: -3 },
    );
    const tree = fc.letrec<{ e: Made }>((tie) => ({
      e: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.tuple(fc.constantFrom('+', '-', '*', '/', 'neg', '**'), tie('e'), tie('e')).map(([op, a, b]): Made => {
          if (op === '+') return made(plus(a.text, b.text), a.value + b.value);
          if (op === '-') return made(minus(a.text, b.text), a.value - b.value);
          if (op === '*') return made(times(a.text, b.text), a.value * b.value);
          if (op === '/') return made(over(a.text, b.text), a.value / b.value);
          if (op === 'neg') return made(negative(a.text), -a.value);
          return made(power(a.text, '2'), a.value ** 2);
        }),
      ),
    })).e;
    const trees = fc.sample(tree, 600).filter(({ value }) => Math.abs(value) < 1e100);
    const script = `import json, sys
x, y = 1.7, -0.6
json.dump([float(eval(t)) for t in json.load(open(sys.argv[1]))], open(sys.argv[2], 'w'))`;
    const values = runScript<number[]>(
      withNumpy!,
      script,
      trees.map(({ text }) => text),
    );
    trees.forEach(({ text, value }, i) => {
      expect(Math.abs(values[i]! - value), text).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
    });
    expect(bindsOf(atom('a + b'))).toBe(bindsOf('a'));
  });
});

/** The same drawing with other ids. */
function renamed(rows: Rows, names: readonly string[]): Rows {
  const of = new Map(Object.keys(rows).map((id, i) => [id, names[i] ?? id]));
  return Object.fromEntries(
    Object.entries(rows).map(([id, [op, inputs = {}, attrs = {}]]) => [
      of.get(id)!,
      [op, Object.fromEntries(Object.entries(inputs).map(([port, from]) => [port, of.get(from)!])), attrs] as const,
    ]),
  );
}

const SCRIPT = `
import importlib.util, json, sys, warnings
import numpy as np
warnings.simplefilter('ignore')
answers = []
for i, a in enumerate(json.load(open(sys.argv[1]))):
    compile(open(a['torch'] + '/model.py', encoding='utf-8').read(), 'model.py', 'exec')
    spec = importlib.util.spec_from_file_location(f'model{i}', a['folder'] + '/model.py')
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    parts = [np.array(p['numbers'], float).reshape(p['shape']) for p in a['batch']]
    loss, gradients = m.loss_and_gradients(*parts, **m.load())
    answers.append([float(loss), {m.KEYS[name]: np.ravel(g).astype(float).tolist() for name, g in gradients.items()}])
json.dump(answers, open(sys.argv[2], 'w'))
`;

describe.skipIf(!withNumpy)('drawings', () => {
  const seeds = Array.from({ length: 60 }, (_, i) => 4000 + i);

  test('random ones, half of them with awkward names, have the loss and the gradients of the reference', {
    timeout: 60_000,
  }, () => {
    let made = 0;
    const asked: object[] = [];
    const own: { name: string; loss: number; gradients: Record<string, number[]> }[] = [];
    for (const seed of seeds) {
      const drawn = randomDrawing(seed);
      const awkward = seed % 2 === 0 ? [...AWKWARD.slice(seed % 20), ...AWKWARD.slice(0, seed % 20)] : [];
      const project: Project = awkward.length > 0 ? drawing(renamed(drawn.rows, awkward)) : drawn.project;
      const prepared = prepare(project, null);
      if (!prepared.prediction) continue;
      const program = programOf(prepared, 'every-edge', drawn.count);
      const device = new ReferenceDevice(program);
      const weights = Object.fromEntries(
        program.parameters.map((p) => {
          const data = Float32Array.from(initialNumbers(p, 1));
          device.write(p.value, data);
          return [p.key, { shape: p.shape, data }];
        }),
      );
      device.setData(drawn.features, drawn.width, drawn.targets, 1);
      device.gather(Array.from({ length: drawn.count }, (_, row) => row));
      device.runPhases(['forward', 'loss', 'backward'], drawn.count);
      const model = modelOf(project, weights, null);
      let files: [Uint8Array, Uint8Array];
      try {
        files = [numpy.write(model), pytorch.write(model)];
      } catch (error) {
        // A random prediction may hold the target.
        expect(String(error)).toMatch(/depends on the target/);
        continue;
      }
      const [folderOf, torch] = files.map((bytes) => {
        const path = join(folder, String(made++));
        mkdirSync(path);
        for (const [name, file] of Object.entries(unzipSync(bytes))) writeFileSync(join(path, name), file);
        return path;
      });
      const reach = programOf(prepared, 'fused', drawn.count).inputs.map(({ node }) => node);
      const batch = (['features', 'targets'] as const).flatMap((from) =>
        prepared.inputs
          .filter((input) => input.from === from && reach.includes(input.node))
          .map(({ node, buffer }) => ({
            shape: [drawn.count, ...sampleShape(prepared.inferred.shapes.get(node)!)],
            numbers: [...device.numbers(buffer)],
          })),
      );
      asked.push({ folder: folderOf, torch, batch });
      const learned = program.parameters.filter((p) => p.trainable && p.gradient !== null);
      own.push({
        name: `seed ${seed}`,
        loss: device.batchLoss(drawn.count),
        gradients: Object.fromEntries(learned.map((p) => [p.key, [...device.numbers(bufferIds.gradient(p.key))]])),
      });
    }
    const answers = runScript<[number, Record<string, number[]>][]>(withNumpy!, SCRIPT, asked);
    expect(own.length).toBeGreaterThan(30);
    own.forEach(({ name, loss, gradients }, i) => {
      const [theirs, found] = answers[i]!;
      expect(Math.abs(loss - theirs), name).toBeLessThan(1e-10 * Math.max(1, Math.abs(loss)));
      expect(Object.keys(found).sort(), name).toEqual(Object.keys(gradients).sort());
      for (const [key, numbers] of Object.entries(gradients))
        numbers.forEach((g, k) => {
          expect(Math.abs(g - found[key]![k]!), `${name}: ${key}`).toBeLessThan(1e-10 * Math.max(1, Math.abs(g)));
        });
    });
  });
});

describe.skipIf(!withNumpy)('names that the file needs', () => {
  /** Parameters and arrays by every name of functions, of the module's methods and of what an operation brings. */
  const PARAMETERS = ['loss', 'number', 'HOW', 'math', 'named_modules', 'get_extra_state', 'standardise'];
  const CONSTANTS = ['as_text', 'fall', 'plateaus', 'rate_factor', 'read_table', 're', 'plain_number', 'register_forward_hook'];
  const rows = (array: string, first: string): Rows => {
    const own = [...PARAMETERS, ...CONSTANTS];
    const sums = own.map((name, i): Rows[string] => ['add', { a: i === 0 ? 'steady' : `sum${i - 1}`, b: name }]);
    return {
      x: ['input', {}, { shape: [2] }],
      t: ['target', {}, { shape: [2] }],
      steady: [first, { x: 'x' }],
      ...Object.fromEntries(PARAMETERS.map((name) => [name, ['parameter', {}, { shape: [2] }] as const])),
      ...Object.fromEntries(CONSTANTS.map((name) => [name, ['constant', {}, { shape: [2], values: [1, 2] }] as const])),
      ...Object.fromEntries(sums.map((sum, i) => [`sum${i}`, sum])),
      [array]: ['constant', {}, { shape: [2], values: [3, 4] }],
      y: ['multiply', { a: `sum${own.length - 1}`, b: array }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    };
  };
  const RUN = `
import importlib.util, json, sys
import numpy as np
answers = []
for i, path in enumerate(json.load(open(sys.argv[1]))):
    spec = importlib.util.spec_from_file_location(f'model{i}', path + '/model.py')
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    x, t = np.array([[1., 2.], [3., 5.]]), np.array([[0., 1.], [1., 0.]])
    outputs = np.ravel(m.predict(x)).tolist()
    if hasattr(m, 'Network'):
        m.train(m.load(), x, t, epochs=2, batch=2)
        known = [name for name in dir(m.nn.Module) if not name.startswith('_')]
        unsafe = [name for name in m.KEYS if name in known]
    else:
        m.check_gradients(m.load())
        unsafe = []
    factor = m.rate_factor(1, 5, [1.0, 1.0]) if hasattr(m, 'train') else 1
    answers.append([outputs, unsafe, factor])
json.dump(answers, open(sys.argv[2], 'w'))
`;

  test.each([
    ['plateau', 'loss_parameter', 'batch-normalisation'],
    ['cosine', 'parameters', 'tanh'],
  ])('are left to it: both files run, with the schedule %s', (schedule, array, first) => {
    const project = drawing(rows(array, first), { schedule: { kind: schedule, settings: {} } });
    const program = programOf(prepare(project, null), 'every-edge', 2);
    const weights = Object.fromEntries(
      program.parameters.map((p) => [p.key, { shape: p.shape, data: Float32Array.from(initialNumbers(p, 1)) }]),
    );
    const model = modelOf(project, weights, null);
    const paths = [numpy, ...(withTorch ? [pytorch] : [])].map((format, i) => {
      const path = join(folder, `${schedule}${i}`);
      mkdirSync(path);
      for (const [name, file] of Object.entries(unzipSync(format.write(model)))) writeFileSync(join(path, name), file);
      return path;
    });
    const answers = runScript<[number[], string[], number][]>(withTorch ?? withNumpy!, RUN, paths);
    for (const [outputs, unsafe, factor] of answers) {
      for (const [k, z] of outputs.entries()) expect(z).toBeCloseTo(answers[0]![0][k]!, 4);
      expect(unsafe).toEqual([]);
      expect(factor).toBeGreaterThan(0);
    }
  });
});
