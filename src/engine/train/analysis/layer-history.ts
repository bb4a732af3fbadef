/**
 * The course of training inside each layer: spreads of activations, gradients, parameters and updates, and how
 * far each update moved the weights compared with their size. Recorded while it trains, whether or not somebody
 * looks, within a bound of memory.
 */
import type { NodeId } from '../../graph/graph';
import type { LayerPlace } from '../statistics';
import { bytesOfStrip, Strip, type StripReport } from './strip';

export type Quantity = 'activation' | 'activation gradient' | 'parameter' | 'parameter gradient' | 'update';

/** What a strip shows: of a layer's value, or of one of its parameters. */
export interface StripName {
  readonly layer: NodeId;
  readonly quantity: Quantity;
  /** `hidden/weight`; absent for activations. */
  readonly parameter?: NodeId;
}

/** One look at a step: the numbers before it, and what it changed. */
export interface LookedAt {
  readonly step: number;
  /** With the part of the present epoch that is done. */
  readonly epoch: number;
  /** Null where there is none. `scale` makes gradients of a batch's rows those of whole rows. */
  numbers(name: StripName): { readonly of: ArrayLike<number>; readonly scale?: number } | null;
}

export interface HistoryReport {
  readonly names: readonly StripName[];
  /** First step and epoch of each stretch. */
  readonly steps: Float64Array;
  readonly epochs: Float64Array;
  /** The strip that was asked for; null without one. */
  readonly strip: StripReport | null;
  /** Size of an update ÷ size of the parameter, stretch by stretch; NaN where the parameter was all zero. */
  readonly ratios: readonly { readonly parameter: NodeId; readonly layer: NodeId; readonly values: Float32Array }[];
}

export const HISTORY_BYTES = 16 * 2 ** 20;
const MOST_STRETCHES = 256;
const FEWEST_STRETCHES = 16;

export const keyOf = ({ layer, quantity, parameter }: StripName): string => `${quantity} ${parameter ?? layer}`;

export function stripNames(places: readonly LayerPlace[]): readonly StripName[] {
  return places.flatMap(({ node, parameters }): readonly StripName[] => [
    { layer: node, quantity: 'activation' },
    { layer: node, quantity: 'activation gradient' },
    ...parameters.flatMap((parameter): readonly StripName[] => [
      { layer: node, quantity: 'parameter', parameter },
      { layer: node, quantity: 'parameter gradient', parameter },
      { layer: node, quantity: 'update', parameter },
    ]),
  ]);
}

export class LayerHistory {
  readonly names: readonly StripName[];
  /** Looks that one stretch holds at present: doubles each time that memory is full. */
  #perStretch = 1;
  /** Looks in the last stretch. */
  #inLast = 0;
  #count = 0;
  readonly #most: number;
  readonly #steps: Float64Array;
  readonly #epochs: Float64Array;
  readonly #strips = new Map<string, Strip>();
  readonly #ratios = new Map<NodeId, Float32Array>();
  #lastStep = -1;

  constructor(
    readonly places: readonly LayerPlace[],
    most?: number,
  ) {
    this.names = stripNames(places);
    const fitting = Math.floor(HISTORY_BYTES / (bytesOfStrip(1) * Math.max(1, this.names.length)));
    this.#most = most ?? Math.max(FEWEST_STRETCHES, Math.min(MOST_STRETCHES, fitting - (fitting % 2)));
    this.#steps = new Float64Array(this.#most);
    this.#epochs = new Float64Array(this.#most);
    // One place more, to join a new look with the last stretch.
    for (const name of this.names) this.#strips.set(keyOf(name), new Strip(this.#most + 1));
    for (const { parameters } of places)
      for (const parameter of parameters) this.#ratios.set(parameter, new Float32Array(this.#most).fill(Number.NaN));
  }

  /** Whether a network with these layers goes on with this history. */
  fits(places: readonly LayerPlace[]): boolean {
    return JSON.stringify(places) === JSON.stringify(this.places);
  }

  get stretches(): number {
    return this.#count;
  }

  /** Training goes on from before these steps: what came after is another past. */
  #cut(step: number): void {
    while (this.#count > 0 && this.#steps[this.#count - 1]! >= step) this.#count--;
    this.#inLast = this.#perStretch;
  }

  add(look: LookedAt): void {
    if (look.step <= this.#lastStep) this.#cut(look.step);
    this.#lastStep = look.step;
    const joins = this.#count > 0 && this.#inLast < this.#perStretch;
    if (!joins && this.#count === this.#most) this.#halve();
    const at = joins ? this.#count - 1 : this.#count;
    for (const name of this.names) {
      const strip = this.#strips.get(keyOf(name))!;
      const numbers = look.numbers(name);
      strip.set(joins ? this.#most : at, numbers?.of ?? [], numbers?.scale);
      if (joins) strip.join(at, at, this.#most);
    }
    for (const [parameter, ratios] of this.#ratios) {
      const ratio = ratioOf(look, parameter);
      const known = joins && !Number.isNaN(ratios[at]!);
      ratios[at] =
        known && !Number.isNaN(ratio) ? (ratios[at]! * this.#inLast + ratio) / (this.#inLast + 1) : known ? ratios[at]! : ratio;
    }
    if (joins) this.#inLast++;
    else {
      this.#steps[at] = look.step;
      this.#epochs[at] = look.epoch;
      this.#count++;
      this.#inLast = 1;
    }
  }

  #halve(): void {
    const half = this.#most >> 1;
    for (let to = 0; to < half; to++) {
      const [a, b] = [2 * to, 2 * to + 1];
      for (const strip of this.#strips.values()) strip.join(to, a, b);
      for (const ratios of this.#ratios.values()) {
        const [one, other] = [ratios[a]!, ratios[b]!];
        ratios[to] = Number.isNaN(one) ? other : Number.isNaN(other) ? one : (one + other) / 2;
      }
      this.#steps[to] = this.#steps[a]!;
      this.#epochs[to] = this.#epochs[a]!;
    }
    this.#count = half;
    this.#perStretch *= 2;
    this.#inLast = this.#perStretch;
  }

  report(name: StripName | null): HistoryReport {
    const strip = name === null ? undefined : this.#strips.get(keyOf(name));
    return {
      names: this.names,
      steps: this.#steps.slice(0, this.#count),
      epochs: this.#epochs.slice(0, this.#count),
      strip: strip?.report(this.#count) ?? null,
      ratios: this.places.flatMap(({ node, parameters }) =>
        parameters.map((parameter) => ({
          parameter,
          layer: node,
          values: this.#ratios.get(parameter)!.slice(0, this.#count),
        })),
      ),
    };
  }
}

/** ‖update‖ ÷ ‖parameter‖. */
function ratioOf(look: LookedAt, parameter: NodeId): number {
  const update = look.numbers({ layer: '', quantity: 'update', parameter })?.of;
  const value = look.numbers({ layer: '', quantity: 'parameter', parameter })?.of;
  if (!update || !value) return Number.NaN;
  let [moved, size] = [0, 0];
  for (let k = 0; k < value.length; k++) {
    moved += update[k]! ** 2;
    size += value[k]! ** 2;
  }
  return size > 0 ? Math.sqrt(moved / size) : Number.NaN;
}
