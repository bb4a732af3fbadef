/** Convolution layers: padding, learned filters, a bias for each filter, an activation. */
import type { NodeId } from '../graph/graph';
import { isBatched, product, sampleShape, shapeText } from '../ir/shape';
import { activated, activationChoices } from './activations';
import { strideAttr } from './convolution';
import { layerParameterAttrs, parameterAttrs } from './layer-parameters';
import type { Composite } from './op';

function convolutionLayer(rank: 1 | 2): Composite {
  const what = rank === 1 ? 'channels × length' : 'channels × height × width';
  const margin = (attrs: Readonly<Record<string, unknown>>): number =>
    attrs['padding'] === 'same' ? Math.floor((attrs['size'] as number) / 2) : 0;
  return {
    kind: 'composite',
    name: rank === 1 ? 'convolution-1d' : 'convolution-2d',
    title: rank === 1 ? 'Convolution layer, 1-D' : 'Convolution layer, 2-D',
    about: `Learns filters that slide over ${rank === 1 ? 'a signal' : 'an image'}: the same weights at every place.`,
    glyph: rank === 1 ? 'Conv' : 'Conv²',
    group: 'layer',
    keywords: ['convolution', 'filter', 'cnn', 'conv', `conv${rank}d`, rank === 1 ? 'signal' : 'image'],
    ports: () => [{ name: 'x', about: `${rank === 1 ? 'signal' : 'image'}: ${what}` }],
    attrs: {
      filters: { kind: 'integer', title: 'Filters', about: 'Number of channels of the result.', default: 8, min: 1, max: 4096 },
      size: {
        kind: 'integer',
        title: 'Size',
        about: rank === 1 ? 'Length of a filter.' : 'Height and width of a filter.',
        default: 3,
        min: 1,
        max: 64,
      },
      stride: strideAttr,
      padding: {
        kind: 'choice',
        title: 'Padding',
        about: 'Whether zeros are put around the input.',
        default: 'none',
        choices: [
          { value: 'none', title: 'None: filters stay inside' },
          { value: 'same', title: 'Zeros: half a filter on each side' },
        ],
      },
      activation: {
        kind: 'choice',
        title: 'Activation',
        about: 'Applied to each sum.',
        default: 'relu',
        choices: activationChoices,
      },
      bias: { kind: 'boolean', title: 'Bias', about: 'Adds a learned number to each filter’s sums.', default: true },
      ...layerParameterAttrs('he-normal', 'optional'),
    },
    infer: ({ x }, attrs) => {
      const own = sampleShape(x!);
      if (own.length !== rank + 1)
        return { fault: `it takes ${what} for each sample, but this has the shape ${shapeText(own)}. Reshape it first.` };
      const size = attrs['size'] as number;
      const padded = own.slice(1).map((length) => length + 2 * margin(attrs));
      if (padded.some((length) => length < size))
        return {
          fault: `a filter of size ${size} does not fit into ${shapeText(own.slice(1))}. Use a smaller filter, or padding.`,
        };
      const results = padded.map((length) => Math.floor((length - size) / (attrs['stride'] as number)) + 1);
      return { shape: [...(isBatched(x!) ? (['batch'] as const) : []), attrs['filters'] as number, ...results] };
    },
    formula: ({ x }, call, convention) => activated(call.attrs['bias'] ? `${x} * W + b` : `${x} * W`, call, convention),
    expand: ({ shapes, attrs }, { x }, sketch) => {
      const channels = sampleShape(shapes['x']!)[0]!;
      const filters = attrs['filters'] as number;
      const window = Array.from({ length: rank }, () => attrs['size'] as number);
      const fans = { fanIn: channels * product(window), fanOut: filters * product(window) };
      let out: NodeId = x!;
      if (margin(attrs) > 0) out = sketch.node('pad', 'pad', { size: margin(attrs), axes: String(rank) }, { x: out });
      const weight = sketch.node('weight', 'parameter', {
        shape: [filters, channels, ...window],
        ...fans,
        ...parameterAttrs(attrs, 'weight'),
      });
      out = sketch.node(
        'convolution',
        rank === 1 ? 'convolve-1d' : 'convolve-2d',
        { stride: attrs['stride']! },
        { x: out, filters: weight },
      );
      if (attrs['bias']) {
        const bias = sketch.node('bias', 'parameter', {
          shape: [filters, ...window.map(() => 1)],
          ...fans,
          ...parameterAttrs(attrs, 'bias'),
        });
        out = sketch.node('sum', 'add', {}, { a: out, b: bias });
      }
      return attrs['activation'] === 'identity' ? out : sketch.node('activation', attrs['activation'] as string, {}, { x: out });
    },
  };
}

export const convolutionLayer1d = convolutionLayer(1);
export const convolutionLayer2d = convolutionLayer(2);
