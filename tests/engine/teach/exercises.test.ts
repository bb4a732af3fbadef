import katex from 'katex';
import { describe, expect, it, test } from 'vitest';
import type { Project } from '../../../src/engine/graph/project';
import { answerKey, classSet, giftText, statement } from '../../../src/engine/teach/class-set';
import { courseExercises, courseQuestion } from '../../../src/engine/teach/course-exercises';
import {
  blanksOf,
  freshNumbers,
  generateQuestion,
  markAnswer,
  markBlank,
  questionAbout,
} from '../../../src/engine/teach/exercises';
import { mistakesAbout } from '../../../src/engine/teach/mistakes';
import { grade, parseAnswer } from '../../../src/engine/teach/numbers';
import { checkPaper } from '../../../src/engine/teach/paper';
import { pathsToLoss } from '../../../src/engine/teach/paths';
import { scalarFacts, type ScalarFacts, statedNumbers } from '../../../src/engine/teach/scalar';
import { at, fixed, sketch, variable } from '../../../src/engine/teach/sketch';
import { solution } from '../../../src/engine/teach/solution';
import { drawing } from '../../support/drawing';

const exercise = (id: string) => courseExercises.find((e) => e.id === id)!;
const question = (id: string) => courseQuestion(exercise(id));
const named = (id: string) => Object.fromEntries(question(id).choices.map((c) => [c.value, c.mistake]));

describe('answers', () => {
  test.each([
    ['-2.25', -2.25],
    ['−2.25', -2.25],
    ['–2,25', -2.25],
    ['-9/4', -2.25],
    ['−9/4', -2.25],
    ['9/-4', -2.25],
    ['-2 1/4', -2.25],
    [' + 0.5 ', 0.5],
    ['.5', 0.5],
    ['5e-3', 0.005],
    ['3', 3],
    ['(−9/4)', -2.25],
    ['- 3', -3],
  ])('%s is %f', (text, value) => expect(parseAnswer(text)).toBeCloseTo(value, 12));
  test.each(['', 'x', '1/0', '1..2', '--1', '1/2/3'])("'%s' is no number", (text) => expect(parseAnswer(text)).toBeNull());
  test.each([
    ['0.8176', 0.8175744762, 'right'],
    ['0.818', 0.8175744762, 'right'],
    ['0.82', 0.8175744762, 'right'],
    ['1', 0.8175744762, 'wrong'],
    ['0.8', 0.8175744762, 'wrong'],
    ['0.81', 0.8175744762, 'rounding'],
    ['0.825', 0.8175744762, 'rounding'],
    ['-0.8176', 0.8175744762, 'wrong'],
    ['1/3', 1 / 3, 'right'],
    ['1/3', 0.3333, 'right'],
    ['0', 0, 'right'],
    ['-2.3', -2.25, 'right'],
    ['2.25', -2.25, 'wrong'],
    ['two', 2, 'unreadable'],
  ])('%s for %f: %s', (text, exact, verdict) => expect(grade(text, exact).verdict).toBe(verdict));
});

