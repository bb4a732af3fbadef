/**
 * A set of exercises for a class: the same drawing with new numbers for everyone, as Moodle's GIFT text
 * and as an answer key. GIFT reserves ~ = # { } : and the backslash before them.
 */
import type { NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { generateQuestion, type Question } from './exercises';
import { mistakeTitles } from './mistakes';
import { answerText, parseAnswer } from './numbers';
import { isSource, latexName, wordOf } from './scalar';

export interface ClassSet {
  readonly title: string;
  readonly questions: readonly { readonly seed: number; readonly question: Question }[];
}

export function classSet(
  project: Project,
  title: string,
  count: number,
  firstSeed: number,
  node?: NodeId,
): { readonly set: ClassSet } | { readonly fault: string } {
  const questions: { seed: number; question: Question }[] = [];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const made = generateQuestion(project, seed, node);
    if ('fault' in made) return made;
    questions.push({ seed, question: made.question });
  }
  return { set: { title, questions } };
}

/** The drawing as equations in order: `x = 2`, `y = x · a`. */
export function statement({ facts }: Question): { readonly given: readonly string[]; readonly equations: readonly string[] } {
  const given: string[] = [];
  const equations: string[] = [];
  for (const step of facts.trace.steps) {
    if (step.phase === 'backward' || step.phase === 'update' || step.gradient) continue;
    if (isSource(facts, step.node)) {
      const [name, value] = [wordOf(facts, step.node), facts.values.get(step.node)!];
      // A constant that is called by its number says it already.
      if (parseAnswer(name) !== value) given.push(`${name} = ${answerText(value)}`);
    } else
      equations.push(
        step.phase === 'loss' && step.node !== facts.objective
          ? step.formula.replace(/^l =/, `${latexName(facts, step.node)} =`)
          : step.formula,
      );
  }
  return { given, equations };
}

const escaped = (text: string): string => text.replaceAll(/[~=#{}:\\]/g, (c) => `\\${c}`);

/** Moodle reads `/` in a category as a level below, and `//` as the character. */
const category = (title: string): string => title.replaceAll('/', '//');

export function giftText({ title: given, questions }: ClassSet): string {
  const title = given.replaceAll(/\s+/g, ' ').trim();
  const out = [`// ${title}`, `$CATEGORY: ${category(title)}`, ''];
  questions.forEach(({ seed, question }, i) => {
    const { given, equations } = statement(question);
    const body = `Given ${given.join(', ')}. ${equations.map((e) => `\\( ${e} \\)`).join(', ')}. What is \\( ${question.latex} \\)?`;
    out.push(`// numbers from seed ${seed}`);
    out.push(`::${escaped(`${title} ${i + 1}`)}:: ${escaped(body)} {`);
    for (const { value, mistake, explanation, solution } of question.choices)
      out.push(
        `  ${mistake === null ? '=' : '~'}${escaped(answerText(value))} # ${escaped(mistake === null ? `${explanation} ${solution}` : `${mistakeTitles[mistake]}. ${explanation} ${solution}`)}`,
      );
    out.push('}', '');
  });
  return out.join('\n');
}

export const answerKey = ({ title, questions }: ClassSet): string =>
  [
    `${title}: answers`,
    '',
    ...questions.map(({ seed, question }, i) => {
      const right = question.choices.find((c) => c.mistake === null)!;
      return `${i + 1}. ${right.letter} (${answerText(question.answer)})   ${statement(question).given.join(', ')}   seed ${seed}`;
    }),
    '',
  ].join('\n');
