import katex from 'katex';
import { describe, expect, it } from 'vitest';
import { numberLatex } from '../../../src/engine/ir/latex';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Project } from '../../../src/engine/graph/project';
import { trace } from '../../../src/engine/train/trace';
import { linksOfTrace } from '../../../src/engine/train/trace-links';
import type { Trace, TraceStep } from '../../../src/engine/train/trace-types';
import { drawing as draw } from '../../support/drawing';
import { given, input, target } from '../../support/sources';

const SGD = (rate: number) => ({ optimizer: 'sgd', hyper: { rate } });

/** One iteration from the numbers that the drawing gives its parameters. */
function traceOf(project: Project, features: readonly number[], targets: readonly number[] = []): Trace {
  const drawing = prepare(project, null);
  const program = programOf(drawing, 'every-edge', 1);
  const state = Object.fromEntries(
    program.parameters.map(({ value, given: numbers, shape }) => {
      const size = shape.reduce((n, axis) => n * axis, 1);
      return [value, numbers!.length === size ? numbers! : Array.from({ length: size }, () => numbers![0]!)];
    }),
  );
  return trace({ program, drawing, row: 0, features, targets, state });
}

const numbers = (step: TraceStep | undefined): number[] => [...(step?.value.data ?? [])];
const forward = (t: Trace, node: string): TraceStep =>
  t.steps.find((s) => (s.phase === 'forward' || s.phase === 'loss') && s.node === node)!;
const contribution = (t: Trace, edge: string): TraceStep => t.steps.find((s) => s.phase === 'backward' && s.edge === edge)!;
const sum = (t: Trace, node: string): TraceStep =>
  t.steps.find((s) => s.phase === 'backward' && s.node === node && s.edge === undefined)!;
const update = (t: Trace, node: string): TraceStep => t.steps.find((s) => s.phase === 'update' && s.node === node)!;

function expectTypeset(t: Trace): void {
  for (const { formula, numbers: plugged, locals = [] } of t.steps)
    for (const tex of [formula, plugged, ...locals.flatMap((l) => [l.formula, l.numbers])])
      expect(() => katex.renderToString(tex, { throwOnError: true, strict: 'error' }), tex).not.toThrow();
}

