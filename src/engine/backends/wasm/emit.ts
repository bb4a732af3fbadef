/**
 * A program as one WebAssembly module: memory is laid out, each step becomes instructions, neighbouring
 * small steps share a function, and a driver runs whole batches. Pure: the same program and profile
 * give the same bytes.
 */
import { constant, mul, read } from '../../ir/expr';
import { ACC, type Kernel } from '../../ir/kernel';
import { isBatched, sampleSize } from '../../ir/shape';
import { bufferIds, type Code, type Phase, type Program } from '../../plan';
import type { BackendProfile } from '../backend';
import { Func, Module } from './assembler';
import { driverFunction, gatherFunction, type PhaseCalls } from './gather';
import { completeLayout, control, type Layout, PAGE, type Placed, placeBuffers } from './layout';
import { type Context, emitNest } from './loops';
import { hostMath } from './math';
import { type Nest, nestOf } from './nest';
import { estimate, scheduleOf } from './schedule';

/** Written-out instructions that a whole program may have; smaller steps are served first. */
const UNROLLED_TOTAL = 14_000;
/** Bytes of a function from which the next step starts a new one. */
const FUNCTION_BYTES = 24_000;
/** Instructions executed by a step from which it has a function to itself. */
const OWN_FUNCTION_WORK = 20_000;

export function emit(program: Program, profile: BackendProfile): Code {
  const placed = placeBuffers(program);
  const buffers = placed.buffers;
  const fma = profile.fma === true;
  const nests = program.steps.map((step) => nestOf(step, program.batch, buffers));
  const schedules = budgeted(nests, fma);

  const layout = completeLayout(placed, 0, program.batch);
  const module = new Module(hostMath, Math.ceil(layout.end / PAGE));
  const context: Context = { fma, host: (name) => module.importIndex(name) };

  const calls: { phase: Phase; functions: number[] }[] = [];
  let open: Func | null = null;
  const finish = (): void => {
    if (open) calls.at(-1)!.functions.push(module.add(open));
    open = null;
  };
  nests.forEach((nest, index) => {
    const { phase } = program.steps[index]!;
    if (calls.at(-1)?.phase !== phase) {
      finish();
      calls.push({ phase, functions: [] });
    }
    const schedule = schedules[index]!;
    const large = estimate(nest, schedule) > OWN_FUNCTION_WORK;
    if (large || (open && open.size > FUNCTION_BYTES)) finish();
    open ??= new Func([]);
    emitNest(open, nest, schedule, context);
    if (large) finish();
  });
  finish();

  const gather = module.add(gatherFunction(program, buffers));
  const loss = lossNest(program, buffers);
  let lossIndex: number | null = null;
  if (loss) {
    const f = new Func([]);
    emitNest(f, loss, scheduleOf(loss, fma, 200), context);
    lossIndex = module.add(f);
  }
  module.add(driverFunction(gather, calls as readonly PhaseCalls[], lossIndex, layout), 'run');
  return { kind: 'wasm', bytes: module.bytes(), layout: layout satisfies Layout };
}

/** A schedule for each nest; the smallest are written out first, as far as the total allows. */
function budgeted(nests: readonly Nest[], fma: boolean) {
  const schedules = nests.map((nest) => scheduleOf(nest, fma, 0));
  const bySize = nests.map((nest, index) => ({ index, size: estimate(nest, schedules[index]!) })).sort((a, b) => a.size - b.size);
  let left = UNROLLED_TOTAL;
  for (const { index, size } of bySize) {
    schedules[index] = scheduleOf(nests[index]!, fma, left);
    if (schedules[index]!.unrolled) left -= size;
  }
  return schedules;
}

/** The batch's loss: the weighted sum over its rows, or the one number there is. */
function lossNest(program: Program, buffers: Readonly<Record<string, Placed>>): Nest | null {
  const spec = program.buffers.find((b) => b.id === program.loss);
  if (!spec) return null;
  const inner = sampleSize(spec.shape);
  const kernel: Kernel = isBatched(spec.shape)
    ? {
        out: [],
        fold: { with: 'sum', over: ['batch', inner], body: mul(read('weight'), read('loss')) },
        reads: [
          { name: 'weight', strides: [1, 0], offset: 0 },
          { name: 'loss', strides: [inner, 1], offset: 0 },
        ],
        stores: [{ to: 'sum', value: read(ACC) }],
      }
    : { out: [], reads: [{ name: 'loss', strides: [], offset: 0 }], stores: [{ to: 'sum', value: mul(constant(1), read('loss')) }] };
  return nestOf(
    { kernel, bind: { weight: bufferIds.rowWeights, loss: spec.id, sum: 'sum' } },
    program.batch,
    { ...buffers, sum: { address: control.loss, elements: 1 } },
  );
}
