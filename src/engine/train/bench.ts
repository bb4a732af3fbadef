/**
 * What the engine works on at present: the network's session, its data, and the trainer over both. Whoever reads the
 * training device does it here, because a device that fails is replaced while it is read; and whoever is told of a
 * node hears of the one that is drawn.
 */
import { type Backend, DeviceFailure } from '../backends/backend';
import { type Dataset, emptyRow } from '../data/dataset';
import type { Breakpoint, Stop } from '../graph/project';
import type { NodeId } from '../graph/graph';
import type { BackendName, Plans, Weights } from '../plan';
import type { LayerHistory } from './analysis/layer-history';
import { LayerRecorder } from './analysis/layer-recorder';
import type { Live } from './live';
import type { ProofRequest } from './proof';
import type { Session, State } from './session';
import { TIMELINE_BYTES } from './timeline';
import { Trainer } from './trainer';
import type { CurvePoint, Stopped, TrainerEvents, Trouble } from './training';

/** How a network is to be trained. */
export interface Settings {
  /** Seeds initial weights and the order of the rows. */
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly stop?: Stop | undefined;
  readonly breakpoints?: readonly Breakpoint[] | undefined;
  /** False: what is shown is not proved while training rests, so that whoever measures beside it has the processor. */
  readonly proves?: boolean;
}

export interface BenchLinks {
  readonly backends: ReadonlyMap<BackendName, Backend>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly breathe: () => Promise<void>;
  /** A run of the device is over; training stands at this step. */
  slice(step: number): void;
  point(point: CurvePoint): void;
  trouble(trouble: Trouble): void;
  stopped(stopped: Stopped): void;
}

/** Curves are scored at most so often, in ms; how many points even a short run gets; rows that are scored at most. */
const SCORING = { scoreEvery: 100, leastPoints: 40, scoreRows: 5000 };

export class Bench {
  session: Session | null = null;
  trainer: Trainer | null = null;
  data: Dataset | null = null;
  settings: Settings = { seed: 1, epochs: 100, batch: 32 };
  #recorder: LayerRecorder | null = null;
  #pace = Number.POSITIVE_INFINITY;

  constructor(
    readonly links: BenchLinks,
    readonly live: Live,
  ) {}

  /** The data, or the one empty row that a drawing without data is computed on. */
  get rows(): Dataset {
    return this.data ?? emptyRow;
  }

  /** The course of training inside the layers so far. */
  get history(): LayerHistory | null {
    return this.#recorder?.history ?? null;
  }

  /** Steps a second at most, of this trainer and those that follow. */
  set pace(wished: number) {
    this.#pace = wished;
    if (this.trainer) this.trainer.pace = wished;
  }

  /** A new trainer; `goesOn`: the layers that stay keep their history. */
  begin(goesOn: boolean): Trainer {
    const { live, rows } = this;
    const { epochs, batch, seed, stop, breakpoints } = this.settings;
    const { now, breathe, sleep } = this.links;
    this.#recorder = new LayerRecorder(this.session!, live, now, goesOn ? this.history : null);
    const trainer: Trainer = new Trainer(
      this.session!,
      rows,
      {
        ...SCORING,
        epochs,
        batch,
        seed,
        stop,
        breakpoints,
        memory: TIMELINE_BYTES,
        keepsBest: true,
        observer: this.#recorder,
        now,
        sleep,
        breathe: async () => {
          await live.maybeShow(trainer);
          await breathe();
        },
      },
      this.#news(),
    );
    trainer.pace = this.#pace;
    this.trainer = trainer;
    return trainer;
  }

  #news(): TrainerEvents {
    const { links } = this;
    const owner = this.session!.plans.drawing.owner;
    return {
      slice: ({ step }) => links.slice(step),
      point: (point) => links.point(point),
      trouble: (trouble) => links.trouble(inDrawing(trouble, owner)),
      stopped: (stopped) =>
        links.stopped(stopped.node === undefined ? stopped : { ...stopped, node: ownerOf(owner, stopped.node) }),
    };
  }

  /** Work that reads the training device: where that one has failed, another takes its place and is read. */
  async firmly<T>(work: () => Promise<T>): Promise<T> {
    const { trainer } = this;
    const before = this.session?.train;
    try {
      return await work();
    } catch (error) {
      // While it trains, training itself moves on.
      const moved = this.session?.train !== before || (!trainer?.running && (await trainer?.rescue(error)));
      if (!moved) throw error;
      return work();
    }
  }

  /** What the device holds; null when it was lost with all of that, and the caller's own copy must do. */
  async held(): Promise<{ readonly weights: Weights; readonly state: State } | null> {
    const { session } = this;
    if (!session) return null;
    try {
      return await this.firmly(async () => ({ weights: await session.weights(), state: await session.state() }));
    } catch (error) {
      if (error instanceof DeviceFailure && error.reason === 'lost') return null;
      throw error;
    }
  }

  /** The live view gets the present numbers. */
  async show(): Promise<void> {
    await this.trainer?.secure();
    await this.firmly(() => this.live.show());
  }

  /** What is to be proved of the present numbers. */
  async proofRequest(): Promise<ProofRequest | null> {
    const { session, rows: data } = this;
    if (!session) return null;
    return {
      plans: session.plans,
      weights: await this.firmly(() => session.weights()),
      features: data.x,
      featureCount: data.features.length,
      targets: data.y,
      targetCount: data.targets.length,
      rows: data.split.train.slice(0, session.plans.trace.batch),
      device: async (rows, keys) => (await this.live.batch(keys, rows))?.numbers ?? null,
      step: (rows, keys) => session.trialStep(data, rows, keys, this.links.backends),
      hyper: session.hyper,
    };
  }
}

type Owners = Plans['drawing']['owner'];

const ownerOf = (owner: Owners, node: NodeId): NodeId => owner[node] ?? node;

/** With the nodes as they are drawn, and the part that is meant where one of them is made of parts. */
export function inDrawing({ node, from, ...trouble }: Trouble, owner: Owners): Trouble {
  const drawn = node === undefined ? undefined : ownerOf(owner, node);
  return {
    ...trouble,
    ...(drawn === undefined ? {} : { node: drawn }),
    ...(drawn === node ? {} : { part: node! }),
    ...(from === undefined ? {} : { from: ownerOf(owner, from) }),
  };
}
