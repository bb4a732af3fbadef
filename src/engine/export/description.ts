/**
 * What every exported file says about itself: the network as a list of operations in the order in which
 * they run, where its numbers come in and go out, and how the columns of the data were encoded. With the
 * weights it is enough to rebuild the program elsewhere and to prepare rows for it.
 */
import { infer } from '../compile/infer';
import { ancestors } from '../compile/objective';
import type { Attrs, NodeId } from '../graph/graph';
import { type Axis, sampleShape, type Shape } from '../ir/shape';
import type { Op } from '../ops/op';
import type { InputSpec } from '../plan';
import type { EncodedColumn } from '../data/dataset';
import type { Model } from './exporter';

/** Raised when a field is removed or changes its meaning; new fields leave it. */
export const FORMAT_VERSION = 1;

/** A model that a format cannot hold; the message is for people. */
export class NotExportable extends Error {
  override readonly name = 'NotExportable';
}

/** One node on the way to the prediction, with everything that follows from its place. */
export interface Placed {
  readonly id: NodeId;
  readonly op: Op;
  readonly attrs: Attrs;
  readonly inputs: Readonly<Record<string, NodeId>>;
  readonly shape: Shape;
}

/** The nodes that the prediction depends on, in the order in which they are computed. */
export function predictionPath(model: Model): { readonly nodes: readonly Placed[]; readonly prediction: NodeId } {
  const prediction = model.program.prediction?.node;
  if (prediction === undefined)
    throw new NotExportable('The drawing has no prediction to export. Connect the output of the network to a loss first.');
  const inferred = infer(model.graph);
  const needed = ancestors(inferred, [prediction]);
  const nodes = inferred.order
    .filter((id) => needed.has(id))
    .map((id): Placed => {
      const found = inferred.calls.get(id);
      if (!found) throw new NotExportable(`'${id}' has a problem. Solve it (see the list of problems), then export.`);
      const into = inferred.links.into.get(id)!;
      const { op, call } = found;
      const inputs = Object.fromEntries(op.ports(call.attrs).map(({ name }) => [name, into.get(name)!.from]));
      return { id, op, attrs: call.attrs, inputs, shape: call.out };
    });
  return { nodes, prediction };
}

/** The feature columns that enter the network on the way to the prediction. */
export const featureInputs = (model: Model, nodes: readonly Placed[]): readonly InputSpec[] => {
  const needed = new Set(nodes.map((node) => node.id));
  return model.program.inputs.filter((input) => input.from === 'features' && needed.has(input.node));
};

export interface Description {
  readonly format: 'chainrule';
  readonly version: number;
  readonly title: string;
  /** Where encoded features enter: `columns` are positions in `features`. */
  readonly inputs: readonly { readonly node: NodeId; readonly shape: readonly Axis[]; readonly columns: readonly number[] }[];
  /** In the order in which they are computed. `inputs` names the node at each port. */
  readonly nodes: readonly {
    readonly id: NodeId;
    readonly op: string;
    readonly attrs: Attrs;
    readonly inputs: Readonly<Record<string, NodeId>>;
    readonly shape: readonly Axis[];
  }[];
  readonly prediction: NodeId;
  /** How to read the prediction: a value, a probability, or a logit (before sigmoid or softmax). */
  readonly predictionIs: 'value' | 'probability' | 'logit';
  readonly task: string | null;
  /** encoded = (original − mean) / deviation; `source=category` columns are 1 for their category, else 0. */
  readonly features: readonly EncodedColumn[];
  readonly targets: readonly EncodedColumn[];
  /** Class names in the order of the outputs; for binary tasks [negative, positive]. */
  readonly classes: readonly string[];
}

export function describeModel(model: Model): Description {
  const { nodes, prediction } = predictionPath(model);
  const shapes = new Map(nodes.map((node) => [node.id, node.shape]));
  return {
    format: 'chainrule',
    version: FORMAT_VERSION,
    title: model.title,
    inputs: featureInputs(model, nodes).map(({ node, columns }) => ({
      node,
      shape: sampleShape(shapes.get(node)!),
      columns,
    })),
    nodes: nodes.map(({ id, op, attrs, inputs, shape }) => ({ id, op: op.name, attrs, inputs, shape })),
    prediction,
    predictionIs: model.program.prediction!.takes,
    task: model.data?.task ?? null,
    features: model.data?.features ?? [],
    targets: model.data?.targets ?? [],
    classes: model.data?.classes ?? [],
  };
}
