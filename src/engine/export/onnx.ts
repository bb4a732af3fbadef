/**
 * ONNX: the network as a program that many runtimes execute. Operations that ONNX knows are written by
 * their name; all others are spelled out from their kernels. One input for each input node of the
 * drawing, with a symbolic batch dimension `n`; the encoding of the data is in the file's metadata.
 */
import { isBatched, product, sampleShape } from '../ir/shape';
import type { Call, Primitive } from '../ops/op';
import { describeModel, NotExportable, type Placed, predictionPath } from './description';
import type { Exporter, Model } from './exporter';
import { type Operand, runKernels } from './onnx-kernels';
import { OnnxModel } from './onnx-model';

function source(file: OnnxModel, model: Model, { id, op, attrs, shape }: Placed): string {
  if (op.kind !== 'source') throw new Error(`'${id}' is no source`);
  switch (op.role) {
    case 'input':
      return file.input(id, shape);
    case 'target':
      throw new NotExportable(
        `The prediction depends on the target '${id}'. Take the target out of the path to the prediction, then export.`,
      );
    case 'parameter': {
      const weights = model.weights[id];
      if (!weights) throw new NotExportable(`There are no trained numbers for '${id}'. Train the network first.`);
      return file.numbers(id, weights.shape, weights.data);
    }
    case 'constant': {
      const values = attrs['values'] as readonly number[];
      const lengths = sampleShape(shape);
      const size = product(lengths);
      const numbers = values.length === size ? values : Array.from({ length: size }, () => values[0] ?? 0);
      return file.numbers(id, lengths, numbers);
    }
  }
}

/** Whether ONNX's own product means the same: it counts axes from the last one and knows no batch axis. */
const productAgrees = (a: Operand, b: Operand): boolean =>
  !isBatched(b.shape) || (sampleShape(a.shape).length === 2 && sampleShape(b.shape).length === 2);

/** To ONNX, a reduction over no axes is one over all of them. */
const isEmpty = (axes: number | readonly number[] | undefined): boolean => typeof axes === 'object' && axes.length === 0;

/** Puts axes of length 1 after the batch axis: ONNX lines up the last axes, as the drawing does per sample. */
function lineUp(file: OnnxModel, { name, shape }: Operand, rank: number): string {
  const missing = isBatched(shape) ? rank - shape.length : 0;
  if (missing <= 0) return name;
  return file.node('Unsqueeze', [name, file.integers(Array.from({ length: missing }, (_, i) => 1 + i))]);
}

function primitive(file: OnnxModel, op: Primitive, node: Placed, inputs: Readonly<Record<string, Operand>>): string {
  const operands = Object.values(inputs);
  const shapes = Object.fromEntries(Object.entries(inputs).map(([port, { shape }]) => [port, shape]));
  const call: Call = { shapes, attrs: node.attrs, out: node.shape };
  const spelling = op.onnx;
  const lists = spelling?.constants?.(call) ?? [];
  const attributes = spelling?.attributes?.(call) ?? {};
  const fits =
    spelling &&
    spelling.fits?.(call) !== false &&
    !(spelling.type === 'MatMul' && !productAgrees(operands[0]!, operands[1]!)) &&
    !(spelling.type.startsWith('Reduce') && isEmpty(lists[0] ?? attributes['axes']));
  if (!fits) return file.named(node.id, runKernels(file, op.value(call), inputs, node.shape));
  const names =
    spelling.type === 'MatMul' || operands.length === 1
      ? operands.map((operand) => operand.name)
      : operands.map((operand) => lineUp(file, operand, node.shape.length));
  const constants = lists.map((list) => file.integers(list));
  return file.node(spelling.type, [...names, ...constants], attributes, node.id);
}

export const onnx: Exporter = {
  name: 'onnx',
  title: 'ONNX',
  about: 'The trained network as a program for ONNX Runtime, OpenCV, browsers and phones.',
  extension: 'onnx',
  write(model) {
    const { nodes, prediction } = predictionPath(model);
    const file = new OnnxModel();
    const values = new Map<string, Operand>();
    for (const node of nodes) {
      const { id, op, shape } = node;
      const inputs = Object.fromEntries(Object.entries(node.inputs).map(([port, from]) => [port, values.get(from)!]));
      if (op.kind === 'composite') throw new Error(`'${id}' was not expanded`);
      const name = op.kind === 'source' ? source(file, model, node) : primitive(file, op, node, inputs);
      values.set(id, { name, shape });
    }
    const result = values.get(prediction)!;
    const own = nodes.at(-1)!;
    // An output has to be the result of an operation.
    const name = own.op.kind === 'source' ? file.node('Identity', [result.name], {}, `${prediction}/output`) : result.name;
    file.output(name, result.shape);

    const { features, targets, classes, task, predictionIs, inputs } = describeModel(model);
    const about =
      `${model.title}, drawn and trained in Chainrule. ` +
      `Inputs are encoded rows: encoded = (original − mean) / deviation, in the order of 'features' in the metadata. ` +
      `The output is a ${predictionIs}${classes.length > 0 ? `; classes in order: ${classes.join(', ')}` : ''}` +
      `${task === 'regression' ? `, encoded too: original = output · deviation + mean, by 'targets' in the metadata` : ''}.`;
    return file.bytes(model.title, about, {
      format: 'chainrule',
      task: task ?? '',
      predictionIs,
      classes: JSON.stringify(classes),
      features: JSON.stringify(features),
      targets: JSON.stringify(targets),
      inputs: JSON.stringify(inputs),
    });
  },
};
