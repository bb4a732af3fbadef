/** A program while it is being put together: buffers by id, steps in order. */
import type { EdgeId, NodeId } from '../graph/graph';
import type { Kernel } from '../ir/kernel';
import type { KernelSequence } from '../ops/op';
import { type BufferId, bufferIds, type BufferSpec, type Phase, type Step } from '../plan';

export class Draft {
  readonly buffers = new Map<BufferId, BufferSpec>();
  readonly steps: Step[] = [];
  readonly #kernels = new Map<string, Kernel>();

  /** A kernel of the compiler's own, made once for all steps that need the same. */
  kernel(key: string, make: () => Kernel): Kernel {
    let kernel = this.#kernels.get(key);
    if (!kernel) this.#kernels.set(key, (kernel = make()));
    return kernel;
  }

  buffer(spec: BufferSpec): BufferId {
    if (!this.buffers.has(spec.id)) this.buffers.set(spec.id, spec);
    return spec.id;
  }

  step(step: Step): void {
    this.steps.push(step);
  }

  /** Adds an operation's kernels. Its own temporaries get buffers named after `owner`. */
  sequence(
    phase: Phase,
    node: NodeId,
    { temps = {}, kernels }: KernelSequence,
    owner: string,
    buffer: (name: string) => BufferId,
    edge?: EdgeId,
  ): void {
    for (const [name, shape] of Object.entries(temps))
      this.buffer({ id: bufferIds.temporary(owner, name), shape, role: 'temporary' });
    const resolve = (name: string): BufferId => (Object.hasOwn(temps, name) ? bufferIds.temporary(owner, name) : buffer(name));
    for (const kernel of kernels) {
      const bind: Record<string, BufferId> = {};
      for (const { name } of kernel.reads) bind[name] = resolve(name);
      for (const { to } of kernel.stores) bind[to] = resolve(to);
      this.steps.push({ phase, node, kernel, bind, ...(edge === undefined ? {} : { edge }) });
    }
  }
}
