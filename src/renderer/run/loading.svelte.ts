/**
 * Follows the project: data from main to the engine, plans from main to the engine. One task at a time talks
 * to the engine's state; answers that are late (another revision was asked for meanwhile) are dropped here
 * and nowhere else. While the drawing has problems, the last good plan stays loaded.
 */
import type { EngineApi, Progress, Proof, Raced, Stopped, Trouble, Weights } from '../../engine/api';
import type { Profile } from '../../engine/backends/backend';
import type { Diagnostic } from '../../engine/graph/diagnostics';
import { applyNumbers, type NumberEdit } from '../../engine/graph/number-edits';
import type { Project } from '../../engine/graph/project';
import type { BackendName, BackendWish, Plans, Program } from '../../engine/plan';
import type { Dataset } from '../../engine/data/dataset';
import { RemoteFailure } from '../../engine/remote';
import { Agenda, type Wanted } from './agenda';
import { infoOf } from './dataset';
import type { Engine } from './engine';
import { Feed } from './feed.svelte';
import { demandsOf } from './follow';
import { Hold } from './hold';
import { Live } from './live.svelte';
import { Notation } from './notation.svelte';
import { RateFinder } from './rate-finder.svelte';
import { reasonOf } from './reason';
import { paceOf, type RunLinks, type Speed } from './run-links';
import { Standing } from './standing.svelte';
import type { Stepper } from './stepper.svelte';
import { stepperWith } from './stepping-live';
import { Timeline } from './timeline.svelte';
import { WeightWatch } from './weight-watch.svelte';
import { weightsOf } from './weights';

