/**
 * Numbers that others have printed: the course's own, micrograd's README expression, Mazur's 2-2-2 network,
 * Backprop Builder's first example. All on the float64 reference.
 */
import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/compile/check';
import { bufferIds } from '../../src/engine/plan';
import { array, drawing, number, type Rows } from '../support/drawing';
import { edgeGradient, gradient, open, type Opened, run, value } from '../support/gradients';

const opened = (rows: Rows, objective: string, training = {}): Opened => {
  const made = open(drawing(rows, { objective, ...training }));
  run(made);
  return made;
};
const gradients = (o: Opened, node: string): number[] => Array.from(o.device.numbers(bufferIds.gradient(node)));
const values = (o: Opened, node: string): number[] => Array.from(o.device.numbers(bufferIds.value(node)));

/** σ(w₁x + w₂y + b) from single operations. */
const scalars: Rows = {
  x: number(2),
  y: number(-1),
  w1: number(0.5),
  w2: number(-0.25),
  b: number(0.25),
  p1: ['multiply', { a: 'w1', b: 'x' }],
  p2: ['multiply', { a: 'w2', b: 'y' }],
  s: ['add', { a: 'p1', b: 'p2', c: 'b' }, { inputs: 3 }],
  f: ['sigmoid', { x: 's' }],
};

describe('chapters 1 and 2', () => {
  test('one neuron: x = (2, −1), w = (0.5, −0.25), b = 0.25 gives the sum 1.5, the sigmoid 0.817574, its slope 0.149146', () => {
    const o = opened(scalars, 'f');
    expect(value(o, 's')).toBeCloseTo(1.5, 12);
    expect(value(o, 'f')).toBeCloseTo(0.817574, 6);
    expect(gradient(o, 's')).toBeCloseTo(0.149146, 6);
  });

  test.each([
    ['sigmoid', 0, 0.5, 0.25],
    ['sigmoid', 6, 0.997527, 0.002467],
    ['sigmoid', 1000, 1, 0],
    ['sigmoid', -1000, 0, 0],
    ['tanh', 0, 0, 1],
    ['tanh', 3, 0.995055, 0.009866],
    ['relu', -1, 0, 0],
    ['relu', 1, 1, 1],
    ['relu', 0, 0, 0],
    ['binary-step', 0, 0, 0],
    ['binary-step', 1e-9, 1, 0],
  ])('%s at %d is %d with the slope %d', (op, at, y, slope) => {
    const o = opened({ x: number(at), y: [op, { x: 'x' }] }, 'y');
    expect(value(o, 'y')).toBeCloseTo(y, 6);
    expect(gradient(o, 'x')).toBeCloseTo(slope, 6);
  });

  test('a layer row by row is the layer of the batch', () => {
    const rows: Rows = {
      x: ['input', {}, { shape: [3] }],
      W: array([3, 2], [0.5, -1, 2, 1, -0.3, 0.7]),
      b: array([2], [0.1, -0.2]),
      p: ['matmul', { a: 'x', b: 'W' }],
      s: ['add', { a: 'p', b: 'b' }],
      y: ['tanh', { x: 's' }],
      l: ['sum', { x: 'y' }],
    };
    const samples = [
      [1, 2, 3],
      [-1, 0.5, 0.2],
      [0, -2, 1],
      [4, 4, -4],
    ];
    const batch = open(drawing(rows, { objective: 'l' }), 4, { x: samples.flat() });
    run(batch);
    samples.forEach((sample, i) => {
      const one = open(drawing(rows, { objective: 'l' }), 1, { x: sample });
      run(one);
      expect(values(batch, 'y').slice(2 * i, 2 * i + 2)).toEqual(values(one, 'y'));
    });
  });
});

