import { reduction } from './reduce';

/** The average over the axes of a sample. */
export const mean = reduction({
  name: 'mean',
  title: 'Mean',
  about: 'The average of the elements of an array.',
  glyph: 'μ',
  keywords: ['average', 'reduce'],
  onnx: 'ReduceMean',
  scale: (count) => 1 / count,
  symbol: (x, count) => (count === 1 ? x : `\\frac{1}{${count}}\\sum ${x}`),
});
