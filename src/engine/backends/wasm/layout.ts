/**
 * Where things lie in the one memory of a module: a control block, then every buffer row-major, then
 * scratch, the queue of rows with their losses, and, beyond what is known at compile time, the data set
 * and collected values, whose addresses the device writes into the control block.
 */
import type { BufferId, Program } from '../../plan';
import { sizeOf } from '../../ir/shape';

/** Addresses in the control block. */
export const control = {
  features: 0,
  featureBytes: 4,
  targets: 8,
  targetBytes: 12,
  /** Real rows of the batch whose weights were written last; 0: none. */
  weighted: 16,
  /** How many values to collect, and their table: source, bytes a row, destination. */
  collectCount: 20,
  /** The barrier: threads that have arrived, and how often all had. */
  arrived: 24,
  generation: 28,
  loss: 32,
  /** Threads that run the module now. */
  threads: 36,
  /** Rows left of the epoch that the queue begins in, and rows of each later one. */
  epochLeft: 40,
  epochRows: 44,
  /** Where the rows' own weights begin; 0: all are 1. */
  weights: 48,
  /** Naps of all threads that wait at the barrier, and how many there may be before they give up. */
  naps: 52,
  patience: 56,
  collect: 64,
  end: 1024,
} as const;
export const COLLECT_LIMIT = Math.floor((control.end - control.collect) / 12);
/** Rows that one call of the module can take. */
const QUEUE_ROWS = 16_384;
/** Readable bytes behind everything: vectors may read past the end of what they need. */
export const SLACK = 256;

export interface Placed {
  readonly address: number;
  readonly elements: number;
}

export interface Layout {
  readonly buffers: Readonly<Record<BufferId, Placed>>;
  /** Threads that the module can use; above 1 its memory is shared. */
  readonly threads: number;
  readonly queue: number;
  /** float64, one for each batch in the queue. */
  readonly losses: number;
  /** Queue capacity in rows, at least one batch. */
  readonly queueRows: number;
  /** First byte behind what the program itself needs. */
  readonly end: number;
}

const LINE = 64;
export const alignUp = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/**
 * Buffers of a kind lie side by side in the order of the drawing, single numbers without a gap: then the
 * steps of neighbouring neurons find theirs at even distances (see `roll`).
 */
export function placeBuffers(program: Program): { buffers: Record<BufferId, Placed>; end: number } {
  const kinds = new Map<string, { readonly id: BufferId; readonly elements: number }[]>();
  for (const { id, shape, role } of program.buffers) {
    const elements = sizeOf(shape, program.batch);
    const part = role === 'parameter' ? '' : id.slice(id.lastIndexOf('/') + 1 || id.length);
    const kind = `${elements === 1 ? 'number' : 'array'} ${role} ${part}`;
    const list = kinds.get(kind);
    if (list) list.push({ id, elements });
    else kinds.set(kind, [{ id, elements }]);
  }
  const buffers: Record<BufferId, Placed> = {};
  let end: number = control.end;
  for (const list of kinds.values()) {
    end = alignUp(end, 16);
    for (const { id, elements } of list) {
      if (elements === 1) {
        buffers[id] = { address: end, elements };
        end += 4;
        continue;
      }
      // Small buffers only need whole vectors; large ones start on a cache line.
      const bytes = alignUp(4 * elements, 16);
      if (bytes >= LINE) end = alignUp(end, LINE);
      buffers[id] = { address: end, elements };
      end += bytes;
    }
  }
  return { buffers, end: alignUp(end, LINE) };
}

export function completeLayout(
  placed: { buffers: Record<BufferId, Placed>; end: number },
  scratchBytes: number,
  batch: number,
  threads: number,
): Layout {
  const queueRows = Math.max(QUEUE_ROWS, batch);
  const queue = alignUp(placed.end + scratchBytes + SLACK, LINE);
  const losses = alignUp(queue + 4 * queueRows, LINE);
  return {
    buffers: placed.buffers,
    threads,
    queue,
    losses,
    queueRows,
    end: alignUp(losses + 8 * queueRows, LINE) + SLACK,
  };
}

export const PAGE = 65_536;
