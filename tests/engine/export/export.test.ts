import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { check } from '../../../src/engine/compile/check';
import { NotExportable } from '../../../src/engine/export/description';
import type { Exporter, Model, Sample } from '../../../src/engine/export/exporter';
import { exporters } from '../../../src/engine/export/index';
import { type Runtimes, sampleOf, verifyExport } from '../../../src/engine/export/verify';
import type { Project } from '../../../src/engine/graph/project';
import type { Tensor } from '../../../src/engine/ir/shape';
import { completeAttrs } from '../../../src/engine/ops/attrs';
import { ops } from '../../../src/engine/ops/index';
import type { Primitive } from '../../../src/engine/ops/op';
import type { DatasetInfo } from '../../../src/engine/data/dataset';
import { modelOf } from '../../../src/main/services/exports';
import { readDataset } from '../../../src/main/services/datasets';
import { resources } from '../../../src/main/services/folders';
import { runOnnx } from '../../../src/main/services/onnx-runtime';
import { readProjectFile } from '../../../src/main/services/projects';
import { trained } from '../../support/training';
import { drawing, type Rows } from '../../support/drawing';
import { casesOf } from '../../support/op-cases';
import { given, input, target } from '../../support/sources';

/** Numbers in [−1, 1) that are the same in every run. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 30 - 1;
  });
}

const exporter = (name: string): Exporter => exporters.find((e) => e.name === name)!;

function weightsFor(project: Project, data: DatasetInfo | null): Record<string, Tensor> {
  const { program } = modelOf(project, {}, data);
  return Object.fromEntries(
    program.parameters.map(({ key, shape }, index) => [
      key,
      {
        shape,
        data: numbers(
          shape.reduce((n, axis) => n * axis, 1),
          index + 1,
        ),
      },
    ]),
  );
}

async function prepared(project: Project, rows = 17, data: DatasetInfo | null = null): Promise<{ model: Model; sample: Sample }> {
  const model = modelOf(project, weightsFor(project, data), data);
  const width = 1 + Math.max(-1, ...model.program.inputs.flatMap((i) => (i.from === 'features' ? i.columns : [])));
  return { model, sample: await sampleOf(model, numbers(rows * width, 99), rows, width) };
}

async function verified(name: string, project: Project) {
  const { model, sample } = await prepared(project);
  const format = exporter(name);
  return verifyExport(format, format.write(model), model, sample, runtimes);
}

const column = (name: string) => ({ name, source: name, mean: 0, deviation: 1 });
const classifier: DatasetInfo = {
  name: 'three kinds',
  rows: 100,
  task: 'multiclass',
  features: [{ name: 'length', source: 'length', mean: 5.8, deviation: 0.8 }, column('b'), column('c'), column('d')],
  targets: ['kind=x', 'kind=y', 'kind=z'].map((name) => ({ ...column(name), source: 'kind' })),
  classes: ['x', 'y', 'z'],
  notes: [],
};
const network = drawing({
  x: input([4]),
  t: target([3]),
  hidden: ['dense', { x: 'x' }, { units: 6, activation: 'tanh' }],
  more: ['dense', { x: 'hidden' }, { units: 5, activation: 'relu' }],
  scores: ['dense', { x: 'more' }, { units: 3, activation: 'identity' }],
  loss: ['cross-entropy-logits', { prediction: 'scores', target: 't' }],
});

describe.each(exporters.map((e) => e.name))('%s', (name) => {
  it('is read back, run, and gives the program’s own answers', async () => {
    const result = await verified(name, network);
    expect(result).toMatchObject({ rows: 17, outputs: 3, passed: true });
    expect(result.largestDifference).toBeLessThan(1e-5);
  });

  it('notices a file that says something else', async () => {
    const { model, sample } = await prepared(network);
    const other = { ...model, weights: { ...model.weights, 'scores/bias': { shape: [3], data: Float32Array.of(1, 1, 1.001) } } };
    const result = await verifyExport(exporter(name), exporter(name).write(other), model, sample, runtimes);
    expect(result.passed).toBe(false);
    expect(result.largestDifference).toBeGreaterThan(1e-4);
  });

  it('writes the same bytes for the same project', async () => {
    const { model } = await prepared(network);
    expect(exporter(name).write(model)).toEqual(exporter(name).write(model));
  });

  it('says why a drawing without a prediction cannot be exported', () => {
    const model = modelOf(drawing({ w: given([1]) }), { w: { shape: [], data: Float32Array.of(1) } }, null);
    expect(() => exporter(name).write(model)).toThrow(NotExportable);
  });
});

describe('every operation runs in ONNX Runtime as it does here', () => {
  const cases: Record<string, Rows> = {
    'two inputs of single numbers': {
      x: input(),
      y: input(),
      t: target(),
      n: ['neuron', { x1: 'x', x2: 'y' }, { activation: 'sigmoid' }],
      l: ['binary-cross-entropy', { prediction: 'n', target: 't' }],
    },
    'a number for each sample meets a vector for each sample': {
      x: input([3]),
      s: ['sum', { x: 'x' }],
      p: ['multiply', { a: 'x', b: 's' }],
      q: ['add', { a: 's', b: 'p' }],
      d: ['divide', { a: 'q', b: 'k' }],
      k: ['constant', {}, { shape: [3], values: [1, 2, 4] }],
      y: ['subtract', { a: 'd', b: 's' }],
    },
    'matrices for each sample': {
      x: input([2, 3]),
      W: given([1], [3, 4]),
      p: ['matmul', { a: 'x', b: 'W' }],
      y: ['softmax', { x: 'p' }],
    },
    'a matrix of the sample times a vector of the sample': {
      m: input([2, 3]),
      v: input([3]),
      y: ['matmul', { a: 'm', b: 'v' }],
    },
    'a fixed matrix times a matrix of the sample': {
      x: input([2, 3]),
      W: given([1], [4, 2]),
      y: ['matmul', { a: 'W', b: 'x' }],
    },
    'a fixed matrix times a vector of the sample': {
      x: input([2]),
      W: given([1], [4, 2]),
      y: ['matmul', { a: 'W', b: 'x' }],
    },
    'a mean over all, of a negated power': {
      x: input([2, 2]),
      p: ['power', { x: 'x' }, { exponent: 3 }],
      n: ['negate', { x: 'p' }],
      y: ['mean', { x: 'n' }],
    },
    'logarithm of an exponential': { x: input([3]), e: ['exp', { x: 'x' }], y: ['log', { x: 'e' }] },
    'three summands': { x: input([3]), w: given([2], [3]), b: given([1]), y: ['add', { a: 'x', b: 'w', c: 'b' }, { inputs: 3 }] },
  };
  for (const op of ops.values())
    if (op.kind === 'primitive' && op.group === 'activation') cases[op.title] = { x: input([5]), y: [op.name, { x: 'x' }] };

  it.each(Object.keys(cases))('%s', async (title) => {
    const result = await verified('onnx', drawing(cases[title]!));
    expect(result.largestDifference).toBeLessThan(1e-5);
    expect(result.passed).toBe(true);
  });

  const primitives = [...ops.values()].filter((op) => op.kind === 'primitive' && op.group !== 'loss' && op.group !== 'penalty');

  it.each(primitives.map((op) => op.name))('%s, spelled and from its kernels, of the data and of parameters', async (name) => {
    const op = ops.get(name) as Primitive;
    const spelling = op.onnx;
    let ran = 0;
    for (const { shapes, attrs } of casesOf(op)) {
      const ports = op.ports(completeAttrs(op, attrs ?? {}));
      /** Whether each port takes data; a parameter has no batch axis. */
      const mixes = [
        ports.map(() => true),
        ...(ports.length > 1 ? [ports.map((_, i) => i === 0), ports.map((_, i) => i > 0)] : []),
      ];
      for (const mix of mixes) {
        const rows: Record<string, Rows[string]> = {};
        const inputs: Record<string, string> = {};
        ports.forEach(({ name: port }, i) => {
          const shape = shapes[i % shapes.length]!;
          inputs[port] = `${port}-in`;
          // Positive numbers, since some operations take no others.
          rows[`${port}-raw`] = mix[i] ? input(shape) : given([1], shape);
          rows[inputs[port]!] = ['exp', { x: `${port}-raw` }];
        });
        const project = drawing({ ...rows, y: [name, inputs, attrs] });
        if (check(project, null).problems.some((p) => p.severity === 'error')) continue;
        const { model, sample } = await prepared(project, 5);
        for (const onnx of spelling ? [spelling, null] : [null]) {
          Object.assign(op, { onnx });
          try {
            const format = exporter('onnx');
            const result = await verifyExport(format, format.write(model), model, sample, runtimes);
            expect(result, `${JSON.stringify({ shapes, attrs, mix })} ${onnx?.type ?? 'kernels'}`).toMatchObject({
              passed: true,
            });
            ran++;
          } finally {
            Object.assign(op, { onnx: spelling });
          }
        }
      }
    }
    expect(ran).toBeGreaterThan(0);
  });
});

