/** Weights as project files keep them (base64 of little-endian float32) and as the engine takes them. */
import type { Weights } from '../../engine/api';
import type { Project } from '../../engine/graph/project';

/** Weights kept in the project file. */
export const weightsOf = ({ weights }: Project): Weights | undefined =>
  weights === undefined ? undefined : readWeights(weights);

export function readWeights(stored: NonNullable<Project['weights']>): Weights {
  return Object.fromEntries(
    Object.entries(stored).map(([key, { shape, base64 }]) => {
      const text = atob(base64);
      const view = new DataView(new ArrayBuffer(text.length));
      for (let at = 0; at < text.length; at++) view.setUint8(at, text.charCodeAt(at));
      const data = new Float32Array(text.length >> 2);
      // Project files are little-endian whatever the machine.
      for (let at = 0; at < data.length; at++) data[at] = view.getFloat32(at * 4, true);
      return [key, { shape, data }];
    }),
  );
}

/** The other direction: weights as a project keeps them. */
export function storedWeights(weights: Weights): NonNullable<Project['weights']> {
  return Object.fromEntries(
    Object.entries(weights).map(([key, { shape, data }]) => {
      const view = new DataView(new ArrayBuffer(data.length * 4));
      for (let at = 0; at < data.length; at++) view.setFloat32(at * 4, data[at]!, true);
      let text = '';
      for (const byte of new Uint8Array(view.buffer)) text += String.fromCharCode(byte);
      return [key, { shape, base64: btoa(text) }];
    }),
  );
}
