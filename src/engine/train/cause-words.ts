/** What went wrong, where, and what to do about it, as sentences: the words of `cause.ts`. */
import type { NodeId } from '../graph/graph';
import { opOf } from '../ops/index';
import type { Plans, Step } from '../plan';
import type { Blame } from './blame';
import type { Growth } from './growth';

export type Reason =
  /** The data holds it. */
  | 'data'
  /** A weight was no number before the batch. */
  | 'weights'
  /** The logarithm of a number that is not above 0, the root of a negative one, a division by 0 … */
  | 'log'
  | 'root'
  | 'divide'
  | 'power'
  /** … the slope of a root where it is infinite, an exponential beyond float32. */
  | 'slope'
  | 'exp'
  /** Weights grew from step to step until nothing held them. */
  | 'grown'
  /** A product or a sum beyond float32, at once. */
  | 'overflow'
  | 'unknown';

/** A step that went wrong. */
export interface Culprit {
  readonly step: Step;
  readonly blame: Blame;
  /** It takes 32 bits for it to happen. */
  readonly rounded: boolean;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const raised = (exponent: number): string =>
  `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('')}`;

/** A number in a sentence: −0.2, 4.1 · 10¹⁹. */
export function numberWords(x: number): string {
  if (Number.isNaN(x)) return 'not a number';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞';
  const size = Math.abs(x);
  const sign = x < 0 ? '−' : '';
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) {
    const exponent = Math.floor(Math.log10(size));
    return `${sign}${Number((size / 10 ** exponent).toPrecision(3))} · ${raised(exponent)}`;
  }
  return `${sign}${Number(size.toPrecision(4))}`;
}

/** A node by the name that people gave it; a part of a layer by the layer's, with its own. */
export function nodeWords({ drawing: { graph, owner, labels } }: Plans, id: NodeId): string {
  const of = owner[id] ?? id;
  const name = labels?.[of] ?? graph.nodes[of]?.label ?? of;
  return id === of ? `'${name}'` : `'${name}' (its ${id.slice(of.length + 1)})`;
}

const rowWords = (row: number | null): string => (row === null ? '' : `, row ${row + 1} of the data`);

/** What the operation was asked for, as the end of a sentence. */
function asked({ blame: { op, operands, value } }: Culprit): string {
  const [a, b] = operands.map(numberWords);
  switch (op) {
    case 'log':
      return operands[0] === 0
        ? 'the logarithm of 0 is taken, which is −∞'
        : `the logarithm of ${a} is taken, which is not defined`;
    case 'sqrt':
      return `the square root of ${a} is taken, which is not a real number`;
    case 'exp':
      return `e is raised to the power ${a}, which is more than 32-bit numbers hold (3.4 · 10³⁸)`;
    case 'div':
      return `${a} is divided by ${b}`;
    case 'pow':
      return operands[0]! < 0 && Number.isNaN(value)
        ? `${a} is raised to the power ${b}, which is not a real number`
        : `${a} is raised to the power ${b}, which is ${operands[0] === 0 ? 'a division by 0' : 'more than 32-bit numbers hold'}`;
    case 'mul':
      return `${a} is multiplied by ${b}, which is more than 32-bit numbers hold (3.4 · 10³⁸)`;
    case 'sum':
    case 'add':
    case 'sub':
      return `a sum grows beyond what 32-bit numbers hold (3.4 · 10³⁸)`;
    default:
      return `a number becomes ${numberWords(value)}`;
  }
}

const advice: Readonly<Record<Exclude<Reason, 'data' | 'weights' | 'grown'>, string>> = {
  log: 'A logarithm needs a number above 0: keep its input there with a clamp, or use a loss that takes scores (logits), which needs no logarithm of its own.',
  root: 'A square root needs a number that is not negative: keep its input above 0 with a clamp.',
  divide: 'Keep the divisor away from 0, for example by adding a small number to it.',
  power: 'With that exponent the base must be above 0: keep it there with a clamp.',
  slope: 'Keep the input a little above 0 with a clamp.',
  exp: 'Keep the exponent small with a clamp, or scale the data. For probabilities take softmax, or the loss that takes scores (logits): they never overflow.',
  overflow: 'Lower the learning rate, limit the gradients, or scale the data, and reset the weights.',
  unknown: 'Lower the learning rate and reset the weights.',
};

/** The operation, the row and the numbers: the first half of the sentence. */
function what(plans: Plans, culprit: Culprit, row: number | null): string {
  const { step } = culprit;
  const node = nodeWords(plans, step.node);
  const where = {
    forward: `At ${node}`,
    loss: `At ${node}`,
    backward: `In the gradient at ${node}`,
    update: `In the update of ${node}`,
  }[step.phase];
  return `${where}${rowWords(row)}, ${asked(culprit)}`;
}

function step(plans: Plans, culprit: Culprit, reason: Reason, row: number | null, from: NodeId | undefined): string {
  const { rounded, blame } = culprit;
  const node = nodeWords(plans, culprit.step.node);
  const sentences: string[] = [];
  if (reason === 'slope')
    sentences.push(
      `In the gradient at ${node}${rowWords(row)}, the slope of ${opOf(plans.drawing.graph.nodes[culprit.step.node]!.op)!.title.toLowerCase()} is taken at 0, where it is infinite.`,
    );
  else sentences.push(`${what(plans, culprit, row)}.`);
  if (from !== undefined) sentences.push(`${reason === 'slope' ? 'The 0' : 'The number'} comes from ${nodeWords(plans, from)}.`);
  if (rounded && blame.operands.includes(0))
    sentences.push('It is not quite 0, but smaller than the smallest number of 32 bits, about 10⁻³⁷.');
  sentences.push(advice[reason as keyof typeof advice]);
  return sentences.join(' ');
}

/** Weights without bounds; `what` broke first. */
export function growthText(plans: Plans, { parameter, since, until, before, now }: Growth, broke?: string): string {
  const grew = `The weights of ${nodeWords(plans, parameter)} grow without bounds: their largest was ${numberWords(before)} after step ${since} and is ${numberWords(now)} after step ${until}.`;
  return `${grew}${broke === undefined ? '' : ` ${broke}.`} The steps are too long: lower the learning rate, limit the gradients, or scale the data, and reset the weights.`;
}

export const messageOf = {
  what,
  step,
  weights: (plans: Plans, key: NodeId, value: number): string =>
    `The weights of ${nodeWords(plans, key)} hold ${numberWords(value) === 'not a number' ? 'what is not a number (NaN)' : numberWords(value)}. Reset the weights.`,
  unknown: `The loss is no finite number, although the same batch is finite when it is computed again. ${advice.unknown}`,
} as const;