describe('the exercises of the course', () => {
  it('1, a chain: local derivatives 1.5, 0.5, −3; −2.25 is B', () => {
    const q = question('1');
    expect([q.facts.locals.get('y.a'), q.facts.locals.get('z.a'), q.facts.locals.get('l.prediction')]).toEqual([1.5, 0.5, -3]);
    expect([q.facts.values.get('y'), q.facts.values.get('z'), q.facts.values.get('l')]).toEqual([3, 1.5, 2.25]);
    expect(q.choices.map((c) => [c.letter, c.value])).toEqual([
      ['A', -1],
      ['B', -2.25],
      ['C', -1.5],
      ['D', 0.75],
    ]);
    expect(named('1')).toEqual({ '-1': 'added', '-2.25': null, '-1.5': 'dropped-factor', '0.75': 'forgot-upstream' });
    expect(q.choices[2]!.explanation).toContain('∂y/∂x');
    expect(q.choices[3]!.explanation).toContain('∂l/∂z');
  });
  it('2, a neuron without activation: −1.5, −4, −2; the trap is w alone', () => {
    const q = question('2');
    expect([
      q.answer,
      q.facts.gradients.get('w'),
      q.facts.gradients.get('b'),
      q.facts.gradients.get('s'),
      q.facts.values.get('l'),
    ]).toEqual([-1.5, -4, -2, -2, 1]);
    expect(mistakesAbout(q.facts, 'x').find((m) => m.value === 0.75)?.name).toBe('forgot-upstream');
  });
  it('3, a gate: 0.75 when open, every gradient 0 when dead', () => {
    const open = question('3');
    expect([open.answer, open.facts.values.get('y'), open.facts.values.get('l')]).toEqual([0.75, 1.5, 0.25]);
    const dead = question('3-dead');
    expect([dead.facts.values.get('s'), dead.facts.values.get('y'), dead.facts.values.get('l')]).toEqual([-0.5, 0, 1]);
    expect(['x', 'w', 'b'].map((id) => dead.facts.gradients.get(id)! + 0)).toEqual([0, 0, 0]);
    expect(named('3-dead')).toMatchObject({ 0: null, 0.75: 'only-local' });
    expect(dead.choices.some((c) => c.mistake === 'forgot-activation')).toBe(true);
  });
  it('4, a fan-out: −2.25 and 0.75 add up to −1.5', () => {
    const q = question('4');
    expect(q.facts.values.get('l')).toBe(0.5625);
    expect([q.facts.gradients.get('y1'), q.facts.gradients.get('y2')]).toEqual([-1.5, 1.5]);
    expect(pathsToLoss(q.facts, 'x')).toMatchObject({ total: 2, cut: false, sum: -1.5, gradient: -1.5 });
    expect(
      pathsToLoss(q.facts, 'x')
        .paths.map((p) => p.product)
        .sort(),
    ).toEqual([-2.25, 0.75].sort());
    expect(named('4')).toEqual({ '-2.25': 'forgot-path', '-1.5': null, '0.75': 'forgot-path' });
    expect(named('1-fan-out')).toEqual(named('4'));
  });
});

const swing = sketch(
  { title: 'σ', training: { objective: 'l' } },
  {
    w1: variable(0.5, at(0, 0)),
    x: variable(2, at(0, 1)),
    w2: variable(-0.25, at(0, 2)),
    y: variable(-1, at(0, 3)),
    b: variable(0.25, at(1, 4), 'bias'),
    p1: ['multiply', { a: 'w1', b: 'x' }, at(1, 0)],
    p2: ['multiply', { a: 'w2', b: 'y' }, at(1, 1)],
    s: ['add', { a: 'p1', b: 'p2', c: 'b' }, at(2, 0), { inputs: 3 }],
    f: ['sigmoid', { x: 's' }, at(3, 0)],
    t: fixed(1, at(3, 1)),
    l: ['squared-error', { prediction: 'f', target: 't' }, at(4, 0)],
  },
);

/** The central difference of the loss. */
function slope(facts: ScalarFacts, project: Parameters<typeof scalarFacts>[0], node: string): number {
  const lossAt = (value: number): number => {
    const made = scalarFacts(project, { ...facts.numbers, [node]: value });
    return 'facts' in made ? made.facts.values.get(made.facts.objective)! : Number.NaN;
  };
  const h = 1e-5;
  return (lossAt(facts.numbers[node]! + h) - lossAt(facts.numbers[node]! - h)) / (2 * h);
}

