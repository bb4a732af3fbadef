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
import { Func, I32, V128 } from './assembler';
import { withoutFills } from './fills';
import { Module } from './module';
import { barrierFunction, type Call, driverFunction, gatherFunction, type PhaseCalls, weighFunction } from './gather';
import { completeLayout, control, type Layout, PAGE, type Placed, placeBuffers } from './layout';
import type { Context } from './cells';
import { emitPiece } from './emit-piece';
import { hostMath, type SharedMath, VectorMath } from './math';
import { type Nest, nestOf, Nests } from './nest';
import { divide, inTurns } from './divide';
import { type Arranged, nestsOf, type Piece } from './piece';
import { arrange } from './product';
import { Repeats } from './repeats';
import { roll } from './roll';
import { estimate, type Schedule, scheduleOf as usualSchedule, tileRows, unrolledWithin, written } from './schedule';
import { foldTerms } from './terms';

/** Written-out instructions that a whole program may have; smaller steps are served first. */
const UNROLLED_TOTAL = 14_000;
/** Elementary functions written out in place, at most. */
const WRITTEN_OUT = 160;
/** Bytes of a function from which the next step starts a new one. */
const FUNCTION_BYTES = 24_000;
/** Multiply-adds of a whole step from which threads gain: some tenths of a millisecond. */
const DIVIDED_WORK = 4_000_000;
/** Instructions executed by a step from which it has a function to itself. */
const OWN_FUNCTION_WORK = 20_000;

export function emit(given: Program, profile: BackendProfile): Code {
  const program = withoutFills(given);
  const placed = placeBuffers(program);
  const buffers = placed.buffers;
  const fma = profile.fma === true;
  const made = new Nests(program.batch, buffers);
  const steps = program.steps.map((step) => made.of(step));
  const rolled = roll(steps, (index) => program.steps[index]?.phase === program.steps[index - 1]?.phase);
  const nests = rolled.map(({ nest }) => foldTerms(nest));
  const threads = threadsFor(program, nests, profile);
  const arranged = nests.map((nest) => {
    const alone = arrange(nest, { scratch: placed.end, tileRows: tileRows(fma), threads });
    const [piece, ...more] = alone.pieces;
    // A product that is too small for panels, a convolution, a long row of single numbers.
    const shares = threads > 1 && piece!.kind === 'nest' && more.length === 0 && workOf(nest, fma) > OWN_FUNCTION_WORK;
    return shares
      ? divide(
          { ...alone, pieces: [inTurns(nest, (each) => usualSchedule(each, fma), threads)] },
          { scratch: placed.end, threads },
        )
      : alone;
  });
  const scratchBytes = arranged.reduce((most, { scratchBytes }) => Math.max(most, scratchBytes), 0);
  const layout = completeLayout(placed, scratchBytes, program.batch, threads);
  const schedules = budgeted(
    arranged.flatMap(({ pieces }) => pieces),
    fma,
  );
  const module = new Module(hostMath, Math.ceil(layout.end / PAGE), threads > 1);
  const flush = program.detail === 'fused';
  const context: Context = {
    fma,
    flush,
    shared: sharing(module, schedules, fma, flush),
    vanishing: flush ? vanishing(program, buffers) : new Map(),
  };

  const phaseOf = (index: number): Phase => program.steps[rolled[index]!.first]!.phase;
  const calls = stepFunctions(module, arranged, phaseOf, schedules, context);
  const gather = module.add(gatherFunction(program, buffers, threads === 1));
  const weigh = threads > 1 ? module.add(weighFunction(program, buffers)) : null;
  const loss = lossNest(program, buffers);
  let lossIndex: number | null = null;
  if (loss) {
    const f = new Func([]);
    emitPiece(f, { kind: 'nest', nest: loss }, (nest) => usualSchedule(nest, fma), context);
    lossIndex = module.add(f);
  }
  const barrier = threads > 1 ? module.add(barrierFunction()) : null;
  module.add(driverFunction({ gather, weigh, batch: program.batch, calls, loss: lossIndex, barrier, layout }), 'run');
  return { kind: 'wasm', bytes: module.bytes(), layout: layout satisfies Layout };
}

/**
 * Numbers too small to matter, by the start of their buffer. A processor takes a hundred cycles for one below
 * 2⁻¹²⁶, and WebAssembly cannot ask it to take them as 0, as graphics processors do: a network that has learnt its
 * rows would train several times slower. Only in training; exponentials do likewise there. Gradients of samples vanish early, for they are multiplied by weights before they are added up.
 */
function vanishing(program: Program, buffers: Readonly<Record<string, Placed>>): ReadonlyMap<number, number> {
  const least = new Map<number, number>();
  for (const { id, role, shape } of program.buffers)
    if (role === 'slot') least.set(buffers[id]!.address, 2 ** -124);
    else if (role === 'gradient' && isBatched(shape)) least.set(buffers[id]!.address, 2 ** -80);
  return least;
}

