/**
 * Bookmarks between the project, which keeps them as text, and the engine, which goes to them; and what does
 * not fit into a project is refused with a sentence.
 */
import type { SavedMoment } from '../../engine/api';
import type { Bookmark } from '../../engine/graph/project';
import { BOOKMARK_BYTES, BOOKMARK_LIMIT, bookmarkBytes } from '../../engine/graph/stored-bookmarks';
import { bytesText, countText } from '../ui/format';
import { readWeights, storedWeights } from './weights';

/** The project's side: its bookmarks, and the edits of them. */
export interface BookmarkKeeper {
  readonly all: () => readonly Bookmark[];
  readonly keep: (bookmark: Bookmark) => void;
  readonly drop: (bookmark: Bookmark) => void;
  readonly rename: (bookmark: Bookmark, name: string) => void;
  /** The bookmark lasts only as long as the window. */
  readonly onTooLarge: (reason: string) => void;
}

export function storedBookmark({ name, epoch, step, at, loss, weights, memory, losses }: SavedMoment): Bookmark {
  return {
    name,
    epoch,
    step,
    ...(at > 0 ? { at } : {}),
    ...(loss !== null && Number.isFinite(loss) ? { loss } : {}),
    weights: storedWeights(weights),
    ...(Object.keys(memory).length > 0 ? { memory: storedWeights(memory) } : {}),
    ...(losses.length > 0 && losses.every(Number.isFinite) ? { losses } : {}),
  };
}

type Stored = Bookmark['weights'];
/** The engine is told of all bookmarks with every change of the drawing: what was read once stays read. */
const known = new WeakMap<Stored, SavedMoment['weights']>();

function numbersOf(stored: Stored): SavedMoment['weights'] {
  const numbers = known.get(stored) ?? readWeights(stored);
  known.set(stored, numbers);
  return numbers;
}

export function savedMomentOf({ name, epoch, step, at = 0, loss, weights, memory = {}, losses = [] }: Bookmark): SavedMoment {
  return { name, epoch, step, at, loss: loss ?? null, weights: numbersOf(weights), memory: numbersOf(memory), losses };
}

/** Why a project cannot keep one more bookmark, or null. */
export function noRoomFor(bookmark: Bookmark, others: readonly Bookmark[]): string | null {
  if (others.length >= BOOKMARK_LIMIT)
    return `A project keeps at most ${countText(BOOKMARK_LIMIT)} bookmarks. Remove some to keep this one with the project.`;
  const own = bookmarkBytes(bookmark);
  const taken = others.reduce((sum, other) => sum + bookmarkBytes(other), 0);
  if (own + taken <= BOOKMARK_BYTES) return null;
  const limit = bytesText(BOOKMARK_BYTES);
  return own > BOOKMARK_BYTES
    ? `The weights and the optimizer’s memory take ${bytesText(own)}, and a project keeps at most ${limit} of bookmarks. The bookmark lasts until the window closes; the run itself is kept in the history.`
    : `The project’s bookmarks take ${bytesText(taken)} of ${limit} already, and this one takes ${bytesText(own)}. Remove some to keep it with the project; until the window closes it lasts.`;
}
