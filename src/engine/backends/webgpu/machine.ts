/**
 * One GPUDevice, shared by all programs that are open: compiled pipelines are kept by their code, so an
 * edit recompiles only the kernels it changed, and a data set is uploaded once for all programs that read
 * it. Together with `device.ts` the only place that touches WebGPU.
 */
import { DeviceFailure } from '../backend';
import { ENTRY } from './bindings';

// The numbers behind WebGPU's flags; the names are globals that a host outside the browser lacks.
export const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
const COMPUTE_STAGE = 0x4;

/** Limits that emitted code and buffers may need; as much as the adapter offers is asked for. */
export const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

/** What went wrong, in the words of whoever noticed: WebGPU's own errors are no `Error`s. */
export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);

/** Compiled pipelines kept; beyond this the oldest goes. */
const MOST_PIPELINES = 4096;
/** Numbers written to a buffer at once: a browser copies each write through shared memory. */
const WRITE_NUMBERS = 1 << 22;

export interface SharedData {
  readonly buffer: GPUBuffer;
  /** Whether the GPU had room for it. */
  readonly fits: Promise<boolean>;
}

export class Machine {
  failure: DeviceFailure | null = null;
  private readonly layouts: readonly [GPUBindGroupLayout, GPUBindGroupLayout];
  private readonly pipelineLayout: GPUPipelineLayout;
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  private readonly data = new Map<
    Float32Array,
    { targets: Float32Array; weights: Float32Array | null; shared: SharedData; users: number }
  >();

  constructor(readonly gpu: GPUDevice) {
    const buffer = (binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: COMPUTE_STAGE,
      buffer: { type },
    });
    const common = gpu.createBindGroupLayout({
      entries: [
        buffer(0, 'storage'),
        buffer(1, 'read-only-storage'),
        buffer(2, 'read-only-storage'),
        buffer(3, 'storage'),
        buffer(4, 'storage'),
        buffer(5, 'read-only-storage'),
        buffer(6, 'uniform'),
      ],
    });
    const bases = gpu.createBindGroupLayout({
      entries: [{ binding: 0, visibility: COMPUTE_STAGE, buffer: { type: 'uniform', hasDynamicOffset: true } }],
    });
    this.layouts = [common, bases];
    this.pipelineLayout = gpu.createPipelineLayout({ bindGroupLayouts: [common, bases] });
    void gpu.lost.then(({ message }) => this.lose(message));
    gpu.onuncapturederror = ({ error }) => {
      const outOfMemory = 'GPUOutOfMemoryError' in globalThis && error instanceof GPUOutOfMemoryError;
      this.fail(
        outOfMemory ? 'out-of-memory' : 'lost',
        outOfMemory ? 'The graphics processor has no memory left.' : `The graphics processor refused work: ${error.message}`,
      );
    };
  }

  private fail(reason: DeviceFailure['reason'], message: string): void {
    this.failure ??= new DeviceFailure(reason, message);
  }

  /** Notes that the device is gone, unless something else went wrong before. */
  lose(message: string): void {
    this.fail('lost', `The graphics processor went away: ${message || 'no reason was given'}`);
  }

  /** Lets go of the device; programs that are still open fail from now on. */
  release(): void {
    this.lose('it is no longer needed.');
    this.gpu.destroy();
  }

  /** Throws what has gone wrong since the last look. */
  check(): void {
    if (this.failure) throw this.failure;
  }

  buffer(bytes: number, flags: number): GPUBuffer {
    return this.gpu.createBuffer({ size: Math.max(16, Math.ceil(bytes / 16) * 16), usage: flags });
  }

  write(buffer: GPUBuffer, at: number, numbers: Float32Array | Uint32Array): void {
    for (let from = 0; from < numbers.length; from += WRITE_NUMBERS) {
      const part = numbers.subarray(from, from + WRITE_NUMBERS);
      this.gpu.queue.writeBuffer(buffer, (at + from) * 4, part as Float32Array<ArrayBuffer>);
    }
  }

  commonGroup(buffers: readonly GPUBuffer[]): GPUBindGroup {
    return this.gpu.createBindGroup({
      layout: this.layouts[0],
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
  }

  basesGroup(buffer: GPUBuffer, bytes: number): GPUBindGroup {
    return this.gpu.createBindGroup({
      layout: this.layouts[1],
      entries: [{ binding: 0, resource: { buffer, size: bytes } }],
    });
  }

  /** The compiled form of one module. Rejects with DeviceFailure. */
  pipeline(code: string): Promise<GPUComputePipeline> {
    const found = this.pipelines.get(code);
    if (found) return found;
    const compiled = this.compile(code);
    this.pipelines.set(code, compiled);
    // A failure may be passing (memory): it is not kept.
    compiled.catch(() => this.pipelines.delete(code));
    if (this.pipelines.size > MOST_PIPELINES) this.pipelines.delete(this.pipelines.keys().next().value as string);
    return compiled;
  }

  private async compile(code: string): Promise<GPUComputePipeline> {
    this.gpu.pushErrorScope('validation');
    const module = this.gpu.createShaderModule({ code });
    const fault = this.gpu.popErrorScope();
    try {
      const error = await fault;
      if (error) throw error;
      return await this.gpu.createComputePipelineAsync({
        layout: this.pipelineLayout,
        compute: { module, entryPoint: ENTRY },
      });
    } catch (error) {
      this.check();
      throw new DeviceFailure('compile', `The graphics driver could not compile the network's code: ${messageOf(error)}`);
    }
  }

  /** The two arrays one after the other in one buffer, shared by all who ask for the same arrays. */
  acquireData(features: Float32Array, targets: Float32Array, weights: Float32Array | null): SharedData {
    const found = this.data.get(features);
    if (found?.targets === targets && found.weights === weights) {
      found.users++;
      return found.shared;
    }
    // Writing to a buffer for which there was no memory is a fault too, and no reason to give up either.
    this.gpu.pushErrorScope('validation');
    this.gpu.pushErrorScope('out-of-memory');
    const buffer = this.buffer((features.length + targets.length + (weights?.length ?? 0)) * 4, usage.storage | usage.copyTarget);
    const refused = this.gpu.popErrorScope();
    this.write(buffer, 0, features);
    this.write(buffer, features.length, targets);
    if (weights) this.write(buffer, features.length + targets.length, weights);
    const fits = Promise.all([refused, this.gpu.popErrorScope()]).then(
      (errors) => errors.every((error) => error === null),
      () => false,
    );
    const shared = { buffer, fits };
    if (!found) this.data.set(features, { targets, weights, shared, users: 1 });
    return shared;
  }

  releaseData(shared: SharedData): void {
    for (const [features, held] of this.data)
      if (held.shared === shared) {
        if (--held.users > 0) return;
        this.data.delete(features);
      }
    shared.buffer.destroy();
  }
}
