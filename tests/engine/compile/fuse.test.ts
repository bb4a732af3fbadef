/** Fusion, counted: what is drawn number by number becomes the loops that a layer would have. */
import { describe, expect, test } from 'vitest';
import { wasm } from '../../../src/engine/backends/wasm/index';
import { withoutFills } from '../../../src/engine/backends/wasm/fills';
import { placeBuffers } from '../../../src/engine/backends/wasm/layout';
import { type Nest, Nests } from '../../../src/engine/backends/wasm/nest';
import { roll } from '../../../src/engine/backends/wasm/roll';
import { foldTerms } from '../../../src/engine/backends/wasm/terms';
import { edge } from '../../../src/engine/graph/graph';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Project } from '../../../src/engine/graph/project';
import type { Program } from '../../../src/engine/plan';
import { drawings, manyScalars } from '../../bench/engine-page/drawings';
import { drawing, type Rows } from '../../support/drawing';

const fused = (project: Project, batch: number): Program => programOf(prepare(project, null), 'fused', batch);

/** Loop nests that a program becomes on the CPU. */
function nestsOf(program: Program): readonly Nest[] {
  const made = new Nests(program.batch, placeBuffers(program).buffers);
  const steps = program.steps.map((step) => made.of(step));
  const rolled = roll(steps, (at) => program.steps[at]?.phase === program.steps[at - 1]?.phase);
  return rolled.map(({ nest }) => foldTerms(nest));
}

const products = (program: Program): number => nestsOf(program).filter(({ combine }) => combine === 'sum').length;

function bytesOf(program: Program): number {
  const code = wasm.emit(program, { backend: 'wasm', title: '', fma: false });
  return code.kind === 'wasm' ? code.bytes.length : Number.NaN;
}

describe('one network, drawn in four ways', () => {
  const { layers, ...others } = drawings();
  test.each(Object.entries(others))('as %s it has the loops that it has as layers, and no longer code', (_name, project) => {
    const program = fused(project, 10);
    expect(nestsOf(program).length).toBeLessThanOrEqual(nestsOf(fused(layers!, 10)).length);
    expect(bytesOf(program)).toBeLessThanOrEqual(bytesOf(fused(layers!, 10)));
  });
});

test('written-out sums are products of matrices as in layers, whichever factor is drawn first', () => {
  const { layers, scalars } = drawings();
  expect(products(fused(scalars!, 10))).toBe(products(fused(layers!, 10)));
  const { nodes, edges, ...rest } = scalars!;
  const swapped = Object.fromEntries(
    Object.entries(edges).map(([id, e]) => {
      if (nodes[e.to]!.op !== 'multiply') return [id, e];
      const moved = edge(e.from, e.to, e.port === 'a' ? 'b' : 'a');
      return [moved.id, moved];
    }),
  );
  expect(products(fused({ ...rest, nodes, edges: swapped }, 10))).toBe(products(fused(layers!, 10)));
});

test('a sum whose terms lie anywhere stays as it is drawn', () => {
  const terms = [0, 1, 3, 2].map((at) => [`p${at}`, ['multiply', { a: `x${at}`, b: `w${at}` }]] as const);
  const program = fused(
    drawing({
      ...Object.fromEntries([0, 1, 2, 3].map((at) => [`x${at}`, ['input', {}, { shape: [] }]])),
      ...Object.fromEntries([0, 1, 2, 3].map((at) => [`w${at}`, ['parameter', {}, { shape: [] }]])),
      ...Object.fromEntries(terms),
      t: ['target', {}, { shape: [] }],
      s: ['add', { a: 'p0', b: 'p1', c: 'p3', d: 'p2' }, { inputs: 4 }],
      loss: ['squared-error', { prediction: 's', target: 't' }],
    }),
    4,
  );
  const [forward] = nestsOf(program);
  expect(forward!.combine).toBeNull();
});

test('a neuron of single numbers is one step forward', () => {
  const program = fused(
    drawing({
      x: ['input', {}, { shape: [] }],
      y: ['input', {}, { shape: [] }],
      t: ['target', {}, { shape: [] }],
      v: ['parameter', {}, { shape: [] }],
      w: ['parameter', {}, { shape: [] }],
      b: ['parameter', {}, { shape: [], role: 'bias' }],
      p: ['multiply', { a: 'x', b: 'v' }],
      q: ['multiply', { a: 'y', b: 'w' }],
      s: ['add', { a: 'p', b: 'q', c: 'b' }, { inputs: 3 }],
      h: ['tanh', { x: 's' }],
      loss: ['squared-error', { prediction: 'h', target: 't' }],
    }),
    4,
  );
  expect(program.steps.filter(({ phase }) => phase === 'forward')).toHaveLength(1);
  expect(program.buffers.map(({ id }) => id)).not.toContain('v:p');
});

