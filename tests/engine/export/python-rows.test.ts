/**
 * The exported Python programs on tables: `python model.py rows.csv` reads what the project reads, answers stand
 * for the columns that they are compared with, rows are weighed, and the check of gradients hides nothing.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Dataset, DatasetInfo } from '../../../src/engine/data/dataset';
import { numpy, pytorch } from '../../../src/engine/export/python';
import { csvDefaults, type CsvSource, type Project, type Training } from '../../../src/engine/graph/project';
import { initialNumbers } from '../../../src/engine/train/session';
import { readDataset } from '../../../src/main/services/datasets';
import { modelOf } from '../../../src/main/services/exports';
import { drawing, number, type Rows } from '../../support/drawing';
import { pythonWith, runScript } from '../../support/python';

const withNumpy = pythonWith('numpy');
const withTorch = pythonWith('torch');
const formats = [numpy, ...(withTorch ? [pytorch] : [])];
const python = withTorch ?? withNumpy;
const folder = mkdtempSync(join(tmpdir(), 'chainrule-rows-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
/** The unpacked programs of a project, for NumPy and, where it is here, for PyTorch. */
function programs(project: Project, data: DatasetInfo | null): string[] {
  const { parameters } = programOf(prepare(project, data), 'every-edge', 2);
  const weights = Object.fromEntries(
    parameters.map((p) => [p.key, { shape: p.shape, data: Float32Array.from(initialNumbers(p, 1)) }]),
  );
  const model = modelOf(project, weights, data);
  return formats.map((format) => {
    const path = join(folder, String(count++));
    mkdirSync(path);
    for (const [name, file] of Object.entries(unzipSync(format.write(model)))) writeFileSync(join(path, name), file);
    return path;
  });
}

const withData = (rows: Rows, source: CsvSource, training: Partial<Training> = {}): Project => {
  const project = drawing(rows, training);
  return { ...project, settings: { ...project.settings, data: source } };
};
const tableOf = (text: string, more: Partial<CsvSource>): CsvSource => ({ ...csvDefaults, path: 'table', text, ...more });
const read = (project: Project): Promise<Dataset> => readDataset(project.settings.data, project.settings.split);

/** Runs lines of Python for each program `m`, which leave their answer in `a`. */
const runIn = <T>(paths: readonly string[], lines: string): T[] =>
  runScript<T[]>(
    python!,
    `
import importlib.util, json, sys, warnings
import numpy as np
warnings.simplefilter('ignore')
answers = []
for i, path in enumerate(json.load(open(sys.argv[1]))):
    spec = importlib.util.spec_from_file_location(f'model{i}', path + '/model.py')
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    torch = hasattr(m, 'Network')
${lines.replace(/^/gm, '    ')}
    answers.append(a)
json.dump(answers, open(sys.argv[2], 'w'), default=float)
`,
    paths,
  );

