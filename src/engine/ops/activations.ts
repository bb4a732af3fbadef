/** The elementwise activations that a layer offers, in the order of its menu, and how a layer's formula writes its own. */
import type { Convention } from '../ir/latex';
import { completeAttrs } from './attrs';
import { binaryStep } from './binary-step';
import { elu } from './elu';
import { gelu } from './gelu';
import { identity } from './identity';
import { leakyRelu } from './leaky-relu';
import type { Call, Latex } from './op';
import { relu } from './relu';
import { selu } from './selu';
import { sigmoid } from './sigmoid';
import { silu } from './silu';
import { sine } from './sine';
import { softplus } from './softplus';
import { softsign } from './softsign';
import { tanh } from './tanh';

export const activations = [
  identity,
  sigmoid,
  tanh,
  relu,
  binaryStep,
  leakyRelu,
  elu,
  selu,
  gelu,
  silu,
  softplus,
  softsign,
  sine,
] as const;

export const activationChoices = activations.map(({ name, title }) => ({ value: name, title }));

/** The layer's activation of its sum, as the activation itself is written: an unnamed g would say nothing. */
export function activated(sum: Latex, { attrs, out }: Call, convention: Convention): Latex {
  const g = activations.find(({ name }) => name === attrs['activation'])!;
  if (g === identity) return sum;
  return g.formula({ x: sum }, { shapes: { x: out }, attrs: completeAttrs(g, {}), out }, convention);
}
