/**
 * What people may ask about the training that stands here, besides its curves: the loss around the present
 * weights, how much single samples disagree, where sums stand on their activation, what went on in the layers.
 * Answers are worked out off the training path, in pieces, from weights of one moment.
 */
import type { Device } from '../../backends/backend';
import type { Dataset } from '../../data/dataset';
import type { NodeId } from '../../graph/graph';
import { sampleSize } from '../../ir/shape';
import { bufferIds, type BufferId } from '../../plan';
import { opOf } from '../../ops/index';
import type { Live } from '../live';
import type { Session, State } from '../session';
import { layersOf } from '../statistics';
import type { Trainer } from '../trainer';
import { fanAlong, fanOfLargest, type GradientNoise, noiseOf } from './gradient-noise';
import type { HistoryReport, LayerHistory, StripName } from './layer-history';
import {
  alongNumber,
  type Direction,
  LossPlane,
  mainDirections,
  type OnPlane,
  type PlaneWish,
  randomDirection,
} from './loss-plane';
import { activationOf, type OperatingPoints, operatingPointsOf } from './operating-points';
import { type Clock, Pieces } from './pieces';
import { FEWEST_SAMPLES, learned, MOST_SAMPLES, type NumberAt, numberTitle, sampleGradients, sampleOf } from './sample-gradients';
import { type Sharpness, sharpnessOf } from './sharpness';

/** What an answer may be instead: a sentence on why there is none and what to do. */
export interface NoAnswer {
  readonly because: string;
}

export interface SurfaceInfo {
  /** To ask for its losses and its way. */
  readonly id: number;
  readonly titles: readonly [string, string];
  /** What (0, 0) is called on the axes: the two numbers' values, or 0. */
  readonly origin: readonly [number, number];
  /** The part that is worth looking at, around (0, 0). */
  readonly across: readonly [number, number];
  readonly up: readonly [number, number];
  /** Mean loss at (0, 0) over the rows. */
  readonly loss: number;
  readonly rows: number;
  readonly of: number;
  readonly step: number;
  readonly epoch: number;
}

export interface WayPoint extends OnPlane {
  readonly step: number;
  readonly epoch: number;
}

/** The present state, as the engine holds it. */
export interface Standing {
  readonly session: Session;
  readonly trainer: Trainer;
  readonly data: Dataset;
}

/** Multiplications that one look at the loss may take, by the number of parameters. */
const WORK = 2 ** 24;
const MOST_ROWS = 512;
const FEWEST_ROWS = 64;
/** Moments by which the way's main directions are found. */
const MAIN_MOMENTS = 32;
/** More parameters than this make a surface too slow to wait for, and too large to hold. */
const MOST_PARAMETERS = 2e7;

/** The plane that is looked at, and the rows that its losses are taken over. */
interface Surface {
  readonly id: number;
  readonly session: Session;
  readonly data: Dataset;
  readonly plane: LossPlane;
  readonly rows: Uint32Array;
}

const nothing: NoAnswer = { because: 'There is nothing to train yet. Draw a network with a loss, and choose data.' };

