/**
 * Steps per second of the WebAssembly backend on the standard workloads, drawn as ordinary projects and
 * compiled by the ordinary compiler. Before a number is printed the same steps are made in float64 and
 * the losses compared. Runs in Node and, bundled, in a page; `bench(['W1', 'W3'])`.
 */
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { prepare, programOf } from '../../src/engine/compile/program';
import { edge, type Attrs, type Edge, type Node } from '../../src/engine/graph/graph';
import { defaultSettings, type Project } from '../../src/engine/graph/project';
import type { Program } from '../../src/engine/plan';

interface Workload {
  readonly dims: readonly number[];
  readonly activation: 'tanh' | 'relu';
  readonly last: 'tanh' | 'identity';
  readonly loss: 'mean-squared-error' | 'cross-entropy-logits';
  readonly batch: number;
  readonly batches: number;
  readonly rate: number;
  readonly checkSteps: number;
}

export const workloads: Readonly<Record<string, Workload>> = {
  W1: {
    dims: [2, 8, 8, 1],
    activation: 'tanh',
    last: 'tanh',
    loss: 'mean-squared-error',
    batch: 10,
    batches: 50,
    rate: 0.03,
    checkSteps: 20,
  },
  W1b: {
    dims: [2, 4, 2, 1],
    activation: 'tanh',
    last: 'tanh',
    loss: 'mean-squared-error',
    batch: 1,
    batches: 500,
    rate: 0.03,
    checkSteps: 20,
  },
  W2: {
    dims: [64, 32, 10],
    activation: 'relu',
    last: 'identity',
    loss: 'cross-entropy-logits',
    batch: 32,
    batches: 56,
    rate: 0.1,
    checkSteps: 20,
  },
  W3: {
    dims: [784, 512, 512, 10],
    activation: 'relu',
    last: 'identity',
    loss: 'cross-entropy-logits',
    batch: 128,
    batches: 16,
    rate: 0.05,
    checkSteps: 2,
  },
  W4: {
    dims: [1024, 2048, 2048, 1024],
    activation: 'relu',
    last: 'identity',
    loss: 'mean-squared-error',
    batch: 256,
    batches: 4,
    rate: 0.05,
    checkSteps: 0,
  },
};

function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function drawn(w: Workload): Project {
  const nodes: Record<string, Node> = {};
  const edges: Record<string, Edge> = {};
  const put = (id: string, op: string, attrs: Attrs, inputs: Readonly<Record<string, string>> = {}): string => {
    nodes[id] = { id, op, attrs };
    for (const [port, from] of Object.entries(inputs)) {
      const e = edge(from, id, port);
      edges[e.id] = e;
    }
    return id;
  };
  let at = put('x', 'input', { shape: [w.dims[0]!] });
  w.dims.slice(1).forEach((units, i) => {
    const activation = i + 2 === w.dims.length ? w.last : w.activation;
    at = put(`layer${i}`, 'dense', { units, activation }, { x: at });
  });
  const target = put('t', 'target', { shape: [w.dims.at(-1)!] });
  put('loss', w.loss, {}, { prediction: at, target });
  return {
    nodes,
    edges,
    positions: {},
    settings: {
      ...defaultSettings,
      training: { ...defaultSettings.training, optimizer: 'sgd', hyper: { rate: w.rate, learningRate: w.rate }, batch: w.batch },
    },
  };
}

export const programFor = (w: Workload): Program => programOf(prepare(drawn(w), null), 'fused', w.batch);

function data(w: Workload): { x: Float32Array; y: Float32Array } {
  const [rows, inputs, outputs] = [w.batch * w.batches, w.dims[0]!, w.dims.at(-1)!];
  const random = mulberry32(1234);
  const x = Float32Array.from({ length: rows * inputs }, () => random() * 2 - 1);
  const y = new Float32Array(rows * outputs);
  if (w.loss === 'cross-entropy-logits') for (let i = 0; i < rows; i++) y[i * outputs + Math.floor(random() * outputs)] = 1;
  else for (let i = 0; i < y.length; i++) y[i] = random() * 1.6 - 0.8;
  return { x, y };
}