/** Reads the file with the format's own definition and follows the network that it describes. */
const RUN = `
import json, struct, sys
import numpy as np
path, rows_path, out_path = sys.argv[1:]
if path.endswith('.npz'):
    archive = np.load(path)
    weights = {k: archive[k] for k in archive.files if k != 'metadata.json'}
    network = json.loads(archive['metadata.json'])
else:
    raw = open(path, 'rb').read()
    size, = struct.unpack('<Q', raw[:8])
    header = json.loads(raw[8:8 + size])
    network = json.loads(header.pop('__metadata__')['network'])
    weights = {k: np.frombuffer(raw[8 + size:], '<f4', count=int(np.prod(v['shape'])), offset=v['data_offsets'][0]).reshape(v['shape']) for k, v in header.items()}
if rows_path.endswith('.csv'):
    # As anybody would prepare new rows: by the encoding that the file itself states.
    table = np.genfromtxt(rows_path, delimiter=',', names=True)
    x = np.stack([(table[f['source']] - f['mean']) / f['deviation'] for f in network['features']], axis=1).astype('<f4')
else:
    x = np.fromfile(rows_path, '<f4').reshape(-1, len(network['features']))
values = {}
for entry in network['inputs']:
    values[entry['node']] = x[:, entry['columns']].reshape([-1] + entry['shape'])
run = {
    'matmul': lambda a, b: a @ b, 'add': lambda *xs: sum(xs), 'tanh': np.tanh,
    'relu': lambda x: np.maximum(x, 0), 'identity': lambda x: x,
}
for node in network['nodes']:
    if node['id'] in values: continue
    values[node['id']] = weights[node['id']] if node['op'] == 'parameter' else run[node['op']](*[values[i] for i in node['inputs'].values()])
values[network['prediction']].astype('<f4').tofile(out_path)
print(json.dumps([network['classes'], network['features'][0]['mean']]))
`;

