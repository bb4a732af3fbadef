/** Trained numbers in a project's file: base64 of float32, read with the care that untrusted text needs. */
import { shown, type Reader } from './file-reader';
import type { StoredTensor } from './project';

export function readWeights(reader: Reader | null): Record<string, StoredTensor> | null {
  if (!reader) return null;
  const weights: Record<string, StoredTensor> = {};
  for (const key of Object.keys(reader.json)) {
    if (reader.faults.full) break;
    const tensor = reader.object(key);
    if (!tensor) continue;
    const shape = tensor.get('shape');
    const base64 = tensor.get('base64');
    if (
      !Array.isArray(shape) ||
      shape.length > 4 ||
      !shape.every((n) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 1e9)
    )
      reader.faults.add(tensor.at('shape'), `must be a list of axis lengths, but is ${shown(shape)}.`);
    else if (typeof base64 !== 'string') reader.faults.add(tensor.at('base64'), `must be a text, but is ${shown(base64)}.`);
    else {
      const stored: StoredTensor = { shape: shape as number[], base64 };
      const fault = storedFault(stored);
      if (fault) reader.faults.add(tensor.at('base64'), fault);
      else weights[key] = stored;
    }
    tensor.end();
  }
  return weights;
}

/** Why stored numbers cannot be used, or null. */
export function storedFault({ shape, base64 }: StoredTensor): string | null {
  const numbers = shape.reduce((size, axis) => size * axis, 1);
  const length = Math.ceil((numbers * 4) / 3) * 4;
  if (base64.length !== length || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))
    return `must be the base64 text of ${numbers} little-endian float32 numbers (${length} characters), but has ${base64.length}. Remove these weights and train again.`;
  let bytes: string;
  try {
    bytes = atob(base64);
  } catch {
    return 'is not base64. Remove these weights and train again.';
  }
  if (bytes.length !== numbers * 4)
    return `holds ${bytes.length} bytes instead of ${numbers * 4}. Remove these weights and train again.`;
  // A float32 is infinite or not a number exactly when all eight bits of its exponent are set.
  for (let at = 0; at < bytes.length; at += 4)
    if ((bytes.charCodeAt(at + 3) & 0x7f) === 0x7f && (bytes.charCodeAt(at + 2) & 0x80) === 0x80)
      return `holds a number (element ${at / 4}) that is not finite. Remove these weights and train again.`;
  return null;
}
