/**
 * What is said when a number is no number any more: the node, the row and the cause, the same on every backend,
 * and the state before it. Each way in which numbers break has a drawing of its own here.
 */
import { setFlagsFromString } from 'node:v8';
import { afterAll, describe, expect, test } from 'vitest';
import type { Backend, BackendProfile } from '../../../src/engine/backends/backend';
import { reference } from '../../../src/engine/backends/reference/index';
import { open as openWasm } from '../../../src/engine/backends/wasm/device';
import { hasFma, wasm } from '../../../src/engine/backends/wasm/index';
import { webgpuBackend } from '../../../src/engine/backends/webgpu/index';
import { compile } from '../../../src/engine/compile/compile';
import { infer } from '../../../src/engine/compile/infer';
import { draftOwn, replacementFor } from '../../../src/engine/compile/make-own';
import type { Dataset } from '../../../src/engine/data/dataset';
import { addNode, connect, setLabel } from '../../../src/engine/graph/edits';
import { putOwn } from '../../../src/engine/graph/own-edits';
import type { Project } from '../../../src/engine/graph/project';
import type { BackendName } from '../../../src/engine/plan';
import { curesOf } from '../../../src/engine/train/diagnosis/broken';
import { inDrawing } from '../../../src/engine/train/bench';
import { isSoundState } from '../../../src/engine/train/last-sound';
import { Session } from '../../../src/engine/train/session';
import { Trainer } from '../../../src/engine/train/trainer';
import type { Trouble } from '../../../src/engine/train/training';
import { array, drawing, number, type Rows } from '../../support/drawing';
import { endThreads, spawn } from '../../support/threads';
import { dawn } from '../../support/dawn';

setFlagsFromString('--experimental-wasm-relaxed-simd');
const found = await dawn();
if ('absent' in found) console.warn(`Causes on WebGPU skipped: ${found.absent}.`);
const gpu = 'gpu' in found ? webgpuBackend(() => found.gpu) : null;
afterAll(async () => {
  gpu?.release();
  await endThreads();
});

interface Runner {
  readonly title: string;
  readonly backend: Backend;
  readonly profile: BackendProfile;
}
const threaded: Backend = { ...wasm, open: (plan) => openWasm(plan, spawn) };
const runners: readonly Runner[] = [
  { title: 'reference', backend: reference, profile: { backend: 'reference', title: '' } },
  { title: 'WebAssembly', backend: wasm, profile: { backend: 'wasm', title: '', fma: false } },
  ...(hasFma()
    ? [{ title: 'WebAssembly with FMA', backend: wasm, profile: { backend: 'wasm', title: '', fma: true } as const }]
    : []),
  {
    title: 'WebAssembly, 2 threads',
    backend: threaded,
    profile: { backend: 'wasm', title: '', fma: false, limits: { threads: 2 } },
  },
  ...(gpu ? [{ title: 'WebGPU', backend: gpu, profile: (await gpu.detect()) as BackendProfile }] : []),
];

const COUNT = 20;
/** Row 17, as people count. */
const BAD = 16;

/** Rows in which `x` is `fine`, and in one of them `bad`. */
function rowsOf(fine: number, bad: number, columns = 1): Dataset {
  const x = new Float32Array(COUNT * columns).fill(fine);
  for (let i = 0; i < x.length; i++) x[i]! += 0.01 * (i % 7);
  x.fill(bad, BAD * columns, (BAD + 1) * columns);
  const column = (name: string) => ({ name, source: name, mean: 0, deviation: 1 });
  return {
    name: 'rows',
    rows: COUNT,
    task: 'regression',
    features: Array.from({ length: columns }, (_, k) => column(`x${k}`)),
    targets: [column('t')],
    classes: [],
    notes: [],
    x,
    y: new Float32Array(COUNT).fill(0.5),
    split: {
      train: Uint32Array.from({ length: COUNT }, (_, i) => i),
      validation: new Uint32Array(),
      test: new Uint32Array(),
    },
  };
}

interface Ended {
  readonly troubles: readonly Trouble[];
  readonly trainer: Trainer;
  /** Whether all numbers that training left are finite. */
  readonly sound: boolean;
}

