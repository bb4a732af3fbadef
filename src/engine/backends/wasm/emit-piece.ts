/**
 * Instructions for pieces: nests one after the other, inside the loops that an arrangement put around
 * them. A divided loop takes only this thread's share of its turns.
 */
import { type Func, I32 } from './assembler';
import type { Context } from './cells';
import { control } from './layout';
import { NestEmitter, repeat } from './loops';
import type { Nest } from './nest';
import { nestsOf, type Piece } from './piece';
import type { Schedule } from './schedule';

export function emitPiece(f: Func, piece: Piece, scheduleOf: (nest: Nest) => Schedule, context: Context): void {
  const nests = nestsOf(piece);
  if (nests.some((nest) => nest.axes.slice(0, nest.outRank).includes(0))) return;
  const emitters = new Map(nests.map((nest) => [nest, new NestEmitter(f, nest, scheduleOf(nest), context)]));
  const emit = (part: Piece): void => {
    if (part.kind === 'nest') emitters.get(part.nest)!.run();
    else if (part.times === 1) part.body.forEach(emit);
    else {
      const inside = nestsOf(part).map((nest) => emitters.get(nest)!);
      const turn = (): void => {
        part.body.forEach(emit);
        for (const emitter of inside) emitter.step(part.depth, 1);
      };
      for (const emitter of inside) emitter.opened(1);
      if (part.divided) divided(f, part.times, inside, turn);
      else {
        repeat(f, part.times, turn);
        if (part.depth > 0) for (const emitter of inside) emitter.step(part.depth, -part.times);
      }
      for (const emitter of inside) emitter.opened(-1);
    }
  };
  emit(piece);
  for (const emitter of emitters.values()) emitter.close();
}

/** This thread's share of the turns of a loop. The function's first parameter is the thread's number. */
function divided(f: Func, times: number, emitters: readonly NestEmitter[], turn: () => void): void {
  const thread = 0;
  const [from, left] = [f.local(I32), f.local(I32)];
  const bound = (push: () => void): void => {
    push();
    f.i32(times).op('i32.mul').i32(0).loadI32(control.threads).op('i32.div_s');
  };
  bound(() => f.get(thread));
  f.set(from);
  bound(() => f.get(thread).i32(1).op('i32.add'));
  f.get(from).op('i32.sub').tee(left).when();
  for (const emitter of emitters) {
    emitter.jump(0, thread);
    emitter.jump(1, from);
  }
  f.loop();
  turn();
  f.get(left).i32(1).op('i32.sub').tee(left).branchIf(0).end();
  f.end();
  f.release(I32, from);
  f.release(I32, left);
}
