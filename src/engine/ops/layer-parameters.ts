/**
 * The weights and biases that a layer holds, and what its attributes say of them: how each starts, whether it carries
 * a penalty, whether it keeps its numbers. One table for all layers, so that a layer need not be opened for that.
 */
import type { Attrs } from '../graph/graph';
import { frozenAttr } from './frozen';
import { initializerChoices, initializers } from './initializers';
import type { AttrCondition, AttrSpec } from './op';
import { hasPenalty, penaltyAttrs } from './penalised';

export type ParameterRole = 'weight' | 'bias';

const scaled = initializers.flatMap(({ name, scaleTitle }) => (scaleTitle === null ? [] : [name]));

/** Of biases, nothing is to be said where a layer is without them. */
const ofBias = (bias: 'optional' | 'always'): readonly AttrCondition[] =>
  bias === 'optional' ? [{ attr: 'bias', is: ['true'] }] : [];

/** How the weights are drawn unless something else is chosen; and whether the layer may be without biases. */
export const layerParameterAttrs = (initializer: string, bias: 'optional' | 'always'): Readonly<Record<string, AttrSpec>> => ({
  initializer: {
    kind: 'choice',
    title: 'Initializer',
    about: 'How the weights are drawn.',
    default: initializer,
    choices: initializerChoices,
  },
  scale: { kind: 'number', title: 'Initializer’s scale', about: 'For the initializers that take one.', default: 0.5 },
  biasInitializer: {
    kind: 'choice',
    title: 'Initializer of biases',
    about: 'How the biases are drawn. Mostly they start at 0.',
    default: 'zeros',
    choices: initializerChoices,
    when: ofBias(bias),
  },
  biasScale: {
    kind: 'number',
    title: 'Scale of the biases',
    about: 'For the initializers that take one.',
    default: 0.1,
    when: [{ attr: 'biasInitializer', is: scaled }],
  },
  ...penaltyAttrs,
  penalty: { ...penaltyAttrs['penalty']!, about: 'What is added to the loss to keep the layer’s numbers small.' },
  penaliseWeights: {
    kind: 'boolean',
    title: 'Penalty on weights',
    about: 'Mostly left on: large weights follow single rows.',
    default: true,
    when: [hasPenalty],
  },
  penaliseBias: {
    kind: 'boolean',
    title: 'Penalty on biases',
    about: 'Mostly left off: biases seldom harm by being large.',
    default: false,
    when: [hasPenalty, ...ofBias(bias)],
  },
  frozen: frozenAttr,
  frozenPart: {
    kind: 'choice',
    title: 'What is frozen',
    about: 'The others go on learning.',
    default: 'all',
    choices: [
      { value: 'all', title: 'Weights and biases' },
      { value: 'weights', title: 'Weights' },
      { value: 'biases', title: 'Biases' },
    ],
    when: [{ attr: 'frozen', is: ['true'] }, ...ofBias(bias)],
  },
});

/** What a layer with these attributes hands on to a parameter of its own. */
export function parameterAttrs(layer: Attrs, role: ParameterRole): Attrs {
  const isBias = role === 'bias';
  const penalised = layer['penalty'] !== 'none' && layer[isBias ? 'penaliseBias' : 'penaliseWeights'] === true;
  return {
    initializer: layer[isBias ? 'biasInitializer' : 'initializer']!,
    scale: layer[isBias ? 'biasScale' : 'scale']!,
    ...(isBias ? { role } : {}),
    ...(isFrozen(layer, role) ? { frozen: true } : {}),
    ...(penalised ? { penalty: layer['penalty']!, strength: layer['strength']!, mix: layer['mix']! } : {}),
  };
}

export const isFrozen = ({ frozen, frozenPart }: Attrs, role: ParameterRole): boolean =>
  frozen === true && (frozenPart === 'all' || frozenPart === (role === 'bias' ? 'biases' : 'weights'));

/** Attributes by which just these roles are frozen. */
export const freezing = (weights: boolean, biases: boolean): Attrs => ({
  frozen: weights || biases,
  frozenPart: weights === biases ? 'all' : weights ? 'weights' : 'biases',
});

/**
 * Attributes of a layer with biases that would hand on these of its weights and biases (null: it had none). A penalty
 * of both is of one kind.
 */
export function layerAttrsFrom(weight: Attrs, bias: Attrs | null): Attrs {
  // Without a bias: one that stays 0.
  const [weightStays, biasStays] = [weight['frozen'] === true, bias === null || bias['frozen'] === true];
  const carries = (of: Attrs | null): boolean => of !== null && of['penalty'] !== undefined && of['penalty'] !== 'none';
  const carrier = carries(weight) ? weight : carries(bias) ? bias! : null;
  return {
    initializer: weight['initializer']!,
    scale: weight['scale']!,
    ...(bias === null || bias['initializer'] === 'zeros'
      ? {}
      : { biasInitializer: bias['initializer']!, biasScale: bias['scale']! }),
    ...(carrier === null
      ? {}
      : {
          penalty: carrier['penalty']!,
          strength: carrier['strength']!,
          mix: carrier['mix']!,
          penaliseWeights: carries(weight),
          penaliseBias: carries(bias),
        }),
    ...(weightStays || biasStays ? freezing(weightStays, biasStays) : {}),
  };
}
