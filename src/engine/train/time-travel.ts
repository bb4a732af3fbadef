/**
 * Going about in the past of a training: kept moments and their names, back to one of them, "when did this happen",
 * and checkpoints that come from elsewhere. Training pauses before it is moved, and whoever looks is told when it
 * has arrived.
 */
import type { Bench } from './bench';
import type { Checkpoint } from './checkpoint';
import { STATISTICS_ROWS } from './questions';
import type { SavedMoment } from './saved-moment';
import { TIMELINE_BYTES, type TimelineReport } from './timeline';
import type { Trainer } from './trainer';
import { type WhenAnswer, whenDid, type WhenQuestion } from './when-did';

export interface TravelLinks {
  /** Runs work when nobody else changes the session. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Pauses training, and waits until it stands. */
  halt(): Promise<void>;
  /** Training stands elsewhere now. */
  arrived(): Promise<void>;
  breathe(): Promise<void>;
}

export class TimeTravel {
  constructor(
    readonly bench: Bench,
    readonly links: TravelLinks,
  ) {}

  report(): TimelineReport {
    const { trainer } = this.bench;
    if (!trainer) return { moments: [], here: null, bytes: 0, limit: TIMELINE_BYTES };
    const { timeline, here } = trainer;
    return { moments: timeline.infos(), here, bytes: timeline.bytes, limit: timeline.limit };
  }

  to(moment: number): Promise<boolean> {
    return this.#go((trainer) => trainer.travel(moment));
  }

  restore(checkpoint: Checkpoint): Promise<boolean> {
    return this.#go(async (trainer) => trainer.restore(checkpoint));
  }

  #go(way: (trainer: Trainer) => Promise<boolean>): Promise<boolean> {
    return this.links.inTurn(async () => {
      await this.links.halt();
      const { trainer, live } = this.bench;
      if (!trainer || !(await way(trainer))) return false;
      live.place(trainer);
      await this.links.arrived();
      return true;
    });
  }

  async checkpoint(): Promise<Checkpoint | null> {
    const { trainer } = this.bench;
    return trainer ? this.bench.firmly(() => trainer.checkpoint()) : null;
  }

  when(question: WhenQuestion): Promise<WhenAnswer> {
    return this.links.inTurn(async () => {
      await this.links.halt();
      const { session, trainer, rows: data } = this.bench;
      if (!session || !trainer) return { moment: null, message: 'There is no training to search yet.' };
      // The present state belongs to the past that is searched.
      await trainer.keep();
      const some = data.split.train.subarray(0, STATISTICS_ROWS);
      return whenDid(question, trainer.timeline.moments, session, data, some, this.links.breathe);
    });
  }

  bookmark(id: number | null, name: string | null): Promise<number | null> {
    return this.links.inTurn(async () => {
      const { trainer } = this.bench;
      if (!trainer) return null;
      if (id === null && !trainer.running) await trainer.keep();
      const at = id ?? trainer.here;
      if (at !== null) trainer.timeline.bookmark(at, name);
      return at;
    });
  }

  /** A moment as a project keeps it; null: it is gone. */
  saved(moment: number): Promise<SavedMoment | null> {
    return this.links.inTurn(() => Promise.resolve(this.bench.trainer?.saved(moment) ?? null));
  }

  /** The bookmarks of a project are moments to go to; says which fit. */
  hold(moments: readonly SavedMoment[]): Promise<readonly boolean[]> {
    return this.links.inTurn(async () => {
      const { trainer } = this.bench;
      if (!trainer) return moments.map(() => false);
      // The present place is one to come back to as well.
      if (moments.length > 0 && !trainer.running) await this.bench.firmly(() => trainer.keep());
      return trainer.hold(moments);
    });
  }
}
