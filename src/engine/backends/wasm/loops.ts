/**
 * Instructions for one nest: loops around a register tile, the fold inside it, and the stored values
 * after it. Every value is a vector of four float32; where an axis does not suit, only the first lane
 * counts. Loops move one pointer for each distinct walk through memory.
 */
import { type Func, I32, V128 } from './assembler';
import { type SharedMath, VectorMath } from './math';
import type { DagNode } from './dag';
import { control } from './layout';
import { type Access, foldAxes, type Nest, outAxes, type Target } from './nest';
import { nestsOf, type Piece } from './product';
import type { Schedule } from './schedule';

export interface Context {
  readonly fma: boolean;
  /** Index of an imported function. */
  readonly host: (name: string) => number;
  /** Index of a function of the module to call instead of writing the function out; −1: write it out. */
  readonly shared: (name: SharedMath) => number;
}

export function emitPiece(f: Func, piece: Piece, scheduleOf: (nest: Nest) => Schedule, context: Context): void {
  const nests = nestsOf(piece);
  if (nests.some((nest) => nest.axes.slice(0, nest.outRank).includes(0))) return;
  const emitters = new Map(nests.map((nest) => [nest, new NestEmitter(f, nest, scheduleOf(nest), context)]));
  const emit = (part: Piece): void => {
    if (part.kind === 'nest') emitters.get(part.nest)!.run();
    else if (part.times === 1) part.body.forEach(emit);
    else {
      const inside = nestsOf(part).map((nest) => emitters.get(nest)!);
      const turn = (): void => {
        part.body.forEach(emit);
        for (const emitter of inside) emitter.step(part.depth, 1);
      };
      for (const emitter of inside) emitter.opened(1);
      if (part.divided) divided(f, part.times, inside, turn);
      else {
        repeat(f, part.times, turn);
        if (part.depth > 0) for (const emitter of inside) emitter.step(part.depth, -part.times);
      }
      for (const emitter of inside) emitter.opened(-1);
    }
  };
  emit(piece);
  for (const emitter of emitters.values()) emitter.close();
}

/** This thread's share of the turns of a loop. The function's first parameter is the thread's number. */
function divided(f: Func, times: number, emitters: readonly NestEmitter[], turn: () => void): void {
  const thread = 0;
  const [from, left] = [f.local(I32), f.local(I32)];
  const bound = (push: () => void): void => {
    push();
    f.i32(times).op('i32.mul').i32(0).loadI32(control.threads).op('i32.div_s');
  };
  bound(() => f.get(thread));
  f.set(from);
  bound(() => f.get(thread).i32(1).op('i32.add'));
  f.get(from).op('i32.sub').tee(left).when();
  for (const emitter of emitters) {
    emitter.jump(0, thread);
    emitter.jump(1, from);
  }
  f.loop();
  turn();
  f.get(left).i32(1).op('i32.sub').tee(left).branchIf(0).end();
  f.end();
  f.release(I32, from);
  f.release(I32, left);
}

/** Code for a loop body that runs `count` times; `count` is at least 1. */
function repeat(f: Func, count: number, body: () => void): void {
  const left = f.local(I32);
  f.i32(count).set(left).loop();
  body();
  f.get(left).i32(1).op('i32.sub').tee(left).branchIf(0).end();
  f.release(I32, left);
}

class NestEmitter {
  /** Index of the current tile along each axis, as far as it is known now. */
  readonly #shift: number[];
  /** Whether an axis is walked by a loop at run time. */
  readonly #looped: readonly boolean[];
  readonly #pointers = new Map<string, number>();
  /** Loops that are open at this point. */
  #open = 0;
  readonly #math: VectorMath;
  /** For each node, a bit for every axis along which its value changes. */
  readonly moves: readonly number[];

  constructor(
    readonly f: Func,
    readonly nest: Nest,
    readonly schedule: Schedule,
    readonly context: Context,
  ) {
    this.#math = new VectorMath(f, context.fma);
    this.#shift = nest.axes.map(() => 0);
    this.moves = movesOf(nest);
    const folds = foldAxes(nest).reduce((product, axis) => product * nest.axes[axis]!, 1);
    this.#looped = nest.axes.map((length, axis) => {
      if (axis < nest.outer) return length > 1;
      const full = Math.floor(length / this.#tileOf(axis));
      return !schedule.unrolled && full > 1 && (axis < nest.outRank || schedule.dot || folds > 4);
    });
    for (const access of [...nest.reads.values(), ...nest.targets]) {
      const key = this.#walk(access);
      if (key === '' || this.#pointers.has(key)) continue;
      const pointer = f.local(I32);
      f.i32(0).set(pointer);
      this.#pointers.set(key, pointer);
    }
  }

