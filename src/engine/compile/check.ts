/**
 * Everything that can be said of a drawing without compiling it: shapes, counts, problems. Fast enough to
 * run on each pointer move.
 */
import { diagnostic, type Diagnostic } from '../graph/diagnostics';
import { edge, edgeId, type NodeId, reaches } from '../graph/graph';
import type { Project } from '../graph/project';
import { product, type Shape } from '../ir/shape';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';
import type { DatasetInfo } from '../data/dataset';
import { assignColumns } from './columns';
import { type Expansion, expand } from './expand';
import { infer, type Inferred, nameOf } from './infer';
import { ancestors, descendants, findObjective, type Objective } from './objective';

export interface Counts {
  readonly weights: number;
  readonly biases: number;
}

export interface Checked {
  readonly problems: readonly Diagnostic[];
  /** Of the drawing's nodes; nodes with a fault have none. */
  readonly shapes: ReadonlyMap<NodeId, Shape>;
  readonly learnables: ReadonlyMap<NodeId, Counts>;
  readonly totals: Counts;
  /** Node to minimise. */
  readonly objective: NodeId | null;
  /** Node whose value is the drawing's answer. */
  readonly prediction: NodeId | null;
  readonly takes: 'value' | 'probability' | 'logit' | null;
  readonly inferred: Inferred;
  readonly expansion: Expansion;
}

export function check(project: Project, data: DatasetInfo | null): Checked {
  const inferred = infer(project);
  const expansion = expand(project, inferred.shapes, inferred);
  const objective = findObjective(project, inferred);
  const { learnables, totals } = countLearnables(expansion, inferred);
  const problems = [...inferred.problems, ...objective.problems];
  if (Object.keys(project.nodes).length === 0) return emptyCheck(inferred, expansion);
  if (!problems.some((p) => p.severity === 'error')) {
    problems.push(...assignColumns(project, inferred, data).problems);
    if (objective.node !== null) problems.push(...trainingProblems(project, inferred, expansion, objective));
    if (data === null && project.settings.data.kind === 'none' && objective.node !== null && needsData(inferred))
      problems.push(diagnostic('data-missing', {}));
  }
  return {
    problems,
    shapes: inferred.shapes,
    learnables,
    totals,
    objective: objective.node,
    prediction: objective.prediction?.node ?? null,
    takes: objective.prediction?.takes ?? null,
    inferred,
    expansion,
  };
}

const emptyCheck = (inferred: Inferred, expansion: Expansion): Checked => ({
  problems: [diagnostic('empty-drawing', {})],
  shapes: new Map(),
  learnables: new Map(),
  totals: { weights: 0, biases: 0 },
  objective: null,
  prediction: null,
  takes: null,
  inferred,
  expansion,
});

const needsData = (inferred: Inferred): boolean =>
  [...inferred.calls.values()].some(({ op }) => op.kind === 'source' && (op.role === 'input' || op.role === 'target'));

function countLearnables({ graph, owner }: Expansion, { shapes }: Inferred): { learnables: Map<NodeId, Counts>; totals: Counts } {
  const learnables = new Map<NodeId, Counts>();
  let totals: Counts = { weights: 0, biases: 0 };
  for (const node of Object.values(graph.nodes)) {
    const op = opOf(node.op);
    if (op?.kind !== 'source' || op.role !== 'parameter') continue;
    const attrs = completeAttrs(op, node.attrs);
    // A node with a fault has no shape that could be counted.
    if (!shapes.has(owner.get(node.id)!)) continue;
    // Frozen numbers, such as running averages, do not learn.
    if (attrs['frozen'] === true) continue;
    const size = product(attrs['shape'] as readonly number[]);
    const plus = (counts: Counts): Counts =>
      attrs['role'] === 'bias' ? { ...counts, biases: counts.biases + size } : { ...counts, weights: counts.weights + size };
    const of = owner.get(node.id)!;
    learnables.set(of, plus(learnables.get(of) ?? { weights: 0, biases: 0 }));
    totals = plus(totals);
  }
  return { learnables, totals };
}

function trainingProblems(project: Project, inferred: Inferred, expansion: Expansion, objective: Objective): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const before = ancestors(inferred, [objective.node!]);
  const learning = new Set(
    Object.values(expansion.graph.nodes)
      .filter((n) => n.op === 'parameter' && n.attrs['frozen'] !== true)
      .map((n) => expansion.owner.get(n.id)),
  );
  const learners = inferred.order.filter((id) => before.has(id) && learning.has(id));
  if (learners.length === 0) problems.push(diagnostic('nothing-to-learn', { node: objective.node! }));

  // A step only harms when something before it, or inside its own layer, should learn.
  const behindLearners = descendants(inferred, learners);
  for (const node of Object.values(expansion.graph.nodes)) {
    const op = opOf(node.op);
    const of = expansion.owner.get(node.id)!;
    if (op?.kind === 'primitive' && op.noGradient && before.has(of) && behindLearners.has(of))
      problems.push(
        diagnostic('no-gradient', { node: of }, nameOf(project.nodes[of]!), op.title, opOf(op.noGradient.instead)!.title),
      );
  }
  for (const id of inferred.order) {
    if (before.has(id)) continue;
    if (!inferred.links.outOf.get(id)!.length && id === objective.prediction?.node) continue;
    problems.push(diagnostic('unused-node', { node: id }, nameOf(project.nodes[id]!)));
  }
  const { prediction } = objective;
  if (prediction?.takes === 'probability') {
    const last = expansion.graph.nodes[expansion.output.get(prediction.node)!]!;
    const op = opOf(last.op);
    if (op?.kind === 'primitive' && op.range !== 'unit') {
      const loss = inferred.links.outOf.get(prediction.node)!.find((e) => inferred.calls.get(e.to)?.op.group === 'loss')!;
      problems.push(
        diagnostic('bce-unbounded', { node: loss.to }, nameOf(project.nodes[loss.to]!), nameOf(project.nodes[prediction.node]!)),
      );
    }
  }
  return problems;
}

/** Why an edge may not be drawn, as a sentence for the pointer; null when it may. */
export function connectFault(project: Project, from: NodeId, to: NodeId, port: string): string | null {
  const target = project.nodes[to];
  if (!target || !project.nodes[from]) return 'There is nothing here to connect to.';
  const name = nameOf(target);
  if (from === to) return `'${name}' cannot feed itself.`;
  const inferred = infer(project);
  const op = opOf(target.op);
  if (!op) return `'${name}' is of an unknown kind.`;
  const ports = op.ports(completeAttrs(op, target.attrs));
  if (ports.length === 0) return `'${name}' takes no inputs.`;
  if (!ports.some((p) => p.name === port)) return `'${name}' has no input called '${port}'.`;
  if (inferred.links.into.get(to)!.has(port)) return `The input '${port}' of '${name}' is taken.`;
  if (reaches(inferred.links, to, from))
    return `'${name}' already feeds '${nameOf(project.nodes[from]!)}'; this would make a circle.`;
  const wire = edge(from, to, port);
  const drawn = { ...project, edges: { ...project.edges, [edgeId(to, port)]: wire } };
  const known = new Set(inferred.problems.map((p) => p.message));
  const fresh = infer(drawn).problems.find((p) => p.code === 'shape-mismatch' && !known.has(p.message));
  return fresh ? fresh.message : null;
}
