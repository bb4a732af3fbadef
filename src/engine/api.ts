/** What the engine's worker offers to the window. Nothing here names a device. */
import type { Profile, ThreadsReport } from './backends/backend';
import type { NodeId } from './graph/graph';
import type { Breakpoint, Stop } from './graph/project';
import type { BackendName, Plans, Weights } from './plan';
import type { Dataset } from './data/dataset';
import type { GradientNoise } from './train/analysis/gradient-noise';
import type { HistoryReport, StripName } from './train/analysis/layer-history';
import type { PlaneWish } from './train/analysis/loss-plane';
import type { OperatingPoints } from './train/analysis/operating-points';
import type { NumberAt } from './train/analysis/sample-gradients';
import type { Sharpness } from './train/analysis/sharpness';
import type { NoAnswer, SurfaceInfo, WayPoint } from './train/analysis/studies';
import type { Settings } from './train/bench';
import type { FrameLayout, Look, Tap } from './train/frames';
import type { Score } from './train/metrics';
import type { Proof } from './train/proof';
import type { MapRequest, NodeMaps, Predictions } from './train/questions';
import type { Raced } from './train/race';
import type { Statistics } from './train/statistics';
import type { TraceWish } from './train/record-rows';
import type { RateStep, RateVerdict } from './train/rate-test';
import type { Recording } from './train/trace-types';
import type { SavedMoment } from './train/saved-moment';
import type { MomentInfo, TimelineReport } from './train/timeline';
import type { WhenAnswer, WhenQuestion } from './train/when-did';
import type { Checkpoint } from './train/checkpoint';
import type { Best, CurvePoint, Stopped, Trouble } from './train/training';

export interface LoadOptions extends Settings {
  /** Start from these instead of the initializers, where key and shape fit. */
  readonly weights?: Weights;
}

export interface LoadReport {
  readonly revision: number;
  readonly backend: BackendName;
  /** Parameters that kept their numbers, and those that started anew. */
  readonly kept: readonly string[];
  readonly fresh: readonly string[];
  /** What a race for a network of this shape found, if one was held. */
  readonly raced?: Raced;
}

export interface Progress {
  readonly revision: number;
  readonly epoch: number;
  readonly step: number;
  readonly running: boolean;
  readonly stepsPerSecond: number;
  /** Mean training loss of the latest batches. */
  readonly batchLoss: number | null;
  /** Threads at work where a network can use several: how many, and how many times faster than one that is. */
  readonly threads?: ThreadsReport | null;
  /** New points of the curve since the last message: scores at the end of an epoch, or more rarely. */
  readonly points: readonly CurvePoint[];
}

export interface Tuning {
  /** Hyperparameters of the optimizer, by name. */
  readonly hyper?: Readonly<Record<string, number>>;
  readonly epochs?: number;
  /** Steps a second at most, so that people can follow; null for full speed. */
  readonly pace?: number | null;
  /** {} for none. */
  readonly stop?: Stop;
  readonly breakpoints?: readonly Breakpoint[];
}