/** Prints what the program says when it is run; with what it complains of, where it does. */
function main(path: string, ...args: string[]): string {
  try {
    return execFileSync(python!, [join(path, 'model.py'), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (fault) {
    const { stdout, stderr } = fault as { stdout: string; stderr: string };
    return `${stdout}${stderr}`;
  }
}

const line: Rows = {
  x: ['input', {}, { shape: [2] }],
  t: ['target', {}, { shape: [1] }],
  y: ['dense', { x: 'x' }, { units: 1, activation: 'identity' }],
  l: ['squared-error', { prediction: 'y', target: 't' }],
};

describe.skipIf(!withNumpy)('a table', () => {
  const body = ['1,5;2,25;"1.000,5"', '2,5;3,75;-20', '-0,5;1;30,25', '4;"1.250,5";1'].join('\n');
  const numbers = [
    [1.5, 2.25],
    [2.5, 3.75],
    [-0.5, 1],
    [4, 1250.5],
  ];

  test.each<[string, Partial<CsvSource>, string, readonly string[]]>([
    ['with a header', { separator: ';' }, ' first ;second;price\n', ['first', 'second', 'price']],
    ['whose separator is found', {}, 'first;second;price\n', ['first', 'second', 'price']],
    ['without a header', { separator: ';', header: false }, '', ['column 1', 'column 2', 'column 3']],
    ['in UTF-16', { separator: ';', encoding: 'utf-16le' }, 'first;second;price\n', ['first', 'second', 'price']],
  ])('%s is read as the project reads it', async (_, manner, header, [first, second, price]) => {
    const source = tableOf(header + body, { decimal: ',', features: [first!, second!], targets: [price!], ...manner });
    const project = withData(line, source);
    // What is pasted is UTF-8, whatever its file was.
    const data = await read(withData(line, { ...source, encoding: 'utf-8' }));
    const paths = programs(project, data);
    const table = join(folder, 'rows.csv');
    writeFileSync(table, `\ufeff${header}${body}\n`, manner.encoding === 'utf-16le' ? 'utf16le' : 'utf8');
    const expected = numbers.map((row) => Object.fromEntries([first!, second!].map((name, k) => [name, row[k]])));
    const asked = JSON.stringify({ rows: expected, table });
    const answers = runIn<{ direct: number[]; encoded: number[] }>(
      paths,
      `asked = json.loads(${JSON.stringify(asked)})
rows = m.read_table(asked['table'])
a = {'direct': m.predict(asked['rows']), 'encoded': np.ravel(m.encode(rows)).tolist()}`,
    );
    for (const [i, path] of paths.entries()) {
      const { direct, encoded } = answers[i]!;
      for (const [k, x] of data.x.entries()) expect(encoded[k]!).toBeCloseTo(x, 5);
      const printed = main(path, table).trim().split('\n').map(Number);
      expect(printed.length).toBe(4);
      for (const [k, z] of printed.entries()) expect(z).toBeCloseTo(direct[k]!, 4);
    }
  });

  test('with a number that the project would not read is refused', async () => {
    const source = tableOf(`first;second;price\n${body}`, {
      separator: ';',
      decimal: ',',
      features: ['first', 'second'],
      targets: ['price'],
    });
    const project = withData(line, source);
    const paths = programs(project, await read(project));
    const table = join(folder, 'points.csv');
    writeFileSync(table, 'first;second;price\n1.5;2;3\n');
    for (const path of paths) expect(main(path, table)).toContain("'first' holds '1.5', which is no number. Correct the row.");
  });
});

describe.skipIf(!withNumpy)('answers', () => {
  const table = tableOf('a,b,price,size\n1,2,10,500\n2,3,20,100\n4,4,30,300\n7,1,60,200\n', {
    features: ['a', 'b'],
    targets: ['price', 'size'],
  });
  const twoHeads: Rows = {
    x: ['input', {}, { shape: [2] }],
    price: ['target', {}, { shape: [1] }],
    size: ['target', {}, { shape: [1] }],
    p: ['dense', { x: 'x' }, { units: 1, activation: 'identity' }],
    s: ['dense', { x: 'x' }, { units: 1, activation: 'identity' }],
    of_p: ['squared-error', { prediction: 'p', target: 'price' }],
    of_s: ['squared-error', { prediction: 's', target: 'size' }],
    l: ['add', { a: 'of_p', b: 'of_s' }],
  };

  test('of one head of two are in the units of the column that it is compared with', async () => {
    const project = withData(twoHeads, table);
    const data = await read(project);
    const prepared = prepare(project, data);
    const at = prepared.prediction!.node.startsWith('p') ? 0 : 1;
    const { mean, deviation } = data.targets[at]!;
    const answers = runIn<{ said: number[]; raw: number[] }>(
      programs(project, data),
      `rows = [{'a': '1', 'b': '2'}, {'a': '2', 'b': '3'}, {'a': '7', 'b': '1'}]
x = m.encode(rows)
raw = m.load()(m.torch.as_tensor(x, dtype=m.torch.get_default_dtype())).detach().numpy() if torch else m.forward(x, **m.load())
a = {'said': m.predict(rows), 'raw': np.ravel(raw).tolist()}`,
    );
    for (const { said, raw } of answers) {
      expect(said.length).toBe(3);
      for (const [k, z] of said.entries()) expect(z).toBeCloseTo(raw[k]! * deviation + mean, 3);
    }
  });

  test('whose columns are not known are the outputs as they are', async () => {
    const both: Rows = {
      ...twoHeads,
      of_s: ['squared-error', { prediction: 'p', target: 'size' }],
    };
    const project = withData(both, table);
    const data = await read(project);
    const paths = programs(project, data);
    const answers = runIn<{ said: number[][]; about: string }>(
      paths,
      `a = {'said': m.predict([{'a': '1', 'b': '2'}, {'a': '2', 'b': '3'}]), 'about': m.answers.__doc__}`,
    );
    for (const { said, about } of answers) {
      expect(said.map((row) => row.length)).toEqual([1, 1]);
      expect(about).toContain('as they are');
    }
  });
});

describe.skipIf(!withNumpy)('weights of rows', () => {
  test('count in training, in both programs alike', async () => {
    const source = tableOf('a,b,price,w\n1,2,10,1\n2,3,20,3\n4,4,30,2\n7,1,60,2\n', {
      features: ['a', 'b'],
      targets: ['price'],
      weights: 'w',
    });
    const project = withData(line, source, { optimizer: 'sgd', hyper: { rate: 0.05 } });
    const data = await read(project);
    expect(data.weighedBy).toBe('w');
    const answers = runIn<[number[], number[], number[]]>(
      programs(project, data),
      `x = np.array([[1., 2.], [0., 1.], [-1., 1.], [2., 0.]])
t = np.array([[1.], [0.], [-1.], [2.]])
def course(**more):
    return m.train(m.load(), x, t, epochs=3, batch=4, **more) if torch else m.train(x, t, epochs=3, batch=4, **more)[1]
# Weights of 0 leave rows out.
some = m.train(m.load(), x[:2], t[:2], epochs=3, batch=4) if torch else m.train(x[:2], t[:2], epochs=3, batch=4)[1]
a = [course(), course(row_weights=np.array([2., 2., 0., 0.])), some]`,
    );
    for (const [even, weighed, some] of answers) {
      for (const [k, loss] of weighed.entries()) expect(loss).toBeCloseTo(some[k]!, 4);
      for (const [k, loss] of weighed.entries()) expect(loss).toBeCloseTo(answers[0]![1][k]!, 4);
      expect(Math.abs(even[2]! - weighed[2]!)).toBeGreaterThan(1e-3);
    }
  });
});

describe.skipIf(!withNumpy)('the check of gradients', () => {
  const scalar: Rows = {
    x: ['input', {}, { shape: [] }],
    t: ['target', {}, { shape: [] }],
    w: number(0.5),
    y: ['multiply', { a: 'x', b: 'w' }],
    l: ['squared-error', { prediction: 'y', target: 't' }],
  };

  test('holds for weights that are single numbers, after training too', () => {
    const [path] = programs(drawing(scalar), null);
    const [worst] = runIn<number>(
      [path!],
      `weights, _ = m.train(np.array([[1.], [2.]]), np.array([[1.], [3.]]), epochs=3, batch=2)
a = max(m.check_gradients(weights).values())`,
    );
    expect(worst!).toBeLessThan(1e-5);
  });

  test('says where the loss is no number', () => {
    const rows: Rows = { ...scalar, r: ['sqrt', { x: 'x' }], y: ['multiply', { a: 'r', b: 'w' }] };
    const [path] = programs(drawing(rows), null);
    expect(main(path!)).toContain('The loss at the sampled rows is nan, so it has no slope');
  });

  test('does not take a difference that is no number for none', () => {
    const [path] = programs(drawing(scalar), null);
    const printed = main(path!);
    expect(printed).toContain('Every gradient is the slope');
    const [worst] = runIn<string>(
      [path!],
      `true = m.loss_and_gradients
m.loss_and_gradients = lambda *args, **weights: (true(*args, **weights)[0], {'w': np.float64('nan')})
a = repr(list(m.check_gradients(m.load()).values())[0])`,
    );
    expect(worst).toBe('nan');
  });
});
