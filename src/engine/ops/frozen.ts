/** Parameters that keep their numbers: one by itself, or all those of a layer with it. */
import type { Attrs } from '../graph/graph';
import type { AttrSpec } from './op';

export const frozenAttr: AttrSpec = {
  kind: 'boolean',
  title: 'Frozen',
  about: 'Keeps its numbers during training.',
  default: false,
};

/** A layer's parts are frozen with it. */
export const frozenWith = (attrs: Attrs): Attrs => (attrs['frozen'] === true ? { frozen: true } : {});