describe('chapter 3', () => {
  test('squared error of 0.817574 against 1 is 0.033279; its slope is 2(f − y)', () => {
    const o = opened({ ...scalars, t: number(1), l: ['squared-error', { prediction: 'f', target: 't' }] }, 'l');
    expect(value(o, 'l')).toBeCloseTo(0.033279, 6);
    expect(gradient(o, 'f')).toBeCloseTo(2 * (value(o, 'f') - 1), 12);
  });

  test.each(['probabilities', 'logits'])('binary cross-entropy from %s: 0.201413, and f − y before the sigmoid', (from) => {
    const loss: Rows[string] =
      from === 'logits'
        ? ['binary-cross-entropy-logits', { prediction: 's', target: 't' }]
        : ['binary-cross-entropy', { prediction: 'f', target: 't' }];
    const o = opened({ ...scalars, t: number(1), l: loss }, 'l');
    expect(value(o, 'l')).toBeCloseTo(0.201413, 6);
    expect(gradient(o, 's')).toBeCloseTo(-0.182426, 6);
  });

  test.each([1000, -1000])('binary cross-entropy from the logit %d is finite for both answers', (logit) => {
    for (const t of [0, 1]) {
      const o = opened(
        { s: number(logit), t: number(t), l: ['binary-cross-entropy-logits', { prediction: 's', target: 't' }] },
        'l',
      );
      expect(value(o, 'l')).toBe(logit > 0 === (t === 1) ? 0 : 1000);
      expect(Math.abs(gradient(o, 's'))).toBe(logit > 0 === (t === 1) ? 0 : 1);
    }
  });

  test.each([
    [0.1, [0.8, 0.64, 0.512]],
    [1, [-1, 1, -1]],
    [1.1, [-1.2, 1.44, -1.728]],
  ])('descent on θ² from 1 with η = %d', (rate, path) => {
    const o = open(
      drawing({ theta: number(1), l: ['power', { x: 'theta' }] }, { objective: 'l', optimizer: 'sgd', hyper: { rate } }),
    );
    const walked = path.map(() => {
      run(o);
      o.device.runPhases(['update'], 1);
      return value(o, 'theta');
    });
    walked.forEach((theta, i) => {
      expect(theta).toBeCloseTo(path[i]!, 12);
    });
  });

  test('exercise 1, a chain: ∂l/∂x = −2.25', () => {
    const o = opened(
      {
        x: number(2),
        k: number(1.5),
        y: ['multiply', { a: 'x', b: 'k' }],
        h: number(0.5),
        z: ['multiply', { a: 'y', b: 'h' }],
        c: number(3),
        d: ['subtract', { a: 'z', b: 'c' }],
        l: ['power', { x: 'd' }],
      },
      'l',
    );
    expect([value(o, 'y'), value(o, 'z'), value(o, 'l')]).toEqual([3, 1.5, 2.25]);
    expect(gradient(o, 'x')).toBeCloseTo(-2.25, 12);
  });

  test('exercise 2, a neuron without activation', () => {
    const o = opened(
      {
        w: number(0.75),
        x: number(2),
        b: number(-0.5),
        t: number(2),
        p: ['multiply', { a: 'w', b: 'x' }],
        s: ['add', { a: 'p', b: 'b' }],
        d: ['subtract', { a: 's', b: 't' }],
        l: ['power', { x: 'd' }],
      },
      'l',
    );
    expect([value(o, 's'), value(o, 'l')]).toEqual([1, 1]);
    expect([gradient(o, 's'), gradient(o, 'x'), gradient(o, 'w'), gradient(o, 'b')]).toEqual([-2, -1.5, -4, -2]);
  });

  test.each([
    [0, [1.5, 1.5, 0.25], 0.75],
    [-2, [-0.5, 0, 1], 0],
  ])('exercise 3, a gate with the bias %d', (bias, forward, slope) => {
    const o = opened(
      {
        w: number(0.75),
        x: number(2),
        b: number(bias),
        t: number(1),
        p: ['multiply', { a: 'w', b: 'x' }],
        s: ['add', { a: 'p', b: 'b' }],
        y: ['relu', { x: 's' }],
        d: ['subtract', { a: 'y', b: 't' }],
        l: ['power', { x: 'd' }],
      },
      'l',
    );
    expect([value(o, 's'), value(o, 'y'), value(o, 'l')]).toEqual(forward);
    expect(gradient(o, 'x')).toBeCloseTo(slope, 12);
  });

  test('exercise 4, a value that feeds two paths: −2.25 and 0.75 add up to −1.5', () => {
    const o = opened(
      {
        x: number(1),
        k1: number(1.5),
        k2: number(0.5),
        y1: ['multiply', { a: 'x', b: 'k1' }],
        y2: ['multiply', { a: 'x', b: 'k2' }],
        d: ['subtract', { a: 'y2', b: 'y1' }],
        c: number(1.75),
        e: ['add', { a: 'd', b: 'c' }],
        l: ['power', { x: 'e' }],
      },
      'l',
    );
    expect(value(o, 'l')).toBeCloseTo(0.5625, 12);
    expect([gradient(o, 'y1'), gradient(o, 'y2')]).toEqual([-1.5, 1.5]);
    expect([edgeGradient(o, 'y1.a'), edgeGradient(o, 'y2.a'), gradient(o, 'x')]).toEqual([-2.25, 0.75, -1.5]);
  });

  test('a fully connected layer, all gradients', () => {
    const o = opened(
      {
        x: array([2], [1, -2]),
        W: array([2, 2], [0.5, 2, -1, 1]),
        b: array([2], [0, 0.5]),
        target: array([2], [2, 0]),
        p: ['matmul', { a: 'x', b: 'W' }],
        t: ['add', { a: 'p', b: 'b' }],
        y: ['relu', { x: 't' }],
        l: ['squared-error', { prediction: 'y', target: 'target' }],
      },
      'l',
    );
    expect(values(o, 't')).toEqual([2.5, 0.5]);
    expect(value(o, 'l')).toBe(0.5);
    expect(gradients(o, 'y')).toEqual([1, 1]);
    // The handout writes Wx; with xW its matrix is transposed.
    expect(gradients(o, 'W')).toEqual([1, 1, -2, -2]);
    expect(gradients(o, 'b')).toEqual([1, 1]);
    expect(gradients(o, 'x')).toEqual([2.5, 0]);
  });
});