test('equal operations share their kernels, however many there are', () => {
  const kernelsOf = (nodes: number): number => {
    const { steps } = programOf(prepare(manyScalars(nodes), null), 'every-edge', 8);
    return new Set(steps.map(({ kernel }) => kernel)).size;
  };
  expect(kernelsOf(1200)).toBe(kernelsOf(300));
  expect(kernelsOf(300)).toBeLessThan(30);
});

test('the work of compiling single numbers grows as the drawing does', () => {
  const per = (nodes: number): { steps: number; bytes: number } => {
    const program = fused(manyScalars(nodes), 32);
    return { steps: program.steps.length / nodes, bytes: bytesOf(program) / nodes };
  };
  const [few, many] = [per(600), per(2400)];
  expect(many.steps).toBeLessThan(1.1 * few.steps);
  expect(many.bytes).toBeLessThan(1.1 * few.bytes);
});

describe('images', () => {
  const program = fused(
    drawing(
      {
        x: ['input', {}, { shape: [1, 8, 8] }],
        t: ['target', {}, { shape: [] }],
        one: ['convolution-2d', { x: 'x' }, { filters: 2, padding: 'same' }],
        pooled: ['max-pooling', { x: 'one' }],
        two: ['convolution-2d', { x: 'pooled' }, { filters: 3, padding: 'same' }],
        all: ['sum', { x: 'two' }],
        loss: ['squared-error', { prediction: 'all', target: 't' }],
      },
      { batch: 4 },
    ),
    4,
  );
  const backward = program.steps.filter(({ phase }) => phase === 'backward');

  test('the gradient of a padded image is made without its margin, and not copied', () => {
    const toward = backward.filter(({ kernel }) => kernel.fold?.over.length === 3 && kernel.out[0] === 'batch');
    expect(toward.map(({ kernel }) => kernel.out)).toEqual([['batch', 2, 4, 4]]);
    expect(program.buffers.some(({ shape, role }) => role === 'gradient' && shape.join() === 'batch,2,6,6')).toBe(false);
  });

  test.each([
    [
      'another slice and a function',
      { second: ['slice', { x: 'first' }, { axis: 0, from: 1, count: 2 }], other: ['tanh', { x: 'first' }] },
    ],
    [
      'two slices',
      {
        second: ['slice', { x: 'first' }, { axis: 0, from: 1, count: 2 }],
        other: ['slice', { x: 'first' }, { axis: 0, from: 0, count: 2 }],
      },
    ],
    ['one slice', { second: ['slice', { x: 'first' }, { axis: 0, from: 1, count: 2 }] }],
  ] satisfies readonly (readonly [string, Rows])[])('a part of a layer of which a part is taken, by %s', (_, rows) => {
    const project = drawing({
      x: ['input', {}, { shape: [3] }],
      t: ['target', {}, { shape: [] }],
      whole: ['dense', { x: 'x' }, { units: 6, activation: 'identity' }],
      first: ['slice', { x: 'whole' }, { axis: 0, from: 1, count: 4 }],
      ...rows,
      ...Object.fromEntries(Object.keys(rows).map((name) => [`sum-${name}`, ['sum', { x: name }]])),
      ...('other' in rows ? { out: ['add', { a: 'sum-second', b: 'sum-other' }] } : { out: ['identity', { x: 'sum-second' }] }),
      loss: ['squared-error', { prediction: 'out', target: 't' }],
    } as Rows);
    // The verifier names a step that reads what no step made.
    const program = fused(project, 4);
    expect(program.steps.length).toBeGreaterThan(0);
    expect(bytesOf(program)).toBeGreaterThan(0);
  });

  test('the slope of an activation is taken where pooling gives its gradient back', () => {
    const whole = backward.filter(
      ({ kernel }) => !kernel.fold && kernel.out.reduce<number>((n, axis) => (axis === 'batch' ? n : n * axis), 1) === 2 * 8 * 8,
    );
    expect(whole.map(({ kernel }) => kernel.out)).toEqual([['batch', 2, 4, 2, 4, 2]]);
  });

  test('on the CPU, frames of zeros are not filled again in every step', () => {
    const fills = ({ steps }: Program): number => steps.filter(({ kernel }) => !kernel.fold && kernel.reads.length === 0).length;
    expect(fills(program)).toBeGreaterThan(0);
    expect(fills(withoutFills(program))).toBe(0);
  });
});
