/**
 * The functions around a program's kernels: filling a batch from the data set, weighing its rows, and
 * the driver that runs many batches in one call. The driver stays small on purpose: the JavaScript
 * engine improves functions when they are called, not while one call of them lasts.
 */
import { bufferIds, type InputSpec, type Phase, type Program } from '../../plan';
import { F32, Func, I32 } from './assembler';
import { control, type Layout, type Placed } from './layout';

/** Columns in one piece from which copying by the bulk instruction is quicker. */
const BULK_COLUMNS = 64;
export const phaseBits: Readonly<Record<Phase, number>> = { forward: 1, loss: 2, backward: 4, update: 8 };

/**
 * (address of the batch's first row number, real rows, first row, row behind the last): fills these rows of the
 * inputs, and all row weights unless another function does.
 */
export function gatherFunction(program: Program, buffers: Readonly<Record<string, Placed>>, weighs: boolean): Func {
  const f = new Func([I32, I32, I32, I32]);
  const inputs = program.inputs.filter((input) => input.columns.length > 0);
  if (inputs.length > 0) gatherRows(f, [0, 1, 2, 3], inputs, buffers);
  const weights = buffers[bufferIds.rowWeights];
  if (weighs && weights) weighRows(f, 0, 1, program.batch, weights.address);
  return f;
}

/** (address of the batch's first row number, real rows): fills the row weights, where threads share the gathering. */
export function weighFunction(program: Program, buffers: Readonly<Record<string, Placed>>): Func {
  const f = new Func([I32, I32]);
  const weights = buffers[bufferIds.rowWeights];
  if (weights) weighRows(f, 0, 1, program.batch, weights.address);
  return f;
}

function gatherRows(
  f: Func,
  [queue, real, from, to]: readonly [number, number, number, number],
  inputs: readonly InputSpec[],
  buffers: Readonly<Record<string, Placed>>,
): void {
  const [row, number, source] = [f.local(I32), f.local(I32), f.local(I32)];
  const pointers = inputs.map(() => f.local(I32));
  f.get(from).get(to).op('i32.lt_u').when();
  f.get(from).set(row);
  inputs.forEach(({ columns }, at) => {
    f.get(from)
      .i32(4 * columns.length)
      .op('i32.mul')
      .set(pointers[at]!);
  });
  f.loop();
  // Rows behind the last real one repeat the first.
  f.get(queue).get(row).i32(0).get(row).get(real).op('i32.lt_u').op('select').i32(2).op('i32.shl').op('i32.add');
  f.loadI32().set(number);
  inputs.forEach((input, at) => {
    const [base, bytes] =
      input.from === 'features' ? [control.features, control.featureBytes] : [control.targets, control.targetBytes];
    f.i32(0).loadI32(base).get(number).i32(0).loadI32(bytes).op('i32.mul').op('i32.add').set(source);
    copyColumns(f, input.columns, source, pointers[at]!, buffers[input.buffer]!.address);
    f.advance(pointers[at]!, 4 * input.columns.length);
  });
  f.get(row).i32(1).op('i32.add').tee(row).get(to).op('i32.lt_u').branchIf(0).end();
  f.end();
}

function copyColumns(f: Func, columns: readonly number[], source: number, into: number, address: number): void {
  for (let from = 0; from < columns.length; ) {
    let to = from + 1;
    while (to < columns.length && columns[to] === columns[to - 1]! + 1) to++;
    const read = 4 * columns[from]!;
    const write = address + 4 * from;
    const count = to - from;
    if (count >= BULK_COLUMNS) {
      f.get(into)
        .i32(write)
        .op('i32.add')
        .get(source)
        .i32(read)
        .op('i32.add')
        .i32(4 * count)
        .copyMemory();
    } else {
      let at = 0;
      for (; at + 4 <= count; at += 4)
        f.get(into)
          .get(source)
          .load(read + 4 * at)
          .store(write + 4 * at);
      for (; at < count; at++)
        f.get(into)
          .get(source)
          .loadF32(read + 4 * at)
          .storeF32(write + 4 * at);
    }
    from = to;
  }
}

