/**
 * Makers: from the mathematics of an operation to its kernels, shapes and formulas. An elementwise
 * operation states one scalar expression; broadcasting, the sum over repeated axes in the gradient, and
 * the symbolic derivative follow.
 */
import type { Attrs } from '../graph/graph';
import { derive } from '../ir/derive';
import { type Expr, mul, namesIn, read } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { asFactor, elementLatex, isWrittenOut, latexOf, once } from '../ir/latex';
import { type Axis, broadcast, broadcastStrides, isBatched, sampleShape, type Shape, shapeText } from '../ir/shape';
import {
  type ActivationFacts,
  type AttrSpec,
  type Call,
  GRADIENT,
  type Latex,
  type Linearity,
  type LossRole,
  type OnnxSpelling,
  type OpGroup,
  OUT,
  type PortSpec,
  type Primitive,
  RESULT,
  type ShapeResult,
  type TorchSpelling,
} from './op';

/** A kernel that stores one expression of broadcast operands at every index of `out`. */
export function mapKernel(to: string, out: Shape, operands: Readonly<Record<string, Shape>>, value: Expr): Kernel {
  const reads = namesIn(value).map((name) => ({
    name,
    strides: broadcastStrides(operands[name]!, out),
    offset: 0,
  }));
  return { out, reads, stores: [{ to, value }] };
}

/**
 * A kernel that evaluates `body` over `full` and sums it down to `shape`, a shape that broadcasts to
 * `full`: the gradient of a repeated operand is the sum over its repetitions.
 */
export function sumTo(
  to: string,
  shape: Shape,
  full: Shape,
  operands: Readonly<Record<string, Shape>>,
  body: Expr,
  finish: (acc: Expr) => Expr = (acc) => acc,
): Kernel {
  // For each axis of `shape`, the axis of `full` that it walks along; null for a repeated axis of length 1.
  const along: (number | null)[] = [];
  const kept = new Set<number>();
  const ownBatch = isBatched(shape) ? 1 : 0;
  const fullBatch = isBatched(full) ? 1 : 0;
  if (ownBatch) {
    along.push(0);
    kept.add(0);
  }
  const shift = full.length - fullBatch - (shape.length - ownBatch);
  for (let axis = ownBatch; axis < shape.length; axis++) {
    const at = axis - ownBatch + shift + fullBatch;
    const repeated = shape[axis] === 1 && full[at] !== 1;
    along.push(repeated ? null : at);
    if (!repeated) kept.add(at);
  }
  const foldAxes = full.map((_, axis) => axis).filter((axis) => !kept.has(axis));
  const reads = namesIn(body).map((name) => {
    const strides = broadcastStrides(operands[name]!, full);
    return {
      name,
      strides: [...along.map((at) => (at === null ? 0 : strides[at]!)), ...foldAxes.map((at) => strides[at]!)],
      offset: 0,
    };
  });
  if (foldAxes.length === 0) return { out: shape, reads, stores: [{ to, value: finish(body) }] };
  return {
    out: shape,
    fold: { with: 'sum', over: foldAxes.map((axis) => full[axis] as Axis), body },
    reads,
    stores: [{ to, value: finish(read(ACC)) }],
  };
}

interface ElementwiseSpec {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly glyph: string;
  readonly group: OpGroup;
  readonly keywords?: readonly string[];
  readonly ports: readonly PortSpec[] | ((attrs: Attrs) => readonly PortSpec[]);
  readonly attrs?: Readonly<Record<string, AttrSpec>>;
  /** The formula that people read. Arguments come in the order of the ports. */
  readonly value: (inputs: readonly Expr[], attrs: Attrs) => Expr;
  /** The same function in a form that never overflows; devices run it. Default: `value`. */
  readonly stable?: (inputs: readonly Expr[], attrs: Attrs) => Expr;
  /** ∂value/∂(port number `port`), through the inputs or the output. Default: the symbolic derivative. */
  readonly derivative?: (inputs: readonly Expr[], out: Expr, port: number, attrs: Attrs) => Expr;
  /** The value as LaTeX; default: the expression. */
  readonly formula?: (args: readonly Latex[], attrs: Attrs) => Latex;
  readonly onnx: string | OnnxSpelling | null;
  readonly torch?: TorchSpelling;
  readonly noGradient?: Primitive['noGradient'];
  readonly range?: 'unit';
  readonly compares?: true;
  readonly activation?: ActivationFacts;
  readonly textbook?: Primitive['textbook'];
}

