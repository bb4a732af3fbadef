/**
 * What the compiler hands to backends: buffers, and steps that each run one kernel. A program is plain
 * data; it can be sent, stored, printed, compared, and replayed on the float64 reference.
 */
import type { EdgeId, Graph, NodeId } from './graph/graph';
import type { Schedule } from './graph/project';
import type { Kernel } from './ir/kernel';
import { kernelFault } from './ir/kernel';
import { shapeText, type Shape, type Tensor } from './ir/shape';

export type BufferId = string;

export const bufferIds = {
  /** A node's value. */
  value: (node: NodeId): BufferId => `v:${node}`,
  /** ∂L/∂(a node's value): the sum over its outgoing edges. */
  gradient: (node: NodeId): BufferId => `g:${node}`,
  /** The contribution that flows back along one edge. */
  edge: (edge: EdgeId): BufferId => `e:${edge}`,
  temporary: (owner: string, name: string): BufferId => `t:${owner}/${name}`,
  slot: (parameter: NodeId, slot: string): BufferId => `s:${parameter}/${slot}`,
  /** A number that all parameters share and the optimizer advances (Adam's β₁ᵗ). */
  counter: (name: string): BufferId => `c:${name}`,
  hyper: (name: string): BufferId => `h:${name}`,
  /** What breakpoints watch of a node while it trains. */
  watch: (node: NodeId, what: string): BufferId => `k:${node}/${what}`,
  /** ['batch']: the weight of each row in the mean. 1/n in the n rows of a batch, 0 in padding. */
  rowWeights: 'r:weights',
} as const;

export type BufferRole =
  | 'input' // gathered from the data set for each batch
  | 'rows' // row weights, written by the device for each batch
  | 'constant' // `init` holds its numbers
  | 'parameter'
  | 'slot' // optimizer state, starts at `init`
  | 'hyper' // written by the trainer, may change between runs
  | 'value'
  | 'gradient'
  | 'edge'
  | 'temporary';

export interface BufferSpec {
  readonly id: BufferId;
  readonly shape: Shape;
  readonly role: BufferRole;
  /** Start of constants, slots and hyperparameters: one number for all elements, or each. Default 0. */
  readonly init?: number | readonly number[];
}

export type Phase = 'forward' | 'loss' | 'backward' | 'update';

export interface Step {
  readonly phase: Phase;
  /** Node of the expanded drawing that this step belongs to. */
  readonly node: NodeId;
  /** Set when the step computes what flows back along one edge. */
  readonly edge?: EdgeId;
  readonly kernel: Kernel;
  /** Buffer for each name that the kernel reads or stores. */
  readonly bind: Readonly<Record<string, BufferId>>;
}

export interface ParameterSpec {
  /** Id of the parameter node in the expanded drawing: `hidden/weight`. The key of exported weights. */
  readonly key: NodeId;
  readonly shape: readonly number[];
  readonly role: 'weight' | 'bias';
  readonly initializer: string;
  /** Argument of initializers that take one (uniform's half-width, constant's value). */
  readonly scale: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly value: BufferId;
  readonly gradient: BufferId | null;
  /** A frozen parameter keeps its numbers. */
  readonly trainable: boolean;
  /** Numbers written in the drawing, which win over the initializer. */
  readonly given?: readonly number[];
}

/** Columns of the data set that feed one buffer, by position in the encoded features or targets. */
export interface InputSpec {
  readonly node: NodeId;
  readonly buffer: BufferId;
  readonly from: 'features' | 'targets';
  readonly columns: readonly number[];
}

export interface Program {
  readonly detail: 'every-edge' | 'fused' | 'forward';
  /** Rows that a batch may have at most; shorter ones are padded with row weight 0. */
  readonly batch: number;
  readonly buffers: readonly BufferSpec[];
  readonly parameters: readonly ParameterSpec[];
  readonly inputs: readonly InputSpec[];
  readonly steps: readonly Step[];
  /** One number per sample (or one in all); training minimises its weighted mean. Null: no loss yet. */
  readonly loss: BufferId | null;
  /** The value to compare with the target, for metrics and exports. */
  readonly prediction: {
    readonly node: NodeId;
    readonly buffer: BufferId;
    readonly takes: 'value' | 'probability' | 'logit';
  } | null;
}

