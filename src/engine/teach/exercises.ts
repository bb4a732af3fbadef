/**
 * Exercises made from any scalar drawing: "∂l/∂x = ?" with wrong choices that come from named mistakes,
 * and every edge to fill in, forwards and then backwards. The same drawing and seed give the same exercise.
 */
import type { EdgeId, NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { Random } from '../data/random';
import type { Latex } from '../ir/latex';
import { opOf } from '../ops/index';
import { type Mistake, mistakeBehind, mistakesAbout, type MistakeName, mistakeTitles } from './mistakes';
import { answerText, factorText, type Grade, grade, parseAnswer, same } from './numbers';
import {
  type Facts,
  flowing,
  isSource,
  latexName,
  type Numbers,
  partialLatex,
  partialText,
  type ScalarFacts,
  scalarReader,
  sourcesOf,
  wordOf,
} from './scalar';

interface Choice {
  readonly letter: string;
  readonly value: number;
  /** Null for the right one. */
  readonly mistake: MistakeName | null;
  /** What went wrong, without the answer; and how it goes. */
  readonly explanation: string;
  readonly solution: string;
}

export interface Question {
  readonly project: Project;
  readonly facts: ScalarFacts;
  /** The node by which the loss is derived. */
  readonly node: NodeId;
  readonly prompt: string;
  readonly latex: Latex;
  readonly answer: number;
  readonly choices: readonly Choice[];
}

const LETTERS = 'ABCDEFGH';

/** Numbers that are pleasant to multiply by hand. */
const PLEASANT = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4];

/** A constant that is called by its number, such as 1/2, keeps it; the answer to yes or no is 0 or 1. */
function draw(project: Project, sources: readonly NodeId[], random: Random): Numbers {
  const yesOrNo = new Set(
    Object.values(project.edges).flatMap(({ from, to, port }) => {
      const op = opOf(project.nodes[to]!.op);
      return op?.kind === 'primitive' && op.loss && op.loss.takes !== 'value' && port === op.loss.target ? [from] : [];
    }),
  );
  const numbers: Record<NodeId, number> = {};
  for (const id of sources)
    numbers[id] =
      parseAnswer(project.nodes[id]?.label ?? '') ??
      (yesOrNo.has(id) ? random.integer(2) : PLEASANT[random.integer(PLEASANT.length)]! * (random.uniform() < 0.3 ? -1 : 1));
  return numbers;
}

const decimals = (value: number): number => {
  for (let n = 0; n < 10; n++) if (same(value, Number(value.toFixed(n)))) return n;
  return 10;
};

/** Where an activation saturates hardly anything is left: nobody learns the chain rule from 5e−10. */
const tooSmall = (answer: number): number => (Math.abs(answer) < 0.01 ? 60 : Math.abs(answer) < 0.05 ? 10 : 0);

/** Nodes that a gradient reaches and that one may ask about: sources first, the loss itself never. */
export const askable = (facts: ScalarFacts): readonly NodeId[] =>
  facts.order
    .filter((id) => id !== facts.objective && facts.gradients.has(id))
    .sort((a, b) => Number(isSource(facts, b)) - Number(isSource(facts, a)));

/**
 * New numbers from a seed: pleasant ones, with a gradient that is not zero, results that can be written
 * down, and at least two different mistakes to make.
 */
export function freshNumbers(project: Project, seed: number, node?: NodeId): Facts {
  const reader = scalarReader(project);
  if ('fault' in reader) return reader;
  const sources = [...sourcesOf(project).keys()];
  const random = new Random(seed, 'exercise');
  let best: { facts: ScalarFacts; cost: number } | null = null;
  for (let attempt = 0; attempt < 40; attempt++) {
    const made = reader.read(draw(project, sources, random));
    if ('fault' in made) return made;
    const { facts } = made;
    const asked = node ?? askable(facts)[0];
    const answer = asked === undefined ? 0 : (facts.gradients.get(asked) ?? 0);
    const all = [...facts.values.values(), ...facts.gradients.values()];
    if (!all.every(Number.isFinite)) continue;
    const cost =
      (answer === 0 ? 100 : tooSmall(answer)) +
      (asked === undefined || mistakesAbout(facts, asked).length < 3 ? 50 : 0) +
      Math.max(0, ...all.map((x) => Math.abs(x) - 30)) +
      3 * Math.max(0, decimals(answer) - 3) +
      Math.max(0, ...all.map((x) => decimals(x) - 4));
    if (best === null || cost < best.cost) best = { facts, cost };
    // Through an exponential no result is short: a few tries are enough then.
    if (cost === 0 || (attempt >= 9 && best.cost < 50)) break;
  }
  return best
    ? { facts: best.facts }
    : { fault: 'No numbers were found for which this drawing stays finite. Make the drawing smaller.' };
}

