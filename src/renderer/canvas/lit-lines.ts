/**
 * Which lines stand out from the rest: those at the step that the stepper shows, and those of a weight or
 * another part that a table or the pointer is at.
 */
import type { NodeId } from '../../engine/graph/graph';
import { partId, partOf } from '../editor/lens';
import type { Live, LiveLines } from './live';

/** The lines at what the stepper looks at: an edge, some edges, or all that come into a node. Null: nothing in particular. */
export function linesInFocus(
  { scene, ranges }: LiveLines,
  focus: Live['focus'],
  drawnAs: (id: string) => readonly NodeId[],
): ReadonlySet<number> | null {
  if (!focus) return null;
  const nodes = new Set(focus.node === undefined ? [] : drawnAs(focus.node));
  const ends = new Set(focus.edge === undefined ? [] : drawnAs(focus.edge.slice(0, focus.edge.lastIndexOf('.'))));
  const found = new Set<number>();
  for (const e of scene.edges.values()) {
    const isEdge =
      focus.edges?.includes(e.of ?? e.id) === true ||
      (focus.edge !== undefined && (focus.edge === (e.of ?? e.id) || (ends.has(e.to) && nodes.has(e.from))));
    const isInput = focus.edge === undefined && nodes.has(e.to);
    if (!isEdge && !isInput) continue;
    const [from, to] = ranges.get(e.id)!;
    for (let i = from; i < to; i++) found.add(i);
  }
  return found;
}

/** The lines of a weight or another part, wherever it is drawn. */
export function linesOfPart({ scene, ranges, lines }: LiveLines, id: string | null): ReadonlySet<number> {
  const found = new Set<number>();
  const part = id === null ? null : partOf(id);
  if (!part) return found;
  const product = partId({ ...part, kind: 'product' });
  for (const e of scene.edges.values()) {
    const [from, to] = ranges.get(e.id)!;
    if (e.id === id || (part.input >= 0 && (e.to === product || e.from === product))) found.add(from);
    else if (part.input >= 0 && e.kind === 'weights' && e.to === part.owner)
      for (let i = from; i < to; i++) if (lines[i]!.source === part.input && lines[i]!.target === part.unit) found.add(i);
  }
  return found;
}
