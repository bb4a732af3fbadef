/** The elementwise activations that a layer offers, in the order of its menu. */
import { binaryStep } from './binary-step';
import { elu } from './elu';
import { gelu } from './gelu';
import { identity } from './identity';
import { leakyRelu } from './leaky-relu';
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
