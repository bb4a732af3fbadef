/**
 * The matrix product over the last axis of `a` and the first of `b`. The gradient with respect to each
 * factor is the same kernel with other strides: ∂L/∂A = ∂L/∂T Bᵗ, ∂L/∂B = Aᵗ ∂L/∂T.
 */
import { mul, read } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { asBase, asFactor, type Convention, elementLatex, type Latex, productLatex } from '../ir/latex';
import { type Axis, isBatched, sampleShape, type Shape, shapeText, stridesOf } from '../ir/shape';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';

type Letter = 'batch' | 'p' | 'm' | 'k' | 'n';

/** Which letter each axis of an operand stands for. */
function letters({ shapes }: Pick<Call, 'shapes'>): { a: Letter[]; b: Letter[]; out: Letter[] } {
  const [a, b] = [shapes['a']!, shapes['b']!];
  const lead: Letter[] = (['p', 'm'] as const).slice(3 - sampleShape(a).length);
  const columns: Letter[] = sampleShape(b).length === 2 ? ['n'] : [];
  const batch = (shape: Shape): Letter[] => (isBatched(shape) ? ['batch'] : []);
  return {
    a: [...batch(a), ...lead, 'k'],
    b: [...batch(b), 'k', ...columns],
    out: [...(isBatched(a) || isBatched(b) ? (['batch'] as const) : []), ...lead, ...columns],
  };
}

/** Sums a product of two operands over the letters that the result does not have. */
function contract(
  to: string,
  result: readonly Letter[],
  shapeOf: ReadonlyMap<Letter, Axis>,
  left: { name: string; letters: readonly Letter[]; shape: Shape },
  right: { name: string; letters: readonly Letter[]; shape: Shape },
): Kernel {
  const all = [...new Set([...left.letters, ...right.letters])];
  const over = all.filter((letter) => !result.includes(letter));
  const axes = [...result, ...over];
  const reads = [left, right].map(({ name, letters: own, shape }) => {
    const strides = stridesOf(shape);
    return { name, strides: axes.map((letter) => strides[own.indexOf(letter)] ?? 0), offset: 0 };
  });
  const body = mul(read(left.name), read(right.name));
  const out = result.map((letter) => shapeOf.get(letter)!);
  if (over.length === 0) return { out, reads, stores: [{ to, value: body }] };
  return {
    out,
    fold: { with: 'sum', over: over.map((letter) => shapeOf.get(letter)!), body },
    reads,
    stores: [{ to, value: read(ACC) }],
  };
}

const lengths = (call: Call): ReadonlyMap<Letter, Axis> => {
  const { a, b } = letters(call);
  const map = new Map<Letter, Axis>();
  for (const [i, letter] of a.entries()) map.set(letter, call.shapes['a']![i]!);
  for (const [i, letter] of b.entries()) map.set(letter, call.shapes['b']![i]!);
  return map;
};

const turned = (x: Latex): Latex => `${asBase(x)}^{\\top}`;

/**
 * A vector as the second factor is written as a row like any other, so it is turned: x·w is x wᵗ, and a
 * matrix times a vector is w Aᵗ, a row again.
 */
const kindOf = ({ shapes }: Pick<Call, 'shapes'>): 'matrix' | 'dot' | 'rows' =>
  sampleShape(shapes['b']!).length === 2 ? 'matrix' : sampleShape(shapes['a']!).length === 1 ? 'dot' : 'rows';

function productFormula({ a, b }: Readonly<Record<string, Latex>>, call: Call, convention: Convention): Latex {
  const kind = kindOf(call);
  const [left, right] = [asFactor(a!), asFactor(b!)];
  if (kind === 'matrix') return productLatex(left, right, convention);
  return kind === 'dot' ? productLatex(left, turned(b!), convention) : productLatex(right, turned(a!), convention);
}

export const matmul: Primitive = {
  kind: 'primitive',
  name: 'matmul',
  title: 'Matrix product',
  about: 'Multiplies a vector or matrix by a matrix: rows times columns.',
  glyph: '@',
  group: 'reduction',
  linearity: () => 'multilinear',
  textbook: 'matrix product',
  keywords: ['dot', 'dot product', 'mm', 'matrix', 'linear', '@'],
  ports: () => [
    { name: 'a', about: 'vector, or matrix of rows' },
    { name: 'b', about: 'matrix, or vector' },
  ],
  attrs: {},
  infer: ({ a, b }) => {
    const [left, right] = [sampleShape(a!), sampleShape(b!)];
    if (left.length === 0 || right.length === 0)
      return { fault: 'a matrix product needs vectors or matrices; for single numbers use Multiply.' };
    if (right.length > 2) return { fault: 'the second factor may have at most two axes.' };
    if (left.at(-1) !== right[0])
      return {
        fault: `the inner axes differ: ${shapeText(a!)} ends in ${left.at(-1)}, ${shapeText(b!)} begins with ${right[0]}. Make them equal.`,
      };
    const map = lengths({ shapes: { a: a!, b: b! }, attrs: {}, out: [] });
    return { shape: letters({ shapes: { a: a!, b: b! } }).out.map((letter) => map.get(letter)!) };
  },
  formula: productFormula,
  value: (call) => {
    const l = letters(call);
    const kernel = contract(
      OUT,
      l.out,
      lengths(call),
      { name: 'a', letters: l.a, shape: call.shapes['a']! },
      { name: 'b', letters: l.b, shape: call.shapes['b']! },
    );
    return { kernels: [kernel] };
  },
  gradient: (call, port) => {
    const l = letters(call);
    const gradient = { name: GRADIENT, letters: l.out, shape: call.out };
    const [own, other] = port === 'a' ? [l.a, 'b'] : [l.b, 'a'];
    const factor = { name: other, letters: other === 'a' ? l.a : l.b, shape: call.shapes[other]! };
    return { kernels: [contract(RESULT, own, lengths(call), gradient, factor)] };
  },
  derivativeFormula: ({ a, b }, _out, port, call) => {
    const other = port === 'a' ? b! : a!;
    return kindOf(call) === 'matrix' ? turned(other) : other;
  },
  backwardFormula: (wholeGradient, args, port, call, convention) => {
    // A vector of each row makes a matrix of the batch, and its product adds up over the rows. Of matrices it is said.
    const other = port === 'a' ? 'b' : 'a';
    const overRows =
      !isBatched(call.shapes[port]!) && isBatched(call.shapes[other]!) && sampleShape(call.shapes[other]!).length > 1;
    const { a, b }: Readonly<Record<string, Latex>> = overRows ? { ...args, [other]: elementLatex(args[other]!, 'i') } : args;
    const gradient = overRows ? `{${asBase(wholeGradient)}}_i` : wholeGradient;
    const [g, left, right] = [asFactor(gradient), asFactor(a!), asFactor(b!)];
    const sum = overRows ? '\\sum_{i=1}^{n} ' : '';
    switch (kindOf(call)) {
      case 'matrix':
        return `${sum}${port === 'a' ? productLatex(g, turned(b!), convention) : productLatex(turned(a!), g, convention)}`;
      case 'dot':
        // One vector for all rows of a batch gathers what comes back from each of them.
        return isBatched(call.shapes['a']!) === isBatched(call.shapes['b']!)
          ? `${g} \\cdot ${port === 'a' ? right : left}`
          : productLatex(turned(gradient), port === 'a' ? right : left, convention);
      case 'rows':
        return `${sum}${port === 'a' ? productLatex(turned(gradient), right, convention) : productLatex(g, left, convention)}`;
    }
  },
  onnx: { type: 'MatMul' },
};
