/**
 * The engine as the window sees it: one network at a time, its data, its training, and the live numbers
 * of the view. Independent of where it runs; `worker.ts` serves it from a worker.
 */
import type {
  Best,
  Checkpoint,
  EngineApi,
  EngineEvents,
  LoadOptions,
  LoadReport,
  Look,
  MapRequest,
  Progress,
  TimelineReport,
  Trouble,
  Tuning,
} from './api';
import { type Backend, DeviceFailure, type Profile } from './backends/backend';
import type { NodeId } from './graph/graph';
import type { BackendName, Plans, Weights } from './plan';
import { type Dataset, emptyRow } from './data/dataset';
import type { StripName } from './train/analysis/layer-history';
import { LayerRecorder } from './train/analysis/layer-recorder';
import type { PlaneWish } from './train/analysis/loss-plane';
import type { NumberAt } from './train/analysis/sample-gradients';
import { Studies } from './train/analysis/studies';
import type { FrameLayout, Tap } from './train/frames';
import { movedWords, openSomewhere } from './train/fallback';
import { Live } from './train/live';
import { Prover } from './train/prover';
import { mapsOf, noPredictions, predictionsOf, spreadsOf, STATISTICS_ROWS } from './train/questions';
import type { Raced } from './train/race';
import { judgeRates, type RateStep, type RateVerdict, testRates } from './train/rate-test';
import { Races, withWinner } from './train/races';
import { Session, type State } from './train/session';
import { TIMELINE_BYTES } from './train/timeline';
import { type WhenAnswer, whenDid, type WhenQuestion } from './train/when-did';
import { recordRows, type TraceWish } from './train/record-rows';
import { Trainer } from './train/trainer';
import type { CurvePoint } from './train/training';

/** Progress messages a second. */
const PROGRESS_EVERY = 100;
/** Between two pieces of news of a rate test, in ms. */
const NEWS_EVERY = 40;

export interface Surroundings {
  readonly backends: ReadonlyMap<BackendName, Backend>;
  readonly events: EngineEvents;
  readonly now: () => number;
  /** Lets waiting messages in. */
  readonly breathe: () => Promise<void>;
  readonly sleep: (ms: number) => Promise<void>;
  /** Whether memory can be shared with the page. */
  readonly sharedMemory: boolean;
}

/** Plain values as they are sent: the window sends them again with every change of a setting. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a session's device holds. */
const heldBy = async (session: Session): Promise<{ weights: Weights; state: State }> => ({
  weights: await session.weights(),
  state: await session.state(),
});

