/**
 * Bytes of a WebAssembly function: a builder with one method per instruction that the engine uses.
 * Nothing here knows of kernels; the numbers are the opcodes of the WebAssembly specification (SIMD,
 * relaxed SIMD and threads included).
 */
import { Bytes } from './bytes';

export type ValueType = 0x7f | 0x7d | 0x7c | 0x7b;
export const I32: ValueType = 0x7f;
export const F32: ValueType = 0x7d;
export const F64: ValueType = 0x7c;
export const V128: ValueType = 0x7b;

const scratch = new DataView(new ArrayBuffer(8));

/** Vector instructions without immediate, by the names used below. */
export const SIMD = {
  splat: 0x13,
  splatInt: 0x11,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  div: 0xe7,
  min: 0xe8,
  max: 0xe9,
  // a < b ? b : a and b < a ? b : a: one instruction where the exact ones are many.
  pickMin: 0xea,
  pickMax: 0xeb,
  abs: 0xe0,
  floor: 0x68,
  neg: 0xe1,
  sqrt: 0xe3,
  nearest: 0x6a,
  eq: 0x41,
  lt: 0x43,
  gt: 0x44,
  and: 0x4e,
  andnot: 0x4f,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  toInt: 0xf8,
  fromInt: 0xfa,
  addInt: 0xae,
  subInt: 0xb1,
  anyTrue: 0x53,
  // Two float64 in a vector; conversions fill or read the lower half of the float32 or int32 side.
  promote: 0x5f,
  demote: 0x5e,
  splatDouble: 0x14,
  mulDouble: 0xf2,
  subDouble: 0xf1,
  nearestDouble: 0x94,
  doubleToInt: 0xfc,
  madd: 0x105,
  nmadd: 0x106,
} as const;
export type VectorOp = keyof typeof SIMD;

/** Scalar instructions without immediate. */
export const PLAIN = {
  unreachable: 0x00,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.div_s': 0x6d,
  'i32.and': 0x71,
  'i32.shl': 0x74,
  'i32.shr_u': 0x76,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_u': 0x49,
  'i32.lt_s': 0x48,
  'i32.ge_u': 0x4f,
  'i32.eqz': 0x45,
  'f32.add': 0x92,
  'f32.div': 0x95,
  'f64.add': 0xa0,
  'f64.mul': 0xa2,
  'f32.convert_i32_u': 0xb3,
  'f32.demote': 0xb6,
  'f64.promote': 0xbb,
  select: 0x1b,
  drop: 0x1a,
  return: 0x0f,
} as const;
export type PlainOp = keyof typeof PLAIN;

/** Something that lies in memory: instructions that find it hold its address. */
export interface Operand {
  readonly address: number;
}

/** A finished function and the places in it that hold an operand's address and more. */
export interface Recording {
  readonly code: Uint8Array;
  readonly locals: readonly ValueType[];
  readonly places: readonly Place[];
}
interface Place {
  readonly from: number;
  readonly to: number;
  readonly operand: Operand;
  readonly value: number;
  readonly signed: boolean;
}

/** One function under construction. Locals may be given back and are then used again. */
export class Func {
  readonly #code = new Bytes();
  readonly #locals: ValueType[] = [];
  readonly #free = new Map<ValueType, number[]>();
  #places: Place[] | null = null;
  #operand: Operand | null = null;

  constructor(
    readonly parameters: readonly ValueType[],
    readonly results: readonly ValueType[] = [],
  ) {}

  /** From now on the places of addresses are noted. */
  record(): this {
    this.#places = [];
    return this;
  }

