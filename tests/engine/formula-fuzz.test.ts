/**
 * Whatever is typed: text that is nearly a formula, and text that is none, never breaks the reader; each fault has a
 * place inside the text and a sentence. What is read can be written and read again as the same drawing.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFormula } from '../../src/engine/compile/formula/read';
import { formulaOf } from '../../src/engine/compile/formula/write';
import { check } from '../../src/engine/compile/check';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { ops } from '../../src/engine/ops/index';
import { drawing, type Rows } from '../support/drawing';
import { meaning } from '../support/meaning';
import { canBatch, casesOf, numbersFor, sizeOfLengths } from '../support/op-cases';

function expectSound(text: string, isHuge = false): void {
  const result = parseFormula(text);
  if (!result.ok) {
    const { line, column, message } = result.fault;
    const lines = text.split('\n');
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1);
    expect(message).toMatch(/^.{8,}[.?]$/su);
    return;
  }
  if (isHuge) {
    const written = formulaOf(result.graph);
    const again = written.ok ? parseFormula(written.text) : null;
    expect(again?.ok && Object.keys(again.graph.nodes).length).toBe(Object.keys(result.graph.nodes).length);
    return;
  }
  // Every number can be kept in a file.
  expect(JSON.parse(JSON.stringify(result.graph))).toEqual(result.graph);
  check({ ...drawing({}), ...result.graph }, null);
  const written = formulaOf(result.graph);
  if (!written.ok) throw new Error(`${JSON.stringify(text)}: ${written.message}`);
  const again = parseFormula(written.text);
  if (!again.ok) throw new Error(`${JSON.stringify(text)} → ${JSON.stringify(written.text)}: ${again.fault.message}`);
  expect(meaning(again.graph)).toEqual(meaning(result.graph));
}

const names = [...ops.values()].map(({ name }) => name.replaceAll('-', '_'));
const attributes = [...new Set([...ops.values()].flatMap(({ attrs }) => Object.keys(attrs)))];
/** Pieces of formulas, in any order. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('x', 'y', 'w1', 'b', 't', 'l', 'h', 'hidden', '`first layer`', 'a', 'π', 'θ1') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('+', '-', '*', '/', '^', '**', '@', '=', '(', ')', '[', ']', ',', ';', '\n', '#', "'", '"', '`'),
  },
  { weight: 2, arbitrary: fc.constantFrom('0', '1', '2.5', '.5', '1e3', '1e-9', '1e999', '12', '3.', '-1') },
  { weight: 3, arbitrary: fc.constantFrom(...names).map((name) => `${name}(`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...attributes, 'label', 'constructor', '__proto__', 'toString').map((name) => `${name}=`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'true', 'false', 'NaN', 'Infinity'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
);

describe('anything that is typed', () => {
  test('pieces of formulas', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(' ')),
        (text) => expectSound(text),
      ),
      { numRuns: 6000, seed: 1, examples: [['- 0'], ['constant ( values= [ - 0 ] )'], ['x ^ - 0']] },
    );
  });

  test('characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => expectSound(text)),
      { numRuns: 2000, seed: 1 },
    );
  });

  test('a formula with one character changed, added or lost', () => {
    const good = [
      'l = (sigmoid(w1*x + w2*y + b) - t)^2',
      "x = input(shape=[2])\nh = dense(x, units=4, activation='tanh', label=\"it's\")\nl = mean_squared_error(h, t)",
      "y = sum(concatenate(a, b, c), axes='0') @ constant(shape=[2, 3], values=[1, -2.5e-3])",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.nat(120),
        fc.string({ unit: 'binary', minLength: 0, maxLength: 1 }),
        fc.nat(1),
        (text, at, put, lost) => expectSound(text.slice(0, at) + put + text.slice(at + lost)),
      ),
      { numRuns: 3000, seed: 1 },
    );
  });

  test.each([
    ['brackets', `${'('.repeat(20_000)}1`],
    ['signs', `${'-'.repeat(20_000)}1`],
    ['calls', `${'tanh('.repeat(20_000)}x${')'.repeat(20_000)}`],
    ['powers', `x${'^2'.repeat(20_000)}`],
    ['names that wait for names', Array.from({ length: 5000 }, (_, i) => `a${i} = a${i + 1} + 1`).join('\n')],
    ['sums', Array.from({ length: 20_000 }, () => 'x').join(' - ')],
    ['lines', Array.from({ length: 3000 }, (_, i) => `a${i + 1} = tanh(a${i})`).join('\n')],
  ])('very deep or long: %s', (_what, text) => expectSound(text, true), 60_000);

  test.each([
    ['y = 1e999', '1:5'],
    ['y = -1e999', '1:6'],
    ['y = x^99', '1:7'],
    ['y = x^1e999', '1:7'],
    ['y = constant(values=[1, 1e999])', '1:25'],
    ['y = dense(x, constructor=1)', '1:14'],
    ['y = dense(x, units=4, units=5)', '1:23'],
    ["y = tanh(x, label='a', label='b')", '1:24'],
    ['y = tanh(x, label=3)', '1:19'],
    ['constructor = 1', '1:1'],
    ['__proto__ = 1', '1:1'],
    ['y = __proto__', '1:5'],
    ['y = `a.b` + 1', '1:5'],
  ])('%s is refused at %s', (text, place) => {
    const result = parseFormula(text);
    expect(result.ok ? 'nowhere' : `${result.fault.line}:${result.fault.column}`).toBe(place);
  });
});

describe.each([...ops.values()].filter(({ kind }) => kind !== 'source').map((op) => [op.name, op] as const))('%s', (name, op) => {
  test('as text and back, with each of its cases and each of its attributes other than usual', () => {
    const shapesAndAttrs = [
      ...casesOf(op),
      ...Object.entries(op.attrs).flatMap(([attr, spec]) => {
        const [one] = casesOf(op);
        const other =
          spec.kind === 'boolean'
            ? !spec.default
            : spec.kind === 'choice'
              ? spec.choices.map(({ value }) => value).find((value) => value !== spec.default)!
              : spec.kind === 'number'
                ? (spec.max ?? spec.default + 1.25)
                : null;
        return one && other !== null ? [{ ...one, attrs: { ...one.attrs, [attr]: other } }] : [];
      }),
    ];
    for (const one of shapesAndAttrs) {
      const attrs = completeAttrs(op, one.attrs ?? {});
      const rows: Record<string, Rows[string]> = { x0: ['input', {}, { shape: [] }] };
      const inputs: Record<string, string> = {};
      op.ports(attrs).forEach((port, i) => {
        const shape = one.shapes[i % one.shapes.length]!;
        rows[`p${i}`] = ['parameter', {}, { shape, values: numbersFor(op, sizeOfLengths(shape), i) }];
        inputs[port.name] = `p${i}`;
        if (i === 0 && !canBatch(op, one, () => false)) {
          rows['each'] = ['multiply', { a: 'x0', b: 'p0' }];
          inputs[port.name] = 'each';
        }
      });
      rows['y'] = [name, inputs, one.attrs];
      const graph = drawing(rows);
      const text = formulaOf(graph);
      if (!text.ok) throw new Error(text.message);
      const again = parseFormula(text.text);
      if (!again.ok) throw new Error(`${text.text}: ${again.fault.message}`);
      expect(meaning(again.graph)).toEqual(meaning(graph));
    }
  });
});
