/**
 * What pauses training so that one can look: a gradient that grows too long, a loss that rises, a ReLU unit
 * that gives 0 for whole batches, a weight that changes its sign. While any is set, each batch is also run
 * through the every-edge program with the weights from before its step, since the training program keeps
 * neither gradients nor values. Each is told once, when it begins to hold.
 */
import { nameOf } from '../compile/infer';
import type { Device } from '../backends/backend';
import type { Breakpoint } from '../graph/project';
import { sampleSize } from '../ir/shape';
import { activationFacts } from '../ops/facts';
import { bufferIds, type Plans, type Weights } from '../plan';
import type { Dataset } from '../data/dataset';

/** Where a breakpoint holds. */
export interface Hit {
  /** Node of the expanded drawing. */
  readonly node?: string;
  readonly message: string;
}

const DEFAULTS: Readonly<Record<Breakpoint['kind'], number>> = { gradient: 10, loss: 0, dead: 5, sign: 0 };

const short = (x: number): string => String(Number(x.toPrecision(4))).replace('-', '−');

interface Seen {
  readonly gradients: ReadonlyMap<string, Float64Array>;
  /** For each node with units that can die: which of them gave 0 for the whole batch. */
  readonly silent: ReadonlyMap<string, readonly boolean[]>;
}

export class Breakpoints {
  readonly #rules: readonly Breakpoint[];
  /** What holds at present, so that it is told once. */
  readonly #holding = new Set<string>();
  readonly #silentFor = new Map<string, number>();
  #lastLoss: number | null = null;

  constructor(
    rules: readonly Breakpoint[],
    readonly plans: Plans,
  ) {
    this.#rules = rules.filter((rule) => rule.off !== true);
  }