  /** The next number that is written belongs to this operand's address. */
  refer(operand: Operand): void {
    if (this.#places) this.#operand = operand;
  }

  recording(): Recording {
    return { code: this.#code.view().slice(), locals: [...this.#locals], places: this.#places ?? [] };
  }

  /** The same function for operands that lie so many bytes further on. */
  static again({ code, locals, places }: Recording, parameters: readonly ValueType[], moved: (operand: Operand) => number): Func {
    const f = new Func(parameters);
    f.#locals.push(...locals);
    let from = 0;
    for (const place of places) {
      f.#code.write(code.subarray(from, place.from));
      const value = place.value + moved(place.operand);
      if (place.signed) f.#code.signed(value);
      else f.#code.unsigned(value);
      from = place.to;
    }
    f.#code.write(code.subarray(from));
    return f;
  }

  get size(): number {
    return this.#code.length;
  }

  local(type: ValueType): number {
    const known = this.#free.get(type)?.pop();
    if (known !== undefined) return known;
    this.#locals.push(type);
    return this.parameters.length + this.#locals.length - 1;
  }

  release(type: ValueType, local: number): void {
    const list = this.#free.get(type);
    if (list) list.push(local);
    else this.#free.set(type, [local]);
  }

  get(local: number): this {
    this.#code.byte(0x20);
    this.#code.unsigned(local);
    return this;
  }

  set(local: number): this {
    this.#code.byte(0x21);
    this.#code.unsigned(local);
    return this;
  }

  tee(local: number): this {
    this.#code.byte(0x22);
    this.#code.unsigned(local);
    return this;
  }

  i32(value: number): this {
    this.#code.byte(0x41);
    if (this.#operand) this.#address(value, true);
    else this.#code.signed(value);
    return this;
  }

  f32(value: number): this {
    this.#code.byte(0x43);
    scratch.setFloat32(0, value, true);
    for (let at = 0; at < 4; at++) this.#code.byte(scratch.getUint8(at));
    return this;
  }

  f64(value: number): this {
    this.#code.byte(0x44);
    scratch.setFloat64(0, value, true);
    for (let at = 0; at < 8; at++) this.#code.byte(scratch.getUint8(at));
    return this;
  }

  op(op: PlainOp): this {
    this.#code.byte(PLAIN[op]);
    return this;
  }

  /** `local += amount`. */
  advance(local: number, amount: number): this {
    return amount === 0 ? this : this.get(local).i32(amount).op('i32.add').set(local);
  }

  call(index: number): this {
    this.#code.byte(0x10);
    this.#code.unsigned(index);
    return this;
  }

  // Structure. `br` counts enclosing blocks outwards from 0.
  block(): this {
    return this.#structure(0x02);
  }
  loop(): this {
    return this.#structure(0x03);
  }
  when(): this {
    return this.#structure(0x04);
  }
  otherwise(): this {
    this.#code.byte(0x05);
    return this;
  }
  end(): this {
    this.#code.byte(0x0b);
    return this;
  }
  branch(depth: number): this {
    this.#code.byte(0x0c);
    this.#code.unsigned(depth);
    return this;
  }
  branchIf(depth: number): this {
    this.#code.byte(0x0d);
    this.#code.unsigned(depth);
    return this;
  }

  // Memory. The address is on the stack; `offset` is added to it.
  loadI32(offset = 0): this {
    return this.#memory(0x28, 2, offset);
  }
  loadF32(offset = 0): this {
    return this.#memory(0x2a, 2, offset);
  }
  storeI32(offset = 0): this {
    return this.#memory(0x36, 2, offset);
  }
  storeF32(offset = 0): this {
    return this.#memory(0x38, 2, offset);
  }
  storeF64(offset = 0): this {
    return this.#memory(0x39, 3, offset);
  }
  /** Stack: destination, source, length. */
  copyMemory(): this {
    for (const byte of [0xfc, 0x0a, 0, 0]) this.#code.byte(byte);
    return this;
  }

  // Memory that threads share. The address is on the stack first.
  atomicLoad(offset = 0): this {
    return this.#atomic(0x10, offset);
  }
  atomicStore(offset = 0): this {
    return this.#atomic(0x17, offset);
  }
  /** Adds; leaves what was there before. */
  atomicAdd(offset = 0): this {
    return this.#atomic(0x1e, offset);
  }
  /** Stack: address, how many to wake; leaves how many woke. */
  notify(offset = 0): this {
    return this.#atomic(0x00, offset);
  }
  /** Stack: address, expected value, nanoseconds (i64); leaves the reason for waking. */
  wait(offset = 0): this {
    return this.#atomic(0x01, offset);
  }
  /** An i64 constant that fits 32 bits. */
  i64(value: number): this {
    this.#code.byte(0x42);
    this.#code.signed(value);
    return this;
  }

  // Vectors of four float32.
  load(offset = 0): this {
    return this.#simdMemory(0x00, 2, offset);
  }
  loadSplat(offset = 0): this {
    return this.#simdMemory(0x09, 2, offset);
  }
  store(offset = 0): this {
    return this.#simdMemory(0x0b, 2, offset);
  }
  /** Stack: address, vector. Replaces one lane. */
  loadLane(lane: number, offset = 0): this {
    this.#simdMemory(0x56, 2, offset);
    this.#code.byte(lane);
    return this;
  }
  storeLane(lane: number, offset = 0): this {
    this.#simdMemory(0x5a, 2, offset);
    this.#code.byte(lane);
    return this;
  }
  /** The first one or two lanes; the others are 0. */
  loadFirst(lanes: 1 | 2, offset = 0): this {
    return this.#simdMemory(lanes === 1 ? 0x5c : 0x5d, 2, offset);
  }
  /** Stack: address, vector. Replaces lanes 0 and 1 (half 0), or 2 and 3. */
  loadHalf(half: 0 | 1, offset = 0): this {
    this.#simdMemory(0x57, 2, offset);
    this.#code.byte(half);
    return this;
  }
  /** Stores lanes 0 and 1 (half 0), or 2 and 3. */
  storeHalf(half: 0 | 1, offset = 0): this {
    this.#simdMemory(0x5b, 2, offset);
    this.#code.byte(half);
    return this;
  }
  extractLane(lane: number): this {
    this.#simd(0x1f);
    this.#code.byte(lane);
    return this;
  }
  replaceLane(lane: number): this {
    this.#simd(0x20);
    this.#code.byte(lane);
    return this;
  }
  // One number in all lanes. As a splat it is a third as long as a vector constant, and no slower.
  vector(value: number): this {
    return this.f32(value).v('splat');
  }
  vectorInt(value: number): this {
    return this.i32(value).v('splatInt');
  }
  /** All bits set in the first `lanes` lanes. */
  mask(lanes: number): this {
    scratch.setInt32(0, -1, true);
    return this.#constant((lane) => lane < lanes);
  }
  /** Lanes 0–3 are those of the lower operand, 4–7 those of the upper one. */
  shuffle(lanes: readonly [number, number, number, number]): this {
    this.#simd(0x0d);
    for (const lane of lanes) for (let byte = 0; byte < 4; byte++) this.#code.byte(4 * lane + byte);
    return this;
  }
  v(op: VectorOp): this {
    return this.#simd(SIMD[op]);
  }
  /** Shifts each 32-bit lane by a constant. */
  shift(how: 'left' | 'right' | 'arithmetic', bits: number): this {
    return this.i32(bits).#simd(how === 'left' ? 0xab : how === 'right' ? 0xad : 0xac);
  }

  body(): Bytes {
    const groups: [number, ValueType][] = [];
    for (const type of this.#locals) {
      const last = groups.at(-1);
      if (last && last[1] === type) last[0]++;
      else groups.push([1, type]);
    }
    const head = new Bytes();
    head.unsigned(groups.length);
    for (const [count, type] of groups) {
      head.unsigned(count);
      head.byte(type);
    }
    const out = new Bytes();
    out.unsigned(head.length + this.#code.length + 1);
    out.append(head);
    out.append(this.#code);
    out.byte(0x0b);
    return out;
  }

  #structure(opcode: number): this {
    this.#code.byte(opcode);
    this.#code.byte(0x40);
    return this;
  }

  #simd(opcode: number): this {
    this.#code.byte(0xfd);
    this.#code.unsigned(opcode);
    return this;
  }

  #memory(opcode: number, align: number, offset: number): this {
    this.#code.byte(opcode);
    this.#code.unsigned(align);
    this.#address(offset, false);
    return this;
  }

  #address(value: number, signed: boolean): void {
    const from = this.#code.length;
    if (signed) this.#code.signed(value);
    else this.#code.unsigned(value);
    if (this.#operand) this.#places!.push({ from, to: this.#code.length, operand: this.#operand, value, signed });
    this.#operand = null;
  }

  #atomic(opcode: number, offset: number): this {
    this.#code.byte(0xfe);
    return this.#memory(opcode, 2, offset);
  }

  #simdMemory(opcode: number, align: number, offset: number): this {
    this.#simd(opcode);
    this.#code.unsigned(align);
    this.#address(offset, false);
    return this;
  }

  #constant(has: (lane: number) => boolean): this {
    this.#simd(0x0c);
    for (let lane = 0; lane < 4; lane++) for (let at = 0; at < 4; at++) this.#code.byte(has(lane) ? scratch.getUint8(at) : 0);
    return this;
  }
}
