/**
 * Class sets as Moodle reads them: a strict reader of the GIFT format, which undoes escapes as Moodle's own
 * importer does (question/format/gift/format.php), refuses everything that it would misread, and gives back
 * what was meant.
 */
import katex from 'katex';
import { describe, expect, test } from 'vitest';
import type { Project } from '../../../src/engine/graph/project';
import { type ClassSet, classSet, giftText } from '../../../src/engine/teach/class-set';
import { courseExercises } from '../../../src/engine/teach/course-exercises';
import { mistakeTitles } from '../../../src/engine/teach/mistakes';
import { answerText } from '../../../src/engine/teach/numbers';
import { askableArrays, unfoldAround } from '../../../src/engine/teach/unfold';
import { drawing } from '../../support/drawing';

interface GiftAnswer {
  readonly right: boolean;
  readonly text: string;
  readonly feedback: string;
}
interface GiftQuestion {
  readonly title: string;
  readonly text: string;
  readonly answers: readonly GiftAnswer[];
}

/** Private characters stand for escaped ones while the text is taken apart, as in Moodle's importer. */
const ESCAPES = ['\\', ':', '#', '=', '{', '}', '~'];
const hide = (text: string): string =>
  text.replaceAll(/\\(.)/gs, (whole, c: string) => {
    const at = ESCAPES.indexOf(c);
    if (at < 0) throw new Error(`'${whole}' is no escape of GIFT.`);
    return String.fromCharCode(0xe000 + at);
  });
const show = (text: string): string => text.replaceAll(/[\ue000-\ue006]/g, (c) => ESCAPES[c.charCodeAt(0) - 0xe000]!).trim();

function readGift(text: string): { readonly category: string | null; readonly questions: readonly GiftQuestion[] } {
  let category: string | null = null;
  const questions: GiftQuestion[] = [];
  // Questions are divided by blank lines; comments and the category stand on lines of their own.
  for (const block of text.split(/\n[ \t]*\n/)) {
    const lines = block.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('//'));
    const named = lines.find((line) => line.startsWith('$CATEGORY:'));
    if (named !== undefined) {
      category = named.slice('$CATEGORY:'.length).trim();
      if (lines.length > 1) throw new Error('A category stands with a question.');
      continue;
    }
    if (lines.length === 0) continue;
    const whole = hide(lines.join('\n'));
    const cut = /^::([^:{}~=#]+)::([^{}~=#]+)\{([^{}]+)\}\s*$/.exec(whole);
    if (!cut) throw new Error(`This is no question:\n${lines.join('\n')}`);
    const answers: GiftAnswer[] = [];
    for (const part of cut[3]!.matchAll(/([=~])([^=~]*)/g)) {
      const [answer, ...feedback] = part[2]!.split('#');
      if (feedback.length > 1) throw new Error('An answer has two feedbacks.');
      if (/->/.test(answer!) || answer!.trimStart().startsWith('%')) throw new Error('An answer reads as something else.');
      answers.push({ right: part[1] === '=', text: show(answer!), feedback: show(feedback[0] ?? '') });
    }
    if (/^[^=~]*\S/.test(cut[3]!.replace(/[=~][\s\S]*$/, ''))) throw new Error('Something stands before the answers.');
    questions.push({ title: show(cut[1]!), text: show(cut[2]!), answers });
  }
  return { category, questions };
}

function expectGift(set: ClassSet, title = set.title): void {
  const { category, questions } = readGift(giftText(set));
  expect(category!.replaceAll('//', '/')).toBe(title);
  expect(questions).toHaveLength(set.questions.length);
  for (const [i, { title: own, text, answers }] of questions.entries()) {
    const { question } = set.questions[i]!;
    expect(own).toBe(`${title} ${i + 1}`);
    expect(text).toContain(`What is \\( ${question.latex} \\)?`);
    // What stands between \( and \) is LaTeX again after the escapes are undone.
    for (const [, latex] of text.matchAll(/\\\( (.*?) \\\)/gs))
      expect(() => katex.renderToString(latex!, { throwOnError: true, strict: 'error' }), latex).not.toThrow();
    expect(answers.filter((a) => a.right).map((a) => a.text)).toEqual([answerText(question.answer)]);
    expect(answers.map((a) => a.text)).toEqual(question.choices.map((c) => answerText(c.value)));
    expect(new Set(answers.map((a) => a.text)).size).toBe(answers.length);
    for (const [k, { feedback }] of answers.entries()) {
      const choice = question.choices[k]!;
      expect(feedback).toBe(
        `${choice.mistake === null ? '' : `${mistakeTitles[choice.mistake]}. `}${choice.explanation} ${choice.solution}`,
      );
    }
  }
}

const setOf = (project: Project, title: string, count: number, node?: string): ClassSet => {
  const made = classSet(project, title, count, 1, node);
  if ('fault' in made) throw new Error(made.fault);
  return made.set;
};

describe('a class set as GIFT', () => {
  test.each(courseExercises.map((e) => e.id))('exercise %s: what Moodle reads is what was meant', (id) => {
    const { project, node, title } = courseExercises.find((e) => e.id === id)!;
    expectGift(setOf(project, title, 6, node));
  });

  test('titles and names that GIFT reserves come through', () => {
    const { project } = courseExercises[0]!;
    const odd = 'a: {b} ~ 50% = #1 \\ x/y // ::';
    expectGift(setOf(project, odd, 2, 'x'), odd);
    expectGift(setOf(project, 'two\n\nlines', 2, 'x'), 'two lines');
    const named = { ...project, nodes: { ...project.nodes, x: { ...project.nodes['x']!, label: '{x} = ~1#' } } };
    expectGift(setOf(named, 'names', 2, 'x'));
  });

  test('a question about one element of a large network', () => {
    const project = drawing({
      x: ['input', {}, { shape: [64] }],
      h: ['dense', { x: 'x' }, { units: 16, activation: 'sigmoid' }],
      s: ['dense', { x: 'h' }, { units: 10, activation: 'identity' }],
      t: ['target', {}, { shape: [10] }],
      l: ['cross-entropy-logits', { prediction: 's', target: 't' }],
    });
    const { node } = askableArrays(project).find((one) => one.numbers < 30)!;
    const made = unfoldAround(project, { node, at: 17 });
    if ('fault' in made) throw new Error(made.fault);
    expectGift(setOf(made.project, 'Digits', 3, made.asked));
  });

  test('the reader refuses what Moodle would misread', () => {
    expect(readGift('::a:: b {=1 # yes\n~2 # no}').questions).toHaveLength(1);
    for (const broken of ['::a:: b {=1\n\n~2}', '::a:: b = c {=1 ~2}', '::a:: b {=1 # x # y}', '::a:: \\( x \\) {=1}', 'a {1=2'])
      expect(() => readGift(broken), broken).toThrow();
  });
});
