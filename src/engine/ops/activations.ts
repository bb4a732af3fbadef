/** The elementwise activations that a layer offers, in the order of its menu. */
import { binaryStep } from './binary-step';
import { elu } from './elu';
import { identity } from './identity';
import { leakyRelu } from './leaky-relu';
import { relu } from './relu';
import { sigmoid } from './sigmoid';
import { silu } from './silu';
import { sine } from './sine';
import { softplus } from './softplus';
import { tanh } from './tanh';

export const activations = [identity, sigmoid, tanh, relu, binaryStep, leakyRelu, elu, silu, softplus, sine] as const;

export const activationChoices = activations.map(({ name, title }) => ({ value: name, title }));
