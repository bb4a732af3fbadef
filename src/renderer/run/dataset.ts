/**
 * Fetches a loaded data set from main, piece by piece: main answers at most four million numbers at a time,
 * so a message never grows with the data. Where memory can be shared, the window and its engines share it.
 */
import type { Dataset, DatasetInfo } from '../../engine/data/dataset';
import type { DatasetPart, HostApi, LoadedDataset } from '../../main/contract';

/** Fetching was given up because other data were asked for meanwhile. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

const room = (bytes: number): ArrayBufferLike =>
  typeof SharedArrayBuffer === 'function' && globalThis.crossOriginIsolated
    ? new SharedArrayBuffer(bytes)
    : new ArrayBuffer(bytes);

export async function fetchDataset(
  host: Pick<HostApi, 'datasetPart'>,
  loaded: LoadedDataset,
  wanted: () => boolean,
): Promise<Dataset> {
  const { id, info } = loaded;
  const floats = async (part: DatasetPart, length: number): Promise<Float32Array> => {
    const whole = new Float32Array(room(4 * length));
    for (let from = 0; from < length; ) {
      const piece = await host.datasetPart(id, part, from);
      if (!wanted()) throw new Superseded();
      if (piece.length === 0) throw new Error(`The data set '${info.name}' ended early. Load it again.`);
      whole.set(piece, from);
      from += piece.length;
    }
    return whole;
  };
  const rows = async (part: DatasetPart, length: number): Promise<Uint32Array> => {
    const whole = new Uint32Array(room(4 * length));
    for (let from = 0; from < length; ) {
      const piece = await host.datasetPart(id, part, from);
      if (!wanted()) throw new Superseded();
      if (piece.length === 0) throw new Error(`The split of '${info.name}' ended early. Load it again.`);
      whole.set(piece, from);
      from += piece.length;
    }
    return whole;
  };
  return {
    ...info,
    x: await floats('x', info.rows * info.features.length),
    y: await floats('y', info.rows * info.targets.length),
    split: {
      train: await rows('train', loaded.trainRows),
      validation: await rows('validation', loaded.validationRows),
      test: await rows('test', loaded.testRows),
    },
    ...(loaded.weighed ? { weights: await floats('weights', info.rows) } : {}),
  };
}

/** The numbers stay behind: what the compiler and the drawing need to know is small. */
export const infoOf = ({ x: _x, y: _y, split: _split, weights: _weights, ...info }: Dataset): DatasetInfo => info;
