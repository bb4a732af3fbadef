/** Program → WGSL, pure: chooses how a program runs on the GPU and writes the modules and their layout. */
import type { Code, Program } from '../../plan';
import type { BackendProfile } from '../backend';
import { emitDispatches } from './dispatches';
import { emitIfSmall, emitWorkgroup } from './workgroup';

/** How a program may be run; `auto` chooses. The others are there to be compared. */
export type Lowering = 'auto' | 'workgroup' | 'tiled' | 'general';

/** What every WebGPU device has, where the profile does not say more. */
const LEAST_MEMORY = 16384;
const LEAST_LANES = 256;
const SOFTWARE_MEMORY = 4096;

export function emit(program: Program, profile: BackendProfile, lowering: Lowering = 'auto'): Code {
  const software = profile.software === true;
  const limits = {
    // Software adapters clear workgroup memory by one instruction a number: much of it compiles slowly.
    memory: software ? SOFTWARE_MEMORY : (profile.limits?.maxComputeWorkgroupStorageSize ?? LEAST_MEMORY),
    lanes: profile.limits?.maxComputeInvocationsPerWorkgroup ?? LEAST_LANES,
    parallel: !software,
  };
  const { modules, layout } =
    lowering === 'auto'
      ? (emitIfSmall(program, limits) ?? emitDispatches(program, { tiles: true }))
      : lowering === 'workgroup'
        ? emitWorkgroup(program, limits)
        : emitDispatches(program, { tiles: lowering === 'tiled' });
  return { kind: 'wgsl', modules, layout };
}
