/**
 * Looks at single steps while it trains, for the layers' history: the live program gives the coming batch's
 * values and gradients, the training device the parameters before and after the step. Takes a bounded share of
 * the time, so that it may always run.
 */
import { isBatched, sampleSize } from '../../ir/shape';
import { bufferIds, type BufferId, type Plans } from '../../plan';
import type { Live } from '../live';
import type { Session } from '../session';
import { layersOf } from '../statistics';
import type { Observer } from '../training';
import { LayerHistory, type StripName } from './layer-history';

/** At most one part in so many of the time … */
const SHARE = 100;
/** … and not more often than this, in ms. */
const LEAST = 40;
/** What a look may take before it is known, in ms: the first one is slow for reasons of its own. */
const GUESS = 1;
/** Looks are taken to be at most so many times as long as the ones before: a single slow one says little. */
const GROWTH = 8;
/** Parameters that are followed at most, in numbers: reading more would hold training up. */
const MOST_NUMBERS = 4e6;

export class LayerRecorder implements Observer {
  readonly history: LayerHistory;
  readonly #session: Session;
  readonly #live: Live;
  readonly #now: () => number;
  #next = Number.NEGATIVE_INFINITY;
  #usual = GUESS;
  readonly #follows: boolean;

  /** Goes on with an earlier history where the layers are the same. */
  constructor(session: Session, live: Live, now: () => number, earlier: LayerHistory | null) {
    const places = layersOf(session.plans);
    this.history = earlier?.fits(places) ? earlier : new LayerHistory(places);
    this.#session = session;
    this.#live = live;
    this.#now = now;
    this.#follows = places.length > 0 && countOf(session.plans) <= MOST_NUMBERS;
  }

  due(now: number): boolean {
    return this.#follows && now >= this.#next;
  }

  async before(rows: Uint32Array): ReturnType<Observer['before']> {
    const begin = this.#now();
    const { plans } = this.#session;
    const { program } = plans.live;
    const looked = rows.slice(0, program.batch);
    const nodes = new Map(this.history.places.map(({ node, output }) => [node, output]));
    const parameters = program.parameters.filter(({ key }) => this.history.places.some((p) => p.parameters.includes(key)));
    const taken = await this.#live.batch(
      [
        ...[...nodes.values()].flatMap((output) => [bufferIds.value(output), bufferIds.gradient(output)]),
        ...parameters.flatMap(({ value, gradient }) => (gradient === null ? [value] : [value, gradient])),
      ],
      looked,
    );
    if (!taken) return null;
    const before = this.#now() - begin;
    return async (at) => {
      const resumed = this.#now();
      const after = await this.#session.weights();
      const byKey = new Map(parameters.map((p) => [p.key, p]));
      const updates = new Map<string, Float32Array>();
      for (const { key, value } of parameters) {
        const [was, is] = [taken.numbers.get(value), after[key]?.data];
        if (was && is)
          updates.set(
            key,
            Float32Array.from(was, (x, k) => is[k]! - x),
          );
      }
      const rowsOf = (id: BufferId): Float32Array | null => {
        const [numbers, spec] = [taken.numbers.get(id), program.buffers.find((b) => b.id === id)];
        if (!numbers || !spec) return null;
        return isBatched(spec.shape) ? numbers.subarray(0, looked.length * sampleSize(spec.shape)) : numbers;
      };
      const numbers = ({ layer, quantity, parameter }: StripName) => {
        const output = nodes.get(layer);
        const spec = parameter === undefined ? undefined : byKey.get(parameter);
        const of =
          quantity === 'activation'
            ? output && rowsOf(bufferIds.value(output))
            : quantity === 'activation gradient'
              ? output && rowsOf(bufferIds.gradient(output))
              : quantity === 'parameter'
                ? spec && taken.numbers.get(spec.value)
                : quantity === 'parameter gradient'
                  ? spec?.gradient && taken.numbers.get(spec.gradient)
                  : parameter && updates.get(parameter);
        if (!of) return null;
        // Each row's gradient carries the weight 1/n of the mean.
        return quantity === 'activation gradient' ? { of, scale: looked.length } : { of };
      };
      this.history.add({ ...at, numbers });
      const took = before + this.#now() - resumed;
      this.#usual = Math.min(took, GROWTH * this.#usual);
      this.#next = this.#now() + Math.max(LEAST, this.#usual * (SHARE - 1));
    };
  }
}

const countOf = ({ live }: Plans): number =>
  live.program.parameters.reduce((sum, { shape }) => sum + shape.reduce((n, axis) => n * axis, 1), 0);
