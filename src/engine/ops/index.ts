/** The operations: one line each. The palette shows them in this order. */
import { add } from './add';
import { binaryCrossEntropy } from './binary-cross-entropy';
import { binaryCrossEntropyLogits } from './binary-cross-entropy-logits';
import { binaryStep } from './binary-step';
import { crossEntropyLogits } from './cross-entropy-logits';
import { dense } from './dense';
import { divide } from './divide';
import { elu } from './elu';
import { exp } from './exp';
import { identity } from './identity';
import { leakyRelu } from './leaky-relu';
import { log } from './log';
import { matmul } from './matmul';
import { mean } from './mean';
import { meanSquaredError } from './mean-squared-error';
import { multiply } from './multiply';
import { negate } from './negate';
import { neuron } from './neuron';
import type { Op } from './op';
import { power } from './power';
import { relu } from './relu';
import { sigmoid } from './sigmoid';
import { silu } from './silu';
import { sine } from './sine';
import { softmax } from './softmax';
import { softplus } from './softplus';
import { constant, input, parameter, target } from './sources';
import { squaredError } from './squared-error';
import { subtract } from './subtract';
import { sum } from './sum';
import { tanh } from './tanh';

const list: readonly Op[] = [
  input,
  target,
  parameter,
  constant,
  neuron,
  dense,
  identity,
  binaryStep,
  sigmoid,
  tanh,
  relu,
  leakyRelu,
  elu,
  silu,
  softplus,
  sine,
  softmax,
  squaredError,
  meanSquaredError,
  binaryCrossEntropy,
  binaryCrossEntropyLogits,
  crossEntropyLogits,
  add,
  subtract,
  multiply,
  divide,
  negate,
  power,
  exp,
  log,
  sum,
  mean,
  matmul,
];

export const ops: ReadonlyMap<string, Op> = new Map(list.map((op) => [op.name, op]));

/** The operation of that name; undefined for names from files that are not known here. */
export const opOf = (name: string): Op | undefined => ops.get(name);
