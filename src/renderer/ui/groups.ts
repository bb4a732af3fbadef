/** Names and colours of the groups of operations, in the order of the palette. */
import type { OpGroup } from '../../engine/ops/op';

export const groups: readonly { readonly name: OpGroup; readonly title: string }[] = [
  { name: 'own', title: 'My operations' },
  { name: 'data', title: 'Data and parameters' },
  { name: 'layer', title: 'Layers' },
  { name: 'activation', title: 'Activations' },
  { name: 'loss', title: 'Losses' },
  { name: 'penalty', title: 'Penalties' },
  { name: 'arithmetic', title: 'Arithmetic' },
  { name: 'function', title: 'Functions' },
  { name: 'reduction', title: 'Reductions and products' },
  { name: 'shape', title: 'Shapes' },
];

export const groupColour = (group: OpGroup): string => `var(--group-${group})`;