export class Studies {
  readonly #standing: () => Standing | null;
  readonly #history: () => LayerHistory | null;
  readonly #live: Live;
  readonly #clock: Clock;
  #surface: Surface | null = null;
  #surfaces = 0;
  /** Places of moments on the present plane, by the moment. */
  #placed = new Map<number, OnPlane>();
  /** The device for samples, and the session that it belongs to. */
  #own: { readonly session: Session; readonly device: Promise<Device> } | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(around: {
    readonly standing: () => Standing | null;
    readonly history: () => LayerHistory | null;
    readonly live: Live;
    readonly clock: Clock;
  }) {
    this.#standing = around.standing;
    this.#history = around.history;
    this.#live = around.live;
    this.#clock = around.clock;
  }

  #pieces(): Pieces {
    return new Pieces(this.#clock, () => this.#standing()?.trainer.running === true);
  }

  /** Another network or other data are loaded: nothing of these is asked any more. */
  close(): void {
    this.#surface = null;
    this.#placed.clear();
    void this.#own?.device.then(
      (device) => device.close(),
      () => undefined,
    );
    this.#own = null;
  }

  /** A plane through the present weights. */
  async openSurface(wish: PlaneWish): Promise<SurfaceInfo | NoAnswer> {
    const standing = this.#standing();
    if (!standing?.session.train) return nothing;
    const { session, trainer, data } = standing;
    const { plans } = session;
    const parameters = learned(plans);
    const known = new Set(plans.evaluate.program.parameters.map(({ value }) => value));
    const origin: Map<BufferId, Float32Array> = new Map(
      [...(await session.state())].filter(([id]) => known.has(id)).map(([id, numbers]) => [id, numbers.slice()]),
    );
    const { step, epoch } = trainer;
    const numbers = parameters.reduce((sum, { value }) => sum + (origin.get(value)?.length ?? 0), 0);
    if (parameters.length === 0) return nothing;
    if (numbers > MOST_PARAMETERS)
      return { because: `${numbers.toLocaleString('en')} parameters are too many for a surface; up to 20 million are possible.` };
    const moments = trainer.timeline.moments.map(({ state }) => state);
    const directions = directionsOf(wish, parameters, origin, evenly(moments, MAIN_MOMENTS));
    if ('because' in directions) return directions;
    const plane = new LossPlane(origin, directions.across, directions.up);
    const rows = sampleOf(data.split.train, Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(WORK / numbers))));
    this.#surface = { id: ++this.#surfaces, session, data, plane, rows };
    this.#placed = new Map();
    const way = this.#way(trainer);
    const own = (at: NumberAt): number => origin.get(bufferIds.value(at.parameter))?.[at.index] ?? 0;
    return {
      id: this.#surfaces,
      titles:
        wish.kind === 'numbers'
          ? [numberTitle(plans, wish.across), numberTitle(plans, wish.up)]
          : wish.kind === 'random'
            ? ['first random direction', 'second random direction']
            : ['main direction of the way', 'second direction of the way'],
      origin: wish.kind === 'numbers' ? [own(wish.across), own(wish.up)] : [0, 0],
      across: spanOf(
        way.map((point) => point.across),
        wish.kind,
      ),
      up: spanOf(
        way.map((point) => point.up),
        wish.kind,
      ),
      loss: await this.#lossAt(this.#surface, 0, 0),
      rows: rows.length,
      of: data.split.train.length,
      step,
      epoch,
    };
  }

  async #lossAt({ session, data, rows, plane }: Surface, across: number, up: number): Promise<number> {
    const { loss } = await session.forward(
      data.x,
      data.features.length,
      data.y,
      data.targets.length,
      rows,
      [],
      plane.at(across, up),
      data.weights,
    );
    return loss;
  }

  /** Mean losses at places (across, up, across, up, …) of a plane; null when it is no longer open. */
  async surfaceLosses(id: number, places: Float64Array): Promise<Float64Array | null> {
    const losses = new Float64Array(places.length / 2);
    const pieces = this.#pieces();
    for (let at = 0; at < losses.length; at++) {
      const surface = this.#surface;
      if (surface?.id !== id) return null;
      losses[at] = await this.#lossAt(surface, places[2 * at]!, places[2 * at + 1]!);
      await pieces.rest();
    }
    return losses;
  }

  /** The kept moments on a plane, in the order of their steps, and the present one; null when it is no longer open. */
  async surfaceWay(id: number): Promise<readonly WayPoint[] | null> {
    const standing = this.#standing();
    const surface = this.#surface;
    if (!standing || surface?.id !== id) return null;
    const way = this.#way(standing.trainer);
    const { step, epoch } = standing.trainer;
    const present = surface.plane.nearest(await standing.session.state());
    return [...way.filter((point) => point.step < step), { step, epoch, ...present }];
  }

  #way({ timeline }: Trainer): readonly WayPoint[] {
    const { plane } = this.#surface!;
    const placed = new Map<number, OnPlane>();
    const way = timeline.moments.map(({ id, step, epoch, state }) => {
      const place = this.#placed.get(id) ?? plane.nearest(state);
      placed.set(id, place);
      return { step, epoch, ...place };
    });
    this.#placed = placed;
    return way;
  }

  /** How much the gradients of single samples differ at present. `axes`: two numbers that span the fan. */
  gradientNoise(axes: readonly [NumberAt, NumberAt] | null): Promise<GradientNoise | NoAnswer> {
    const turn = this.#turn.then(() => this.#gradientNoise(axes));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #gradientNoise(axes: readonly [NumberAt, NumberAt] | null): Promise<GradientNoise | NoAnswer> {
    const standing = this.#standing();
    if (!standing?.session.train) return nothing;
    const { session, trainer, data } = standing;
    const fixed = axes?.find(({ parameter }) => !learned(session.plans).some(({ key }) => key === parameter));
    if (fixed) return { because: `'${fixed.parameter}' does not learn, so it has no gradient. Choose another parameter.` };
    const device = await this.#deviceFor(session);
    const { step, epoch } = trainer;
    const pieces = this.#pieces();
    const rest = (): Promise<void> => pieces.rest();
    // While it trains an answer that comes soon is worth more than one that is more exact.
    const most = trainer.running ? FEWEST_SAMPLES : MOST_SAMPLES;
    const taken = await sampleGradients(session, device, data, axes ?? [], rest, most);
    if (taken === null)
      return { because: 'Gradients of single samples need at least two training rows, and something to learn.' };
    const { rows, gradients, every, parameters, own } = taken;
    const figures = await noiseOf(gradients, rest, parameters / gradients.width);
    const fan =
      axes === null
        ? await fanOfLargest(gradients, rest)
        : fanAlong(own, [numberTitle(session.plans, axes[0]), numberTitle(session.plans, axes[1])]);
    return { ...figures, step, epoch, rows, looked: every === 1 ? parameters : gradients.width, parameters, fan };
  }

  #deviceFor(session: Session): Promise<Device> {
    if (this.#own?.session !== session) this.#own = { session, device: session.openLive() };
    return this.#own.device;
  }

  /** The largest curvature of the loss at the present weights. */
  sharpness(): Promise<Sharpness | NoAnswer> {
    const turn = this.#turn.then(async () => {
      const standing = this.#standing();
      if (!standing?.session.train) return nothing;
      const { session, trainer, data } = standing;
      const { step } = trainer;
      const pieces = this.#pieces();
      const found = await sharpnessOf(session, await this.#deviceFor(session), data, () => pieces.rest());
      return found
        ? { ...found, step }
        : { because: 'The sharpness needs training rows, and a loss whose gradient is a number there.' };
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Of a layer, or of one of its units. */
  async operatingPoints(layer: NodeId, unit: number | null): Promise<OperatingPoints | NoAnswer> {
    const standing = this.#standing();
    if (!standing) return nothing;
    const { plans } = standing.session;
    const place = layersOf(plans).find(({ node }) => node === layer);
    const drawn = place && plans.drawing.graph.nodes[place.output];
    const known = drawn && activationOf(drawn.op, drawn.attrs);
    const spec = !place?.input ? undefined : plans.live.program.buffers.find(({ id }) => id === bufferIds.value(place.input!));
    if (!place || !known || !spec)
      return { because: 'This layer has no activation that works on single sums. Choose another layer.' };
    this.#live.place(standing.trainer);
    const { step } = standing.trainer;
    const taken = await this.#live.batch([spec.id]);
    if (!taken) return { because: 'There are no training rows to look at. Choose data first.' };
    const units = sampleSize(spec.shape);
    const all = taken.numbers.get(spec.id)!.subarray(0, taken.rows.length * units);
    const numbers = unit === null ? all : all.filter((_, at) => at % units === unit);
    return {
      layer,
      op: place.op,
      title: opOf(place.op)?.title ?? place.op,
      units,
      rows: taken.rows.length,
      step,
      ...operatingPointsOf(known, numbers, unit === null ? units : 1, unit ?? 0),
    };
  }

  /** Layers that `operatingPoints` can show, in the order of the forward pass. */
  activatedLayers(): readonly NodeId[] {
    const plans = this.#standing()?.session.plans;
    if (!plans) return [];
    return layersOf(plans).flatMap(({ node, output }) => {
      const drawn = plans.drawing.graph.nodes[output];
      return drawn && activationOf(drawn.op, drawn.attrs) ? [node] : [];
    });
  }

  layerHistory(name: StripName | null): HistoryReport | null {
    return this.#history()?.report(name) ?? null;
  }
}

const evenly = <T>(list: readonly T[], most: number): readonly T[] =>
  list.length <= most ? list : Array.from({ length: most }, (_, at) => list[Math.round((at * (list.length - 1)) / (most - 1))]!);

function directionsOf(
  wish: PlaneWish,
  parameters: ReturnType<typeof learned>,
  origin: State,
  moments: readonly State[],
): { readonly across: Direction; readonly up: Direction } | NoAnswer {
  if (wish.kind === 'numbers') {
    const bad = [wish.across, wish.up].find(
      ({ parameter, index }) => !(index >= 0 && index < (origin.get(bufferIds.value(parameter))?.length ?? 0)),
    );
    if (bad) return { because: `There is no number ${bad.index + 1} of '${bad.parameter}'. Choose another.` };
    if (wish.across.parameter === wish.up.parameter && wish.across.index === wish.up.index)
      return { because: 'Both axes are the same number. Choose two different ones.' };
    return {
      across: alongNumber(origin, bufferIds.value(wish.across.parameter), wish.across.index),
      up: alongNumber(origin, bufferIds.value(wish.up.parameter), wish.up.index),
    };
  }
  const seed = wish.kind === 'random' ? wish.seed : 1;
  const random = (stream: string): Direction => randomDirection(parameters, origin, seed, stream);
  if (wish.kind === 'random') return { across: random('across'), up: random('up') };
  return (
    mainDirections(origin, moments, random('up')) ?? {
      because: 'The way of training has no direction yet. Train some steps first, or choose random directions.',
    }
  );
}

/** All of the way with some room around it; at least as far as is usual for such a plane. */
function spanOf(way: readonly number[], kind: PlaneWish['kind']): readonly [number, number] {
  const [low, high] = way.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [0, 0]);
  // Random directions are looked at around the weights themselves.
  const middle = kind === 'random' ? 0 : (low + high) / 2;
  const reach = kind === 'random' ? 1.25 * Math.max(-low, high) : 0.75 * (high - low);
  const half = Math.max(kind === 'way' ? 0.05 : 1, reach);
  return [middle - half, middle + half];
}
