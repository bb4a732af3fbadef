/**
 * Builds an ONNX file: nodes, constants and the protobuf container around them. A node that was already
 * emitted with the same inputs is used again, so that expressions that share parts stay small.
 */
import proto from 'onnx-proto';
import type { Axis, Shape } from '../ir/shape';

const { onnx } = proto;
type NodeProto = proto.onnx.INodeProto;
type TensorProto = proto.onnx.ITensorProto;
type ValueInfo = proto.onnx.IValueInfoProto;

/** 17: the newest set that every runtime of the last years has; 8 is the file version that goes with it. */
const OPSET = 17;
const IR_VERSION = 8;
/** Name of the symbolic batch dimension. */
const BATCH = 'n';

export type OnnxAttributes = Readonly<Record<string, number | readonly number[]>>;

/** ONNX types its attributes; a whole number given for one of these is still a float. */
const FLOAT_ATTRIBUTES = new Set(['alpha', 'beta', 'gamma', 'lambd', 'bias', 'epsilon']);

function attribute(name: string, value: number | readonly number[]): proto.onnx.IAttributeProto {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value !== 'number') return { name, type: AttributeType.INTS, ints: [...value] };
  return FLOAT_ATTRIBUTES.has(name) || !Number.isInteger(value)
    ? { name, type: AttributeType.FLOAT, f: value }
    : { name, type: AttributeType.INT, i: value };
}

const littleEndian = (
  bytes: number,
  numbers: ArrayLike<number>,
  put: (view: DataView, at: number, x: number) => void,
): Uint8Array => {
  const raw = new Uint8Array(bytes * numbers.length);
  const view = new DataView(raw.buffer);
  for (let i = 0; i < numbers.length; i++) put(view, bytes * i, numbers[i]!);
  return raw;
};

const valueInfo = (name: string, shape: Shape): ValueInfo => ({
  name,
  type: {
    tensorType: {
      elemType: onnx.TensorProto.DataType.FLOAT,
      shape: { dim: shape.map((axis: Axis) => (axis === 'batch' ? { dimParam: BATCH } : { dimValue: axis })) },
    },
  },
});

export class OnnxModel {
  readonly #nodes: NodeProto[] = [];
  readonly #constants: TensorProto[] = [];
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #emitted = new Map<string, string>();
  readonly #names = new Set<string>();

  /** A name that no other value has; `wanted` where it is free. */
  #fresh(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#names.has(name); i++) name = `${wanted}:${i}`;
    this.#names.add(name);
    return name;
  }

  input(name: string, shape: Shape): string {
    const fresh = this.#fresh(name);
    this.#inputs.push(valueInfo(fresh, shape));
    return fresh;
  }

  output(name: string, shape: Shape): void {
    this.#outputs.push(valueInfo(name, shape));
  }

  numbers(name: string, shape: readonly number[], data: ArrayLike<number>): string {
    const fresh = this.#fresh(name);
    const rawData = littleEndian(4, data, (view, at, x) => view.setFloat32(at, x, true));
    this.#constants.push({ name: fresh, dims: [...shape], dataType: onnx.TensorProto.DataType.FLOAT, rawData });
    return fresh;
  }

  /** A single number. */
  number(value: number): string {
    return this.#once(`number ${Object.is(value, -0) ? '-0' : value}`, () => this.numbers(`constant/${value}`, [], [value]));
  }

  /** Whole numbers that an operation takes as an input: axes, a shape, positions. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#once(`integers ${shape.join('×')} ${values.join(' ')}`, () => {
      const name = this.#fresh(`integers/${values.slice(0, 4).join('_')}`);
      const rawData = littleEndian(8, values, (view, at, x) => view.setBigInt64(at, BigInt(x), true));
      this.#constants.push({ name, dims: [...shape], dataType: onnx.TensorProto.DataType.INT64, rawData });
      return name;
    });
  }

  /** Emits an operation and returns the name of its result; `wanted` names it, for people. */
  node(opType: string, inputs: readonly string[], attributes: OnnxAttributes = {}, wanted?: string): string {
    const key = `${opType} ${JSON.stringify(inputs)} ${JSON.stringify(attributes)}`;
    const same = this.#emitted.get(key);
    if (same !== undefined && wanted === undefined) return same;
    const name = this.#fresh(wanted ?? `${opType}/${this.#nodes.length + 1}`);
    this.#nodes.push({
      opType,
      name,
      input: [...inputs],
      output: [name],
      attribute: Object.entries(attributes).map(([attributeName, value]) => attribute(attributeName, value)),
    });
    this.#emitted.set(key, name);
    return name;
  }

  /** `value` under the name `wanted`: results of nodes of the drawing carry the node's own name. */
  named(wanted: string, value: string): string {
    return value === wanted ? value : this.node('Identity', [value], {}, wanted);
  }

  #once(key: string, make: () => string): string {
    const known = this.#emitted.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#emitted.set(key, name);
    return name;
  }

  bytes(title: string, about: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    const model = onnx.ModelProto.create({
      irVersion: IR_VERSION,
      opsetImport: [{ domain: '', version: OPSET }],
      producerName: 'Chainrule',
      docString: about,
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        // The format asks for a name that is not empty.
        name: title || 'network',
        docString: about,
        node: this.#nodes,
        initializer: this.#constants,
        input: this.#inputs,
        output: this.#outputs,
      },
    });
    // A copy: the writer hands out a view of its pool.
    return new Uint8Array(onnx.ModelProto.encode(model).finish());
  }
}