  get any(): boolean {
    return this.#rules.length > 0;
  }
  /** Whether gradients or values of the batch are asked for. */
  get #looks(): boolean {
    return this.#rules.some(({ kind }) => kind === 'gradient' || kind === 'dead');
  }

  /** Training goes on from another moment. */
  restart(): void {
    this.#lastLoss = null;
    this.#silentFor.clear();
    this.#holding.clear();
  }

  /** Gradients and silent units of a batch with the weights that the device has. Call it before the step. */
  async look(device: Device, data: Dataset, rows: Uint32Array): Promise<Seen | null> {
    if (!this.#looks) return null;
    const { program } = this.plans.live;
    const parameters = program.parameters.filter((p) => p.gradient !== null);
    const dying = Object.values(this.plans.drawing.graph.nodes).filter(
      ({ id, op }) => activationFacts(op).dies !== undefined && program.buffers.some((b) => b.id === bufferIds.value(id)),
    );
    const gradients = new Map<string, Float64Array>();
    const silent = new Map<string, boolean[]>();
    device.setData(data.x, data.features.length, data.y, data.targets.length, data.weights);
    for (let from = 0; from < rows.length; from += program.batch) {
      const part = rows.subarray(from, from + program.batch);
      await device.run({ phases: ['forward', 'loss', 'backward'], rows: part, batch: part.length });
      const ids = [...parameters.map((p) => p.gradient!), ...dying.map(({ id }) => bufferIds.value(id))];
      const numbers = await device.read(ids);
      const weight = part.length / rows.length;
      parameters.forEach((p, i) => {
        const source = numbers[i]!;
        const sum = gradients.get(p.key) ?? new Float64Array(source.length);
        for (let k = 0; k < source.length; k++) sum[k]! += weight * source[k]!;
        gradients.set(p.key, sum);
      });
      dying.forEach(({ id }, i) => {
        const source = numbers[parameters.length + i]!;
        const width = sampleSize(program.buffers.find((b) => b.id === bufferIds.value(id))!.shape);
        const units = silent.get(id) ?? new Array<boolean>(width).fill(true);
        for (let row = 0; row < part.length; row++)
          for (let k = 0; k < width; k++) if (source[row * width + k] !== 0) units[k] = false;
        silent.set(id, units);
      });
    }
    return { gradients, silent };
  }

  /** What begins to hold with this step; null when nothing does. */
  afterStep(seen: Seen | null, loss: number, before: Weights | null, after: Weights | null): Hit | null {
    const hits: Hit[] = [];
    for (const rule of this.#rules) {
      const limit = rule.limit ?? DEFAULTS[rule.kind];
      if (rule.kind === 'loss') {
        const last = this.#lastLoss;
        if (last !== null && loss > last + limit * Math.abs(last))
          hits.push({ message: `The loss rose from ${short(last)} to ${short(loss)}.` });
      } else if (rule.kind === 'gradient' && seen) this.#gradients(rule, limit, seen, hits);
      else if (rule.kind === 'dead' && seen) this.#dead(rule, limit, seen, hits);
      else if (rule.kind === 'sign' && before && after) this.#signs(rule, before, after, hits);
    }
    this.#lastLoss = loss;
    const [first, ...more] = hits;
    if (!first) return null;
    return more.length === 0
      ? first
      : {
          ...first,
          message: `${first.message} ${more.length === 1 ? 'One other breakpoint holds' : `${more.length} other breakpoints hold`} too.`,
        };
  }

  get wantsWeights(): boolean {
    return this.#rules.some(({ kind }) => kind === 'sign');
  }

  #inside(rule: Breakpoint, node: string): boolean {
    return rule.node === undefined || rule.node === node || this.plans.drawing.owner[node] === rule.node;
  }

  #begins(key: string, holds: boolean): boolean {
    if (!holds) {
      this.#holding.delete(key);
      return false;
    }
    if (this.#holding.has(key)) return false;
    this.#holding.add(key);
    return true;
  }

  #name(node: string): string {
    const { graph } = this.plans.drawing;
    return graph.nodes[node] ? nameOf(graph.nodes[node]) : node;
  }

  #gradients(rule: Breakpoint, limit: number, { gradients }: Seen, hits: Hit[]): void {
    let worst: { node: string; size: number } | null = null;
    for (const [node, numbers] of gradients) {
      if (!this.#inside(rule, node)) continue;
      let squares = 0;
      for (const x of numbers) squares += x * x;
      const size = Math.sqrt(squares);
      if (this.#begins(`gradient ${limit} ${node}`, size > limit) && (worst === null || size > worst.size))
        worst = { node, size };
    }
    if (worst)
      hits.push({
        node: worst.node,
        message: `The gradient of '${this.#name(worst.node)}' is ${short(worst.size)} long, more than ${short(limit)}.`,
      });
  }

  #dead(rule: Breakpoint, limit: number, { silent }: Seen, hits: Hit[]): void {
    const most = Math.max(1, Math.round(limit));
    for (const [node, units] of silent) {
      if (!this.#inside(rule, node)) continue;
      const died: number[] = [];
      units.forEach((zero, k) => {
        const key = `${node} ${k} ${most}`;
        const batches = zero ? (this.#silentFor.get(key) ?? 0) + 1 : 0;
        this.#silentFor.set(key, batches);
        if (this.#begins(`dead ${key}`, batches >= most)) died.push(k + 1);
      });
      if (died.length === 0) continue;
      const which =
        units.length === 1
          ? `'${this.#name(node)}'`
          : `${died.length === 1 ? `Unit ${died[0]}` : `Units ${died.slice(0, 8).join(', ')}${died.length > 8 ? ', …' : ''}`} of '${this.#name(node)}'`;
      const one = units.length === 1 || died.length === 1;
      hits.push({
        node,
        message: `${which} gave 0 for every row of ${most === 1 ? 'the batch' : `${most} batches in a row`}: ${one ? 'it no longer learns' : 'they no longer learn'}.`,
      });
    }
  }

  #signs(rule: Breakpoint, before: Weights, after: Weights, hits: Hit[]): void {
    for (const [node, { data }] of Object.entries(after)) {
      const old = before[node]?.data;
      if (!old || !this.#inside(rule, node)) continue;
      const at = data.findIndex((w, i) => w * old[i]! < 0);
      if (at < 0) continue;
      const element = data.length === 1 ? `'${this.#name(node)}'` : `Number ${at + 1} of '${this.#name(node)}'`;
      hits.push({ node, message: `${element} changed its sign, from ${short(old[at]!)} to ${short(data[at]!)}.` });
    }
  }
}
