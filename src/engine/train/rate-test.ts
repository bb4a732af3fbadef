/**
 * Finds a learning rate by trying them all once: on a copy of the network each step takes a larger rate than
 * the one before, from far too small to too large, and after each the loss of the same rows is noted, so that
 * the chance of batches is no part of it. It stays, falls, and then rises; a good rate lies well
 * below where it turns up.
 */
import type { Backend } from '../backends/backend';
import type { Dataset } from '../data/dataset';
import { RATE } from '../optimizers/optimizer';
import { type BackendName, type BufferId, bufferIds, type Plans, type Weights } from '../plan';
import { RowOrder } from './order';
import { Session } from './session';

export interface RateStep {
  readonly rate: number;
  /** Of the same rows every time, after a step at that rate. */
  readonly loss: number;
}

export interface RateTestOptions {
  readonly batch: number;
  readonly seed: number;
  /** Where the network stands. */
  readonly weights: Weights;
  /** The optimizer's other numbers, by buffer. */
  readonly hyper: ReadonlyMap<BufferId, number>;
  readonly onStep: (step: RateStep) => void;
  /** Lets others have a word, and hears whether to stop. */
  readonly breathe: () => Promise<boolean>;
}

export interface RateVerdict {
  readonly steps: readonly RateStep[];
  /** The curve without its jitter. */
  readonly smooth: readonly RateStep[];
  /** Null: the loss never fell clearly. */
  readonly suggested: number | null;
  /** Where it falls fastest. */
  readonly steepest: number | null;
  /** From here on it rises again; null: it does not. */
  readonly turns: number | null;
  /** Why this rate, or why none. */
  readonly reason: string;
}

const LOWEST = 1e-6;
const HIGHEST = 10;
const STEPS = 240;
/** Training rows that the loss is taken of. */
const ROWS = 512;
/** Steps on either side that smooth the curve. */
const REACH = 6;

const rateAt = (step: number): number => LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1));

/** Null: it was stopped. Training is not touched: the copy is opened, trained and closed here. */
export async function testRates(
  plans: Plans,
  data: Dataset,
  backends: ReadonlyMap<BackendName, Backend>,
  { batch, seed, weights, hyper, onStep, breathe }: RateTestOptions,
): Promise<readonly RateStep[] | null> {
  const session = await Session.open({ ...plans, schedule: undefined }, backends);
  try {
    session.initialize(seed);
    session.setWeights(weights);
    const device = session.train!;
    for (const [id, value] of hyper) device.write(id, [value]);
    device.setData(data.x, data.features.length, data.y, data.targets.length, data.weights);
    const order = new RowOrder(data.split.train, seed, batch);
    const seen = new RowOrder(data.split.train, seed, Math.min(ROWS, data.split.train.length)).coming();
    const steps: RateStep[] = [];
    const first = (await session.score(data, seen))!.loss;
    let least = first;
    for (let step = 0; step < STEPS; step++) {
      if (!(await breathe())) return null;
      const rate = rateAt(step);
      device.write(bufferIds.hyper(RATE), [rate]);
      const taken = order.take(1, () => false);
      const { losses } = await device.run({ phases: PHASES, rows: taken.rows, batch });
      order.advance(taken);
      session.changed();
      const { loss } = (await session.score(data, seen))!;
      if (!Number.isFinite(losses[0]!) || !Number.isFinite(loss)) break;
      const noted = { rate, loss };
      steps.push(noted);
      onStep(noted);
      least = Math.min(least, loss);
      // Far above where it began, there is nothing left to see.
      if (loss - least > 3 * Math.max(first - least, Math.abs(first), 1e-9)) break;
    }
    return steps;
  } finally {
    session.close();
  }
}

const PHASES = ['forward', 'loss', 'backward', 'update'] as const;

/** What the curve says. Pure. */
export function judgeRates(steps: readonly RateStep[]): RateVerdict {
  const smooth = smoothed(steps);
  const nothing = { steps, smooth, suggested: null, steepest: null, turns: null };
  if (steps.length < 3 * REACH)
    return {
      ...nothing,
      reason: 'The loss was not finite after a few steps, however small: look for the cause in the drawing or in the data.',
    };
  const first = steps[0]!.loss;
  const lowest = smooth.reduce((best, { loss }, at) => (loss < smooth[best]!.loss ? at : best), 0);
  const fall = first - smooth[lowest]!.loss;
  if (!(fall > 0.02 * Math.abs(first)))
    return {
      ...nothing,
      reason: 'At no rate did the loss fall clearly. The network may be trained already, or the cause is another than the rate.',
    };
  // The end of the descent: the first place at which most of it is done. Beyond it noise may find lower ones.
  const end = smooth.findIndex(({ loss }) => first - loss >= 0.9 * fall);
  let steepest = 0;
  let slope = 0;
  for (let at = 1; at <= end; at++) {
    const down = smooth[at - 1]!.loss - smooth[at]!.loss;
    if (down > slope) [steepest, slope] = [at, down];
  }
  const rises = smooth.findIndex(({ loss }, at) => at > lowest && loss - smooth[lowest]!.loss > 0.25 * fall);
  const turns = rises >= 0 ? smooth[rises]!.rate : steps.length < STEPS ? steps.at(-1)!.rate : null;
  const fastest = smooth[steepest]!.rate;
  return {
    steps,
    smooth,
    suggested: Number((turns === null ? fastest : turns / 10).toPrecision(2)),
    steepest: Number(fastest.toPrecision(2)),
    turns,
    reason:
      turns === null
        ? `The loss falls fastest at ${short(fastest)}, and up to ${short(HIGHEST)} it does not rise again.`
        : `The loss falls fastest at ${short(fastest)} and rises again from ${short(turns)}. A tenth of that is fast and safe.`,
  };
}

const short = (x: number): string => String(Number(x.toPrecision(2)));

/** A bell over the neighbours; at the ends over those that there are. */
function smoothed(steps: readonly RateStep[]): readonly RateStep[] {
  return steps.map(({ rate }, at) => {
    let [sum, weights] = [0, 0];
    for (let k = Math.max(0, at - REACH); k <= Math.min(steps.length - 1, at + REACH); k++) {
      const weight = Math.exp(-4.5 * ((k - at) / REACH) ** 2);
      sum += weight * steps[k]!.loss;
      weights += weight;
    }
    return { rate, loss: sum / weights };
  });
}
