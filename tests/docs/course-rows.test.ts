/**
 * No row of the course is lost: each has its page, its numbers are tested on the engine and read in the window. This
 * table says where; the test holds it against the pages, the tests' names and what the window's tests look for.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { lessons } from '../../src/renderer/learn/lessons/index';
import { PAGES } from '../e2e/course-numbers';

/** A test: its file below tests/ and the beginning of its name. */
type Named = readonly [file: string, name: string];
interface Row {
  /** Where it is another one's. */
  readonly page?: string;
  /** As they stand on the page, or in the window's test that is named. */
  readonly numbers?: readonly string[];
  readonly engine: readonly Named[];
  /** Beside the page's own entry in course-numbers.ts. */
  readonly window?: readonly Named[];
}

const TEACH = 'engine/teach/course.test.ts';
const FIXTURES = 'engine/fixtures.test.ts';
const TRACE = 'engine/train/trace.test.ts';
const EXERCISES = 'engine/teach/exercises.test.ts';
const LESSONS = 'renderer/learn/lessons.test.ts';
const BATCHES = 'engine/teach/batches.test.ts';
const PROJECTS = 'e2e/course-projects.spec.ts';
const COURSE = 'e2e/course.spec.ts';
const activations: Named = [TEACH, '%s at %f'];

