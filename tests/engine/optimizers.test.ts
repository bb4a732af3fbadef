/**
 * The card of each optimizer, printed from the expressions that train; and one step of each by hand against the same
 * expressions, so that what is printed is what is done.
 */
import katex from 'katex';
import { describe, expect, test } from 'vitest';
import { type Expr, evaluate } from '../../src/engine/ir/expr';
import { optimizers } from '../../src/engine/optimizers/index';
import { updateLatex } from '../../src/engine/optimizers/optimizer';

test('the cards', () => {
  for (const optimizer of optimizers)
    for (const line of updateLatex(optimizer))
      expect(() => katex.renderToString(line, { throwOnError: true, strict: 'error' }), line).not.toThrow();
  expect(Object.fromEntries(optimizers.map((optimizer) => [optimizer.name, updateLatex(optimizer)]))).toMatchInlineSnapshot(`
    {
      "adagrad": [
        "v \\leftarrow v + g^{2}",
        "w \\leftarrow w - \\frac{\\eta \\cdot g}{\\sqrt{v} + \\varepsilon}",
      ],
      "adam": [
        "m \\leftarrow \\beta_1 \\cdot m + \\left(1 - \\beta_1\\right) \\cdot g",
        "v \\leftarrow \\beta_2 \\cdot v + \\left(1 - \\beta_2\\right) \\cdot g^{2}",
        "w \\leftarrow w - \\frac{\\eta \\cdot \\frac{m}{1 - \\beta_1^{t}}}{\\sqrt{\\frac{v}{1 - \\beta_2^{t}}} + \\varepsilon}",
      ],
      "adamw": [
        "m \\leftarrow \\beta_1 \\cdot m + \\left(1 - \\beta_1\\right) \\cdot g",
        "v \\leftarrow \\beta_2 \\cdot v + \\left(1 - \\beta_2\\right) \\cdot g^{2}",
        "w \\leftarrow w \\cdot \\left(1 - \\eta \\cdot \\lambda\\right) - \\frac{\\eta \\cdot \\frac{m}{1 - \\beta_1^{t}}}{\\sqrt{\\frac{v}{1 - \\beta_2^{t}}} + \\varepsilon}",
      ],
      "momentum": [
        "v \\leftarrow \\mu \\cdot v + g",
        "w \\leftarrow w - \\eta \\cdot v",
      ],
      "nesterov": [
        "v \\leftarrow \\mu \\cdot v + g",
        "w \\leftarrow w - \\eta \\cdot \\left(g + \\mu \\cdot v\\right)",
      ],
      "rmsprop": [
        "v \\leftarrow \\alpha \\cdot v + \\left(1 - \\alpha\\right) \\cdot g^{2}",
        "w \\leftarrow w - \\frac{\\eta \\cdot g}{\\sqrt{v} + \\varepsilon}",
      ],
      "sgd": [
        "w \\leftarrow w - \\eta \\cdot g",
      ],
    }
  `);
});

/** Two steps with the gradients 0.5 and −0.25 from w = 1, as the papers write them. */
const BY_HAND: Readonly<Record<string, (h: Readonly<Record<string, number>>) => number>> = {
  sgd: ({ rate }) => 1 - rate! * 0.5 + rate! * 0.25,
  momentum: ({ rate, momentum }) => {
    const v = 0.5;
    return 1 - rate! * v - rate! * (momentum! * v - 0.25);
  },
  nesterov: ({ rate, momentum }) => {
    const first = 0.5;
    const second = momentum! * first - 0.25;
    return 1 - rate! * (0.5 + momentum! * first) - rate! * (-0.25 + momentum! * second);
  },
  adagrad: ({ rate, epsilon }) =>
    1 - (rate! * 0.5) / (Math.sqrt(0.25) + epsilon!) + (rate! * 0.25) / (Math.sqrt(0.25 + 0.0625) + epsilon!),
  rmsprop: ({ rate, alpha, epsilon }) => {
    const first = (1 - alpha!) * 0.25;
    const second = alpha! * first + (1 - alpha!) * 0.0625;
    return 1 - (rate! * 0.5) / (Math.sqrt(first) + epsilon!) + (rate! * 0.25) / (Math.sqrt(second) + epsilon!);
  },
  adam: (h) => adam(1, h),
  adamw: (h) => adam(1, h, h['decay']),
};
function adam(start: number, { rate, beta1, beta2, epsilon }: Readonly<Record<string, number>>, decay = 0): number {
  let [w, m, v] = [start, 0, 0];
  [0.5, -0.25].forEach((g, i) => {
    m = beta1! * m + (1 - beta1!) * g;
    v = beta2! * v + (1 - beta2!) * g * g;
    w -= rate! * decay * w;
    w -= (rate! * (m / (1 - beta1! ** (i + 1)))) / (Math.sqrt(v / (1 - beta2! ** (i + 1))) + epsilon!);
  });
  return w;
}

test('a line of a card uses the lines above it: the weight reads a slot’s new value and never its old one', () => {
  for (const { slots, update } of optimizers)
    for (const slot of slots) {
      const old = new Set<unknown>();
      const look = (e: Expr): void => {
        if (JSON.stringify(e) === JSON.stringify(update[slot])) return;
        if (e.kind === 'read' && e.name === slot) old.add(e);
        if (e.kind === 'unary') look(e.x);
        if (e.kind === 'binary') [e.x, e.y].forEach(look);
      };
      look(update['w']!);
      expect(old.size).toBe(0);
    }
});

describe.each(optimizers.map((optimizer) => [optimizer.name, optimizer] as const))('%s', (name, optimizer) => {
  test('two steps by hand', () => {
    const hyper = Object.fromEntries(Object.entries(optimizer.hyper).map(([key, spec]) => [key, spec.default]));
    const state: Record<string, number> = { ...hyper, w: 1, ...Object.fromEntries(optimizer.slots.map((slot) => [slot, 0])) };
    for (const [key, { init }] of Object.entries(optimizer.counters)) state[key] = init;
    for (const g of [0.5, -0.25]) {
      for (const [key, { next }] of Object.entries(optimizer.counters)) state[key] = evaluate(next, (at) => state[at]!);
      const before = { ...state, g };
      for (const [key, value] of Object.entries(optimizer.update)) state[key] = evaluate(value, (at) => before[at as 'g']);
    }
    expect(state['w']).toBeCloseTo(BY_HAND[name]!(hyper), 12);
  });
});
