/**
 * One table: every operation on every backend that this machine has, its value and the gradient of each
 * input, against the float64 reference. All cases of an operation are drawn side by side in one drawing,
 * so a backend sees them as one program, batched and shared by the batch, in whole and in short batches.
 */
import { setFlagsFromString } from 'node:v8';
import { afterAll, describe, expect, test } from 'vitest';
import type { Backend, BackendProfile, Device } from '../../src/engine/backends/backend';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { webgpuBackend } from '../../src/engine/backends/webgpu/index';
import { prepare, programOf } from '../../src/engine/compile/program';
import type { Attrs } from '../../src/engine/graph/graph';
import type { Project } from '../../src/engine/graph/project';
import { read } from '../../src/engine/ir/expr';
import { ACC } from '../../src/engine/ir/kernel';
import { isBatched, sampleShape, type Shape, sizeOf } from '../../src/engine/ir/shape';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { ops } from '../../src/engine/ops/index';
import type { Op } from '../../src/engine/ops/op';
import { bufferIds, type Program } from '../../src/engine/plan';
import { drawing, type Rows } from '../support/drawing';
import { canBatch, casesOf, numbersFor, type OpCase, ownWeights, sizeOfLengths } from '../support/op-cases';
import { dawn } from '../support/dawn';

// Node 20 hides relaxed SIMD behind a flag; newer versions have it and ignore this.
setFlagsFromString('--experimental-wasm-relaxed-simd');

interface Runner {
  readonly name: string;
  readonly backend: Backend;
  readonly profile: BackendProfile;
}

const runners: Runner[] = [{ name: 'WebAssembly', backend: wasm, profile: { backend: 'wasm', title: 'plain', fma: false } }];
if (hasFma())
  runners.push({ name: 'WebAssembly with FMA', backend: wasm, profile: { backend: 'wasm', title: 'FMA', fma: true } });
else console.warn('Conformance of WebAssembly with FMA skipped: this Node has no relaxed SIMD.');
const found = await dawn();
if ('absent' in found) console.warn(`Conformance of WebGPU skipped: ${found.absent}.`);
else {
  const backend = webgpuBackend(() => found.gpu);
  const profile = await backend.detect();
  if ('absent' in profile) console.warn(`Conformance of WebGPU skipped: ${profile.absent}.`);
  else runners.push({ name: `WebGPU on ${profile.title}`, backend, profile });
  afterAll(() => backend.release());
}

/** A drawing of many cases, with the numbers of its inputs. */
interface Drawn {
  readonly project: Project;
  /** Features of one row after the other, and how many a row has. */
  readonly features: Float32Array;
  readonly width: number;
  readonly targets: Float32Array;
  readonly targetWidth: number;
  /** Nodes to compare: the value of each, and the gradient that arrives at each leaf. */
  readonly values: readonly string[];
  readonly leaves: readonly string[];
}

/** A draft of a drawing with its data, row by row. */
class Sheet {
  readonly #rows: Record<string, Rows[string]> = {};
  readonly #columns: Record<'input' | 'target', number[][]> = { input: [], target: [] };
  readonly #sums: string[] = [];
  readonly #values: string[] = [];
  readonly #leaves: string[] = [];

  constructor(readonly count: number) {}

  /** A leaf: batched ones take `numbers` row after row from the data, others hold the first of them. */
  leaf(id: string, shape: readonly number[], numbers: readonly number[], kind: 'input' | 'target' | 'parameter'): string {
    const size = sizeOfLengths(shape);
    const rounded = numbers.map(Math.fround);
    if (kind === 'parameter') this.#rows[id] = ['parameter', {}, { shape, values: rounded.slice(0, size) }];
    else {
      this.#rows[id] = [kind, {}, { shape }];
      for (let k = 0; k < size; k++)
        this.#columns[kind].push(Array.from({ length: this.count }, (_, row) => rounded[(row * size + k) % rounded.length]!));
    }
    this.#leaves.push(id);
    return id;
  }

