/** Fully connected networks by their widths, squared error: what tests of memory, counts and repetition train. */
import type { Project } from '../../src/engine/graph/project';
import { drawing } from './drawing';

export const layered = (dims: readonly number[], activation: string, optimizer: string, batch?: number): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [dims[0]!] }],
      t: ['target', {}, { shape: [dims.at(-1)!] }],
      ...Object.fromEntries(
        dims
          .slice(1)
          .map((units, at) => [
            `h${at}`,
            [
              'dense',
              { x: at === 0 ? 'x' : `h${at - 1}` },
              { units, activation: at === dims.length - 2 ? 'identity' : activation },
            ],
          ]),
      ),
      loss: ['mean-squared-error', { prediction: `h${dims.length - 2}`, target: 't' }],
    },
    { optimizer, ...(batch === undefined ? {} : { batch }) },
  );
