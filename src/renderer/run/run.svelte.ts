/**
 * Follows the project: data from main to the engine, plans from main to the engine, then training on
 * command. One task at a time talks to the engine's state; answers that are late (another revision was
 * asked for meanwhile) are dropped here and nowhere else. While the drawing has problems, the last good
 * plan stays loaded.
 */
import type {
  Checkpoint,
  CurvePoint,
  EngineApi,
  Look,
  MapRequest,
  Progress,
  Proof,
  Raced,
  Stopped,
  Trouble,
  Weights,
} from '../../engine/api';
import type { Profile } from '../../engine/backends/backend';
import type { Diagnostic } from '../../engine/graph/diagnostics';
import { applyNumbers, type NumberEdit } from '../../engine/graph/number-edits';
import type { Project } from '../../engine/graph/project';
import type { BackendName, BackendWish, Plans, Program } from '../../engine/plan';
import type { Dataset } from '../../engine/data/dataset';
import { RemoteFailure } from '../../engine/remote';
import { worded } from '../../engine/train/trace-words';
import { Agenda, type Wanted } from './agenda';
import { infoOf } from './dataset';
import type { Engine } from './engine';
import { Feed } from './feed.svelte';
import { demandsOf } from './follow';
import { Hold } from './hold';
import { Live } from './live.svelte';
import { Notation } from './notation.svelte';
import { outcomeOf } from './outcome';
import { reasonOf } from './reason';
import { numbersOf, recordedOn } from './recorded-iteration';
import { Recorder } from './recorder';
import { paceOf, type RunLinks, type Speed } from './run-links';
import { Standing } from './standing.svelte';
import { Stepper } from './stepper.svelte';
import { Timeline } from './timeline.svelte';
import { WeightWatch } from './weight-watch.svelte';
import { weightsOf } from './weights';

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class Run extends Standing {
  profile = $state.raw<Profile | null>(null);
  /** What the user asked for. */
  choice = $state<BackendWish>('auto');
  /** What runs, and why. Null until the first plan is loaded. */
  backend = $state<BackendName | null>(null);
  reason = $state('');
  compiling = $state(false);
  /** What the compiler found; the drawing's own check finds most of it earlier. */
  problems = $state.raw<readonly Diagnostic[]>([]);

  speed = $state<Speed>('watch');

  readonly feed: Feed;

  /** Other data are wanted than those that are loaded; what is asked to train or to step waits for them. */
  awaitingData = $state(false);
  /** The data are others than those that the loaded plan was made for. */
  #unfit = $state(false);
  prediction = $state.raw<Program['prediction']>(null);
  /** The loaded plan can train: there is a loss and something to learn. */
  hasTraining = $state(false);
  /** What the background's checks have found of the present numbers; null: nothing. */
  proof = $state.raw<Proof | null>(null);
  /** It reads rows of a data set; `L = θ²` does not. */
  needsData = $state(true);
  readonly canTrain = $derived(this.hasTraining && (this.dataset !== null || !this.needsData));
  /** Questions to the loaded plan make sense: it is a plan for these data. */
  readonly canPredict = $derived(this.prediction !== null && this.dataset !== null && this.backend !== null && !this.#unfit);
  readonly canStep = $derived(this.backend !== null && (this.dataset !== null || !this.needsData));

  readonly notation = new Notation();

  readonly live: Live;
  readonly stepper: Stepper;
  readonly timeline: Timeline;

  readonly #links: RunLinks;
  readonly #watch: WeightWatch;
  #engine: Engine;
  #project: Project | null = null;
  /** What an iteration is recorded on. */
  #traced: Pick<Plans, 'trace' | 'drawing'> | null = null;
  /** Counts what is asked of the compiler; an answer for a smaller one is late. */
  #revision = 0;
  #loaded = 0;
  readonly #agenda = new Agenda((wanted) => this.#settle(wanted));
  #forced: BackendName | null = null;
  #seed = 1;
  /** What the live view showed before an iteration was stepped through. */
  #lookBefore: Look | null = null;
  /** The user wants it to train: pausing while training is held anyway must be heeded. */
  #wished = false;
  /** Set while training waits for other data or another plan. */
  readonly #holding = new Hold();
  /** Edits of trained numbers that come with the next plan. */
  #numbers: readonly NumberEdit[] = [];
  #putting: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #recorder: Recorder | null;
  /** Step at which the run that is recorded began: before it another network, or other data, were trained. */
  #recordedFrom = 0;

  constructor(links: RunLinks) {
    super();
    this.#links = links;
    this.feed = new Feed(links.host, (title, error) => this.#complain(title, error));
    this.#watch = new WeightWatch(
      () => this.#engine.api.weights(),
      (error) => {
        // A lost device cannot be read; `trouble` tells people about that one.
        if (!this.running) this.#complain('The weights could not be read', error);
      },
    );
    this.live = new Live((error) => this.#complain('The live view has no numbers', error));
    this.timeline = new Timeline({
      api: () => this.#engine.api,
      begin: async () => {
        if (this.running) await this.pause();
      },
      arrived: () => this.#changed(true),
      settled: () => void this.#settledIn(),
      onFault: (title, error) => this.#complain(title, error),
    });
    this.#engine = this.#start();
    this.#recorder =
      links.history === undefined
        ? null
        : new Recorder(
            links.history,
            { checkpoint: () => this.#api.checkpoint(), best: () => this.#api.best() },
            'window',
            (error) => this.#complain('This run is not kept in the history', error),
          );
    this.stepper = new Stepper(
      async (row, wish) => {
        const recording = await this.#engine.api.trace(row, wish);
        // The drawing shows the numbers that are stepped through.
        if (this.dataset !== null) {
          this.#lookBefore ??= this.live.look;
          void this.live.lookAt({ row: recording.row });
        }
        const recorded = recordedOn(this.#traced!, recording);
        this.live.show(numbersOf(recorded));
        return recorded;
      },
      ({ recording, drawing }) => worded(recording, drawing.graph, this.notation.convention),
      (step) => {
        this.live.known = this.stepper.reached();
        if (step === null) {
          this.live.show(null);
          if (this.#lookBefore !== null) void this.live.lookAt(this.#lookBefore);
          this.#lookBefore = null;
        }
        this.live.focus =
          step === null ? null : { node: step.node, ...(step.edge === undefined ? {} : { edge: step.edge }), phase: step.phase };
      },
      () => this.settled(),
    );
  }

  #start(): Engine {
    return this.#links.start(
      {
        progress: (progress) => this.#progress(progress),
        trouble: (trouble) => this.#trouble(trouble),
        stopped: (stopped) => this.#haltedBy(stopped),
        proof: (proof) => {
          this.proof = proof;
        },
        raced: ({ revision, raced }) => {
          if (revision === this.#loaded) this.#runsOn(raced.standings[0]!.backend, raced);
        },
        frame: (memory) => this.live.receive(memory),
      },
      (message) => this.#crashed(message),
    );
  }

  get #api(): EngineApi {
    return this.#engine.api;
  }

  get dataset(): Dataset | null {
    return this.feed.dataset;
  }

  get weights(): Weights | null {
    return this.#watch.weights;
  }

  /** Keeps `weights` fresh while someone shows them; returns a function that ends it. */
  watchWeights(): () => void {
    return this.#watch.watch();
  }

  /** Another project: nothing of the old one's training stays. */
  open(project: Project): void {
    this.#wished = false;
    this.stepper.close();
    this.#forget();
    this.testScore = null;
    this.trouble = null;
    this.stopped = null;
    this.#watch.weights = null;
    this.#project = project;
    this.#seed = project.settings.training.seed;
    this.goal = project.settings.training.epochs;
    // Until its own plan is loaded there is nothing to train; the old one would answer for the new drawing.
    this.#unload();
    this.#want({ compile: true, tune: false, data: true, fresh: true }, 0);
  }

  /** The same project after an edit. */
  follow(project: Project, numbers: readonly NumberEdit[] = []): void {
    const demands = demandsOf(this.#project, project);
    // Numbers of another drawing wait for its plan.
    if (numbers.length > 0 && (demands.compile || this.#numbers.length > 0)) this.#numbers = [...this.#numbers, ...numbers];
    else if (numbers.length > 0) void this.#put(numbers);
    if (!demands.compile && !demands.data) this.#recorder?.changed(project);
    if (this.#project?.settings.training.epochs !== project.settings.training.epochs)
      this.goal = project.settings.training.epochs;
    this.#project = project;
    if (demands.compile || demands.tune || demands.data)
      this.#want({ ...demands, fresh: false }, demands.data ? 250 : (this.#links.patience ?? 60));
  }

  /** One after the other, as they were edited. */
  #put(numbers: readonly NumberEdit[]): Promise<void> {
    this.#putting = this.#putting.then(() =>
      this.#act('The numbers were not taken', async () => {
        if (this.backend === null) return;
        await this.#api.setWeights(applyNumbers(numbers, await this.#api.weights()));
        this.#changed(true);
      }),
    );
    return this.#putting;
  }

  choose(backend: BackendWish): void {
    this.choice = backend;
    this.#forced = null;
    this.#want({ compile: true, tune: false, data: false, fresh: false }, 0);
  }

  /** Loads the project's data again, for example after a failure. */
  reloadData(): void {
    this.#want({ compile: false, tune: false, data: true, fresh: false }, 0);
  }

  #want(more: Partial<Wanted>, patience: number): void {
    if (more.compile) this.#revision++;
    if (more.data) {
      this.awaitingData = true;
      this.feed.expect();
    }
    this.#agenda.want(more, patience);
  }

  /** Resolves when nothing is left to do for the project as it is now. */
  settled(): Promise<void> {
    return this.#agenda.settled();
  }

  async #settle(wanted: Wanted): Promise<void> {
    if (this.#project === null) return;
    try {
      if (wanted.data) {
        const { data, split } = this.#project.settings;
        await this.feed.load(data, split, (dataset) => this.#give(dataset));
      }
      if (wanted.compile || wanted.data || wanted.fresh) await this.#load(wanted.fresh);
      else if (wanted.tune) await this.#tune();
    } finally {
      if (!this.#agenda.wanted.data) this.awaitingData = false;
      this.#release();
    }
  }

  /** Training stands still while its data or its plan are exchanged, and goes on afterwards. */
  async #hold(): Promise<void> {
    if (this.running && this.#holding.begin()) await this.#api.pause();
  }

  #release(): void {
    if (!this.canTrain) this.#holding.forbid();
    this.#holding.release();
  }

  /** Hands the numbers to the engine. Training must not read rows that are being replaced. */
  async #give(dataset: Dataset | null): Promise<boolean> {
    try {
      await this.#hold();
      await this.#api.setDataset(dataset);
    } catch (error) {
      this.#complain('The engine did not take the data', error);
      return false;
    }
    this.#unfit = true;
    this.testScore = null;
    this.stepper.close();
    // A row of the data before, and its curve, say nothing about these.
    this.live.look = 'batch';
    this.#forget();
    this.batchLoss = null;
    this.#revision++;
    this.#links.onData(dataset === null ? null : infoOf(dataset));
    return true;
  }

  async #load(fresh: boolean): Promise<void> {
    const project = this.#project!;
    const revision = this.#revision;
    const late = (): boolean => revision !== this.#revision;
    this.compiling = true;
    try {
      this.profile ??= await this.#api.profile();
      const info = this.dataset === null ? null : infoOf(this.dataset);
      const result = await this.#links.host.compile(project, this.profile, this.#forced ?? this.choice, revision, info);
      if (late()) {
        // The loop comes round again for the newer revision, and must not forget that it is another project.
        this.#agenda.add({ compile: true, fresh });
        return;
      }
      if (!result.ok) {
        this.problems = result.problems;
        // A plan for other columns must not read these rows.
        if (fresh || this.#unfit) this.#unload();
        return;
      }
      this.problems = [];
      await this.#take(project, result.value, fresh);
    } catch (error) {
      if (late()) this.#agenda.add({ compile: true, fresh });
      else this.#complain('The drawing could not be made ready to run', error);
    } finally {
      this.compiling = false;
    }
  }

  async #take(project: Project, plans: Plans, fresh: boolean, weights?: Weights): Promise<void> {
    const { training } = project.settings;
    const stored = fresh ? weightsOf(project) : undefined;
    await this.#hold();
    const numbers = fresh ? [] : this.#numbers;
    this.#numbers = [];
    const edited = numbers.length > 0 ? applyNumbers(numbers, await this.#api.weights()) : undefined;
    const start = weights ?? stored ?? edited;
    if (fresh) this.#holding.forbid();
    // What is watched belongs to the old plan; the canvas asks again for what the new one has.
    await this.#api.watch([]);
    const report = await this.#api.load(plans, {
      seed: this.#seed,
      epochs: this.goal,
      batch: training.batch,
      ...(start === undefined ? {} : { weights: start }),
    });
    this.#loaded = plans.revision;
    // What was proved was proved of other numbers, or of another drawing.
    this.proof = null;
    this.#unfit = false;
    this.#traced = plans;
    this.threads = null;
    this.#runsOn(report.backend, report.raced ?? null);
    this.needsData = plans.evaluate.program.inputs.length > 0 || (plans.train?.program.inputs.length ?? 0) > 0;
    this.hasTraining = plans.train !== null;
    this.prediction = plans.evaluate.program.prediction;
    if (fresh) {
      // Weights of the project before may fit by name and shape; they have no business here.
      await this.#api.reset(this.#seed);
      if (stored !== undefined) await this.#api.setWeights(stored);
      this.toStart();
    }
    await this.#tune();
    this.#cutRecord(this.step);
    if (this.running) this.#record();
    // Without rows there are no numbers to look at yet.
    if (this.canStep) {
      this.live.attach(this.#api);
      await this.live.lookAt(this.live.look);
    } else this.live.detach();
    this.stepper.close();
    this.#changed(true);
  }

  #unload(): void {
    this.backend = null;
    this.hasTraining = false;
    this.prediction = null;
    this.live.detach();
    this.toStart();
  }

  async #tune(): Promise<void> {
    const { hyper, stop, breakpoints } = this.#project!.settings.training;
    if (this.backend === null) return;
    try {
      await this.#api.tune({ hyper, epochs: this.goal, pace: this.#pace, stop: stop ?? {}, breakpoints: breakpoints ?? [] });
    } catch (error) {
      this.#complain('The new setting was not taken', error);
    }
  }

  get #pace(): number | null {
    const { batch, epochs } = this.#project!.settings.training;
    return paceOf(this.speed, epochs, batch, this.dataset?.split.train.length ?? 1);
  }

  async setSpeed(speed: Speed): Promise<void> {
    this.speed = speed;
    if (this.#project !== null) await this.#tune();
  }

  /**
   * Until the epochs are done, `pause`, or trouble; once more as many epochs when they are done already. What
   * was edited a moment ago counts: training and steps wait until it is loaded.
   */
  async train(): Promise<void> {
    if (!this.canTrain || this.running) return;
    this.running = true;
    this.#wished = true;
    await this.settled();
    if (!this.#wished || !this.canTrain) {
      this.running = false;
      return;
    }
    if (this.epoch >= this.goal) {
      this.goal = this.epoch + this.#project!.settings.training.epochs;
      await this.#tune();
    }
    this.trouble = null;
    this.stopped = null;
    this.stepper.close();
    if (this.branch()) this.#cutRecord(0);
    this.#record();
    this.live.active = true;
    do await this.#act('Training stopped', () => this.#api.train());
    while ((await this.#holding.passed()) && this.#wished);
    this.running = false;
    this.live.active = false;
    this.#changed(true);
    await this.#score();
    await this.#recordEnd();
  }

  async pause(): Promise<void> {
    this.#wished = false;
    await this.#act('Training could not be paused', () => this.#api.pause());
  }

  async toggle(): Promise<void> {
    if (this.running) await this.pause();
    else await this.train();
  }

  async stepOnce(): Promise<void> {
    await this.#single(() => this.#api.step(), false);
  }
  async epochOnce(): Promise<void> {
    await this.#single(() => this.#api.epoch(), true);
  }

  /** One step alone is no run worth keeping. */
  async #single(work: () => Promise<void>, long: boolean): Promise<void> {
    if (!this.canTrain || this.busy) return;
    this.busy = true;
    if (this.running) await this.pause();
    await this.settled();
    if (!this.canTrain) {
      this.busy = false;
      return;
    }
    this.trouble = null;
    this.stopped = null;
    this.stepper.close();
    if (this.branch()) this.#cutRecord(0);
    if (long || this.#recorder?.open) this.#record();
    this.live.active = true;
    await this.#act('The step failed', work);
    this.busy = false;
    this.live.active = false;
    this.#changed(true);
    await this.#score();
    await this.#recordEnd();
  }

  /** New numbers from the seed, epoch 0. */
  async reset(seed: number): Promise<void> {
    if (this.backend === null) return;
    if (this.running) await this.pause();
    this.#seed = seed;
    this.goal = this.#project!.settings.training.epochs;
    this.trouble = null;
    this.stepper.close();
    await this.#act('The weights could not be reset', () => this.#api.reset(seed));
    await this.#tune();
    this.#forget();
    this.stopped = null;
    this.testScore = null;
    this.toStart();
    this.#changed(true);
  }

  #forget(): void {
    this.#cutRecord(0);
    this.forgetCurves();
    this.timeline.clear();
  }

  /** What is trained from that step on is another run. */
  #cutRecord(step: number): void {
    this.#recorder?.cut();
    this.#recordedFrom = step;
  }

  #record(): void {
    this.#recorder?.begin(
      { project: this.#project!, dataset: this.feed.datasetId },
      this.points.filter(({ step }) => step >= this.#recordedFrom),
    );
  }

  async #recordEnd(): Promise<void> {
    if (!this.#recorder?.open || this.running) return;
    const outcome = await outcomeOf(this, (rows) => this.#api.predict(rows));
    await this.#recorder.end(outcome);
  }

  /** A run of the history stands here again, and goes on as if it had never been left; without `kept`, what follows is another run. False: it is of another network. */
  async restore(
    checkpoint: Checkpoint,
    points: readonly CurvePoint[],
    kept: { readonly id: string; readonly seconds: number } | null,
  ): Promise<boolean> {
    await this.settled();
    if (this.running) await this.pause();
    this.stepper.close();
    if (this.backend === null || !(await this.#api.restore(checkpoint))) return false;
    this.#forget();
    this.points = points.filter(({ step }) => step <= checkpoint.step);
    if (kept !== null) this.#recorder?.adopt(kept.id, kept.seconds, checkpoint);
    this.#changed(true);
    await this.#score();
    return true;
  }

  /** At another moment, when nobody drags any more: the test rows, and the iteration that was looked at. */
  async #settledIn(): Promise<void> {
    const { trace, index } = this.stepper;
    if (trace !== null) {
      await this.#act('The iteration could not be recorded', async () => {
        await this.stepper.open(trace.row);
        this.stepper.seek(index);
      });
    }
    await this.#score();
  }

  async setWeights(weights: Weights): Promise<void> {
    await this.#act('The numbers were not taken', () => this.#api.setWeights(weights));
    this.#changed(true);
  }

  /** For exports and for keeping with the project. */
  readWeights(): Promise<Weights> {
    return this.#api.weights();
  }

  map(request: MapRequest): ReturnType<EngineApi['map']> {
    return this.#api.map(request);
  }
  predict(rows: readonly number[]): ReturnType<EngineApi['predict']> {
    return this.#api.predict(rows);
  }

  statistics(): ReturnType<EngineApi['statistics']> {
    return this.#api.statistics();
  }

  async #score(): Promise<void> {
    if (this.backend === null || !this.canTrain) return;
    try {
      this.testScore = await this.#api.test();
    } catch (error) {
      this.#complain('The test rows could not be scored', error);
    }
  }

  #changed(now: boolean): void {
    this.tick++;
    if (this.backend === null) return;
    void this.#watch.look(now);
    void this.timeline.look(now);
  }

  #progress(progress: Progress): void {
    if (progress.revision < this.#loaded) return;
    this.takeProgress(progress);
    this.#recorder?.progress(progress, progress.points);
    this.#changed(false);
  }

  /** Where it runs from now on, and why. */
  #runsOn(backend: BackendName, raced: Raced | null): void {
    this.backend = backend;
    this.reason = reasonOf(this.profile, this.choice, backend, this.#forced !== null, raced);
  }

  #trouble(trouble: Trouble): void {
    this.trouble = trouble;
    if (trouble.kind === 'moved-to-cpu') {
      this.backend = 'wasm';
      this.reason = trouble.message;
      this.#links.notify({ kind: 'info', title: 'Training goes on on the CPU', text: trouble.message });
    } else if (trouble.kind === 'device-lost') {
      void this.#moveToCpu(trouble);
    } else {
      this.#links.notify({
        kind: 'error',
        title: trouble.kind === 'not-finite' ? 'Training diverged' : 'Training stopped',
        text: trouble.message,
      });
    }
  }

  #haltedBy(stopped: Stopped): void {
    this.stopped = stopped;
    this.#links.notify({
      kind: 'info',
      title: stopped.kind === 'breakpoint' ? 'A breakpoint paused training' : 'Training stopped by itself',
      text: stopped.message,
    });
    this.#links.onStopped?.(stopped);
  }

  /** The graphics device is gone: compile for the CPU and go on from the last weights that were read. */
  async #moveToCpu(trouble: Trouble): Promise<void> {
    const project = this.#project;
    if (project === null || this.profile === null) return;
    const [weights, points, goOn] = [this.#watch.weights, this.points, this.running];
    this.#forced = 'wasm';
    const revision = ++this.#revision;
    try {
      const info = this.dataset === null ? null : infoOf(this.dataset);
      const result = await this.#links.host.compile(project, this.profile, 'wasm', revision, info);
      if (revision !== this.#revision || !result.ok) return;
      await this.#take(project, result.value, false, weights ?? undefined);
      if (weights !== null) await this.#api.setWeights(weights);
      this.points = points;
      this.#links.notify({ kind: 'info', title: 'Training goes on on the CPU', text: trouble.message });
      this.#release();
      if (goOn && !this.running) void this.train();
    } catch (error) {
      this.#complain('The graphics device was lost and the CPU could not take over', error);
    } finally {
      this.#release();
    }
  }

  /** The worker itself died: start another, and give it everything again. */
  #crashed(message: string): void {
    if (this.#stopped) return;
    this.#engine.stop();
    this.#wished = false;
    this.running = false;
    this.busy = false;
    this.live.active = false;
    this.live.detach();
    this.backend = null;
    this.#links.notify({
      kind: 'error',
      title: 'The engine stopped and was started again',
      text: `${message} Your drawing is unchanged; training starts from new weights.`,
    });
    this.#engine = this.#start();
    this.profile = null;
    this.#want({ compile: true, tune: false, data: true, fresh: true }, 200);
  }

  async #act(title: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#complain(title, error);
    }
  }

  #complain(title: string, error: unknown): void {
    // Calls that ended with a dead worker: the one sentence on the worker says it all.
    if (error instanceof RemoteFailure && error.code === 'closed') return;
    if (!this.#stopped) this.#links.notify({ kind: 'error', title, text: sentence(error) });
  }

  stop(): void {
    this.#stopped = true;
    this.stepper.pause();
    this.#agenda.stop();
    this.#engine.stop();
  }
}
