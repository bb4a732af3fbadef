/**
 * The mistakes that people make with the chain rule, by name. Each gives a wrong number, which becomes a
 * wrong choice of an exercise, and a sentence that explains it to whoever chose it.
 */
import type { Edge, EdgeId, Node, NodeId } from '../graph/graph';
import { answerText, factorText, same } from './numbers';
import { pathsToLoss, type Path } from './paths';
import { flowing, isActivation, partialText, type ScalarFacts, wordOf } from './scalar';

export type MistakeName =
  | 'added'
  | 'dropped-factor'
  | 'forgot-upstream'
  | 'only-local'
  | 'forgot-activation'
  | 'forgot-path'
  | 'multiplied-paths'
  | 'wrong-sign'
  | 'forgot-two'
  | 'value-not-derivative';

export const mistakeTitles: Readonly<Record<MistakeName, string>> = {
  added: 'Added instead of multiplied',
  'dropped-factor': 'A factor is missing',
  'forgot-upstream': 'The upstream gradient was forgotten',
  'only-local': 'Only the local derivative',
  'forgot-activation': 'g′ was forgotten',
  'forgot-path': 'A path was forgotten',
  'multiplied-paths': 'Paths multiplied instead of added',
  'wrong-sign': 'Wrong sign',
  'forgot-two': 'The 2 of the square was forgotten',
  'value-not-derivative': 'A value, not a derivative',
};

export interface Mistake {
  readonly name: MistakeName;
  readonly value: number;
  /** What went wrong, without the answer. */
  readonly explanation: string;
  /** How it goes, with the answer. */
  readonly solution: string;
}

const times = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);
const productText = (numbers: readonly number[]): string =>
  numbers.map((x, i) => (i === 0 ? answerText(x) : factorText(x))).join(' · ');

/** Sums hand a gradient on unchanged: nobody writes that factor 1 down. */
const written = (
  facts: ScalarFacts,
  path: Path,
): readonly {
  readonly edge: EdgeId;
  readonly factor: number;
  readonly name: string;
  readonly activation: boolean;
  readonly last: boolean;
}[] => {
  const factors = path.edges.map((e, i) => ({
    edge: e.id,
    factor: path.factors[i]!,
    name: partialText(facts, e.to, e.from),
    activation: isActivation(facts, e.to),
    last: e.to === facts.objective,
    silent: ['add', 'identity', 'subtract'].includes(facts.graph.nodes[e.to]!.op) && path.factors[i] === 1,
  }));
  const loud = factors.filter((f) => !f.silent);
  return loud.length > 0 ? loud : factors;
};

/** What tells a path from the others: where it goes that not all of them go, or the edge that cuts short. */
function wayOf(facts: ScalarFacts, path: Path, paths: readonly Path[]): string {
  const own = path.edges.find((e) => paths.some((other) => !other.edges.some(({ to }) => to === e.to)));
  if (own) return `through ${wordOf(facts, own.to)}`;
  const short = path.edges.find((e) => paths.some((other) => !other.edges.some(({ id }) => id === e.id))) ?? path.edges[0]!;
  return `straight from ${wordOf(facts, short.from)} to ${wordOf(facts, short.to)}`;
}

/** The gradient that comes out when the local derivatives of some edges are left out everywhere, as if they were 1. */
function gradientWith(facts: ScalarFacts, node: NodeId, isMissing: (e: Edge) => boolean): number {
  const gradients = new Map<NodeId, number>([[facts.objective, 1]]);
  for (const id of [...facts.order].reverse())
    if (id !== facts.objective)
      gradients.set(
        id,
        flowing(facts, id).reduce((sum, e) => sum + (gradients.get(e.to) ?? 0) * (isMissing(e) ? 1 : facts.locals.get(e.id)!), 0),
      );
  return gradients.get(node) ?? 0;
}

/** u² itself: neither another power, nor a half of the square. */
const isSquare = ({ op, attrs }: Node): boolean =>
  (op === 'squared-error' && attrs['half'] !== true) || (op === 'power' && (attrs['exponent'] ?? 2) === 2);

