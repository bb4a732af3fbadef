/** What is found inside the layers: saturated and dead units, gradients that vanish or explode on their way back. */
import * as edits from '../../graph/edits';
import type { NodeId } from '../../graph/graph';
import type { Project } from '../../graph/project';
import { activationFacts, fittingWeights } from '../../ops/facts';
import { opOf } from '../../ops/index';
import type { LayerStatistics, Statistics } from '../statistics';
import { type Cure, type Evidence, type Finding, has, nameOf, percent, rateOf, setRate, short } from './finding';

export function ofLayers(evidence: Evidence): Finding[] {
  const { project, statistics } = evidence;
  if (statistics === null) return [];
  const findings: Finding[] = [];
  const { layers } = statistics;
  const hidden = layers.slice(0, -1);
  const soaked = hidden.filter(({ saturated }) => saturated !== null && saturated > 0.75).map(({ node }) => node);
  for (const layer of hidden) {
    const name = nameOf(project, layer.node);
    if (layer.saturated !== null && layer.saturated > 0.75)
      findings.push({
        code: 'saturation',
        title: `'${name}' is saturated`,
        text: `${percent(layer.saturated)} of its activations lie where ${layer.op} is all but flat, so hardly any gradient comes through. Its inputs or weights are too large.`,
        node: layer.node,
        cure: throughout(project, soaked, 'Use ReLU and He weights'),
      });
    if (layer.dead !== null && layer.dead.length >= Math.max(2, layer.units / 2))
      findings.push({
        code: 'dead-units',
        title: `Units of '${name}' are dead`,
        text: `${layer.dead.length} of ${layer.units} units are 0 for each of ${statistics.rows} training rows; no gradient reaches them, so they stay so.`,
        node: layer.node,
        cure: revived(evidence, layer),
      });
  }
  const learning = layers.flatMap((layer) => {
    const weight = layer.parameters.find(({ role, gradient }) => role === 'weight' && gradient !== null);
    return weight ? [{ layer, size: weight.gradient!.size }] : [];
  });
  const [front, back] = [learning[0], learning.at(-1)];
  if (learning.length >= 3 && front && back && back.size > 0) {
    const ratio = front.size / back.size;
    const between = `The gradient of the weights is ${short(front.size)} in '${nameOf(project, front.layer.node)}' and ${short(back.size)} in '${nameOf(project, back.layer.node)}'`;
    if (ratio < 1e-3)
      findings.push({
        code: 'vanishing',
        title: 'The gradient vanishes on its way back',
        text: `${between}: the first layers hardly learn.`,
        node: front.layer.node,
        cure: throughout(
          project,
          hidden.filter(({ op }) => activationFacts(op).saturated).map(({ node }) => node),
          'Use ReLU in the hidden layers',
        ),
      });
  }
  const [start, end] = [layers[0]?.gradient?.size ?? 0, layers.at(-1)?.gradient?.size ?? 0];
  if (layers.length >= 3 && end > 0 && start > 1e3 * end)
    findings.push({
      code: 'exploding',
      title: 'The gradient explodes on its way back',
      text: `It grows from ${short(end)} at '${nameOf(project, layers.at(-1)!.node)}' to ${short(start)} at '${nameOf(project, layers[0]!.node)}': the weights between are too large, and a step may throw the first layers far off.`,
      node: layers[0]!.node,
      cure: refit(project, layers),
    });
  return findings;
}

/** An activation that lets a little through. Where steps have killed them, these were too long as well. */
function revived({ project, points }: Evidence, { node, op }: LayerStatistics): Cure | null {
  const instead = activationFacts(op).dies?.instead;
  if (instead === undefined || !has(project, node, 'activation')) return null;
  const other = edits.setAttr(node, 'activation', instead);
  if (!points.some(({ step }) => step > 0)) return { title: `Use ${titleOf(instead)}`, edit: other, restart: true };
  const { title, edit } = setRate(project, rateOf(project) / 10, true);
  return { title: `${opOf(instead)!.title} and ${title.toLowerCase()}`, edit: edits.inTurn(other, edit), restart: true };
}

/** The initializer that fits each layer's activation. */
function refit(project: Project, layers: Statistics['layers']): Cure | null {
  const own = layers.filter(({ node }) => has(project, node, 'initializer'));
  if (own.length === 0) return null;
  return {
    title: 'Use fitting weights',
    edit: edits.inTurn(...own.map(({ node, op }) => edits.setAttr(node, 'initializer', fittingWeights(op).initializer))),
    restart: true,
  };
}

/** A title within a sentence: an abbreviation stays as it is, a word begins small. */
function titleOf(op: string): string {
  const title = opOf(op)!.title;
  return /^[A-Z][a-z]/.test(title) ? title[0]!.toLowerCase() + title.slice(1) : title;
}

/** What hidden layers are best made of where nothing else is wished. */
const USUAL = 'relu';

function throughout(project: Project, nodes: readonly NodeId[], title: string): Cure | null {
  const own = nodes.filter((node) => has(project, node, 'activation'));
  if (own.length === 0) return null;
  return {
    title,
    edit: edits.inTurn(
      ...own.flatMap((node) => [
        edits.setAttr(node, 'activation', USUAL),
        ...(has(project, node, 'initializer') ? [edits.setAttr(node, 'initializer', fittingWeights(USUAL).initializer)] : []),
      ]),
    ),
    restart: true,
  };
}
