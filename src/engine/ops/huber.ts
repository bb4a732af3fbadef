import { abs, max, min, mul, select, sub } from '../ir/expr';
import { elementwiseLoss } from './make';

/** ½(f − y)² up to a difference of δ, δ(|f − y| − ½δ) beyond: squares near the target, a line far from it. */
export const huber = elementwiseLoss({
  name: 'huber',
  title: 'Huber loss',
  about: 'A squared error near the target and an absolute one far from it, so outliers pull less.',
  glyph: 'Huber',
  keywords: ['regression', 'robust', 'smooth l1'],
  takes: 'value',
  over: 'mean',
  torch: { name: 'F.huber_loss', more: ({ delta }) => `delta=${String(delta)}` },
  attrs: {
    delta: { kind: 'number', title: 'δ', about: 'Difference where the square turns into a line.', default: 1, min: 1e-6 },
  },
  value: (p, t, { delta }) => {
    const d = sub(p, t);
    const size = abs(d);
    const line = mul(delta as number, sub(size, (delta as number) / 2));
    return select(sub(size, delta as number), line, mul(0.5, mul(d, d)));
  },
  derivative: (p, t, port, { delta }) => {
    const d = port === 'prediction' ? sub(p, t) : sub(t, p);
    return max(min(d, delta as number), -(delta as number));
  },
});
