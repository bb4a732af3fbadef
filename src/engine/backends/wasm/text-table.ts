/**
 * What each instruction that the assembler can write is called in WebAssembly's text form, how many operands
 * it takes and what follows its opcode.
 */
import { PLAIN, type PlainOp, SIMD, type VectorOp } from './assembler';

export interface Instruction {
  readonly name: string;
  /** Operands taken from the stack, and whether a result is put on it. */
  readonly takes: number;
  readonly gives: 0 | 1;
  readonly immediate?:
    | 'memory'
    | 'memory lane'
    | 'lane'
    | 'vector'
    | 'shuffle'
    | 'index'
    | 'copy'
    | 'i32'
    | 'i64'
    | 'f32'
    | 'f64';
}

const pure = (name: string, takes: number): Instruction => ({ name, takes, gives: 1 });

/** A new instruction of the assembler has no text until it has a line here; the compiler asks for it. */
const plain: Record<PlainOp, number> = {
  unreachable: 0,
  'i32.add': 2,
  'i32.sub': 2,
  'i32.mul': 2,
  'i32.div_s': 2,
  'i32.and': 2,
  'i32.shl': 2,
  'i32.shr_u': 2,
  'i32.eq': 2,
  'i32.ne': 2,
  'i32.lt_u': 2,
  'i32.lt_s': 2,
  'i32.ge_u': 2,
  'i32.eqz': 1,
  'f32.add': 2,
  'f32.div': 2,
  'f64.add': 2,
  'f64.mul': 2,
  'f32.convert_i32_u': 1,
  'f32.demote': 1,
  'f64.promote': 1,
  select: 3,
  drop: 1,
  return: 0,
};
const plainNames: Partial<Record<PlainOp, string>> = { 'f32.demote': 'f32.demote_f64', 'f64.promote': 'f64.promote_f32' };

const vector: Record<VectorOp, readonly [name: string, takes: number]> = {
  splat: ['f32x4.splat', 1],
  splatInt: ['i32x4.splat', 1],
  add: ['f32x4.add', 2],
  sub: ['f32x4.sub', 2],
  mul: ['f32x4.mul', 2],
  div: ['f32x4.div', 2],
  min: ['f32x4.min', 2],
  max: ['f32x4.max', 2],
  pickMin: ['f32x4.pmin', 2],
  pickMax: ['f32x4.pmax', 2],
  abs: ['f32x4.abs', 1],
  floor: ['f32x4.floor', 1],
  neg: ['f32x4.neg', 1],
  sqrt: ['f32x4.sqrt', 1],
  nearest: ['f32x4.nearest', 1],
  eq: ['f32x4.eq', 2],
  lt: ['f32x4.lt', 2],
  gt: ['f32x4.gt', 2],
  and: ['v128.and', 2],
  andnot: ['v128.andnot', 2],
  or: ['v128.or', 2],
  xor: ['v128.xor', 2],
  bitselect: ['v128.bitselect', 3],
  toInt: ['i32x4.trunc_sat_f32x4_s', 1],
  fromInt: ['f32x4.convert_i32x4_s', 1],
  addInt: ['i32x4.add', 2],
  subInt: ['i32x4.sub', 2],
  anyTrue: ['v128.any_true', 1],
  promote: ['f64x2.promote_low_f32x4', 1],
  demote: ['f32x4.demote_f64x2_zero', 1],
  splatDouble: ['f64x2.splat', 1],
  mulDouble: ['f64x2.mul', 2],
  subDouble: ['f64x2.sub', 2],
  nearestDouble: ['f64x2.nearest', 1],
  doubleToInt: ['i32x4.trunc_sat_f64x2_s_zero', 1],
  madd: ['f32x4.relaxed_madd', 3],
  nmadd: ['f32x4.relaxed_nmadd', 3],
};

/** They leave nothing behind. */
const silent: ReadonlySet<PlainOp> = new Set(['drop', 'return', 'unreachable']);

