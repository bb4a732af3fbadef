/** What the drawing is to minimise, and which value is its answer. Found from the drawing unless marked. */
import { diagnostic, type Diagnostic } from '../graph/diagnostics';
import type { NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { sampleShape, sampleSize, shapeText } from '../ir/shape';
import { type Inferred, nameOf } from './infer';

export interface Objective {
  readonly node: NodeId | null;
  readonly prediction: { readonly node: NodeId; readonly takes: 'value' | 'probability' | 'logit' } | null;
  readonly problems: readonly Diagnostic[];
}

/** All nodes from which `start` can be reached, itself included. */
export function ancestors(inferred: Inferred, start: readonly NodeId[]): ReadonlySet<NodeId> {
  const seen = new Set<NodeId>(start);
  const stack = [...start];
  while (stack.length > 0)
    for (const e of inferred.links.into.get(stack.pop()!)?.values() ?? [])
      if (!seen.has(e.from)) {
        seen.add(e.from);
        stack.push(e.from);
      }
  return seen;
}

/** All nodes that depend on one of `start`, these included. */
export function descendants(inferred: Inferred, start: readonly NodeId[]): ReadonlySet<NodeId> {
  const seen = new Set<NodeId>(start);
  const stack = [...start];
  while (stack.length > 0)
    for (const e of inferred.links.outOf.get(stack.pop()!) ?? [])
      if (!seen.has(e.to)) {
        seen.add(e.to);
        stack.push(e.to);
      }
  return seen;
}

export function findObjective(project: Project, inferred: Inferred): Objective {
  const problems: Diagnostic[] = [];
  const opOf = (id: NodeId) => inferred.calls.get(id)?.op;
  const isLoss = (id: NodeId): boolean => {
    const op = opOf(id);
    return op?.kind === 'primitive' && op.loss !== undefined;
  };
  const sinks = inferred.order.filter((id) => inferred.links.outOf.get(id)!.length === 0 && inferred.shapes.has(id));
  const scalar = (id: NodeId): boolean => sampleShape(inferred.shapes.get(id)!).length === 0;
  const marked = project.settings.training.objective;

  let node: NodeId | null = null;
  if (marked !== undefined && inferred.shapes.has(marked)) {
    node = marked;
    if (!scalar(marked)) {
      const shape = inferred.shapes.get(marked)!;
      problems.push(diagnostic('loss-not-scalar', { node: marked }, nameOf(project.nodes[marked]!), shapeText(shape)));
      node = null;
    }
  } else {
    const losses = inferred.order.filter(isLoss);
    const targets = inferred.order.filter((id) => {
      const op = opOf(id);
      return op?.kind === 'source' && op.role === 'target';
    });
    const behind = descendants(inferred, losses.length > 0 ? losses : targets);
    const candidates = sinks.filter((id) => behind.has(id) && scalar(id) && !targets.includes(id));
    if (candidates.length > 1)
      problems.push(
        diagnostic('several-losses', { node: candidates[1]! }, candidates.map((id) => nameOf(project.nodes[id]!)).join(', ')),
      );
    else node = candidates[0] ?? null;
    if (candidates.length === 0) problems.push(diagnostic('no-loss', {}));
  }

  return { node, prediction: findPrediction(inferred, node, sinks, isLoss), problems };
}

function findPrediction(
  inferred: Inferred,
  objective: NodeId | null,
  sinks: readonly NodeId[],
  isLoss: (id: NodeId) => boolean,
): Objective['prediction'] {
  const isTarget = (id: NodeId): boolean => {
    const op = inferred.calls.get(id)?.op;
    return op?.kind === 'source' && op.role === 'target';
  };
  if (objective !== null) {
    const before = ancestors(inferred, [objective]);
    const loss = inferred.order.find((id) => before.has(id) && isLoss(id));
    const op = loss === undefined ? undefined : inferred.calls.get(loss)!.op;
    if (loss !== undefined && op?.kind === 'primitive' && op.loss)
      return { node: inferred.links.into.get(loss)!.get(op.loss.prediction)!.from, takes: op.loss.takes };
    // A loss drawn by hand compares the answer with the target by a difference.
    for (const id of inferred.order) {
      const op = inferred.calls.get(id)?.op;
      if (!before.has(id) || op?.kind !== 'primitive' || !op.compares) continue;
      const from = [...inferred.links.into.get(id)!.values()].map((e) => e.from);
      if (from.filter(isTarget).length === 1) return { node: from.find((other) => !isTarget(other))!, takes: 'value' };
    }
  }
  const answers = sinks.filter((id) => id !== objective && !isTarget(id) && !isLoss(id) && dependsOnInput(inferred, id));
  return answers.length === 1 && sampleSize(inferred.shapes.get(answers[0]!)!) > 0 ? { node: answers[0]!, takes: 'value' } : null;
}

const dependsOnInput = (inferred: Inferred, id: NodeId): boolean =>
  [...ancestors(inferred, [id])].some((other) => {
    const op = inferred.calls.get(other)?.op;
    return op?.kind === 'source' && op.role === 'input' && other !== id;
  });
