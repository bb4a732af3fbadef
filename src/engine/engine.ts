/**
 * The engine as the window sees it: one network at a time, its data, its training, and the live numbers
 * of the view. Independent of where it runs; `worker.ts` serves it from a worker.
 */
import type { Checkpoint, EngineApi, EngineEvents, LoadOptions, LoadReport, Look, MapRequest, Progress, Tuning } from './api';
import { type Backend, DeviceFailure, type Profile } from './backends/backend';
import type { NodeId } from './graph/graph';
import type { BackendName, Plans, Weights } from './plan';
import type { Dataset } from './data/dataset';
import type { StripName } from './train/analysis/layer-history';
import type { PlaneWish } from './train/analysis/loss-plane';
import type { NumberAt } from './train/analysis/sample-gradients';
import { Studies } from './train/analysis/studies';
import { Bench } from './train/bench';
import type { Tap } from './train/frames';
import { movedWords, openSomewhere } from './train/fallback';
import { Live } from './train/live';
import { Prover } from './train/prover';
import { mapsOf, noPredictions, predictionsOf, spreadsOf } from './train/questions';
import type { Raced } from './train/race';
import type { RateVerdict } from './train/rate-test';
import { RateTrial } from './train/rate-trial';
import { Races, withWinner } from './train/races';
import type { SavedMoment } from './train/saved-moment';
import { Session } from './train/session';
import { recordRows, type TraceWish } from './train/record-rows';
import { TimeTravel } from './train/time-travel';
import type { Trainer } from './train/trainer';
import type { CurvePoint } from './train/training';
import type { WhenQuestion } from './train/when-did';

/** Progress messages a second. */
const PROGRESS_EVERY = 100;

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

export class Engine implements EngineApi {
  readonly #around: Surroundings;
  readonly #bench: Bench;
  /** Null where nobody listens to proofs. */
  readonly #prover: Prover | null;
  readonly #races: Races;
  readonly #studies: Studies;
  readonly #travel: TimeTravel;
  readonly #rates: RateTrial;
  #profile: Profile | null = null;
  #revision = 0;
  #points: CurvePoint[] = [];
  #lastProgress = 0;
  /** Loads and resets happen one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  /** The training that is under way; resolves when it has stopped. */
  #work: Promise<void> | null = null;
  /** Counts the pauses that were asked for: one that comes while training waits for a load ends that wait. */
  #pauses = 0;

