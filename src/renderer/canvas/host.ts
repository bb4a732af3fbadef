/**
 * What gestures act on and speak through: the editor, the stage, and the component around them. An
 * interface, so that the pointer, the keys and the drawing of connections need not know the component.
 */
import type { NodeId } from '../../engine/graph/graph';
import type { Point } from '../../engine/graph/project';
import type { Editor } from '../editor/editor.svelte';
import type { Line } from './geometry';
import type { Stage } from './stage';

/** What the component shows and passes on. */
export interface Host {
  readonly editor: Editor;
  readonly stage: Stage;
  /** A short text at the pointer; null takes it away. */
  tip(text: string | null, at: Point, kind: 'refusal' | 'plain'): void;
  /** The line under the pointer, for its card. */
  hoverLine(line: Line | null, at: Point): void;
  hoverUnit(node: NodeId, index: number | null): void;
  quickAdd(at: Point, from: NodeId | null): void;
  renameGroup(group: string): void;
  contextMenu(at: Point): void;
  inspect(id: NodeId): void;
  /** The neurons that a part stands for are to be drawn. */
  showRest(id: NodeId): void;
  announce(text: string): void;
  cursor(name: string): void;
}
