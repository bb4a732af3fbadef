/**
 * Values in one register tile: the expression graph evaluated as vectors, row by row and vector by
 * vector, with what several cells share computed once. Reads pick the load that suits their stride;
 * stores keep to the lanes that count.
 */
import { type Func, V128 } from './assembler';
import type { DagNode } from './dag';
import type { SharedMath, VectorMath } from './math';
import type { Access, Nest, Target } from './nest';
import type { Schedule } from './schedule';

export interface Context {
  readonly fma: boolean;
  /** Numbers below 2⁻¹²⁶ count as 0, see `vanishing` in `emit.ts`. */
  readonly flush: boolean;
  /** Index of a function of the module to call; −1: write it out. */
  readonly shared: (name: SharedMath) => number;
  /** For the first byte of a buffer: numbers below this size are stored as 0. */
  readonly vanishing: ReadonlyMap<number, number>;
}

/** Where the tile stands: the nest around it and its addresses. */
export interface TileOwner {
  readonly f: Func;
  readonly math: VectorMath;
  readonly nest: Nest;
  readonly schedule: Schedule;
  readonly context: Context;
  /** For each node, a bit for every axis along which its value changes. */
  readonly moves: readonly number[];
  /** Locals of values that were computed before the loops. */
  readonly hoisted: ReadonlyMap<number, number>;
  /** The local that moves with an access, or −1 where its address is a constant. */
  pointer(access: Access): number;
  /** Bytes to add to it for an element of the current tile. */
  displacement(access: Access, extra: number): number;
}

const bit = (axis: number): number => (axis < 0 ? 0 : 1 << axis);

export function movesOf({ dag, reads, body, combine }: Nest): readonly number[] {
  const moves: number[] = [];
  for (const node of dag.nodes)
    moves.push(
      node.op === 'read'
        ? reads.get(node.name)!.strides.reduce((bits, stride, axis) => (stride === 0 ? bits : bits | bit(axis)), 0)
        : node.op === 'acc'
          ? // The result of a fold differs from cell to cell; without one, `acc` is the body.
            combine !== null || body < 0
            ? ~0
            : moves[body]!
          : node.args.reduce<number>((bits, arg) => bits | moves[arg]!, 0),
    );
  return moves;
}

export interface TileShape {
  readonly lanes: number;
  readonly rows: number;
  readonly rowCount: number;
  readonly vectors: number;
  /** Indices of the lanes' axis in the tile: the last vector may be partly used. */
  readonly laneCount: number;
  /** Whether lanes behind the last one are to be 0, as far as loads can see to it. */
  readonly cut?: boolean;
  /** Where the lanes lie along the fold: the axis of the result that `vectors` counts along instead. */
  readonly columns?: number;
  /** Whether a vector holds up to two lanes of a row, and behind them those of the next row. */
  readonly paired?: boolean;
}

/** Values of the expression graph in the cells of one tile; what is shared is computed once. */
export class Cells {
  readonly #known = new Map<number, number>();
  readonly #rowBit: number;
  /** Axes along which vectors of a row differ. */
  readonly #vectorBit: number;

  constructor(
    readonly owner: TileOwner,
    readonly shape: TileShape,
    readonly accs?: readonly (readonly number[])[],
  ) {
    this.#rowBit = bit(shape.rows);
    this.#vectorBit = bit(shape.columns ?? shape.lanes);
  }