export interface EngineApi {
  profile(): Promise<Profile>;
  setDataset(dataset: Dataset | null): Promise<void>;
  /** Parameters keep their numbers where key and shape stay. Training goes on if it was running. */
  load(plans: Plans, options: LoadOptions): Promise<LoadReport>;
  /** Start over: new numbers from the seed, epoch 0. */
  reset(seed: number): Promise<void>;
  /** Until the epochs are done, `pause`, or trouble; resolves when it stops. */
  train(): Promise<void>;
  pause(): Promise<void>;
  /** One batch, or the rest of an epoch. */
  step(): Promise<void>;
  epoch(): Promise<void>;
  /** Live, without recompiling. */
  tune(change: Tuning): Promise<void>;
  /** Layout for these taps; `memory` is null without shared memory, then frames come as events. */
  watch(taps: readonly Tap[]): Promise<{ readonly layout: FrameLayout; readonly memory: SharedArrayBuffer | null }>;
  look(at: Look): Promise<void>;
  /** One iteration for one row or several, in float64, from the present weights; changes nothing. */
  trace(row: number, wish?: TraceWish): Promise<Recording>;
  map(request: MapRequest): Promise<readonly NodeMaps[]>;
  /** Values of the prediction for some rows. */
  predict(rows: readonly number[]): Promise<Predictions>;
  /** Score on the test rows. */
  test(): Promise<Score | null>;
  weights(): Promise<Weights>;
  setWeights(weights: Weights): Promise<void>;
  /** Spreads of activations, gradients, weights and updates, layer by layer; null while there is nothing to train. */
  statistics(): Promise<Statistics | null>;
  /** A plane through the present weights, to look at the loss on it. */
  openSurface(wish: PlaneWish): Promise<SurfaceInfo | NoAnswer>;
  /** Mean losses at places (across, up, across, up, …) of it; null when another was opened since. */
  surfaceLosses(id: number, places: Float64Array): Promise<Float64Array | null>;
  /** The way that training came, laid on it. */
  surfaceWay(id: number): Promise<readonly WayPoint[] | null>;
  /** How much the gradients of single samples differ; two numbers of the parameters span the fan, or null. */
  gradientNoise(axes: readonly [NumberAt, NumberAt] | null): Promise<GradientNoise | NoAnswer>;
  /** The largest curvature of the loss at the present weights. */
  sharpness(): Promise<Sharpness | NoAnswer>;
  /** Where the sums of a layer, or of one of its units, stand on its activation. */
  operatingPoints(layer: NodeId, unit: number | null): Promise<OperatingPoints | NoAnswer>;
  /** Layers whose activation can be shown so. */
  activatedLayers(): Promise<readonly NodeId[]>;
  /** The course of training inside the layers so far, and one of its strips. */
  layerHistory(strip: StripName | null): Promise<HistoryReport | null>;
  timeline(): Promise<TimelineReport>;
  /** To a kept moment, exactly; training pauses. The present one is kept first. False: that moment is gone. */
  travel(moment: number): Promise<boolean>;
  /** Searches the kept moments; training pauses. */
  whenDid(question: WhenQuestion): Promise<WhenAnswer>;
  /** Names a moment (null: the present one), which keeps it; without a name it is like the others. Returns its id. */
  bookmark(moment: number | null, name: string | null): Promise<number | null>;
  /** A moment as a project keeps it; null: it is gone. */
  savedMoment(moment: number): Promise<SavedMoment | null>;
  /** The bookmarks of the project are moments to go to. Says which fit the network; the others cannot be gone to. */
  holdMoments(moments: readonly SavedMoment[]): Promise<readonly boolean[]>;
  /** What training needs to go on from here later; null without a network. */
  checkpoint(): Promise<Checkpoint | null>;
  /** To a checkpoint; training pauses. False: it is of a network with other parameters. */
  restore(checkpoint: Checkpoint): Promise<boolean>;
  /** Tries all learning rates on a copy of the network; training pauses and is not touched. Null: it was stopped, as whatever is asked next does. */
  testRates(): Promise<RateVerdict | null>;
  stopTestingRates(): Promise<void>;
}

/** News from the worker. */
export interface EngineEvents {
  progress(progress: Progress): void;
  trouble(trouble: Trouble): void;
  /** The backends were raced; the fastest trains from now on. */
  raced?(news: { readonly revision: number; readonly raced: Raced }): void;
  /** A rule or a breakpoint ended training. */
  stopped?(stopped: Stopped): void;
  /** Rates that were tried since the last news. */
  rates?(steps: readonly RateStep[]): void;
  /** How far the background's checks of what is shown are; null: there is nothing to check. */
  proof?(proof: Proof | null): void;
  /** Only without shared memory. */
  frame(memory: ArrayBuffer): void;
}

export type {
  Best,
  Checkpoint,
  CurvePoint,
  Look,
  MapRequest,
  MomentInfo,
  SavedMoment,
  Proof,
  Raced,
  RateStep,
  RateVerdict,
  Score,
  Sharpness,
  Stopped,
  TimelineReport,
  Trouble,
  Weights,
};