describe('scalars', () => {
  it('σ(w₁x + w₂y + b): 1.5, 0.817574, σ′ = 0.149146', () => {
    const t = traceOf(
      draw(
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
        SGD(0.1),
      ),
      [2, -1],
      [1],
    );
    expect(numbers(forward(t, 's'))).toEqual([1.5]);
    expect(numbers(forward(t, 'f'))[0]).toBeCloseTo(0.817574, 6);
    expect(forward(t, 'f').localDerivative!.data[0]).toBeCloseTo(0.149146, 6);
    expect(forward(t, 'f').formula).toBe('f = \\sigma\\left(s\\right)');
    expect(forward(t, 'f').numbers).toBe('f = \\sigma\\left(1.5\\right) = 0.817574');
    expect(forward(t, 's').numbers).toBe('s = 1 + 0.25 + 0.25 = 1.5');
    expect(forward(t, 'f').locals![0]!.formula).toBe('\\frac{\\partial f}{\\partial s} = f \\cdot \\left(1 - f\\right)');
    expect(t.loss).toBeCloseTo(0.033279, 6);
    expect(numbers(contribution(t, 'l.prediction'))[0]).toBeCloseTo(2 * (0.8175744762 - 1), 6);
    expect(contribution(t, 'f.x').localDerivative!.data[0]).toBeCloseTo(0.149146, 6);
    expect(contribution(t, 'f.x').numbers).toMatch(/-0\.364851\\right\) \\cdot 0\.149146 = -0\.0544/);
    expect(t.steps.every((s, i) => s.index === i)).toBe(true);
    expectTypeset(t);
  });

  it('x = 2, w = 3, b = 1, t = 9: ∂w = −8, ∂b = −4, w → 3.4', () => {
    const t = traceOf(
      draw(
        {
          x: input(),
          w: given([3]),
          b: given([1], [], 'bias'),
          t: target(),
          p: ['multiply', { a: 'w', b: 'x' }],
          y: ['add', { a: 'p', b: 'b' }],
          l: ['squared-error', { prediction: 'y', target: 't' }],
        },
        SGD(0.05),
      ),
      [2],
      [9],
    );
    expect(t.loss).toBe(4);
    expect(numbers(contribution(t, 'p.a'))).toEqual([-8]);
    expect(numbers(contribution(t, 'y.b'))).toEqual([-4]);
    expect(numbers(update(t, 'w'))[0]).toBeCloseTo(3.4, 12);
    expect(update(t, 'w').formula).toBe('w \\leftarrow w - \\eta \\cdot \\frac{\\partial l}{\\partial w}');
    expect(update(t, 'w').numbers).toBe('w \\leftarrow 3 - 0.05 \\cdot \\left(-8\\right) = 3.4');
    expect(update(t, 'w').title).toBe("'w' takes a step against its gradient: 3 → 3.4.");
    expect(contribution(t, 'p.a').formula).toBe('\\frac{\\partial l}{\\partial w} = \\frac{\\partial l}{\\partial p} \\cdot x');
    expect(contribution(t, 'p.a').numbers).toBe('\\frac{\\partial l}{\\partial w} = \\left(-4\\right) \\cdot 2 = -8');
    // y = 3.4 · 2 + 1.2 = 8
    expect(t.lossAfter).toBeCloseTo(1, 10);
    const seed = t.steps.find((s) => s.phase === 'loss' && s.gradient)!;
    expect(seed.formula).toBe('\\frac{\\partial l}{\\partial l} = 1');
    const phases = t.steps.map((s) => s.phase);
    expect([...new Set(phases)]).toEqual(['forward', 'loss', 'backward', 'update']);
    expect([...phases].sort((a, b) => order(a) - order(b))).toEqual(phases);
    expectTypeset(t);
  });
  const order = (phase: string): number => ['forward', 'loss', 'backward', 'update'].indexOf(phase);

  it.each(['adam', 'momentum', 'rmsprop'])('%s: the numbers of every line follow from the line before', (optimizer) => {
    const t = traceOf(
      draw(
        {
          x: input(),
          w: given([3]),
          t: target(),
          y: ['multiply', { a: 'w', b: 'x' }],
          l: ['squared-error', { prediction: 'y', target: 't' }],
        },
        { optimizer, hyper: { rate: 0.05 } },
      ),
      [2],
      [9],
    );
    expect(numbers(contribution(t, 'y.a'))).toEqual([-12]);
    expect(update(t, 'w').numbers.endsWith(`= ${numberLatex(numbers(update(t, 'w'))[0]!)} \\end{aligned}`)).toBe(true);
    if (optimizer === 'adam')
      expect(update(t, 'w').numbers).toContain(
        'm &\\leftarrow 0.9 \\cdot 0 + \\left(1 - 0.9\\right) \\cdot \\left(-12\\right) = -1.2',
      );
    expectTypeset(t);
  });

  it('exercise 1, a chain: −2.25', () => {
    const t = traceOf(
      draw(
        {
          x: input(),
          a: given([1.5]),
          c: given([0.5]),
          t: target(),
          y: ['multiply', { a: 'a', b: 'x' }],
          z: ['multiply', { a: 'c', b: 'y' }],
          l: ['squared-error', { prediction: 'z', target: 't' }],
        },
        SGD(0.1),
      ),
      [2],
      [3],
    );
    expect(t.loss).toBe(2.25);
    expect(
      [contribution(t, 'y.b'), contribution(t, 'z.b'), contribution(t, 'l.prediction')].map((s) => s.localDerivative!.data[0]),
    ).toEqual([1.5, 0.5, -3]);
    expect(numbers(contribution(t, 'y.b'))).toEqual([-2.25]);
  });

  it('exercise 2, a neuron without activation: −1.5, −4, −2', () => {
    const t = traceOf(
      draw(
        {
          x: input(),
          w: given([0.75]),
          b: given([-0.5], [], 'bias'),
          t: target(),
          p: ['multiply', { a: 'w', b: 'x' }],
          s: ['add', { a: 'p', b: 'b' }],
          l: ['squared-error', { prediction: 's', target: 't' }],
        },
        SGD(0.1),
      ),
      [2],
      [2],
    );
    expect([t.loss, ...['l.prediction', 'p.b', 'p.a', 's.b'].flatMap((e) => numbers(contribution(t, e)))]).toEqual([
      1, -2, -1.5, -4, -2,
    ]);
  });

  it('exercise 3, an activation gate: 0.75 when open, 0 when dead', () => {
    const gate = (b: number) =>
      traceOf(
        draw(
          {
            x: input(),
            w: given([0.75]),
            b: given([b], [], 'bias'),
            t: target(),
            p: ['multiply', { a: 'w', b: 'x' }],
            s: ['add', { a: 'p', b: 'b' }],
            y: ['relu', { x: 's' }],
            l: ['squared-error', { prediction: 'y', target: 't' }],
          },
          SGD(0.1),
        ),
        [2],
        [1],
      );
    expect([gate(0).loss, ...numbers(contribution(gate(0), 'p.b'))]).toEqual([0.25, 0.75]);
    expect(gate(-2).loss).toBe(1);
    for (const e of ['p.a', 'p.b', 's.b']) expect(Math.abs(numbers(contribution(gate(-2), e))[0]!)).toBe(0);
  });

  it('exercise 4, fan-out: −2.25 + 0.75 = −1.5', () => {
    const t = traceOf(
      draw(
        {
          x: input(),
          a: given([1.5]),
          c: given([0.5]),
          k: ['constant', {}, { values: [1.75] }],
          y1: ['multiply', { a: 'a', b: 'x' }],
          y2: ['multiply', { a: 'c', b: 'x' }],
          d: ['subtract', { a: 'y2', b: 'y1' }],
          e: ['add', { a: 'd', b: 'k' }],
          l: ['power', { x: 'e' }],
        },
        { ...SGD(0.1), objective: 'l' },
      ),
      [1],
    );
    expect(t.loss).toBe(0.5625);
    expect(['d.b', 'd.a', 'y1.b', 'y2.b'].flatMap((e) => numbers(contribution(t, e)))).toEqual([-1.5, 1.5, -2.25, 0.75]);
    const both = sum(t, 'x');
    expect(numbers(both)).toEqual([-1.5]);
    expect(both.formula).toBe(
      '\\frac{\\partial l}{\\partial x} = \\left.\\frac{\\partial l}{\\partial x}\\right|_{y_{1}} + \\left.\\frac{\\partial l}{\\partial x}\\right|_{y_{2}}',
    );
    expect(both.numbers).toBe('\\frac{\\partial l}{\\partial x} = -2.25 + 0.75 = -1.5');
    // The fixed 1.75 asks for no gradient.
    expect(contribution(t, 'e.b')).toBeUndefined();
    expectTypeset(t);
  });

  it('micrograd’s README: g = 24.7041, ∂a = 138.8338, ∂b = 645.5773', () => {
    // c = a + b; d = ab + b³; c += c + 1; c += 1 + c + (−a); d += 2d + relu(b + a); d += 3d + relu(b − a);
    // e = c − d; f = e²; g = f/2 + 10/f
    const one = ['constant', {}, { values: [1] }] as const;
    const t = traceOf(
      draw(
        {
          a: given([-4]),
          b: given([2]),
          one,
          two: ['constant', {}, { values: [2] }],
          ten: ['constant', {}, { values: [10] }],
          c0: ['add', { a: 'a', b: 'b' }],
          ab: ['multiply', { a: 'a', b: 'b' }],
          b3: ['power', { x: 'b' }, { exponent: 3 }],
          d0: ['add', { a: 'ab', b: 'b3' }],
          c1: ['add', { a: 'c0', b: 'c0', c: 'one' }, { inputs: 3 }],
          na: ['negate', { x: 'a' }],
          c2: ['add', { a: 'c1', b: 'one', c: 'c1', d: 'na' }, { inputs: 4 }],
          r1i: ['add', { a: 'b', b: 'a' }],
          r1: ['relu', { x: 'r1i' }],
          d1: ['add', { a: 'd0', b: 'd0', c: 'd0', d: 'r1' }, { inputs: 4 }],
          r2i: ['subtract', { a: 'b', b: 'a' }],
          r2: ['relu', { x: 'r2i' }],
          d2: ['add', { a: 'd1', b: 'd1', c: 'd1', d: 'd1', e: 'r2' }, { inputs: 5 }],
          e: ['subtract', { a: 'c2', b: 'd2' }],
          f: ['power', { x: 'e' }],
          half: ['divide', { a: 'f', b: 'two' }],
          inverse: ['divide', { a: 'ten', b: 'f' }],
          g: ['add', { a: 'half', b: 'inverse' }],
        },
        { ...SGD(0.1), objective: 'g' },
      ),
      [],
    );
    expect(t.loss).toBeCloseTo(24.7041, 4);
    expect(numbers(sum(t, 'a'))[0]).toBeCloseTo(138.8338, 4);
    expect(numbers(sum(t, 'b'))[0]).toBeCloseTo(645.5773, 4);
    expectTypeset(t);
  });

  it('Mazur’s 2-2-2: 0.298371 → 0.291028, w₁ → 0.149781, w₅ → 0.358916', () => {
    const neuron = (w1: string, x1: string, w2: string, x2: string, b: string, name: string) => ({
      [`${name}p`]: ['multiply', { a: w1, b: x1 }] as const,
      [`${name}q`]: ['multiply', { a: w2, b: x2 }] as const,
      [`${name}n`]: ['add', { a: `${name}p`, b: `${name}q`, c: b }, { inputs: 3 }] as const,
      [name]: ['sigmoid', { x: `${name}n` }] as const,
    });
    const t = traceOf(
      draw(
        {
          i1: input(),
          i2: input(),
          t1: target(),
          t2: target(),
          w1: given([0.15]),
          w2: given([0.2]),
          w3: given([0.25]),
          w4: given([0.3]),
          w5: given([0.4]),
          w6: given([0.45]),
          w7: given([0.5]),
          w8: given([0.55]),
          // Fixed biases, as in the original.
          b1: ['constant', {}, { values: [0.35] }],
          b2: ['constant', {}, { values: [0.6] }],
          half: ['constant', {}, { values: [0.5] }],
          ...neuron('w1', 'i1', 'w2', 'i2', 'b1', 'h1'),
          ...neuron('w3', 'i1', 'w4', 'i2', 'b1', 'h2'),
          ...neuron('w5', 'h1', 'w6', 'h2', 'b2', 'o1'),
          ...neuron('w7', 'h1', 'w8', 'h2', 'b2', 'o2'),
          e1: ['squared-error', { prediction: 'o1', target: 't1' }],
          e2: ['squared-error', { prediction: 'o2', target: 't2' }],
          e: ['add', { a: 'e1', b: 'e2' }],
          l: ['multiply', { a: 'half', b: 'e' }],
        },
        { ...SGD(0.5), objective: 'l' },
      ),
      [0.05, 0.1],
      [0.01, 0.99],
    );
    expect(t.loss).toBeCloseTo(0.298371, 6);
    expect(numbers(update(t, 'w1'))[0]).toBeCloseTo(0.149781, 6);
    expect(numbers(update(t, 'w5'))[0]).toBeCloseTo(0.358916, 6);
    expect(t.lossAfter).toBeCloseTo(0.291028, 6);
  });
});