/** 1/n for the n real rows, 0 for the rest, when n differs from the last batch's; rows with weights of their own are weighed each time. */
function weighRows(f: Func, queue: number, real: number, batch: number, address: number): void {
  const [row, weight, own] = [f.local(I32), f.local(F32), f.local(I32)];
  // Not zero when either is.
  f.i32(0).loadI32(control.weights).tee(own);
  f.get(real).i32(0).loadI32(control.weighted).op('i32.ne').op('i32.add').when();
  f.i32(0).get(real).storeI32(control.weighted);
  f.f32(1).get(real).op('f32.convert_i32_u').op('f32.div').set(weight);
  f.i32(0).set(row).loop();
  f.get(row).i32(2).op('i32.shl').get(weight).f32(0).get(row).get(real).op('i32.lt_u').op('select').storeF32(address);
  f.get(row).i32(1).op('i32.add').tee(row).i32(batch).op('i32.lt_u').branchIf(0).end();
  f.get(own).when();
  f.i32(0).set(row).loop();
  f.get(row).i32(2).op('i32.shl');
  f.get(queue).get(row).i32(2).op('i32.shl').op('i32.add').loadI32().i32(2).op('i32.shl').get(own).op('i32.add').loadF32();
  f.get(real).op('f32.convert_i32_u').op('f32.div').storeF32(address);
  f.get(row).i32(1).op('i32.add').tee(row).get(real).op('i32.lt_u').branchIf(0).end();
  f.end();
  f.end();
}

export interface Call {
  readonly index: number;
  /** Every thread calls it, with its number; otherwise the first does, without. */
  readonly divided: boolean;
}

export interface PhaseCalls {
  readonly phase: Phase;
  readonly functions: readonly Call[];
}

export interface Driven {
  readonly gather: number;
  /** Null: `gather` weighs the rows too. */
  readonly weigh: number | null;
  /** Rows of the program's batch. */
  readonly batch: number;
  readonly calls: readonly PhaseCalls[];
  readonly loss: number | null;
  /** The function in which threads wait for each other; null: there is one thread. */
  readonly barrier: number | null;
  readonly layout: Layout;
}

/**
 * (rows, rows a batch, phases, thread): runs the queued rows batch by batch, where every epoch ends one, writes
 * each batch's loss and copies what is to be collected. With threads each runs the driver; what is not divided is the first's.
 */
export function driverFunction({ gather, weigh, batch: most, calls, loss, barrier, layout }: Driven): Func {
  const f = new Func([I32, I32, I32, I32]);
  const [rows, batch, phases, thread] = [0, 1, 2, 3];
  const [queue, real, lossAt, entry, left, bytes, ofEpoch, epoch] = [
    f.local(I32),
    f.local(I32),
    f.local(I32),
    f.local(I32),
    f.local(I32),
    f.local(I32),
    f.local(I32),
    f.local(I32),
  ];
  const { alone, together, settle } = turns(f, thread, barrier);
  const bound = (after: 0 | 1): void => {
    if (barrier === null) f.i32(after * most);
    else f.get(thread).i32(after).op('i32.add').i32(most).op('i32.mul').i32(0).loadI32(control.threads).op('i32.div_s');
  };
  const least = (a: number, b: number): void => {
    f.get(a).get(b).get(a).get(b).op('i32.lt_u').op('select');
  };
  f.i32(layout.queue).set(queue).i32(layout.losses).set(lossAt);
  f.i32(0).loadI32(control.epochLeft).set(ofEpoch).i32(0).loadI32(control.epochRows).set(epoch);
  f.loop();
  least(batch, rows);
  f.set(real);
  least(real, ofEpoch);
  f.set(real);
  together(() => {
    f.get(queue).get(real);
    bound(0);
    bound(1);
    f.call(gather);
  });
  if (weigh !== null) alone(() => f.get(queue).get(real).call(weigh), false);
  for (const { phase, functions } of calls) {
    f.get(phases).i32(phaseBits[phase]).op('i32.and').when();
    for (const { index, divided } of functions)
      if (divided) together(() => f.get(thread).call(index));
      else alone(() => f.call(index));
    settle();
    f.end();
  }
  alone(() => {
    if (loss !== null) {
      f.get(phases).i32(phaseBits.loss).op('i32.and').when();
      f.call(loss);
      f.get(lossAt).i32(0).loadF32(control.loss).op('f64.promote').storeF64();
      f.advance(lossAt, 8).end();
    }
    f.i32(0).loadI32(control.collectCount).tee(left).when();
    f.i32(control.collect).set(entry).loop();
    f.get(entry).loadI32(4).get(real).op('i32.mul').set(bytes);
    f.get(entry).loadI32(8).get(entry).loadI32(0).get(bytes).copyMemory();
    f.get(entry).get(entry).loadI32(8).get(bytes).op('i32.add').storeI32(8);
    f.advance(entry, 12).get(left).i32(1).op('i32.sub').tee(left).branchIf(0).end();
    f.end();
  });
  f.get(queue).get(real).i32(2).op('i32.shl').op('i32.add').set(queue);
  // The next epoch begins when this one has no rows left.
  f.get(ofEpoch).get(real).op('i32.sub').tee(ofEpoch).op('i32.eqz').when().get(epoch).set(ofEpoch).end();
  f.get(rows).get(real).op('i32.sub').tee(rows).branchIf(0).end();
  return f;
}

