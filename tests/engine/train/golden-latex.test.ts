/**
 * LaTeX as people have looked at it: of every operation's value and derivatives, and of whole traces, in
 * both conventions. A change of a formula shows here, to be looked at again (`npx vitest run -u`).
 */
import katex from 'katex';
import { describe, expect, test } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Project } from '../../../src/engine/graph/project';
import { type Convention, tensorLatex } from '../../../src/engine/ir/latex';
import { product, type Shape } from '../../../src/engine/ir/shape';
import { completeAttrs } from '../../../src/engine/ops/attrs';
import { ops } from '../../../src/engine/ops/index';
import type { Call, Op } from '../../../src/engine/ops/op';
import { courseExercises } from '../../../src/engine/teach/course-exercises';
import { type Facts, scalarFacts, statedNumbers } from '../../../src/engine/teach/scalar';
import { record } from '../../../src/engine/train/trace';
import { worded } from '../../../src/engine/train/trace-words';
import type { Trace } from '../../../src/engine/train/trace-types';
import { bracketFault } from '../../support/brackets';
import { drawing } from '../../support/drawing';
import { casesOf } from '../../support/op-cases';
import { given, input, target } from '../../support/sources';

const conventions: readonly Convention[] = ['row', 'column'];

function typeset(tex: string): string {
  expect(() => katex.renderToString(tex, { throwOnError: true, strict: 'error' }), tex).not.toThrow();
  return tex;
}

/** The symbols of ports: letters for vectors, capitals for matrices. */
const symbolFor = (name: string, shape: Shape): string => (shape.length > 1 ? `\\mathbf{${name}}` : `\\text{${name}}`);

/** `plugged` writes what a port is given; null: by its symbol. */
function formulasOf(op: Op, plugged: (port: string, shape: Shape) => string | null = () => null): string[] {
  const lines = new Set<string>();
  for (const { shapes, attrs: own = {} } of casesOf(op).slice(0, 4)) {
    const attrs = completeAttrs(op, own);
    const ports = op.ports(attrs);
    const drawn = (batched: boolean): Record<string, Shape> =>
      Object.fromEntries(
        ports.map(({ name }, i) => {
          const shape = shapes[i % Math.max(1, shapes.length)] ?? [];
          return [name, batched && i === 0 ? ['batch', ...shape] : shape];
        }),
      );
    // What compares the samples of a batch needs one.
    const byPort = 'fault' in op.infer(drawn(false), attrs) ? drawn(true) : drawn(false);
    const found = op.infer(byPort, attrs);
    if ('fault' in found) continue;
    const call: Call = { shapes: byPort, attrs, out: found.shape };
    const symbols = Object.fromEntries(
      ports.map(({ name }) => [name, plugged(name, byPort[name]!) ?? symbolFor(name, byPort[name]!)]),
    );
    const [y, g] = [plugged('y', found.shape) ?? 'y', plugged('g', found.shape) ?? 'g'];
    const at = ports.map(({ name }) => `${name}: ${byPort[name]!.join('×') || '1'}`).join(', ');
    for (const convention of conventions) {
      lines.add(`${convention}  (${at})  y = ${typeset(op.formula(symbols, call, convention))}`);
      if (op.kind !== 'primitive') continue;
      for (const { name } of ports) {
        if (op.gradient(call, name) === null) continue;
        lines.add(`${convention}  (${at})  ∂y/∂${name} = ${typeset(op.derivativeFormula(symbols, y, name, call, convention))}`);
        if (op.backwardFormula)
          lines.add(`${convention}  (${at})  ∂l/∂${name} = ${typeset(op.backwardFormula(g, symbols, name, call, convention))}`);
      }
    }
  }
  return [...lines];
}

test('every operation has its formula, and every primitive its derivatives, in both conventions', () => {
  for (const op of ops.values()) {
    const lines = formulasOf(op);
    if (op.kind === 'source') {
      expect(lines, op.name).toEqual([]);
      continue;
    }
    for (const convention of conventions) {
      const own = lines.filter((line) => line.startsWith(convention));
      expect(
        own.some((line) => line.includes('  y = ')),
        `${op.name}: value`,
      ).toBe(true);
      if (op.kind === 'primitive' && !op.noGradient)
        expect(
          own.some((line) => line.includes('∂y/∂')),
          `${op.name}: derivative`,
        ).toBe(true);
    }
  }
});

test('numbers that are plugged in get no second pair of brackets and no second sign', () => {
  const faults: string[] = [];
  for (const op of ops.values())
    for (const line of formulasOf(op, (_port, shape) => {
      const own = shape.filter((axis): axis is number => axis !== 'batch');
      const data = Float64Array.from({ length: product(own) }, (_, i) => -0.5 - i);
      return tensorLatex({ shape: own, data });
    })) {
      const fault = bracketFault(line);
      if (fault) faults.push(`${op.name}: ${line}: ${fault}`);
    }
  expect(faults).toEqual([]);
});