export class Engine implements EngineApi {
  readonly #around: Surroundings;
  readonly #live: Live;
  /** Null where nobody listens to proofs. */
  readonly #prover: Prover | null;
  #profile: Profile | null = null;
  #session: Session | null = null;
  #trainer: Trainer | null = null;
  #data: Dataset | null = null;
  #options: LoadOptions = { seed: 1, epochs: 100, batch: 32 };
  #revision = 0;
  #points: CurvePoint[] = [];
  #lastProgress = 0;
  #pace = Number.POSITIVE_INFINITY;
  #batchLoss: number | null = null;
  /** Loads and resets happen one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  /** The training that is under way; resolves when it has stopped. */
  #work: Promise<void> | null = null;
  readonly #races: Races;
  readonly #studies: Studies;
  #recorder: LayerRecorder | null = null;
  /** While rates are tried; `on` turns false when that is to stop. */
  #trying: { on: boolean } | null = null;
  /** Counts the pauses that were asked for: one that comes while training waits for a load ends that wait. */
  #pauses = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#live = new Live(around.now, around.sharedMemory, around.events);
    const { proof } = around.events;
    this.#prover = proof ? new Prover(around, proof) : null;
    this.#races = new Races({
      ...around,
      inTurn: (work) => this.#inTurn(work),
      busy: () => this.#work !== null,
      found: (revision, raced) => around.events.raced?.({ revision, raced }),
    });
    this.#studies = new Studies({
      clock: around,
      live: this.#live,
      standing: () => {
        const [session, trainer] = [this.#session, this.#trainer];
        return session && trainer ? { session, trainer, data: this.#data ?? emptyRow } : null;
      },
      history: () => this.#recorder?.history ?? null,
    });
  }

  async profile(): Promise<Profile> {
    if (this.#profile) return this.#profile;
    const present = [];
    const absent = [];
    for (const backend of this.#around.backends.values()) {
      const found = await backend.detect();
      if ('absent' in found) absent.push({ backend: backend.name, reason: found.absent });
      else present.push(found);
    }
    this.#profile = { present, absent };
    return this.#profile;
  }

  setDataset(dataset: Dataset | null): Promise<void> {
    return this.#inTurn(async () => {
      await this.#halt();
      this.#prover?.stop();
      this.#races.cancel();
      this.#studies.close();
      this.#data = dataset;
      // The next load makes a trainer for the new data.
      this.#trainer = null;
    });
  }

  load(plans: Plans, options: LoadOptions): Promise<LoadReport> {
    return this.#inTurn(async () => {
      const wasRunning = this.#trainer?.running ?? false;
      await this.#halt();
      this.#races.cancel();
      const { session, raced, refused } = await this.#open(plans);
      const old = this.#session;
      const previous = this.#trainer;
      session.initialize(options.seed);
      const held = old ? await this.#held(old) : null;
      const kept = held ? session.setWeights(held.weights) : [];
      if (held && kept.length > 0) session.setState(held.state);
      const given = options.weights ? session.setWeights(options.weights) : [];
      const known = new Set([...kept, ...given]);
      this.#prover?.stop();
      this.#studies.close();
      old?.close();
      this.#session = session;
      this.#options = options;
      this.#revision = plans.revision;
      this.#makeTrainer(kept.length > 0);
      // A drawing that shares nothing with the last one starts its own count of epochs.
      if (previous && (kept.length > 0 || (old !== null && held === null))) this.#trainer!.resume(previous.epoch, previous.step);
      this.#live.attach(session, this.#data ?? emptyRow);
      await this.#show();
      this.#progress(true);
      this.#proveAgain();
      if (!raced) this.#races.soon(session, plans, this.#data ?? emptyRow, options);
      if (refused) {
        const message = movedWords(refused, this.#trainer!.step, 0);
        this.#around.events.trouble({ kind: 'moved-to-cpu', failed: refused.reason, message });
      }
      if (wasRunning) void this.train();
      return {
        revision: plans.revision,
        backend: session.backend,
        ...(raced ? { raced } : {}),
        kept: [...known],
        fresh: session.parameters.map((p) => p.key).filter((key) => !known.has(key)),
      };
    });
  }

  /** Null when the device was lost with all that it held, and the caller's own copy must do. */
  async #held(session: Session): Promise<Awaited<ReturnType<typeof heldBy>> | null> {
    try {
      return await this.#firmly(() => heldBy(session));
    } catch (error) {
      if (error instanceof DeviceFailure && error.reason === 'lost') return null;
      throw error;
    }
  }

  /** Work that reads the training device: where that one has failed, another takes its place and is read. */
  async #firmly<T>(work: () => Promise<T>): Promise<T> {
    const trainer = this.#trainer;
    const before = this.#session?.train;
    try {
      return await work();
    } catch (error) {
      // While it trains, training itself moves on.
      const moved = this.#session?.train !== before || (!trainer?.running && (await trainer?.rescue(error)));
      if (!moved) throw error;
      return work();
    }
  }

  async #show(): Promise<void> {
    await this.#trainer?.secure();
    await this.#firmly(() => this.#live.show());
  }

  /** On the backend that is known to be the fastest for such networks, if one is, and is still there. */
  async #open(plans: Plans): Promise<{ session: Session; raced?: Raced; refused?: DeviceFailure | null }> {
    const { backends } = this.#around;
    const raced = this.#races.known(plans);
    if (raced)
      try {
        return { session: await Session.open(withWinner(plans, raced), backends), raced };
      } catch {
        this.#races.forget(plans);
      }
    return openSomewhere(plans, backends);
  }

  /** `goesOn`: the layers that stay keep their history. */
  #makeTrainer(goesOn: boolean): void {
    const { epochs, batch, seed } = this.#options;
    const { now, breathe, sleep, events } = this.#around;
    this.#recorder = new LayerRecorder(this.#session!, this.#live, now, goesOn ? (this.#recorder?.history ?? null) : null);
    this.#trainer = new Trainer(
      this.#session!,
      this.#data ?? emptyRow,
      {
        epochs,
        batch,
        seed,
        scoreEvery: 100,
        leastPoints: 40,
        scoreRows: 5000,
        stop: this.#options.stop,
        breakpoints: this.#options.breakpoints,
        memory: TIMELINE_BYTES,
        keepsBest: true,
        observer: this.#recorder,
        now,
        sleep,
        breathe: async () => {
          await this.#live.maybeShow(this.#trainer!);
          await breathe();
        },
      },
      {
        slice: ({ step, batchLoss }) => {
          this.#batchLoss = batchLoss;
          // The first steps are told at once: somebody has pressed Train and looks.
          this.#progress(step === 1);
        },
        point: (point) => this.#points.push(point),
        trouble: (trouble) => events.trouble(this.#inDrawing(trouble)),
        stopped: (stopped) => events.stopped?.({ ...stopped, ...this.#ownerOf(stopped.node) }),
      },
    );
    this.#trainer.pace = this.#pace;
  }

  /** The numbers, the drawing or the data changed: what was proved of them is proved anew. */
  #proveAgain(): void {
    if (this.#options.proves === false) return;
    const session = this.#session;
    this.#prover?.restart(async () => {
      if (!session || this.#work) return null;
      const data = this.#data ?? emptyRow;
      return {
        plans: session.plans,
        weights: await this.#firmly(() => session.weights()),
        features: data.x,
        featureCount: data.features.length,
        targets: data.y,
        targetCount: data.targets.length,
        rows: data.split.train.slice(0, session.plans.trace.batch),
        device: async (rows, keys) => (await this.#live.batch(keys, rows))?.numbers ?? null,
        step: (rows, keys) => session.trialStep(data, rows, keys, this.#around.backends),
        hyper: session.hyper,
      };
    });
  }

  /** With the nodes as they are drawn. */
  #inDrawing({ node, from, ...trouble }: Trouble): Trouble {
    const owner = this.#ownerOf(node).node;
    return {
      ...trouble,
      ...(owner === undefined ? {} : { node: owner }),
      ...(owner === node ? {} : { part: node! }),
      ...(from === undefined ? {} : { from: this.#ownerOf(from).node! }),
    };
  }

  #ownerOf(node: string | undefined): { node?: string } {
    if (node === undefined) return {};
    return { node: this.#session?.plans.drawing.owner[node] ?? node };
  }

  reset(seed: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#halt();
      if (!this.#session) return;
      this.#options = { ...this.#options, seed };
      this.#session.initialize(seed);
      this.#makeTrainer(false);
      this.#batchLoss = null;
      await this.#show();
      this.#progress(true);
      this.#proveAgain();
    });
  }

  async train(): Promise<void> {
    await this.#run((trainer) => trainer.train());
  }

  async step(): Promise<void> {
    await this.#run((trainer) => trainer.oneStep());
  }

  async epoch(): Promise<void> {
    await this.#run((trainer) => trainer.oneEpoch());
  }

  async #run(work: (trainer: Trainer) => Promise<void>): Promise<void> {
    const pauses = this.#pauses;
    void this.stopTestingRates();
    // A load that is under way makes the trainer that is meant, and a race finds the device.
    if (!this.#work) await this.#races.settled();
    await this.#queue;
    const trainer = this.#trainer;
    if (this.#work || pauses !== this.#pauses) return;
    if (!trainer) throw new Error('There is no network to train yet. Draw one first.');
    // Training hard has the thread for itself.
    this.#prover?.stop();
    this.#work = (async () => {
      try {
        this.#progress(true, true);
        await work(trainer);
      } catch (error) {
        this.#fail(error);
      }
    })();
    await this.#work;
    this.#work = null;
    await this.#show().catch((error: unknown) => this.#fail(error));
    this.#progress(true);
    this.#proveAgain();
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const lost = error instanceof DeviceFailure;
    this.#around.events.trouble({ kind: lost ? 'device-lost' : 'internal', message });
  }

  async pause(): Promise<void> {
    this.#pauses++;
    await this.#halt();
  }

  async #halt(): Promise<void> {
    this.#trainer?.pause();
    await this.#work;
  }

  async tune({ hyper, epochs, pace, stop, breakpoints }: Tuning): Promise<void> {
    if (stop !== undefined && !same(stop, this.#options.stop ?? {})) {
      this.#options = { ...this.#options, stop };
      if (this.#trainer) this.#trainer.stop = stop;
    }
    if (breakpoints !== undefined && !same(breakpoints, this.#options.breakpoints ?? [])) {
      this.#options = { ...this.#options, breakpoints };
      if (this.#trainer) this.#trainer.breakpoints = breakpoints;
    }
    if (pace !== undefined) {
      this.#pace = pace ?? Number.POSITIVE_INFINITY;
      if (this.#trainer) this.#trainer.pace = this.#pace;
    }
    if (hyper) {
      this.#session?.tune(hyper);
      this.#trainer?.tuned();
    }
    if (epochs !== undefined) {
      this.#options = { ...this.#options, epochs };
      if (this.#trainer) this.#trainer.epochs = epochs;
    }
  }

  async watch(taps: readonly Tap[]): Promise<{ layout: FrameLayout; memory: SharedArrayBuffer | null }> {
    const watched = this.#live.watch(taps);
    await this.#show();
    return watched;
  }

  async look(at: Look): Promise<void> {
    this.#live.look(at);
    await this.#show();
  }

  async trace(row: number, wish: TraceWish = {}) {
    if (!this.#session) throw new Error('There is no network to step through yet. Draw one first.');
    const session = this.#session;
    return this.#firmly(() => recordRows(session, this.#data ?? emptyRow, row, wish));
  }

  async map(request: MapRequest) {
    return this.#session && this.#data ? mapsOf(this.#session, this.#data, request) : [];
  }

  async predict(rows: readonly number[]) {
    return this.#session && this.#data ? predictionsOf(this.#session, this.#data, rows) : noPredictions;
  }

  async test() {
    return this.#session && this.#data ? this.#session.score(this.#data, this.#data.split.test) : null;
  }

  async statistics() {
    if (!this.#session || !this.#trainer) return null;
    this.#live.place(this.#trainer);
    const { step, epoch } = this.#trainer;
    const session = this.#session;
    return this.#firmly(() => spreadsOf(session, this.#data ?? emptyRow, this.#live, { step, epoch }));
  }

  openSurface(wish: PlaneWish) {
    return this.#studies.openSurface(wish);
  }

  surfaceLosses(id: number, places: Float64Array) {
    return this.#studies.surfaceLosses(id, places);
  }

  surfaceWay(id: number) {
    return this.#studies.surfaceWay(id);
  }

  gradientNoise(axes: readonly [NumberAt, NumberAt] | null) {
    return this.#studies.gradientNoise(axes);
  }

  sharpness() {
    return this.#studies.sharpness();
  }

  operatingPoints(layer: NodeId, unit: number | null) {
    return this.#studies.operatingPoints(layer, unit);
  }

  async activatedLayers() {
    return this.#studies.activatedLayers();
  }

  async layerHistory(name: StripName | null) {
    return this.#studies.layerHistory(name);
  }

  async weights(): Promise<Weights> {
    const session = this.#session;
    return session ? this.#firmly(() => session.weights()) : {};
  }

  async setWeights(weights: Weights): Promise<void> {
    this.#session?.setWeights(weights);
    this.#trainer?.touched();
    if (this.#trainer?.running) return;
    await this.#show();
    this.#proveAgain();
  }

  async timeline(): Promise<TimelineReport> {
    const trainer = this.#trainer;
    if (!trainer) return { moments: [], here: null, bytes: 0, limit: TIMELINE_BYTES };
    const { timeline, here } = trainer;
    return { moments: timeline.infos(), here, bytes: timeline.bytes, limit: timeline.limit };
  }

  travel(id: number): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#halt();
      const trainer = this.#trainer;
      if (!trainer || !(await trainer.travel(id))) return false;
      this.#batchLoss = trainer.batchLoss;
      this.#live.place(trainer);
      await this.#show();
      this.#progress(true);
      this.#proveAgain();
      return true;
    });
  }

  whenDid(question: WhenQuestion): Promise<WhenAnswer> {
    return this.#inTurn(async () => {
      await this.#halt();
      const [session, trainer, data] = [this.#session, this.#trainer, this.#data ?? emptyRow];
      if (!session || !trainer) return { moment: null, message: 'There is no training to search yet.' };
      // The present state belongs to the past that is searched.
      await trainer.keep();
      const rows = data.split.train.subarray(0, STATISTICS_ROWS);
      return whenDid(question, trainer.timeline.moments, session, data, rows, this.#around.breathe);
    });
  }

  bookmark(id: number | null, name: string | null): Promise<number | null> {
    return this.#inTurn(async () => {
      const trainer = this.#trainer;
      if (!trainer) return null;
      if (id === null && !trainer.running) await trainer.keep();
      const at = id ?? trainer.here;
      if (at !== null) trainer.timeline.bookmark(at, name);
      return at;
    });
  }

  async checkpoint(): Promise<Checkpoint | null> {
    const trainer = this.#trainer;
    return trainer ? this.#firmly(() => trainer.checkpoint()) : null;
  }

  restore(checkpoint: Checkpoint): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#halt();
      const trainer = this.#trainer;
      if (!trainer?.restore(checkpoint)) return false;
      this.#batchLoss = trainer.batchLoss;
      this.#live.place(trainer);
      await this.#show();
      this.#progress(true);
      this.#proveAgain();
      return true;
    });
  }

  async testRates(): Promise<RateVerdict | null> {
    await this.#races.settled();
    return this.#inTurn(async () => {
      await this.#halt();
      const session = this.#session;
      if (!session?.train) throw new Error('There is nothing to train yet: draw a network with a loss first.');
      const { backends, breathe, events, now } = this.#around;
      const trying = { on: true };
      this.#trying = trying;
      this.#prover?.stop();
      let last = now();
      let fresh: RateStep[] = [];
      const { batch, seed } = this.#options;
      try {
        const steps = await testRates(session.plans, this.#data ?? emptyRow, backends, {
          batch,
          seed,
          weights: await session.weights(),
          hyper: session.hyper,
          onStep: (step) => fresh.push(step),
          breathe: async () => {
            if (now() - last < NEWS_EVERY) return trying.on;
            events.rates?.(fresh);
            fresh = [];
            await breathe();
            last = now();
            return trying.on;
          },
        });
        return steps && judgeRates(steps);
      } finally {
        this.#trying = null;
        this.#proveAgain();
      }
    });
  }

  async stopTestingRates(): Promise<void> {
    if (this.#trying) this.#trying.on = false;
  }

  async best(): Promise<Best | null> {
    return this.#trainer?.best ?? null;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    void this.stopTestingRates();
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #progress(now: boolean, running = this.#trainer?.running ?? false): void {
    const time = this.#around.now();
    if (!now && time - this.#lastProgress < PROGRESS_EVERY) return;
    this.#lastProgress = time;
    const trainer = this.#trainer;
    const progress: Progress = {
      revision: this.#revision,
      epoch: trainer?.epoch ?? 0,
      step: trainer?.step ?? 0,
      running,
      stepsPerSecond: trainer?.stepsPerSecond ?? 0,
      batchLoss: this.#batchLoss,
      threads: this.#session?.train?.threads ?? null,
      points: this.#points,
    };
    this.#points = [];
    this.#around.events.progress(progress);
  }
}
