/**
 * Moments of training that the engine keeps, and going to them. Dragging asks for many moments in a row;
 * only the latest wish is carried out, so that the window follows the hand.
 */
import type { EngineApi, MomentInfo } from '../../engine/api';
import type { TimelineReport } from '../../engine/api';
import type { Bookmark } from '../../engine/graph/project';
import type { WhenAnswer, WhenQuestion } from '../../engine/train/when-did';

import { type BookmarkKeeper, noRoomFor, savedMomentOf, storedBookmark } from './bookmarks';

/** Milliseconds between readings of the list while training. */
const EVERY = 400;

export interface TimelineLinks {
  readonly api: () => EngineApi;
  /** Before the first of several moments. */
  readonly begin: () => Promise<void>;
  /** The engine stands at another moment now. */
  readonly arrived: () => void;
  /** No further moment is asked for. */
  readonly settled: () => void;
  readonly onFault: (title: string, error: unknown) => void;
  /** Where bookmarks are kept; absent: they last as long as the engine. */
  readonly keeper?: BookmarkKeeper | undefined;
}

/** A bookmark of the project that does not fit the drawing as it is now. */
export interface Unfit {
  /** Position among the project's bookmarks. */
  readonly at: number;
  readonly name: string;
  readonly step: number;
  readonly bookmark: Bookmark;
}

export class Timeline {
  report = $state.raw<TimelineReport | null>(null);
  /** The moment that was asked for last, until the engine is there. */
  wanted = $state<number | null>(null);

  readonly moments = $derived<readonly MomentInfo[]>(this.report?.moments ?? []);
  /** Position of the present moment in the list; the last one while none equals the present state. */
  readonly index = $derived.by(() => {
    const id = this.wanted ?? this.report?.here ?? null;
    const at = id === null ? -1 : this.moments.findIndex((moment) => moment.id === id);
    return at < 0 ? this.moments.length - 1 : at;
  });
  readonly moment = $derived<MomentInfo | null>(this.moments[this.index] ?? null);
  readonly bookmarks = $derived(this.moments.filter(({ bookmark }) => bookmark !== null));
  /** Whether there are moments after the present one. */
  readonly inPast = $derived(this.index < this.moments.length - 1);

  /** Bookmarks that lead nowhere while the drawing is as it is. */
  unfit = $state.raw<readonly Unfit[]>([]);

  readonly #links: TimelineLinks;
  /** What the engine's positions count among. */
  #held: readonly Bookmark[] = [];
  #watchers = 0;
  #last = 0;
  #reading = false;
  #again = false;
  #travelling = false;

  constructor(links: TimelineLinks) {
    this.#links = links;
  }

  /** Keeps the list fresh until the function that it returns is called. */
  watch(): () => void {
    this.#watchers++;
    void this.look(true);
    return () => {
      this.#watchers--;
    };
  }

  /** `now`: training stands still, so this reading must not be left out. */
  async look(now: boolean): Promise<void> {
    if (this.#reading) {
      this.#again ||= now;
      return;
    }
    if (!now && (this.#watchers === 0 || performance.now() - this.#last < EVERY)) return;
    this.#reading = true;
    this.#last = performance.now();
    try {
      this.report = await this.#links.api().timeline();
    } catch (error) {
      this.#links.onFault('The moments of training could not be listed', error);
    } finally {
      this.#reading = false;
      if (this.#again) {
        this.#again = false;
        void this.look(true);
      }
    }
  }

  clear(): void {
    this.report = null;
    this.wanted = null;
    this.unfit = [];
  }

  /** By position in the list. */
  async seek(index: number): Promise<void> {
    const moment = this.moments[Math.min(Math.max(0, index), this.moments.length - 1)];
    if (moment) await this.travel(moment.id);
  }

  async travel(id: number): Promise<void> {
    this.wanted = id;
    if (this.#travelling) return;
    this.#travelling = true;
    try {
      await this.#links.begin();
      for (let next: number | null = id, done: number | null = null; next !== null && next !== done; next = this.wanted) {
        if (!(await this.#links.api().travel(next)))
          this.#links.onFault(
            'That moment is gone',
            new Error('Its memory was needed for later ones. Bookmark moments that should stay.'),
          );
        done = next;
        this.#links.arrived();
      }
      await this.look(true);
    } catch (error) {
      this.#links.onFault('Going back in time failed', error);
    } finally {
      this.#travelling = false;
      this.wanted = null;
    }
    this.#links.settled();
  }

  /** Searches the kept moments, and goes to the one found. Null: it could not be searched. */
  async find(question: WhenQuestion): Promise<WhenAnswer | null> {
    try {
      await this.#links.begin();
      const answer = await this.#links.api().whenDid(question);
      await this.look(true);
      if (answer.moment !== null) await this.travel(answer.moment);
      return answer;
    } catch (error) {
      this.#links.onFault('The moments could not be searched', error);
      return null;
    }
  }

  /** The engine has another network, or the project other bookmarks. */
  async hold(bookmarks: readonly Bookmark[]): Promise<void> {
    if (bookmarks.length === 0 && this.unfit.length === 0 && this.bookmarks.every(({ kept }) => kept === null)) return;
    try {
      const fits = await this.#links.api().holdMoments(bookmarks.map(savedMomentOf));
      this.#held = bookmarks;
      this.unfit = bookmarks
        .map((bookmark, at) => ({ at, name: bookmark.name, step: bookmark.step, bookmark }))
        .filter(({ at }) => !fits[at]);
      await this.look(true);
    } catch (error) {
      this.#links.onFault('The project’s bookmarks were not taken', error);
    }
  }

  /** Names a moment; null takes the name away. */
  async bookmark(id: number, name: string | null): Promise<void> {
    const { keeper } = this.#links;
    const moment = this.moments.find((one) => one.id === id);
    if (keeper && moment !== undefined && moment.kept !== null) {
      const held = this.#held[moment.kept];
      // The list on the screen may be older than the engine's.
      if (held === undefined || held.step !== moment.step || held.name !== moment.bookmark) return this.look(true);
      if (name === null) keeper.drop(held);
      else keeper.rename(held, name);
      return;
    }
    try {
      await this.#links.api().bookmark(id, name);
      if (keeper && name !== null) await this.#keep(keeper, id);
      await this.look(true);
    } catch (error) {
      this.#links.onFault('The bookmark was not set', error);
    }
  }

  async #keep(keeper: BookmarkKeeper, id: number): Promise<void> {
    const saved = await this.#links.api().savedMoment(id);
    if (saved === null) return;
    const bookmark = storedBookmark(saved);
    const reason = noRoomFor(bookmark, keeper.all());
    if (reason === null) keeper.keep(bookmark);
    else keeper.onTooLarge(reason);
  }

  /** Takes a bookmark that does not fit out of the project. */
  forget({ bookmark }: Unfit): void {
    this.#links.keeper?.drop(bookmark);
  }
}
