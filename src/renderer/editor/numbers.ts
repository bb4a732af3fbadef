/**
 * Where the number of a drawn thing is kept: a line or a circle that stands for one weight or bias of a layer, or a
 * parameter that is a single number.
 */
import { type NeuronLayer, neuronLayers } from '../../engine/compile/neurons';
import { edgeId } from '../../engine/graph/graph';
import { product, sampleShape } from '../../engine/ir/shape';
import type { Editor } from './editor.svelte';
import { type PartName, partOf } from './lens';

/** A parameter and the place in it. */
export interface NumberPlace {
  readonly key: string;
  readonly at: number;
}

/** Of a part of a layer; null for what is no number that learns. */
export function placeOf(layer: NeuronLayer, { kind, unit, input }: PartName): NumberPlace | null {
  if (kind === 'bias') return layer.bias === null ? null : { key: layer.bias, at: unit };
  if ((kind === 'weight' || kind === 'product') && input >= 0) return { key: layer.weight, at: input * layer.units + unit };
  return null;
}

/** Of a number of an array that was drawn by hand: an element of a parameter, or the weight that a product multiplies by. */
export function placeInArray({ project, checked }: Pick<Editor, 'project' | 'checked'>, part: PartName): NumberPlace | null {
  const isParameter = (id: string | undefined): id is string => id !== undefined && project.nodes[id]?.op === 'parameter';
  if (part.kind === 'neuron') return isParameter(part.owner) ? { key: part.owner, at: part.unit } : null;
  const weights = project.edges[edgeId(part.owner, 'b')]?.from;
  const shape = checked.shapes.get(part.owner);
  if (part.kind !== 'product' || !shape || !isParameter(weights)) return null;
  return { key: weights, at: part.input * product(sampleShape(shape)) + part.unit };
}

/** Of whatever is drawn: a part, or a node. */
export function numberOf(editor: Editor, id: string): NumberPlace | null {
  const part = partOf(id);
  if (part) {
    const layer = neuronLayers(editor.checked).get(part.owner);
    return layer ? placeOf(layer, part) : placeInArray(editor, part);
  }
  const node = editor.project.nodes[id];
  const shape = editor.checked.shapes.get(id);
  return node?.op === 'parameter' && shape && product(shape as readonly number[]) === 1 ? { key: id, at: 0 } : null;
}