/** Glorot-uniform weights in the order weight, bias, weight, bias … */
function parameters(w: Workload): Float32Array[] {
  const random = mulberry32(42);
  return w.dims.slice(1).flatMap((outputs, i) => {
    const inputs = w.dims[i]!;
    const limit = Math.sqrt(6 / (inputs + outputs));
    return [Float32Array.from({ length: inputs * outputs }, () => (random() * 2 - 1) * limit), new Float32Array(outputs)];
  });
}

/** Losses of the first steps, in plain float64. */
function losses64(w: Workload, x: Float32Array, y: Float32Array, given: readonly Float32Array[], steps: number): number[] {
  const params = given.map((p) => Float64Array.from(p));
  const layers = w.dims.length - 1;
  const [B, O] = [w.batch, w.dims.at(-1)!];
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const first = (step % w.batches) * B;
    const values = [Float64Array.from(x.subarray(first * w.dims[0]!, (first + B) * w.dims[0]!))];
    for (let l = 0; l < layers; l++) {
      const [I, N] = [w.dims[l]!, w.dims[l + 1]!];
      const z = new Float64Array(B * N);
      for (let s = 0; s < B; s++) {
        for (let o = 0; o < N; o++) z[s * N + o] = params[2 * l + 1]![o]!;
        for (let i = 0; i < I; i++)
          for (let o = 0; o < N; o++) z[s * N + o]! += values[l]![s * I + i]! * params[2 * l]![i * N + o]!;
      }
      const activation = l + 1 === layers ? w.last : w.activation;
      values.push(activation === 'tanh' ? z.map(Math.tanh) : activation === 'relu' ? z.map((v) => Math.max(v, 0)) : z);
    }
    const out = values[layers]!;
    let loss = 0;
    let d = new Float64Array(B * O);
    for (let s = 0; s < B; s++) {
      const row = out.subarray(s * O, (s + 1) * O);
      const t = y.subarray((first + s) * O, (first + s + 1) * O);
      if (w.loss === 'mean-squared-error')
        row.forEach((v, o) => {
          loss += (v - t[o]!) ** 2 / (B * O);
          d[s * O + o] = (2 * (v - t[o]!)) / (B * O);
        });
      else {
        const most = Math.max(...row);
        const total = row.reduce((sum, v) => sum + Math.exp(v - most), 0);
        row.forEach((v, o) => {
          if (t[o]! > 0) loss -= (v - most - Math.log(total)) / B;
          d[s * O + o] = (Math.exp(v - most) / total - t[o]!) / B;
        });
      }
    }
    losses.push(loss);
    for (let l = layers - 1; l >= 0; l--) {
      const [I, N] = [w.dims[l]!, w.dims[l + 1]!];
      const activation = l + 1 === layers ? w.last : w.activation;
      const value = values[l + 1]!;
      d.forEach((g, at) => {
        d[at] = activation === 'tanh' ? g * (1 - value[at]! ** 2) : activation === 'relu' && !(value[at]! > 0) ? 0 : g;
      });
      const before = new Float64Array(B * I);
      const [weight, bias] = [params[2 * l]!, params[2 * l + 1]!];
      for (let s = 0; s < B; s++)
        for (let i = 0; i < I; i++) for (let o = 0; o < N; o++) before[s * I + i]! += d[s * N + o]! * weight[i * N + o]!;
      for (let s = 0; s < B; s++)
        for (let o = 0; o < N; o++) {
          bias[o]! -= w.rate * d[s * N + o]!;
          for (let i = 0; i < I; i++) weight[i * N + o]! -= w.rate * values[l]![s * I + i]! * d[s * N + o]!;
        }
      d = before;
    }
  }
  return losses;
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

