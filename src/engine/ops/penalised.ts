/**
 * Penalties as attributes of parameters and of the layers that hold them: none unless chosen. They become
 * penalty operations that are added to the loss (`compile/penalise.ts`).
 */
import type { AttrSpec } from './op';

/** Operation for each choice of an attribute `penalty`. */
export const penaltyOps: Readonly<Record<string, string>> = {
  l1: 'l1-penalty',
  l2: 'l2-penalty',
  elastic: 'elastic-penalty',
};

const choices = [
  { value: 'none', title: 'None' },
  { value: 'l1', title: 'L1: sum of sizes' },
  { value: 'l2', title: 'L2: sum of squares' },
  { value: 'elastic', title: 'Elastic: both' },
] as const;
/** Where one is chosen. */
export const hasPenalty = { attr: 'penalty', is: ['l1', 'l2', 'elastic'] } as const;

/** For a parameter. */
export const penaltyAttrs: Readonly<Record<string, AttrSpec>> = {
  penalty: {
    kind: 'choice',
    title: 'Penalty',
    about: 'What is added to the loss to keep the numbers small.',
    default: 'none',
    choices,
  },
  strength: {
    kind: 'number',
    title: 'Penalty’s strength',
    about: 'Factor λ on the penalty. Larger: smaller numbers.',
    default: 0.001,
    min: 0,
    when: [hasPenalty],
  },
  mix: {
    kind: 'number',
    title: 'Share of L1',
    about: 'ρ: 1 is L1 alone, 0 is L2 alone.',
    default: 0.5,
    min: 0,
    max: 1,
    when: [{ attr: 'penalty', is: ['elastic'] }],
  },
};
