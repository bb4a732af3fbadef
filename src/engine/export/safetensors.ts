/**
 * safetensors: an 8-byte length, a JSON header with name, type, shape and place of each array, then the
 * numbers. Read by PyTorch, JAX, NumPy and others without running any code from the file. The network
 * and the encoding of the data travel in the header's text fields.
 */
import { product, type Tensor } from '../ir/shape';
import { describeModel } from './description';
import type { Exporter } from './exporter';

interface Entry {
  readonly dtype: 'F32';
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

export const safetensors: Exporter = {
  name: 'safetensors',
  title: 'safetensors',
  about: 'All weights by name, for PyTorch, JAX and NumPy; with the network and the data encoding as text.',
  extension: 'safetensors',
  write(model) {
    const { format, version, title, ...network } = describeModel(model);
    const metadata = { format, version: String(version), title, network: JSON.stringify(network) };
    const header: Record<string, Entry | typeof metadata> = { __metadata__: metadata };
    let at = 0;
    const tensors = Object.entries(model.weights);
    for (const [key, { shape, data }] of tensors) {
      const end = at + data.length * 4;
      header[key] = { dtype: 'F32', shape, data_offsets: [at, end] };
      at = end;
    }
    const text = new TextEncoder().encode(JSON.stringify(header));
    // The numbers begin at a multiple of 8, so that readers can map the file.
    const start = 8 + Math.ceil(text.length / 8) * 8;
    const bytes = new Uint8Array(start + at).fill(0x20, 8, start);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(start - 8), true);
    bytes.set(text, 8);
    let offset = start;
    for (const [, { data }] of tensors)
      for (const x of data) {
        view.setFloat32(offset, x, true);
        offset += 4;
      }
    return bytes;
  },
  readWeights(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = Number(view.getBigUint64(0, true));
    if (length > bytes.length - 8) throw new Error('The header of the safetensors file is longer than the file.');
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, Entry>;
    const tensors: Record<string, Tensor> = {};
    for (const [key, entry] of Object.entries(header)) {
      if (key === '__metadata__') continue;
      const {
        shape,
        data_offsets: [from, to],
      } = entry;
      if (entry.dtype !== 'F32' || to - from !== 4 * product(shape) || 8 + length + to > bytes.length)
        throw new Error(`The array '${key}' of the safetensors file does not have the size that its header states.`);
      const place = bytes.byteOffset + 8 + length + from;
      tensors[key] = { shape, data: new Float32Array(bytes.buffer.slice(place, place + to - from)) };
    }
    return tensors;
  },
};
