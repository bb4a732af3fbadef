/**
 * Formulas set by KaTeX, with MathML for screen readers; what was set lately is kept, and what will be
 * looked at next can be set ahead. The only file that knows KaTeX.
 */
import katex from 'katex';
import 'katex/dist/katex.min.css';
import { inIdleMoments, whenIdle } from './idle';

/** Formulas that are kept: those of a few steps. */
const KEPT = 400;
const kept = new Map<string, string>();

// Text comes from our own operations, but people name nodes: `trust` stays off and faults become text.
const set = (latex: string, display: boolean): string =>
  katex.renderToString(latex, {
    displayMode: display,
    throwOnError: false,
    trust: false,
    output: 'htmlAndMathml',
    strict: false,
  });

export function typeset(latex: string, display: boolean): string {
  const key = `${display ? 'd' : 'i'}${latex}`;
  const known = kept.get(key);
  if (known !== undefined) {
    // What was used last goes last.
    kept.delete(key);
    kept.set(key, known);
    return known;
  }
  const html = set(latex, display);
  kept.set(key, html);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
  return html;
}

export type Ahead = readonly (readonly [latex: string, display: boolean])[];

/** Sets formulas ahead while the window rests, one at a time. Returns what stops it. */
export function typesetAhead(formulas: () => Ahead): () => void {
  let stop = whenIdle(() => {
    stop = inIdleMoments(formulas().map((formula) => () => void typeset(...formula)));
  });
  return () => stop();
}

// The first formula takes ten times as long as those after it: it is set while nobody waits.
typesetAhead(() => [
  [
    '\\underset{1 \\times 2}{x} = \\frac{\\partial l}{\\partial W_{2}} \\cdot \\left(\\begin{matrix} 1 & -0.5 \\end{matrix}\\right)^{\\top}',
    true,
  ],
]);