test('every operation', async () => {
  const text = [...ops.values()].flatMap((op) => [`# ${op.name}`, ...formulasOf(op), '']).join('\n');
  await expect(text).toMatchFileSnapshot('golden/operations.txt');
});

const written = ({ steps }: Trace): string =>
  steps
    .map(({ index, phase, title, formula, numbers, locals = [] }) =>
      [
        `${index + 1} ${phase}: ${title}`,
        ...[formula, numbers, ...locals.flatMap((l) => [l.formula, l.numbers])].map((tex) => `    ${typeset(tex)}`),
      ].join('\n'),
    )
    .join('\n');

function traceOf(
  project: Project,
  features: readonly number[],
  targets: readonly number[],
  convention: Convention,
  rows = 1,
): Trace {
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'every-edge', rows);
  const state = Object.fromEntries(program.parameters.map(({ value, given: numbers }) => [value, numbers!]));
  return worded(record({ program, drawing: prepared, row: 0, rows, features, targets, state }), prepared.graph, convention);
}

describe('traces', () => {
  test('σ(w₁x + w₂y + b)', async () => {
    const project = drawing(
      {
        x: input(),
        y: input(),
        w1: given([0.5]),
        w2: given([-0.25]),
        b: given([0.25], [], 'bias'),
        p1: ['multiply', { a: 'w1', b: 'x' }],
        p2: ['multiply', { a: 'w2', b: 'y' }],
        s: ['add', { a: 'p1', b: 'p2', c: 'b' }, { inputs: 3 }],
        f: ['sigmoid', { x: 's' }],
        t: target(),
        l: ['squared-error', { prediction: 'f', target: 't' }],
      },
      { optimizer: 'sgd', hyper: { rate: 0.1 } },
    );
    await expect(written(traceOf(project, [2, -1], [1], 'row'))).toMatchFileSnapshot('golden/sigma.txt');
  });

  const layer = drawing(
    {
      X: input([3]),
      W: given([0.5, -1, 0.25, 2, -0.5, 1], [3, 2]),
      b: given([0.1, -0.2], [2], 'bias'),
      T: ['matmul', { a: 'X', b: 'W' }],
      S: ['add', { a: 'T', b: 'b' }],
      Y: ['tanh', { x: 'S' }],
      t: target([2]),
      l: ['mean-squared-error', { prediction: 'Y', target: 't' }],
    },
    { optimizer: 'sgd', hyper: { rate: 0.5 } },
  );
  test.each(conventions)('a fully connected layer, one row, vectors as %ss', async (convention) => {
    await expect(written(traceOf(layer, [1, 2, -1], [0, 1], convention))).toMatchFileSnapshot(`golden/layer-${convention}.txt`);
  });
  test.each(conventions)('a fully connected layer, a batch of two, vectors as %ss', async (convention) => {
    const trace = traceOf(layer, [1, 2, -1, 0, 1, 1], [0, 1, 1, 0], convention, 2);
    await expect(written(trace)).toMatchFileSnapshot(`golden/layer-batch-${convention}.txt`);
  });

  const shared = drawing(
    {
      signal: input([1, 3]),
      filters: given([0.5, -1, 0.25, 2], [2, 1, 2]),
      c: ['convolve-1d', { x: 'signal', filters: 'filters' }],
      M: given([1, -0.5], [2, 1]),
      T: ['matmul', { a: 'c', b: 'M' }],
      y: ['sum', { x: 'T' }],
      t: target(),
      l: ['squared-error', { prediction: 'y', target: 't' }],
    },
    { optimizer: 'sgd', hyper: { rate: 0.1 } },
  );
  test.each(conventions)(
    'filters and a matrix that all rows share: the sum over the batch is written, vectors as %ss',
    async (convention) => {
      const trace = traceOf(shared, [1, 2, -1, 0, 1, 1], [0, 1], convention, 2);
      const of = (edge: string): string => trace.steps.find((step) => step.phase === 'backward' && step.edge === edge)!.formula;
      expect(of('c.filters')).toContain('\\sum_{i=1}^{n}');
      expect(of('T.b')).toContain('\\sum_{i=1}^{n}');
      await expect(written(trace)).toMatchFileSnapshot(`golden/shared-${convention}.txt`);
    },
  );

  test.each(courseExercises.map((exercise) => [exercise.title, exercise] as const))('%s', async (title, { project }) => {
    const facts: Facts = scalarFacts(project, statedNumbers(project)!);
    if (!('facts' in facts)) throw new Error(facts.fault);
    const name = title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    await expect(written(facts.facts.trace)).toMatchFileSnapshot(`golden/exercise-${name}.txt`);
  });
});