async function train(project: Project, data: Dataset, { backend, profile }: Runner, steps = 50): Promise<Ended> {
  const backends = new Map<BackendName, Backend>([
    ['reference', reference],
    ['wasm', wasm],
    [backend.name, backend],
  ]);
  const present = [profile, ...(profile.backend === 'webgpu' ? [{ backend: 'wasm', title: '', fma: false } as const] : [])];
  const plans = compile({ project, data, profile: { present, absent: [] }, backend: profile.backend, revision: 1 }, backends);
  if (!plans.ok) throw new Error(plans.problems.map((p) => p.message).join('\n'));
  const session = await Session.open(plans.value, backends);
  session.initialize(1);
  const troubles: Trouble[] = [];
  const { batch } = project.settings.training;
  const trainer = new Trainer(
    session,
    data,
    {
      epochs: Math.ceil((steps * batch) / COUNT),
      batch,
      seed: 3,
      scoreEvery: 1e9,
      scoreRows: COUNT,
      memory: 2 ** 20,
      breathe: () => Promise.resolve(),
      sleep: () => Promise.resolve(),
      now: () => performance.now(),
    },
    { slice: () => {}, point: () => {}, trouble: (trouble) => troubles.push(trouble) },
  );
  await trainer.train();
  const state = await session.state();
  session.close();
  return { troubles, trainer, sound: isSoundState(state) };
}

const sources: Rows = { x: ['input', {}, { shape: [] }], t: ['target', {}, { shape: [] }], w: number(1) };
const lossOf = (prediction: string): Rows => ({ l: ['squared-error', { prediction, target: 't' }] });
const drawn = (rows: Rows, last: string, hyper: Readonly<Record<string, number>> = { rate: 1e-6 }): Project =>
  drawing({ ...sources, ...rows, ...lossOf(last) }, { optimizer: 'sgd', hyper, batch: COUNT });
const scaled = { p: ['multiply', { a: 'x', b: 'w' }] } as const satisfies Rows;

interface Case {
  readonly project: Project;
  readonly data: Dataset;
  readonly says: RegExp;
  readonly is: Partial<Trouble>;
  /** float64 has no trouble with it. */
  readonly single?: true;
}

