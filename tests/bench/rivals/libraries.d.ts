/** What the adapters use of the foreign libraries. */

export interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

export interface Tf {
  variable(start: TfTensor): TfTensor;
  tensor(numbers: Float32Array, shape: readonly number[]): TfTensor;
  tensor2d(numbers: Float32Array, shape: readonly [number, number]): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  reshape(a: TfTensor, shape: readonly number[]): TfTensor;
  conv2d(a: TfTensor, filters: TfTensor, strides: number, padding: 'same' | 'valid'): TfTensor;
  maxPool(a: TfTensor, size: number, strides: number, padding: 'same' | 'valid'): TfTensor;
  tanh(a: TfTensor): TfTensor;
  relu(a: TfTensor): TfTensor;
  readonly losses: Readonly<
    Record<'meanSquaredError' | 'softmaxCrossEntropy', (target: TfTensor, prediction: TfTensor) => TfTensor>
  >;
  readonly train: { sgd(rate: number): { minimize(loss: () => TfTensor, cost: boolean, variables: readonly TfTensor[]): void } };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  env(): { set(flag: string, value: boolean): void };
}

export function tensorflow(): Promise<{
  readonly tf: Tf;
  setThreadsCount(count: number): void;
  setWasmPaths(folder: string): void;
}>;

/** An array of jax-js. Operations consume it; `ref` keeps it for one more use. */
export interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  sum(): JaxArray;
  mean(): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
}

export interface Jax {
  readonly numpy: {
    array(numbers: Float32Array): JaxArray;
    dot(a: JaxArray, b: JaxArray): JaxArray;
    tanh(a: JaxArray): JaxArray;
    square(a: JaxArray): JaxArray;
  };
  readonly nn: { relu(a: JaxArray): JaxArray; logSoftmax(a: JaxArray): JaxArray };
  readonly tree: { ref(arrays: JaxArray[]): JaxArray[] };
  jit<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R;
  grad<A extends readonly unknown[]>(
    f: (parameters: JaxArray[], ...rest: A) => JaxArray,
  ): (parameters: JaxArray[], ...rest: A) => JaxArray[];
  init(device: string): Promise<readonly string[]>;
  defaultDevice(device: string): void;
  blockUntilReady(arrays: unknown): Promise<unknown>;
}

export function jax(): Promise<Jax>;

export interface BrainNet {
  train(set: readonly BrainSample[], options: object): void;
  formatData(set: readonly BrainSample[]): readonly object[];
  verifyIsInitialized(set: readonly object[]): void;
  trainPattern(sample: object, logged: boolean): void;
}
export interface BrainSample {
  readonly input: Float32Array;
  readonly output: Float32Array;
}

export function brain(): Promise<new (options: object) => BrainNet>;
