/**
 * The facts of a scalar drawing for given numbers: every value, every local derivative, every contribution
 * and gradient. They are read off the same trace that the stepper shows, so an exercise can never disagree
 * with the program.
 */
import { expand } from '../compile/expand';
import { infer, nameOf } from '../compile/infer';
import { prepare, programOf } from '../compile/program';
import { type Edge, type EdgeId, type Graph, linksOf, type Links, type NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import type { Latex } from '../ir/latex';
import { sampleShape } from '../ir/shape';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';
import { bufferIds } from '../plan';
import { trace } from '../train/trace';
import { symbolOf } from '../train/trace-symbols';
import type { Trace } from '../train/trace-types';

/** Numbers of inputs, targets, constants and parameters, by node of the expanded drawing. */
export type Numbers = Readonly<Record<NodeId, number>>;

export interface ScalarFacts {
  /** The drawing with its composites opened. */
  readonly graph: Graph;
  readonly links: Links;
  readonly order: readonly NodeId[];
  readonly objective: NodeId;
  readonly numbers: Numbers;
  readonly values: ReadonlyMap<NodeId, number>;
  /** ∂out/∂in of every edge on which a gradient flows back. */
  readonly locals: ReadonlyMap<EdgeId, number>;
  readonly contributions: ReadonlyMap<EdgeId, number>;
  /** ∂l/∂value of every node that a gradient reaches. */
  readonly gradients: ReadonlyMap<NodeId, number>;
  readonly trace: Trace;
}

export type Facts = { readonly facts: ScalarFacts } | { readonly fault: string };

/** The sources of a drawing in order, with the number each stands at when nothing else is said. */
export function sourcesOf(
  project: Project,
): ReadonlyMap<NodeId, { readonly role: 'input' | 'target' | 'constant' | 'parameter'; readonly value: number | null }> {
  const { graph } = expand(project, infer(project).shapes);
  const sources = new Map<NodeId, { role: 'input' | 'target' | 'constant' | 'parameter'; value: number | null }>();
  for (const id of infer(graph).order) {
    const node = graph.nodes[id]!;
    const op = opOf(node.op);
    if (op?.kind !== 'source') continue;
    const given = completeAttrs(op, node.attrs)['values'] as readonly number[] | undefined;
    sources.set(id, { role: op.role, value: given?.[0] ?? (op.role === 'constant' ? 0 : null) });
  }
  return sources;
}

/** The numbers that the drawing itself states; null where it leaves one open. */
export function statedNumbers(project: Project): Numbers | null {
  const numbers: Record<NodeId, number> = {};
  for (const [id, { value }] of sourcesOf(project)) {
    if (value === null) return null;
    numbers[id] = value;
  }
  return numbers;
}

/** Reads the facts of one drawing for many sets of numbers: shapes and program are found once. */
export interface ScalarReader {
  readonly read: (numbers: Numbers) => Facts;
}

export function scalarReader(project: Project): ScalarReader | { readonly fault: string } {
  const checked = infer(project);
  const broken = checked.problems.find((p) => p.severity === 'error');
  if (broken) return { fault: broken.message };
  const { graph } = expand(project, checked.shapes, checked);
  const { order, shapes, problems } = infer(graph);
  if (problems.length > 0) return { fault: problems[0]!.message };
  for (const id of order)
    if (sampleShape(shapes.get(id)!).length > 0)
      return {
        fault: `'${nameOf(graph.nodes[id]!)}' is an array. Exercises are made from drawings of single numbers: set the shapes to empty.`,
      };
  const prepared = prepare(project, null);
  const { objective } = prepared;
  if (objective === null) return { fault: 'The drawing has no loss. Add one, or mark a node as the one to minimise.' };
  const program = programOf(prepared, 'every-edge', 1);
  const links = linksOf(graph);
  const held = order.filter((id) => {
    const op = opOf(graph.nodes[id]!.op);
    return op?.kind === 'source' && (op.role === 'constant' || op.role === 'parameter');
  });

  const read = (numbers: Numbers): Facts => {
    const features: number[] = [];
    const targets: number[] = [];
    for (const { node, from, columns } of program.inputs)
      for (const column of columns) (from === 'features' ? features : targets)[column] = numbers[node] ?? 0;
    const state = Object.fromEntries(held.map((id) => [bufferIds.value(id), [numbers[id] ?? 0]]));
    const recorded = trace({ program, drawing: { graph, owner: prepared.owner }, row: 0, features, targets, state });
    const values = new Map<NodeId, number>();
    const locals = new Map<EdgeId, number>();
    const contributions = new Map<EdgeId, number>();
    const gradients = new Map<NodeId, number>([[objective, 1]]);
    for (const step of recorded.steps) {
      const value = step.value.data[0]!;
      if (step.phase === 'forward' || (step.phase === 'loss' && !step.gradient)) {
        values.set(step.node, value);
        for (const local of step.locals ?? []) {
          if (local.value === undefined)
            return { fault: `'${nameOf(graph.nodes[step.node]!)}' has no local derivative of a single number.` };
          locals.set(local.edge, local.value.data[0]!);
        }
      } else if (step.phase === 'backward' && step.edge !== undefined) {
        contributions.set(step.edge, value);
        const { from } = graph.edges[step.edge]!;
        gradients.set(from, (gradients.get(from) ?? 0) + value);
      }
    }
    return { facts: { graph, links, order, objective, numbers, values, locals, contributions, gradients, trace: recorded } };
  };
  return { read };
}

export function scalarFacts(project: Project, numbers: Numbers): Facts {
  const reader = scalarReader(project);
  return 'fault' in reader ? reader : reader.read(numbers);
}

/** Edges out of a node along which a gradient comes back. */
export const flowing = (facts: ScalarFacts, node: NodeId): readonly Edge[] =>
  facts.links.outOf.get(node)!.filter((e) => facts.locals.has(e.id));

export const isSource = (facts: ScalarFacts, node: NodeId): boolean => opOf(facts.graph.nodes[node]!.op)?.kind === 'source';
export const isActivation = (facts: ScalarFacts, node: NodeId): boolean =>
  opOf(facts.graph.nodes[node]!.op)?.group === 'activation';

/** What people call a node; the loss is l, whatever the drawing calls it. */
export const wordOf = (facts: ScalarFacts, node: NodeId): string =>
  node === facts.objective ? 'l' : nameOf(facts.graph.nodes[node]!);
export const latexName = (facts: ScalarFacts, node: NodeId): Latex =>
  node === facts.objective ? 'l' : symbolOf(node, nameOf(facts.graph.nodes[node]!));
export const partialText = (facts: ScalarFacts, of: NodeId, by: NodeId): string => `∂${wordOf(facts, of)}/∂${wordOf(facts, by)}`;
export const partialLatex = (facts: ScalarFacts, of: NodeId, by: NodeId): Latex =>
  `\\frac{\\partial ${latexName(facts, of)}}{\\partial ${latexName(facts, by)}}`;