/** Read off the expression: no derivative of a linear one reads an input, none of a multilinear one its own. */
function linearityOf(value: Expr, ports: readonly string[]): Linearity {
  if (hasKink(value)) return 'curved';
  const slopes = ports.map((port) => namesIn(derive(value, port)).filter((name) => ports.includes(name)));
  if (slopes.every((names) => names.length === 0)) return 'linear';
  return slopes.some((names, at) => names.includes(ports[at]!)) ? 'curved' : 'multilinear';
}

/** Whether it is put together from pieces, whose derivatives do not tell what happens between them. */
function hasKink(e: Expr): boolean {
  switch (e.kind) {
    case 'const':
    case 'read':
      return false;
    case 'unary':
      return e.op === 'abs' || e.op === 'floor' || hasKink(e.x);
    case 'binary':
      return e.op === 'max' || e.op === 'min' || hasKink(e.x) || hasKink(e.y);
    case 'select':
      return true;
  }
}

export function elementwise(spec: ElementwiseSpec): Primitive {
  const portsOf = (attrs: Attrs): readonly PortSpec[] => (typeof spec.ports === 'function' ? spec.ports(attrs) : spec.ports);
  const inputsOf = (attrs: Attrs): Expr[] => portsOf(attrs).map((port) => read(port.name));
  const local = (attrs: Attrs, port: string): Expr => {
    const inputs = inputsOf(attrs);
    const index = portsOf(attrs).findIndex((p) => p.name === port);
    return spec.derivative ? spec.derivative(inputs, read(OUT), index, attrs) : derive(spec.value(inputs, attrs), port);
  };
  return {
    kind: 'primitive',
    name: spec.name,
    title: spec.title,
    about: spec.about,
    glyph: spec.glyph,
    group: spec.group,
    ...(spec.keywords ? { keywords: spec.keywords } : {}),
    ports: portsOf,
    attrs: spec.attrs ?? {},
    infer: (shapes, attrs) => broadcastAll(portsOf(attrs).map((port) => shapes[port.name]!)),
    formula: (args, { attrs, shapes }) =>
      spec.formula
        ? spec.formula(
            portsOf(attrs).map((port) => args[port.name]!),
            attrs,
          )
        : latexOf(
            spec.value(inputsOf(attrs), attrs),
            (name) => args[name]!,
            (name) => isArray(shapes[name]!),
          ),
    value: ({ shapes, attrs, out }) => ({
      kernels: [mapKernel(OUT, out, shapes, (spec.stable ?? spec.value)(inputsOf(attrs), attrs))],
    }),
    gradient: ({ shapes, attrs, out }, port) => {
      const body = mul(read(GRADIENT), local(attrs, port));
      const operands = { ...shapes, [OUT]: out, [GRADIENT]: out };
      return { kernels: [sumTo(RESULT, shapes[port]!, out, operands, body)] };
    },
    derivativeFormula: (args, symbol, port, { attrs, shapes, out }) =>
      latexOf(
        local(attrs, port),
        (name) => (name === OUT ? symbol : args[name]!),
        (name) => isArray(name === OUT ? out : shapes[name]!),
      ),
    onnx: typeof spec.onnx === 'string' ? { type: spec.onnx } : spec.onnx,
    linearity: (attrs) =>
      linearityOf(
        spec.value(inputsOf(attrs), attrs),
        portsOf(attrs).map(({ name }) => name),
      ),
    ...(spec.noGradient ? { noGradient: spec.noGradient } : {}),
    ...(spec.range ? { range: spec.range } : {}),
    ...(spec.compares ? { compares: spec.compares } : {}),
    ...(spec.activation ? { activation: spec.activation } : {}),
    ...(spec.textbook ? { textbook: spec.textbook } : {}),
    ...(spec.torch ? { torch: spec.torch } : {}),
  };
}