/** Bookmarks are no part of what is computed, and may be large. */
export const bare = ({ bookmarks: _, ...project }: Project): Project => project;

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export abstract class Loading extends Standing {
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
  /** Where answers are hidden nothing is trained: a weight before and after a step tells its gradient, a curve the loss. */
  readonly canTrain = $derived.by(() => this.hasTraining && (this.dataset !== null || !this.needsData) && !this.stepper.closed);
  /** Questions to the loaded plan make sense: it is a plan for these data. */
  readonly canPredict = $derived(this.prediction !== null && this.dataset !== null && this.backend !== null && !this.#unfit);
  readonly canStep = $derived(this.backend !== null && (this.dataset !== null || !this.needsData));

  readonly notation = new Notation();

  readonly live: Live;
  readonly stepper: Stepper;
  readonly rateFinder: RateFinder;
  readonly timeline: Timeline;

  protected readonly links: RunLinks;
  readonly #watch: WeightWatch;
  #engine: Engine;
  protected project: Project | null = null;
  /** What an iteration is recorded on. */
  #traced: Pick<Plans, 'trace' | 'drawing'> | null = null;
  /** Counts what is asked of the compiler; an answer for a smaller one is late. */
  #revision = 0;
  protected loadedRevision = 0;
  readonly #agenda = new Agenda((wanted) => this.#settle(wanted));
  #forced: BackendName | null = null;
  /** Why the graphics device was left, where it was. */
  #left: Trouble['failed'] | null = null;
  protected seed = 1;
  /** The user wants it to train: pausing while training is held anyway must be heeded. */
  protected wished = false;
  /** Set while training waits for other data or another plan. */
  protected readonly holding = new Hold();
  /** Where training starts when numbers were set by hand before the first step: a start that no seed gives. */
  protected handMade: Weights | null = null;
  /** Edits of trained numbers that come with the next plan. */
  #numbers: readonly NumberEdit[] = [];
  #putting: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(links: RunLinks) {
    super();
    this.links = links;
    this.feed = new Feed(links.host, (title, error) => this.complain(title, error));
    this.#watch = new WeightWatch(
      () => this.#engine.api.weights(),
      (error) => {
        // A lost device cannot be read; `trouble` tells people about that one.
        if (!this.running) this.complain('The weights could not be read', error);
      },
    );
    this.live = new Live((error) => this.complain('The live view has no numbers', error));
    this.timeline = new Timeline({
      api: () => this.#engine.api,
      begin: async () => {
        if (this.running) await this.pause();
      },
      arrived: () => this.changed(true),
      settled: () => void this.settledIn(),
      onFault: (title, error) => this.complain(title, error),
      keeper: links.bookmarks,
    });
    this.rateFinder = new RateFinder({
      api: () => this.api,
      ready: async () => {
        if (this.running) await this.pause();
        await this.settled();
      },
    });
    this.#engine = this.#start();
    this.stepper = stepperWith({
      api: () => this.api,
      live: this.live,
      notation: this.notation,
      plans: () => this.#traced!,
      hasRows: () => this.dataset !== null,
      settled: () => this.settled(),
    });
  }

  #start(): Engine {
    return this.links.start(
      {
        progress: (progress) => this.onProgress(progress),
        trouble: (trouble) => this.onTrouble(trouble),
        stopped: (stopped) => this.onHalt(stopped),
        proof: (proof) => {
          this.proof = proof;
        },
        raced: ({ revision, raced }) => {
          if (revision === this.loadedRevision) this.runsOn(raced.standings[0]!.backend, raced);
        },
        rates: (steps) => this.rateFinder.receive(steps),
        frame: (memory) => this.live.receive(memory),
      },
      (message) => this.#crashed(message),
    );
  }

  protected get api(): EngineApi {
    return this.#engine.api;
  }

  /** The curve and the moments so far are of something else; what comes is another run. */
  protected abstract forget(): void;
  /** From here on another network is trained. */
  protected abstract recordAnother(): void;
  /** Settings that need no new plan. */
  protected abstract settingsChanged(project: Project): void;
  /** At another moment, when nobody drags any more. */
  protected abstract settledIn(): Promise<void>;
  protected abstract onProgress(progress: Progress): void;
  protected abstract onTrouble(trouble: Trouble): void;
  protected abstract onHalt(stopped: Stopped): void;
  abstract train(): Promise<void>;
  abstract pause(): Promise<void>;

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
    this.wished = false;
    this.stepper.close();
    this.forget();
    this.testScore = null;
    this.trouble = null;
    this.stopped = null;
    this.#watch.weights = null;
    this.project = project;
    this.seed = project.settings.training.seed;
    this.goal = project.settings.training.epochs;
    // Until its own plan is loaded there is nothing to train; the old one would answer for the new drawing.
    this.#unload();
    this.#want({ compile: true, tune: false, data: true, fresh: true }, 0);
  }

  /** The same project after an edit. */
  follow(project: Project, numbers: readonly NumberEdit[] = []): void {
    const demands = demandsOf(this.project, project);
    // Numbers of another drawing wait for its plan.
    if (numbers.length > 0 && (demands.compile || this.#numbers.length > 0)) this.#numbers = [...this.#numbers, ...numbers];
    else if (numbers.length > 0) void this.#put(numbers);
    if (!demands.compile && !demands.data) this.settingsChanged(project);
    if (this.project?.bookmarks !== project.bookmarks) void this.timeline.hold(project.bookmarks ?? []);
    if (this.project?.settings.training.epochs !== project.settings.training.epochs) this.goal = project.settings.training.epochs;
    this.project = project;
    if (demands.compile || demands.tune || demands.data)
      this.#want({ ...demands, fresh: false }, demands.data ? 250 : (this.links.patience ?? 60));
  }

  /** One after the other, as they were edited. */
  #put(numbers: readonly NumberEdit[]): Promise<void> {
    this.#putting = this.#putting.then(() =>
      this.act('The numbers were not taken', async () => {
        if (this.backend === null) return;
        await this.setNumbers(applyNumbers(numbers, await this.api.weights()));
        this.changed(true);
      }),
    );
    return this.#putting;
  }

  protected async setNumbers(weights: Weights): Promise<void> {
    await this.api.setWeights(weights);
    if (this.step === 0) this.handMade = await this.api.weights();
  }

  /** Where the open network started from, when that was not the seed's choice: others can start there too. */
  get startingWeights(): Weights | null {
    return this.handMade;
  }

  choose(backend: BackendWish): void {
    this.choice = backend;
    this.#forced = null;
    this.#left = null;
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
    if (this.project === null) return;
    try {
      if (wanted.data) {
        const { data, split } = this.project.settings;
        await this.feed.load(data, split, (dataset) => this.#give(dataset));
      }
      if (wanted.compile || wanted.data || wanted.fresh) await this.#load(wanted.fresh);
      else if (wanted.tune) await this.tune();
    } finally {
      if (!this.#agenda.wanted.data) this.awaitingData = false;
      this.#release();
    }
  }

  /** Training stands still while its data or its plan are exchanged, and goes on afterwards. */
  async #hold(): Promise<void> {
    if (this.running && this.holding.begin()) await this.api.pause();
  }

  #release(): void {
    if (!this.canTrain) this.holding.forbid();
    this.holding.release();
  }

  /** Hands the numbers to the engine. Training must not read rows that are being replaced. */
  async #give(dataset: Dataset | null): Promise<boolean> {
    try {
      await this.#hold();
      await this.api.setDataset(dataset);
    } catch (error) {
      this.complain('The engine did not take the data', error);
      return false;
    }
    this.#unfit = true;
    this.testScore = null;
    this.stepper.close();
    // A row of the data before, and its curve, say nothing about these.
    this.live.look = 'batch';
    this.forget();
    this.batchLoss = null;
    this.#revision++;
    this.links.onData(dataset === null ? null : infoOf(dataset));
    return true;
  }

  async #load(fresh: boolean): Promise<void> {
    const project = this.project!;
    const revision = this.#revision;
    const late = (): boolean => revision !== this.#revision;
    this.compiling = true;
    try {
      this.profile ??= await this.api.profile();
      const info = this.dataset === null ? null : infoOf(this.dataset);
      const result = await this.links.host.compile(bare(project), this.profile, this.#forced ?? this.choice, revision, info);
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
      else this.complain('The drawing could not be made ready to run', error);
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
    const edited = numbers.length > 0 ? applyNumbers(numbers, await this.api.weights()) : undefined;
    const start = weights ?? stored ?? edited;
    if (fresh) this.holding.forbid();
    if (fresh) this.handMade = null;
    else if (edited && this.step === 0) this.handMade = edited;
    // What is watched belongs to the old plan; the canvas asks again for what the new one has.
    await this.api.watch([]);
    const report = await this.api.load(plans, {
      seed: this.seed,
      epochs: this.goal,
      batch: training.batch,
      ...(start === undefined ? {} : { weights: start }),
    });
    this.loadedRevision = plans.revision;
    // What was proved was proved of other numbers, or of another drawing.
    this.proof = null;
    this.#unfit = false;
    this.#traced = plans;
    this.threads = null;
    this.runsOn(report.backend, report.raced ?? null);
    this.needsData = plans.evaluate.program.inputs.length > 0 || (plans.train?.program.inputs.length ?? 0) > 0;
    this.hasTraining = plans.train !== null;
    this.prediction = plans.evaluate.program.prediction;
    if (fresh) {
      // Weights of the project before may fit by name and shape; they have no business here.
      await this.api.reset(this.seed);
      if (stored !== undefined) await this.api.setWeights(stored);
      this.toStart();
    }
    await this.tune();
    await this.timeline.hold(project.bookmarks ?? []);
    this.recordAnother();
    // Without rows there are no numbers to look at yet.
    if (this.canStep) {
      this.live.attach(this.api);
      await this.live.lookAt(this.live.look);
    } else this.live.detach();
    this.stepper.close();
    this.changed(true);
  }

  #unload(): void {
    this.backend = null;
    this.hasTraining = false;
    this.prediction = null;
    this.live.detach();
    this.toStart();
  }

  protected async tune(): Promise<void> {
    const { hyper, stop, breakpoints } = this.project!.settings.training;
    if (this.backend === null) return;
    try {
      await this.api.tune({ hyper, epochs: this.goal, pace: this.#pace, stop: stop ?? {}, breakpoints: breakpoints ?? [] });
    } catch (error) {
      this.complain('The new setting was not taken', error);
    }
  }

  get #pace(): number | null {
    const { batch, epochs } = this.project!.settings.training;
    return paceOf(this.speed, epochs, batch, this.dataset?.split.train.length ?? 1);
  }

  async setSpeed(speed: Speed): Promise<void> {
    this.speed = speed;
    if (this.project !== null) await this.tune();
  }

  /** For exports and for keeping with the project. */
  readWeights(): Promise<Weights> {
    return this.api.weights();
  }

  protected changed(now: boolean): void {
    this.tick++;
    if (this.backend === null) return;
    void this.#watch.look(now);
    void this.timeline.look(now);
  }

  /** Where it runs from now on, and why. */
  protected runsOn(backend: BackendName, raced: Raced | null): void {
    this.backend = backend;
    this.reason = reasonOf(this.profile, this.choice, backend, this.#left, raced);
  }

  /** The engine had to leave the graphics device: it trains on the CPU now, and later plans are made for that too. */
  protected leftGraphics(failed: NonNullable<Trouble['failed']>): void {
    this.#forced = 'wasm';
    this.#left = failed;
    this.runsOn('wasm', null);
  }

  /** The graphics device is gone with all it held: compile for the CPU and go on from the last weights that were read. */
  protected async moveToCpu(trouble: Trouble): Promise<void> {
    const project = this.project;
    if (project === null || this.profile === null) return;
    const [weights, points, goOn] = [this.#watch.weights, this.points, this.running];
    this.#forced = 'wasm';
    this.#left = 'lost';
    const revision = ++this.#revision;
    try {
      const info = this.dataset === null ? null : infoOf(this.dataset);
      const result = await this.links.host.compile(bare(project), this.profile, 'wasm', revision, info);
      if (revision !== this.#revision || !result.ok) return;
      await this.#take(project, result.value, false, weights ?? undefined);
      if (weights !== null) await this.api.setWeights(weights);
      this.points = points;
      this.links.notify({ kind: 'info', title: 'Training goes on on the CPU', text: trouble.message });
      this.#release();
      if (goOn && !this.running) void this.train();
    } catch (error) {
      this.complain('The graphics device was lost and the CPU could not take over', error);
    } finally {
      this.#release();
    }
  }

  /** The worker itself died: start another, and give it everything again. */
  #crashed(message: string): void {
    if (this.#ended) return;
    this.#engine.stop();
    this.wished = false;
    this.running = false;
    this.busy = false;
    this.live.active = false;
    this.live.detach();
    this.backend = null;
    this.links.notify({
      kind: 'error',
      title: 'The engine stopped and was started again',
      text: `${message} Your drawing is unchanged; training starts from new weights.`,
    });
    this.#engine = this.#start();
    this.profile = null;
    this.#want({ compile: true, tune: false, data: true, fresh: true }, 200);
  }

  protected async act(title: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.complain(title, error);
    }
  }

  protected complain(title: string, error: unknown): void {
    // Calls that ended with a dead worker: the one sentence on the worker says it all.
    if (error instanceof RemoteFailure && error.code === 'closed') return;
    if (!this.#ended) this.links.notify({ kind: 'error', title, text: sentence(error) });
  }

  stop(): void {
    this.#ended = true;
    this.stepper.pause();
    this.#agenda.stop();
    this.#engine.stop();
  }
}
