/**
 * Plans opened on devices: the weights' home while a network is trained. The training device owns the
 * numbers; the devices for evaluation and for the live view get copies when they are asked something.
 */
import type { Backend, Device } from '../backends/backend';
import { draw, initializerOf } from '../ops/initializers';
import { product, sizeOf } from '../ir/shape';
import { RATE } from '../optimizers/optimizer';
import {
  type BackendName,
  type BufferId,
  bufferIds,
  type BufferSpec,
  type ParameterSpec,
  type Plan,
  type Plans,
  type Weights,
} from '../plan';
import type { Dataset } from '../data/dataset';
import { score, type Score, type Takes } from './metrics';
import { Random } from '../data/random';

/** Floats of data that the evaluation device holds at a time. */
const EVALUATION_FLOATS = 2 ** 21;

/** Everything that training changes: parameters, optimizer slots, counters. */
export type State = ReadonlyMap<BufferId, Float32Array>;

/** Row-major features and targets, the rows to take (null: all), and the values to keep for every row. */
type Forward = [
  x: Float32Array,
  width: number,
  y: Float32Array,
  targetWidth: number,
  rows: Uint32Array | null,
  collect: readonly BufferId[],
  /** The weights to use, if not the present ones. */
  state?: State | undefined,
  /** How much each row counts in the loss. */
  weights?: Float32Array | undefined,
];

export class Session {
  readonly parameters: readonly ParameterSpec[];
  readonly #stateIds: readonly BufferId[];
  /** Grows with every change of the weights, so that copies know when they are old. */
  #version = 0;
  readonly #copied = new Map<Device, number>();
  #asking: Promise<unknown> = Promise.resolve();
  /** Hyperparameters as set, by buffer. */
  readonly #hyper = new Map<BufferId, number>();
  /** A schedule's factor on the learning rate. */
  #rateFactor = 1;

  #plans: Plans;
  #train: Device | null;

  private constructor(
    plans: Plans,
    train: Device | null,
    readonly evaluate: Device,
    readonly live: Device,
    readonly openLive: () => Promise<Device>,
    readonly backends: ReadonlyMap<BackendName, Backend>,
  ) {
    this.#plans = plans;
    this.#train = train;
    const program = (plans.train ?? plans.evaluate).program;
    this.parameters = plans.evaluate.program.parameters;
    for (const b of program.buffers) if (b.role === 'hyper') this.#hyper.set(b.id, b.init as number);
    this.#stateIds = program.buffers.filter((b) => b.role === 'parameter' || b.role === 'slot').map((b) => b.id);
  }

  /**
   * Throws DeviceFailure when a device cannot be opened; nothing is left open then. `training`: the device for the
   * training plan, where it is open already.
   */
  static async open(plans: Plans, backends: ReadonlyMap<BackendName, Backend>, training?: Device): Promise<Session> {
    const opened: Device[] = training ? [training] : [];
    const open = async (plan: Plan): Promise<Device> => {
      const device = await backends.get(plan.backend)!.open(plan);
      opened.push(device);
      return device;
    };
    try {
      const train = training ?? (plans.train ? await open(plans.train) : null);
      const openLive = (): Promise<Device> => backends.get(plans.live.backend)!.open(plans.live);
      return new Session(plans, train, await open(plans.evaluate), await open(plans.live), openLive, backends);
    } catch (error) {
      for (const device of opened) device.close();
      throw error;
    }
  }

  get plans(): Plans {
    return this.#plans;
  }

  /** The device that trains; null while there is nothing to train. */
  get train(): Device | null {
    return this.#train;
  }

  /** Gives another device of the training program everything that training changes, and the hyperparameters. */
  lendTo(device: Device, state: State): void {
    for (const [id, numbers] of state) device.write(id, numbers);
    for (const [id, value] of this.hyper) device.write(id, [value]);
  }

  /** Training goes on on another device, from the present state, or from another one where the device is lost. */
  async moveTo(plan: Plan, device: Device, state?: State): Promise<void> {
    this.lendTo(device, state ?? (await this.state()));
    this.#train?.close();
    this.#train = device;
    this.#plans = { ...this.#plans, train: plan };
    this.#version++;
  }

  get rateFactor(): number {
    return this.#rateFactor;
  }