export function broadcastAll(shapes: readonly Shape[]): ShapeResult {
  let shape = shapes[0]!;
  for (const next of shapes.slice(1)) {
    const both = broadcast(shape, next);
    if (!both)
      return {
        fault: `the shapes ${shapeText(shape)} and ${shapeText(next)} cannot be combined: each axis must be equal, or 1 on one side.`,
      };
    shape = both;
  }
  return { shape };
}

const X: readonly PortSpec[] = [{ name: 'x', about: 'input' }];

/** A function of one number, applied to every element. */
export const unaryFunction = (
  spec: Omit<ElementwiseSpec, 'ports' | 'group' | 'value' | 'stable' | 'derivative' | 'formula'> & {
    readonly group?: OpGroup;
    readonly value: (x: Expr, attrs: Attrs) => Expr;
    readonly stable?: (x: Expr, attrs: Attrs) => Expr;
    readonly derivative?: (x: Expr, y: Expr, attrs: Attrs) => Expr;
    readonly formula?: (x: Latex, attrs: Attrs) => Latex;
  },
): Primitive => {
  const { value, stable, derivative, formula } = spec;
  return elementwise({
    ...spec,
    group: spec.group ?? 'activation',
    ports: X,
    value: ([x], attrs) => value(x!, attrs),
    stable: stable && (([x], attrs) => stable(x!, attrs)),
    derivative: derivative && (([x], y, _port, attrs) => derivative(x!, y, attrs)),
    formula: formula && (([x], attrs) => once(formula(x!, attrs), x!)),
  });
};

interface LossSpec {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly glyph: string;
  readonly keywords?: readonly string[];
  readonly takes: LossRole['takes'];
  readonly attrs?: Readonly<Record<string, AttrSpec>>;
  /** Error of one output. `p` is the prediction, `t` the target. */
  readonly value: (p: Expr, t: Expr, attrs: Attrs) => Expr;
  readonly stable?: (p: Expr, t: Expr, attrs: Attrs) => Expr;
  readonly derivative?: (p: Expr, t: Expr, port: 'prediction' | 'target', attrs: Attrs) => Expr;
  /** The derivative as people write it, where devices run another form. */
  readonly written?: (p: Expr, t: Expr, port: 'prediction' | 'target') => Expr;
  /** Outputs of one sample are added, or averaged. */
  readonly over: 'sum' | 'mean';
  /** PyTorch's function for the error of one output, and further arguments of it. */
  readonly torch?: { readonly name: string; readonly more?: (attrs: Attrs) => string };
}

/** The switch between the two conventions for squared errors. */
export const halfAttr: AttrSpec = {
  kind: 'boolean',
  title: 'Factor ½',
  about: 'Takes half the square, so that the slope is f − t instead of 2(f − t).',
  default: false,
};

export const LOSS_PORTS: readonly PortSpec[] = [
  { name: 'prediction', about: 'what the network says' },
  { name: 'target', about: 'what it should say' },
];

