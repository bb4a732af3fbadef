/**
 * What commonly keeps a network from learning, found in numbers: before training (initial weights, data)
 * and while it trains (curves, statistics of the layers). Pure rules; each finding has its evidence, its
 * place and, where one is clear, a cure that is an ordinary edit of the project.
 */
import type { Dataset } from '../data/dataset';
import { imageOf } from '../data/images';
import * as edits from '../graph/edits';
import type { NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { opOf } from '../ops/index';
import { optimizerOf } from '../optimizers/index';
import type { Weights } from '../plan';
import type { Statistics } from './statistics';
import type { CurvePoint } from './trainer';

export type FindingCode =
  | 'symmetry'
  | 'saturation'
  | 'dead-units'
  | 'vanishing'
  | 'exploding'
  | 'rate-too-high'
  | 'rate-too-low'
  | 'unscaled'
  | 'imbalance'
  | 'constant-columns'
  | 'overfitting'
  | 'batch-too-small';

export interface Cure {
  readonly title: string;
  readonly edit: edits.Edit;
  /** It acts on initial weights or on a run that went wrong, so training should start over. */
  readonly restart: boolean;
}

export interface Finding {
  readonly code: FindingCode;
  readonly title: string;
  /** What was seen, in numbers, and what it means. */
  readonly text: string;
  readonly node?: NodeId;
  /** Panel in which the cause is set. */
  readonly panel?: 'data' | 'train';
  readonly cure: Cure | null;
}

export interface Evidence {
  readonly project: Project;
  readonly data: Dataset | null;
  readonly weights: Weights | null;
  readonly statistics: Statistics | null;
  readonly points: readonly CurvePoint[];
}

const short = (x: number, digits = 2): string => String(Number(x.toPrecision(digits))).replace('-', '−');
const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** What is found in the weights, the curves and the layers. Cheap: it may be asked at every score. */
export function diagnoseRun(evidence: Evidence): readonly Finding[] {
  return [...symmetry(evidence), ...ofCurves(evidence), ...(isContent(evidence.points) ? [] : ofLayers(evidence))];
}

/** A network that has learned its rows may be as saturated as it likes. */
function isContent(points: readonly CurvePoint[]): boolean {
  const last = points.at(-1)?.train;
  return last !== undefined && ((last.accuracy ?? 0) >= 0.95 || (last.r2 ?? 0) >= 0.9);
}

/** Attributes that have their default are not written down. */
const has = (project: Project, node: NodeId, attr: string): boolean => attr in (opOf(project.nodes[node]?.op ?? '')?.attrs ?? {});

const nameOf = (project: Project, node: NodeId): string => project.nodes[node]?.label ?? node;

// Data --------------------------------------------------------------------------------------------

const MOST_ROWS = 5000;

/** What is found in the rows alone, before any training. */
export function diagnoseData({ project, data }: Pick<Evidence, 'project' | 'data'>): readonly Finding[] {
  if (data === null || data.features.length === 0) return [];
  const findings: Finding[] = [];
  const width = data.features.length;
  const rows = data.split.train.subarray(0, MOST_ROWS);
  const columns = data.features.map(({ name, source }, k) => {
    let [low, high, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (const row of rows) {
      const x = data.x[row * width + k]!;
      low = Math.min(low, x);
      high = Math.max(high, x);
      squares += x * x;
    }
    return { name, source, constant: rows.length > 1 && low === high, size: Math.sqrt(squares / Math.max(1, rows.length)) };
  });
  const { data: source } = project.settings;
  const csv = source.kind === 'csv' ? source : null;

  const large = columns.filter(({ size, constant }) => size > 10 && !constant);
  if (large.length > 0) {
    const worst = large.reduce((a, b) => (b.size > a.size ? b : a));
    findings.push({
      code: 'unscaled',
      title: large.length === 1 ? `'${worst.name}' is not scaled` : `${large.length} features are not scaled`,
      text: `The numbers of '${worst.name}' are about ${short(worst.size)} in size; initial weights expect about 1. Large inputs saturate activations and make steps too long.`,
      panel: 'data',
      cure:
        csv && !csv.standardise
          ? { title: 'Standardise the features', edit: edits.setSettings({ data: { ...csv, standardise: true } }), restart: true }
          : null,
    });
  }
  // The margins of images are always empty.
  const constant = imageOf(data) === null ? columns.filter((column) => column.constant) : [];
  if (constant.length > 0) {
    const gone = new Set(constant.map((column) => column.source));
    const left = [...new Set(columns.map((column) => column.source))].filter((name) => !gone.has(name));
    findings.push({
      code: 'constant-columns',
      title: constant.length === 1 ? `'${constant[0]!.name}' never changes` : `${constant.length} features never change`,
      text: `${constant.length === 1 ? 'It has' : 'They have'} the same value in all training rows, so nothing can be learned from ${constant.length === 1 ? 'it' : 'them'}: ${constant
        .slice(0, 5)
        .map(({ name }) => name)
        .join(', ')}${constant.length > 5 ? ', …' : ''}.`,
      panel: 'data',
      cure:
        csv && left.length > 0
          ? {
              title: 'Leave out',
              edit: leaveOut(csv, left, width - columns.filter(({ source: s }) => gone.has(s)).length, width),
              restart: true,
            }
          : null,
    });
  }
  if (data.task !== 'regression') {
    const outs = data.targets.length;
    const counts = new Array<number>(Math.max(2, outs)).fill(0);
    for (const row of rows) {
      if (outs === 1) counts[data.y[row]! > 0.5 ? 1 : 0]!++;
      else for (let k = 0; k < outs; k++) counts[k]! += data.y[row * outs + k]!;
    }
    const most = counts.indexOf(Math.max(...counts));
    const share = counts[most]! / Math.max(1, rows.length);
    const even = 1 / counts.length;
    if (rows.length >= 20 && share > even + 0.65 * (1 - even))
      findings.push({
        code: 'imbalance',
        title: 'One class is far more frequent',
        text: `${percent(share)} of the training rows are '${data.classes[most]}': always guessing it gives that accuracy. Look at the recall of each class instead.`,
        panel: 'data',
        cure: null,
      });
  }
  return findings;
}

function leaveOut(
  csv: Extract<Project['settings']['data'], { kind: 'csv' }>,
  features: readonly string[],
  now: number,
  before: number,
): edits.Edit {
  return (project) => {
    const inputs = Object.values(project.nodes).filter(({ op }) => op === 'input');
    const [input] = inputs;
    const shape = input?.attrs['shape'];
    const whole = inputs.length === 1 && input !== undefined && Array.isArray(shape) && shape.length === 1 && shape[0] === before;
    const chosen = edits.setSettings({ data: { ...csv, features: [...features] } });
    return whole ? edits.inTurn(chosen, edits.setAttr(input.id, 'shape', [now]))(project) : chosen(project);
  };
}

// Weights -----------------------------------------------------------------------------------------

function symmetry({ project, weights }: Evidence): Finding[] {
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
      if (['dense', 'neuron', 'matmul', 'conv1d', 'conv2d'].includes(project.nodes[wire.to]?.op ?? '')) return true;
    }
  }
  return false;
}