const ROWS: Readonly<Record<string, Row>> = {
  '1.1': { numbers: ['no signal', 'fires'], engine: [[BATCHES, 'a neuron sends a spike only when']] },
  '1.2': {
    numbers: ['None of the', 'XOR', 'This unit computes NOT'],
    engine: [
      [TEACH, '%s is computed by its unit'],
      [TEACH, 'no unit computes XOR'],
    ],
  },
  '1.3': { numbers: ['= 1.5', '0.817574'], engine: [[FIXTURES, 'one neuron: x = (2, −1)']] },
  '1.4': { numbers: ['8 of 8', '4 of 8', '5 different values'], engine: [activations] },
  '1.5.1': {
    numbers: ['g(0) = 0', '0⁺', 'undefined'],
    engine: [
      [FIXTURES, '%s at %d is %d'],
      [LESSONS, '%s is a sound drawing'],
    ],
    window: [[PROJECTS, '1.5.1: a step is refused']],
  },
  '1.5.2': {
    numbers: ['g(0) = 0.5', 'g′(0) = 0.25', '0.002467', '1000'],
    engine: [activations, [TEACH, 'does not overflow at ±1000']],
  },
  '1.5.3': { numbers: ['g(0) = 0', 'g′(0) = 1', '0.009866'], engine: [activations] },
  '1.5.4': { numbers: ['−1 0 0', '0 0 0', '1 1 1'], engine: [activations] },
  '1.6': { numbers: ['w₁', 'w₂'], engine: [[TEACH, 'distance is the sum over the length of w']] },
  '1.7': { numbers: ['signed distance', 'the neuron says 1'], engine: [[TEACH, 'distance is the sum over the length of w']] },
  '1.8': {
    numbers: ['95 %'],
    engine: [[LESSONS, 'one neuron separates the clouds']],
    window: [[COURSE, 'a lesson sends people to the editor']],
  },
  '1.9': { numbers: ['right for 6', 'closed curve'], engine: [[TEACH, 'one line separates Gaussian clouds']] },
  '1.10': {
    numbers: ['with 3 neurons', '37'],
    engine: [
      [LESSONS, 'the network set by hand solves the circles'],
      [LESSONS, 'one neuron separates the clouds'],
    ],
    window: [
      [PROJECTS, '1.10: three neurons set by hand'],
      [COURSE, 'circles by hand, then by training'],
    ],
  },
  '1.11': { numbers: ['0.817574'], engine: [[FIXTURES, 'one neuron: x = (2, −1)']] },
  '1.12': { numbers: ['0.817574'], engine: [[FIXTURES, 'one neuron: x = (2, −1)']] },
  '2.1': { numbers: ['1.5', '0.817574', 'Refused'], engine: [[TRACE, 'σ(w₁x + w₂y + b)']] },
  '2.2': {
    numbers: ['Scalars', 'Neuron', 'Layer', 'Matrix', '0.817574', '0.149146'],
    engine: [
      [FIXTURES, 'one neuron: x = (2, −1)'],
      [TRACE, 'σ(w₁x + w₂y + b)'],
    ],
  },
  '2.3.1': { numbers: ['3 input', '7 hidden 2', '9 output'], engine: [[BATCHES, 'the layer of a neuron is its longest path']] },
  '2.3.2': { numbers: ['3 input', '7 hidden 2', '9 output'], engine: [[BATCHES, 'the layer of a neuron is its longest path']] },
  '2.3.3': { numbers: ['refuses the cycle', 'acyclic'], engine: [[LESSONS, '%s is a sound drawing']] },
  '2.3.4': { numbers: ['3 × 2 = 6'], engine: [[TEACH, '8-9-9-9-4']] },
  '2.3.5': { numbers: ['81 parameters', '90 parameters', '40 parameters'], engine: [[TEACH, '8-9-9-9-4']] },
  '2.3.6': {
    numbers: ['all that is left is one matrix'],
    engine: [[TEACH, 'with identities everywhere one matrix is left']],
    window: [['e2e/stepping.spec.ts', 'the drawing’s equations; with the identity everywhere']],
  },
  '2.3.7': {
    numbers: ['274', '39', '301', '270', '31'],
    engine: [
      [TEACH, '8-9-9-9-4'],
      [LESSONS, '8-9-9-9-4 has 270 weights'],
    ],
  },
  '2.3.8': {
    numbers: ['the whole batch: 0', '1e-6'],
    engine: [[FIXTURES, 'a layer row by row is the layer of the batch']],
    window: [[PROJECTS, '2.3.8: a batch of the open project']],
  },
  '2.3.9': { numbers: ['inner axes differ'], engine: [[LESSONS, '%s is a sound drawing']] },
  '2.4.1': {
    numbers: ['240 points checked', 'kinks skipped'],
    engine: [[TEACH, 'backward equals finite differences in two layers']],
  },
  '2.4.2': {
    numbers: ['inside the band', 'The smallest q'],
    engine: [
      [TEACH, 'more neurons come closer'],
      [TEACH, 'a smaller ε needs more'],
    ],
  },
  '2.4.3': { page: '2.4.2', engine: [[TEACH, 'more neurons come closer']] },
  '2.4.4': {
    numbers: ['0.02', 'Largest error at the samples'],
    engine: [
      [TEACH, 'a smaller ε needs more'],
      [LESSONS, 'one wide layer and three narrow ones have as many parameters'],
    ],
  },
  '3.1': { numbers: ['0.03328', '−0.1088'], engine: [[TRACE, 'σ(w₁x + w₂y + b)']] },
  '3.2': { numbers: ['1.3479', '0.16849'], engine: [[TEACH, 'a batch of n is gradient descent']] },
  '3.3.1': { numbers: ['between 0 and 1', 'Done'], engine: [[LESSONS, '%s is a sound drawing']] },
  '3.3.2': { numbers: ['0.033279', '−0.36485'], engine: [[FIXTURES, 'squared error of 0.817574']] },
  '3.3.3': { numbers: ['0.201413', '−0.182426', '1000'], engine: [[TEACH, 'squared error and binary cross-entropy']] },
  '3.4': { numbers: ['∂L/∂w', '∂L/∂b'], engine: [[TEACH, 'a batch of n is gradient descent']] },
  '3.5.1': { numbers: ['0.8', '0.64', '−1.2', '1.44'], engine: [[TEACH, 'L = θ² from 1']] },
  '3.5.2': { numbers: ['does not rise is 1', 'is safe', 'NO'], engine: [[TEACH, 'the largest safe rate']] },
  '3.5.3': {
    numbers: ['are restored'],
    engine: [
      [TEACH, 'early stopping stops at patience'],
      ['engine/train/timeline.test.ts', 'after a plateau and after its time'],
    ],
    window: [['e2e/training.spec.ts', 'each rule stops training']],
  },
  '3.5.4': { numbers: ['320,000'], engine: [[TEACH, 'finite differences cost a forward pass']] },
  '3.5.5': { numbers: ['updates 200', 'updates per epoch 20'], engine: [[BATCHES, '%i at a time']] },
  '3.5.6': {
    numbers: ['exactly', 'has 2 samples'],
    engine: [
      [BATCHES, 'all rows: gradient descent'],
      [BATCHES, '%i at a time'],
    ],
  },
  '3.6.1': { numbers: ['301', '302 forward passes'], engine: [[TEACH, 'finite differences cost a forward pass']] },
  '3.6.2': { numbers: ['0.9996'], engine: [[LESSONS, 'a composition has the product of both slopes']] },
  '3.6.3': { numbers: ['1982', '1985'], engine: [] },
  '3.6.4': { numbers: ['0.1491', '−0.108832', '−0.0544162'], engine: [[TRACE, 'σ(w₁x + w₂y + b)']] },
  '3.6.5': {
    numbers: ['with respect to itself is 1', 'x 2 −2.25', 'y 3 −1.5', 'z 1.5 −3'],
    engine: [[TRACE, 'exercise 1, a chain']],
  },
  '3.6.6': { numbers: ['w 0.75 2', 'x 2 0.75', 'b 0 1'], engine: [[TRACE, 'exercise 3, an activation gate']] },
  '3.6.7': {
    numbers: ['−1', '−2.25', '−1.5', '0.75'],
    engine: [
      [EXERCISES, '1, a chain'],
      [FIXTURES, 'exercise 1, a chain'],
    ],
    window: [[COURSE, 'exercise 1 from the start page']],
  },
  '3.6.8': {
    page: '3.6.7',
    numbers: ['−2.25'],
    engine: [[EXERCISES, 'the worked solution']],
    window: [[COURSE, 'a line of the solution']],
  },
  '3.6.9': {
    numbers: ['−1.5', '= −4', '= −2'],
    engine: [
      [EXERCISES, '2, a neuron'],
      [FIXTURES, 'exercise 2'],
    ],
  },
  '3.6.10': { page: '3.6.9', engine: [[EXERCISES, 'the worked solution']] },
  '3.6.11': { numbers: ['0.75', '∂l/∂x = 0'], engine: [[EXERCISES, '3, a gate']] },
  '3.6.12': { page: '3.6.11', engine: [[EXERCISES, 'the worked solution']] },
  '3.6.13': {
    numbers: ['−1.5', '= −2.25', '= 0.75'],
    engine: [
      [EXERCISES, '4, a fan-out'],
      [FIXTURES, 'exercise 4'],
    ],
  },
  '3.6.14': { page: '3.6.13', engine: [[EXERCISES, 'the worked solution']] },
  '3.6.15': {
    numbers: ['V₁ 2', 'V₂ 0.54', '1 × 3', '2 × 3'],
    engine: [['engine/teach/arrays.test.ts', 'on random drawings: all blocks']],
  },
  '3.6.16': { numbers: ['30 of 36', '1.07 GB', '268,435,456'], engine: [[TEACH, 'an activation: the full contraction']] },
  '3.6.17': { numbers: ['two ways: 0', '36 against 6'], engine: [[TEACH, 'an activation: the full contraction']] },
  '3.6.18': { page: '3.6.17', engine: [[TEACH, 'an activation: the full contraction']] },
  '3.6.19': { numbers: ['12 of 24', '24 against 12', 'two ways: 0'], engine: [[TEACH, 'a product: ∂L/∂X']] },
  '3.6.20': {
    numbers: ['2.5  0.5', '= 0.5', '1 & -2  1 & -2', '2.5  0 '],
    engine: [
      [TEACH, 'the fully connected layer of 3.6.20'],
      [FIXTURES, 'a fully connected layer'],
      [TRACE, 'section 3.6.20'],
    ],
  },
  '3.7.1': { numbers: ['spread 0, exactly'], engine: [[TEACH, 'zero and equal weights stay equal']] },
  '3.7.2': { numbers: ['0.0884', '0.125', '0.177', '0.667', '0.471', 'e−7'], engine: [[TEACH, 'ten ReLU layers of 128']] },
  // Numbers that others have printed.
  micrograd: {
    page: '3.6.4',
    numbers: ['24.7041', '138.834', '645.577'],
    engine: [
      [FIXTURES, 'micrograd’s README'],
      [TRACE, 'micrograd’s README'],
    ],
    window: [[PROJECTS, '3.6.4: micrograd’s expression']],
  },
  Mazur: {
    page: '3.6.20',
    numbers: ['0.298371', '0.291028', '0.1498', '0.3589'],
    engine: [
      [FIXTURES, 'Mazur’s 2-2-2'],
      [TRACE, 'Mazur’s 2-2-2'],
    ],
    window: [[PROJECTS, '3.6.20: Mazur’s network']],
  },
};

