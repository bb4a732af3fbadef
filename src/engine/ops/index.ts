/** The operations: one line each. The palette shows them in this order. */
import { abs } from './abs';
import { add } from './add';
import { batchNormalisation, standardise } from './batch-normalisation';
import { binaryCrossEntropy } from './binary-cross-entropy';
import { binaryCrossEntropyLogits } from './binary-cross-entropy-logits';
import { binaryStep } from './binary-step';
import { broadcast } from './broadcast';
import { clamp } from './clamp';
import { concatenate } from './concatenate';
import { convolutionLayer1d, convolutionLayer2d } from './convolution-layers';
import { convolve1d, convolve2d } from './convolution';
import { cos } from './cos';
import { crossEntropyLogits } from './cross-entropy-logits';
import { dense } from './dense';
import { divide } from './divide';
import { dropout } from './dropout';
import { elu } from './elu';
import { exp } from './exp';
import { gelu } from './gelu';
import { hinge } from './hinge';
import { huber } from './huber';
import { identity } from './identity';
import { layerNormalisation, normalise } from './layer-normalisation';
import { leakyRelu } from './leaky-relu';
import { log } from './log';
import { logSoftmax } from './log-softmax';
import { matmul } from './matmul';
import { max } from './max';
import { maximum } from './maximum';
import { mccullochPitts } from './mcculloch-pitts';
import { mean } from './mean';
import { meanAbsoluteError } from './mean-absolute-error';
import { meanSquaredError } from './mean-squared-error';
import { minimum } from './minimum';
import { multiply } from './multiply';
import { negate } from './negate';
import { neuron } from './neuron';
import type { Op } from './op';
import type { OwnOperations } from '../graph/own-operation';
import { learnOwn, ownOp } from './own';
import { pad } from './pad';
import { elastic, l1, l2 } from './penalties';
import { averagePooling, maxPooling } from './pooling';
import { power } from './power';
import { relu } from './relu';
import { flatten, reshape } from './reshape';
import { selu } from './selu';
import { sigmoid } from './sigmoid';
import { silu } from './silu';
import { sin } from './sin';
import { sine } from './sine';
import { slice } from './slice';
import { softmax } from './softmax';
import { softplus } from './softplus';
import { softsign } from './softsign';
import { constant, input, parameter, target } from './sources';
import { sqrt } from './sqrt';
import { squaredError } from './squared-error';
import { subtract } from './subtract';
import { sum } from './sum';
import { tanh } from './tanh';
import { transpose } from './transpose';

const list: readonly Op[] = [
  input,
  target,
  parameter,
  constant,
  neuron,
  dense,
  convolutionLayer1d,
  convolutionLayer2d,
  maxPooling,
  averagePooling,
  batchNormalisation,
  layerNormalisation,
  dropout,
  mccullochPitts,
  identity,
  binaryStep,
  sigmoid,
  tanh,
  relu,
  leakyRelu,
  elu,
  selu,
  gelu,
  silu,
  softplus,
  softsign,
  sine,
  softmax,
  logSoftmax,
  squaredError,
  meanSquaredError,
  meanAbsoluteError,
  huber,
  hinge,
  binaryCrossEntropy,
  binaryCrossEntropyLogits,
  crossEntropyLogits,
  l1,
  l2,
  elastic,
  add,
  subtract,
  multiply,
  divide,
  negate,
  power,
  minimum,
  maximum,
  exp,
  log,
  sqrt,
  abs,
  sin,
  cos,
  clamp,
  normalise,
  standardise,
  sum,
  mean,
  max,
  matmul,
  convolve1d,
  convolve2d,
  reshape,
  flatten,
  transpose,
  concatenate,
  slice,
  pad,
  broadcast,
];

export const ops: ReadonlyMap<string, Op> = new Map(list.map((op) => [op.name, op]));

/** The operation of that name; undefined for names from files that are not known here. */
export const opOf = (name: string): Op | undefined => ops.get(name) ?? ownOp(name);

/** Operations of one's own that a project brings are known from now on. */
export const learn = (own: OwnOperations | undefined): void => {
  if (own) learnOwn(own, opOf);
};