const cases: Readonly<Record<string, Case>> = {
  'the logarithm of a negative number': {
    project: drawn({ ...scaled, nll: ['log', { x: 'p' }] }, 'nll'),
    data: rowsOf(0.5, -0.2),
    says: /^Training stopped at step 1\. At 'nll', row 17 of the data, the logarithm of −0\.2 is taken, which is not defined\. The number comes from 'p'\. A logarithm needs a number above 0.*clamp/,
    is: { reason: 'log', node: 'nll', from: 'p', row: BAD },
  },
  'the logarithm of 0': {
    project: drawn({ ...scaled, nll: ['log', { x: 'p' }] }, 'nll'),
    data: rowsOf(0.5, 0),
    says: /At 'nll', row 17 of the data, the logarithm of 0 is taken, which is −∞\. The number comes from 'p'\./,
    is: { reason: 'log', node: 'nll', from: 'p', row: BAD },
  },
  'a division by 0': {
    project: drawn({ ...scaled, c: ['constant', {}, { shape: [], values: [1.5] }], q: ['divide', { a: 'c', b: 'p' }] }, 'q'),
    data: rowsOf(0.5, 0),
    says: /At 'q', row 17 of the data, 1\.5 is divided by 0\. The number comes from 'p'\. Keep the divisor away from 0/,
    is: { reason: 'divide', node: 'q', from: 'p', row: BAD },
  },
  'the root of a negative number': {
    project: drawn({ ...scaled, r: ['sqrt', { x: 'p' }] }, 'r'),
    data: rowsOf(0.5, -4),
    says: /At 'r', row 17 of the data, the square root of −4 is taken, which is not a real number\. The number comes from 'p'\./,
    is: { reason: 'root', node: 'r', from: 'p', row: BAD },
  },
  'the slope of a root at 0': {
    project: drawn({ ...scaled, r: ['sqrt', { x: 'p' }] }, 'r'),
    data: rowsOf(0.5, 0),
    says: /In the gradient at 'r', row 17 of the data, the slope of square root is taken at 0, where it is infinite\. The 0 comes from 'p'\./,
    is: { reason: 'slope', node: 'r', from: 'p', row: BAD },
  },
  'the slope of a broken power at 0': {
    project: drawn({ ...scaled, r: ['power', { x: 'p' }, { exponent: 0.5 }] }, 'r'),
    data: rowsOf(0.5, 0),
    says: /In the gradient at 'r', row 17 of the data, the slope of power is taken at 0, where it is infinite\./,
    is: { reason: 'slope', node: 'r', from: 'p', row: BAD },
  },
  'a broken power of a negative number': {
    project: drawn({ ...scaled, r: ['power', { x: 'p' }, { exponent: 1.5 }] }, 'r'),
    data: rowsOf(0.5, -2),
    says: /At 'r', row 17 of the data, −2 is raised to the power 1\.5, which is not a real number\. The number comes from 'p'\./,
    is: { reason: 'power', node: 'r', from: 'p', row: BAD },
  },
  'a negative power of 0': {
    project: drawn({ ...scaled, r: ['power', { x: 'p' }, { exponent: -1 }] }, 'r'),
    data: rowsOf(0.5, 0),
    says: /At 'r', row 17 of the data, 0 is raised to the power −1, which is a division by 0\./,
    is: { reason: 'power', node: 'r', from: 'p', row: BAD },
  },
  'an exponential beyond 32 bits': {
    project: drawn({ ...scaled, e: ['exp', { x: 'p' }] }, 'e'),
    data: rowsOf(0.5, 100),
    says: /At 'e', row 17 of the data, e is raised to the power 100, which is more than 32-bit numbers hold.*The number comes from 'p'\..*softmax/,
    is: { reason: 'exp', node: 'e', from: 'p', row: BAD },
  },
  'a softmax made by hand': {
    project: drawing(
      {
        x: ['input', {}, { shape: [3] }],
        t: ['target', {}, { shape: [] }],
        w: array([3], [1, 1, 1]),
        scores: ['multiply', { a: 'x', b: 'w' }],
        e: ['exp', { x: 'scores' }],
        total: ['sum', { x: 'e' }],
        share: ['divide', { a: 'e', b: 'total' }],
        y: ['mean', { x: 'share' }],
        ...lossOf('y'),
      },
      { optimizer: 'sgd', hyper: { rate: 1e-6 }, batch: COUNT },
    ),
    data: rowsOf(0.5, 200, 3),
    says: /At 'e', row 17 of the data, e is raised to the power 200.*comes from 'scores'/,
    is: { reason: 'exp', node: 'e', from: 'scores', row: BAD },
    single: true,
  },
  'the logarithm of a softmax that is 0 in 32 bits only': {
    project: drawing(
      {
        x: ['input', {}, { shape: [2] }],
        t: ['target', {}, { shape: [] }],
        w: array([2], [1, -1]),
        scores: ['multiply', { a: 'x', b: 'w' }],
        p: ['softmax', { x: 'scores' }],
        nll: ['log', { x: 'p' }],
        y: ['mean', { x: 'nll' }],
        ...lossOf('y'),
      },
      { optimizer: 'sgd', hyper: { rate: 1e-6 }, batch: COUNT },
    ),
    data: rowsOf(0.5, 120, 2),
    says: /the logarithm of 0 is taken, which is −∞\. The number comes from 'p'\. It is not quite 0, but smaller than the smallest number of 32 bits/,
    is: { reason: 'log', node: 'nll', from: 'p', row: BAD },
    single: true,
  },
  'ln eˣ far below 0': {
    project: drawn({ ...scaled, e: ['exp', { x: 'p' }], back: ['log', { x: 'e' }] }, 'back'),
    data: rowsOf(0.5, -95),
    says: /At 'back', row 17 of the data, the logarithm of 0 is taken.*comes from 'e'\. It is not quite 0/,
    is: { reason: 'log', node: 'back', from: 'e', row: BAD },
    single: true,
  },
  'a product beyond 32 bits': {
    project: drawn({ ...scaled, q: ['multiply', { a: 'p', b: 'p' }] }, 'q'),
    data: rowsOf(0.5, 1e30),
    says: /At 'q', row 17 of the data, 1 · 10³⁰ is multiplied by 1 · 10³⁰, which is more than 32-bit numbers hold/,
    is: { reason: 'overflow', node: 'q', row: BAD },
  },
  'data that is no number': {
    project: drawn(scaled, 'p'),
    data: rowsOf(0.5, Number.NaN),
    says: /The feature 'x0' of row 17 is not a finite number\./,
    is: { reason: 'data', row: BAD },
  },
  'data that is infinite': {
    project: drawn(scaled, 'p'),
    data: rowsOf(0.5, Number.POSITIVE_INFINITY),
    says: /The feature 'x0' of row 17 is not a finite number\./,
    is: { reason: 'data', row: BAD },
  },
  'a weight that is given as infinite': {
    project: drawing(
      { ...sources, w: ['parameter', {}, { shape: [], values: [1e39] }], ...scaled, ...lossOf('p') },
      { optimizer: 'sgd', batch: COUNT },
    ),
    data: rowsOf(0.5, 0.5),
    says: /The weights of 'w' hold ∞\./,
    is: { reason: 'weights', node: 'w' },
  },
};