  /** Pushes a node's vector. */
  value(id: number, r: number, v: number): void {
    const { f, nest, hoisted } = this.owner;
    const node = nest.dag.nodes[id]!;
    if (node.op === 'const') {
      this.#constant(node.value, r, v);
      return;
    }
    if (node.op === 'acc') {
      if (this.accs && this.shape.paired)
        f.get(this.accs[r]![v]!)
          .get(this.accs[r + 1]![v]!)
          .shuffle([0, 1, 4, 5]);
      else if (this.accs) f.get(this.accs[r]![v]!);
      else this.value(nest.body, r, v);
      return;
    }
    const before = hoisted.get(id);
    if (before !== undefined) {
      f.get(before);
      return;
    }
    const key = this.#key(id, r, v);
    const known = this.#known.get(key);
    if (known !== undefined) {
      f.get(known);
      return;
    }
    this.#compute(id, node, r, v);
    const { rowCount, vectors } = this.shape;
    const again =
      nest.dag.uses[id]! > 1 ||
      (id === nest.body && nest.combine === null) ||
      (rowCount > 1 && !this.#alongRows(id)) ||
      (vectors > 1 && !this.#alongVectors(id));
    if (again && !this.#known.has(key)) {
      const local = f.local(V128);
      f.tee(local);
      this.#known.set(key, local);
    }
  }

  /** Stores the values of two rows whose elements alternate in memory. */
  storeWoven(target: Target, values: readonly [number, number], r: number, v: number): void {
    const { f } = this.owner;
    const [even, odd] = values;
    const count = this.#laneCount(v);
    for (const value of values) this.#vanish(target, value);
    for (const half of [0, 1] as const) {
      const lanes = Math.min(2, count - 2 * half);
      if (lanes < 1) return;
      const offset = this.#push(target, r, v, 2 * half);
      f.get(even)
        .get(odd)
        .shuffle(half === 0 ? [0, 4, 1, 5] : [2, 6, 3, 7]);
      if (lanes === 2) f.store(offset);
      else f.storeHalf(0, offset);
    }
  }

  #vanish(target: Target, value: number): void {
    const { f, context } = this.owner;
    const least = context.vanishing.get(target.start);
    if (least !== undefined) f.get(value).get(value).v('abs').vector(least).v('lt').v('andnot').set(value);
  }

  store(target: Target, value: number, r: number, v: number): void {
    const { f } = this.owner;
    const { lanes } = this.shape;
    this.#vanish(target, value);
    const stride = lanes < 0 ? 0 : target.strides[lanes]!;
    const count = this.#laneCount(v);
    if (this.shape.paired) {
      for (const half of [0, 1] as const)
        if (stride === 1 && count === 2) {
          const offset = this.#push(target, r + half, v, 0);
          f.get(value).storeHalf(half, offset);
        } else
          for (let lane = 0; lane < count; lane++) {
            const offset = this.#push(target, r + half, v, lane);
            f.get(value).storeLane(2 * half + lane, offset);
          }
      return;
    }
    if (stride !== 1) {
      for (let lane = 0; lane < count; lane++) {
        const offset = this.#push(target, r, v, lane);
        f.get(value).storeLane(lane, offset);
      }
      return;
    }
    const offset = this.#push(target, r, v, 0);
    // A vector that ends the buffer may fill its padding too.
    const last = this.owner.pointer(target) < 0 && offset + 4 * count === target.end && offset % 16 === 0 && count > 1;
    if (count === 4 || last || target.loose) f.get(value).store(offset);
    else if (count === 1) f.get(value).storeLane(0, offset);
    else {
      f.get(value).storeHalf(0, offset);
      if (count === 3) {
        const third = this.#push(target, r, v, 2);
        f.get(value).storeLane(2, third);
      }
    }
  }

  release(): void {
    for (const local of this.#known.values()) this.owner.f.release(V128, local);
    this.#known.clear();
  }

  #key(id: number, r: number, v: number): number {
    return (id * 64 + (this.#alongRows(id) ? r : 0)) * 64 + (this.#alongVectors(id) ? v : 0);
  }

  #alongRows(id: number): boolean {
    return (this.owner.moves[id]! & this.#rowBit) !== 0;
  }

  #alongVectors(id: number): boolean {
    return (this.owner.moves[id]! & this.#vectorBit) !== 0;
  }

  #laneCount(v: number): number {
    const { lanes, laneCount, columns } = this.shape;
    return lanes < 0 ? 1 : Math.min(4, columns === undefined ? laneCount - 4 * v : laneCount);
  }

  /** Pushes the moving part of an address; gives the constant part. */
  #push(access: Access, r: number, v: number, lane: number): number {
    const { lanes, rows, columns } = this.shape;
    const across = columns === undefined ? 4 * v + lane : lane;
    const extra =
      (rows < 0 ? 0 : r * access.strides[rows]!) +
      (lanes < 0 ? 0 : across * access.strides[lanes]!) +
      (columns === undefined ? 0 : v * access.strides[columns]!);
    const pointer = this.owner.pointer(access);
    if (pointer < 0) this.owner.f.i32(0);
    else this.owner.f.get(pointer);
    return this.owner.displacement(access, extra);
  }

  #compute(id: number, node: DagNode, r: number, v: number): void {
    const { f, math, nest, context } = this.owner;
    const arg =
      (at: number): (() => void) =>
      () =>
        this.value(node.args[at]!, r, v);
    const both = (): void => {
      arg(0)();
      arg(1)();
    };
    /** The factors of an argument that is a product and used nowhere else. */
    const factors = (at: number): readonly [() => void, () => void] | null => {
      const inner = node.args[at]!;
      const product = nest.dag.nodes[inner]!;
      if (product.op !== 'mul' || nest.dag.uses[inner]! > 1 || this.owner.hoisted.has(inner)) return null;
      return [() => this.value(product.args[0], r, v), () => this.value(product.args[1], r, v)];
    };
    switch (node.op) {
      case 'const':
      case 'acc':
        return;
      case 'read':
        this.#load(id, nest.reads.get(node.name)!, r, v);
        return;
      case 'neg':
      case 'abs':
      case 'floor':
      case 'sqrt':
        arg(0)();
        f.v(node.op);
        return;
      case 'exp':
      case 'log':
      case 'tanh':
        arg(0)();
        if (context.shared(node.op) < 0) math[node.op]();
        else f.call(context.shared(node.op));
        return;
      case 'sin':
      case 'cos':
        arg(0)();
        f.call(context.shared(node.op));
        return;
      case 'pow':
        both();
        f.call(context.shared('pow'));
        return;
      case 'add': {
        const first = factors(0);
        const second = factors(1);
        if (first) math.multiplyAdd(first[0], first[1], arg(1));
        else if (second) math.multiplyAdd(second[0], second[1], arg(0));
        else {
          both();
          f.v('add');
        }
        return;
      }
      case 'sub': {
        const product = factors(1);
        if (product) math.subtractProduct(arg(0), product[0], product[1]);
        else {
          both();
          f.v('sub');
        }
        return;
      }
      case 'mul':
      case 'div':
        both();
        f.v(node.op);
        return;
      case 'max':
      case 'min': {
        // With a constant on one side the short instruction is exact, NaN included.
        const pick = node.op === 'max' ? 'pickMax' : 'pickMin';
        const isConst = (at: number): boolean => nest.dag.nodes[node.args[at]!]!.op === 'const';
        if (isConst(0)) {
          arg(1)();
          arg(0)();
        } else both();
        f.v(isConst(0) || isConst(1) ? pick : node.op);
        return;
      }
      case 'select':
        this.#select(node.args, r, v);
    }
  }

