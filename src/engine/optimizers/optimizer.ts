/**
 * An update rule as expressions over a weight `w`, its gradient `g`, the rule's slots (one number per
 * weight), its counters (one number shared by all weights, advanced once a step before the update) and
 * its hyperparameters. Kernels, the formula card and the exporters read the same expressions.
 */
import { type Expr, read, replaceParts } from '../ir/expr';
import { type Latex, latexOf } from '../ir/latex';

/** The hyperparameter that every rule has: its learning rate, which schedules change. */
export const RATE = 'rate';

export interface HyperSpec {
  readonly title: string;
  readonly about: string;
  readonly symbol: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

export interface Optimizer {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly hyper: Readonly<Record<string, HyperSpec>>;
  readonly slots: readonly string[];
  readonly counters: Readonly<Record<string, { readonly symbol: Latex; readonly init: number; readonly next: Expr }>>;
  /** New value of `w` and of each slot. All expressions read the old values. */
  readonly update: Readonly<Record<string, Expr>>;
  /** PyTorch's optimizer of the same rule: its class, and which of its arguments is which hyperparameter. */
  readonly torch: {
    readonly name: string;
    readonly takes: Readonly<Record<string, string | readonly string[]>>;
    readonly more?: Readonly<Record<string, string>>;
  };
}

/**
 * The rule as people read it, line by line, printed from its expressions: the slots first, and the weight from their
 * new values.
 */
export function updateLatex({ hyper, counters, slots, update }: Optimizer): readonly Latex[] {
  const symbol = (name: string): Latex => hyper[name]?.symbol ?? counters[name]?.symbol ?? name;
  const { w, ...others } = update;
  const called = new Map(slots.map((slot) => [JSON.stringify(update[slot]), read(slot)]));
  const step = replaceParts(w!, (part) => called.get(JSON.stringify(part)));
  return [...Object.entries(others), ['w', step] as const].map(
    ([name, value]) => `${symbol(name)} \\leftarrow ${latexOf(value, symbol)}`,
  );
}
