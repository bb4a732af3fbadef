/**
 * The map of the prediction, or of one neuron, over two features. It asks again whenever the weights may
 * have changed, one question at a time, and finer when training stands still.
 */
import type { NodeId } from '../../engine/graph/graph';
import type { Dataset } from '../../engine/data/dataset';
import type { Run } from './run.svelte';

export interface Neuron {
  /** Node of the expanded drawing. */
  readonly node: NodeId;
  readonly index: number;
  readonly title: string;
}

export interface AnsweredMap {
  readonly maps: readonly Float32Array[];
  readonly resolution: number;
  /** Null: the prediction. */
  readonly neuron: Neuron | null;
  readonly axes: readonly [number, number];
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
}

const COARSE = 48;
const FINE = 96;
/** Rows that are looked at for ranges, and drawn as points. */
export const MOST_POINTS = 1200;

/** From the lowest to the highest value of a feature, with a margin. */
function rangeOf(dataset: Dataset, feature: number): readonly [number, number] {
  const width = dataset.features.length;
  const stride = Math.max(1, Math.floor(dataset.rows / 20_000));
  let [low, high] = [Infinity, -Infinity];
  for (let row = 0; row < dataset.rows; row += stride) {
    const value = dataset.x[row * width + feature]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) return [low - 1, low + 1];
  const margin = (high - low) * 0.06;
  return [low - margin, high + margin];
}

/**
 * The two features that say most about the target on their own: by how far the means of the classes lie
 * apart, or how closely the target follows, compared with the spread.
 */
export function tellingAxes(dataset: Dataset): readonly [number, number] {
  const [width, outs] = [dataset.features.length, dataset.targets.length];
  if (width <= 2) return [0, Math.min(1, width - 1)];
  const stride = Math.max(1, Math.floor(dataset.rows / 5000));
  const scores = Array.from({ length: width }, (_, feature) => {
    // Squared correlation with each target column, added up: for one-hot classes that is the share between classes.
    let total = 0;
    for (let out = 0; out < outs; out++) {
      let [n, sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0, 0];
      for (let row = 0; row < dataset.rows; row += stride) {
        const [x, y] = [dataset.x[row * width + feature]!, dataset.y[row * outs + out]!];
        n++;
        sx += x;
        sy += y;
        sxx += x * x;
        syy += y * y;
        sxy += x * y;
      }
      const spread = (n * sxx - sx * sx) * (n * syy - sy * sy);
      if (spread > 0) total += (n * sxy - sx * sy) ** 2 / spread;
    }
    return total;
  });
  const [first = 0, second = 1] = scores.map((_, at) => at).toSorted((a, b) => scores[b]! - scores[a]!);
  return [first, second];
}

export class Boundary {
  axes = $state.raw<readonly [number, number]>([0, 1]);
  hovered = $state.raw<Neuron | null>(null);
  answer = $state.raw<AnsweredMap | null>(null);

  readonly #run: Run;
  readonly #onFault: (error: unknown) => void;
  #asking = false;
  #again = false;

  constructor(run: Run, onFault: (error: unknown) => void) {
    this.#run = run;
    this.#onFault = onFault;
  }

  /** Asks for the map as it is now; a question under way is followed by exactly one more. */
  async refresh(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    const run = this.#run;
    const { dataset, prediction } = run;
    if (!run.canPredict) return;
    if (dataset === null || prediction === null || dataset.features.length < 2) {
      this.answer = null;
      return;
    }
    const last = dataset.features.length - 1;
    const axes: readonly [number, number] = [Math.min(this.axes[0], last), Math.min(this.axes[1], last)];
    const [xRange, yRange] = [rangeOf(dataset, axes[0]), rangeOf(dataset, axes[1])];
    const resolution = run.running ? COARSE : FINE;
    const neuron = this.hovered;
    this.#asking = true;
    try {
      const [answer] = await run.map({ nodes: [neuron?.node ?? prediction.node], axes, x: xRange, y: yRange, resolution });
      if (answer && run.dataset === dataset) {
        const maps = neuron === null ? answer.maps : [answer.maps[neuron.index] ?? answer.maps[0]!];
        this.answer = { maps, resolution, neuron, axes, xRange, yRange };
      }
    } catch (error) {
      // While a new plan is being loaded the old question has no answer; the next tick asks again.
      if (!run.compiling) this.#onFault(error);
    } finally {
      this.#asking = false;
      if (this.#again) {
        this.#again = false;
        void this.refresh();
      }
    }
  }
}
