/**
 * A message ↔ bytes, for sockets that carry only bytes. Plain values travel as JSON, typed arrays as raw
 * numbers behind it, so that a data set costs its own size and no more. What JSON cannot say (NaN, the
 * infinities, −0, undefined in lists) is written as a marked object; other machines' byte order is not supported,
 * since both ends run on one machine.
 */

/** The bytes are no message of ours. */
export class BadMessage extends Error {
  override readonly name = 'BadMessage';
}

/** Key that marks objects which stand for something else. Plain objects that own such a key are wrapped. */
const MARK = '$';

const kinds = {
  f32: Float32Array,
  f64: Float64Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  u8: Uint8Array,
  u8c: Uint8ClampedArray,
  u16: Uint16Array,
  u32: Uint32Array,
} as const;
type Kind = keyof typeof kinds;
type Numbers = InstanceType<(typeof kinds)[Kind]>;

const kindOf = (value: object): Kind | null => {
  for (const kind of Object.keys(kinds) as Kind[]) if (value instanceof kinds[kind]) return kind;
  return null;
};

/** Numbers start at multiples of this, so that any kind of array may be viewed in place. */
const ALIGN = 8;
const aligned = (at: number): number => Math.ceil(at / ALIGN) * ALIGN;
const HEADER = 8;
const VERSION = 1;

/** Layout: version (u32), length of the JSON (u32), JSON as UTF-8, then each array at a multiple of 8. */
export function encode(message: unknown): Uint8Array {
  const arrays: Numbers[] = [];
  const pack = (value: unknown): unknown => {
    if (typeof value === 'number') {
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return { [MARK]: 'number', v: Object.is(value, -0) ? '-0' : String(value) };
    }
    if (typeof value !== 'object' || value === null) {
      if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
        throw new BadMessage(`A ${typeof value} cannot be sent.`);
      return value;
    }
    if (Array.isArray(value)) return value.map((item: unknown) => (item === undefined ? { [MARK]: 'undefined' } : pack(item)));
    const kind = kindOf(value);
    if (kind) {
      const array = value as Numbers;
      arrays.push(array);
      return { [MARK]: kind, n: array.length };
    }
    if (value instanceof ArrayBuffer) {
      arrays.push(new Uint8Array(value));
      return { [MARK]: 'buffer', n: value.byteLength };
    }
    const packed: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) packed[key] = pack(item);
    return Object.hasOwn(packed, MARK) ? { [MARK]: 'object', v: packed } : packed;
  };
  const json = new TextEncoder().encode(JSON.stringify(pack(message)) ?? 'null');
  let size = aligned(HEADER + json.length);
  for (const array of arrays) size = aligned(size + array.byteLength);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, VERSION);
  view.setUint32(4, json.length);
  bytes.set(json, HEADER);
  let at = aligned(HEADER + json.length);
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at = aligned(at + array.byteLength);
  }
  return bytes;
}

/** Throws `BadMessage` for anything that `encode` did not write. Arrays in the result own their memory. */
export function decode(bytes: Uint8Array): unknown {
  if (bytes.length < HEADER) throw new BadMessage('The message is cut short.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== VERSION) throw new BadMessage('The message is of another version.');
  const jsonLength = view.getUint32(4);
  if (HEADER + jsonLength > bytes.length) throw new BadMessage('The message is cut short.');
  let at = aligned(HEADER + jsonLength);
  const take = (kind: Kind, length: unknown): Numbers => {
    const make = kinds[kind];
    if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) throw new BadMessage('An array has no length.');
    const size = length * make.BYTES_PER_ELEMENT;
    if (at + size > bytes.length) throw new BadMessage('The message is cut short.');
    // A copy: the message's own memory may be pooled, unaligned, or reused.
    const memory = new Uint8Array(size);
    memory.set(bytes.subarray(at, at + size));
    at = aligned(at + size);
    return new make(memory.buffer, 0, length);
  };
  const unpack = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(unpack);
    const record = value as Readonly<Record<string, unknown>>;
    if (Object.hasOwn(record, MARK)) {
      const mark = record[MARK];
      if (mark === 'number') return Number(record.v);
      if (mark === 'undefined') return undefined;
      if (mark === 'object') return plain(record.v);
      if (mark === 'buffer') return take('u8', record.n).buffer;
      if (typeof mark === 'string' && Object.hasOwn(kinds, mark)) return take(mark as Kind, record.n);
      throw new BadMessage('The message holds an unknown mark.');
    }
    return plain(record);
  };
  const plain = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) throw new BadMessage('A wrapped object is missing.');
    const out: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__') throw new BadMessage('The message names a forbidden key.');
      out[key] = unpack(item);
    }
    return out;
  };
  try {
    const message = unpack(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(HEADER, HEADER + jsonLength))),
    );
    if (at !== bytes.length) throw new BadMessage('The message has another length than it says.');
    return message;
  } catch (error) {
    if (error instanceof BadMessage) throw error;
    throw new BadMessage('The message cannot be read.');
  }
}
