/**
 * Closer looks at the CPU backend, in a worker of their own: kernels against the calibration loop, how cost
 * grows with the work, what compiling costs, how large generated code is, and whether drawings of the same
 * network run equally fast. One thread throughout.
 */
import type { Device } from '../../../src/engine/backends/backend';
import { backends } from '../../../src/engine/backends/index';
import { hasFma, wasm } from '../../../src/engine/backends/wasm/index';
import { compile } from '../../../src/engine/compile/compile';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Project } from '../../../src/engine/graph/project';
import { ops } from '../../../src/engine/ops/index';
import { GRADIENT, OUT, type Primitive, RESULT } from '../../../src/engine/ops/op';
import type { Program } from '../../../src/engine/plan';
import { type Api, type Parsers, serve } from '../../../src/engine/remote';
import { initialNumbers } from '../../../src/engine/train/session';
import { drawings, manyScalars } from './drawings';
import type { Chunk } from '../rivals/rival';
import { drawn, flopsOf, inputsOf, type Workload, workloads } from '../workloads';
import { Calibration } from './calibration';

/** A network of equal layers: relu, squared error. */
export interface Square {
  readonly width: number;
  readonly layers: number;
  readonly batch: number;
}

/** Its value, or what it gives back. */
export type Side = 'value' | 'weights' | 'input';

export interface ProbeApi {
  fma(): Promise<boolean>;
  /** GFLOP/s of the multiply-add loop. */
  calibrate(ms: number): Promise<number>;
  /**
   * Share of the loop that whole training steps reach. In a block loop and steps take short turns, and the best
   * turns of each count: what both can do when nobody disturbs them. A number a block.
   */
  efficiency(net: Square, fma: boolean, blocks: number): Promise<readonly number[]>;
  /** The same for one convolution of windows of 3 × 3 on 28 × 28 with a margin, batches of 32. */
  convolution(channels: number, filters: number, of: Side, fma: boolean, blocks: number): Promise<readonly number[]>;
  /** Milliseconds (the best of some times) and bytes of generating a training step. */
  generate(width: number, layers: number): Promise<{ readonly ms: number; readonly bytes: number }>;
  /** Milliseconds to compile a drawing of so many scalar nodes, all plans of it. */
  scalars(nodes: number): Promise<number>;
  /** A workload's program on a device, with no training around it: opens it, and runs it for some time. */
  openBare(workload: string): Promise<void>;
  bare(ms: number): Promise<Chunk>;
  /** Steps a second of the same network drawn in different ways, in turns as above: a row for each block. */
  ways(blocks: number): Promise<{ readonly names: readonly string[]; readonly rates: readonly (readonly number[])[] }>;
}

const PHASES = ['forward', 'loss', 'backward', 'update'] as const;
const BATCHES = 4;
/** Short enough to fall between the disturbances of a busy machine, in ms. */
const TURN = 8;
const TURNS = 10;

const workloadOf = ({ width, layers, batch }: Square): Workload => ({
  dims: Array.from({ length: layers + 1 }, () => width),
  activation: 'relu',
  last: 'identity',
  loss: 'mean-squared-error',
  batch,
  batches: BATCHES,
  rate: 1e-4,
  checkSteps: 0,
});

const profileOf = (fma: boolean) => ({ backend: 'wasm', title: '', fma }) as const;
const programFor = (project: Project, batch: number) => programOf(prepare(project, null), 'fused', batch);

const [SIDE, WINDOW, IMAGES] = [28, 3, 32];

/** One convolution alone, with the margin there already; of the gradient of the input what is left without it. */
function convolutionProgram(channels: number, filters: number, of: Side): Program {
  const op = ops.get('convolve-2d') as Primitive;
  const padded = SIDE + WINDOW - 1;
  const shapes = { x: ['batch', channels, padded, padded] as const, filters: [filters, channels, WINDOW, WINDOW] };
  const out = ['batch', filters, SIDE, SIDE] as const;
  const call = { shapes, attrs: { stride: 1 }, out };
  const { temps = {}, kernels } = of === 'value' ? op.value(call) : op.gradient(call, of === 'input' ? 'x' : 'filters')!;
  const result = of === 'value' ? out : of === 'input' ? shapes.x : shapes.filters;
  const buffers = Object.entries({ ...shapes, [OUT]: out, [GRADIENT]: out, [RESULT]: result, ...temps });
  return {
    detail: 'fused',
    batch: IMAGES,
    buffers: buffers.map(([id, shape]) => ({ id, shape, role: 'temporary' })),
    parameters: [],
    inputs: [],
    steps: kernels.map((kernel) => ({
      phase: 'forward',
      node: 'convolution',
      kernel,
      bind: Object.fromEntries(
        [...kernel.reads.map(({ name }) => name), ...kernel.stores.map(({ to }) => to)].map((n) => [n, n]),
      ),
    })),
    loss: null,
    prediction: null,
  };
}

/** A program on a device, with some data, ready to be timed. */
class Timed {
  #steps = 1;

  private constructor(
    readonly device: Device,
    readonly batch: number,
  ) {}

  static async open(project: Project, batch: number, inputs: number, outputs: number, fma: boolean): Promise<Timed> {
    return Timed.of(programFor(project, batch), inputs, outputs, fma);
  }

