/** The worked solution of a question as lines in order, each a formula with a sentence: for stepping and for paper. */
import type { EdgeId, NodeId } from '../graph/graph';
import type { Latex } from '../ir/latex';
import { answerText } from './numbers';
import { pathsToLoss } from './paths';
import { isSource, partialText, type ScalarFacts, wordOf } from './scalar';

export interface SolutionLine {
  readonly part: 'given' | 'forward' | 'backward' | 'answer';
  readonly text: string;
  /** Symbols, then numbers; one formula where both are the same. */
  readonly latex: readonly Latex[];
  readonly node: NodeId;
  readonly edge?: EdgeId;
}

export function solution(facts: ScalarFacts, node: NodeId): readonly SolutionLine[] {
  const { paths, gradient } = pathsToLoss(facts, node);
  const edges = new Set(paths.flatMap((p) => p.edges.map((e) => e.id)));
  const between = new Set(paths.flatMap((p) => p.edges.flatMap((e) => [e.from, e.to])));
  const lines: SolutionLine[] = [];
  const given: Latex[] = [];
  const both = (formula: Latex, numbers: Latex): readonly Latex[] => (formula === numbers ? [formula] : [formula, numbers]);
  for (const step of facts.trace.steps) {
    if (step.phase === 'update') break;
    if (step.phase === 'forward' || (step.phase === 'loss' && !step.gradient)) {
      if (isSource(facts, step.node)) given.push(step.numbers);
      else
        lines.push({
          part: 'forward',
          node: step.node,
          text: `Forward: the value of ${wordOf(facts, step.node)}.`,
          latex: both(step.formula, step.numbers),
        });
    } else if (step.phase === 'loss') {
      lines.push({
        part: 'backward',
        node: step.node,
        text: 'Backward: the derivative of the loss with respect to itself is 1.',
        latex: [step.formula],
      });
    } else if (step.edge !== undefined ? edges.has(step.edge) : between.has(step.node)) {
      const from = step.edge === undefined ? step.node : facts.graph.edges[step.edge]!.from;
      lines.push({
        part: 'backward',
        node: step.node,
        ...(step.edge === undefined ? {} : { edge: step.edge }),
        text:
          step.edge === undefined
            ? `${wordOf(facts, from)} feeds several edges: add what comes back.`
            : `Backward: through ${wordOf(facts, step.node)} to ${wordOf(facts, from)}.`,
        latex: both(step.formula, step.numbers),
      });
    }
  }
  const last = lines.at(-1);
  lines.push({
    part: 'answer',
    node,
    text: `${partialText(facts, facts.objective, node)} = ${answerText(gradient)}.`,
    latex: last && last.latex.length > 0 ? [last.latex.at(-1)!] : [],
  });
  return [{ part: 'given', node, text: 'Given:', latex: [given.join(',\\quad ')] }, ...lines];
}
