import { unaryFunction } from './make';

/** g(x) = x: no activation at all. */
export const identity = unaryFunction({
  name: 'identity',
  title: 'Identity',
  about: 'Passes its input on unchanged.',
  glyph: 'id',
  keywords: ['linear', 'none'],
  value: (x) => x,
  onnx: 'Identity',
});
