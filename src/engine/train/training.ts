/** What is said between the training loop and those who own it: its settings, and the news that it tells. */
import type { DeviceFailure } from '../backends/backend';
import type { NodeId } from '../graph/graph';
import type { Breakpoint, Stop } from '../graph/project';
import type { Weights } from '../plan';
import type { Reason } from './cause-words';
import type { Score } from './metrics';
import type { StopKind } from './stopping';

/** Scores at one moment of training. */
export interface CurvePoint {
  readonly epoch: number;
  readonly step: number;
  readonly train: Score;
  readonly validation: Score | null;
  /** What the learning rate was multiplied by in the epoch before, where that depends on how training goes. */
  readonly factor?: number | undefined;
}

/** Training stopped by itself, or went on elsewhere. */
export interface Trouble {
  readonly kind: 'not-finite' | 'device-lost' | 'moved-to-cpu' | 'internal';
  /** What happened, where, and what to do. */
  readonly message: string;
  readonly node?: NodeId;
  /** Where the number came from that the node could not take. */
  readonly from?: NodeId;
  /** Row of the data, counted from 0. */
  readonly row?: number;
  /** How the graphics device failed that training had to leave. */
  readonly failed?: DeviceFailure['reason'];
  /** Why a number was not finite: a cure follows from it. */
  readonly reason?: Reason;
  /** The node is a layer, or an operation of one's own: the part of it that is meant. */
  readonly part?: NodeId;
}

/** Training stopped because a rule said so, or a breakpoint. */
export interface Stopped {
  readonly kind: StopKind | 'breakpoint';
  readonly message: string;
  readonly node?: NodeId;
  /** Epoch whose weights are back; null when the present ones stay. */
  readonly restored: number | null;
}

/** Looks at single steps now and then: at what goes into them, and at what has become of it. */
export interface Observer {
  /** Whether to look at the next step; it is a run of its own then. */
  due(now: number): boolean;
  /**
   * Before a step on these rows. What it answers is called after the step, with the steps, and the epochs and their
   * parts, that were done before it.
   */
  before(rows: Uint32Array): Promise<((at: { readonly step: number; readonly epoch: number }) => Promise<void>) | null>;
}

export interface TrainerOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  /** Least time between two scores in ms; 0 scores every epoch. */
  readonly scoreEvery: number;
  /** Points that the curve of a run gets at least, however short it is, while that costs little. */
  readonly leastPoints?: number;
  /** Training rows that are scored at most; Infinity for all. */
  readonly scoreRows: number;
  /** Rules by which training stops before its epochs are done. */
  readonly stop?: Stop | undefined;
  readonly breakpoints?: readonly Breakpoint[] | undefined;
  /** Whether a copy of the best weights is kept beside. */
  readonly keepsBest?: boolean;
  /** Bytes for moments to go back to; absent: none are kept. */
  readonly memory?: number;
  readonly observer?: Observer;
  /** Lets waiting messages in; called between slices. */
  readonly breathe: () => Promise<void>;
  /** Waits about so many ms while other work goes on. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
}

/** The best weights so far: by the loss of the validation rows, or of the training rows where there are none. */
export interface Best {
  readonly epoch: number;
  readonly loss: number;
  readonly weights: Weights;
}

export interface TrainerEvents {
  /** After each slice. */
  slice(state: {
    readonly epoch: number;
    readonly step: number;
    readonly batchLoss: number | null;
    readonly stepsPerSecond: number;
  }): void;
  point(point: CurvePoint): void;
  trouble(trouble: Trouble): void;
  stopped?(stopped: Stopped): void;
}
