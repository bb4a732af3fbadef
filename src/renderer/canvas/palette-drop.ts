/** Dropping an operation of the palette: on the sheet, or on an edge, which then runs through it. */
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point } from '../../engine/graph/project';
import type { Editor } from '../editor/editor.svelte';
import type { Stage } from './stage';

const OP_TYPE = 'application/x-chainrule-op';

const carriesOp = (event: DragEvent): boolean => event.dataTransfer?.types.includes(OP_TYPE) ?? false;

const light = (stage: Stage, dropEdge: EdgeId | null): void => {
  if (stage.feedback.dropEdge !== dropEdge) stage.feedback = { ...stage.feedback, dropEdge };
};

/** `at`: where the pointer is in the canvas. */
export function paletteOver(event: DragEvent, stage: Stage, at: Point): void {
  if (!carriesOp(event)) return;
  event.preventDefault();
  event.dataTransfer!.dropEffect = 'copy';
  light(stage, stage.edgeAt(stage.toDrawing(at.x, at.y), 14));
}

export const paletteLeaves = (stage: Stage): void => light(stage, null);

/** False: something else was dropped. */
export function dropFromPalette(event: DragEvent, stage: Stage, editor: Editor, at: Point): boolean {
  if (!carriesOp(event)) return false;
  event.preventDefault();
  const name = event.dataTransfer!.getData(OP_TYPE);
  const place = stage.toDrawing(at.x, at.y);
  const edge = stage.edgeAt(place, 14);
  paletteLeaves(stage);
  if (edge !== null) insertAt(editor, name, edge, place);
  else editor.addOp(name, place);
  return true;
}

export const insertAt = (editor: Editor, name: string, edge: EdgeId, { x, y }: Point): NodeId | null =>
  editor.addOpOnEdge(name, edge, { x: Math.round(x / 10) * 10, y: Math.round(y / 10) * 10 });