/** Functions for all steps in their order; runs of small ones share one, large ones have their own. */
function stepFunctions(
  module: Module,
  arranged: readonly Arranged[],
  phaseOf: (index: number) => Phase,
  schedules: ReadonlyMap<Nest, Schedule>,
  context: Context,
): readonly PhaseCalls[] {
  const calls: { phase: Phase; functions: Call[] }[] = [];
  const scheduleOf = (nest: Nest): Schedule => schedules.get(nest)!;
  const repeats = new Repeats(scheduleOf, context.vanishing);
  let open: Func | null = null;
  const finish = (): void => {
    if (open) calls.at(-1)!.functions.push({ index: module.add(open), divided: open.parameters.length > 0 });
    open = null;
  };
  arranged.forEach(({ pieces }, index) => {
    const phase = phaseOf(index);
    if (calls.at(-1)?.phase !== phase) {
      finish();
      calls.push({ phase, functions: [] });
    }
    const work = pieces.flatMap(nestsOf).reduce((sum, nest) => sum + estimate(nest, schedules.get(nest)!), 0);
    const large = work > OWN_FUNCTION_WORK || pieces.some(({ kind }) => kind === 'loop');
    if (large || (open && open.size > FUNCTION_BYTES)) finish();
    const divided = pieces.some(isDivided);
    const parameters = divided ? [I32] : [];
    const emitAll = (f: Func): void => {
      for (const piece of pieces) {
        // In a divided step, what cannot be divided is the first thread's.
        const alone = divided && !isDivided(piece);
        if (alone) f.get(0).op('i32.eqz').when();
        emitPiece(f, piece, scheduleOf, context);
        if (alone) f.end();
      }
    };
    if (large) {
      open = repeats.func(pieces, parameters, emitAll);
      finish();
    } else emitAll((open ??= new Func(parameters)));
  });
  finish();
  return calls;
}

const workOf = (nest: Nest, fma: boolean): number => estimate(nest, usualSchedule(nest, fma));

const isDivided = (piece: Piece): boolean => piece.kind === 'loop' && piece.divided;

/** More than one for training programs whose steps are long enough to be shared. */
function threadsFor(program: Program, nests: readonly Nest[], profile: BackendProfile): number {
  const threads = profile.limits?.threads ?? 1;
  if (threads < 2 || program.detail !== 'fused') return 1;
  const work = nests.reduce((sum, { axes }) => sum + axes.reduce((product, length) => product * length, 1), 0);
  return work < DIVIDED_WORK ? 1 : threads;
}

/**
 * Elementary functions that the module holds once: long ones as soon as they are used, the others if
 * writing them out each time would make the program long.
 */
function sharing(module: Module, schedules: ReadonlyMap<Nest, Schedule>, fma: boolean, flush: boolean): Context['shared'] {
  let count = 0;
  for (const [nest, schedule] of schedules) count += written(nest, schedule);
  const index = new Map<SharedMath, number>();
  return (name) => {
    const isLong = name === 'sin' || name === 'cos' || name === 'pow';
    if (!isLong && count <= WRITTEN_OUT) return -1;
    const known = index.get(name);
    if (known !== undefined) return known;
    const f = new Func(name === 'pow' ? [V128, V128] : [V128], [V128]);
    const math = new VectorMath(f, fma, flush);
    f.get(0);
    if (name === 'sin' || name === 'cos') math.wave(name === 'sin' ? 0 : 1, module.importIndex(name));
    else if (name === 'pow') {
      f.get(1);
      math.host(module.importIndex('pow'), 2);
    } else math[name]();
    const added = module.add(f);
    index.set(name, added);
    return added;
  };
}

/** A schedule for each nest; the smallest are written out first, as far as the total allows. */
function budgeted(pieces: readonly Piece[], fma: boolean): ReadonlyMap<Nest, Schedule> {
  const schedules = new Map<Nest, Schedule>();
  const once: { nest: Nest; size: number }[] = [];
  for (const piece of pieces)
    for (const nest of nestsOf(piece)) {
      const schedule = usualSchedule(nest, fma);
      schedules.set(nest, schedule);
      if (piece.kind === 'nest') once.push({ nest, size: estimate(nest, schedule) });
    }
  let left = UNROLLED_TOTAL;
  for (const { nest, size } of once.sort((a, b) => a.size - b.size)) {
    const schedule = unrolledWithin(schedules.get(nest)!, size, left);
    schedules.set(nest, schedule);
    if (schedule.unrolled) left -= size;
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
    : {
        out: [],
        reads: [{ name: 'loss', strides: [], offset: 0 }],
        stores: [{ to: 'sum', value: mul(constant(1), read('loss')) }],
      };
  return nestOf({ kernel, bind: { weight: bufferIds.rowWeights, loss: spec.id, sum: 'sum' } }, program.batch, {
    ...buffers,
    sum: { address: control.loss, elements: 1 },
  });
}
