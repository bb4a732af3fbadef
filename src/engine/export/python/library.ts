/**
 * The two libraries that Python text is written for. What NumPy and PyTorch spell alike (operators, `@`,
 * indexing, `reshape`) stands in the text directly; what they call differently is asked for here.
 */
import type { BinaryOp, Dialect, UnaryOp } from '../../ir/expr';
import type { Primitive, TorchSpelling } from '../../ops/op';
import { type CallWriter, numpyCalls, torchCalls } from './onnx-calls';
import { atom, minus, negative, numberText, over, plus, power, type Python, times, tupleText } from './text';

export interface Library {
  readonly name: 'numpy' | 'pytorch';
  /** As people call it. */
  readonly title: string;
  /** Whether the reverse pass is written out; else the library has its own. */
  readonly writesBackward: boolean;
  /** What makes an array of listed numbers, and one of equal numbers. */
  readonly constant: { readonly array: string; readonly full: string };
  /** Functions by ONNX's names. */
  readonly calls: Readonly<Record<string, CallWriter>>;
  /** The function that an operation states for this library itself. */
  stated(op: Primitive): TorchSpelling | undefined;
  /** The lines that import what a text of it needs. */
  imports(body: Python): string[];
  /** Elementwise expressions; `reads` gives the text of each name. */
  dialect(reads: (name: string) => Python): Dialect<Python>;
  fold(how: 'sum' | 'max' | 'mean', x: Python, axes: readonly number[]): Python;
  transposed(x: Python, order: readonly number[]): Python;
  expanded(x: Python, shape: readonly (string | number)[]): Python;
  full(shape: readonly (string | number)[], value: number, like: Python): Python;
  /** Each listed axis turned around. */
  flipped(x: Python, axes: readonly number[], rank: number): Python;
  /** Windows of these lengths at every place of these axes; the windows' own axes come last. */
  windows(x: Python, lengths: readonly number[], axes: readonly number[], rank: number): Python;
  einsum(letters: string, a: Python, b: Python): Python;
}

const UNARY: Readonly<Record<Exclude<UnaryOp, 'neg'>, string>> = {
  exp: 'exp',
  log: 'log',
  sqrt: 'sqrt',
  abs: 'abs',
  floor: 'floor',
  tanh: 'tanh',
  sin: 'sin',
  cos: 'cos',
};

const isNumber = (text: Python): boolean => /^-?[\d.]/.test(text) && !/[^\d.e+-]/.test(text);

function dialectOf(
  module: string,
  larger: (a: Python, b: Python) => Python,
  smaller: (a: Python, b: Python) => Python,
  reads: (name: string) => Python,
  /** Spelled with the function itself, where its slope does not matter. */
  absolute?: (x: Python) => Python,
): Dialect<Python> {
  const binary: Readonly<Record<BinaryOp, (a: Python, b: Python) => Python>> = {
    add: plus,
    sub: minus,
    mul: times,
    div: over,
    pow: power,
    max: larger,
    min: smaller,
  };
  return {
    constant: numberText,
    read: reads,
    unary: (op, x) => (op === 'neg' ? negative(x) : `${module}.${UNARY[op]}(${x})`),
    binary: (op, x, y) => binary[op](x, y),
    select: (positive, then, otherwise) => {
      // x − y > 0 reads better as x > y, but differs where the difference is lost: only plain names and numbers are moved.
      const sides = /^([\w.]+) - ([\w.]+)$/.exec(positive);
      const swapped = /^-([\w.]+)$/.exec(positive);
      const test = sides ? `${sides[1]} > ${sides[2]}` : swapped ? `${swapped[1]} < 0` : `${positive} > 0`;
      if (absolute && positive === otherwise && then === negative(otherwise)) return `-${absolute(otherwise)}`;
      return `${module}.where(${test}, ${then}, ${otherwise})`;
    },
  };
}

const slices = (rank: number, at: (axis: number) => string): string => {
  const parts = Array.from({ length: rank }, (_, axis) => at(axis));
  while (parts.length > 1 && parts.at(-1) === ':') parts.pop();
  return parts.join(', ');
};

