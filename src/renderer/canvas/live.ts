/**
 * Reading what each drawn line and part shows. What the scene states is compiled once into flat arrays of
 * (array, elements); each frame then only reads shared memory. Nothing here draws.
 */
import type { Checked } from '../../engine/compile/check';
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Project } from '../../engine/graph/project';
import { sampleShape, sizeOf } from '../../engine/ir/shape';
import type { Phase } from '../../engine/plan';
import { type Frame, localKey, type Tap, tapKey } from '../../engine/train/frames';
import { curveLength, type Line, linesOf } from './geometry';
import { aggregate, alongAll, block, noReads, one, type Reads, type Source, whole } from './reads';
import type { EdgeVisual, NodeVisual, Scene } from './scene';

/** What the canvas is given of a run. */
export interface Live {
  readonly frame: Frame | null;
  watch(taps: readonly Tap[]): void;
  readonly showForward: boolean;
  readonly showBackward: boolean;
  /** Training or stepping: numbers move. */
  readonly active: boolean;
  /** Where the stepper stands. Ids may be those of parts. */
  readonly focus: {
    readonly node?: NodeId;
    readonly edge?: EdgeId;
    readonly edges?: readonly EdgeId[];
    readonly phase: Phase;
  } | null;
  /** Taps whose numbers may be written on the edges; null or absent: all. */
  readonly known?: ReadonlySet<string> | null;
  /** 1 is the usual pace of the pulses. */
  readonly speed: number;
}

/** Arrays larger than this are not watched: writing them would cost training more than seeing them is worth. */
const LARGEST_TAP = 1 << 19;

export interface Reading {
  readonly base: number | null;
  readonly factor: number | null;
  readonly forward: number | null;
  readonly gradient: number | null;
  /** What the gradient is the sum of. */
  readonly parts: readonly number[];
}

/** A number that is written on a line: where it is read, and which array it is of. */
export interface Figure {
  readonly value: string | null;
  /** Those that its gradient is the sum of; none: it has no gradient. */
  readonly gradient: readonly string[];
  /** The local derivative, until the gradient is known: which array, and which of its numbers. */
  readonly local: { readonly key: string; readonly at: number } | null;
  /** Read from the line itself, and not from the arrays' first elements. */
  readonly own: 'base' | 'forward' | null;
  /** How far along its line it stands, 0 … 1. */
  readonly along: number;
}

/** base, factor, gradient, slope. */
const SOURCES = 4;
/** key, start, step, count, skip, times. */
const WORDS = 6;

export class LiveLines {
  readonly taps: readonly Tap[];
  readonly lines: Line[] = [];
  /** Where each edge's lines begin and end. */
  readonly ranges = new Map<EdgeId, readonly [number, number]>();
  readonly isWeight: Uint8Array;
  readonly base: Float32Array;
  readonly forward: Float32Array;
  readonly backward: Float32Array;
  readonly lengths: Float32Array;
  /** Live values of neurons: key of the array that holds a column's values. */
  readonly columns = new Map<NodeId, string>();
  /** Parts that show a number of their own: where it is read in `base` and the others. */
  readonly parts = new Map<NodeId, number>();
  /** Numbers that are written on edges. */
  readonly figures = new Map<EdgeId, Figure>();

  readonly #keys: readonly string[];
  readonly #specs: Int32Array;
  /** The line that each gradient after those of the lines is added to. */
  readonly #added: readonly number[];
  readonly #whole: Float64Array;
  readonly #isWholeKnown: Uint8Array;