/** Some nodes of a drawing as one node of an operation of one's own. */
function asOwn(whole: Project, ids: readonly string[], name: string): Project {
  // Operations of one's own are known once they were looked at.
  infer(whole);
  const draft = draftOwn(whole, ids);
  if (typeof draft === 'string') throw new Error(draft);
  const inputs = draft.inputs.map((input) => input.name);
  return putOwn(replacementFor(whole, draft, name, inputs))(whole);
}
const ownNode = (project: Project): string => Object.values(project.nodes).find(({ op }) => op.startsWith('own-'))!.id;

describe.each(runners)('$title', (runner) => {
  test.each(Object.entries(cases))('%s', async (_name, { project, data, says, is, single }) => {
    const { troubles, trainer, sound } = await train(project, data, runner);
    expect(sound).toBe(is.reason !== 'weights');
    if (single && runner.title === 'reference') {
      expect(troubles).toEqual([]);
      return;
    }
    expect(troubles).toHaveLength(1);
    expect(troubles[0]!.message).toMatch(says);
    expect(troubles[0]).toMatchObject({ kind: 'not-finite', ...is });
    expect(trainer.step).toBe(0);
  });

  test('weights that grow without bounds: since which step, and how far', async () => {
    const project = drawing(
      {
        x: ['input', {}, { shape: [4] }],
        t: ['target', {}, { shape: [1] }],
        hidden: ['dense', { x: 'x' }, { units: 16, activation: 'relu' }],
        out: ['dense', { x: 'hidden' }, { units: 1, activation: 'identity' }],
        loss: ['mean-squared-error', { prediction: 'out', target: 't' }],
      },
      { optimizer: 'momentum', hyper: { rate: 2 }, batch: 10 },
    );
    const named = setLabel('hidden', 'First layer')(setLabel('out', 'Last layer')(project));
    const { troubles, trainer, sound } = await train(named, rowsOf(1, 2, 4), runner, 2000);
    expect(sound).toBe(true);
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatchObject({ kind: 'not-finite', reason: 'grown' });
    const said =
      /Training stopped at step (\d+)\. The weights of '(First|Last) layer' \(its (weight|bias)\) grow without bounds: their largest was ([\d.]+) after step (\d+) and is .* after step (\d+)\./.exec(
        troubles[0]!.message,
      );
    expect(said).not.toBeNull();
    const [stopped, since, until] = [1, 5, 6].map((at) => Number(said![at]));
    expect(until).toBe(trainer.step);
    expect(stopped).toBe(trainer.step + 1);
    expect(since!).toBeLessThan(until!);
    expect(troubles[0]!.message).toMatch(/lower the learning rate, limit the gradients, or scale the data/);
  });

  test('a weight that broke behind a ReLU, which hides it from the loss', async () => {
    const project = drawn({ ...scaled, r: ['sqrt', { x: 'p' }], h: ['relu', { x: 'r' }] }, 'h', { rate: 0.01 });
    const { troubles, trainer, sound } = await train(project, rowsOf(0.5, 0), runner, 400);
    expect(sound).toBe(true);
    expect(troubles).toHaveLength(1);
    expect(trainer.step).toBe(0);
    // 0 · ∞ at the one row, where the ReLU lets nothing through.
    expect(troubles[0]!.message).toMatch(/In the gradient at 'r', row 17 of the data/);
  });

  test('an operation of one’s own, by its name and the part that broke', async () => {
    const own = asOwn(
      drawn({ ...scaled, s: ['negate', { x: 'p' }], nll: ['log', { x: 's' }] }, 'nll'),
      ['s', 'nll'],
      'Minus log',
    );
    const { troubles } = await train(setLabel(ownNode(own), 'My loss')(own), rowsOf(-0.5, 0.2), runner);
    expect(troubles[0]!.message).toMatch(
      /At 'My loss' \(its nll\), row 17 of the data, the logarithm of −0\.2 is taken.*comes from 'My loss' \(its s\)/,
    );
  });
});