  static async of(program: Program, inputs: number, outputs: number, fma: boolean): Promise<Timed> {
    const { batch } = program;
    const device = await wasm.open({ program, backend: 'wasm', code: wasm.emit(program, profileOf(fma)) });
    const rows = batch * BATCHES;
    const numbers = (width: number): Float32Array => Float32Array.from({ length: rows * width }, (_, at) => Math.sin(at));
    device.setData(numbers(inputs), inputs, numbers(outputs), outputs);
    for (const p of program.parameters) device.write(p.value, initialNumbers(p, 1));
    return new Timed(device, batch);
  }

  async #run(steps: number): Promise<number> {
    const rows = Uint32Array.from({ length: steps * this.batch }, (_, at) => at % (this.batch * BATCHES));
    const begin = performance.now();
    await this.device.run({ phases: PHASES, rows, batch: this.batch });
    return performance.now() - begin;
  }

  /** Steps a second over about so many milliseconds. */
  async rate(ms: number): Promise<number> {
    let steps = 0;
    let took = 0;
    while (took < ms) {
      const now = await this.#run(this.#steps);
      steps += this.#steps;
      took += now;
      if (now < ms / 2) this.#steps = Math.min(2 * this.#steps, Math.ceil(2 ** 20 / this.batch));
    }
    return (1000 * steps) / took;
  }

  async warm(): Promise<void> {
    for (let call = 0; call < 8; call++) await this.rate(2 * TURN);
  }
}

/** Shares of the loop in turns beside it. */
async function sharesOf(timed: Timed, flops: number, calibration: Calibration, blocks: number): Promise<number[]> {
  await timed.warm();
  const shares: number[] = [];
  for (let block = 0; block < blocks; block++) {
    let [loop, rate] = [0, 0];
    for (let turn = 0; turn < TURNS; turn++) {
      loop = Math.max(loop, calibration.measure(TURN));
      rate = Math.max(rate, await timed.rate(TURN));
    }
    shares.push((rate * flops) / 1e9 / loop);
  }
  timed.device.close();
  return shares;
}

let bare: Timed | null = null;

const api: ProbeApi = {
  async fma() {
    return hasFma();
  },
  async calibrate(ms) {
    return (await Calibration.open(hasFma())).measure(ms);
  },
  async efficiency(net, fma, blocks) {
    const w = workloadOf(net);
    const calibration = await Calibration.open(fma);
    const timed = await Timed.open(drawn(w), w.batch, net.width, net.width, fma);
    return sharesOf(timed, flopsOf(w), calibration, blocks);
  },
  async convolution(channels, filters, of, fma, blocks) {
    const flops = 2 * IMAGES * channels * filters * WINDOW ** 2 * SIDE ** 2;
    const timed = await Timed.of(convolutionProgram(channels, filters, of), 0, 0, fma);
    return sharesOf(timed, flops, await Calibration.open(fma), blocks);
  },
  async generate(width, layers) {
    const program = programFor(drawn(workloadOf({ width, layers, batch: 32 })), 32);
    const times: number[] = [];
    let bytes = 0;
    for (let at = 0; at < 15; at++) {
      const begin = performance.now();
      const code = wasm.emit(program, profileOf(hasFma()));
      times.push(performance.now() - begin);
      if (code.kind === 'wasm') bytes = code.bytes.length;
    }
    return { ms: Math.min(...times), bytes };
  },
  async scalars(nodes) {
    const project = manyScalars(nodes);
    const begin = performance.now();
    const plans = compile(
      { project, data: null, profile: { present: [profileOf(hasFma())], absent: [] }, backend: 'wasm', revision: 1 },
      backends,
    );
    const took = performance.now() - begin;
    if (!plans.ok) throw new Error(plans.problems.map(({ message }) => message).join('\n'));
    return took;
  },
  async openBare(workload) {
    bare?.device.close();
    const w = workloads[workload]!;
    bare = await Timed.open(drawn(w), w.batch, inputsOf(w), w.dims.at(-1)!, hasFma());
  },
  async bare(ms) {
    return { steps: ((await bare!.rate(ms)) * ms) / 1000, ms };
  },
  async ways(blocks) {
    const made = Object.entries(drawings());
    const timed: Timed[] = [];
    for (const [, project] of made) timed.push(await Timed.open(project, 10, 2, 1, hasFma()));
    for (const each of timed) await each.warm();
    const rates: number[][] = [];
    for (let block = 0; block < blocks; block++) {
      const row = timed.map(() => 0);
      for (let turn = 0; turn < TURNS; turn++)
        for (const [at, each] of timed.entries()) row[at] = Math.max(row[at]!, await each.rate(TURN));
      rates.push(row);
    }
    for (const { device } of timed) device.close();
    return { names: made.map(([name]) => name), rates };
  },
};

/** The page and its worker are one program. */
const trusted = new Proxy({} as Parsers<ProbeApi & Api<ProbeApi>>, {
  get: () => (args: readonly unknown[]) => args,
  getOwnPropertyDescriptor: (_target, method) =>
    Object.hasOwn(api, method) ? { configurable: true, enumerable: true } : undefined,
});
serve<ProbeApi>(api, trusted, {
  post: (message) => self.postMessage(message),
  onMessage(listener) {
    const receive = (event: MessageEvent): void => listener(event.data);
    self.addEventListener('message', receive);
    return () => self.removeEventListener('message', receive);
  },
});
