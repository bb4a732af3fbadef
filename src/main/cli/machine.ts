/** The backends of this machine as the command line finds them: the same as the window's, but for the GPU. */
import { constants } from 'node:os';
import { backends } from '../../engine/backends/index';
import type { Backend, Profile } from '../../engine/backends/backend';
import { webgpuBackend } from '../../engine/backends/webgpu/index';
import type { BackendName, BackendWish } from '../../engine/plan';
import { Refusal } from '../services/refusal';

export interface Machine {
  readonly backends: ReadonlyMap<BackendName, Backend>;
  readonly profile: Profile;
  /** Lets the GPU go, which would otherwise keep the process alive. */
  close(): void;
}

/** Dawn for Node, an optional package. Its name is kept from bundlers: it is a native module. */
const WEBGPU_PACKAGE: string = 'webgpu';

/**
 * Whether Linux has the library by which Dawn reaches graphics processors: where it is missing, Dawn writes
 * a warning of its own between our lines.
 */
function hasVulkan(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1', constants.dlopen.RTLD_LAZY);
    return true;
  } catch (error) {
    // When it was found, Node complains that it is no module.
    return !String(error).includes('cannot open shared object file');
  }
}

async function gpuOfNode(): Promise<GPU | { readonly absent: string }> {
  if (!hasVulkan()) return { absent: 'no graphics driver was found (on Linux WebGPU needs Vulkan)' };
  try {
    const dawn = (await import(WEBGPU_PACKAGE)) as { create(flags: readonly string[]): GPU; globals: object };
    Object.assign(globalThis, dawn.globals);
    return dawn.create([]);
  } catch {
    return { absent: `the optional package '${WEBGPU_PACKAGE}' is not installed or does not run here` };
  }
}

/** Node has no GPU of its own, so it is looked for only when `withGpu` asks. */
export async function openMachine(withGpu: boolean): Promise<Machine> {
  const gpu = withGpu ? await gpuOfNode() : { absent: 'it was not asked for' };
  const webgpu = webgpuBackend(() => ('absent' in gpu ? undefined : gpu));
  const all = new Map([...backends].map(([name, backend]) => [name, name === 'webgpu' ? webgpu : backend]));
  const present: Profile['present'][number][] = [];
  const absent: Profile['absent'][number][] = [];
  for (const [name, backend] of all) {
    const found = name === 'webgpu' && 'absent' in gpu ? gpu : await backend.detect();
    if ('absent' in found) absent.push({ backend: name, reason: found.absent });
    else present.push(found);
  }
  return { backends: all, profile: { present, absent }, close: () => webgpu.release() };
}

/** Opens what a `--backend` asks for; one that is not there is refused with the reason. */
export async function machineFor(wish: BackendWish): Promise<Machine> {
  const machine = await openMachine(wish === 'webgpu');
  const missing = machine.profile.absent.find(({ backend }) => backend === wish);
  if (!missing) return machine;
  machine.close();
  throw new Refusal(`The backend '${wish}' is not available here: ${missing.reason}. Use --backend auto.`, 'no-backend');
}
