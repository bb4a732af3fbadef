/**
 * What commonly keeps a network from learning, found in numbers: before training (data, first weights) and
 * while it trains (curves, statistics of the layers). Pure rules, each in the room of its evidence.
 */
import { ofCurves } from './curves';
import { type Evidence, type Finding, type FindingCode, isContent } from './finding';
import { ofLayers } from './layers';
import { symmetry, unfitWeights } from './weights';

export { diagnoseData } from './data';
export { diagnoseFit } from './fit';
export type { Evidence, Finding, FindingCode } from './finding';

/** What is found in the weights, the curves and the layers. Cheap: it may be asked at every score. */
export function diagnoseRun(evidence: Evidence): readonly Finding[] {
  return [
    ...symmetry(evidence),
    ...unfitWeights(evidence),
    ...ofCurves(evidence),
    ...(isContent(evidence.points) ? [] : ofLayers(evidence)),
  ];
}

export interface Check {
  readonly title: string;
  /** Something was found there. */
  readonly found: boolean;
}

const BEFORE: readonly (readonly [title: string, ...codes: FindingCode[]])[] = [
  ['Features are about 1 in size', 'unscaled'],
  ['Every feature varies', 'constant-columns'],
  ['No class is far more frequent', 'imbalance'],
  ['No feature gives the answer away', 'leakage', 'row-number'],
  ['The loss and the output suit the target', 'wrong-loss', 'target-range'],
  ['Neurons of a layer differ', 'symmetry'],
  ['First weights fit their layers', 'unfit-weights'],
  ['Activations are not saturated', 'saturation'],
  ['No layer is dead', 'dead-units'],
  ['Gradients arrive at the first layer', 'vanishing', 'exploding'],
];
const DURING: typeof BEFORE = [
  ['The loss falls without jumping', 'rate-too-high', 'batch-too-small'],
  ['Steps are large enough', 'rate-too-low'],
  ['Nothing is learned by heart', 'overfitting'],
];

/** What was looked at, as a list to tick off: before the first step, or while it trains. */
export const checklist = (findings: readonly Finding[], started: boolean): readonly Check[] =>
  (started ? [...BEFORE, ...DURING] : BEFORE).map(([title, ...codes]) => ({
    title,
    found: findings.some(({ code }) => codes.includes(code)),
  }));
