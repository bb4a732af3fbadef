/**
 * The layers of a drawing of neurons: inputs are layer 0, and any other neuron stands as many edges from an
 * input as its longest path has, because before that one of its inputs would not be known.
 */
export interface NeuronEdge {
  readonly from: number;
  readonly to: number;
}

/** The layer of each neuron, by number. The edges may come in any order, but may not go in a circle. */
export function layersByLongestPath(count: number, edges: readonly NeuronEdge[]): readonly number[] {
  const layers = Array.from({ length: count }, () => 0);
  // After as many rounds as there are neurons even the longest path is walked.
  for (let round = 0; round < count; round++)
    for (const { from, to } of edges) layers[to] = Math.max(layers[to]!, layers[from]! + 1);
  return layers;
}