// Curves ------------------------------------------------------------------------------------------

function rateOf(project: Project): number {
  const { optimizer, hyper } = project.settings.training;
  return hyper['rate'] ?? optimizerOf(optimizer)?.hyper['rate']?.default ?? 0.001;
}
function setRate(project: Project, rate: number, restart: boolean): Cure {
  const next = Number(rate.toPrecision(2));
  const { hyper } = project.settings.training;
  return { title: `Learning rate ${short(next)}`, edit: edits.setTraining({ hyper: { ...hyper, rate: next } }), restart };
}

function ofCurves({ project, points, data, statistics }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const train = points.map((point) => point.train.loss);
  const [first, last] = [train[0], train.at(-1)];
  if (train.length < 6 || first === undefined || last === undefined) return findings;
  const best = Math.min(...train);
  const rate = rateOf(project);
  const { batch } = project.settings.training;
  // Ups and downs against what is left to lose, over the second half.
  const late = train.slice(Math.floor(train.length / 2));
  const rises = late.filter((loss, i) => i > 0 && loss > late[i - 1]! * 1.05).length / Math.max(1, late.length - 1);
  const swing =
    late.reduce((sum, loss, i) => (i === 0 ? 0 : sum + Math.abs(loss - late[i - 1]!)), 0) / Math.max(1, late.length - 1);
  const restless = !isContent(points) && rises > 0.3 && swing > 0.15 * first;
  const rising = last > first * 1.5 && last > best * 2;
  const tiny = batch <= 2 && data !== null && data.split.train.length >= 50;
  if (restless && tiny && !rising)
    findings.push({
      code: 'batch-too-small',
      title: 'The batches are very small',
      text: `With ${batch === 1 ? 'one row' : 'two rows'} a step the gradient is mostly noise: the loss jumps by ${short(swing)} from score to score, of ${short(first)} at the start.`,
      panel: 'train',
      cure: { title: 'Batches of 32', edit: edits.setTraining({ batch: 32 }), restart: false },
    });
  else if (restless || rising)
    findings.push({
      code: 'rate-too-high',
      title: 'The learning rate is too high',
      text: rising
        ? `The loss rose from ${short(first)} to ${short(last)} at a rate of ${short(rate)}: steps overshoot the valley.`
        : `The loss goes up in ${percent(rises)} of the latest scores and jumps by ${short(swing)}, of ${short(first)} at the start: steps overshoot the valley.`,
      panel: 'train',
      cure: setRate(project, rate / 10, true),
    });
  const ratios =
    statistics?.layers.flatMap(({ parameters }) =>
      parameters.flatMap(({ ratio, role }) => (role === 'weight' && ratio !== null ? [ratio] : [])),
    ) ?? [];
  const epochs = points.at(-1)!.epoch;
  if (
    epochs >= 5 &&
    first - last < 0.02 * Math.abs(first) &&
    last <= first &&
    ratios.length > 0 &&
    Math.max(...ratios) < 1e-4 &&
    !isContent(points)
  )
    findings.push({
      code: 'rate-too-low',
      title: 'The learning rate is too low',
      text: `In ${epochs} epochs the loss only fell from ${short(first, 4)} to ${short(last, 4)}; a step moves the weights by ${short(Math.max(...ratios))} of their size, where about 0.001 is usual.`,
      panel: 'train',
      // To where a step moves the weights by about a thousandth.
      cure: setRate(project, Math.min(1, rate * Math.min(1e4, Math.max(10, 1e-3 / Math.max(...ratios)))), false),
    });
  findings.push(...overfitting(points, data));
  return findings;
}

