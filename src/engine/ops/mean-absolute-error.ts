import { abs, sub } from '../ir/expr';
import { elementwiseLoss } from './make';

/** The mean of |f − y| over the outputs of a sample; by convention its slope at 0 is 0. */
export const meanAbsoluteError = elementwiseLoss({
  name: 'mean-absolute-error',
  title: 'Mean absolute error',
  about: 'The size of the difference from the target, averaged over the outputs. Outliers count less than with squares.',
  glyph: 'MAE',
  keywords: ['regression', 'mae', 'l1 loss', 'robust'],
  takes: 'value',
  over: 'mean',
  value: (p, t) => abs(sub(p, t)),
});