describe('from any drawing', () => {
  const projects: Record<string, Project> = { ...Object.fromEntries(courseExercises.map((e) => [e.id, e.project])), swing };
  test.each(Object.keys(projects))('%s: a dozen seeds give exact answers and distinct choices', (name) => {
    const project = projects[name]!;
    for (let seed = 1; seed <= 12; seed++) {
      const made = generateQuestion(project, seed);
      if ('fault' in made) throw new Error(made.fault);
      const q = made.question;
      expect(q.choices.filter((c) => c.mistake === null)).toHaveLength(1);
      expect(q.choices.length).toBeGreaterThanOrEqual(3);
      expect(new Set(q.choices.map((c) => c.value.toFixed(9))).size).toBe(q.choices.length);
      expect(slope(q.facts, project, q.node)).toBeCloseTo(q.answer, 4);
      expect(generateQuestion(project, seed)).toMatchObject({ question: { answer: q.answer, node: q.node } });
      expect(markAnswer(q, String(q.answer)).verdict).toBe('right');
      for (const c of q.choices)
        if (c.mistake !== null && grade(String(c.value), q.answer).verdict === 'wrong')
          expect(markAnswer(q, String(c.value)).mistake).not.toBeNull();
      for (const id of q.facts.gradients.keys()) expect(pathsToLoss(q.facts, id).sum).toBeCloseTo(q.facts.gradients.get(id)!, 9);
    }
  });

  it('new numbers differ from seed to seed', () => {
    const values = [1, 2, 3, 4].map((seed) =>
      JSON.stringify((freshNumbers(swing, seed) as { facts: ScalarFacts }).facts.numbers),
    );
    expect(new Set(values).size).toBe(4);
  });

  it('arrays and missing losses are refused with a sentence', () => {
    expect(scalarFacts(drawing({ x: ['input', {}, { shape: [2] }], h: ['dense', { x: 'x' }] }), {})).toMatchObject({
      fault: expect.stringContaining('array'),
    });
    expect(scalarFacts(drawing({ x: ['constant', {}, { values: [1] }], y: ['negate', { x: 'x' }] }), {})).toMatchObject({
      fault: expect.stringContaining('loss'),
    });
  });

  it('data-driven neurons work too: inputs and targets get numbers', () => {
    const project = drawing({
      x: ['input', {}, { shape: [] }],
      n: ['neuron', { x1: 'x' }, { inputs: 1 }],
      t: ['target', {}, { shape: [] }],
      l: ['squared-error', { prediction: 'n', target: 't' }],
    });
    const made = generateQuestion(project, 3);
    if ('fault' in made) throw new Error(made.fault);
    expect(slope(made.question.facts, project, made.question.node)).toBeCloseTo(made.question.answer, 4);
  });

  it('no exercise is made where a saturated activation leaves nothing of the gradient', () => {
    const saturating = sketch(
      { title: 'saturating', training: { objective: 'l' } },
      {
        x: variable(4, at(0, 0)),
        w: variable(4, at(0, 1)),
        s: ['multiply', { a: 'x', b: 'w' }, at(1, 0)],
        y: ['sigmoid', { x: 's' }, at(2, 0)],
        t: fixed(1, at(2, 1)),
        l: ['squared-error', { prediction: 'y', target: 't' }, at(3, 0)],
      },
    );
    for (let seed = 1; seed <= 20; seed++) {
      const made = generateQuestion(saturating, seed);
      if ('fault' in made) throw new Error(made.fault);
      expect(Math.abs(made.question.answer)).toBeGreaterThan(0.01);
    }
  });

  it('the 2 of a square is forgotten where there is one square, and nowhere else', () => {
    const power = (exponent: number, half = false): readonly number[] => {
      const project = sketch(
        { title: 'power', training: { objective: 'l' } },
        {
          x: variable(3, at(0, 0)),
          a: fixed(2, at(0, 1)),
          y: ['multiply', { a: 'x', b: 'a' }, at(1, 0)],
          t: fixed(1, at(1, 1)),
          u: ['power', { x: 'y' }, at(2, 0), { exponent }],
          l: half
            ? ['squared-error', { prediction: 'y', target: 't' }, at(3, 0), { half }]
            : ['add', { a: 'u', b: 't' }, at(3, 0)],
        },
      );
      const made = scalarFacts(project, statedNumbers(project)!);
      if ('fault' in made) throw new Error(made.fault);
      return mistakesAbout(made.facts, 'x')
        .filter(({ name }) => name === 'forgot-two')
        .map(({ value }) => value);
    };
    expect(power(2)).toEqual([12]);
    expect(power(3)).toEqual([]);
    expect(power(2, true)).toEqual([]);
  });

  it('a path is named by where it parts from the others; a number that is its own name is not given', () => {
    const project = sketch(
      { title: 'parting', training: { objective: 'l' } },
      {
        x: variable(2, at(0, 0)),
        '3': fixed(3, at(0, 1)),
        s: ['multiply', { a: 'x', b: '3' }, at(1, 0)],
        y: ['exp', { x: 's' }, at(2, 0)],
        l: ['subtract', { a: 'y', b: 's' }, at(3, 0)],
      },
    );
    const made = scalarFacts(project, statedNumbers(project)!);
    if ('fault' in made) throw new Error(made.fault);
    const forgotten = mistakesAbout(made.facts, 'x').filter(({ name }) => name === 'forgot-path');
    expect(forgotten.map(({ explanation }) => /the path (.*?) alone/.exec(explanation)![1])).toEqual([
      'through y',
      'straight from s to l',
    ]);
    expect(statement(questionAbout(project, made.facts, 'x')).given).toEqual(['x = 2']);
  });

  it('lists of paths are bounded and say so', () => {
    const rows: Record<string, readonly [string, Record<string, string>?, Record<string, number | readonly number[]>?]> = {
      x0: ['parameter', {}, { values: [1] }],
    };
    for (let i = 1; i <= 20; i++) rows[`x${i}`] = ['add', { a: `x${i - 1}`, b: `x${i - 1}` }];
    const project = drawing(rows, { objective: 'x20' });
    const made = scalarFacts(project, statedNumbers(project)!);
    if ('fault' in made) throw new Error(made.fault);
    const paths = pathsToLoss(made.facts, 'x0', 100);
    expect([paths.total, paths.paths.length, paths.cut, paths.gradient]).toEqual([2 ** 20, 100, true, 2 ** 20]);
  });
});