  #select([positive, then, otherwise]: readonly [number, number, number], r: number, v: number): void {
    const { f, nest } = this.owner;
    const isZero = (id: number): boolean => {
      const node = nest.dag.nodes[id]!;
      return node.op === 'const' && node.value === 0;
    };
    const test = (): void => {
      this.value(positive, r, v);
      this.#constant(0, r, v);
      f.v('gt');
    };
    if (isZero(otherwise)) {
      this.value(then, r, v);
      test();
      f.v('and');
    } else if (isZero(then)) {
      this.value(otherwise, r, v);
      test();
      f.v('andnot');
    } else {
      this.value(then, r, v);
      this.value(otherwise, r, v);
      test();
      f.v('bitselect');
    }
  }

  /**
   * V8 computes a vector of zeros once, ahead of all loops, and keeps it in a register: there is none to spare while
   * a fold runs. What it cannot know to be constant it computes where it stands.
   */
  #constant(value: number, r: number, v: number): void {
    const { f, schedule } = this.owner;
    const acc = this.accs?.[r]?.[v];
    if (Object.is(value, 0) && acc !== undefined && !schedule.unrolled) f.get(acc).get(acc).v('xor');
    else f.vector(value);
  }

  #load(id: number, access: Access, r: number, v: number): void {
    const { f } = this.owner;
    const { lanes, rows, rowCount } = this.shape;
    const stride = lanes < 0 ? 0 : access.strides[lanes]!;
    if (this.shape.paired) {
      this.#loadPair(access, r, v, stride);
      return;
    }
    if (stride === 1) {
      if (this.isCut(id, v)) this.#loadCut(access, r, v);
      else f.load(this.#push(access, r, v, 0));
      return;
    }
    if (stride === 0) {
      this.#splat(access, r, v);
      return;
    }
    if (stride === 2) {
      this.#loadEverySecond(id, access, r, v);
      return;
    }
    const block = r - (r % 4);
    if (rows >= 0 && access.strides[rows] === 1 && block + 4 <= rowCount) {
      this.#loadTransposed(id, access, block, r, v);
      return;
    }
    const count = this.#laneCount(v);
    const vector = f.local(V128);
    f.loadSplat(this.#push(access, r, v, 0)).set(vector);
    for (let lane = 1; lane < count; lane++) {
      const offset = this.#push(access, r, v, lane);
      f.get(vector).loadLane(lane, offset).set(vector);
    }
    f.get(vector);
    f.release(V128, vector);
  }

  /** Every second element: even lanes of two vectors. Where the next row has the odd ones, both are known at once. */
  #loadEverySecond(id: number, access: Access, r: number, v: number): void {
    const { f } = this.owner;
    const { rows, rowCount } = this.shape;
    const woven = rows >= 0 && access.strides[rows] === 1 && rowCount === 2;
    const [low, high] = [f.local(V128), f.local(V128)];
    f.load(this.#push(access, woven ? 0 : r, v, 0)).set(low);
    const more = this.#laneCount(v) > 2;
    if (more) f.load(this.#push(access, woven ? 0 : r, v, 2)).set(high);
    const push = (lanes: readonly [number, number, number, number]): Func =>
      f
        .get(low)
        .get(more ? high : low)
        .shuffle(lanes);
    if (woven)
      for (const row of [0, 1]) {
        const local = f.local(V128);
        push([row, row + 2, row + 4, row + 6]).set(local);
        this.#known.set(this.#key(id, row, v), local);
      }
    if (woven) f.get(this.#known.get(this.#key(id, r, v))!);
    else push([0, 2, 4, 6]);
    f.release(V128, low);
    f.release(V128, high);
  }

  /** Whether a node is loaded with 0 behind its last lane. */
  isCut(id: number, v: number): boolean {
    const { nest, hoisted } = this.owner;
    const node = nest.dag.nodes[id]!;
    if (!this.shape.cut || node.op !== 'read' || hoisted.has(id) || this.#laneCount(v) === 4) return false;
    return nest.reads.get(node.name)!.strides[this.shape.lanes] === 1;
  }

  /** Fewer than four lanes, and 0 in the others. */
  #loadCut(access: Access, r: number, v: number): void {
    const { f } = this.owner;
    const count = this.#laneCount(v);
    if (count < 3) {
      f.loadFirst(count === 1 ? 1 : 2, this.#push(access, r, v, 0));
      return;
    }
    const vector = f.local(V128);
    f.loadFirst(2, this.#push(access, r, v, 0)).set(vector);
    const third = this.#push(access, r, v, 2);
    f.get(vector).loadLane(2, third);
    f.release(V128, vector);
  }

  /** Two lanes of a row and two of the next. */
  #loadPair(access: Access, r: number, v: number, stride: number): void {
    const { f } = this.owner;
    const { rows } = this.shape;
    const sameRow = access.strides[rows] === 0;
    if (sameRow && stride === 0) {
      this.#splat(access, r, v);
      return;
    }
    const vector = f.local(V128);
    if (stride === 1) {
      f.loadFirst(2, this.#push(access, r, v, 0)).set(vector);
      if (sameRow) f.get(vector).get(vector).shuffle([0, 1, 0, 1]);
      else {
        const second = this.#push(access, r + 1, v, 0);
        f.get(vector).loadHalf(1, second);
      }
    } else {
      f.loadSplat(this.#push(access, r, v, 0)).set(vector);
      for (const lane of [1, 2, 3]) {
        if (stride === 0 && lane === 1) continue;
        const offset = this.#push(access, r + (lane >> 1), v, lane & 1);
        f.get(vector).loadLane(lane, offset).set(vector);
      }
      f.get(vector);
    }
    f.release(V128, vector);
  }

  /** One number in all lanes. V8 keeps base plus offset of such loads in a register each, unless added here. */
  #splat(access: Access, r: number, v: number): void {
    const { f } = this.owner;
    const offset = this.#push(access, r, v, 0);
    if (this.owner.pointer(access) < 0) f.loadSplat(offset);
    else f.i32(offset).op('i32.add').loadSplat();
  }

  /** Four rows at once: contiguous along the rows in memory, wanted along the lanes. */
  #loadTransposed(id: number, access: Access, block: number, r: number, v: number): void {
    const { f } = this.owner;
    const count = this.#laneCount(v);
    const loaded = [0, 1, 2, 3].map((lane) => {
      const local = f.local(V128);
      f.load(this.#push(access, block, v, lane < count ? lane : 0)).set(local);
      return local;
    });
    const [a, b, c, d] = loaded as [number, number, number, number];
    const mixed = [
      [a, b, [0, 4, 1, 5]],
      [a, b, [2, 6, 3, 7]],
      [c, d, [0, 4, 1, 5]],
      [c, d, [2, 6, 3, 7]],
    ] as const;
    const halves = mixed.map(([x, y, lanes]) => {
      const local = f.local(V128);
      f.get(x).get(y).shuffle(lanes).set(local);
      return local;
    });
    const [ab01, ab23, cd01, cd23] = halves as [number, number, number, number];
    const rows = [
      [ab01, cd01, [0, 1, 4, 5]],
      [ab01, cd01, [2, 3, 6, 7]],
      [ab23, cd23, [0, 1, 4, 5]],
      [ab23, cd23, [2, 3, 6, 7]],
    ] as const;
    rows.forEach(([x, y, lanes], at) => {
      const local = f.local(V128);
      f.get(x).get(y).shuffle(lanes).set(local);
      this.#known.set(this.#key(id, block + at, v), local);
    });
    for (const local of [...loaded, ...halves]) f.release(V128, local);
    f.get(this.#known.get(this.#key(id, r, v))!);
  }
}