  constructor(
    readonly scene: Scene,
    checked: Checked,
    positions: Project['positions'],
  ) {
    const keyOf = new Map<string, number>();
    const taps: Tap[] = [];
    const tapFor = (tap: Tap): number => {
      const key = tapKey(tap);
      const known = keyOf.get(key);
      if (known !== undefined) return known;
      keyOf.set(key, taps.length);
      taps.push(tap);
      return taps.length - 1;
    };
    const specs: Reads[] = [];
    for (const e of scene.edges.values()) {
      const lines = linesOf(scene, positions, e);
      this.ranges.set(e.id, [specs.length, specs.length + lines.length]);
      for (const line of lines) specs.push(e.reads ?? readsOf(e, line, scene, checked));
      this.lines.push(...lines);
    }
    for (const v of scene.nodes.values()) {
      if (v.reads) {
        this.parts.set(v.id, specs.length);
        specs.push(v.reads);
        continue;
      }
      const tap = valueTap(v.id, checked);
      if (tap && (v.units || v.form === 'neuron')) this.columns.set(v.id, tapKey(taps[tapFor(tap)]!));
    }
    // Gradients that are added to those of a line stand in rows of their own, after all others.
    const added = specs.flatMap(({ more = [] }, to) => more.map((source) => ({ source, to })));
    this.#added = added.map(({ to }) => to);
    this.#specs = new Int32Array((specs.length + added.length) * SOURCES * WORDS);
    this.isWeight = new Uint8Array(specs.length);
    const put = (source: Source | null, i: number, j: number): void => {
      const { start, step, count, skip, times } = source?.at ?? whole;
      this.#specs.set([source ? tapFor(source.tap) : -1, start, step, count, skip, times], (i * SOURCES + j) * WORDS);
    };
    specs.forEach(({ base, factor, gradient, slope }, i) => {
      [base, factor, gradient, slope ?? null].forEach((source, j) => {
        put(source, i, j);
      });
      this.isWeight[i] = factor ? 1 : 0;
    });
    added.forEach(({ source }, k) => {
      put(source, specs.length + k, 2);
    });
    for (const e of scene.edges.values()) {
      const [at] = this.ranges.get(e.id)!;
      const spec = specs[at];
      if (!spec?.base) continue;
      if (e.kind === 'wire') {
        if (e.figured) {
          const { shows, along, withGradient } = e.figured;
          const gradient = withGradient ? gradientsOf(spec) : [];
          const { tap, at: place } = spec.local ?? spec.gradient ?? spec.base;
          const isAlong = withGradient && !spec.more && tap.of === 'edge-gradient' && place.count === 1;
          const local = isAlong ? { key: localKey(tap.edge), at: place.start } : null;
          this.figures.set(e.id, { value: tapKey(spec.base.tap), gradient, local, own: shows, along });
        }
        continue;
      }
      if (e.kind !== 'plain') continue;
      const shape = checked.shapes.get(e.from);
      if (!shape || sampleShape(shape).some((axis) => axis !== 1)) continue;
      const value = spec.factor ?? spec.base;
      const inner = checked.expansion.inner.get(e.id) ?? [];
      this.figures.set(e.id, {
        value: tapKey(taps[tapFor(value.tap)]!),
        gradient: inner.map((edge) => tapKey(taps[tapFor({ of: 'edge-gradient', edge })]!)),
        local: inner.length === 1 ? { key: localKey(inner[0]!), at: 0 } : null,
        own: null,
        along: 0.5,
      });
    }
    this.taps = taps;
    this.#keys = taps.map(tapKey);
    this.#whole = new Float64Array(taps.length);
    this.#isWholeKnown = new Uint8Array(taps.length);
    this.base = new Float32Array(specs.length);
    this.forward = new Float32Array(specs.length);
    this.backward = new Float32Array(specs.length);
    this.lengths = new Float32Array(this.lines.length);
    this.lines.forEach((line, i) => {
      this.lengths[i] = curveLength(line.curve);
    });
  }

  /** Lines at nodes that moved, found anew. */
  place(positions: Project['positions'], moved: (node: NodeId) => boolean): void {
    for (const e of this.scene.edges.values()) {
      if (!moved(e.from) && !moved(e.to)) continue;
      const [from] = this.ranges.get(e.id)!;
      linesOf(this.scene, positions, e).forEach((line, i) => {
        this.lines[from + i] = line;
        this.lengths[from + i] = curveLength(line.curve);
      });
    }
  }