describe('arrays', () => {
  it('section 3.6.20: a fully connected layer', () => {
    const t = traceOf(
      draw(
        {
          // The course writes Wx + b with W outputs × inputs; rows here, so W is its transpose.
          x: input([2]),
          W: given([0.5, 2, -1, 1], [2, 2]),
          b: given([0, 0.5], [2], 'bias'),
          target: target([2]),
          p: ['matmul', { a: 'x', b: 'W' }],
          t: ['add', { a: 'p', b: 'b' }],
          y: ['relu', { x: 't' }],
          l: ['squared-error', { prediction: 'y', target: 'target' }],
        },
        SGD(0.1),
      ),
      [1, -2],
      [2, 0],
    );
    expect(numbers(forward(t, 't'))).toEqual([2.5, 0.5]);
    expect(t.loss).toBe(0.5);
    expect(numbers(contribution(t, 'l.prediction'))).toEqual([1, 1]);
    expect(contribution(t, 'p.b').value).toEqual({ shape: [2, 2], data: Float64Array.of(1, 1, -2, -2) });
    expect(numbers(contribution(t, 't.b'))).toEqual([1, 1]);
    expect(numbers(contribution(t, 'p.a'))).toEqual([2.5, 0]);
    expect(contribution(t, 'p.a').formula).toBe(
      '\\frac{\\partial l}{\\partial x} = \\frac{\\partial l}{\\partial p}\\,\\underset{2 \\times 2}{W}^{\\top}',
    );
    expect(contribution(t, 'p.b').formula).toBe(
      '\\frac{\\partial l}{\\partial W} = \\underset{1 \\times 2}{x}^{\\top}\\,\\frac{\\partial l}{\\partial p}',
    );
    expect(contribution(t, 'p.a').localDerivative).toBeUndefined();
    expect(forward(t, 'p').formula).toBe('\\underset{1 \\times 2}{p} = \\underset{1 \\times 2}{x}\\,\\underset{2 \\times 2}{W}');
    expect(forward(t, 'p').numbers).toContain(
      '\\begin{pmatrix} 1 & -2 \\end{pmatrix}\\,\\begin{pmatrix} 0.5 & 2 \\\\ -1 & 1 \\end{pmatrix}',
    );
    expectTypeset(t);
  });

  it('a layer’s parts belong to the layer, and large arrays keep their symbols', () => {
    const t = traceOf(
      draw(
        {
          x: input([6]),
          W: given([0.1], [6, 5]),
          target: target([5]),
          p: ['matmul', { a: 'x', b: 'W' }],
          s: ['softmax', { x: 'p' }],
          l: ['mean-squared-error', { prediction: 's', target: 'target' }],
        },
        { optimizer: 'adam', hyper: {} },
      ),
      [1, 2, 3, 4, 5, 6],
      [1, 0, 0, 0, 0],
    );
    expect(forward(t, 'p').numbers).toContain('p = x\\,W = \\left(2.1,\\ 2.1,\\ 2.1,\\ \\dots,\\ 2.1\\right)');
    // Adam's memory first, then the weight in terms of it.
    const [m, v, w] = update(t, 'W').formula.split(' \\\\ ');
    expect(m).toContain('m &\\leftarrow \\beta_1 \\cdot m + \\left(1 - \\beta_1\\right) \\cdot \\frac{\\partial l}{\\partial W}');
    expect(v).toContain('v &\\leftarrow \\beta_2 \\cdot v');
    expect(w).toContain(
      '&\\leftarrow W - \\frac{\\eta \\cdot \\frac{m}{1 - \\beta_1^{t}}}{\\sqrt{\\frac{v}{1 - \\beta_2^{t}}} + \\varepsilon}',
    );
    expect(t.lossAfter).toBeLessThan(t.loss!);
    expectTypeset(t);
  });

  it('a drawing without a loss is only walked forward', () => {
    const t = traceOf(draw({ x: input(), y: ['tanh', { x: 'x' }] }), [0]);
    expect(t.steps.map((s) => s.phase)).toEqual(['forward', 'forward']);
    expect([t.loss, t.lossAfter]).toEqual([null, null]);
  });
});

