/**
 * A kernel bound to addresses: every axis a number, every operand an address with a stride for each axis.
 * Unlike a kernel, a nest may store anywhere, so axes can be merged, split and reordered freely; all
 * scheduling works on nests.
 */
import { ACC, type Kernel } from '../../ir/kernel';
import { concrete, stridesOf } from '../../ir/shape';
import type { BufferId, Step } from '../../plan';
import { Dag } from './dag';
import type { Placed } from './layout';

export interface Access {
  /** First byte of the element at index 0. */
  readonly address: number;
  /** Elements, one for each axis of the nest. */
  readonly strides: readonly number[];
  /** The whole buffer: first byte, and the first behind its last element. */
  readonly start: number;
  readonly end: number;
}

export interface Target extends Access {
  /** Node of the stored value. */
  readonly value: number;
  /** What follows a row may be overwritten: it is written later or not used. */
  readonly loose?: boolean;
}

export interface Nest {
  /** Lengths of the output's axes and then of the fold's. */
  readonly axes: readonly number[];
  /** Leading output axes that somebody else walks around this nest. */
  readonly outer: number;
  readonly outRank: number;
  readonly combine: 'sum' | 'max' | null;
  readonly dag: Dag;
  /** Node that is folded, or, without a fold, that `acc` stands for (−1: nothing reads it). */
  readonly body: number;
  readonly reads: ReadonlyMap<string, Access>;
  readonly targets: readonly Target[];
  /** Reads elements that other indices write: order matters, nothing may be rearranged. */
  readonly ordered: boolean;
}

/** A kernel's nest before its buffers are known: every address counts from the start of its buffer. */
interface Template {
  readonly nest: Nest;
  /** Equal for kernels whose nests differ in nothing. */
  readonly like: string;
}

/** Nests of a program's steps. Steps with the same kernel share everything but addresses. */
export class Nests {
  readonly #templates = new Map<Kernel, Template>();

  constructor(
    readonly batch: number,
    readonly buffers: Readonly<Record<BufferId, Placed>>,
  ) {}

  of({ kernel, bind }: Pick<Step, 'kernel' | 'bind'>): Template {
    let template = this.#templates.get(kernel);
    if (!template) this.#templates.set(kernel, (template = templateOf(kernel, this.batch)));
    const { nest, like } = template;
    const reads = new Map<string, Access>();
    for (const [name, { address, strides }] of nest.reads) {
      const { address: start, elements } = this.buffers[bind[name]!]!;
      reads.set(name, { address: start + address, strides, start, end: start + 4 * elements });
    }
    const targets = nest.targets.map(({ address, strides, value }, at): Target => {
      const { address: start, elements } = this.buffers[bind[kernel.stores[at]!.to]!]!;
      return { address: start + address, strides, start, end: start + 4 * elements, value };
    });
    let ordered = false;
    for (const read of reads.values())
      for (const target of targets) ordered ||= read.start === target.start && disturbs(read, target, nest.axes);
    return { nest: { ...nest, reads, targets, ordered }, like };
  }
}

export const nestOf = (step: Pick<Step, 'kernel' | 'bind'>, batch: number, buffers: Readonly<Record<BufferId, Placed>>): Nest =>
  new Nests(batch, buffers).of(step).nest;