test('micrograd’s README expression', () => {
  const o = opened(
    {
      a: number(-4),
      b: number(2),
      one: number(1),
      two: number(2),
      three: number(3),
      ten: number(10),
      c0: ['add', { a: 'a', b: 'b' }],
      ab: ['multiply', { a: 'a', b: 'b' }],
      bbb: ['power', { x: 'b' }, { exponent: 3 }],
      d0: ['add', { a: 'ab', b: 'bbb' }],
      c1: ['add', { a: 'c0', b: 'c0', c: 'one' }, { inputs: 3 }],
      na: ['negate', { x: 'a' }],
      c2: ['add', { a: 'c1', b: 'one', c: 'c1', d: 'na' }, { inputs: 4 }],
      dd: ['multiply', { a: 'd0', b: 'two' }],
      sum: ['add', { a: 'b', b: 'a' }],
      r1: ['relu', { x: 'sum' }],
      d1: ['add', { a: 'd0', b: 'dd', c: 'r1' }, { inputs: 3 }],
      ddd: ['multiply', { a: 'd1', b: 'three' }],
      difference: ['subtract', { a: 'b', b: 'a' }],
      r2: ['relu', { x: 'difference' }],
      d2: ['add', { a: 'd1', b: 'ddd', c: 'r2' }, { inputs: 3 }],
      e: ['subtract', { a: 'c2', b: 'd2' }],
      f: ['power', { x: 'e' }],
      half: ['divide', { a: 'f', b: 'two' }],
      over: ['divide', { a: 'ten', b: 'f' }],
      g: ['add', { a: 'half', b: 'over' }],
    },
    'g',
  );
  expect(value(o, 'g')).toBeCloseTo(24.7041, 4);
  expect(gradient(o, 'a')).toBeCloseTo(138.8338, 4);
  expect(gradient(o, 'b')).toBeCloseTo(645.5773, 4);
});

test('Mazur’s 2-2-2 network: one step of descent', () => {
  const bias = (at: number): Rows[string] => ['parameter', {}, { shape: [2], values: [at], role: 'bias', frozen: true }];
  const rows: Rows = {
    x: ['constant', {}, { shape: [2], values: [0.05, 0.1] }],
    t: ['constant', {}, { shape: [2], values: [0.01, 0.99] }],
    W1: array([2, 2], [0.15, 0.25, 0.2, 0.3]),
    W2: array([2, 2], [0.4, 0.5, 0.45, 0.55]),
    b1: bias(0.35),
    b2: bias(0.6),
    p1: ['matmul', { a: 'x', b: 'W1' }],
    s1: ['add', { a: 'p1', b: 'b1' }],
    h: ['sigmoid', { x: 's1' }],
    p2: ['matmul', { a: 'h', b: 'W2' }],
    s2: ['add', { a: 'p2', b: 'b2' }],
    y: ['sigmoid', { x: 's2' }],
    // He takes half the squared error.
    half: ['constant', {}, { shape: [], values: [0.5] }],
    e: ['squared-error', { prediction: 'y', target: 't' }],
    l: ['multiply', { a: 'e', b: 'half' }],
  };
  const o = opened(rows, 'l', { optimizer: 'sgd', hyper: { rate: 0.5 } });
  expect(value(o, 'l')).toBeCloseTo(0.298371, 6);
  o.device.runPhases(['update'], 1);
  expect(values(o, 'W1')[0]).toBeCloseTo(0.149781, 6);
  expect(values(o, 'W2')[0]).toBeCloseTo(0.358916, 6);
  run(o);
  expect(value(o, 'l')).toBeCloseTo(0.291028, 6);
});

