/**
 * Facts of operations by name, for code that looks at drawings: a diagnosis, a cure, the map's remark that a
 * drawing is linear. They are stated in the operations' files, so a new activation needs no line anywhere else.
 */
import type { Attrs } from '../graph/graph';
import { completeAttrs } from './attrs';
import { opOf } from './index';
import type { ActivationFacts, FittingWeights, Linearity } from './op';

/** The activation that a layer or neuron ends in, by name; null where it has none to choose. */
export function activationOf(op: string, attrs: Attrs): string | null {
  const own = opOf(op);
  const value = own && completeAttrs(own, attrs)['activation'];
  return typeof value === 'string' ? value : null;
}

/** What is stated of an activation; nothing of other operations. */
export function activationFacts(op: string): ActivationFacts {
  const found = opOf(op);
  return (found?.kind === 'primitive' && found.activation) || {};
}

/** Weights that keep numbers level behind an activation: Glorot's where it says nothing. */
export const fittingWeights = (activation: string): FittingWeights =>
  activationFacts(activation).weights ?? { initializer: 'glorot-uniform', gain: 1 };

/** How a node's value follows its inputs. A composite with an activation is linear up to that. */
export function linearityOf(op: string, attrs: Attrs): Linearity {
  const found = opOf(op);
  if (found?.kind === 'source') return 'linear';
  if (found?.kind === 'primitive') return found.linearity?.(completeAttrs(found, attrs)) ?? 'curved';
  const activation = activationOf(op, attrs);
  return activation === null ? 'curved' : linearityOf(activation, {});
}

/** What takes an operation's place in training because its own derivative is of no use; null where it is. */
export function insteadInTraining(op: string): string | null {
  const found = opOf(op);
  return (found?.kind === 'primitive' && found.noGradient?.instead) || null;
}
