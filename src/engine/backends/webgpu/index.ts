/**
 * The WebGPU backend: training on the graphics processor, where the machine has one that a browser may
 * use. Where to find the GPU is passed in, because a worker, a test and a command line have it elsewhere.
 */
import type { Plan } from '../../plan';
import { type Backend, type BackendProfile, type Device, DeviceFailure } from '../backend';
import { openDevice } from './device';
import { emit } from './emit';
import { Machine, messageOf, wantedLimits } from './machine';

/** The backend, and a way to let go of the device that its programs share. */
export interface WebgpuBackend extends Backend {
  release(): void;
}

/** Adapters that compute on the CPU. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp|software/i;

const letGo = (machine: Promise<Machine>): void => {
  machine.then(
    (opened) => opened.release(),
    () => undefined,
  );
};

export function webgpuBackend(find: () => GPU | undefined): WebgpuBackend {
  let machine: Promise<Machine> | null = null;

  async function start(): Promise<Machine> {
    const adapter = await find()?.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new DeviceFailure('lost', 'No graphics processor that WebGPU can use was found.');
    const requiredLimits = Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]]));
    return new Machine(await adapter.requestDevice({ requiredLimits }));
  }

  /** The shared device; a new one when there is none, or the last was lost. */
  async function shared(): Promise<Machine> {
    const current = machine ?? start();
    machine = current;
    const usable = await current.then(
      ({ failure }) => failure === null,
      () => false,
    );
    if (usable) return current;
    if (machine === current) {
      letGo(current);
      machine = start();
    }
    return machine;
  }

  return {
    name: 'webgpu',

    async detect(): Promise<BackendProfile | { readonly absent: string }> {
      const gpu = find();
      if (!gpu) return { absent: 'this window offers no WebGPU' };
      try {
        const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
        if (!adapter) return { absent: 'no graphics processor that WebGPU can use was found' };
        const { vendor, architecture, device, description } = adapter.info;
        const title = description || [vendor, architecture, device].filter(Boolean).join(' ') || 'graphics processor';
        return {
          backend: 'webgpu',
          title,
          software: adapter.info.isFallbackAdapter || SOFTWARE.test(`${title} ${architecture} ${vendor}`),
          limits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
        };
      } catch (error) {
        return { absent: `WebGPU could not be asked: ${messageOf(error)}` };
      }
    },

    emit: (program, profile) => emit(program, profile),

    async open(plan: Plan): Promise<Device> {
      try {
        return await openDevice(await shared(), plan);
      } catch (error) {
        if (error instanceof DeviceFailure) throw error;
        throw new DeviceFailure('lost', `The graphics processor could not be opened: ${messageOf(error)}`);
      }
    },

    release(): void {
      if (machine) letGo(machine);
      machine = null;
    },
  };
}

/** On the GPU of this thread: a page's, a worker's, or one that a host outside the browser has put there. */
export const webgpu: WebgpuBackend = webgpuBackend(
  () => (globalThis as { readonly navigator?: { readonly gpu?: GPU } }).navigator?.gpu,
);