describe('cures', () => {
  const runner = runners[1]!;
  const cured = Object.entries(cases).filter(([, { is }]) =>
    ['log', 'root', 'divide', 'power', 'slope', 'exp'].includes(is.reason!),
  );
  test.each(cured)('of %s, each of which works', async (_name, { project, data }) => {
    const { troubles } = await train(project, data, runner);
    const offered = curesOf(project, troubles[0]!);
    expect(offered.length).toBeGreaterThan(0);
    for (const { title, edit } of offered) {
      const changed = edit(project);
      expect(changed).not.toBe(project);
      const again = await train(changed, data, runner);
      expect([title, ...again.troubles.map(({ message }) => message)]).toEqual([title]);
    }
  });

  // The operation itself inside one of one's own, and that one inside another.
  const inside = cured.map(([name, { project, data, is }]) => [name, asOwn(project, [is.node!], 'Inner'), data] as const);
  const deep = inside.map(
    ([name, project, data]) => [`${name}, two deep`, asOwn(project, [ownNode(project)], 'Outer'), data] as const,
  );
  test.each([...inside, ...deep])(
    'inside an operation of one’s own, of %s: changed everywhere, or opened',
    async (_name, project, data) => {
      const { troubles, trainer } = await train(project, data, runner);
      const trouble = inDrawing(troubles[0]!, trainer.session.plans.drawing.owner);
      expect(trouble.part).toBeDefined();
      const offered = curesOf(project, trouble);
      const titles = offered.map(({ title }) => title);
      expect(titles.some((title) => /in every Inner$/.test(title))).toBe(true);
      expect(titles.some((title) => /^Open /.test(title))).toBe(true);
      expect(new Set(titles).size).toBe(titles.length);
      for (const { title, edit } of offered) {
        const again = await train(edit(project), data, runner);
        expect([title, ...again.troubles.map(({ message }) => message)]).toEqual([title]);
      }
    },
  );

  test('inside one that is used twice: both uses are cured at once, one alone when it is opened', () => {
    const once = asOwn(drawn({ ...scaled, nll: ['log', { x: 'p' }] }, 'nll'), ['nll'], 'Inner');
    const [op, node] = [once.nodes[ownNode(once)]!.op, ownNode(once)];
    const second = { id: 'second', op, attrs: {} };
    const twice = connect('p', 'second', Object.values(once.composites!)[0]!.inputs[0]!)(addNode(second, { x: 0, y: 0 })(once));
    const trouble = { kind: 'not-finite', message: '', reason: 'log', node, part: `${node}/nll` } as const;
    const [everywhere, opened] = curesOf(twice, trouble);
    const changed = everywhere!.edit(twice);
    expect(changed.nodes['second']!.op).toBe(changed.nodes[node]!.op);
    expect(Object.values(changed.composites!)[0]!.nodes).toHaveProperty('clamp1');
    const alone = opened!.edit(twice);
    expect(alone.nodes['second']!.op).toBe(op);
    expect(alone.nodes).toHaveProperty('clamp1');
  });

  test('inside a layer: it is opened for good, with what it holds', () => {
    const project = drawing(
      {
        x: ['input', {}, { shape: [2] }],
        t: ['target', {}, { shape: [2] }],
        d: ['dense', { x: 'x' }, { units: 2, activation: 'softplus' }],
        ...lossOf('d'),
      },
      { batch: COUNT },
    );
    const trouble = { kind: 'not-finite', message: '', reason: 'exp', node: 'd', part: 'd/activation' } as const;
    const [cure] = curesOf(project, trouble);
    expect(cure!.title).toBe('Open d: clamp the input of d/activation');
    const opened = cure!.edit(project);
    expect(opened.nodes['d']).toBeUndefined();
    expect(opened.edges['d/activation.x']!.from).toBe('clamp1');
    expect(opened.edges['clamp1.x']!.from).toMatch(/^d\//);
  });

  test('what is written another way is the same function', () => {
    const titles = (name: string): readonly string[] =>
      curesOf(cases[name]!.project, { kind: 'not-finite', message: '', ...cases[name]!.is }).map(({ title }) => title);
    expect(titles('the logarithm of a softmax that is 0 in 32 bits only')).toEqual([
      'Use log-softmax instead',
      'Clamp the input of nll',
    ]);
    expect(titles('ln eˣ far below 0')).toEqual(['Take the logarithm of e directly', 'Clamp the input of back']);
    expect(titles('a division by 0')).toEqual(['Add 0.000001 to the divisor']);
  });

  test('of steps that are too long: a smaller rate, limited gradients, and other weights where they were chosen large', async () => {
    const project = drawing(
      {
        x: ['input', {}, { shape: [4] }],
        t: ['target', {}, { shape: [1] }],
        hidden: ['dense', { x: 'x' }, { units: 16, activation: 'relu', initializer: 'normal', scale: 2 }],
        out: ['dense', { x: 'hidden' }, { units: 1, activation: 'identity' }],
        loss: ['mean-squared-error', { prediction: 'out', target: 't' }],
      },
      { optimizer: 'sgd', hyper: { rate: 2 }, batch: 10 },
    );
    const data = rowsOf(1, 2, 4);
    const offered = curesOf(project, { kind: 'not-finite', message: '', reason: 'grown', node: 'hidden' });
    expect(offered.map(({ title, restart }) => [title, restart])).toEqual([
      ['Learning rate 0.2', true],
      ['Limit the gradients to a length of 1', true],
      ['Glorot weights for hidden', true],
    ]);
    // Limited gradients cannot make weights grow beyond all bounds.
    expect((await train(offered[1]!.edit(project), data, runner, 500)).troubles).toEqual([]);
    // A rate may have to be lowered more than once.
    let slower = project;
    for (let tries = 0; tries < 5; tries++)
      slower = curesOf(slower, { kind: 'not-finite', message: '', reason: 'grown' })[0]!.edit(slower);
    expect((await train(slower, data, runner, 500)).troubles).toEqual([]);
  });
});

test('threads that share a step pause at it and say the same', async () => {
  const project = drawing(
    {
      x: ['input', {}, { shape: [100] }],
      t: ['target', {}, { shape: [] }],
      hidden: ['dense', { x: 'x' }, { units: 300, activation: 'tanh' }],
      more: ['dense', { x: 'hidden' }, { units: 200, activation: 'relu' }],
      s: ['sum', { x: 'more' }],
      c: ['constant', {}, { shape: [], values: [1] }],
      p: ['subtract', { a: 's', b: 'c' }],
      nll: ['log', { x: 'p' }],
      ...lossOf('nll'),
    },
    { optimizer: 'sgd', hyper: { rate: 1e-9 }, batch: COUNT },
  );
  const said = [];
  for (const runner of runners.filter(({ profile }) => profile.backend !== 'webgpu')) {
    const { troubles, trainer } = await train(project, rowsOf(0.5, 0, 100), runner);
    expect(trainer.step).toBe(0);
    expect(troubles[0]).toMatchObject({ reason: 'log', node: 'nll', from: 'p', row: BAD });
    said.push(troubles[0]!.message);
  }
  expect(new Set(said).size).toBe(1);
});