export const numpy: Library = {
  name: 'numpy',
  title: 'NumPy',
  writesBackward: true,
  constant: { array: 'np.array', full: 'np.full' },
  calls: numpyCalls,
  stated: () => undefined,
  imports: (body) => [
    'import numpy as np',
    ...(body.includes('sliding_window_view(') ? ['from numpy.lib.stride_tricks import sliding_window_view'] : []),
  ],
  dialect: (reads) =>
    dialectOf(
      'np',
      (a, b) => `np.maximum(${a}, ${b})`,
      (a, b) => `np.minimum(${a}, ${b})`,
      reads,
      (x) => `np.abs(${x})`,
    ),
  fold: (how, x, axes) => `${atom(x)}.${how}(axis=${axes.length === 1 ? axes[0] : tupleText(axes)})`,
  transposed: (x, order) => (order.join() === '1,0' ? `${atom(x)}.T` : `${atom(x)}.transpose(${order.join(', ')})`),
  expanded: (x, shape) => `np.broadcast_to(${x}, ${tupleText(shape)})`,
  full: (shape, value) =>
    value === 0
      ? `np.zeros(${tupleText(shape)})`
      : `np.full(${shape.length === 0 ? '()' : tupleText(shape)}, ${numberText(value)})`,
  flipped: (x, axes, rank) => `${atom(x)}[${slices(rank, (axis) => (axes.includes(axis) ? '::-1' : ':'))}]`,
  windows: (x, lengths, axes) =>
    lengths.length === 1
      ? `sliding_window_view(${x}, ${lengths[0]}, axis=${axes[0]})`
      : `sliding_window_view(${x}, ${tupleText(lengths)}, axis=${tupleText(axes)})`,
  einsum: (letters, a, b) => `np.einsum('${letters}', ${a}, ${b})`,
};

/** The one that is chosen has the whole gradient; where both are equal it is `max`'s second and `min`'s first, as everywhere here. */
const larger = (a: Python, b: Python): Python => `torch.where(${a} > ${b}, ${a}, ${b})`;
const smaller = (a: Python, b: Python): Python =>
  isNumber(b) ? `torch.clamp(${a}, max=${b})` : `torch.where(${a} > ${b}, ${b}, ${a})`;

export const pytorch: Library = {
  name: 'pytorch',
  title: 'PyTorch',
  writesBackward: false,
  constant: { array: 'torch.tensor', full: 'torch.full' },
  calls: torchCalls,
  stated: (op) => op.torch,
  imports: (body) => [
    'import torch',
    'from torch import nn',
    ...(/\bF\.\w/.test(body) ? ['from torch.nn import functional as F'] : []),
  ],
  // No |x| here: PyTorch would take its slope at 0 for 0.
  dialect: (reads) => dialectOf('torch', larger, smaller, reads),
  fold: (how, x, axes) => `${atom(x)}.${how === 'max' ? 'amax' : how}(${axes.length === 1 ? axes[0] : tupleText(axes)})`,
  transposed: (x, order) => (order.join() === '1,0' ? `${atom(x)}.T` : `${atom(x)}.permute(${order.join(', ')})`),
  expanded: (x, shape) => `torch.as_tensor(${x}).expand(${shape.length === 0 ? '()' : shape.join(', ')})`,
  full: (shape, value, like) => `${atom(like)}.new_full(${shape.length === 0 ? '()' : tupleText(shape)}, ${numberText(value)})`,
  flipped: (x, axes) => `${atom(x)}.flip(${axes.join(', ')})`,
  windows: (x, lengths, axes) => lengths.reduce((text, length, i) => `${atom(text)}.unfold(${axes[i]}, ${length}, 1)`, x),
  einsum: (letters, a, b) => `torch.einsum('${letters}', ${a}, ${b})`,
};

/** In the order of menus. */
export const libraries: readonly Library[] = [numpy, pytorch];