  constructor(around: Surroundings) {
    const { events } = around;
    this.#around = around;
    const live = new Live(around.now, around.sharedMemory, events);
    const bench = new Bench(
      {
        ...around,
        // The first steps are told at once: somebody has pressed Train and looks.
        slice: (step) => this.#progress(step === 1),
        point: (point) => this.#points.push(point),
        trouble: (trouble) => events.trouble(trouble),
        stopped: (stopped) => events.stopped?.(stopped),
      },
      live,
    );
    this.#bench = bench;
    const { proof } = events;
    this.#prover = proof ? new Prover(around, proof) : null;
    this.#races = new Races({
      ...around,
      inTurn: (work) => this.#inTurn(work),
      busy: () => this.#work !== null,
      found: (revision, raced) => events.raced?.({ revision, raced }),
    });
    this.#studies = new Studies({
      clock: around,
      live,
      standing: () => {
        const { session, trainer, rows } = bench;
        return session && trainer ? { session, trainer, data: rows } : null;
      },
      history: () => bench.history,
    });
    this.#rates = new RateTrial(bench, (steps) => events.rates?.(steps));
    this.#travel = new TimeTravel(bench, {
      inTurn: (work) => this.#inTurn(work),
      halt: () => this.#halt(),
      arrived: () => this.#standsElsewhere(),
      breathe: around.breathe,
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
      this.#bench.data = dataset;
      // The next load makes a trainer for the new data.
      this.#bench.trainer = null;
    });
  }

  load(plans: Plans, options: LoadOptions): Promise<LoadReport> {
    return this.#inTurn(async () => {
      const bench = this.#bench;
      const wasRunning = bench.trainer?.running ?? false;
      await this.#halt();
      this.#races.cancel();
      const { session, raced, refused } = await this.#open(plans);
      const { session: old, trainer: previous } = bench;
      session.initialize(options.seed);
      const held = await bench.held();
      const kept = held ? session.setWeights(held.weights) : [];
      if (held && kept.length > 0) session.setState(held.state);
      const given = options.weights ? session.setWeights(options.weights) : [];
      const known = new Set([...kept, ...given]);
      this.#prover?.stop();
      this.#studies.close();
      old?.close();
      bench.session = session;
      bench.settings = options;
      this.#revision = plans.revision;
      const trainer = bench.begin(kept.length > 0);
      // A drawing that shares nothing with the last one starts its own count of epochs.
      if (previous && (kept.length > 0 || (old !== null && held === null))) trainer.resume(previous);
      bench.live.attach(session, bench.rows);
      await this.#standsElsewhere();
      if (!raced) this.#races.soon(session, plans, bench.rows, options);
      if (refused) {
        const message = movedWords(refused, trainer.step, 0);
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

  /** The numbers, the drawing or the data changed: it is shown, told, and proved anew. */
  async #standsElsewhere(): Promise<void> {
    await this.#bench.show();
    this.#progress(true);
    this.#proveAgain();
  }

  #proveAgain(): void {
    if (this.#bench.settings.proves === false) return;
    this.#prover?.restart(async () => (this.#work ? null : this.#bench.proofRequest()));
  }

  reset(seed: number): Promise<void> {
    return this.#inTurn(async () => {
      const bench = this.#bench;
      await this.#halt();
      if (!bench.session) return;
      bench.settings = { ...bench.settings, seed };
      bench.session.initialize(seed);
      bench.begin(false);
      await this.#standsElsewhere();
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
    this.#rates.stop();
    // A load that is under way makes the trainer that is meant, and a race finds the device.
    if (!this.#work) await this.#races.settled();
    await this.#queue;
    const { trainer } = this.#bench;
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
    await this.#bench.show().catch((error: unknown) => this.#fail(error));
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
    this.#bench.trainer?.pause();
    await this.#work;
  }

  async tune({ hyper, epochs, pace, stop, breakpoints }: Tuning): Promise<void> {
    const bench = this.#bench;
    const { session, trainer } = bench;
    if (stop !== undefined && !same(stop, bench.settings.stop ?? {})) {
      bench.settings = { ...bench.settings, stop };
      if (trainer) trainer.stop = stop;
    }
    if (breakpoints !== undefined && !same(breakpoints, bench.settings.breakpoints ?? [])) {
      bench.settings = { ...bench.settings, breakpoints };
      if (trainer) trainer.breakpoints = breakpoints;
    }
    if (pace !== undefined) bench.pace = pace ?? Number.POSITIVE_INFINITY;
    if (hyper) {
      session?.tune(hyper);
      trainer?.tuned();
    }
    if (epochs !== undefined) {
      bench.settings = { ...bench.settings, epochs };
      if (trainer) trainer.epochs = epochs;
    }
  }

  async watch(taps: readonly Tap[]) {
    const watched = this.#bench.live.watch(taps);
    await this.#bench.show();
    return watched;
  }

  async look(at: Look): Promise<void> {
    this.#bench.live.look(at);
    await this.#bench.show();
  }

  async trace(row: number, wish: TraceWish = {}) {
    const { session, rows } = this.#bench;
    if (!session) throw new Error('There is no network to step through yet. Draw one first.');
    return this.#bench.firmly(() => recordRows(session, rows, row, wish));
  }

  async map(request: MapRequest) {
    const { session, data } = this.#bench;
    return session && data ? mapsOf(session, data, request) : [];
  }

  async predict(rows: readonly number[]) {
    const { session, data } = this.#bench;
    return session && data ? predictionsOf(session, data, rows) : noPredictions;
  }

  async test() {
    const { session, data } = this.#bench;
    return session && data ? session.score(data, data.split.test) : null;
  }

  async statistics() {
    const { session, trainer, rows, live } = this.#bench;
    if (!session || !trainer) return null;
    live.place(trainer);
    const { step, epoch } = trainer;
    return this.#bench.firmly(() => spreadsOf(session, rows, live, { step, epoch }));
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
    const { session } = this.#bench;
    return session ? this.#bench.firmly(() => session.weights()) : {};
  }

  async setWeights(weights: Weights): Promise<void> {
    const { session, trainer } = this.#bench;
    session?.setWeights(weights);
    trainer?.touched();
    if (trainer?.running) return;
    await this.#bench.show();
    this.#proveAgain();
  }

  async timeline() {
    return this.#travel.report();
  }

  travel(id: number): Promise<boolean> {
    return this.#travel.to(id);
  }

  whenDid(question: WhenQuestion) {
    return this.#travel.when(question);
  }

  bookmark(id: number | null, name: string | null) {
    return this.#travel.bookmark(id, name);
  }

  savedMoment(id: number) {
    return this.#travel.saved(id);
  }

  holdMoments(moments: readonly SavedMoment[]) {
    return this.#travel.hold(moments);
  }

  checkpoint() {
    return this.#travel.checkpoint();
  }

  restore(checkpoint: Checkpoint): Promise<boolean> {
    return this.#travel.restore(checkpoint);
  }

  async testRates(): Promise<RateVerdict | null> {
    await this.#races.settled();
    return this.#inTurn(async () => {
      await this.#halt();
      this.#prover?.stop();
      return this.#rates.hold().finally(() => this.#proveAgain());
    });
  }

  async stopTestingRates(): Promise<void> {
    this.#rates.stop();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#rates.stop();
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #progress(now: boolean, running = this.#bench.trainer?.running ?? false): void {
    const time = this.#around.now();
    if (!now && time - this.#lastProgress < PROGRESS_EVERY) return;
    this.#lastProgress = time;
    const { session, trainer } = this.#bench;
    const progress: Progress = {
      revision: this.#revision,
      epoch: trainer?.epoch ?? 0,
      step: trainer?.step ?? 0,
      running,
      stepsPerSecond: trainer?.stepsPerSecond ?? 0,
      batchLoss: trainer?.batchLoss ?? null,
      threads: session?.train?.threads ?? null,
      points: this.#points,
    };
    this.#points = [];
    this.#around.events.progress(progress);
  }
}