/** The course's choices stay as printed: give their values; else the most instructive mistakes are taken, mixed by the seed. */
export function questionAbout(
  project: Project,
  facts: ScalarFacts,
  node: NodeId,
  options: { readonly seed?: number; readonly values?: readonly number[] } = {},
): Question {
  const answer = facts.gradients.get(node) ?? 0;
  const mistakes = mistakesAbout(facts, node);
  const asked = partialText(facts, facts.objective, node);
  const right = (): Omit<Choice, 'letter'> => ({
    value: answer,
    mistake: null,
    explanation: 'Right.',
    solution: `${asked} = ${answerText(answer)}.`,
  });
  const wrong = (m: Mistake): Omit<Choice, 'letter'> => ({
    value: m.value,
    mistake: m.name,
    explanation: m.explanation,
    solution: m.solution,
  });
  let choices: Omit<Choice, 'letter'>[];
  if (options.values) {
    choices = options.values.map((value) => {
      if (same(value, answer)) return right();
      const m = mistakes.find((one) => same(one.value, value));
      if (!m) throw new Error(`No named mistake about ${asked} leads to ${value}.`);
      return wrong(m);
    });
  } else {
    choices = [right(), ...variety(mistakes).slice(0, 3).map(wrong)];
    const order = new Random(options.seed ?? 1, 'choices').shuffle(choices.map((_, i) => i));
    choices = order.map((i) => choices[i]!);
  }
  return {
    project,
    facts,
    node,
    prompt: `What is ${asked}?`,
    latex: partialLatex(facts, facts.objective, node),
    answer,
    choices: choices.map((choice, i) => ({ letter: LETTERS[i]!, ...choice })),
  };
}

/** One of each name first: three different mistakes teach more than the same one three times. */
function variety(mistakes: readonly Mistake[]): readonly Mistake[] {
  const seen = new Set<MistakeName>();
  const first = mistakes.filter((m) => !seen.has(m.name) && seen.add(m.name));
  return [...first, ...mistakes.filter((m) => !first.includes(m))];
}

/** A question with new numbers from a seed, about `node` or about a source that the seed picks. */
export function generateQuestion(
  project: Project,
  seed: number,
  node?: NodeId,
): { readonly question: Question } | { readonly fault: string } {
  const first = freshNumbers(project, seed, node);
  if ('fault' in first) return first;
  const candidates = askable(first.facts);
  if (candidates.length === 0)
    return { fault: 'No gradient reaches a number of this drawing. Use parameters for what the loss is derived by.' };
  const sources = candidates.filter((id) => isSource(first.facts, id));
  const pool = sources.length > 0 ? sources : candidates;
  const asked = node ?? pool[new Random(seed, 'node').integer(pool.length)]!;
  const facts = node === asked || asked === candidates[0] ? first : freshNumbers(project, seed, asked);
  if ('fault' in facts) return facts;
  return { question: questionAbout(project, facts.facts, asked, { seed }) };
}

export interface Marked extends Grade {
  /** The mistake that was made, if it has a name. */
  readonly mistake: MistakeName | null;
  readonly explanation: string;
}

/** A typed answer to a question: right, rounded, wrong and why. */
export function markAnswer(question: Question, text: string): Marked {
  const result = grade(text, question.answer);
  const asked = partialText(question.facts, question.facts.objective, question.node);
  switch (result.verdict) {
    case 'right':
      return { ...result, mistake: null, explanation: `Right: ${asked} = ${answerText(question.answer)}.` };
    case 'rounding':
      return {
        ...result,
        mistake: null,
        explanation: `Nearly: rounded steps on the way explain the difference. Exactly, ${asked} = ${answerText(question.answer)}.`,
      };
    case 'unreadable':
      return { ...result, mistake: null, explanation: 'Type a number, such as −2.25 or −9/4.' };
    case 'wrong': {
      const mistake = mistakeBehind(question.facts, question.node, result.value!);
      return {
        ...result,
        mistake: mistake?.name ?? null,
        explanation: mistake
          ? `${mistakeTitles[mistake.name]}. ${mistake.explanation}`
          : 'Not yet. Multiply the local derivatives along each path to the loss, then add the paths.',
      };
    }
  }
}

export interface Blank {
  readonly key: string;
  readonly kind: 'value' | 'local' | 'contribution' | 'sum';
  readonly node: NodeId;
  readonly edge?: EdgeId;
  /** In words, for the field's label and screen readers. */
  readonly label: string;
  readonly latex: Latex;
  readonly answer: number;
}