function templateOf(kernel: Kernel, batch: number): Template {
  const out = concrete(kernel.out, batch);
  const over = kernel.fold ? concrete(kernel.fold.over, batch) : [];
  const dag = new Dag(kernel.fold ? ACC : null);
  const body = kernel.fold ? dag.root(kernel.fold.body) : -1;
  const access = (strides: readonly number[], offset: number): Access => ({ address: 4 * offset, strides, start: 0, end: 0 });
  const own = [...stridesOf(out), ...over.map(() => 0)];
  const nest = collapse({
    axes: [...out, ...over],
    outer: 0,
    outRank: out.length,
    combine: kernel.fold?.with ?? null,
    dag,
    body,
    reads: new Map(kernel.reads.map((r) => [r.name, access(r.strides, r.offset)])),
    targets: kernel.stores.map(({ value, place }) => ({
      ...access(place?.strides ?? own, place?.offset ?? 0),
      value: dag.root(value),
    })),
    ordered: false,
  });
  const walk = ({ strides }: Access): string => strides.join();
  const like = [
    `${nest.axes.join()}/${nest.outRank} ${nest.combine ?? ''} ${nest.body}`,
    ...dag.nodes.map(
      (node) => `${node.op === 'read' ? node.name : node.op === 'const' ? constText(node.value) : node.op}(${node.args.join()})`,
    ),
    ...[...nest.reads].map(([name, r]) => `${name}:${walk(r)}`),
    ...nest.targets.map((t) => `${t.value}:${walk(t)}`),
  ].join(';');
  return { nest, like };
}

const constText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Whether a store at one index changes what a read of the same buffer finds at another. */
const disturbs = (read: Access, target: Access, axes: readonly number[]): boolean =>
  read.address !== target.address || axes.some((length, axis) => length !== 1 && read.strides[axis] !== target.strides[axis]);

/** The nest with every operand's axes mapped; `lengths` are the new axes. */
function mapAxes(
  nest: Nest,
  axes: readonly number[],
  outRank: number,
  map: (strides: readonly number[]) => readonly number[],
): Nest {
  return {
    ...nest,
    axes,
    outRank,
    reads: new Map([...nest.reads].map(([name, a]) => [name, { ...a, strides: map(a.strides) }])),
    targets: nest.targets.map((t) => ({ ...t, strides: map(t.strides) })),
  };
}

/** Removes axes of length 1 and merges neighbours that every operand walks as one. */
export function collapse(nest: Nest): Nest {
  let result = nest;
  for (let axis = result.axes.length - 1; axis >= 0; axis--) {
    const without = (list: readonly number[]): readonly number[] => list.filter((_, at) => at !== axis);
    const outRank = result.outRank - (axis < result.outRank ? 1 : 0);
    if (result.axes[axis] === 1) {
      result = mapAxes(result, without(result.axes), outRank, without);
      continue;
    }
    const next = axis + 1;
    if (next >= result.axes.length || next === result.outRank) continue;
    const length = result.axes[next]!;
    const operands = [...result.reads.values(), ...result.targets];
    if (operands.every(({ strides }) => strides[axis] === strides[next]! * length))
      result = mapAxes(result, without(result.axes.map((l, at) => (at === next ? l * result.axes[axis]! : l))), outRank, without);
  }
  // A fold over nothing but axes of length 1 is its body.
  return result.combine && result.axes.length === result.outRank ? { ...result, combine: null } : result;
}

/** One axis cut into `count` blocks of `size`: the block number comes first, the rest keeps its place. */
export function splitAxis(nest: Nest, axis: number, count: number, size: number): Nest {
  return mapAxes(nest, [count, ...nest.axes.map((length, at) => (at === axis ? size : length))], nest.outRank + 1, (strides) => [
    strides[axis]! * size,
    ...strides,
  ]);
}

/** Only `length` indices of an axis, from `from` on. */
export function narrowAxis(nest: Nest, axis: number, from: number, length: number): Nest {
  const shift = <A extends Access>(a: A): A => ({ ...a, address: a.address + 4 * from * a.strides[axis]! });
  return {
    ...nest,
    axes: nest.axes.map((l, at) => (at === axis ? length : l)),
    reads: new Map([...nest.reads].map(([name, a]) => [name, shift(a)])),
    targets: nest.targets.map(shift),
  };
}

export const foldAxes = (nest: Nest): readonly number[] => nest.axes.map((_, axis) => axis).slice(nest.outRank);
/** The output's axes that the nest itself walks. */
export const outAxes = (nest: Nest): readonly number[] => nest.axes.map((_, axis) => axis).slice(nest.outer, nest.outRank);