/** By opcode: instructions without a prefix. */
export const BASIC: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  ...Object.entries(PLAIN).map(([op, code]): [number, Instruction] => {
    const name = op as PlainOp;
    return [code, { name: plainNames[name] ?? name, takes: plain[name], gives: silent.has(name) ? 0 : 1 }];
  }),
  [0x0c, { name: 'br', takes: 0, gives: 0, immediate: 'index' }],
  [0x0d, { name: 'br_if', takes: 1, gives: 0, immediate: 'index' }],
  [0x20, { name: 'local.get', takes: 0, gives: 1, immediate: 'index' }],
  [0x21, { name: 'local.set', takes: 1, gives: 0, immediate: 'index' }],
  [0x22, { name: 'local.tee', takes: 1, gives: 1, immediate: 'index' }],
  [0x28, { name: 'i32.load', takes: 1, gives: 1, immediate: 'memory' }],
  [0x2a, { name: 'f32.load', takes: 1, gives: 1, immediate: 'memory' }],
  [0x36, { name: 'i32.store', takes: 2, gives: 0, immediate: 'memory' }],
  [0x38, { name: 'f32.store', takes: 2, gives: 0, immediate: 'memory' }],
  [0x39, { name: 'f64.store', takes: 2, gives: 0, immediate: 'memory' }],
  [0x41, { name: 'i32.const', takes: 0, gives: 1, immediate: 'i32' }],
  [0x42, { name: 'i64.const', takes: 0, gives: 1, immediate: 'i64' }],
  [0x43, { name: 'f32.const', takes: 0, gives: 1, immediate: 'f32' }],
  [0x44, { name: 'f64.const', takes: 0, gives: 1, immediate: 'f64' }],
]);

/** … after the prefix 0xfd. */
export const VECTOR: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  ...Object.entries(SIMD).map(([op, code]): [number, Instruction] => [code, pure(...vector[op as VectorOp])]),
  [0x00, { name: 'v128.load', takes: 1, gives: 1, immediate: 'memory' }],
  [0x09, { name: 'v128.load32_splat', takes: 1, gives: 1, immediate: 'memory' }],
  [0x0b, { name: 'v128.store', takes: 2, gives: 0, immediate: 'memory' }],
  [0x0c, { name: 'v128.const', takes: 0, gives: 1, immediate: 'vector' }],
  [0x0d, { name: 'i8x16.shuffle', takes: 2, gives: 1, immediate: 'shuffle' }],
  [0x1f, { name: 'f32x4.extract_lane', takes: 1, gives: 1, immediate: 'lane' }],
  [0x20, { name: 'f32x4.replace_lane', takes: 2, gives: 1, immediate: 'lane' }],
  [0x56, { name: 'v128.load32_lane', takes: 2, gives: 1, immediate: 'memory lane' }],
  [0x57, { name: 'v128.load64_lane', takes: 2, gives: 1, immediate: 'memory lane' }],
  [0x5a, { name: 'v128.store32_lane', takes: 2, gives: 0, immediate: 'memory lane' }],
  [0x5b, { name: 'v128.store64_lane', takes: 2, gives: 0, immediate: 'memory lane' }],
  [0x5c, { name: 'v128.load32_zero', takes: 1, gives: 1, immediate: 'memory' }],
  [0x5d, { name: 'v128.load64_zero', takes: 1, gives: 1, immediate: 'memory' }],
  [0xab, pure('i32x4.shl', 2)],
  [0xac, pure('i32x4.shr_s', 2)],
  [0xad, pure('i32x4.shr_u', 2)],
]);

/** … after the prefix 0xfe. */
export const ATOMIC: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x00, { name: 'memory.atomic.notify', takes: 2, gives: 1, immediate: 'memory' }],
  [0x01, { name: 'memory.atomic.wait32', takes: 3, gives: 1, immediate: 'memory' }],
  [0x10, { name: 'i32.atomic.load', takes: 1, gives: 1, immediate: 'memory' }],
  [0x17, { name: 'i32.atomic.store', takes: 2, gives: 0, immediate: 'memory' }],
  [0x1e, { name: 'i32.atomic.rmw.add', takes: 2, gives: 1, immediate: 'memory' }],
]);

/** After the prefix 0xfc, 0x0a. */
export const COPY: Instruction = { name: 'memory.copy', takes: 3, gives: 0, immediate: 'copy' };
export const TYPES: Readonly<Record<number, string>> = { 127: 'i32', 126: 'i64', 125: 'f32', 124: 'f64', 123: 'v128' };