  /** The nest at the current index of the outer axes. */
  run(): void {
    const { nest, schedule } = this;
    const { lanes, rows, dot } = schedule;
    const rest = outAxes(nest).filter((axis) => axis !== lanes && axis !== rows);
    const inner = dot ? [rows] : nest.combine ? [lanes, rows] : [rows, lanes];
    const levels = [...rest, ...inner.filter((axis) => axis >= 0)];
    const sizes = new Map<number, number>();
    const at = (level: number): void => {
      if (level === levels.length) {
        this.#tile(lanes >= 0 && !dot ? sizes.get(lanes)! : 1, rows >= 0 ? sizes.get(rows)! : 1);
        return;
      }
      const axis = levels[level]!;
      this.#visit(axis, (size) => {
        sizes.set(axis, size);
        at(level + 1);
      });
    };
    const hoisted = this.#hoist();
    at(0);
    for (const local of hoisted.values()) this.f.release(V128, local);
    this.#hoisted = new Map();
  }

  /** Says that a loop around the nest begins or ends. */
  opened(by: 1 | -1): void {
    this.#open += by;
  }

  /** Moves the pointers along an axis. */
  step(axis: number, indices: number): void {
    for (const [pointer, stride] of this.#along(axis)) this.f.advance(pointer, 4 * stride * indices);
  }

  /** Pointers that move along an axis, with their strides. */
  #along(axis: number): ReadonlyMap<number, number> {
    const moving = new Map<number, number>();
    for (const access of [...this.nest.reads.values(), ...this.nest.targets]) {
      const pointer = this.#pointers.get(this.#walk(access));
      const stride = access.strides[axis]!;
      if (pointer !== undefined && stride !== 0) moving.set(pointer, stride);
    }
    return moving;
  }

  /** Moves the pointers along an axis by as many indices as a local says. */
  jump(axis: number, indices: number): void {
    const { f } = this;
    for (const [pointer, stride] of this.#along(axis))
      f.get(pointer)
        .get(indices)
        .i32(4 * stride)
        .op('i32.mul')
        .op('i32.add')
        .set(pointer);
  }

  close(): void {
    for (const pointer of this.#pointers.values()) this.f.release(I32, pointer);
  }

  #hoisted = new Map<number, number>();

  /** Values that are the same everywhere are computed once, before the loops. */
  #hoist(): Map<number, number> {
    if (this.nest.ordered || this.nest.axes.length === 0) return this.#hoisted;
    const cells = new Cells(this, { lanes: -1, rows: -1, rowCount: 1, vectors: 1, laneCount: 1 });
    const visit = (id: number): void => {
      const node = this.nest.dag.nodes[id]!;
      if (node.op === 'const' || this.#hoisted.has(id)) return;
      if (this.moves[id] !== 0) {
        for (const arg of node.args) visit(arg);
        return;
      }
      cells.value(id, 0, 0);
      const local = this.f.local(V128);
      this.f.set(local);
      this.#hoisted.set(id, local);
    };
    if (this.nest.body >= 0) visit(this.nest.body);
    for (const { value } of this.nest.targets) visit(value);
    cells.release();
    return this.#hoisted;
  }

  get hoisted(): ReadonlyMap<number, number> {
    return this.#hoisted;
  }

  get math(): VectorMath {
    return this.#math;
  }

  /** An access's strides along looped axes: accesses that agree in them share a pointer. */
  #walk(access: Access): string {
    const moving = access.strides.map((stride, axis) => (this.#looped[axis] ? stride : 0));
    return moving.every((stride) => stride === 0) ? '' : moving.join();
  }

  #tileOf(axis: number): number {
    const { lanes, rows, vectors, rowCount, dot } = this.schedule;
    if (axis === lanes) return dot ? 4 : 4 * vectors;
    return axis === rows ? rowCount : 1;
  }

  #visit(axis: number, body: (size: number) => void): void {
    const { f } = this;
    const length = this.nest.axes[axis]!;
    const size = this.#tileOf(axis);
    const full = Math.floor(length / size);
    if (this.#looped[axis]) {
      this.#open++;
      repeat(f, full, () => {
        body(size);
        this.step(axis, size);
      });
      this.#open--;
      this.step(axis, -full * size);
      this.#shift[axis] = full * size;
    } else
      for (let tile = 0; tile < full; tile++) {
        body(size);
        this.#shift[axis] = this.#shift[axis]! + size;
      }
    if (length % size > 0) body(length % size);
    this.#shift[axis] = 0;
  }

  // ——— The tile.

  #tile(indices: number, rowCount: number): void {
    const { f, nest, schedule } = this;
    const { dot, rows, lanes } = schedule;
    const vectors = dot || lanes < 0 ? 1 : Math.ceil(indices / 4);
    const accs: number[][] = [];
    const folded = nest.combine !== null;
    if (folded) {
      for (let r = 0; r < rowCount; r++) accs.push(Array.from({ length: vectors }, () => f.local(V128)));
      this.#fold(accs, { lanes, rows, rowCount, vectors, laneCount: indices });
    }
    if (dot) {
      const sums = accs.map(([acc]) => acc!);
      this.#addLanes(sums);
      const cells = new Cells(this, { lanes: rows, rows: -1, rowCount: 1, vectors: 1, laneCount: rowCount }, [[sums[0]!]]);
      this.#finish(cells, 1, 1);
    } else {
      const cells = new Cells(this, { lanes, rows, rowCount, vectors, laneCount: indices }, folded ? accs : undefined);
      this.#finish(cells, rowCount, vectors);
    }
    for (const acc of accs.flat()) f.release(V128, acc);
  }

  #fold(accs: readonly (readonly number[])[], shape: TileShape): void {
    const { f, nest, schedule } = this;
    const identity = nest.combine === 'sum' ? 0 : -Infinity;
    const all = accs.flat();
    const axes = foldAxes(nest);
    const order = schedule.dot ? [...axes.filter((axis) => axis !== schedule.lanes), schedule.lanes] : axes;
    const looped = order.some((axis) => this.#looped[axis]);
    let fresh = !looped && order.every((axis) => nest.axes[axis]! > 0);
    if (!fresh) for (const acc of all) f.vector(identity).set(acc);
    const at = (level: number, laneCount: number): void => {
      if (level < order.length) {
        const axis = order[level]!;
        this.#visit(axis, (size) => at(level + 1, schedule.dot && axis === schedule.lanes ? size : laneCount));
        return;
      }
      const cells = new Cells(this, schedule.dot ? { ...shape, laneCount } : shape);
      for (let r = 0; r < accs.length; r++)
        for (let v = 0; v < accs[r]!.length; v++)
          this.#accumulate(cells, r, v, accs[r]![v]!, fresh, schedule.dot ? laneCount : 4);
      fresh = false;
      cells.release();
    };
    at(0, shape.laneCount);
  }

  #accumulate(cells: Cells, r: number, v: number, acc: number, fresh: boolean, laneCount: number): void {
    const { f, nest } = this;
    const node = nest.dag.nodes[nest.body]!;
    if (nest.combine === 'sum' && !fresh && laneCount === 4 && node.op === 'mul') {
      this.#math.multiplyAdd(
        () => cells.value(node.args[0], r, v),
        () => cells.value(node.args[1], r, v),
        () => f.get(acc),
      );
      f.set(acc);
      return;
    }
    cells.value(nest.body, r, v);
    if (laneCount < 4) {
      if (nest.combine === 'sum') f.mask(laneCount).v('and');
      else f.vector(-Infinity).mask(laneCount).v('bitselect');
    }
    if (!fresh) f.get(acc).v(nest.combine === 'sum' ? 'add' : 'max');
    f.set(acc);
  }

  /** Leaves in the first of up to four vectors the total of each, in one lane each. */
  #addLanes(sums: readonly number[]): void {
    const { f } = this;
    const op = this.nest.combine === 'sum' ? 'add' : 'max';
    const [a, b = a!, c = a!, d = a!] = sums;
    if (sums.length === 1) {
      f.get(a!).get(a!).get(a!).shuffle([2, 3, 0, 1]).v(op).tee(a!);
      f.get(a!).shuffle([1, 0, 3, 2]).get(a!).v(op).set(a!);
      return;
    }
    const [low, high] = [f.local(V128), f.local(V128)];
    const pair = (x: number, y: number, into: number): void => {
      f.get(x).get(y).shuffle([0, 4, 1, 5]).get(x).get(y).shuffle([2, 6, 3, 7]).v(op).set(into);
    };
    pair(a!, b, low);
    pair(c, d, high);
    f.get(low).get(high).shuffle([0, 1, 4, 5]).get(low).get(high).shuffle([2, 3, 6, 7]).v(op).set(a!);
    f.release(V128, low);
    f.release(V128, high);
  }

  #finish(cells: Cells, rowCount: number, vectors: number): void {
    const { f, nest } = this;
    for (let r = 0; r < rowCount; r++)
      for (let v = 0; v < vectors; v++) {
        // All values of an index before its stores.
        const values = nest.targets.map((target) => {
          cells.value(target.value, r, v);
          const local = f.local(V128);
          f.set(local);
          return local;
        });
        for (const [at, target] of nest.targets.entries()) cells.store(target, values[at]!, r, v);
        for (const local of values) f.release(V128, local);
      }
    cells.release();
  }

  // ——— Addresses.

  /** Bytes to add to an access's pointer for an element of the current tile. */
  displacement(access: Access, extra: number): number {
    let elements = extra;
    for (let axis = 0; axis < this.#shift.length; axis++) elements += this.#shift[axis]! * access.strides[axis]!;
    return access.address + 4 * elements;
  }

  /** The local that moves with an access, or −1 where its address is a constant. */
  pointer(access: Access): number {
    return this.#open === 0 ? -1 : (this.#pointers.get(this.#walk(access)) ?? -1);
  }
}

