/**
 * What a backend offers. `emit` is pure and runs wherever projects are compiled; `open` is the only
 * impure part and runs where the device is.
 */
import type { BackendName, BufferId, Code, Phase, Plan, Program } from '../plan';
import type { Epochs } from './cuts';

/** What is known of one backend on this machine. Plain data: the page sends it to main with a project. */
export interface BackendProfile {
  readonly backend: BackendName;
  /** For people: "NVIDIA GeForce RTX 4070", "2 cores, SIMD with FMA". */
  readonly title: string;
  /** WebAssembly: relaxed SIMD's fused multiply-add exists. */
  readonly fma?: boolean;
  /** WebGPU: a software adapter; right, but slower than the CPU backend. */
  readonly software?: boolean;
  readonly limits?: Readonly<Record<string, number>>;
}

/** What is known of all backends here; absent ones with the reason, for the status bar. */
export interface Profile {
  readonly present: readonly BackendProfile[];
  readonly absent: readonly { readonly backend: BackendName; readonly reason: string }[];
}

/** One run: batches of rows through some phases. */
export interface Run {
  readonly phases: readonly Phase[];
  /** Row numbers of the data set, in order; cut into batches of `batch` rows, the last may be shorter. */
  readonly rows: Uint32Array;
  /** At most the program's batch. */
  readonly batch: number;
  /** Where rows go over more than one epoch: each epoch's last batch may be shorter too. */
  readonly epochs?: Epochs;
  /** Per-sample values to keep for every row, in the order of `rows`. */
  readonly collect?: readonly BufferId[];
}

export interface RunResult {
  /** Mean loss of each batch, before its update. Empty when 'loss' was not run or there is none. */
  readonly losses: Float64Array;
  readonly collected: readonly Float32Array[];
}

/** Threads that a device runs on at present, and how many times faster that is than one thread, or all of them. */
export interface ThreadsReport {
  readonly count: number;
  readonly faster: number;
}

/** The device went away or refused; training can go on elsewhere from the last good state. */
export class DeviceFailure extends Error {
  override readonly name = 'DeviceFailure';
  constructor(
    readonly reason: 'lost' | 'out-of-memory' | 'compile',
    message: string,
  ) {
    super(message);
  }
}

/** A program opened on a device. Numbers are float32, row-major, in the buffers' own shapes. */
export interface Device {
  readonly backend: BackendName;
  /** The data set that `Run.rows` counts in: row-major features and targets, and how much each row counts in the loss (absent: 1). Kept until replaced. */
  setData(features: Float32Array, featureCount: number, targets: Float32Array, targetCount: number, weights?: Float32Array): void;
  write(buffer: BufferId, numbers: ArrayLike<number>): void;
  /** The numbers of each buffer; batched ones hold the last batch, padded to the program's batch. */
  read(buffers: readonly BufferId[]): Promise<Float32Array[]>;
  run(run: Run): Promise<RunResult>;
  /** Null until it is known, and where there is but one thread. */
  readonly threads?: ThreadsReport | null;
  close(): void;
}

export interface Backend {
  readonly name: BackendName;
  /** Why it is absent, or what it is like. Never throws. */
  detect(): Promise<BackendProfile | { readonly absent: string }>;
  /** Target code for a program. Pure. */
  emit(program: Program, profile: BackendProfile): Code;
  /** Buffers are allocated and initialised (constants, slots, hyperparameters). Throws DeviceFailure. */
  open(plan: Plan): Promise<Device>;
}
