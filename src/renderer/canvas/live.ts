/**
 * Which number each drawn line shows, and reading it. The lines of a drawing are compiled once into flat
 * arrays of (array, element) pairs; each frame then only reads shared memory. Nothing here draws.
 */
import type { Checked } from '../../engine/compile/check';
import { type EdgeId, edgeId, type NodeId } from '../../engine/graph/graph';
import type { Project } from '../../engine/graph/project';
import { sampleShape, sizeOf } from '../../engine/ir/shape';
import type { Phase } from '../../engine/plan';
import { type FrameReader, type Tap, tapKey } from '../../engine/train/frames';
import { curveLength, type Line, linesOf } from './geometry';
import type { EdgeVisual, NodeVisual, Scene } from './scene';

/** What the canvas is given of a run. */
export interface Live {
  readonly frame: FrameReader | null;
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
const LARGEST_TAP = 1 << 17;

/** Element numbers: −1 stands for the array as a whole, −2 − k for column k of a matrix. */
const WHOLE = -1;
const column = (k: number): number => -2 - k;

interface Source {
  readonly tap: Tap;
  readonly element: number;
  /** Row length, for columns. */
  readonly stride: number;
}

interface LineSpec {
  /** Colours and widens the line itself: a weight, or the value that it carries. */
  readonly base: Source | null;
  /** Multiplied with `base` gives what runs forward; null: `base` itself runs. */
  readonly factor: Source | null;
  readonly gradient: Source | null;
}

export interface Reading {
  readonly base: number | null;
  readonly factor: number | null;
  readonly forward: number | null;
  readonly gradient: number | null;
}

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
  /** Arrays of one number per sample, shown as a figure on the edge. */
  readonly figures = new Map<EdgeId, readonly [value: string, gradient: string | null]>();

