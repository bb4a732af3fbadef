/**
 * Values that one step makes and one step reads become part of the reader's expression. A neuron drawn from
 * single numbers is then one step, tanh(x₁w₁ + x₂w₂ + b), like its neighbours in everything but its buffers,
 * and backends can run all of them as one loop.
 */
import { type Expr, eachRead, replaceReads } from '../ir/expr';
import { sameShape } from '../ir/shape';
import type { BufferId } from '../plan';
import { inParts, isIdentity, type Loose, type LooseRead } from './loose';

/** A value may be written out that often in its reader: nothing is computed twice, or next to nothing. */
const LARGEST_REPEATED = 3;
const LARGEST_INLINED = 96;

export interface Uses {
  /** The step that makes a buffer, −1 where several do; steps are counted in the order of the program. */
  readonly maker: number;
  readonly readers: number;
}

/** A step whose value may move to its reader, and its place in the program. */
interface Waiting {
  readonly step: Loose;
  readonly at: number;
}

/** `mostReads`: different reads that a step may have. `stays`: buffers that are wanted for themselves. */
export function inline(steps: readonly Loose[], stays: (buffer: BufferId) => boolean, mostReads: number): Loose[] {
  const uses = usesOf(steps);
  /** The last step so far that wrote a buffer. */
  const written = new Map<BufferId, number>();
  const unchangedSince = ({ step, at }: Waiting): boolean => {
    for (const r of step.reads.values()) if ((written.get(r.buffer) ?? -1) > at) return false;
    return true;
  };
  const isProducer = (s: Loose, at: number): boolean => {
    const [store] = s.stores;
    if (s.fold || inParts(s) || s.stores.length !== 1 || s.phase === 'update' || stays(store!.buffer)) return false;
    const use = uses.get(store!.buffer)!;
    return use.maker === at && use.readers === 1;
  };
  /** Producers by the buffer they make, already with their own operands inside. */
  const waiting = new Map<BufferId, Waiting>();
  const out: (Loose | null)[] = [];
  steps.forEach((original, at) => {
    let s = original;
    if (!s.fold && !inParts(s) && s.phase !== 'update')
      for (const r of original.reads.values()) {
        const producer = waiting.get(r.buffer);
        const merged = producer && unchangedSince(producer) && insert(s, r, producer.step, mostReads);
        if (!merged) continue;
        s = merged;
        out[producer.at] = null;
      }
    if (isProducer(original, at)) waiting.set(s.stores[0]!.buffer, { step: s, at });
    for (const { buffer } of s.stores) written.set(buffer, at);
    out.push(s);
  });
  return out.filter((s) => s !== null);
}

export function usesOf(steps: readonly Loose[]): ReadonlyMap<BufferId, Uses> {
  const uses = new Map<BufferId, { maker: number; readers: number }>();
  const of = (buffer: BufferId): { maker: number; readers: number } => {
    let use = uses.get(buffer);
    if (!use) uses.set(buffer, (use = { maker: -2, readers: 0 }));
    return use;
  };
  steps.forEach((s, at) => {
    for (const { buffer } of s.reads.values()) of(buffer).readers++;
    for (const { buffer } of s.stores) {
      const use = of(buffer);
      use.maker = use.maker === -2 ? at : -1;
    }
  });
  return uses;
}

/** The reader with the producer's expression in the place of a read; null where it does not fit. */
function insert(reader: Loose, r: LooseRead, producer: Loose, mostReads: number): Loose | null {
  if (reader.phase !== producer.phase && !(producer.phase === 'forward' && reader.phase === 'loss')) return null;
  if (!sameShape(reader.out, producer.out) || !isIdentity(r, reader.out)) return null;
  const { value, size } = producer.stores[0]!;
  const reads = new Map(reader.reads);
  reads.delete(r.name);
  for (const [name, own] of producer.reads) reads.set(name, own);
  if (reads.size > mostReads) return null;
  const stores = [];
  for (const store of reader.stores) {
    const times = count(store.value, r.name);
    const grown = store.size + times * (size - 1);
    if (grown > LARGEST_INLINED || (times > 1 && size > LARGEST_REPEATED)) return null;
    stores.push(
      times === 0
        ? store
        : { ...store, value: replaceReads(store.value, (name) => (name === r.name ? value : readOf(name))), size: grown },
    );
  }
  const { origin: _changed, ...rest } = reader;
  return { ...rest, reads, stores };
}

const readOf = (name: string): Expr => ({ kind: 'read', name });

function count(e: Expr, name: string): number {
  let times = 0;
  eachRead(e, (other) => {
    if (other === name) times++;
  });
  return times;
}
