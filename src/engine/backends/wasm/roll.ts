/**
 * Drawings of single neurons give many steps that differ only in where their operands lie. Neighbours
 * whose addresses advance evenly become one nest with one more axis: what was drawn neuron by neuron then
 * runs in the loops and vectors of a layer, and the code does not grow with the drawing.
 */
import { type Access, collapse, type Nest } from './nest';

/** Steps in a row from which rolling them up pays. */
const FEWEST = 3;

export interface Rolled {
  readonly nest: Nest;
  /** Index of its first step. */
  readonly first: number;
}

/** `sameGroup` says whether the step may run together with the one before it. */
export function roll(nests: readonly Nest[], sameGroup: (index: number) => boolean): readonly Rolled[] {
  const rolled: Rolled[] = [];
  for (let first = 0; first < nests.length; ) {
    const count = sameGroup(first + 1) ? runFrom(nests, first, sameGroup) : 1;
    if (count >= FEWEST) rolled.push({ nest: rollUp(nests[first]!, nests[first + 1]!, count), first });
    else for (let at = 0; at < count; at++) rolled.push({ nest: nests[first + at]!, first: first + at });
    first += count;
  }
  return rolled;
}

/** How many nests from `first` on are alike, independent and evenly spaced. */
function runFrom(nests: readonly Nest[], first: number, sameGroup: (index: number) => boolean): number {
  const start = nests[first]!;
  if (start.ordered) return 1;
  const read = new Set<number>();
  const written = new Set<number>();
  const note = (nest: Nest): void => {
    for (const { start: buffer } of nest.reads.values()) read.add(buffer);
    for (const { start: buffer } of nest.targets) written.add(buffer);
  };
  const independent = (nest: Nest): boolean =>
    ![...nest.reads.values()].some(({ start: buffer }) => written.has(buffer)) &&
    !nest.targets.some(({ start: buffer }) => written.has(buffer) || read.has(buffer));
  note(start);
  let steps: readonly number[] | null = null;
  let count = 1;
  for (let at = first + 1; at < nests.length && sameGroup(at); at++, count++) {
    const nest = nests[at]!;
    if (!alike(start, nest) || !independent(nest)) break;
    const here = distances(nests[at - 1]!, nest);
    if (steps && !here.every((distance, operand) => distance === steps![operand])) break;
    steps ??= here;
    note(nest);
  }
  return count;
}

const operands = (nest: Nest): readonly Access[] => [...nest.reads.values(), ...nest.targets];

const distances = (from: Nest, to: Nest): readonly number[] => {
  const ends = operands(to);
  return operands(from).map(({ address }, at) => ends[at]!.address - address);
};

const equal = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((x, at) => x === b[at]);

/** The same computation on operands of the same shape. */
function alike(a: Nest, b: Nest): boolean {
  return (
    a.outRank === b.outRank &&
    a.combine === b.combine &&
    a.body === b.body &&
    !b.ordered &&
    a.reads.size === b.reads.size &&
    a.targets.length === b.targets.length &&
    a.dag.nodes.length === b.dag.nodes.length &&
    equal(a.axes, b.axes) &&
    [...a.reads].every(([name, read]) => equal(read.strides, b.reads.get(name)?.strides ?? [])) &&
    [...a.reads.keys()].join() === [...b.reads.keys()].join() &&
    a.targets.every((t, at) => t.value === b.targets[at]!.value && equal(t.strides, b.targets[at]!.strides)) &&
    a.dag.nodes.every((node, id) => {
      const other = b.dag.nodes[id]!;
      if (node.op !== other.op || !equal(node.args, other.args)) return false;
      if (node.op === 'const') return other.op === 'const' && Object.is(node.value, other.value);
      return node.op !== 'read' || (other.op === 'read' && node.name === other.name);
    })
  );
}

function rollUp(first: Nest, second: Nest, count: number): Nest {
  const next = operands(second);
  const widened = <A extends Access>(access: A, at: number): A => ({
    ...access,
    strides: [(next[at]!.address - access.address) / 4, ...access.strides],
    // Another step's buffer may follow.
    end: -1,
  });
  return collapse({
    ...first,
    axes: [count, ...first.axes],
    outRank: first.outRank + 1,
    reads: new Map([...first.reads].map(([name, access], at) => [name, widened(access, at)])),
    targets: first.targets.map((target, at) => ({
      ...widened(target, first.reads.size + at),
      // A list that fills its buffer ends in the padding of its own.
      loose: first.outRank === 1 && target.strides[0] === 1 && target.end - target.address === 4 * first.axes[0]!,
    })),
  });
}
