/**
 * Instructions for one nest: loops around a register tile, the fold inside it, and the stored values
 * after it. Every value is a vector of four float32; where an axis does not suit, only the first lane
 * counts. Loops move one pointer for each distinct walk through memory.
 */
import { type Func, I32, V128 } from './assembler';
import { Cells, type Context, movesOf, type TileOwner, type TileShape } from './cells';
import { VectorMath } from './math';
import { type Access, foldAxes, type Nest, outAxes } from './nest';
import { isWoven, type Schedule } from './schedule';

/** Code for a loop body that runs `count` times; `count` is at least 1. */
export function repeat(f: Func, count: number, body: () => void): void {
  const left = f.local(I32);
  f.i32(count).set(left).loop();
  body();
  f.get(left).i32(1).op('i32.sub').tee(left).branchIf(0).end();
  f.release(I32, left);
}

/** Folds of so few terms, or dot products of so few vectors, are written out. */
const SHORT_FOLD = 4;
const SHORT_DOT = 3;

export class NestEmitter implements TileOwner {
  /** Index of the current tile along each axis, as far as it is known now. */
  readonly #shift: number[];
  /** Whether an axis is walked by a loop at run time. */
  readonly #looped: readonly boolean[];
  readonly #pointers = new Map<string, number>();
  /** The same by access: it is asked for with every load and store. */
  readonly #pointerOf = new Map<Access, number>();
  /** What a pointer starts at: where addresses go down it must not fall below 0. */
  readonly #starts = new Map<number, number>();
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
    this.#math = new VectorMath(f, context.fma, context.flush);
    this.#shift = nest.axes.map(() => 0);
    this.moves = movesOf(nest);
    const folds = foldAxes(nest).reduce((product, axis) => product * nest.axes[axis]!, 1);
    this.#looped = nest.axes.map((length, axis) => {
      if (axis < nest.outer) return length > 1;
      const full = Math.floor(length / this.#tileOf(axis));
      if (schedule.unrolled || full <= 1) return false;
      return axis < nest.outRank || (schedule.dot ? full > SHORT_DOT : folds > SHORT_FOLD);
    });
    for (const access of [...nest.reads.values(), ...nest.targets]) {
      const key = this.#walk(access);
      const known = key === '' ? -1 : this.#pointers.get(key);
      if (known !== undefined) {
        this.#pointerOf.set(access, known);
        continue;
      }
      const pointer = f.local(I32);
      const start = access.strides.reduce(
        (sum, stride, axis) => (this.#looped[axis] && stride < 0 ? sum - 4 * stride * (nest.axes[axis]! - 1) : sum),
        0,
      );
      f.i32(start).set(pointer);
      this.#pointers.set(key, pointer);
      this.#pointerOf.set(access, pointer);
      this.#starts.set(pointer, start);
    }
  }

  /** The nest at the current index of the outer axes. */
  run(): void {
    const { nest, schedule } = this;
    const { lanes, rows, columns, dot } = schedule;
    const rest = outAxes(nest).filter((axis) => axis !== lanes && axis !== rows && axis !== columns);
    const inner = dot ? [columns, rows] : nest.combine ? [lanes, rows] : [rows, lanes];
    const levels = [...rest, ...inner.filter((axis) => axis >= 0)];
    const sizes = new Map<number, number>();
    const at = (level: number): void => {
      if (level === levels.length) {
        const along = dot ? columns : lanes;
        this.#tile(along >= 0 ? sizes.get(along)! : 1, rows >= 0 ? sizes.get(rows)! : 1);
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
    let moving = this.#moving.get(axis);
    if (moving) return moving;
    this.#moving.set(axis, (moving = new Map()));
    for (const [access, pointer] of this.#pointerOf) {
      const stride = access.strides[axis]!;
      if (pointer >= 0 && stride !== 0) moving.set(pointer, stride);
    }
    return moving;
  }

  readonly #moving = new Map<number, Map<number, number>>();

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
    // A number that is only read is read again rather than kept in a register while a fold runs.
    const folds = this.nest.combine !== null && !this.schedule.unrolled;
    const visit = (id: number): void => {
      const node = this.nest.dag.nodes[id]!;
      if (node.op === 'const' || this.#hoisted.has(id) || (node.op === 'read' && folds)) return;
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
    const { lanes, rows, columns, vectors, rowCount, dot } = this.schedule;
    if (axis === lanes) return dot ? 4 : 4 * vectors;
    if (axis === rows) return rowCount;
    return axis === columns ? vectors : 1;
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

  /** `indices`: of the lanes' axis, or of the columns where the lanes lie along the fold. */
  #tile(indices: number, rowCount: number): void {
    const { f, nest, schedule } = this;
    const { dot, rows, lanes, columns } = schedule;
    const vectors = dot ? indices : lanes < 0 ? 1 : Math.ceil(indices / 4);
    const accs: number[][] = [];
    const folded = nest.combine !== null;
    if (folded) {
      for (let r = 0; r < rowCount; r++) accs.push(Array.from({ length: vectors }, () => f.local(V128)));
      this.#fold(accs, { lanes, rows, rowCount, vectors, laneCount: indices });
    }
    if (dot) {
      // The totals of a column's rows become the lanes of one vector.
      const totals = Array.from({ length: vectors }, (_, column) => {
        const sums = accs.map((row) => row[column]!);
        this.#addLanes(sums);
        return [sums[0]!];
      });
      const shape = { lanes: rows, rows: columns, rowCount: vectors, vectors: 1, laneCount: rowCount };
      this.#finish(new Cells(this, shape, totals), vectors, 1);
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
      const { columns, dot } = schedule;
      const cells = new Cells(
        this,
        dot ? { ...shape, laneCount, cut: nest.combine === 'sum', ...(columns < 0 ? {} : { columns }) } : shape,
      );
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
    if (nest.combine === 'sum' && !fresh && node.op === 'mul') {
      // What lies behind the last element is cut off before the product: it may be no number at all.
      const factor = (id: number) => () => {
        cells.value(id, r, v);
        if (laneCount < 4 && !cells.isCut(id, v)) f.mask(laneCount).v('and');
      };
      this.#math.multiplyAdd(factor(node.args[0]), factor(node.args[1]), () => f.get(acc));
      f.set(acc);
      return;
    }
    cells.value(nest.body, r, v);
    if (laneCount < 4 && !cells.isCut(nest.body, v)) {
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
    if (this.schedule.woven) {
      for (let v = 0; v < vectors; v++) this.#finishWoven(cells, v);
      cells.release();
      return;
    }
    const paired = this.#isPaired(cells.shape) ? rowCount - (rowCount % 2) : 0;
    for (let r = 0; r < rowCount; r++)
      for (let v = 0; v < vectors; v++) if (r >= paired || v < vectors - 1) this.#finishCell(cells, r, v);
    cells.release();
    for (let r = 0; r < paired; r += 2) {
      const pair = new Cells(this, { ...cells.shape, paired: true }, cells.accs);
      this.#finishCell(pair, r, vectors - 1);
      pair.release();
    }
  }

  /** Whether the ends of two rows share a vector: where values cost much, half-empty vectors do too. */
  #isPaired({ lanes, rows, vectors, laneCount }: TileShape): boolean {
    const last = laneCount - 4 * (vectors - 1);
    return this.schedule.pairs && lanes >= 0 && rows >= 0 && last <= 2;
  }

  /** All values of an index before its stores. */
  #values(cells: Cells, r: number, v: number): readonly number[] {
    return this.nest.targets.map((target) => {
      cells.value(target.value, r, v);
      const local = this.f.local(V128);
      this.f.set(local);
      return local;
    });
  }

  #finishWoven(cells: Cells, v: number): void {
    const { f, nest, schedule } = this;
    const [even, odd] = [this.#values(cells, 0, v), this.#values(cells, 1, v)];
    for (const [at, target] of nest.targets.entries())
      if (isWoven(target, schedule.lanes, schedule.rows)) cells.storeWoven(target, [even[at]!, odd[at]!], 0, v);
      else for (const [r, values] of [even, odd].entries()) cells.store(target, values[at]!, r, v);
    for (const local of [...even, ...odd]) f.release(V128, local);
  }

  #finishCell(cells: Cells, r: number, v: number): void {
    const { f, nest } = this;
    const values = this.#values(cells, r, v);
    for (const [at, target] of nest.targets.entries()) cells.store(target, values[at]!, r, v);
    for (const local of values) f.release(V128, local);
  }

  // ——— Addresses.

  /** Bytes to add to an access's pointer for an element of the current tile. */
  displacement(access: Access, extra: number): number {
    let elements = extra;
    for (let axis = 0; axis < this.#shift.length; axis++) elements += this.#shift[axis]! * access.strides[axis]!;
    this.f.refer(access);
    return access.address + 4 * elements - (this.#starts.get(this.pointer(access)) ?? 0);
  }

  /** The local that moves with an access, or −1 where its address is a constant. */
  pointer(access: Access): number {
    return this.#open === 0 ? -1 : (this.#pointerOf.get(access) ?? -1);
  }
}