describe('where factors come from', () => {
  const project = draw(
    {
      x: input(),
      w: given([3]),
      b: given([1]),
      t: target(),
      p: ['multiply', { a: 'x', b: 'w' }],
      y: ['add', { a: 'p', b: 'b' }],
      q: ['multiply', { a: 'y', b: 'w' }],
      l: ['squared-error', { prediction: 'q', target: 't' }],
    },
    SGD(0.05),
  );
  const t = traceOf(project, [2], [9]);
  const linksAt = linksOfTrace(t, prepare(project, null).graph);
  const to = (step: TraceStep): string[] =>
    linksAt(step).map(({ index }) => t.steps[index]!.edge ?? `${t.steps[index]!.phase} ${t.steps[index]!.node}`);

  it('leads from every step to earlier ones only, with formulas that can be set', () => {
    for (const step of t.steps)
      for (const { index, latex } of linksAt(step)) {
        expect(index).toBeLessThan(step.index);
        expect(() => katex.renderToString(latex, { throwOnError: true, strict: 'error' })).not.toThrow();
      }
  });

  it('values to their inputs, contributions to gradient and local derivative, sums to contributions, updates to gradients', () => {
    expect(to(forward(t, 'y'))).toEqual(['forward p', 'forward b']);
    expect(to(contribution(t, 'p.b'))).toEqual(['y.a', 'forward p', 'forward x', 'forward w']);
    expect(to(contribution(t, 'q.a'))).toEqual(['l.prediction', 'forward q', 'forward y', 'forward w']);
    expect(to(contribution(t, 'l.prediction')).slice(0, 2)).toEqual(['loss l', 'loss l']);
    expect(to(sum(t, 'w')).toSorted()).toEqual(['p.b', 'q.b']);
    expect(to(update(t, 'w'))).toEqual(['backward w', 'forward w']);
    expect(to(update(t, 'b'))).toEqual(['y.b', 'forward b']);
  });

  it('the last entry verifies the step', () => {
    const last = t.steps.at(-1)!;
    expect(last).toMatchObject({ verification: true, phase: 'update', node: 'l' });
    expect(last.value.data[0]).toBe(t.lossAfter);
    expect(last.title).toContain('the loss of this sample is');
  });
});