const bit = (axis: number): number => (axis < 0 ? 0 : 1 << axis);

function movesOf({ dag, reads, body, combine }: Nest): readonly number[] {
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

interface TileShape {
  readonly lanes: number;
  readonly rows: number;
  readonly rowCount: number;
  readonly vectors: number;
  /** Indices of the lanes' axis in the tile: the last vector may be partly used. */
  readonly laneCount: number;
}

/** Values of the expression graph in the cells of one tile; what is shared is computed once. */
class Cells {
  readonly #known = new Map<number, number>();
  readonly #rowBit: number;
  readonly #laneBit: number;

  constructor(
    readonly owner: NestEmitter,
    readonly shape: TileShape,
    readonly accs?: readonly (readonly number[])[],
  ) {
    this.#rowBit = bit(shape.rows);
    this.#laneBit = bit(shape.lanes);
  }

  /** Pushes a node's vector. */
  value(id: number, r: number, v: number): void {
    const { f, nest, hoisted } = this.owner;
    const node = nest.dag.nodes[id]!;
    if (node.op === 'const') {
      f.vector(node.value);
      return;
    }
    if (node.op === 'acc') {
      if (this.accs) f.get(this.accs[r]![v]!);
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
      (vectors > 1 && !this.#alongLanes(id));
    if (again && !this.#known.has(key)) {
      const local = f.local(V128);
      f.tee(local);
      this.#known.set(key, local);
    }
  }

  store(target: Target, value: number, r: number, v: number): void {
    const { f } = this.owner;
    const { lanes } = this.shape;
    const stride = lanes < 0 ? 0 : target.strides[lanes]!;
    const count = this.#laneCount(v);
    if (stride !== 1) {
      for (let lane = 0; lane < count; lane++) {
        const offset = this.#push(target, r, v, lane);
        f.get(value).storeLane(lane, offset);
      }
      return;
    }
    const offset = this.#push(target, r, v, 0);
    // A vector that ends the buffer may fill its padding too.
    const last = this.owner.pointer(target) < 0 && offset + 4 * count === target.end && offset % 16 === 0;
    if (count === 4 || last || target.loose) f.get(value).store(offset);
    else if (count === 1) f.get(value).storeLane(0, offset);
    else {
      f.get(value).storeHalf(offset);
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
    return (id * 64 + (this.#alongRows(id) ? r : 0)) * 64 + (this.#alongLanes(id) ? v : 0);
  }

  #alongRows(id: number): boolean {
    return (this.owner.moves[id]! & this.#rowBit) !== 0;
  }

  #alongLanes(id: number): boolean {
    return (this.owner.moves[id]! & this.#laneBit) !== 0;
  }

  #laneCount(v: number): number {
    return this.shape.lanes < 0 ? 1 : Math.min(4, this.shape.laneCount - 4 * v);
  }

  /** Pushes the moving part of an address; gives the constant part. */
  #push(access: Access, r: number, v: number, lane: number): number {
    const { lanes, rows } = this.shape;
    const extra = (rows < 0 ? 0 : r * access.strides[rows]!) + (lanes < 0 ? 0 : (4 * v + lane) * access.strides[lanes]!);
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
        math.host(context.host(node.op), 1);
        return;
      case 'pow':
        both();
        math.host(context.host('pow'), 2);
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
      f.vector(0).v('gt');
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

  #load(id: number, access: Access, r: number, v: number): void {
    const { f } = this.owner;
    const { lanes, rows, rowCount } = this.shape;
    const stride = lanes < 0 ? 0 : access.strides[lanes]!;
    if (stride === 1) {
      f.load(this.#push(access, r, v, 0));
      return;
    }
    if (stride === 0) {
      this.#splat(access, r, v);
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
