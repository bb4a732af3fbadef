/** Counting parameters of a fully connected network, and the course's quiz about it (reconstructed: 8-9-9-9-4). */
interface LayerSize {
  readonly inputs: number;
  readonly neurons: number;
  readonly weights: number;
  readonly biases: number;
}

export interface NetworkSize {
  readonly layers: readonly LayerSize[];
  readonly weights: number;
  readonly biases: number;
  readonly total: number;
  /** Inputs included, as the figure draws them. */
  readonly neurons: number;
}

export function networkSize(sizes: readonly number[]): NetworkSize {
  const layers = sizes
    .slice(1)
    .map((neurons, i) => ({ inputs: sizes[i]!, neurons, weights: sizes[i]! * neurons, biases: neurons }));
  const weights = layers.reduce((s, l) => s + l.weights, 0);
  const biases = layers.reduce((s, l) => s + l.biases, 0);
  return { layers, weights, biases, total: weights + biases, neurons: sizes.reduce((s, n) => s + n, 0) };
}

export const courseSizes = [8, 9, 9, 9, 4] as const;

export interface CountChoice {
  readonly letter: string;
  readonly value: number;
  readonly right: boolean;
  readonly explanation: string;
}

/** A 270, B 274, C 301, D 39 for the course's network; the same four ideas for any other. */
export function countQuiz(sizes: readonly number[]): readonly CountChoice[] {
  const { weights, biases, total, neurons, layers } = networkSize(sizes);
  return [
    {
      letter: 'A',
      value: weights,
      right: false,
      explanation: `These are the weights alone. Every neuron also has a bias: ${biases} more.`,
    },
    {
      letter: 'B',
      value: weights + layers.length,
      right: false,
      explanation: `This counts one bias for each of the ${layers.length} layers. Every neuron has its own: ${biases}.`,
    },
    {
      letter: 'C',
      value: total,
      right: true,
      explanation: `Right: ${layers.map((l) => `${l.inputs}·${l.neurons}`).join(' + ')} = ${weights} weights, and ${biases} biases.`,
    },
    {
      letter: 'D',
      value: neurons,
      right: false,
      explanation: 'This is the number of neurons, inputs included. Parameters sit on the edges and in the biases.',
    },
  ];
}