const texts = new Map<string, string>();
const textOf = (file: string): string => {
  const known = texts.get(file) ?? readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  texts.set(file, known);
  return known;
};
/** From its name to the next test's. */
function bodyOf([file, name]: Named): string | null {
  const text = textOf(file);
  const heads = [...text.matchAll(/\b(?:it|test)(?:\.each\((?:[^()]|\([^()]*\))*\))?\(\s*'/g)].map((m) => m.index + m[0].length);
  const at = heads.find((head) => text.startsWith(name, head)) ?? loose(text, name);
  return at === undefined ? null : text.slice(at, heads.find((head) => head > at) ?? text.length);
}
/** After a table of cases, whose brackets may lie in each other. */
const loose = (text: string, name: string): number | undefined => {
  const at = text.search(new RegExp(`\\)\\(\\s*'${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  return at < 0 ? undefined : at;
};

/** Without the signs of patterns; cells stand apart, so that their numbers do not run together. */
const readable = (source: string): string => source.replaceAll('\\s*', ' ').replaceAll('\\', '');
const plain = (word: string | RegExp): string => readable(typeof word === 'string' ? word : word.source);
/** As a whole: 20 is neither in 200 nor in 0.20 nor in −20. */
function stands(number: string, text: string): boolean {
  const before = /^\d/.test(number) ? '(?<![\\d.,−-])' : /^\p{L}/u.test(number) ? '(?<!\\p{L})' : '';
  const after = /\d$/.test(number) ? '(?!\\d|[.,]\\d)' : /\p{L}$/u.test(number) ? '(?!\\p{L})' : '';
  return new RegExp(`${before}${number.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}${after}`, 'u').test(text);
}
const wordsOf = (page: string): string => PAGES[page]!.flatMap(([, ...words]) => words.map(plain)).join('\n');

test('a number is looked for as a whole', () => {
  for (const text of ['200', '0.20', '20.5', '−20', 'spikes'])
    for (const part of ['20', '2', 'spike']) expect(stands(part, text), `${part} in ${text}`).toBe(false);
  for (const text of ['20', 'updates 20.', '20 %', '(20)']) expect(stands('20', text), text).toBe(true);
  expect(stands('−1 0 0', readable('−1\\s*0\\s*0'))).toBe(true);
});

describe('the rows of the course', () => {
  it('are those of its pages, and of what they stand for too', () => {
    const rows = lessons.flatMap((lesson) => [lesson.id, ...(lesson.also ? [lesson.also] : [])]);
    expect(Object.keys(ROWS).filter((row) => /^\d/.test(row))).toEqual(rows);
    expect(Object.keys(PAGES).sort()).toEqual(lessons.map(({ id }) => id).sort());
  });

  test.each(Object.entries(ROWS))(
    '%s: tested on the engine, and its numbers read in the window',
    (row, { page = row, numbers = [], engine, window = [] }) => {
      expect(lessons.map(({ id }) => id)).toContain(page);
      for (const named of [...engine, ...window]) expect(bodyOf(named), `no test '${named[1]}' in ${named[0]}`).not.toBeNull();
      const seen = [wordsOf(page), ...window.map((named) => readable(bodyOf(named)!))].join('\n');
      for (const number of numbers) expect(stands(number, seen), `nobody looks for ${number} on page ${page}`).toBe(true);
    },
  );
});