/** The validation loss has turned up for good, and the metric with it, while training still gets better. */
function overfitting(points: readonly CurvePoint[], data: Dataset | null): Finding[] {
  const scored = points.flatMap(({ epoch, train, validation }) => (validation ? [{ epoch, train, validation }] : []));
  if (scored.length < 8) return [];
  const least = scored.reduce((a, b) => (b.validation.loss < a.validation.loss ? b : a));
  const last = scored.at(-1)!;
  const metric = ({ accuracy, r2 }: { accuracy?: number; r2?: number }): number => accuracy ?? r2 ?? Number.NaN;
  const lost = metric(least.validation) - metric(last.validation);
  const since = scored.filter(({ epoch }) => epoch > least.epoch).length;
  const turned = last.validation.loss > 1.25 * least.validation.loss && last.train.loss < 0.9 * least.train.loss;
  // One or two rows more or less are chance.
  const chance = least.validation.accuracy === undefined || data === null ? 0 : 4 / Math.max(1, data.split.validation.length);
  if (!turned || since < 4 || !(lost > Math.max(0.02, chance))) return [];
  return [
    {
      code: 'overfitting',
      title: 'It learns its training rows by heart',
      text: `Since epoch ${least.epoch} the validation loss rose from ${short(least.validation.loss)} to ${short(last.validation.loss)} while the training loss fell to ${short(last.train.loss)}. Stop there, make the network smaller, or use more data.`,
      panel: 'train',
      cure: {
        title: `Stop at epoch ${Math.max(1, least.epoch)}`,
        edit: edits.setTraining({ epochs: Math.max(1, least.epoch) }),
        restart: true,
      },
    },
  ];
}

// Layers ------------------------------------------------------------------------------------------

function ofLayers({ project, statistics }: Evidence): Finding[] {
  if (statistics === null) return [];
  const findings: Finding[] = [];
  const { layers } = statistics;
  const changeTo = (node: NodeId, activation: string, title: string): Cure | null =>
    has(project, node, 'activation') ? { title, edit: edits.setAttr(node, 'activation', activation), restart: true } : null;
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
        cure: changeTo(layer.node, 'leaky-relu', 'Use leaky ReLU'),
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
          hidden.filter(({ op }) => op === 'sigmoid' || op === 'tanh').map(({ node }) => node),
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

/** The initializer that fits each layer's activation. */
function refit(project: Project, layers: Statistics['layers']): Cure | null {
  const own = layers.filter(({ node }) => has(project, node, 'initializer'));
  if (own.length === 0) return null;
  return {
    title: 'Use fitting weights',
    edit: edits.inTurn(
      ...own.map(({ node, op }) => edits.setAttr(node, 'initializer', cutsOff(op) ? 'he-normal' : 'glorot-uniform')),
    ),
    restart: true,
  };
}
const cutsOff = (op: string): boolean => op === 'relu' || op === 'leaky-relu';

function throughout(project: Project, nodes: readonly NodeId[], title: string): Cure | null {
  const own = nodes.filter((node) => has(project, node, 'activation'));
  if (own.length === 0) return null;
  return {
    title,
    edit: edits.inTurn(
      ...own.flatMap((node) => [
        edits.setAttr(node, 'activation', 'relu'),
        ...(has(project, node, 'initializer') ? [edits.setAttr(node, 'initializer', 'he-normal')] : []),
      ]),
    ),
    restart: true,
  };
}