/** Everything to fill in, in the order of the two passes: values and local derivatives, then gradients. */
export function blanksOf(
  facts: ScalarFacts,
  kinds: readonly Blank['kind'][] = ['value', 'local', 'contribution', 'sum'],
): readonly Blank[] {
  const blanks: Blank[] = [];
  const add = (blank: Blank): void => {
    if (kinds.includes(blank.kind)) blanks.push(blank);
  };
  for (const id of facts.order) {
    if (!facts.values.has(id) || isSource(facts, id)) continue;
    add({
      key: `value:${id}`,
      kind: 'value',
      node: id,
      label: `Value of ${wordOf(facts, id)}`,
      latex: latexName(facts, id),
      answer: facts.values.get(id)!,
    });
    for (const e of facts.links.into.get(id)!.values())
      if (facts.locals.has(e.id))
        add({
          key: `local:${e.id}`,
          kind: 'local',
          node: id,
          edge: e.id,
          label: `Local derivative ${partialText(facts, id, e.from)}`,
          latex: partialLatex(facts, id, e.from),
          answer: facts.locals.get(e.id)!,
        });
  }
  for (const id of [...facts.order].reverse()) {
    const out = flowing(facts, id);
    for (const e of out) {
      const several = out.length > 1;
      add({
        key: `contribution:${e.id}`,
        kind: 'contribution',
        node: id,
        edge: e.id,
        label: several
          ? `Contribution to ${partialText(facts, facts.objective, id)} through ${wordOf(facts, e.to)}`
          : partialText(facts, facts.objective, id),
        latex: several
          ? `\\left.${partialLatex(facts, facts.objective, id)}\\right|_{${latexName(facts, e.to)}}`
          : partialLatex(facts, facts.objective, id),
        answer: facts.contributions.get(e.id)!,
      });
    }
    if (out.length > 1)
      add({
        key: `sum:${id}`,
        kind: 'sum',
        node: id,
        label: `Sum ${partialText(facts, facts.objective, id)}`,
        latex: partialLatex(facts, facts.objective, id),
        answer: facts.gradients.get(id)!,
      });
  }
  return blanks;
}

/** Marks what was typed into one blank. Wrong numbers are compared with what one gets by the usual slips. */
export function markBlank(facts: ScalarFacts, blank: Blank, text: string): Marked {
  const result = grade(text, blank.answer);
  const done = (explanation: string, mistake: MistakeName | null = null): Marked => ({ ...result, mistake, explanation });
  if (result.verdict === 'right') return done('Right.');
  if (result.verdict === 'rounding') return done(`Nearly: exactly it is ${answerText(blank.answer)}.`);
  if (result.verdict === 'unreadable') return done('Type a number, such as −2.25 or −9/4.');
  const typed = result.value!;
  const close = (x: number): boolean => Math.abs(x - typed) <= 5e-4 * Math.max(1, Math.abs(x));
  if (close(-blank.answer)) return done('The size is right, the sign is not.', 'wrong-sign');
  if (blank.kind === 'value') {
    const inputs = [...facts.links.into.get(blank.node)!.values()].map((e) => facts.values.get(e.from) ?? 0);
    const { op } = facts.graph.nodes[blank.node]!;
    if (op === 'multiply' && close(inputs.reduce((a, b) => a + b, 0)))
      return done('The inputs were added; this node multiplies.', 'added');
    if (op === 'add' && close(inputs.reduce((a, b) => a * b, 1)))
      return done('The inputs were multiplied; this node adds.', 'multiplied-paths');
    if (inputs.length === 1 && close(inputs[0]!))
      return done(`This is the input of ${wordOf(facts, blank.node)}: the function is still to be applied.`, 'forgot-activation');
    return done(
      `Take the values on the edges into ${wordOf(facts, blank.node)}: ${inputs.map((x) => answerText(x)).join(' and ')}.`,
    );
  }
  if (blank.kind === 'local') {
    const value = facts.values.get(blank.node)!;
    if (close(value)) return done('This is the value of the node, not how it changes with its input.', 'value-not-derivative');
    if (close(facts.contributions.get(blank.edge!) ?? Number.NaN))
      return done(
        'This is already multiplied by the gradient from the loss. The local derivative knows nothing of the loss.',
        'forgot-upstream',
      );
    return done('Ask how much the node changes when this one input changes by a little and the others stay.');
  }
  if (blank.kind === 'sum') {
    const parts = flowing(facts, blank.node).map((e) => facts.contributions.get(e.id)!);
    if (parts.some(close))
      return done('This is one contribution. A value that feeds several edges receives the sum of all of them.', 'forgot-path');
    if (close(parts.reduce((a, b) => a * b, 1)))
      return done('The contributions were multiplied; separate paths are added.', 'multiplied-paths');
    return done(`Add the contributions: ${parts.map((x, i) => (i === 0 ? answerText(x) : factorText(x))).join(' + ')}.`);
  }
  const e = facts.graph.edges[blank.edge!]!;
  const local = facts.locals.get(e.id)!;
  const upstream = facts.gradients.get(e.to) ?? 0;
  if (close(local))
    return done(
      `This is the local derivative alone. Multiply it by ${partialText(facts, facts.objective, e.to)} = ${answerText(upstream)}.`,
      'forgot-upstream',
    );
  if (close(upstream))
    return done(`This is the upstream gradient. Multiply it by the local derivative ${answerText(local)}.`, 'dropped-factor');
  if (close(upstream + local)) return done('Upstream gradient and local derivative were added; they are multiplied.', 'added');
  return done(`Multiply: ${answerText(upstream)} · ${factorText(local)}.`);
}