/** Programs are run by Python in `python-check.test.ts`. */
const runtimes: Runtimes = { onnx: runOnnx, python: async () => ({ absent: 'another test does' }) };

const python = (() => {
  try {
    return execFileSync('python3', ['-c', 'import numpy; print(numpy.__version__)'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
})();

describe.skipIf(python === null)('in plain NumPy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-export-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['npz', 'safetensors'])('%s gives the program’s own answers', async (name) => {
    const { model, sample } = await prepared(network, 17, classifier);
    const file = join(folder, `model.${name}`);
    writeFileSync(file, exporter(name).write(model));
    writeFileSync(join(folder, 'rows'), sample.x);
    const said = execFileSync('python3', ['-c', RUN, file, join(folder, 'rows'), join(folder, 'out')], { encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual([['x', 'y', 'z'], 5.8]);
    const bytes = readFileSync(join(folder, 'out'));
    const output = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    expect(output.length).toBe(17 * 3);
    for (const [i, y] of output.entries()) expect(Math.abs(y - sample.expected[i]!)).toBeLessThan(1e-5);
  });
});
describe('the digits example, trained', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-digits-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the program’s own answers in ONNX Runtime and in plain NumPy, from the raw table', async () => {
    const project = await readProjectFile(join(resources, 'examples', '07-digits.chainrule'));
    const data = await readDataset(project.settings.data, project.settings.split);
    const { session } = await trained(project, data, { epochs: 30 });
    const model = modelOf(project, await session.weights(), data);
    const rows = Uint32Array.from({ length: data.rows }, (_, i) => i);
    const { buffer } = model.program.prediction!;
    const { values } = await session.forward(data.x, data.features.length, data.y, data.targets.length, rows, [buffer]);
    session.close();
    const expected = values[0]!;
    const sample: Sample = { rows: data.rows, width: data.features.length, x: data.x, expected };
    const furthest = (output: Float32Array): number => {
      expect(output.length).toBe(expected.length);
      return expected.reduce((most, y, i) => Math.max(most, Math.abs(y - output[i]!) / Math.max(1, Math.abs(y))), 0);
    };
    for (const format of exporters) {
      const bytes = format.write(model);
      const verification = await verifyExport(format, bytes, model, sample, runtimes);
      expect(verification, format.name).toMatchObject({ rows: 1797, outputs: 10, passed: true });
      if (!format.readWeights || format.extension === 'zip' || python === null) continue;
      const file = join(folder, `digits.${format.extension}`);
      writeFileSync(file, bytes);
      const raw = join(resources, 'datasets', 'digits.csv');
      execFileSync('python3', ['-c', RUN, file, raw, join(folder, 'out')]);
      const output = readFileSync(join(folder, 'out'));
      expect(
        furthest(new Float32Array(output.buffer.slice(output.byteOffset, output.byteOffset + output.length))),
        format.name,
      ).toBeLessThan(1e-5);
    }
  });
});

if (python === null) console.warn('Skipped: the exports were not run in NumPy, because python3 with numpy was not found.');
