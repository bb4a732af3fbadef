/** NumPy and IDX files as their own programs write them, for tests that read them. */

type Writer = (view: DataView, at: number, value: number, little: boolean) => void;
const writers: Readonly<Record<string, Writer>> = {
  f4: (view, at, value, little) => view.setFloat32(at, value, little),
  f8: (view, at, value, little) => view.setFloat64(at, value, little),
  u1: (view, at, value) => view.setUint8(at, value),
  b1: (view, at, value) => view.setUint8(at, value),
  i1: (view, at, value) => view.setInt8(at, value),
  i2: (view, at, value, little) => view.setInt16(at, value, little),
  i4: (view, at, value, little) => view.setInt32(at, value, little),
  i8: (view, at, value, little) => view.setBigInt64(at, BigInt(value), little),
  u8: (view, at, value, little) => view.setBigUint64(at, BigInt(value), little),
  f2: (view, at, value, little) => view.setUint16(at, half(value), little),
};

/** Exact only for the numbers that a half can hold. */
function half(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return sign | ((exponent + 15) << 10) | Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
}

export function npy(type: string, shape: readonly number[], values: ArrayLike<number | string>, fortran = false): Uint8Array {
  const kind = type.slice(1);
  const text = /^[US](\d+)$/.exec(kind);
  const width = text ? 4 * Number(text[1]) : Number(kind.slice(1));
  const header = `{'descr': '${type}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const start = Math.ceil((11 + header.length) / 64) * 64;
  const bytes = new Uint8Array(start + width * values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  view.setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(start - 11)}\n`), 10);
  for (let k = 0; k < values.length; k++) {
    const value = values[k]!;
    const at = start + k * width;
    if (typeof value === 'string') {
      for (const [n, letter] of [...value].entries()) view.setUint32(at + 4 * n, letter.codePointAt(0)!, true);
    } else writers[kind]!(view, at, value, type[0] !== '>');
  }
  return bytes;
}

/** Unsigned bytes, as MNIST has them. */
export function idx(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, 8, shape.length]);
  for (const [k, axis] of shape.entries()) view.setUint32(4 + 4 * k, axis);
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}
