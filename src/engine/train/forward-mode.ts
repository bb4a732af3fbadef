/**
 * Forward mode: a small change of one number is carried along with the values, node by node, to whatever is
 * derived. Its kernels follow from those of the values alone, by the symbolic derivative; reverse mode runs
 * the operations' own gradients. That both come to the same number is therefore a check of both.
 */
import { operationsOf } from '../ir/operations';
import type { NodeId } from '../graph/graph';
import { derive } from '../ir/derive';
import { add, div, type Expr, mul, namesIn, read, select, sub } from '../ir/expr';
import { prepareKernel } from '../ir/interpret';
import { ACC, alongOut, type Kernel, type Read } from '../ir/kernel';
import { sizeOf } from '../ir/shape';
import { bufferIds, type BufferId, type Program, type Step } from '../plan';
import type { Replay } from './replay';

/** Name of the change of what `name` stands for. */
const dot = (name: string): string => `${name}'`;

const sum = (parts: readonly Expr[]): Expr => parts.reduce((a, b) => add(a, b), { kind: 'const', value: 0 });

/** The change of an expression when what it reads changes. */
const change = (e: Expr, names: readonly string[] = namesIn(e)): Expr =>
  sum(names.map((name) => mul(derive(e, name), read(dot(name)))));

/** Only what the expressions read; a kernel's other reads would be bound for nothing. */
function needed(kernel: Kernel, reads: readonly Read[]): Kernel {
  const used = new Set([
    ...(kernel.fold ? namesIn(kernel.fold.body) : []),
    ...kernel.stores.flatMap(({ value }) => namesIn(value)),
  ]);
  return { ...kernel, reads: reads.filter(({ name }) => used.has(name)) };
}

/** Kernels of the changes, in order. Besides changed buffers (`x'`) they store the fold's result and its change. */
export function changeKernels(kernel: Kernel): readonly Kernel[] {
  const { out, fold, stores } = kernel;
  const reads = [...kernel.reads, ...kernel.reads.map((r) => ({ ...r, name: dot(r.name) }))];
  const changed = (e: Expr): Expr => change(e);
  if (!fold)
    return [needed({ out, reads: [], stores: stores.map((s) => ({ ...s, to: dot(s.to), value: changed(s.value) })) }, reads)];
  const folded = (to: string, body: Expr, more: readonly Read[] = []): Kernel =>
    needed({ out, fold: { with: 'sum', over: fold.over, body }, reads: [], stores: [{ to, value: read(ACC) }] }, [
      ...reads,
      ...more,
    ]);
  const kernels: Kernel[] = [];
  // The fold's own result, where what follows depends on it.
  const plain = stores.every(({ value }) => value.kind === 'read' && value.name === ACC);
  if (!plain || fold.with === 'max') kernels.push({ out, fold, reads: kernel.reads, stores: [{ to: ACC, value: read(ACC) }] });
  if (fold.with === 'sum') kernels.push(folded(dot(ACC), changed(fold.body)));
  else {
    // The largest moves; where several are equally large, their changes are averaged.
    const top = alongOut('#top', out, fold.over);
    const isBelow = sub(read('#top'), fold.body);
    kernels.push(folded('#moved', select(isBelow, 0, changed(fold.body)), [top]), folded('#ties', select(isBelow, 0, 1), [top]));
    kernels.push({
      out,
      reads: [alongOut('#moved', out), alongOut('#ties', out)],
      stores: [{ to: dot(ACC), value: div(read('#moved'), read('#ties')) }],
    });
  }
  const still = reads.map((r) => ({ ...r, strides: r.strides.slice(0, out.length) }));
  kernels.push(
    needed({ out, reads: [], stores: stores.map((s) => ({ ...s, to: dot(s.to), value: change(s.value) })) }, [
      ...still,
      alongOut(ACC, out),
      alongOut(dot(ACC), out),
    ]),
  );
  return kernels;
}

const forwardSteps = ({ steps }: Program): readonly Step[] =>
  steps.filter(({ phase }) => phase === 'forward' || phase === 'loss');

/** The change of every node's value when one number of a source moves, as a rate: ∂(each)/∂(that number). */
export function changesFrom(
  { program, device, rows }: Replay,
  source: NodeId,
  element: number,
): ReadonlyMap<NodeId, Float64Array> {
  const changes = new Map<BufferId, Float64Array>();
  const own = new Map<string, Float64Array>();
  const { batch } = program;
  const specs = new Map(program.buffers.map((spec) => [spec.id, spec]));
  const changeOf = (buffer: BufferId): Float64Array => {
    const found = changes.get(buffer);
    if (found) return found;
    const fresh = new Float64Array(sizeOf(specs.get(buffer)!.shape, batch));
    changes.set(buffer, fresh);
    return fresh;
  };
  changeOf(bufferIds.value(source))[element] = 1;
  for (const { kernel, bind } of forwardSteps(program)) {
    own.clear();
    const local = (name: string): Float64Array => {
      const found = own.get(name) ?? new Float64Array(sizeOf(kernel.out, batch));
      own.set(name, found);
      return found;
    };
    for (const part of changeKernels(kernel))
      prepareKernel(part, (name) => {
        if (bind[name] !== undefined) return device.numbers(bind[name]);
        const whole = name.endsWith("'") ? bind[name.slice(0, -1)] : undefined;
        return whole === undefined ? local(name === '#top' ? ACC : name) : changeOf(whole);
      })(rows);
  }
  return new Map(
    [...changes].flatMap(([buffer, numbers]) =>
      buffer.startsWith(bufferIds.value(''))
        ? [[buffer.slice(2), numbers.subarray(0, sizeOf(specs.get(buffer)!.shape, rows))] as const]
        : [],
    ),
  );
}

export interface OperationCounts {
  /** Numbers that are learned. */
  readonly parameters: number;
  /** Arithmetic operations of one pass over the values. */
  readonly values: number;
  /** For the derivatives by all parameters: reverse mode, forward mode, central differences. */
  readonly reverse: number;
  readonly forward: number;
  readonly differences: number;
}

/** For one sample. Forward mode and differences take one pass a parameter (differences two); reverse mode one in all. */
export function operationCounts(program: Program): OperationCounts {
  const count = (kernels: readonly Kernel[]): number => kernels.reduce((n, kernel) => n + operationsOf(kernel), 0);
  const steps = forwardSteps(program);
  const values = count(steps.map(({ kernel }) => kernel));
  const back = count(program.steps.filter(({ phase }) => phase === 'backward').map(({ kernel }) => kernel));
  const changes = count(steps.flatMap(({ kernel }) => changeKernels(kernel)));
  const parameters = program.parameters
    .filter(({ trainable, gradient }) => trainable && gradient !== null)
    .reduce((n, { shape }) => n + shape.reduce((size, axis) => size * axis, 1), 0);
  return {
    parameters,
    values,
    reverse: values + back,
    forward: values + parameters * changes,
    differences: 2 * parameters * values,
  };
}