  readonly #keys: readonly string[];
  readonly #specs: Int32Array;
  readonly #strides: Int32Array;
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
    const specs: LineSpec[] = [];
    const wiring = wiringOf(checked);
    for (const e of scene.edges.values()) {
      const lines = linesOf(scene, positions, e);
      this.ranges.set(e.id, [specs.length, specs.length + lines.length]);
      for (const line of lines) specs.push(specOf(e, line, scene, checked, wiring));
      this.lines.push(...lines);
    }
    this.#specs = new Int32Array(specs.length * 6).fill(WHOLE);
    this.#strides = new Int32Array(specs.length * 3);
    this.isWeight = new Uint8Array(specs.length);
    specs.forEach((spec, i) => {
      [spec.base, spec.factor, spec.gradient].forEach((source, j) => {
        this.#specs[i * 6 + j * 2] = source ? tapFor(source.tap) : -1;
        this.#specs[i * 6 + j * 2 + 1] = source ? source.element : WHOLE;
        this.#strides[i * 3 + j] = source ? source.stride : 0;
      });
      this.isWeight[i] = spec.factor ? 1 : 0;
    });
    for (const v of scene.nodes.values()) {
      const tap = valueTap(v.id, checked);
      if (!tap) continue;
      if (v.units || v.form === 'neuron') this.columns.set(v.id, tapKey(taps[tapFor(tap)]!));
    }
    for (const e of scene.edges.values()) {
      if (e.kind !== 'plain') continue;
      const shape = checked.shapes.get(e.from);
      const [at] = this.ranges.get(e.id)!;
      const spec = specs[at];
      if (!shape || sampleShape(shape).some((axis) => axis !== 1) || !spec?.base) continue;
      const value = spec.factor ?? spec.base;
      const gradient = edgeGradient(e, scene, wiring);
      this.figures.set(e.id, [tapKey(taps[tapFor(value.tap)]!), gradient ? tapKey(taps[tapFor(gradient)]!) : null]);
    }
    this.taps = taps;
    this.#keys = taps.map(tapKey);
    this.#whole = new Float64Array(taps.length);
    this.#isWholeKnown = new Uint8Array(taps.length);
    this.base = new Float32Array(specs.length);
    this.forward = new Float32Array(specs.length);
    this.backward = new Float32Array(specs.length);
    this.lengths = new Float32Array(specs.length);
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
  read(frame: FrameReader): void {
    const views = this.#keys.map((key) => frame.numbers(key));
    this.#isWholeKnown.fill(0);
    const count = this.base.length;
    for (let i = 0; i < count; i++) {
      const base = this.#number(views, i, 0) ?? 0;
      this.base[i] = base;
      this.forward[i] = this.isWeight[i] ? base * (this.#number(views, i, 1) ?? 0) : base;
      this.backward[i] = this.#number(views, i, 2) ?? 0;
    }
  }

  /** The numbers of one line in full, for the card at the pointer. */
  reading(frame: FrameReader, i: number): Reading {
    const views = this.#keys.map((key) => frame.numbers(key));
    this.#isWholeKnown.fill(0);
    const base = this.#number(views, i, 0);
    const factor = this.isWeight[i] ? this.#number(views, i, 1) : null;
    return {
      base,
      factor,
      forward: factor === null || base === null ? base : base * factor,
      gradient: this.#number(views, i, 2),
    };
  }

  #number(views: readonly (Float32Array | null)[], line: number, which: 0 | 1 | 2): number | null {
    const key = this.#specs[line * 6 + which * 2]!;
    if (key < 0) return null;
    const view = views[key];
    if (!view || view.length === 0) return null;
    const element = this.#specs[line * 6 + which * 2 + 1]!;
    if (element >= 0) return element < view.length ? view[element]! : null;
    if (element === WHOLE) {
      if (!this.#isWholeKnown[key]) {
        this.#whole[key] = aggregate(view, 0, 1);
        this.#isWholeKnown[key] = 1;
      }
      return this.#whole[key]!;
    }
    return aggregate(view, -2 - element, this.#strides[line * 3 + which]!);
  }
}

/** Many numbers as one: the size is their root mean square, the sign that of their mean. */
export function aggregate(view: ArrayLike<number>, from: number, stride: number): number {
  let squares = 0;
  let sum = 0;
  let count = 0;
  for (let i = from; i < view.length; i += stride) {
    const v = view[i]!;
    squares += v * v;
    sum += v;
    count++;
  }
  if (count === 1) return sum;
  return count === 0 ? Number.NaN : Math.sign(sum || 1) * Math.sqrt(squares / count);
}

/** Edges of the expanded drawing by the pair of drawn nodes they join, in the order of the target's ports. */
type Wiring = ReadonlyMap<string, readonly { readonly port: string | null; readonly edge: EdgeId }[]>;

function wiringOf(checked: Checked): Wiring {
  const { graph, owner, output } = checked.expansion;
  const drawnOf = new Map<NodeId, NodeId>();
  for (const [drawn, part] of output) drawnOf.set(part, drawn);
  const wiring = new Map<string, { port: string | null; edge: EdgeId }[]>();
  for (const e of Object.values(graph.edges)) {
    const from = drawnOf.get(e.from);
    const to = owner.get(e.to);
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from}>${to}`;
    const list = wiring.get(key) ?? [];
    // An edge into a part of a composite belongs to whichever port comes next.
    list.push({ port: e.to === to ? e.port : null, edge: e.id });
    wiring.set(key, list);
  }
  return wiring;
}

function valueTap(node: NodeId, checked: Checked): Tap | null {
  const shape = checked.shapes.get(node);
  const part = checked.expansion.output.get(node);
  return shape && part !== undefined && sizeOf(shape, 1) <= LARGEST_TAP ? { of: 'value', node: part } : null;
}

const nothing: LineSpec = { base: null, factor: null, gradient: null };

function specOf(e: EdgeVisual, line: Line, scene: Scene, checked: Checked, wiring: Wiring): LineSpec {
  const source = valueTap(e.from, checked);
  const gradientTap = edgeGradient(e, scene, wiring);
  const whole = (tap: Tap): Source => ({ tap, element: WHOLE, stride: 0 });
  const { graph } = checked.expansion;
  if (e.kind === 'plain') {
    // The single neuron has one weight an input, so its lines show weights too.
    const port = /^x(\d+)$/.exec(e.port)?.[1];
    const weight = `${e.to}/w${port}`;
    if (scene.nodes.get(e.to)?.form === 'neuron' && port !== undefined && graph.nodes[weight])
      return {
        base: whole({ of: 'value', node: weight }),
        factor: source && whole(source),
        gradient: whole({ of: 'gradient', node: weight }),
      };
    return { base: source && whole(source), factor: null, gradient: gradientTap && whole(gradientTap) };
  }
  const weight = `${e.to}/weight`;
  const to = scene.nodes.get(e.to) as NodeVisual;
  const units = to.units!.count;
  const inputs = sampleShape(checked.shapes.get(e.from)!)[0]!;
  if (!graph.nodes[weight] || inputs * units > LARGEST_TAP) return nothing;
  const at = (tap: Tap, element: number): Source => ({ tap, element, stride: units });
  const element = line.source >= 0 ? line.source * units + line.target : column(line.target);
  return {
    base: at({ of: 'value', node: weight }, element),
    factor: source && { tap: source, element: line.source, stride: 0 },
    gradient: at({ of: 'gradient', node: weight }, element),
  };
}

function edgeGradient(e: EdgeVisual, scene: Scene, wiring: Wiring): Tap | null {
  const candidates = wiring.get(`${e.from}>${e.to}`) ?? [];
  const exact = candidates.find((w) => w.port === e.port);
  if (exact) return { of: 'edge-gradient', edge: exact.edge };
  // A composite's parts follow its ports, whatever order the connections were drawn in.
  const wired = scene.nodes.get(e.to)!.ports.filter((port) => scene.edges.get(edgeId(e.to, port.name))?.from === e.from);
  const chosen = candidates[wired.findIndex((port) => port.name === e.port)];
  return chosen ? { of: 'edge-gradient', edge: chosen.edge } : null;
}
