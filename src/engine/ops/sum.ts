import { reduction } from './reduce';

/** Σ over the axes of a sample. */
export const sum = reduction({
  name: 'sum',
  title: 'Sum',
  about: 'Adds up the elements of an array.',
  glyph: 'Σ',
  keywords: ['total', 'reduce'],
  onnx: 'ReduceSum',
  scale: () => 1,
  symbol: (x) => `\\sum ${x}`,
});
