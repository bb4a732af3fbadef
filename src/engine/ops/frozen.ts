/** Parameters that keep their numbers: one by itself, or those of a layer with it (`layer-parameters.ts`). */
import type { AttrSpec } from './op';

export const frozenAttr: AttrSpec = {
  kind: 'boolean',
  title: 'Frozen',
  about: 'Keeps its numbers during training.',
  default: false,
};
