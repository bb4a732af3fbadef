/**
 * Where a program's numbers live on the GPU, and which dispatches run it. Every buffer has a place in one
 * storage buffer, the arena: in-place updates and kernels with many operands then need no care for
 * WebGPU's rules on bound buffers and aliasing. The layout is plain data and travels inside the plan.
 */
import type { BufferId, Phase, Program } from '../../plan';
import { sizeOf } from '../../ir/shape';

/** One dispatch of one compiled module. */
export interface Pass {
  readonly phase: Phase;
  /** Position in the code's list of modules. */
  readonly module: number;
  readonly workgroups: readonly [number, number, number];
  /** What the module's `bases` hold for this dispatch: arena offsets, or a place in the tables. */
  readonly bases: readonly number[];
}

/** Where one buffer lies in the arena, in numbers. */
export interface Place {
  readonly at: number;
  readonly size: number;
}

export interface WgslLayout {
  /** Length of the arena, in numbers. */
  readonly arena: number;
  readonly places: Readonly<Record<BufferId, Place>>;
  /** Whole numbers that the modules look up: columns of inputs, arena offsets of grouped kernels. */
  readonly tables: readonly number[];
  /** How often `bases` repeats in one uniform block: how many vec4u the longest pass needs. */
  readonly blocks: number;
  readonly run:
    | {
        /** One dispatch a kernel. */
        readonly by: 'dispatches';
        readonly gather: { readonly module: number; readonly workgroups: readonly [number, number, number] };
        readonly passes: readonly Pass[];
        readonly collect: number;
        readonly finish: number;
      }
    | {
        /** Many batches in one dispatch of one workgroup. */
        readonly by: 'workgroup';
        /** The module for runs of all phases, and the one that leaves phases out. */
        readonly whole: number;
        readonly byPhase: number;
      };
}

/** Lanes of one workgroup of the simple modules. */
export const LANES = 64;

/** WebGPU allows this many workgroups along each dimension. */
const MOST_WORKGROUPS = 65535;

/** A grid of workgroups with at least `count` of them; the modules number them row by row. */
export function gridFor(count: number): readonly [number, number, number] {
  if (count <= MOST_WORKGROUPS) return [Math.max(1, count), 1, 1];
  const rows = Math.ceil(count / MOST_WORKGROUPS);
  return [Math.ceil(count / rows), rows, 1];
}

/** Ranges start at multiples of four numbers, so that a tile may be read as vec4f. */
const aligned = (size: number): number => Math.ceil(size / 4) * 4;

/** Gives each buffer its place; those listed in `first` lie at the start, in that order. */
export function place(program: Program, first: readonly BufferId[] = []): { places: Record<BufferId, Place>; arena: number } {
  const sizes = new Map(program.buffers.map((buffer) => [buffer.id, sizeOf(buffer.shape, program.batch)]));
  const places: Record<BufferId, Place> = {};
  let arena = 0;
  for (const id of new Set([...first, ...sizes.keys()])) {
    const size = sizes.get(id) ?? 0;
    places[id] = { at: arena, size };
    arena += aligned(size);
  }
  return { places, arena: Math.max(4, arena) };
}