/** A loss that adds up (or averages) the errors of a sample's outputs: one number per sample. */
export function elementwiseLoss(spec: LossSpec): Primitive {
  const [p, t] = [read('prediction'), read('target')];
  const local = (port: 'prediction' | 'target', attrs: Attrs): Expr =>
    spec.derivative ? spec.derivative(p, t, port, attrs) : derive(spec.value(p, t, attrs), port);
  const scaleOf = (shape: Shape): number => (spec.over === 'mean' ? 1 / Math.max(1, count(shape)) : 1);
  const pair = (call: Call): Shape => broadcast(call.shapes['prediction']!, call.shapes['target']!)!;
  return {
    kind: 'primitive',
    name: spec.name,
    title: spec.title,
    about: spec.about,
    glyph: spec.glyph,
    group: 'loss',
    ...(spec.keywords ? { keywords: spec.keywords } : {}),
    ports: () => LOSS_PORTS,
    attrs: spec.attrs ?? {},
    infer: inferLoss,
    formula: (args, call) => {
      const element = latexOf(spec.value(p, t, call.attrs), (name) => args[name]!);
      const outputs = count(pair(call));
      if (outputs === 1) return element;
      const value = spec.value(p, t, call.attrs);
      // Arrays by symbols: the sum of what each element gives. By numbers: the sum of an array's elements.
      const sum = Object.values(args).some(isWrittenOut)
        ? `\\sum_{k} \\left[${latexOf(
            value,
            (name) => args[name]!,
            () => true,
          )}\\right]_k`
        : `\\sum_{k} \\left[${latexOf(value, (name) => elementLatex(args[name]!))}\\right]`;
      return spec.over === 'mean' ? `\\frac{1}{${outputs}}${sum}` : sum;
    },
    value: (call) => {
      const full = pair(call);
      const value = (spec.stable ?? spec.value)(p, t, call.attrs);
      return { kernels: [sumTo(OUT, call.out, full, call.shapes, value, (acc) => mul(scaleOf(full), acc))] };
    },
    gradient: (call, port) => {
      const full = pair(call);
      const operands = { ...call.shapes, [GRADIENT]: call.out };
      const body = mul(mul(read(GRADIENT), scaleOf(full)), local(port as 'prediction' | 'target', call.attrs));
      const kernel = sumTo(RESULT, call.shapes[port]!, full, operands, body);
      return { kernels: [kernel] };
    },
    derivativeFormula: (args, _out, port, call) => {
      const of = port as 'prediction' | 'target';
      const slope = spec.written ? spec.written(p, t, of) : local(of, call.attrs);
      const latex = (e: Expr): Latex =>
        latexOf(
          e,
          (name) => args[name]!,
          (name) => isArray(call.shapes[name]!),
        );
      const outputs = count(pair(call));
      return spec.over === 'mean' && outputs > 1 ? shareOf(slope, outputs, latex) : latex(slope);
    },
    loss: { prediction: 'prediction', target: 'target', takes: spec.takes },
    onnx: null,
    ...(spec.torch ? { torch: torchLoss(spec.torch, spec.over) } : {}),
  };
}

/** One n-th of an expression; a whole number before it goes into the fraction: 2 · (f − y) of 6 is ⅓ (f − y). */
function shareOf(e: Expr, n: number, latex: (e: Expr) => Latex): Latex {
  const [times, rest] =
    e.kind === 'binary' && e.op === 'mul' && e.x.kind === 'const'
      ? [e.x.value, e.y]
      : e.kind === 'unary' && e.op === 'neg'
        ? [-1, e.x]
        : [1, e];
  if (!Number.isInteger(times) || times === 0) return `\\frac{1}{${n}}\\left(${latex(e)}\\right)`;
  const common = greatestDivisor(Math.abs(times), n);
  const [above, below] = [Math.abs(times) / common, n / common];
  const factor = below > 1 ? `\\frac{${above}}{${below}}` : above > 1 ? `${above} \\cdot ` : '';
  const sign = times < 0 ? '-' : '';
  return factor || sign ? `${sign}${factor}${asFactor(latex(rest))}` : latex(rest);
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** PyTorch's losses give one number for each output where they are asked not to average over the batch. */
const torchLoss = ({ name, more }: NonNullable<LossSpec['torch']>, over: LossSpec['over']): TorchSpelling => ({
  text: ({ prediction, target }, { shapes, attrs }) => {
    const shape = shapes['prediction']!;
    if (shape.join() !== shapes['target']!.join()) return null;
    const axes = shape.map((_, axis) => axis).slice(isBatched(shape) ? 1 : 0);
    const folded = axes.length === 0 ? '' : `.${over}(${axes.length === 1 ? axes[0] : `(${axes.join(', ')})`})`;
    return `${name}(${prediction}, ${target}, reduction='none'${more ? `, ${more(attrs)}` : ''})${folded}`;
  },
});

/** Whether formulas write it as a vector or a matrix. A batch alone is one number in each formula. */
export const isArray = (shape: Shape): boolean => count(shape) > 1;
const count = (shape: Shape): number => sampleShape(shape).reduce((n, axis) => n * axis, 1);

export function inferLoss(shapes: Readonly<Record<string, Shape>>): ShapeResult {
  const prediction = shapes['prediction']!;
  const target = shapes['target']!;
  const both = broadcast(prediction, target);
  if (!both || count(prediction) !== count(target))
    return {
      fault: `the prediction has the shape ${shapeText(prediction)} but the target ${shapeText(target)}. Give both the same shape.`,
    };
  return { shape: isBatched(both) ? ['batch'] : [] };
}
