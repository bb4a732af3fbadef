/** One iteration, recorded: what the stepper walks over. Values are float64, of one sample. */
import type { EdgeId, NodeId } from '../graph/graph';
import type { Tensor } from '../ir/shape';
import type { Latex } from '../ops/op';
import type { Phase } from '../plan';

/** What an operation does to a small change of one of its inputs, as pass 1 of backpropagation stores it. */
export interface LocalDerivative {
  readonly edge: EdgeId;
  /** ∂out/∂input, where it is elementwise (same shape as the input). */
  readonly value?: Tensor;
  readonly formula: Latex;
  readonly numbers: Latex;
}

export interface TraceStep {
  readonly index: number;
  readonly phase: Phase;
  /** Node of the expanded drawing, and the node of the drawing that it is part of. */
  readonly node: NodeId;
  readonly owner: NodeId;
  /** Backward: the edge along which the gradient flows back. */
  readonly edge?: EdgeId;
  readonly op: string;
  /** One plain sentence: what happens in this step. */
  readonly title: string;
  /** Forward: the node's value. Backward: the edge's contribution, or a sum. Update: the new weights. */
  readonly value: Tensor;
  /** ∂out/∂input along `edge` (forward: along the only input), where it is elementwise (same shape as the input). */
  readonly localDerivative?: Tensor;
  /** Forward and loss: the local derivative along each input that a gradient flows back on. */
  readonly locals?: readonly LocalDerivative[];
  /** ∂L/∂(this node's value) or, on an edge, this edge's contribution. */
  readonly gradient?: Tensor;
  /** In symbols, then with numbers plugged in. */
  readonly formula: Latex;
  readonly numbers: Latex;
  /** The last entry: the forward pass once more, with the new weights. */
  readonly verification?: true;
}

export interface Trace {
  /** Row of the data set. */
  readonly row: number;
  readonly steps: readonly TraceStep[];
  readonly loss: number | null;
  /** The loss of the same sample after the update. */
  readonly lossAfter: number | null;
}