/** Thrown by `verify`: our mistake, not the user's. Names the first illegal step. */
export class IllegalProgram extends Error {
  override readonly name = 'IllegalProgram';
}

/** Checks a program between compiler passes: bindings, legality of kernels, order of reads and writes. */
export function verify(program: Program): Program {
  const known = new Map(program.buffers.map((b) => [b.id, b]));
  const written = new Set<BufferId>();
  for (const b of program.buffers)
    if (b.role !== 'value' && b.role !== 'gradient' && b.role !== 'edge' && b.role !== 'temporary') written.add(b.id);
  program.steps.forEach((step, index) => {
    const fail = (reason: string): never => {
      throw new IllegalProgram(`step ${index} (${step.phase} of '${step.node}'): ${reason}`);
    };
    const fault = kernelFault(step.kernel);
    if (fault) fail(fault);
    for (const { name } of step.kernel.reads) {
      const buffer = step.bind[name];
      if (buffer === undefined || !known.has(buffer)) fail(`'${name}' is bound to no buffer`);
      else if (!written.has(buffer)) fail(`reads '${buffer}' before it is written`);
    }
    for (const { to } of step.kernel.stores) {
      const buffer = step.bind[to];
      if (buffer === undefined || !known.has(buffer)) fail(`'${to}' is bound to no buffer`);
      else written.add(buffer);
    }
  });
  return program;
}

export type BackendName = 'webgpu' | 'wasm' | 'reference';
/**
 * What one can ask for: a backend, the fastest, or the one that gives the same bits on every machine and with any
 * number of threads.
 */
export type BackendWish = BackendName | 'auto' | 'reproducible';

/** A program made ready for one backend. `code` is the backend's own: text, bytes, or nothing. */
export interface Plan {
  readonly program: Program;
  readonly backend: BackendName;
  readonly code: Code;
}
export type Code =
  | { readonly kind: 'none' }
  | { readonly kind: 'wasm'; readonly bytes: Uint8Array; readonly layout: unknown }
  | { readonly kind: 'wgsl'; readonly modules: readonly string[]; readonly layout: unknown };

export interface Plans {
  readonly revision: number;
  /** How the trainer changes the learning rate between epochs. */
  readonly schedule?: Schedule;
  /** Fused, with updates: training. Null while there is no loss or nothing to learn. */
  readonly train: Plan | null;
  /** The same program for other backends, which may turn out to be faster. */
  readonly rivals?: readonly Plan[];
  /** Forward only, for metrics, maps and predictions. */
  readonly evaluate: Plan;
  /** Every edge's value and gradient, for the live view. */
  readonly live: Plan;
  /** The same program for the float64 reference, for stepping and checks. */
  readonly trace: Program;
  /** The expanded drawing that the programs were made from, and which node of the drawing each part is of. */
  readonly drawing: {
    readonly graph: Graph;
    readonly owner: Readonly<Record<NodeId, NodeId>>;
    /** Names that people gave to nodes of the drawing, layers among them; others are called by their ids. */
    readonly labels?: Readonly<Record<NodeId, string>>;
  };
}

/** Numbers of parameters by key (`hidden/weight`), row-major. */
export type Weights = Readonly<Record<string, Tensor>>;

/** A program for people: one line a step. */
export function print(program: Program): string {
  const lines = [`${program.detail}, batches of ${program.batch}`];
  for (const b of program.buffers) lines.push(`  ${b.id}  ${b.role}  ${shapeText(b.shape)}`);
  for (const s of program.steps) {
    const reads = s.kernel.reads.map((r) => s.bind[r.name]).join(', ');
    const fold = s.kernel.fold ? ` ${s.kernel.fold.with} over ${shapeText(s.kernel.fold.over)}` : '';
    const writes = s.kernel.stores.map((store) => s.bind[store.to]).join(', ');
    lines.push(`${s.phase.padEnd(8)} ${writes} ←${fold} (${reads})  [${shapeText(s.kernel.out)}]`);
  }
  return lines.join('\n');
}