describe('filling in', () => {
  const { facts } = question('4');
  it('goes forward with local derivatives, then backward, with the sum at the fan-out', () => {
    const blanks = blanksOf(facts);
    const answer = (key: string) => blanks.find((b) => b.key === key)?.answer;
    expect(answer('value:s')).toBe(0.75);
    expect(answer('local:y1.a')).toBe(1.5);
    expect(answer('contribution:y1.a')).toBe(-2.25);
    expect(answer('contribution:y2.a')).toBe(0.75);
    expect(answer('sum:x')).toBe(-1.5);
    expect(blanks.findIndex((b) => b.kind === 'contribution')).toBeGreaterThan(blanks.findLastIndex((b) => b.kind === 'local'));
    for (const b of blanks) expect(markBlank(facts, b, String(b.answer)).verdict).toBe('right');
  });
  it('names the slip', () => {
    const blank = (key: string) => blanksOf(facts).find((b) => b.key === key)!;
    expect(markBlank(facts, blank('sum:x'), '-2.25').mistake).toBe('forgot-path');
    expect(markBlank(facts, blank('contribution:y1.a'), '1.5').mistake).toBe('forgot-upstream');
    expect(markBlank(facts, blank('contribution:y1.a'), '9/4').mistake).toBe('wrong-sign');
    expect(markBlank(facts, blank('value:y1'), '2.5').mistake).toBe('added');
    expect(markBlank(facts, blank('local:l.x'), '0.5625').mistake).toBe('value-not-derivative');
  });
});

describe('on paper', () => {
  it('pasted values are right, rounded, wrong or unknown', () => {
    const { facts } = question('1');
    const rows = checkPaper(facts, 'y = 3\nz: 1.5\nl\t2.25\n∂l/∂z = −3\ndl/dy = -1.49\n∂l/∂x = -1\nq = 4\n∂l/∂x −9/4\n');
    expect(rows.map((r) => r.verdict)).toEqual(['right', 'right', 'right', 'right', 'rounding', 'wrong', 'unknown', 'right']);
    expect(rows[5]!.remark).toContain('added');
  });
  it('the worked solution goes from the given numbers to the answer and is typeset', () => {
    for (const e of courseExercises) {
      const q = courseQuestion(e);
      const lines = solution(q.facts, q.node);
      const parts = lines.map((l) => l.part);
      expect(parts[0]).toBe('given');
      expect(parts.at(-1)).toBe('answer');
      expect(lines.at(-1)!.text).toContain(q.answer === 0 ? '0' : String(q.answer).replace('-', '−'));
      for (const tex of lines.flatMap((l) => l.latex))
        expect(() => katex.renderToString(tex, { throwOnError: true, strict: 'error' })).not.toThrow();
    }
  });
  it('a class set is GIFT with one right answer each, and a key', () => {
    const made = classSet(exercise('1').project, 'Chain rule', 5, 10, 'x');
    if ('fault' in made) throw new Error(made.fault);
    const gift = giftText(made.set);
    expect(gift.match(/^::/gm)).toHaveLength(5);
    expect(gift.match(/^ {2}=/gm)).toHaveLength(5);
    // Outside of escapes there is exactly one block of answers a question.
    const bare = gift.replaceAll(/\\[~=#{}:\\]/g, '');
    expect(bare.match(/\{/g)).toHaveLength(5);
    expect(bare.match(/\}/g)).toHaveLength(5);
    const key = answerKey(made.set)
      .split('\n')
      .filter((line) => /^\d+\. [A-D] \(/.test(line));
    expect(key).toHaveLength(5);
  });
  it('printed choices must come from named mistakes', () => {
    const { project, node } = exercise('1');
    expect(() => questionAbout(project, question('1').facts, node, { values: [17] })).toThrow(/No named mistake/);
  });
});
