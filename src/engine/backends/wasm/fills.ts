/**
 * Frames of zeros. A padded image, or a gradient before it is convolved, is an array of zeros into which a step
 * puts its numbers, always at the same places. Memory begins as zeros and every buffer has its own, so the zeros
 * are there from the start and need not be written again in every step.
 */
import type { BufferId, Program, Step } from '../../plan';

export function withoutFills(program: Program): Program {
  const writers = new Map<BufferId, Step[]>();
  for (const step of program.steps)
    for (const { to } of step.kernel.stores) {
      const list = writers.get(step.bind[to]!);
      if (list) list.push(step);
      else writers.set(step.bind[to]!, [step]);
    }
  const ephemeral = new Set(
    program.buffers.flatMap(({ id, role }) =>
      role === 'temporary' || role === 'gradient' || role === 'value' || role === 'edge' ? [id] : [],
    ),
  );
  const isIdle = (step: Step): boolean => {
    const buffer = zeroed(step);
    if (buffer === null || !ephemeral.has(buffer)) return false;
    const others = writers.get(buffer)!.filter((other) => other !== step);
    return (
      others.length > 0 &&
      others.every(({ kernel, bind }) => kernel.stores.every(({ to, place }) => bind[to] !== buffer || place))
    );
  };
  return { ...program, steps: program.steps.filter((step) => !isIdle(step)) };
}

/** The buffer that a step fills with zeros and does nothing else. */
function zeroed({ kernel, bind }: Step): BufferId | null {
  const [store, ...more] = kernel.stores;
  if (kernel.fold || kernel.reads.length > 0 || more.length > 0 || store!.place) return null;
  return store!.value.kind === 'const' && Object.is(store!.value.value, 0) ? bind[store!.to]! : null;
}
