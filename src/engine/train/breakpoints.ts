/**
 * What pauses training so that one can look: a gradient that grows too long, a loss that rises, a ReLU unit
 * that gives 0 for whole batches, a weight that changes its sign. The training program keeps the extremes of what they
 * ask for (`compile/watches.ts`), so that one look after a run of many steps says whether anything may have happened in
 * it; only such a run is gone through again, step by step. Each is told once, when it begins to hold.
 */
import { nameOf } from '../compile/infer';
import { cleared, notes, watchesOf } from '../compile/watches';
import type { Device } from '../backends/backend';
import type { Breakpoint } from '../graph/project';
import { sizeOf } from '../ir/shape';
import type { BufferId, BufferSpec, Plans, Weights } from '../plan';

/** Where a breakpoint holds. */
export interface Hit {
  /** Node of the expanded drawing. */
  readonly node?: string;
  readonly message: string;
}

const DEFAULTS: Readonly<Record<Breakpoint['kind'], number>> = { gradient: 10, loss: 0, dead: 5, sign: 0 };

const limitOf = ({ kind, limit }: Breakpoint): number => limit ?? DEFAULTS[kind];
const batchesOf = (limit: number): number => Math.max(1, Math.round(limit));
const rose = (before: number, loss: number, share: number): boolean => loss > before + share * Math.abs(before);
const gradientKey = (limit: number, node: string): string => `gradient ${limit} ${node}`;
const deadKey = (node: string, unit: number, most: number): string => `dead ${node} ${unit} ${most}`;

const short = (x: number): string => String(Number(x.toPrecision(4))).replace('-', '−');

type Read = (note: { of(node: string): BufferId }, node: string) => Float32Array;

export class Breakpoints {
  readonly #rules: readonly Breakpoint[];
  /** What holds at present, so that it is told once. */
  readonly #holding = new Set<string>();
  #lastLoss: number | null = null;
  /** What was noted so far is of another past. */
  #fresh = true;
  readonly #watched: readonly BufferSpec[];
  /** Parameters whose gradients are noted, nodes whose units are, parameters whose signs are. */
  readonly #nodes: Readonly<Record<'gradient' | 'dead' | 'sign', readonly string[]>>;

  constructor(
    rules: readonly Breakpoint[],
    readonly plans: Plans,
  ) {
    this.#rules = rules.filter((rule) => rule.off !== true);
    const buffers = new Map((plans.train?.program.buffers ?? []).map((spec) => [spec.id, spec]));
    const wanted = watchesOf(this.#rules);
    const drawn = Object.keys(plans.drawing.graph.nodes);
    const noting = ({ of }: { of(node: string): BufferId }): readonly string[] => drawn.filter((node) => buffers.has(of(node)));
    this.#nodes = {
      gradient: wanted.has('gradient') ? noting(notes.most) : [],
      dead: wanted.has('dead') ? noting(notes.silent) : [],
      sign: wanted.has('sign') ? noting(notes.flipped) : [],
    };
    const all = Object.values(notes);
    this.#watched = drawn.flatMap((node) => all.flatMap(({ of }) => buffers.get(of(node)) ?? []));
  }

  get any(): boolean {
    return this.#rules.length > 0;
  }

  /** Training goes on from another moment. */
  restart(): void {
    this.#lastLoss = null;
    this.#holding.clear();
    this.#fresh = true;
  }