/**
 * Work of the first thread alone and work that all share, with as many barriers between as they need: none between
 * shares and shares before which all have met, none between one lonely piece and the next.
 */
function turns(f: Func, thread: number, barrier: number | null) {
  let last: 'alone' | 'together' | 'met' = 'alone';
  const meet = (): void => {
    if (barrier !== null && last !== 'met') f.call(barrier);
    last = 'met';
  };
  return {
    /** `reads`: what the threads shared before. */
    alone(body: () => void, reads = true): void {
      if (reads && last === 'together') meet();
      if (barrier !== null) f.get(thread).op('i32.eqz').when();
      body();
      if (barrier !== null) f.end();
      if (last === 'met') last = 'alone';
    },
    together(body: () => void): void {
      meet();
      body();
      last = 'together';
    },
    /** At the end of what may be left out: as if the first thread had been alone, whether it was run or not. */
    settle(): void {
      if (last === 'together') meet();
      last = 'alone';
    },
  };
}

/** Turns of looking before a thread goes to sleep at the barrier. */
const SPINS = 20_000;
/** Nanoseconds of sleep before it looks again. */
const SLEEP = 1_000_000;

/** Returns when all threads have called it. If one of them is gone the others trap: waiting on would hang their worker. */
export function barrierFunction(): Func {
  const f = new Func([]);
  const [generation, spins] = [f.local(I32), f.local(I32)];
  f.i32(0).loadI32(control.threads).i32(1).op('i32.eq').when().op('return').end();
  f.i32(0).atomicLoad(control.generation).set(generation);
  f.i32(0).i32(1).atomicAdd(control.arrived).i32(1).op('i32.add').i32(0).loadI32(control.threads).op('i32.eq').when();
  // The last one opens the gate.
  f.i32(0).i32(0).atomicStore(control.arrived);
  f.i32(0).i32(0).atomicStore(control.naps);
  f.i32(0).get(generation).i32(1).op('i32.add').atomicStore(control.generation);
  f.i32(0).i32(-1).notify(control.generation).op('drop');
  f.otherwise().loop();
  f.i32(0).atomicLoad(control.generation).get(generation).op('i32.eq').when();
  f.get(spins).i32(1).op('i32.add').tee(spins).i32(SPINS).op('i32.ge_u').when();
  f.i32(0).get(generation).i64(SLEEP).wait(control.generation).op('drop');
  // Naps are counted in memory: the first compiler of V8 11 loses what a loop with a wait counts in a local.
  f.i32(0).i32(1).atomicAdd(control.naps).i32(0).loadI32(control.patience).op('i32.ge_u').when().op('unreachable').end();
  f.end();
  f.branch(1).end().end().end();
  return f;
}