test('Backprop Builder’s first example: x = 2, w = 3, b = 1, t = 9, one step with η = 0.05', () => {
  const o = opened(
    {
      x: ['constant', {}, { shape: [], values: [2] }],
      t: ['constant', {}, { shape: [], values: [9] }],
      w: number(3),
      b: number(1),
      p: ['multiply', { a: 'w', b: 'x' }],
      y: ['add', { a: 'p', b: 'b' }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    },
    'l',
    { optimizer: 'sgd', hyper: { rate: 0.05 } },
  );
  expect([value(o, 'y'), value(o, 'l'), gradient(o, 'w'), gradient(o, 'b')]).toEqual([7, 4, -8, -4]);
  o.device.runPhases(['update'], 1);
  expect([value(o, 'w'), value(o, 'b')]).toEqual([3.4, 1.2]);
  run(o);
  expect(value(o, 'y')).toBeCloseTo(8, 12);
  expect(value(o, 'l')).toBeCloseTo(1, 12);
});

test('two losses with weights and a penalty: the penalty counts once in the mean over the batch', () => {
  const rows: Rows = {
    x: ['input', {}, { shape: [] }],
    t: ['target', {}, { shape: [] }],
    w: number(0.5),
    half: ['constant', {}, { shape: [], values: [0.5] }],
    y: ['multiply', { a: 'x', b: 'w' }],
    first: ['squared-error', { prediction: 'y', target: 't' }],
    second: ['mean-absolute-error', { prediction: 'y', target: 't' }],
    share: ['multiply', { a: 'second', b: 'half' }],
    penalty: ['l2-penalty', { x: 'w' }, { strength: 0.1 }],
    l: ['add', { a: 'first', b: 'share', c: 'penalty' }, { inputs: 3 }],
  };
  const project = drawing(rows);
  expect(check(project, null)).toMatchObject({ objective: 'l', prediction: 'y' });
  const o = open(project, 2, { x: [1, 3], t: [1, 1] });
  run(o);
  // Errors −0.5 and 0.5: squares 0.25, halves of sizes 0.25; the penalty is 0.1 · 0.25.
  expect(o.device.batchLoss(2)).toBeCloseTo(0.25 + 0.25 + 0.025, 12);
  // ½(2·(−0.5)·1 + 2·0.5·3) + ½·½(−1 + 3) + 0.1·2·0.5
  expect(gradient(o, 'w')).toBeCloseTo(1 + 0.5 + 0.1, 12);
});

test.each([
  ['AND', { excitatory: 2, inhibitory: 0, threshold: 2 }, [0, 0, 0, 1]],
  ['OR', { excitatory: 2, inhibitory: 0, threshold: 1 }, [0, 1, 1, 1]],
  ['a but not b', { excitatory: 1, inhibitory: 1, threshold: 1 }, [0, 0, 1, 0]],
  ['neither excited nor inhibited', { excitatory: 1, inhibitory: 1, threshold: 0 }, [1, 0, 1, 0]],
])('a McCulloch–Pitts unit computes %s', (_name, attrs, table) => {
  const ports: Record<string, string> = attrs.inhibitory === 0 ? { x1: 'a', x2: 'b' } : { x1: 'a', inhibit1: 'b' };
  const answers = [0, 1, 2, 3].map((row) => {
    const o = opened({ a: number(row >> 1), b: number(row & 1), y: ['mcculloch-pitts', ports, attrs] }, 'y');
    return value(o, 'y/fires');
  });
  expect(answers).toEqual(table);
});
