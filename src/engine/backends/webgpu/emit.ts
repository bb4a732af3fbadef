/** Program → WGSL, pure: chooses how a program runs on the GPU and writes the modules and their layout. */
import type { Code, Program } from '../../plan';
import type { BackendProfile } from '../backend';
import { emitDispatches } from './dispatches';
import { emitWorkgroup, fitsWorkgroup } from './workgroup';

/** How a program may be run; `auto` chooses. The others are there to be compared. */
export type Lowering = 'auto' | 'workgroup' | 'tiled' | 'general';

/** What every WebGPU device has, where the profile does not say more. */
const LEAST_MEMORY = 16384;
const LEAST_LANES = 256;

export function emit(program: Program, profile: BackendProfile, lowering: Lowering = 'auto'): Code {
  const chosen = lowering === 'auto' ? (fitsWorkgroup(program) ? 'workgroup' : 'tiled') : lowering;
  const emitted =
    chosen === 'workgroup'
      ? emitWorkgroup(program, {
          // On the CPU all memory is alike, and software adapters take seconds to clear workgroup memory.
          memory: profile.software ? 0 : (profile.limits?.maxComputeWorkgroupStorageSize ?? LEAST_MEMORY),
          lanes: profile.limits?.maxComputeInvocationsPerWorkgroup ?? LEAST_LANES,
        })
      : emitDispatches(program, { tiles: chosen === 'tiled' });
  return { kind: 'wgsl', modules: emitted.modules, layout: emitted.layout };
}