/** Mistakes about ∂l/∂node, most instructive first; each value appears once, and none equals the answer. */
export function mistakesAbout(facts: ScalarFacts, node: NodeId): readonly Mistake[] {
  const { paths, gradient, total, cut } = pathsToLoss(facts, node, 24);
  const found: Mistake[] = [];
  const propose = (name: MistakeName, value: number, explanation: string): void => {
    if (!Number.isFinite(value) || same(value, gradient) || found.some((m) => same(m.value, value))) return;
    // Nobody takes a number for the answer that is a million times smaller.
    if (value !== 0 && Math.abs(value) < 1e-6 * Math.max(1, Math.abs(gradient))) return;
    found.push({ name, value: value === 0 ? 0 : value, explanation, solution });
  };
  if (paths.length === 0) return [];
  const asked = partialText(facts, facts.objective, node);
  const [first] = paths;
  const factors = written(facts, first!);
  const solution =
    factors.length === 1 && paths.length === 1
      ? `${asked} = ${answerText(gradient)}.`
      : paths.length === 1
        ? `${asked} = ${productText(factors.map((f) => f.factor))} = ${answerText(gradient)}.`
        : `${asked} = ${
            cut || paths.length > 8
              ? `the sum over all ${total} paths`
              : paths
                  .map((p) => answerText(p.product))
                  .join(' + ')
                  .replaceAll('+ −', '− ')
          } = ${answerText(gradient)}.`;

  if (paths.length > 1) {
    paths.slice(0, 6).forEach((path, i) => {
      propose(
        'forgot-path',
        path.product,
        `This is the path ${wayOf(facts, path, paths)} alone (path ${i + 1} of ${total}). ${wordOf(facts, node)} reaches the loss on ${total} paths, and their contributions are added.`,
      );
    });
    if (paths.length > 2)
      for (const path of paths.slice(0, 6))
        propose(
          'forgot-path',
          gradient - path.product,
          `The path ${wayOf(facts, path, paths)} is missing: its contribution is ${answerText(path.product)}.`,
        );
    if (!cut)
      propose(
        'multiplied-paths',
        times(paths.map((p) => p.product)),
        'The contributions of the paths were multiplied. Along a path one multiplies, but separate paths are added.',
      );
  } else {
    propose(
      'added',
      factors.reduce((s, f) => s + f.factor, 0),
      `The local derivatives ${factors.map((f) => answerText(f.factor)).join(', ')} were added. Along a path they are multiplied.`,
    );
  }

  /** The gradient if some factors were never written, on all paths at once. */
  const drop = (isMissing: (e: Edge) => boolean): number => gradientWith(facts, node, isMissing);

  if (factors.some((f) => f.activation)) {
    const gate = factors.find((f) => f.activation)!;
    propose(
      'forgot-activation',
      drop((e) => isActivation(facts, e.to)),
      `The derivative of the activation, ${gate.name} = ${answerText(gate.factor)}, is missing. The gradient must pass back through g as well.`,
    );
  }
  // Where each path goes through one square, its factor 2 is a factor of the whole.
  if (!cut && paths.every((path) => path.edges.filter((e) => isSquare(facts.graph.nodes[e.to]!)).length === 1))
    propose('forgot-two', gradient / 2, 'The derivative of a square has a factor 2: the derivative of u² is 2u.');
  if (factors.some((f) => f.last))
    propose(
      'forgot-upstream',
      drop((e) => e.to === facts.objective),
      `${factors.find((f) => f.last)!.name} = ${answerText(factors.find((f) => f.last)!.factor)} is missing: the gradient that comes from the loss was forgotten.`,
    );
  if (factors.length > 1 && paths.length === 1)
    propose(
      'only-local',
      factors[0]!.factor,
      `This is ${factors[0]!.name} alone. It must be multiplied by the gradient that arrives from the loss.`,
    );
  if (paths.length === 1)
    for (const missing of factors)
      if (!missing.last && factors.length > 1)
        propose(
          'dropped-factor',
          drop((e) => e.id === missing.edge),
          `The factor ${missing.name} = ${answerText(missing.factor)} is missing.`,
        );
  propose('wrong-sign', -gradient, 'The size is right, the sign is not.');
  const value = facts.values.get(node)!;
  propose(
    'value-not-derivative',
    facts.values.get(facts.objective)!,
    `This is the loss itself, l = ${answerText(facts.values.get(facts.objective)!)}, not its derivative.`,
  );
  propose(
    'value-not-derivative',
    value,
    `This is the value of ${wordOf(facts, node)}, not the derivative of the loss with respect to it.`,
  );
  return found;
}

/** The named mistake that leads to this number, if one does. */
export const mistakeBehind = (facts: ScalarFacts, node: NodeId, value: number): Mistake | null =>
  mistakesAbout(facts, node).find((m) => Math.abs(m.value - value) <= 5e-4 * Math.max(1, Math.abs(m.value))) ?? null;
