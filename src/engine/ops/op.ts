/**
 * What an operation is. A primitive states kernels for its value and for the gradient that flows back
 * along each input edge; a composite states how it is drawn from other operations. Shapes, attributes and
 * formulas are stated here too, and the palette, the inspector, the backends, the exporters and the tests
 * follow from the definition.
 */
import type { Attrs, NodeId } from '../graph/graph';
import type { Kernel } from '../ir/kernel';
import type { Convention, Latex } from '../ir/latex';
import type { Shape } from '../ir/shape';

export type { Latex };

export type OpGroup =
  | 'own'
  | 'data'
  | 'arithmetic'
  | 'function'
  | 'reduction'
  | 'shape'
  | 'activation'
  | 'layer'
  | 'loss'
  | 'penalty';

export interface PortSpec {
  readonly name: string;
  /** What the port takes, in a few words, for tooltips and screen readers. */
  readonly about: string;
}

/** An attribute has one of these values, as texts. */
export interface AttrCondition {
  readonly attr: string;
  readonly is: readonly string[];
}

/** One row of the inspector. */
export type AttrSpec = {
  readonly title: string;
  readonly about: string;
  /** Shown only while all of this holds; without that it says nothing. */
  readonly when?: readonly AttrCondition[];
} & (
  | { readonly kind: 'integer'; readonly default: number; readonly min: number; readonly max: number }
  | { readonly kind: 'number'; readonly default: number; readonly min?: number; readonly max?: number }
  | { readonly kind: 'choice'; readonly default: string; readonly choices: readonly { value: string; title: string }[] }
  | { readonly kind: 'boolean'; readonly default: boolean }
  | { readonly kind: 'text'; readonly default: string }
  /** Axis lengths without the batch axis: [] is a scalar. At most four. */
  | { readonly kind: 'shape'; readonly default: readonly number[] }
  /** Numbers in row-major order; one number fills the shape. */
  | { readonly kind: 'numbers'; readonly default: readonly number[] }
);

/** One use of an operation: its inputs' shapes, its attributes (complete), the shape of its result. */
export interface Call {
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly attrs: Attrs;
  readonly out: Shape;
}

export type ShapeResult = { readonly shape: Shape } | { readonly fault: string };

/**
 * Kernels in order. Names in kernels are ports, `OUT`, `GRADIENT`, or temporaries declared in `temps`.
 * The last kernel of a value writes `OUT`; the last of a gradient writes `RESULT`. Gradients may read the
 * value's temporaries.
 */
export interface KernelSequence {
  readonly temps?: Readonly<Record<string, Shape>>;
  readonly kernels: readonly Kernel[];
}
/** Name of the operation's own value. */
export const OUT = 'out';
/** Name of ∂L/∂out in gradient kernels. */
export const GRADIENT = 'gradient';
/** Name of what a gradient sequence writes: this edge's contribution to ∂L/∂port. */
export const RESULT = 'result';

interface OpBase {
  readonly name: string;
  readonly title: string;
  /** One sentence for the palette and the inspector. */
  readonly about: string;
  /** Short glyph of the node on the canvas, as plain text: σ, Σ, ×. */
  readonly glyph: string;
  readonly group: OpGroup;
  readonly keywords?: readonly string[];
  ports(attrs: Attrs): readonly PortSpec[];
  readonly attrs: Readonly<Record<string, AttrSpec>>;
  /** The result's shape, or a sentence on why the inputs cannot meet. Attributes are complete and in range. */
  infer(shapes: Readonly<Record<string, Shape>>, attrs: Attrs): ShapeResult;
  /** LaTeX of the value in terms of LaTeX for each port, which are written in the same convention. */
  formula(args: Readonly<Record<string, Latex>>, call: Call, convention: Convention): Latex;
}

/** The marks of an operation that measures an error, one number for each sample. */
export interface LossRole {
  readonly prediction: string;
  readonly target: string;
  /** What the prediction port takes: it decides how a class is read off. */
  readonly takes: 'value' | 'probability' | 'logit';
}

/** In kernels of training forms: the weight of each row of the batch, 1/n in its n rows, 0 in padding. */
export const ROWS = 'rows';

/**
 * What an operation does in training where that differs from use, as in batch normalisation and dropout.
 * Stepping, checks, the live view, evaluation and exports take the ordinary form.
 */
export interface TrainingForm {
  value(call: Call): KernelSequence;
  gradient(call: Call, port: string): KernelSequence | null;
  /** Runs after each step. It may store to its state and to the parameters that feed its ports. */
  update(call: Call): KernelSequence;
  /** Numbers that it remembers from step to step, by the names that its kernels use. `seed` differs between nodes. */
  state?(
    call: Call,
    batch: number,
    seed: number,
  ): Readonly<Record<string, { readonly shape: Shape; readonly init: number | readonly number[] }>>;
  /** The form of a written program, which draws numbers anew at each step where this one goes on from its state. */
  readonly drawn?: DrawnForm;
}

