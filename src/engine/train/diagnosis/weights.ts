/**
 * What is found in the weights that training starts from: neurons that are all alike, and layers whose
 * weights are far too large or too small for their inputs and their activation.
 */
import * as edits from '../../graph/edits';
import type { NodeId } from '../../graph/graph';
import type { Project } from '../../graph/project';
import { activationOf, fittingWeights } from '../../ops/facts';
import { type Evidence, type Finding, has, nameOf, short } from './finding';

export function symmetry({ project, weights }: Evidence): Finding[] {
  if (weights === null) return [];
  return Object.entries(weights).flatMap(([key, { shape, data }]): Finding[] => {
    const cut = key.lastIndexOf('/');
    const node = project.nodes[cut < 0 ? key : key.slice(0, cut)];
    const [rows, columns] = shape;
    // The last layer's neurons are told apart by their targets.
    if (
      !node ||
      shape.length !== 2 ||
      rows === undefined ||
      columns === undefined ||
      columns < 2 ||
      !feedsAnother(project, node.id)
    )
      return [];
    for (let row = 0; row < rows; row++)
      for (let column = 1; column < columns; column++) if (data[row * columns + column] !== data[row * columns]) return [];
    return [
      {
        code: 'symmetry',
        title: `All neurons of '${nameOf(project, node.id)}' are the same`,
        text: `Its ${columns} columns of weights are identical, so all neurons compute the same, get the same gradient and stay the same: it learns like one neuron.`,
        node: node.id,
        cure: has(project, node.id, 'initializer')
          ? { title: 'Use Glorot weights', edit: edits.setAttr(node.id, 'initializer', 'glorot-uniform'), restart: true }
          : null,
      },
    ];
  });
}

/** Some later node learns too. */
function feedsAnother(project: Project, from: NodeId): boolean {
  const reached = new Set<NodeId>([from]);
  const waiting = [from];
  while (waiting.length > 0) {
    const at = waiting.pop()!;
    for (const wire of Object.values(project.edges)) {
      if (wire.from !== at || reached.has(wire.to)) continue;
      reached.add(wire.to);
      waiting.push(wire.to);
      if (['dense', 'neuron', 'matmul', 'convolution-1d', 'convolution-2d'].includes(project.nodes[wire.to]?.op ?? ''))
        return true;
    }
  }
  return false;
}

/** So far beyond what is usual, either way, before it is said. */
const LARGE = 3;
const SMALL = 4;

/** Before the first step only: trained weights may have any size. One cure for all the layers that it concerns. */
export function unfitWeights({ project, weights, points }: Evidence): Finding[] {
  if (weights === null || points.some(({ step }) => step > 0)) return [];
  const unfit = Object.entries(weights).flatMap(([key, { shape, data }]) => {
    const node = project.nodes[key.slice(0, Math.max(0, key.lastIndexOf('/')))];
    const [n, m] = shape;
    if (
      !node ||
      !has(project, node.id, 'initializer') ||
      shape.length !== 2 ||
      n === undefined ||
      m === undefined ||
      data.length < 12
    )
      return [];
    let squares = 0;
    for (const w of data) squares += w * w;
    const size = Math.sqrt(squares / data.length);
    // All zero, or all the same, is the other finding's.
    if (size === 0 || data.every((w) => w === data[0])) return [];
    const activation = activationOf(node.op, node.attrs) ?? 'identity';
    const { gain, initializer } = fittingWeights(activation);
    const fit = Math.sqrt(gain / n);
    const isLarge = size > LARGE * fit;
    if (!isLarge && size > Math.min(fit, Math.sqrt(2 / (n + m))) / SMALL) return [];
    return [{ id: node.id, n, size, fit, activation, gain, initializer, isLarge }];
  });
  const cure = {
    title: 'Use fitting weights',
    edit: edits.inTurn(...unfit.map(({ id, initializer }) => edits.setAttr(id, 'initializer', initializer))),
    restart: true,
  };
  return unfit.map(({ id, n, size, fit, activation, gain, isLarge }) => ({
    code: 'unfit-weights',
    title: `The first weights of '${nameOf(project, id)}' are too ${isLarge ? 'large' : 'small'}`,
    text: `Their size is ${short(size)}; with ${n} inputs and ${activation === 'identity' ? 'no activation' : activation}, about ${short(fit)} (${gain === 2 ? '√(2/n)' : '1/√n'}) keeps numbers level from layer to layer. ${isLarge ? 'Activations saturate or explode.' : 'Activations and gradients die out.'}`,
    node: id,
    cure,
  }));
}
