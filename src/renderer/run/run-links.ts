/** What a run needs from the rest of the window, and the words it shares with it. */
import type { EngineEvents, Stopped } from '../../engine/api';
import type { DatasetInfo } from '../../engine/data/dataset';
import type { HostApi } from '../../main/contract';
import type { BookmarkKeeper } from './bookmarks';
import type { Engine } from './engine';
import type { FeedHost } from './feed.svelte';
import type { RecorderHost } from './recorder';

export type RunHost = FeedHost & Pick<HostApi, 'compile'>;

export type Notice = { readonly kind: 'error' | 'info' | 'success'; readonly title: string; readonly text?: string };

export type StartEngine = (events: EngineEvents, onCrash: (message: string) => void) => Engine;

export interface RunLinks {
  readonly host: RunHost;
  readonly start: StartEngine;
  readonly notify: (notice: Notice) => void;
  /** The data set is another one, or gone. */
  readonly onData: (info: DatasetInfo | null) => void;
  /** A rule or a breakpoint ended training. */
  readonly onStopped?: (stopped: Stopped) => void;
  /** Where runs are kept; absent: nowhere. */
  readonly history?: RecorderHost;
  /** Where bookmarks of moments are kept; absent: they go with the engine. */
  readonly bookmarks?: BookmarkKeeper;
  /** Milliseconds to wait for further edits before compiling. */
  readonly patience?: number;
}

/** Steps a second: as many as there can be, so that a run takes some seconds to watch, or a number. */
export type Speed = 'full' | 'watch' | number;
/** What a run should take at least to be watched, in seconds. Longer runs are not slowed down by it. */
const WATCHED = 6;

/** Steps a second at most; null: no limit. */
export function paceOf(speed: Speed, epochs: number, batch: number, rows: number): number | null {
  if (speed === 'full') return null;
  if (speed !== 'watch') return speed;
  return Math.max(10, (epochs * Math.ceil(rows / batch)) / WATCHED);
}
