/**
 * An update rule as expressions over a weight `w`, its gradient `g`, the rule's slots (one number per
 * weight), its counters (one number shared by all weights, advanced once a step before the update) and
 * its hyperparameters. Kernels, the formula card and the exporters read the same expressions.
 */
import type { Expr } from '../ir/expr';

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
  readonly counters: Readonly<Record<string, { readonly init: number; readonly next: Expr }>>;
  /** New value of `w` and of each slot. All expressions read the old values. */
  readonly update: Readonly<Record<string, Expr>>;
}
