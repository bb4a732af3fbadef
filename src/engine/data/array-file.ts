/**
 * NumPy's `.npy` and the IDX files of MNIST, as bytes → an array with a shape. Numbers stay in the type that
 * the file has where JavaScript knows it, so that sixty thousand pictures take one byte a pixel.
 */
import { DataFault } from './fault';

type Numbers = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

export interface NumberArray {
  readonly shape: readonly number[];
  readonly numbers: Numbers;
}
export interface TextArray {
  readonly shape: readonly number[];
  readonly texts: readonly string[];
}
export type AnyArray = NumberArray | TextArray;

const size = (shape: readonly number[]): number => shape.reduce((product, axis) => product * axis, 1);

const NPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
export const isNpy = (head: Uint8Array): boolean => NPY.every((byte, at) => head[at] === byte);

/** Two zero bytes, a type that exists, and one to eight axes. */
export const isIdx = (head: Uint8Array): boolean =>
  head.length >= 8 && head[0] === 0 && head[1] === 0 && head[2]! in idxTypes && head[3]! >= 1 && head[3]! <= 8;

/** Type, bytes of one number. */
const idxTypes: Readonly<Record<number, string>> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' };

export function readIdx(name: string, bytes: Uint8Array): NumberArray {
  if (!isIdx(bytes)) throw new DataFault(`'${name}' is not an IDX file: its first four bytes do not say which numbers follow.`);
  const axes = bytes[3]!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 4 + 4 * axes;
  if (bytes.length < start) throw cutShort(name, start, bytes.length);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { shape, numbers: numbersOf(name, idxTypes[bytes[2]!]!, true, bytes, start, size(shape)) };
}

export function readNpy(name: string, bytes: Uint8Array): AnyArray {
  if (!isNpy(bytes)) throw new DataFault(`'${name}' is not a NumPy file. Save the array with numpy.save and choose that file.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = bytes.length < 12 ? Number.POSITIVE_INFINITY : wide ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  if (start > bytes.length) throw cutShort(name, Math.min(start, 128), bytes.length);
  const header = new TextDecoder('latin1').decode(bytes.subarray(wide ? 12 : 10, start));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const axes = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || axes === undefined)
    throw new DataFault(
      `'${name}' holds a structured array or a damaged header. Save plain numbers, for example with numpy.save(file, array.astype('float32')).`,
    );
  const shape = axes
    .split(',')
    .filter((axis) => axis.trim() !== '')
    .map(Number);
  if (!shape.every((axis) => Number.isInteger(axis) && axis >= 0))
    throw new DataFault(`'${name}' has a shape that cannot be read: (${axes}). Save the array again.`);
  const array = contentOf(name, descr, bytes, start, shape);
  return shape.length > 1 && /'fortran_order':\s*True/.test(header) ? rowMajor(array) : array;
}

function contentOf(name: string, descr: string, bytes: Uint8Array, start: number, shape: readonly number[]): AnyArray {
  const [, order, type, width] = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  const big = order === '>';
  const count = size(shape);
  if (type === 'U' || type === 'S') return { shape, texts: textsOf(name, type, Number(width), big, bytes, start, count) };
  if (type === 'O')
    throw new DataFault(
      `'${name}' holds Python objects, which only Python can read. Save plain numbers, for example with array.astype('float32').`,
    );
  const kind = type === 'b' ? 'u1' : `${type}${width}`;
  return { shape, numbers: numbersOf(name, kind, big, bytes, start, count) };
}

const cutShort = (name: string, needed: number, found: number): DataFault =>
  new DataFault(`'${name}' is cut short: it should have ${needed} bytes but has ${found}. Copy or download the file again.`);

/** The part of the file that holds `count` items of `width` bytes each, as memory of its own that may be turned around. */
function section(name: string, bytes: Uint8Array, start: number, count: number, width: number): Uint8Array<ArrayBuffer> {
  const end = start + count * width;
  if (end > bytes.length) throw cutShort(name, end, bytes.length);
  // Node's own buffers would give a view of the memory that they share.
  return new Uint8Array(bytes.subarray(start, end));
}

function numbersOf(name: string, kind: string, big: boolean, bytes: Uint8Array, start: number, count: number): Numbers {
  const width = Number(kind.slice(1));
  const make = makers[kind];
  if (!make)
    throw new DataFault(
      `'${name}' holds numbers of the type '${kind}', which cannot be learned from. Save it as float32, for example with array.astype('float32').`,
    );
  const own = section(name, bytes, start, count, width);
  if (big && width > 1) for (let at = 0; at < own.length; at += width) own.subarray(at, at + width).reverse();
  return make(own.buffer);
}

const makers: Readonly<Record<string, (buffer: ArrayBuffer) => Numbers>> = {
  u1: (buffer) => new Uint8Array(buffer),
  i1: (buffer) => new Int8Array(buffer),
  u2: (buffer) => new Uint16Array(buffer),
  i2: (buffer) => new Int16Array(buffer),
  u4: (buffer) => new Uint32Array(buffer),
  i4: (buffer) => new Int32Array(buffer),
  f4: (buffer) => new Float32Array(buffer),
  f8: (buffer) => new Float64Array(buffer),
  u8: (buffer) => Float64Array.from(new BigUint64Array(buffer), Number),
  i8: (buffer) => Float64Array.from(new BigInt64Array(buffer), Number),
  f2: (buffer) => Float32Array.from(new Uint16Array(buffer), half),
};

/** The number that 16 bits stand for. */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits >> 15 === 1 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function textsOf(
  name: string,
  type: 'U' | 'S',
  length: number,
  big: boolean,
  bytes: Uint8Array,
  start: number,
  count: number,
): readonly string[] {
  const width = length * (type === 'U' ? 4 : 1);
  const own = section(name, bytes, start, count, width);
  const view = new DataView(own.buffer);
  return Array.from({ length: count }, (_, item) => {
    let text = '';
    for (let k = 0; k < length; k++) {
      const code = type === 'U' ? view.getUint32(item * width + 4 * k, !big) : own[item * width + k]!;
      if (code === 0) break;
      if (code > 0x10ffff) throw new DataFault(`'${name}' holds text that is damaged (item ${item + 1}). Save the array again.`);
      text += String.fromCodePoint(code);
    }
    return text;
  });
}

/** Column-major arrays, as Fortran and some linear algebra leave them, with their last axis running fastest. */
function rowMajor<A extends AnyArray>(array: A): A {
  const { shape } = array;
  const count = size(shape);
  const strides = shape.map((_, axis) => size(shape.slice(0, axis)));
  const place = shape.map(() => 0);
  const from = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    let old = 0;
    for (let axis = 0; axis < shape.length; axis++) old += place[axis]! * strides[axis]!;
    from[at] = old;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++place[axis]! < shape[axis]!) break;
      place[axis] = 0;
    }
  }
  if ('texts' in array) return { ...array, texts: Array.from(from, (old) => array.texts[old]!) };
  const numbers = array.numbers.slice();
  for (let at = 0; at < count; at++) numbers[at] = array.numbers[from[at]!]!;
  return { ...array, numbers };
}
