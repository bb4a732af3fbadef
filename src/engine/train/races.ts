/**
 * When backends are raced, and what is remembered of it: a network that has been left alone for a moment, or that
 * is to train now, once for each shape. Networks of a shape that is known open on the winner at once.
 */
import type { Dataset } from '../data/dataset';
import type { Plans } from '../plan';
import { type Race, race, type Raced, shapeOf } from './race';
import type { Session } from './session';

/** Milliseconds without another plan after which a race may begin. */
const QUIET = 300;
/** Shapes that are remembered. */
const MOST = 500;

export interface RacesLinks extends Pick<Race, 'backends' | 'now' | 'sleep'> {
  /** Runs work when nobody else changes the session. */
  inTurn(work: () => Promise<void>): Promise<void>;
  /** Whether the network trains at present. */
  busy(): boolean;
  found(revision: number, raced: Raced): void;
}

export class Races {
  readonly #known = new Map<string, Raced>();
  #due: (() => Promise<void>) | null = null;

  constructor(readonly links: RacesLinks) {}

  /** What is known of networks of this shape, where there is a choice. */
  known({ train, rivals }: Plans): Raced | undefined {
    return rivals && train ? this.#known.get(shapeOf(train.program)) : undefined;
  }

  forget({ train }: Plans): void {
    if (train) this.#known.delete(shapeOf(train.program));
  }

  cancel(): void {
    this.#due = null;
  }

  /** A race for a session, when it is left alone. */
  soon(session: Session, { revision, train, rivals }: Plans, data: Dataset, options: { batch: number; seed: number }): void {
    if (!train || !rivals || data.split.train.length === 0) return;
    const { backends, now, sleep, busy, found } = this.links;
    const hold = async (): Promise<void> => {
      // A device that fails here fails in training too, and is answered there.
      const raced = await race({ session, data, ...options, backends, now, sleep }, rivals).catch(() => null);
      if (!raced) return;
      if (this.#known.size >= MOST) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(shapeOf(train.program), raced);
      found(revision, raced);
    };
    this.#due = hold;
    void sleep(QUIET).then(() => {
      if (this.#due === hold && !busy()) void this.settled();
    });
  }

  /** Holds the race that is due; training waits for it. */
  settled(): Promise<void> {
    if (!this.#due) return Promise.resolve();
    return this.links.inTurn(async () => {
      const hold = this.#due;
      this.#due = null;
      await hold?.();
    });
  }
}

/** The plans with the training plan of the backend that won. */
export function withWinner(plans: Plans, { standings }: Raced): Plans {
  const train = [plans.train, ...(plans.rivals ?? [])].find((plan) => plan?.backend === standings[0]!.backend);
  return { ...plans, train: train ?? plans.train };
}