  /** A use of an operation whose result has the shape `out`; each of its elements gets a gradient of its own. */
  use(id: string, op: string, inputs: Readonly<Record<string, string>>, attrs: Attrs, out: readonly number[]): void {
    this.#rows[id] = [op, inputs, attrs];
    this.#values.push(id);
    const values = Array.from({ length: sizeOfLengths(out) }, (_, i) => Math.fround(0.75 - 0.3 * (i % 5)));
    this.#rows[`${id}:weight`] = ['constant', {}, { shape: out, values }];
    this.#rows[`${id}:weighed`] = ['multiply', { a: id, b: `${id}:weight` }];
    this.#rows[`${id}:sum`] = ['sum', { x: `${id}:weighed` }];
    this.#sums.push(`${id}:sum`);
  }

  drawn(): Drawn {
    let open = [...this.#sums];
    for (let level = 0; open.length > 1; level++) {
      const next: string[] = [];
      for (let at = 0; at < open.length; at += 16) {
        const part = open.slice(at, at + 16);
        if (part.length === 1) {
          next.push(part[0]!);
          continue;
        }
        const id = `total${level}-${at}`;
        this.#rows[id] = [
          'add',
          Object.fromEntries(part.map((from, i) => ['abcdefghijklmnop'[i]!, from])),
          { inputs: part.length },
        ];
        next.push(id);
      }
      open = next;
    }
    const table = (columns: number[][]): Float32Array =>
      Float32Array.from(
        { length: columns.length * this.count },
        (_, i) => columns[i % columns.length]![Math.floor(i / columns.length)]!,
      );
    return {
      project: drawing(this.#rows, { objective: open[0]! }),
      features: table(this.#columns.input),
      width: this.#columns.input.length,
      targets: table(this.#columns.target),
      targetWidth: this.#columns.target.length,
      values: this.#values,
      leaves: this.#leaves,
    };
  }
}

type Batched = 'first' | 'all' | 'last' | 'none';

/** All cases of an operation, with some of its inputs batched and the others shared by the batch. */
function casesSheet(
  op: Op,
  cases: readonly OpCase[],
  rows: number,
  ways: readonly Batched[],
  numbers: typeof numbersFor = numbersFor,
): Drawn {
  const sheet = new Sheet(rows);
  cases.forEach((one, number) => {
    const given = { ...one.attrs, ...ownWeights(op) };
    const attrs = completeAttrs(op, given);
    const ports = op.ports(attrs);
    for (const batched of ways) {
      if ((batched === 'last' || batched === 'all') && ports.length === 1) continue;
      const id = `${op.name} ${one.shapes.map((s) => `[${s.join()}]`).join('')} #${number} ${batched} batched`;
      const isBatched = (i: number): boolean =>
        batched === 'all' || (batched === 'first' && i === 0) || (batched === 'last' && i === ports.length - 1);
      if (!canBatch(op, one, isBatched)) continue;
      const lengths = ports.map((_, i) => one.shapes[i % one.shapes.length]!);
      const shapes = Object.fromEntries(
        ports.map(({ name }, i): [string, Shape] => [name, isBatched(i) ? ['batch', ...lengths[i]!] : lengths[i]!]),
      );
      const out = op.infer(shapes, attrs);
      if ('fault' in out) continue;
      const inputs: Record<string, string> = {};
      ports.forEach((port, i) => {
        const kind = !isBatched(i) ? 'parameter' : op.group === 'loss' && i === 1 ? 'target' : 'input';
        inputs[port.name] = sheet.leaf(
          `${id} ${port.name}`,
          lengths[i]!,
          numbers(op, rows * sizeOfLengths(lengths[i]!), i),
          kind,
        );
      });
      sheet.use(id, op.name, inputs, given, sampleShape(out.shape));
    }
  });
  return sheet.drawn();
}

const EXTREMES = [0, -0, 1e-30, 1e-6, 0.5, 1, 2, 10, 60, 1000].flatMap((x) => [x, -x]);

const EXTREME_ROWS = [
  [0, 0, 0],
  [1000, -1000, 0],
  [1000, 1000, 1000],
  [-1000, -1000, -999],
  [1e-30, 60, -60],
  [-1000, 0, 0],
];

/** Every pairing of extremes, as arrays shared by the batch and as one number for each sample. */
function extremesSheet(op: Op): Drawn {
  const sheet = new Sheet(1);
  const ports = op.ports(completeAttrs(op, {}));
  if ('fault' in op.infer(Object.fromEntries(ports.map((port) => [port.name, []])), completeAttrs(op, {}))) {
    // It compares the numbers of a row.
    EXTREME_ROWS.forEach((row, number) => {
      const inputs = Object.fromEntries(
        ports.map((port, i) => [port.name, sheet.leaf(`${port.name}${number}`, [3], i === 0 ? row : [0, 1, 0], 'parameter')]),
      );
      sheet.use(`y${number}`, op.name, inputs, {}, op.group === 'loss' ? [] : [3]);
    });
    return sheet.drawn();
  }
  const probability = op.kind === 'primitive' && op.loss?.takes === 'probability';
  const range = (port: number): number[] => {
    if (op.group !== 'loss') return EXTREMES;
    if (port === 1) return [0, 1, 0.5];
    return probability ? [0, 1, 0.5, 1e-30, 1 - 2 ** -24] : EXTREMES;
  };
  const pairs = ports.length === 1 ? range(0).map((x) => [x]) : range(0).flatMap((x) => range(1).map((y) => [x, y]));
  const inputs = Object.fromEntries(
    ports.map((port, i) => [
      port.name,
      sheet.leaf(
        port.name,
        [pairs.length],
        pairs.map((pair) => pair[i % pair.length]!),
        'parameter',
      ),
    ]),
  );
  if (op.group !== 'loss') sheet.use('y', op.name, inputs, {}, [pairs.length]);
  // A loss adds its outputs up; one at a time shows each.
  else
    pairs.forEach((pair, number) => {
      const [p, t] = ports.map((port, i) => sheet.leaf(`${port.name}${number}`, [], [pair[i]!], 'parameter'));
      sheet.use(`y${number}`, op.name, { prediction: p!, target: t! }, {}, []);
    });
  return sheet.drawn();
}

type Numbers = ReadonlyMap<string, ArrayLike<number>>;

/** Runs one batch of the first `rows` rows and reads what is compared. */
async function numbersOn(device: Device, program: Program, drawn: Drawn, rows: number): Promise<Numbers> {
  await device.run({
    phases: ['forward', 'loss', 'backward'],
    rows: Uint32Array.from({ length: rows }, (_, i) => i),
    batch: rows,
  });
  const specs = new Map(program.buffers.map((b) => [b.id, b]));
  const wanted = [
    ...drawn.values.map(bufferIds.value),
    ...[...drawn.leaves, ...program.parameters.map((p) => p.key)].map(bufferIds.gradient),
  ];
  const ids = [...new Set(wanted)].filter((id) => specs.has(id));
  const exact = device instanceof ReferenceDevice ? ids.map((id) => device.numbers(id)) : await device.read(ids);
  // A short batch's padding means nothing.
  const used = (id: string): number => sizeOf(specs.get(id)!.shape, rows);
  return new Map(ids.map((id, i) => [id, Array.from({ length: used(id) }, (_, at) => exact[i]![at]!)]));
}

function prepared(device: Device, program: Program, drawn: Drawn): void {
  device.setData(drawn.features, drawn.width, drawn.targets, drawn.targetWidth);
  for (const { value, shape, given = [0.3] } of program.parameters)
    device.write(value, given.length === sizeOfLengths(shape) ? given : new Array<number>(sizeOfLengths(shape)).fill(given[0]!));
}

const FLOAT32_MAX = 3.4e38;

/**
 * 1e-5 of the number itself or of the largest in its array, and 1e-7 at least: a sum whose terms cancel
 * keeps the rounding of its terms. Numbers beyond float32 have to be huge or not finite here too.
 */
function differences(wanted: Numbers, actual: Numbers, tolerance: number): string[] {
  const wrong: string[] = [];
  for (const [id, numbers] of wanted) {
    const others = actual.get(id)!;
    const list = Array.from(numbers);
    const scale = Math.max(0.01, ...list.filter((x) => Math.abs(x) < 10).map(Math.abs));
    list.forEach((x, i) => {
      const y = others[i]!;
      if (!(Math.abs(x) <= FLOAT32_MAX)) {
        if (Number.isFinite(y) && Math.abs(y) < 1e37) wrong.push(`${id}[${i}]: ${y} instead of ${x}`);
      } else if (!(Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), scale))) wrong.push(`${id}[${i}]: ${y} instead of ${x}`);
    });
  }
  return wrong;
}

/** Where float32 cannot do better than this, and why. */
const EXCEPTIONS: Readonly<Record<string, { readonly tolerance: number; readonly why: string }>> = {
  'normalise at extremes': { tolerance: 1e-3, why: 'numbers around 1000 that differ by 1 keep four digits of their difference' },
};

/** No rows: nothing comes back, nothing is learnt, and what the device holds is as it was. */
async function runNothing(device: Device, program: Program, drawn: Drawn): Promise<void> {
  const parameters = program.parameters.map(({ value }) => value);
  const before = await device.read(parameters);
  const batched = new Set(program.buffers.filter(({ shape }) => isBatched(shape)).map(({ id }) => id));
  const { losses, collected } = await device.run({
    phases: ['forward', 'loss', 'backward', 'update'],
    rows: new Uint32Array(0),
    batch: program.batch,
    collect: drawn.values.map(bufferIds.value).filter((id) => batched.has(id)),
  });
  expect([losses.length, ...collected.map(({ length }) => length)].every((length) => length === 0)).toBe(true);
  expect(await device.read(parameters)).toEqual(before);
}

/** Compares whole batches and, where `short` is given, a batch of so many rows; before them comes one of none. */
async function compare(
  { backend, profile }: Runner,
  drawn: Drawn,
  batch: number,
  tolerance: number,
  short?: number,
): Promise<void> {
  const made = prepare(drawn.project, null);
  expect(made.inferred.problems.map((p) => p.message)).toEqual([]);
  const program = programOf(made, 'every-edge', batch);
  const reference = new ReferenceDevice(program);
  const device = await backend.open({ program, backend: backend.name, code: backend.emit(program, profile) });
  try {
    for (const one of [reference, device]) {
      prepared(one, program, drawn);
      await runNothing(one, program, drawn);
    }
    for (const rows of short === undefined ? [batch] : [batch, short]) {
      const wanted = await numbersOn(reference, program, drawn, rows);
      expect(differences(wanted, await numbersOn(device, program, drawn, rows), tolerance), `${rows} rows`).toEqual([]);
    }
  } finally {
    device.close();
  }
}

/** Kernels over axes of length 0: sums are 0, the largest of nothing is −∞, arrays without elements stay so. */
async function compareEmptyAxes({ backend, profile }: Runner): Promise<void> {
  const empty = { name: 'x', strides: [0, 1], offset: 0 };
  const fold = (how: 'sum' | 'max', to: string): Program['steps'][number] => ({
    phase: 'forward',
    node: to,
    kernel: { out: [2], fold: { with: how, over: [0], body: read('x') }, reads: [empty], stores: [{ to, value: read(ACC) }] },
    bind: { x: 'x', [to]: to },
  });
  const program: Program = {
    detail: 'every-edge',
    batch: 1,
    buffers: [
      { id: 'x', shape: [0], role: 'constant', init: 0 },
      { id: 'none', shape: [2, 0], role: 'value' },
      { id: 'sum', shape: [2], role: 'value' },
      { id: 'most', shape: [2], role: 'value' },
    ],
    parameters: [],
    inputs: [],
    steps: [
      {
        phase: 'forward',
        node: 'none',
        kernel: { out: [2, 0], reads: [{ name: 'x', strides: [0, 1], offset: 0 }], stores: [{ to: 'none', value: read('x') }] },
        bind: { x: 'x', none: 'none' },
      },
      fold('sum', 'sum'),
      fold('max', 'most'),
    ],
    loss: null,
    prediction: null,
  };
  const device = await backend.open({ program, backend: backend.name, code: backend.emit(program, profile) });
  try {
    for (const one of [new ReferenceDevice(program), device]) {
      one.write('sum', [5, 5]);
      await one.run({ phases: ['forward'], rows: Uint32Array.of(0), batch: 1 });
      const [none, sum, most] = await one.read(['none', 'sum', 'most']);
      expect([none!.length, ...sum!]).toEqual([0, 0, 0]);
      // WGSL has no infinity to write down: there it is the lowest number of float32.
      expect(Math.max(...most!)).toBeLessThan(-FLOAT32_MAX);
    }
  } finally {
    device.close();
  }
}

const tested = [...ops.values()].filter((op) => op.kind !== 'source');
const isPointwise = (op: Op): boolean =>
  op.kind === 'primitive' &&
  (op.group === 'activation' || op.group === 'function' || op.group === 'arithmetic' || op.group === 'loss') &&
  op.ports(completeAttrs(op, {})).length > 0 &&
  (canBatch(op, { shapes: [[]] }, () => false) || canBatch(op, { shapes: [[3]] }, () => false));

/** Whether it looks for the largest of several numbers, so that equal ones are its kinks. */
const comparesNumbers = (op: Op, cases: readonly OpCase[]): boolean =>
  op.kind === 'primitive' &&
  cases.some(({ shapes: [shape], attrs: given }) => {
    const attrs = completeAttrs(op, given ?? {});
    const shapes = Object.fromEntries(op.ports(attrs).map(({ name }) => [name, shape!]));
    const out = op.infer(shapes, attrs);
    return 'shape' in out && op.value({ shapes, attrs, out: out.shape }).kernels.some(({ fold }) => fold?.with === 'max');
  });

describe('an axis without elements', () => {
  test.each(tested.map((op) => [op.name, op] as const))('is made by no %s', (_name, op) => {
    for (const one of casesOf(op)) {
      const attrs = completeAttrs(op, one.attrs ?? {});
      const shapes = Object.fromEntries(op.ports(attrs).map(({ name }, i) => [name, one.shapes[i % one.shapes.length]!]));
      const out = op.infer(shapes, attrs);
      if ('shape' in out) expect(out.shape).not.toContain(0);
    }
  });

  test('is refused where it would come from, with a sentence that says where and what to do', () => {
    for (const source of ['input', 'target', 'parameter', 'constant']) {
      const [problem] = prepare(drawing({ x: [source, {}, { shape: [3, 0] }] }), null).inferred.problems;
      expect(problem).toMatchObject({ severity: 'error', at: { node: 'x', attr: 'shape' } });
      expect(problem!.message).toMatch(/^'Shape' of 'x' must be .* whole numbers from 1 up/);
    }
    for (const [op, attrs] of [
      ['slice', { count: 0 }],
      ['reshape', { shape: [0] }],
      ['broadcast', { shape: [0] }],
      ['dense', { units: 0 }],
    ] as const) {
      const [problem] = prepare(drawing({ x: ['input', {}, { shape: [3] }], y: [op, { x: 'x' }, attrs] }), null).inferred
        .problems;
      expect(problem).toMatchObject({ severity: 'error', at: { node: 'y' } });
    }
  });
});

describe.each(runners.map((runner) => [runner.name, runner] as const))('%s', (_name, runner) => {
  test('axes without elements', () => compareEmptyAxes(runner));

  describe.each(tested.map((op) => [op.name, op] as const))('%s', (name, op) => {
    const tolerance = EXCEPTIONS[name]?.tolerance ?? 1e-5;
    const extreme = EXCEPTIONS[`${name} at extremes`]?.tolerance ?? tolerance;
    const cases = casesOf(op);
    // A software adapter compiles shaders slowly, so it gets every operation in fewer mixtures.
    const ways = runner.profile.software ? (['first', 'none'] as const) : (['first', 'all', 'last', 'none'] as const);
    test.skipIf(cases.length === 0)('value and gradients, in whole, short and empty batches', () =>
      compare(runner, casesSheet(op, cases, 3, ways), 3, tolerance, 2),
    );
    test.skipIf(cases.length === 0)('in a batch of one', () =>
      compare(runner, casesSheet(op, cases, 1, op.group === 'penalty' ? ['none'] : ['first']), 1, tolerance),
    );
    test.skipIf(!comparesNumbers(op, cases))('where the largest is there more than once', () =>
      compare(
        runner,
        casesSheet(op, cases, 2, ['first'], (_op, count) =>
          Array.from({ length: count }, (_, i) => [0.5, -0.25, 0.5, 0.5][i % 4]!),
        ),
        2,
        tolerance,
      ),
    );
    test.skipIf(!isPointwise(op))('at extremes', () => compare(runner, extremesSheet(op), 1, extreme));
  });
});