  get #owner(): Device {
    return this.train ?? this.evaluate;
  }

  get backend(): BackendName {
    return this.#owner.backend;
  }

  /** New numbers for every parameter; each draws from a stream of its own, so that none depends on others. */
  initialize(seed: number): void {
    for (const p of this.parameters) this.#owner.write(this.#bufferOf(p), initialNumbers(p, seed));
    this.#restartSlots();
    this.#version++;
  }

  #bufferOf(p: ParameterSpec): BufferId {
    return p.value;
  }

  #restartSlots(): void {
    const program = this.plans.train?.program;
    for (const { id, role, shape, init = 0 } of program?.buffers ?? []) {
      if (role !== 'slot') continue;
      this.train!.write(id, typeof init === 'number' ? new Float32Array(sizeOf(shape, program!.batch)).fill(init) : init);
    }
  }

  async weights(): Promise<Weights> {
    const owned = this.#ownedParameters();
    const numbers = await this.#owner.read(owned.map((p) => p.value));
    const weights: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
    owned.forEach((p, i) => {
      weights[p.key] = { shape: p.shape, data: numbers[i]! };
    });
    // Parameters that do not lead to the loss live on the evaluation device alone.
    const rest = this.parameters.filter((p) => !(p.key in weights));
    const others = await this.evaluate.read(rest.map((p) => p.value));
    rest.forEach((p, i) => {
      weights[p.key] = { shape: p.shape, data: others[i]! };
    });
    return weights;
  }

  #ownedParameters(): readonly ParameterSpec[] {
    const ids = new Set(this.#stateIds);
    return this.parameters.filter((p) => ids.has(p.value));
  }

  /** Sets the parameters whose key and shape fit; returns their keys. */
  setWeights(weights: Weights): string[] {
    const ids = new Set(this.#stateIds);
    const set: string[] = [];
    for (const p of this.parameters) {
      const tensor = weights[p.key];
      if (!tensor || tensor.shape.join() !== p.shape.join()) continue;
      (ids.has(p.value) ? this.#owner : this.evaluate).write(p.value, tensor.data);
      if (!ids.has(p.value)) this.live.write(p.value, tensor.data);
      set.push(p.key);
    }
    this.#version++;
    return set;
  }

  /** The buffers that `state` reads. */
  get stateBuffers(): readonly BufferSpec[] {
    const ids = new Set(this.#stateIds);
    return (this.plans.train ?? this.plans.evaluate).program.buffers.filter(({ id }) => ids.has(id));
  }

  /** What `state` will take. */
  get stateBytes(): number {
    const { batch } = (this.plans.train ?? this.plans.evaluate).program;
    return this.stateBuffers.reduce((sum, { shape }) => sum + 4 * sizeOf(shape, batch), 0);
  }

  /** The optimizer's memory, for a plan with the same parameters and rule. */
  async state(): Promise<State> {
    const numbers = await this.#owner.read(this.#stateIds);
    return new Map(this.#stateIds.map((id, i) => [id, numbers[i]!]));
  }

  /** The optimizer's memory without the parameters, by buffer. */
  async slots(): Promise<Readonly<Record<BufferId, Float32Array>>> {
    const parameters = new Set(this.parameters.map((p) => p.value));
    const ids = this.#stateIds.filter((id) => !parameters.has(id));
    const numbers = await this.#owner.read(ids);
    return Object.fromEntries(ids.map((id, i) => [id, numbers[i]!]));
  }

  /** Buffers that this session does not have, or of another size, are passed over. */
  setState(state: State): void {
    const { program } = this.plans.train ?? this.plans.evaluate;
    const specs = new Map(program.buffers.map((b) => [b.id, b]));
    for (const [id, numbers] of state) {
      const spec = specs.get(id);
      if (spec && sizeOf(spec.shape, program.batch) === numbers.length) this.#owner.write(id, numbers);
    }
    this.#version++;
  }

  /** Hyperparameters of the optimizer, by name. Names the rule does not have are passed over. */
  tune(hyper: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(hyper)) {
      const id = bufferIds.hyper(name);
      if (!this.#hyper.has(id)) continue;
      this.#hyper.set(id, value);
      this.train?.write(id, [this.#present(id)]);
    }
  }

  /** The factor of a schedule; it stays when the rate itself is tuned. */
  scaleRate(factor: number): void {
    if (factor === this.#rateFactor) return;
    this.#rateFactor = factor;
    const id = bufferIds.hyper(RATE);
    if (this.#hyper.has(id)) this.train?.write(id, [this.#present(id)]);
  }

  #present(id: BufferId): number {
    return this.#hyper.get(id)! * (id === bufferIds.hyper(RATE) ? this.#rateFactor : 1);
  }

  /** Hyperparameters as they act at present, by buffer. */
  get hyper(): ReadonlyMap<BufferId, number> {
    return new Map([...this.#hyper.keys()].map((id) => [id, this.#present(id)]));
  }

  /**
   * The parameters after one step of the training program from the present weights, with a fresh memory: on a device
   * of its own, so that training is not touched. Null: nothing trains, or there is no room for a second device.
   */
  async trialStep(
    data: Dataset,
    rows: Uint32Array,
    keys: readonly BufferId[],
    backends: ReadonlyMap<BackendName, Backend>,
  ): Promise<ReadonlyMap<BufferId, Float32Array> | null> {
    const plan = this.plans.train;
    if (!plan) return null;
    let device: Device | null = null;
    try {
      device = await backends.get(plan.backend)!.open(plan);
      const owned = this.#ownedParameters();
      const numbers = await this.#owner.read(owned.map((p) => p.value));
      for (const [i, p] of owned.entries()) device.write(p.value, numbers[i]!);
      for (const [id, value] of this.hyper) device.write(id, [value]);
      device.setData(data.x, data.features.length, data.y, data.targets.length);
      await device.run({ phases: ['forward', 'loss', 'backward', 'update'], rows, batch: rows.length });
      const known = keys.filter((key) => this.#stateIds.includes(key));
      const after = await device.read(known);
      return new Map(known.map((key, i) => [key, after[i]!.slice()]));
    } catch {
      return null;
    } finally {
      device?.close();
    }
  }

  changed(): void {
    this.#version++;
  }

  /** Brings a copy's weights up to date. */
  async refresh(device: Device): Promise<void> {
    if (device === this.#owner || this.#copied.get(device) === this.#version) return;
    const version = this.#version;
    const owned = this.#ownedParameters();
    const numbers = await this.#owner.read(owned.map((p) => p.value));
    for (const [i, p] of owned.entries()) device.write(p.value, numbers[i]!);
    this.#copied.set(device, version);
  }

  /** The evaluation device gets the weights of another moment, until it is refreshed. */
  #lend(state: State): void {
    this.#copied.delete(this.evaluate);
    for (const { value } of this.#ownedParameters()) {
      const numbers = state.get(value);
      if (numbers) this.evaluate.write(value, numbers);
    }
  }

  /**
   * Runs rows forward in pieces: mean loss, and the values of some nodes for every row. `x` and `y` are
   * row-major; without targets only values that do not depend on them mean anything.
   */
  forward(...request: Forward): Promise<{ loss: number; values: Float32Array[] }> {
    // One question after the other: each sets the evaluation device's data.
    const turn = this.#asking.then(() => this.#forward(...request));
    this.#asking = turn.catch(() => undefined);
    return turn;
  }

  async #forward(
    ...[x, width, y, targetWidth, rows, collect, state, weights]: Forward
  ): Promise<{ loss: number; values: Float32Array[] }> {
    if (state) this.#lend(state);
    else await this.refresh(this.evaluate);
    const total = rows ? rows.length : width > 0 ? x.length / width : y.length / Math.max(1, targetWidth);
    const { program } = this.plans.evaluate;
    const piece = Math.max(1, Math.min(total, Math.floor(EVALUATION_FLOATS / Math.max(1, width + targetWidth))));
    let lossSum = 0;
    const values: Float32Array[][] = collect.map(() => []);
    for (let from = 0; from < total; from += piece) {
      const count = Math.min(piece, total - from);
      const take = (numbers: Float32Array, w: number): Float32Array => {
        if (!rows) return numbers.subarray(from * w, (from + count) * w);
        const out = new Float32Array(count * w);
        for (let i = 0; i < count; i++) {
          const row = rows[from + i]!;
          // Wide rows are copied as blocks.
          if (w >= 16) out.set(numbers.subarray(row * w, (row + 1) * w), i * w);
          else for (let k = 0; k < w; k++) out[i * w + k] = numbers[row * w + k]!;
        }
        return out;
      };
      const ys = y.length === 0 ? new Float32Array(count * targetWidth) : take(y, targetWidth);
      this.evaluate.setData(take(x, width), width, ys, targetWidth, weights && take(weights, 1));
      const order = Uint32Array.from({ length: count }, (_, i) => i);
      const result = await this.evaluate.run({ phases: ['forward', 'loss'], rows: order, batch: program.batch, collect });
      result.losses.forEach((loss, b) => {
        lossSum += loss * Math.min(program.batch, count - b * program.batch);
      });
      result.collected.forEach((numbers, i) => {
        values[i]!.push(numbers);
      });
    }
    return { loss: total > 0 ? lossSum / total : Number.NaN, values: values.map(concat) };
  }

  /** Loss and metrics on some rows of the data, of the present weights or another moment's; null without rows. */
  async score(data: Dataset, rows: Uint32Array, state?: State): Promise<Score | null> {
    if (rows.length === 0) return null;
    const { prediction, loss } = this.plans.evaluate.program;
    const collect = prediction ? [prediction.buffer] : [];
    const result = await this.forward(
      data.x,
      data.features.length,
      data.y,
      data.targets.length,
      rows,
      collect,
      state,
      data.weights,
    );
    const mean = loss ? result.loss : Number.NaN;
    if (!prediction) return { loss: mean };
    const width = data.targets.length;
    const targets = new Float32Array(rows.length * width);
    for (let i = 0; i < rows.length; i++) for (let k = 0; k < width; k++) targets[i * width + k] = data.y[rows[i]! * width + k]!;
    return score(mean, result.values[0]!, targets, data, prediction.takes as Takes);
  }

  close(): void {
    for (const device of [this.train, this.evaluate, this.live]) device?.close();
  }
}

function concat(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The numbers that a parameter starts from: given in the drawing, or drawn from the seed. */
export function initialNumbers(p: ParameterSpec, seed: number): Float32Array {
  if (p.given) return p.given.length === 1 ? new Float32Array(product(p.shape)).fill(p.given[0]!) : Float32Array.from(p.given);
  return Float32Array.from(draw(initializerOf(p.initializer), p.shape, p, new Random(seed, `parameter:${p.key}`)));
}
