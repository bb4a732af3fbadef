/**
 * Functions of the two libraries by ONNX's names. These are the common vocabulary: what an operation is called there tells
 * which function of a library means the same, so an operation says it once for all.
 */
import { type Python, tupleText } from './text';

export interface Asked {
  readonly args: readonly Python[];
  readonly attributes: Readonly<Record<string, number | readonly number[]>>;
  readonly constants: readonly (readonly number[])[];
}
export type CallWriter = (asked: Asked) => Python;

const list = (value: number | readonly number[] | undefined): readonly number[] =>
  value === undefined ? [] : typeof value === 'number' ? [value] : value;
const call =
  (name: string): CallWriter =>
  ({ args }) =>
    `${name}(${args.join(', ')})`;
const pooled =
  (name: string): CallWriter =>
  ({ args, attributes }) => {
    const window = list(attributes['kernel_shape']);
    return `F.${name}_pool${window.length}d(${args[0]}, ${window[0]})`;
  };

export const torchCalls: Readonly<Record<string, CallWriter>> = {
  Sigmoid: call('torch.sigmoid'),
  Tanh: call('torch.tanh'),
  Relu: call('torch.relu'),
  LeakyRelu: ({ args, attributes }) => `F.leaky_relu(${args[0]}, ${attributes['alpha']})`,
  Elu: call('F.elu'),
  Selu: call('F.selu'),
  Softplus: call('F.softplus'),
  Softsign: call('F.softsign'),
  Softmax: ({ args }) => `torch.softmax(${args[0]}, -1)`,
  LogSoftmax: ({ args }) => `torch.log_softmax(${args[0]}, -1)`,
  Concat: ({ args, attributes }) => `torch.cat(${tupleText(args)}, ${attributes['axis']})`,
  Conv: ({ args, attributes }) => {
    const strides = list(attributes['strides']);
    const stride = strides[0] === 1 ? '' : `, stride=${strides[0]}`;
    return `F.conv${strides.length}d(${args.join(', ')}${stride})`;
  },
  MaxPool: pooled('max'),
  AveragePool: pooled('avg'),
  Pad: ({ args, constants: [ends = []] }) => {
    // PyTorch counts from the last axis, and only as far as it pads.
    const rank = ends.length / 2;
    const pairs = Array.from({ length: rank }, (_, i) => [ends[rank - 1 - i]!, ends[2 * rank - 1 - i]!]);
    while (pairs.length > 1 && pairs.at(-1)!.every((size) => size === 0)) pairs.pop();
    return `F.pad(${args[0]}, ${tupleText(pairs.flat())})`;
  },
};

export const numpyCalls: Readonly<Record<string, CallWriter>> = {
  Concat: ({ args, attributes }) => `np.concatenate(${tupleText(args)}, axis=${attributes['axis']})`,
  Pad: ({ args, constants: [ends = []] }) => {
    const rank = ends.length / 2;
    return `np.pad(${args[0]}, ${tupleText(Array.from({ length: rank }, (_, i) => `(${ends[i]}, ${ends[rank + i]})`))})`;
  },
};