  /** Reads the present frame into `base`, `forward` and `backward`. Where there is no number, 0. */
  read(frame: Frame): void {
    const views = this.#keys.map((key) => frame.numbers(key));
    this.#isWholeKnown.fill(0);
    const count = this.base.length;
    for (let i = 0; i < count; i++) {
      const base = this.#number(views, i, 0) ?? 0;
      this.base[i] = base;
      this.forward[i] = this.isWeight[i] ? base * (this.#number(views, i, 1) ?? 0) : base;
      const gradient = this.#number(views, i, 2) ?? 0;
      this.backward[i] = gradient === 0 || !this.#has(i, 3) ? gradient : gradient * (this.#number(views, i, 3) ?? 0);
    }
    this.#added.forEach((to, k) => {
      this.backward[to]! += this.#number(views, count + k, 2) ?? 0;
    });
  }

  /** The numbers of one line or part in full, for the card at the pointer; only those that are known, where not all are. */
  reading(frame: Frame, i: number, reached: ReadonlySet<string> | null = null): Reading {
    const views = this.#keys.map((key) => (reached === null || reached.has(key) ? frame.numbers(key) : null));
    this.#isWholeKnown.fill(0);
    const base = this.#number(views, i, 0);
    const factor = this.isWeight[i] ? this.#number(views, i, 1) : null;
    const gradient = this.#number(views, i, 2);
    const slope = this.#has(i, 3) ? this.#number(views, i, 3) : 1;
    const parts = [gradient, ...this.#added.flatMap((to, k) => (to === i ? [this.#number(views, this.base.length + k, 2)] : []))];
    const known = parts.filter((part) => part !== null);
    return {
      base,
      factor,
      forward: factor === null || base === null ? base : base * factor,
      gradient: known.length < parts.length || slope === null ? null : known.reduce((sum, part) => sum + part, 0) * slope,
      parts: known,
    };
  }

  #has(i: number, which: number): boolean {
    return this.#specs[(i * SOURCES + which) * WORDS]! >= 0;
  }

  #number(views: readonly (Float32Array | null)[], i: number, which: 0 | 1 | 2 | 3): number | null {
    const at = (i * SOURCES + which) * WORDS;
    const key = this.#specs[at]!;
    if (key < 0) return null;
    const view = views[key];
    if (!view || view.length === 0) return null;
    const [start, count] = [this.#specs[at + 1]!, this.#specs[at + 3]!];
    const times = this.#specs[at + 5]!;
    if (count === 1 && times === 1) return start < view.length ? view[start]! : null;
    if (count < 0) {
      if (!this.#isWholeKnown[key]) {
        this.#whole[key] = aggregate(view, whole);
        this.#isWholeKnown[key] = 1;
      }
      return this.#whole[key]!;
    }
    return aggregate(view, { start, step: this.#specs[at + 2]!, count, skip: this.#specs[at + 4]!, times });
  }
}

function valueTap(node: NodeId, checked: Checked): Tap | null {
  const shape = checked.shapes.get(node);
  const part = checked.expansion.output.get(node);
  return shape && part !== undefined && sizeOf(shape, 1) <= LARGEST_TAP ? { of: 'value', node: part } : null;
}

function readsOf(e: EdgeVisual, line: Line, scene: Scene, checked: Checked): Reads {
  const source = valueTap(e.from, checked);
  const all = (tap: Tap): Source => ({ tap, at: whole });
  const { graph } = checked.expansion;
  if (e.kind === 'plain') {
    // The single neuron has one weight an input, so its lines show weights too.
    const port = /^x(\d+)$/.exec(e.port)?.[1];
    const weight = `${e.to}/w${port}`;
    if (scene.nodes.get(e.to)?.form === 'neuron' && port !== undefined && graph.nodes[weight])
      return {
        base: all({ of: 'value', node: weight }),
        factor: source && all(source),
        gradient: all({ of: 'gradient', node: weight }),
      };
    return { base: source && all(source), factor: null, ...alongAll(checked.expansion.inner.get(e.id) ?? [], whole) };
  }
  const weight = `${e.to}/weight`;
  const to = scene.nodes.get(e.to) as NodeVisual;
  const units = to.units!.count;
  const inputs = sampleShape(checked.shapes.get(e.from)!)[0]!;
  if (!graph.nodes[weight] || inputs * units > LARGEST_TAP) return noReads;
  const rows = line.source >= 0 ? { from: line.source, count: 1 } : { from: 0, count: inputs };
  const at = block(rows, { from: line.target, count: 1 }, units);
  return {
    base: { tap: { of: 'value', node: weight }, at },
    factor: source && { tap: source, at: line.source < 0 ? whole : one(line.source) },
    gradient: { tap: { of: 'gradient', node: weight }, at },
  };
}

const gradientsOf = ({ gradient, more = [] }: Reads): readonly string[] =>
  [gradient, ...more].flatMap((source) => (source ? [tapKey(source.tap)] : []));
