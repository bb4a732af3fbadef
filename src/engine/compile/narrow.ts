/**
 * What is made only to have a part of it taken out is made in that part alone. The gradient of a padded image, say,
 * is wanted without its margin: the convolution that makes it then walks over the image only, and no copy follows.
 */
import { stridesOf } from '../ir/shape';
import type { BufferId } from '../plan';
import { usesOf } from './inline';
import { inParts, type Loose, type LooseRead, withReads } from './loose';

/** `stays`: buffers that are wanted for themselves. */
export function narrow(steps: readonly Loose[], stays: (buffer: BufferId) => boolean): Loose[] {
  const uses = usesOf(steps);
  const makers = new Map<BufferId, number>();
  const out: (Loose | null)[] = [];
  steps.forEach((s, at) => {
    out.push(s);
    const taken = takes(s);
    const from = taken ? makers.get(taken.buffer) : undefined;
    const maker = from === undefined ? null : out[from]!;
    const part = taken && maker && maker.phase === s.phase ? partOf(maker, taken, s) : null;
    if (part) {
      out[from!] = part;
      out[at] = null;
    }
    const own = s.stores[0]!.buffer;
    const use = uses.get(own)!;
    const alone = s.stores.length === 1 && !inParts(s) && !stays(own) && use.maker === at && use.readers === 1;
    if (alone) makers.set(own, part ? from! : at);
  });
  return out.filter((s) => s !== null);
}

/** The one read of a step that does nothing but copy. */
function takes(s: Loose): LooseRead | null {
  const [store] = s.stores;
  if (s.fold || inParts(s) || s.stores.length !== 1 || store!.value.kind !== 'read' || s.reads.size !== 1) return null;
  return s.reads.get(store!.value.name) ?? null;
}

/** The maker over the indices that the copy takes, storing what the copy stored; null where these are no box of its own. */
function partOf(maker: Loose, taken: LooseRead, copy: Loose): Loose | null {
  const own = stridesOf(maker.out);
  /** For each axis of the copy the maker's axis that it walks, element by element; −1: it has one index. */
  const walked: number[] = [];
  let next = 0;
  for (const [axis, length] of copy.out.entries()) {
    if (length === 1) {
      walked.push(-1);
      continue;
    }
    const found = own.findIndex((stride, j) => j >= next && stride === taken.strides[axis] && maker.out[j] !== 1);
    if (found < 0 || (length === 'batch') !== (maker.out[found] === 'batch')) return null;
    walked.push(found);
    next = found + 1;
  }
  let rest = taken.offset;
  const first = own.map((stride, j) => {
    const length = maker.out[j]!;
    if (length === 'batch') return 0;
    const index = Math.floor(rest / stride);
    rest -= index * stride;
    return index;
  });
  for (const [j, length] of maker.out.entries()) {
    const axis = walked.indexOf(j);
    if (length === 'batch') {
      if (axis < 0) return null;
    } else if (first[j]! + (axis < 0 ? 1 : (copy.out[axis] as number)) > length) return null;
  }
  const rank = maker.out.length;
  const part = withReads(maker, (r) => ({
    ...r,
    strides: [...walked.map((j) => (j < 0 ? 0 : r.strides[j]!)), ...r.strides.slice(rank)],
    offset: r.offset + first.reduce((sum, index, j) => sum + index * r.strides[j]!, 0),
  }));
  return { ...part, out: copy.out, stores: [{ ...part.stores[0]!, buffer: copy.stores[0]!.buffer }] };
}
