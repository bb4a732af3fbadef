/**
 * What gestures act on and speak through: the editor, the stage, and the component around them. An
 * interface, so that the pointer, the keys and the drawing of connections need not know the component.
 */
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point } from '../../engine/graph/project';
import type { Weights } from '../../engine/plan';
import type { Editor } from '../editor/editor.svelte';
import type { Line } from './geometry';
import type { Stage } from './stage';

export type Joined = { readonly from: NodeId } | { readonly edge: EdgeId };

/** What the component shows and passes on. */
export interface Host {
  readonly editor: Editor;
  readonly stage: Stage;
  /** A short text at the pointer; null takes it away. */
  tip(text: string | null, at: Point, kind: 'refusal' | 'plain'): void;
  /** The line under the pointer, for its card. */
  hoverLine(line: Line | null, at: Point): void;
  hoverUnit(node: NodeId, index: number | null): void;
  /** Asks which node comes to a place: on its own, at the end of a connection, or between the ends of one. */
  quickAdd(at: Point, joined?: Joined): void;
  renameGroup(group: string): void;
  contextMenu(at: Point): void;
  inspect(id: NodeId): void;
  /** The neurons that a part stands for are to be drawn. */
  showRest(id: NodeId): void;
  /** The network's numbers; null while they change by themselves, or there are none. */
  weights(): (() => Promise<Weights>) | null;
  announce(text: string): void;
  cursor(name: string): void;
}
