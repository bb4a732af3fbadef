/**
 * What a diagnosis is made of: a finding has its evidence in numbers, its place and, where one is clear, a
 * cure that is an ordinary edit of the project.
 */
import type { Dataset } from '../../data/dataset';
import * as edits from '../../graph/edits';
import type { NodeId } from '../../graph/graph';
import type { Project } from '../../graph/project';
import { opOf } from '../../ops/index';
import { optimizerOf } from '../../optimizers/index';
import type { Weights } from '../../plan';
import type { Sharpness } from '../analysis/sharpness';
import type { Statistics } from '../statistics';
import type { CurvePoint } from '../training';

export type FindingCode =
  | 'symmetry'
  | 'saturation'
  | 'dead-units'
  | 'vanishing'
  | 'exploding'
  | 'rate-too-high'
  | 'rate-too-low'
  | 'unscaled'
  | 'imbalance'
  | 'constant-columns'
  | 'leakage'
  | 'row-number'
  | 'target-range'
  | 'wrong-loss'
  | 'overfitting'
  | 'batch-too-small'
  | 'unfit-weights';

export interface Cure {
  readonly title: string;
  readonly edit: edits.Edit;
  /** It acts on initial weights or on a run that went wrong, so training should start over. */
  readonly restart: boolean;
}

export interface Finding {
  readonly code: FindingCode;
  readonly title: string;
  /** What was seen, in numbers, and what it means. */
  readonly text: string;
  readonly node?: NodeId;
  /** Panel in which the cause is set. */
  readonly panel?: 'data' | 'train';
  readonly cure: Cure | null;
}

export interface Evidence {
  readonly project: Project;
  readonly data: Dataset | null;
  readonly weights: Weights | null;
  readonly statistics: Statistics | null;
  readonly points: readonly CurvePoint[];
  /** Where it was measured. */
  readonly sharpness?: Sharpness | null;
}

export const short = (x: number, digits = 2): string => String(Number(x.toPrecision(digits))).replace('-', '−');
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** The learning rate as it is set. */
export function rateOf(project: Project): number {
  const { optimizer, hyper } = project.settings.training;
  return hyper['rate'] ?? optimizerOf(optimizer)?.hyper['rate']?.default ?? 0.001;
}
export function setRate(project: Project, rate: number, restart: boolean): Cure {
  const next = Number(rate.toPrecision(2));
  const { hyper } = project.settings.training;
  return { title: `Learning rate ${short(next)}`, edit: edits.setTraining({ hyper: { ...hyper, rate: next } }), restart };
}

/** A network that has learned its rows may be as saturated as it likes. */
export function isContent(points: readonly CurvePoint[]): boolean {
  const last = points.at(-1)?.train;
  return last !== undefined && ((last.accuracy ?? 0) >= 0.95 || (last.r2 ?? 0) >= 0.9);
}

/** Attributes that have their default are not written down. */
export const has = (project: Project, node: NodeId, attr: string): boolean =>
  attr in (opOf(project.nodes[node]?.op ?? '')?.attrs ?? {});

export const nameOf = (project: Project, node: NodeId): string => project.nodes[node]?.label ?? node;