  /** Before the first step that counts. True: the device's notes were begun anew. */
  begin(device: Device): boolean {
    if (!this.#fresh) return false;
    this.#fresh = false;
    this.#clear(device, this.#watched);
    return this.#watched.length > 0;
  }

  /** Before a single step: what is noted from here on is noted of this step. */
  beginStep(device: Device): void {
    const ids = new Set(cleared.flatMap(({ of }) => Object.values(this.#nodes).flatMap((nodes) => nodes.map(of))));
    this.#clear(
      device,
      this.#watched.filter(({ id }) => ids.has(id)),
    );
  }

  #clear(device: Device, specs: readonly BufferSpec[]): void {
    for (const { id, shape, init } of specs) device.write(id, new Float32Array(sizeOf(shape, 1)).fill(init as number));
  }

  /** Whether nothing began or ceased to hold in a run with these losses. */
  async isCalm(device: Device, losses: Float64Array): Promise<boolean> {
    let last = this.#lastLoss;
    for (const loss of losses) {
      const before = last;
      if (before !== null && this.#rules.some((rule) => rule.kind === 'loss' && rose(before, loss, limitOf(rule)))) return false;
      last = loss;
    }
    const { gradient, dead, sign } = this.#nodes;
    const read = await this.#read(device, [
      ...[notes.least, notes.most].map((note) => [note, gradient] as const),
      ...[notes.woken, notes.longest].map((note) => [note, dead] as const),
      [notes.flipped, sign],
    ]);
    for (const rule of this.#rules) {
      const limit = limitOf(rule);
      if (rule.kind === 'gradient') {
        for (const node of gradient.filter((node) => this.#inside(rule, node))) {
          const holds = this.#holding.has(gradientKey(limit, node));
          const extreme = Math.sqrt(read(holds ? notes.least : notes.most, node)[0]!);
          if (extreme > limit !== holds) return false;
        }
      } else if (rule.kind === 'dead') {
        const most = batchesOf(limit);
        for (const node of dead.filter((node) => this.#inside(rule, node))) {
          const [woken, longest] = [read(notes.woken, node), read(notes.longest, node)];
          for (let unit = 0; unit < longest.length; unit++) {
            const holds = this.#holding.has(deadKey(node, unit, most));
            if ((holds ? woken : longest)[unit]! >= most !== holds) return false;
          }
        }
      } else if (rule.kind === 'sign') {
        if (sign.some((node) => this.#inside(rule, node) && read(notes.flipped, node)[0]! > 0)) return false;
      }
    }
    this.#lastLoss = last;
    return true;
  }

  /** What begins to hold with this step; null when nothing does. */
  async afterStep(device: Device, loss: number, before: Weights | null, after: Weights | null): Promise<Hit | null> {
    const { gradient, dead } = this.#nodes;
    const read = await this.#read(device, [
      [notes.most, gradient],
      [notes.silent, dead],
    ]);
    const hits: Hit[] = [];
    for (const rule of this.#rules) {
      const limit = limitOf(rule);
      if (rule.kind === 'loss') {
        const last = this.#lastLoss;
        if (last !== null && rose(last, loss, limit))
          hits.push({ message: `The loss rose from ${short(last)} to ${short(loss)}.` });
      } else if (rule.kind === 'gradient') this.#gradients(rule, limit, read, hits);
      else if (rule.kind === 'dead') this.#dead(rule, limit, read, hits);
      else if (before && after) this.#signs(rule, before, after, hits);
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

  async #read(device: Device, wanted: readonly (readonly [{ of(node: string): BufferId }, readonly string[]])[]): Promise<Read> {
    const ids = wanted.flatMap(([{ of }, nodes]) => nodes.map(of));
    const numbers = ids.length === 0 ? [] : await device.read(ids);
    const found = new Map(ids.map((id, i) => [id, numbers[i]!]));
    return ({ of }, node) => found.get(of(node))!;
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

  #gradients(rule: Breakpoint, limit: number, read: Read, hits: Hit[]): void {
    let worst: { node: string; size: number } | null = null;
    for (const node of this.#nodes.gradient) {
      if (!this.#inside(rule, node)) continue;
      const size = Math.sqrt(read(notes.most, node)[0]!);
      if (this.#begins(gradientKey(limit, node), size > limit) && (worst === null || size > worst.size)) worst = { node, size };
    }
    if (worst)
      hits.push({
        node: worst.node,
        message: `The gradient of '${this.#name(worst.node)}' is ${short(worst.size)} long, more than ${short(limit)}.`,
      });
  }

  #dead(rule: Breakpoint, limit: number, read: Read, hits: Hit[]): void {
    const most = batchesOf(limit);
    for (const node of this.#nodes.dead) {
      if (!this.#inside(rule, node)) continue;
      const units = read(notes.silent, node);
      const died: number[] = [];
      units.forEach((batches, unit) => {
        if (this.#begins(deadKey(node, unit, most), batches >= most)) died.push(unit + 1);
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