export interface Measured {
  readonly workload: string;
  readonly fma: boolean;
  readonly stepsPerSecond: number;
  /** The fastest run: what a quiet machine would give. */
  readonly best: number;
  readonly error: number;
  readonly bytes: number;
  readonly emitMs: number;
}

export async function measure(name: string, fma: boolean, seconds = 0.2, runs = 12): Promise<Measured> {
  const w = workloads[name]!;
  const program = programFor(w);
  const profile = { backend: 'wasm', title: '', fma } as const;
  wasm.emit(program, profile);
  const before = performance.now();
  const code = wasm.emit(program, profile);
  const emitMs = performance.now() - before;
  const device = await wasm.open({ program, backend: 'wasm', code });
  const { x, y } = data(w);
  device.setData(x, w.dims[0]!, y, w.dims.at(-1)!);
  const given = parameters(w);
  program.parameters.forEach((p) => {
    const layer = Number(/layer(\d+)/.exec(p.key)![1]);
    device.write(p.value, given[2 * layer + (p.role === 'weight' ? 0 : 1)]!);
  });
  const rows = (steps: number): Uint32Array => Uint32Array.from({ length: steps * w.batch }, (_, i) => i % (w.batch * w.batches));
  const phases = ['forward', 'loss', 'backward', 'update'] as const;
  let error = 0;
  if (w.checkSteps > 0) {
    const { losses } = await device.run({ phases, rows: rows(w.checkSteps), batch: w.batch });
    const right = losses64(w, x, y, given, w.checkSteps);
    for (const [i, loss] of right.entries()) error = Math.max(error, Math.abs(losses[i]! - loss) / Math.abs(loss));
    if (!(error < 1e-5))
      throw new Error(
        `${name}: not the same work, losses are off by ${error}: ${losses.slice(0, 4)} instead of ${right.slice(0, 4)}`,
      );
  }
  // As in the product: many steps a call, here about 20 ms.
  let steps = 1;
  let took = 0;
  const time = async (): Promise<number> => {
    const list = rows(steps);
    const start = performance.now();
    await device.run({ phases, rows: list, batch: w.batch });
    return performance.now() - start;
  };
  for (let warm = 0; warm < 400 && took < 20; warm++) {
    took = await time();
    if (took < 20) steps = Math.min(Math.ceil(steps * Math.min(4, 25 / Math.max(took, 0.5))), Math.floor(16_384 / w.batch) * 4);
    if (warm > 60 && steps * w.batch >= 16_384) break;
  }
  const rates: number[] = [];
  const list = rows(steps);
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    let done = 0;
    while (performance.now() - start < 1000 * seconds) {
      await device.run({ phases, rows: list, batch: w.batch });
      done += steps;
    }
    rates.push((1000 * done) / (performance.now() - start));
  }
  device.close();
  return {
    workload: name,
    fma,
    stepsPerSecond: median(rates),
    best: Math.max(...rates),
    error,
    bytes: code.kind === 'wasm' ? code.bytes.length : 0,
    emitMs,
  };
}

export async function bench(
  names: readonly string[] = Object.keys(workloads),
  say: (line: string) => void = console.log,
): Promise<void> {
  for (const name of names)
    for (const fma of hasFma() ? [true, false] : [false]) {
      const m = await measure(name, fma);
      say(
        `${name.padEnd(4)} ${fma ? 'FMA  ' : 'plain'} ${Math.round(m.stepsPerSecond).toLocaleString('en').padStart(12)} steps/s, best ${Math.round(m.best).toLocaleString('en').padStart(11)}   error ${m.error.toExponential(1)}   ${(m.bytes / 1000).toFixed(1)} kB in ${m.emitMs.toFixed(1)} ms`,
      );
    }
}

if (typeof process === 'object' && process.argv[1]?.includes('wasm'))
  void bench(process.argv.slice(2).length > 0 ? process.argv.slice(2) : undefined);
