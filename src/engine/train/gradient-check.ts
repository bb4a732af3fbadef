/**
 * The gradients of the reverse pass against central differences of the loss, in float64 on the reference.
 * Differences at two step sizes are extrapolated, which leaves an error far below the tolerance; where the
 * loss has a kink (ReLU at 0) no difference says what the gradient is, and the place is counted instead.
 */
import { ReferenceDevice } from '../backends/reference/index';
import type { NodeId } from '../graph/graph';
import type { Tensor } from '../ir/shape';
import type { Program } from '../plan';
import { Random } from '../data/random';

export interface ParameterCheck {
  readonly key: NodeId;
  /** Numbers that were compared, of so many. */
  readonly compared: number;
  readonly size: number;
  /** Numbers at a kink of the loss, where there is no derivative to compare with. */
  readonly kinks: number;
  /** Numbers that differ by more than the tolerance. */
  readonly wrong: number;
  /** Largest |gradient − difference|, relative to the gradient. */
  readonly worst: number;
}

export interface GradientCheckRequest {
  /** With every edge, and a loss. */
  readonly program: Program;
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly features: Float32Array;
  readonly featureCount: number;
  readonly targets: Float32Array;
  readonly targetCount: number;
  /** Rows of one batch; at most the program's. */
  readonly rows: Uint32Array;
  readonly tolerance: number;
  /** Numbers compared of one parameter at most; larger ones are sampled. */
  readonly most: number;
}

/** Gradients smaller than this part of the largest one are compared on its scale: below it there is only rounding. */
const SMALL = 1e-3;
const STEPS = [1e-3, 1e-4, 1e-5];
/** Rounding of a loss in float64, relative to the numbers it is computed from, with some room. */
const ROUNDING = 2 ** -50;
/** One-sided slopes that differ by more than this part, and no less at smaller steps, mark a kink. */
const KINK = 1e-5;

/** All of it at once. */
export function checkGradients(request: GradientCheckRequest): readonly ParameterCheck[] {
  const checks = gradientChecks(request);
  for (;;) {
    const { done, value } = checks.next();
    if (done) return value;
  }
}

/** How far a check is: numbers compared (kinks among them), of so many. */
export interface CheckProgress {
  readonly compared: number;
  readonly of: number;
}

/** Step after step of one number after the other, so that it can wait for others between two of them. */
export function* gradientChecks(request: GradientCheckRequest): Generator<CheckProgress, readonly ParameterCheck[]> {
  const { program, weights, rows, most, tolerance } = request;
  const device = new ReferenceDevice(program);
  device.setData(request.features, request.featureCount, request.targets, request.targetCount);
  for (const { key, value } of program.parameters) if (weights[key]) device.write(value, weights[key].data);
  device.gather(rows);
  const progress = { compared: 0, of: 0 };
  function* loss(): Generator<CheckProgress, number> {
    for (const _ of device.inSteps(['forward', 'loss'], rows.length)) yield progress;
    return device.batchLoss(rows.length);
  }
  const middle = yield* loss();
  // A small loss is a difference of numbers as large as the prediction: so is its rounding.
  const answers = program.prediction ? device.numbers(program.prediction.buffer) : new Float64Array();
  const magnitude = answers.reduce((m, x) => Math.max(m, Math.abs(x)), Math.abs(middle));
  for (const _ of device.inSteps(['backward'], rows.length)) yield progress;
  const learned = program.parameters.flatMap((p) =>
    p.gradient === null ? [] : [{ ...p, computed: device.numbers(p.gradient).slice() }],
  );
  const largest = Math.max(0, ...learned.map(({ computed }) => computed.reduce((m, x) => Math.max(m, Math.abs(x)), 0)));

  const checks: ParameterCheck[] = [];
  progress.of = learned.reduce((sum, { computed }) => sum + Math.min(most, computed.length), 0);
  for (const { key, value, computed } of learned) {
    const numbers = device.numbers(value);
    let worst = 0;
    let kinks = 0;
    let wrong = 0;
    const places = chosen(numbers.length, most, key);
    for (const i of places) {
      const gradient = computed[i]!;
      const old = numbers[i]!;
      const at = (x: number): Generator<CheckProgress, number> => {
        numbers[i] = x;
        return loss();
      };
      let error = Number.POSITIVE_INFINITY;
      let kink = false;
      let bend = Number.POSITIVE_INFINITY;
      for (const size of STEPS) {
        const h = size * Math.max(1, Math.abs(old));
        const up = yield* at(old + h);
        const down = yield* at(old - h);
        const halfUp = yield* at(old + h / 2);
        const halfDown = yield* at(old - h / 2);
        const difference = (4 * ((halfUp - halfDown) / h) - (up - down) / (2 * h)) / 3;
        const scale = Math.max(Math.abs(gradient), Math.abs(difference), SMALL * largest, Number.MIN_VALUE);
        const noise = (ROUNDING * magnitude) / h;
        const off = Math.abs(gradient - difference);
        // What rounding explains is only taken off where it decides.
        const relative = off / scale <= tolerance ? off / scale : Math.max(0, off - noise) / scale;
        if (relative < error) error = relative;
        if (error <= tolerance) break;
        // The one-sided slopes of a smooth loss meet in proportion to the step; at a kink they stay apart.
        const [right, left] = [(halfUp - middle) / (h / 2), (middle - halfDown) / (h / 2)];
        const apart = Math.max(0, Math.abs(right - left) - 4 * noise) / scale;
        kink = apart > KINK && apart > bend / 2;
        bend = apart;
      }
      numbers[i] = old;
      if (error > tolerance && kink) kinks++;
      else {
        if (!(error <= worst)) worst = error;
        if (!(error <= tolerance)) wrong++;
      }
      progress.compared++;
      yield progress;
    }
    checks.push({ key, compared: places.length - kinks, size: numbers.length, kinks, wrong, worst });
  }
  device.close();
  return checks;
}

/** All positions, or a seeded choice of them. */
function chosen(size: number, most: number, key: string): readonly number[] {
  const all = Array.from({ length: size }, (_, i) => i);
  if (size <= most) return all;
  return new Random(1, `check:${key}`).shuffle(all).slice(0, most);
}
