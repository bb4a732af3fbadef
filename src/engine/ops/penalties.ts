/**
 * Penalties on parameters: one number to be added to the loss, which pulls weights towards 0. A penalty
 * does not depend on the sample, so in the mean over a batch it counts once.
 */
import { derive } from '../ir/derive';
import { abs, add, type Expr, mul, read } from '../ir/expr';
import { latexOf } from '../ir/latex';
import { isBatched } from '../ir/shape';
import type { Attrs } from '../graph/graph';
import { isArray, sumTo } from './make';
import { type AttrSpec, GRADIENT, OUT, type Primitive, RESULT } from './op';

const strength: AttrSpec = {
  kind: 'number',
  title: 'Strength',
  about: 'Factor λ on the penalty. Larger: smaller weights.',
  default: 0.01,
  min: 0,
};

interface PenaltySpec {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly glyph: string;
  readonly keywords: readonly string[];
  readonly attrs?: Readonly<Record<string, AttrSpec>>;
  /** Penalty of one weight, without the strength. */
  readonly value: (w: Expr, attrs: Attrs) => Expr;
}

function penalty(spec: PenaltySpec): Primitive {
  const local = (attrs: Attrs): Expr => mul(attrs['strength'] as number, derive(spec.value(read('x'), attrs), 'x'));
  return {
    kind: 'primitive',
    name: spec.name,
    title: spec.title,
    about: spec.about,
    glyph: spec.glyph,
    group: 'penalty',
    keywords: spec.keywords,
    ports: () => [{ name: 'x', about: 'parameter to keep small' }],
    attrs: { strength, ...spec.attrs },
    infer: ({ x }) =>
      isBatched(x!)
        ? { fault: 'a penalty is for parameters, but this value differs from sample to sample. Connect a parameter.' }
        : { shape: [] },
    formula: ({ x }, { attrs, shapes }) =>
      `${String(attrs['strength'])} \\sum \\left[${latexOf(
        spec.value(read('x'), attrs),
        () => x!,
        () => isArray(shapes['x']!),
      )}\\right]`,
    value: ({ shapes, attrs, out }) => ({
      kernels: [
        sumTo(OUT, out, shapes['x']!, shapes, spec.value(read('x'), attrs), (acc) => mul(attrs['strength'] as number, acc)),
      ],
    }),
    gradient: ({ shapes, attrs, out }) => {
      const own = shapes['x']!;
      return { kernels: [sumTo(RESULT, own, own, { ...shapes, [GRADIENT]: out }, mul(read(GRADIENT), local(attrs)))] };
    },
    derivativeFormula: ({ x }, _out, _port, { attrs, shapes }) =>
      latexOf(
        local(attrs),
        () => x!,
        () => isArray(shapes['x']!),
      ),
    onnx: null,
  };
}

/** λ Σ |w|. */
export const l1 = penalty({
  name: 'l1-penalty',
  title: 'L1 penalty',
  about: 'Adds up the sizes of a parameter’s numbers; drives small ones to exactly 0. Add it to the loss.',
  glyph: 'λ|w|',
  keywords: ['l1', 'lasso', 'sparse', 'regularisation', 'regularization'],
  value: (w) => abs(w),
});

/** λ Σ w². */
export const l2 = penalty({
  name: 'l2-penalty',
  title: 'L2 penalty',
  about: 'Adds up the squares of a parameter’s numbers; keeps all of them small. Add it to the loss.',
  glyph: 'λw²',
  keywords: ['l2', 'ridge', 'weight decay', 'regularisation', 'regularization'],
  value: (w) => mul(w, w),
});

/** λ Σ (ρ|w| + (1 − ρ)w²). */
export const elastic = penalty({
  name: 'elastic-penalty',
  title: 'Elastic penalty',
  about: 'A mixture of the L1 and the L2 penalty. Add it to the loss.',
  glyph: 'λ‖w‖',
  keywords: ['elastic net', 'regularisation', 'regularization'],
  attrs: {
    mix: { kind: 'number', title: 'Share of L1', about: 'ρ: 1 is L1 alone, 0 is L2 alone.', default: 0.5, min: 0, max: 1 },
  },
  value: (w, { mix }) => add(mul(mix as number, abs(w)), mul(1 - (mix as number), mul(w, w))),
});
