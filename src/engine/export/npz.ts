/**
 * NPZ: a zip archive of `.npy` files, one for each array, as `numpy.load` reads it. The network and the
 * encoding of the data are in `metadata.json` of the same archive.
 */
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { product, type Tensor } from '../ir/shape';
import { describeModel } from './description';
import type { Exporter } from './exporter';

const MAGIC = '\x93NUMPY';
const EXTENSION = '.npy';
const METADATA = 'metadata.json';
/** Same project, same bytes: zip cannot hold "no date", so each entry carries its earliest one. */
const NO_DATE = new Date(1980, 0, 1);

function npy({ shape, data }: Tensor): Uint8Array {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${axes}), }`;
  // Magic, version and length take 10 bytes; the numbers begin at a multiple of 64.
  const start = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + 4 * data.length);
  const view = new DataView(bytes.buffer);
  bytes.set(strToU8(MAGIC, true), 0);
  bytes.set([1, 0], 6);
  view.setUint16(8, start - 10, true);
  bytes.set(strToU8(`${text.padEnd(start - 11)}\n`, true), 10);
  for (let i = 0; i < data.length; i++) view.setFloat32(start + 4 * i, data[i]!, true);
  return bytes;
}

function readNpy(name: string, bytes: Uint8Array): Tensor {
  const start = 10 + (bytes[8]! | (bytes[9]! << 8));
  const header = strFromU8(bytes.subarray(10, start), true);
  const shape = /'shape': \(([\d, ]*)\)/
    .exec(header)?.[1]
    ?.split(',')
    .filter((axis) => axis.trim() !== '')
    .map(Number);
  if (strFromU8(bytes.subarray(0, 6), true) !== MAGIC || !shape || !header.includes("'<f4'"))
    throw new Error(`'${name}' of the NPZ file is not an array of float32 numbers.`);
  const numbers = bytes.slice(start);
  if (numbers.length !== 4 * product(shape)) throw new Error(`'${name}' of the NPZ file is cut short.`);
  return { shape, data: new Float32Array(numbers.buffer) };
}

export const npz: Exporter = {
  name: 'npz',
  title: 'NumPy NPZ',
  about: 'All weights by name, for numpy.load; with the network and the data encoding as JSON.',
  extension: 'npz',
  write(model) {
    const files: Record<string, Uint8Array> = {};
    for (const [key, tensor] of Object.entries(model.weights)) files[`${key}${EXTENSION}`] = npy(tensor);
    files[METADATA] = strToU8(JSON.stringify(describeModel(model), null, 2));
    return zipSync(files, { level: 6, mtime: NO_DATE });
  },
  readWeights(bytes) {
    const tensors: Record<string, Tensor> = {};
    for (const [name, file] of Object.entries(unzipSync(bytes)))
      if (name.endsWith(EXTENSION)) tensors[name.slice(0, -EXTENSION.length)] = readNpy(name, file);
    return tensors;
  },
};
