/**
 * When a device fails, another takes its place: the same program, made anew for the CPU, from the last state that
 * was good. A processor that computes in WebAssembly is tried first, also after one of its own threads failed;
 * the float64 reference runs anywhere.
 */
import { type Backend, type Device, DeviceFailure } from '../backends/backend';
import type { BackendName, Plan, Plans, Program } from '../plan';
import { Session } from './session';

export type Backends = ReadonlyMap<BackendName, Backend>;

const ON_CPU: readonly BackendName[] = ['wasm', 'reference'];

/** Whether it needs more than this computer's memory and processor, and so may be lost. */
export const mayBeLost = (backend: BackendName): boolean => !ON_CPU.includes(backend);

/** Opens a program where nothing but this computer's memory and processor are needed; throws what the last one said. */
export async function openOnCpu(program: Program, backends: Backends): Promise<{ readonly plan: Plan; readonly device: Device }> {
  let fault: unknown = new DeviceFailure('lost', 'There is no other device to train on.');
  for (const name of ON_CPU) {
    const backend = backends.get(name);
    const profile = await backend?.detect();
    if (!backend || !profile || 'absent' in profile) continue;
    try {
      const plan: Plan = { program, backend: name, code: backend.emit(program, profile) };
      return { plan, device: await backend.open(plan) };
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}

/** Opens plans; where the graphics device refuses the one that trains, the CPU trains, and why is told. */
export async function openSomewhere(
  plans: Plans,
  backends: Backends,
): Promise<{ readonly session: Session; readonly refused: DeviceFailure | null }> {
  try {
    return { session: await Session.open(plans, backends), refused: null };
  } catch (error) {
    if (!(error instanceof DeviceFailure) || !plans.train || !mayBeLost(plans.train.backend)) throw error;
    const { plan, device } = await openOnCpu(plans.train.program, backends);
    return { session: await Session.open({ ...plans, train: plan }, backends, device), refused: error };
  }
}

/** What happened, and from where training goes on. */
export function movedWords({ message }: DeviceFailure, step: number, again: number): string {
  const since =
    again === 0 ? '' : `; the ${again === 1 ? 'step' : `${again} steps`} since then ${again === 1 ? 'is' : 'are'} made again`;
  return `${message} Training goes on on the CPU from step ${step}${since}. Nothing that was learned before is lost.`;
}
