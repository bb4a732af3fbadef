/**
 * One iteration, recorded: what the stepper walks over. A recording holds the numbers in float64; a trace
 * is the same with its formulas and sentences, which are written when somebody looks at a step.
 */
import type { EdgeId, NodeId } from '../graph/graph';
import type { Expr } from '../ir/expr';
import type { Tensor } from '../ir/shape';
import type { Latex } from '../ops/op';
import type { BufferId, Phase } from '../plan';

/** What is derived: a node's value where it is not the loss; of an array one element, or their sum. */
export interface Target {
  readonly node: NodeId;
  /** Position in row-major order. */
  readonly element: number | 'sum';
}

/** What an operation does to a small change of one of its inputs, as pass 1 of backpropagation stores it. */
export interface RecordedLocal {
  readonly edge: EdgeId;
  /** ∂out/∂input, where it is elementwise (same shape as the input). */
  readonly value?: Tensor;
}

/** How the optimizer came from the old number to the new one. */
export interface RecordedUpdate {
  /** Assignments in the order in which they are read; the last one is the weight's own. */
  readonly rules: readonly { readonly to: string; readonly expression: Expr }[];
  /** Buffer of each name in the rules. */
  readonly bind: Readonly<Record<string, BufferId>>;
  readonly parameter: BufferId;
  readonly gradient: BufferId;
  /** Numbers of the optimizer's memory and of its settings: as they were read, and what became of them. */
  readonly before: Readonly<Record<BufferId, Tensor>>;
  readonly after: Readonly<Record<BufferId, Tensor>>;
}

export interface RecordedStep {
  readonly index: number;
  readonly phase: Phase;
  /** Node of the expanded drawing, and the node of the drawing that it is part of. */
  readonly node: NodeId;
  readonly owner: NodeId;
  /** Backward: the edge along which the gradient flows back. */
  readonly edge?: EdgeId;
  readonly op: string;
  /** Forward: the node's value. Backward: the edge's contribution, or a sum. Update: the new weights. */
  readonly value: Tensor;
  /** ∂out/∂input along `edge` (forward: along the only input), where it is elementwise (same shape as the input). */
  readonly localDerivative?: Tensor;
  /** Forward and loss: the local derivative along each input that a gradient flows back on. */
  readonly locals?: readonly RecordedLocal[] | undefined;
  /** ∂L/∂(this node's value) or, on an edge, this edge's contribution. */
  readonly gradient?: Tensor;
  readonly update?: RecordedUpdate;
  /** Of several rows: the mean of their losses. */
  readonly mean?: true;
  /** The last entry: the forward pass once more, with the new weights. */
  readonly verification?: true;
}

export interface Recording {
  /** Row of the data set; of several the first. */
  readonly row: number;
  /** How many rows are taken together; their losses are averaged. */
  readonly rows: number;
  readonly steps: readonly RecordedStep[];
  readonly loss: number | null;
  /** The loss of the same sample after the update. */
  readonly lossAfter: number | null;
  /** Set where something else than the loss is derived. */
  readonly target?: Target;
}

export interface LocalDerivative extends RecordedLocal {
  readonly formula: Latex;
  readonly numbers: Latex;
}

export interface TraceStep extends RecordedStep {
  /** One plain sentence: what happens in this step. */
  readonly title: string;
  readonly locals?: readonly LocalDerivative[] | undefined;
  /** In symbols, then with numbers plugged in. */
  readonly formula: Latex;
  readonly numbers: Latex;
}

export interface Trace extends Recording {
  /** What is derived, as formulas write it. */
  readonly of: Latex;
  readonly steps: readonly TraceStep[];
}