/** `numbers`: by the name that its kernels read, the text of what is drawn from `rng`, NumPy's generator. */
export interface DrawnForm extends Pick<TrainingForm, 'value' | 'gradient'> {
  readonly numbers: Readonly<Record<string, (shape: string, call: Call) => string>>;
}

/**
 * How a value follows its inputs. Linear: a weighted sum of all of them. Multilinear: linear in each of them
 * while the others stand still, as a product is. Curved: everything else.
 */
export type Linearity = 'linear' | 'multilinear' | 'curved';

/** What activations differ in besides their formula: what a diagnosis looks at and what cures propose. */
export interface ActivationFacts {
  /** Whether a value lies where the slope is all but 0. Stated for functions that are flat at both ends. */
  readonly saturated?: (value: number) => boolean;
  /** Set where a unit that gives 0 for every row has no gradient any more, and what it may be replaced by. */
  readonly dies?: { readonly instead: string };
  /** Weights that keep the size of numbers level from layer to layer; Glorot's where nothing is said. */
  readonly weights?: FittingWeights;
}

export interface FittingWeights {
  readonly initializer: string;
  /** A weight's variance by the number of inputs: 2 where half of the numbers are cut off. */
  readonly gain: 1 | 2;
}

export interface Primitive extends OpBase {
  readonly kind: 'primitive';
  value(call: Call): KernelSequence;
  /** What flows back along one input edge; null where no gradient is defined or needed (targets). */
  gradient(call: Call, port: string): KernelSequence | null;
  /** LaTeX of the local derivative ∂out/∂port, in terms of LaTeX for each port and for the value. */
  derivativeFormula(args: Readonly<Record<string, Latex>>, out: Latex, port: string, call: Call, convention: Convention): Latex;
  /**
   * LaTeX of what flows back along `port` for an upstream gradient, where that is neither an elementwise
   * product nor the upstream row times the local derivative: the gradients of a matrix product.
   */
  backwardFormula?(
    gradient: Latex,
    args: Readonly<Record<string, Latex>>,
    port: string,
    call: Call,
    convention: Convention,
  ): Latex;
  readonly training?: TrainingForm;
  readonly loss?: LossRole;
  /** Set where the derivative is of no use: training is refused with the reason, and this is offered instead. */
  readonly noGradient?: { readonly instead: string };
  /** Curved where nothing is said. */
  readonly linearity?: (attrs: Attrs) => Linearity;
  readonly activation?: ActivationFacts;
  /** The textbook's rule that proves it (`train/lens-rules.ts`); without one, its own kernels are taken. */
  readonly textbook?: 'matrix product' | 'sum';
  /** Set where every number of the value lies between 0 and 1, as a probability does. */
  readonly range?: 'unit';
  /** True for the difference, by which a loss drawn by hand compares the answer with the target. */
  readonly compares?: true;
  /** How ONNX spells it; null: exported through the dialect that emits its expression. */
  readonly onnx: OnnxSpelling | null;
  /** PyTorch's own function for it, where ONNX's name does not tell it; everything else in Python follows from the kernels. */
  readonly torch?: TorchSpelling;
}

export interface TorchSpelling {
  /**
   * For texts of the inputs, which stand as arguments of a call; null where its function does not mean the same.
   * `training` is the text of whether the network trains.
   */
  text(args: Readonly<Record<string, string>>, call: Call, training: string): string | null;
  /** Functions of the written file that the text calls, by name. */
  readonly defines?: Readonly<Record<string, string>>;
}

export interface OnnxSpelling {
  readonly type: string;
  readonly attributes?: (call: Call) => Readonly<Record<string, number | readonly number[]>>;
  /** ONNX takes these integer lists as extra constant inputs (opset 13 `ReduceSum`). */
  readonly constants?: (call: Call) => readonly (readonly number[])[];
  /** Whether ONNX's operation means the same for this call; where not, the kernels are spelled out. */
  readonly fits?: (call: Call) => boolean;
}

/** Values that no kernel computes: inputs, targets, constants, parameters. */
export interface Source extends OpBase {
  readonly kind: 'source';
  readonly role: 'input' | 'target' | 'constant' | 'parameter';
}

/** What a composite draws its parts with. Part ids become `composite/part`. */
export interface Sketch {
  node(part: string, op: string, attrs: Attrs, inputs?: Readonly<Record<string, NodeId>>): NodeId;
}

export interface Composite extends OpBase {
  readonly kind: 'composite';
  /** Draws the parts and returns the node whose value is the composite's. */
  expand(call: Call, inputs: Readonly<Record<string, NodeId>>, sketch: Sketch): NodeId;
}

export type Op = Primitive | Source | Composite;
