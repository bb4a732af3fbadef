/**
 * Cures for a number that is no number any more, chosen by its cause: a part put in front of the operation that
 * could not take its input, another way to write the same mathematics, or shorter steps from new weights.
 */
import * as edits from '../../graph/edits';
import { edgeId, type EdgeId, linksOf, type Node, type NodeId } from '../../graph/graph';
import type { Project } from '../../graph/project';
import { opOf } from '../../ops/index';
import { optimizerOf } from '../../optimizers/index';
import type { Reason } from '../cause-words';
import type { Trouble } from '../training';
import { curesInside } from './broken-inside';
import { type Cure, has, nameOf, short } from './finding';

/** Numbers are kept this far from 0, and exponents where squares of exponentials are small enough too. */
const LEAST = 1e-6;
const MOST_EXPONENT = 20;
const MOST = 1e6;

/** Reasons that lie with one operation; others with training as a whole. */
const AT_A_PLACE: ReadonlySet<Reason> = new Set<Reason>(['log', 'root', 'power', 'slope', 'exp', 'divide']);

/** The best first; empty where the sentence itself is all that can be said. */
export function curesOf(project: Project, trouble: Trouble): readonly Cure[] {
  const { reason, node, part, from } = trouble;
  if (part !== undefined && reason !== undefined && AT_A_PLACE.has(reason)) return curesInside(project, trouble, curesOf);
  const drawn = node !== undefined ? project.nodes[node] : undefined;
  switch (reason) {
    case 'log':
      return drawn ? [...rewritten(project, drawn), clamped(project, drawn, LEAST, upperFor(project, drawn))] : [];
    case 'root':
    case 'power':
      return drawn ? [clamped(project, drawn, LEAST, MOST)] : [];
    case 'slope':
      return drawn ? [clamped(project, drawn, LEAST, MOST)] : [];
    case 'exp':
      return drawn ? [clamped(project, drawn, -MOST_EXPONENT, MOST_EXPONENT)] : [];
    case 'divide':
      return drawn ? shifted(project, drawn, from) : [];
    case 'grown':
    case 'overflow':
    case 'unknown':
      return [...slower(project), ...limited(project), ...fitting(project, node)];
    case 'weights':
      return [{ title: 'New weights', edit: (same) => same, restart: true }];
    default:
      return [];
  }
}

const inputOf = (project: Project, node: Node): NodeId | undefined => project.edges[edgeId(node.id, 'x')]?.from;

/** A probability is at most 1. */
function upperFor(project: Project, node: Node): number {
  const source = inputOf(project, node);
  const op = source === undefined ? undefined : opOf(project.nodes[source]!.op);
  return op?.kind === 'primitive' && op.range === 'unit' ? 1 : MOST;
}

/** Puts a node into an edge, between its two ends. */
function between(id: EdgeId, op: string, attrs: Node['attrs'], port: string): edits.Edit {
  return (project) => {
    const wire = project.edges[id];
    if (!wire) return project;
    const node: Node = { id: edits.freshId(project.nodes, op), op, attrs };
    return edits.inTurn(edits.addNode(node, middle(project, wire.from, wire.to)), edits.insertOnEdge(id, node.id, port))(project);
  };
}

const middle = ({ positions }: Project, a: NodeId, b: NodeId): { x: number; y: number } => {
  const [p, q] = [positions[a] ?? { x: 0, y: 0 }, positions[b] ?? { x: 0, y: 0 }];
  return { x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 };
};

const clamped = (project: Project, node: Node, low: number, high: number): Cure => ({
  title: `Clamp the input of ${nameOf(project, node.id)}`,
  edit: between(edgeId(node.id, 'x'), 'clamp', { low, high }, 'x'),
  restart: false,
});

function shifted(project: Project, node: Node, from: NodeId | undefined): Cure[] {
  // A quotient by itself; other operations that divide have no port for it.
  const id = edgeId(node.id, 'b');
  if (node.op !== 'divide' || (from !== undefined && project.edges[id]?.from !== from)) return [];
  return [
    {
      title: `Add ${short(LEAST)} to the divisor`,
      edit: (now) => {
        const added = between(id, 'add', {}, 'a')(now);
        const sum = added.edges[id]?.from;
        if (sum === undefined || added === now) return now;
        const small: Node = { id: edits.freshId(added.nodes, 'c'), op: 'constant', attrs: { shape: [], values: [LEAST] } };
        const { x, y } = added.positions[sum]!;
        return edits.inTurn(edits.addNode(small, { x, y: y + 80 }), edits.connect(small.id, sum, 'b'))(added);
      },
      restart: false,
    },
  ];
}

/** The same function without the detour over a number that 32 bits cannot hold. */
function rewritten(project: Project, log: Node): Cure[] {
  const source = inputOf(project, log);
  const before = source === undefined ? undefined : project.nodes[source];
  const origin = before && inputOf(project, before);
  if (!before || origin === undefined) return [];
  const instead = (op: string, title: string): Cure => ({
    title,
    edit: (now) => {
      const changed = {
        ...now,
        nodes: { ...now.nodes, [log.id]: { ...now.nodes[log.id]!, op, attrs: {} } },
      };
      const joined = edits.connect(origin, log.id, 'x')(changed);
      const used = linksOf(joined).outOf.get(before.id)!.length > 0;
      return used ? joined : edits.remove([before.id])(joined);
    },
    restart: false,
  });
  if (before.op === 'softmax') return [instead('log-softmax', 'Use log-softmax instead')];
  if (before.op === 'exp') return [instead('identity', `Take the logarithm of ${nameOf(project, before.id)} directly`)];
  return [];
}

function slower({ settings: { training } }: Project): Cure[] {
  const spec = optimizerOf(training.optimizer)?.hyper['rate'];
  if (!spec) return [];
  const rate = Number(((training.hyper['rate'] ?? spec.default) / 10).toPrecision(2));
  return [
    { title: `Learning rate ${short(rate)}`, edit: edits.setTraining({ hyper: { ...training.hyper, rate } }), restart: true },
  ];
}

function limited({ settings: { training } }: Project): Cure[] {
  if (training.clip?.norm !== undefined) return [];
  return [
    {
      title: 'Limit the gradients to a length of 1',
      edit: edits.setTraining({ clip: { ...training.clip, norm: 1 } }),
      restart: true,
    },
  ];
}

function fitting(project: Project, node: NodeId | undefined): Cure[] {
  const initializer = node === undefined ? undefined : project.nodes[node]?.attrs['initializer'];
  if (
    node === undefined ||
    !has(project, node, 'initializer') ||
    !['normal', 'uniform', 'constant'].includes(String(initializer))
  )
    return [];
  return [
    {
      title: `Glorot weights for ${nameOf(project, node)}`,
      edit: edits.setAttr(node, 'initializer', 'glorot-uniform'),
      restart: true,
    },
  ];
}
