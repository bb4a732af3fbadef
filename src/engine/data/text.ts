/** Bytes → text, piece by piece: the encoding is found from the first of them. */
import { DataFault } from './fault';
import type { Encoding } from '../graph/project';

/** A file's content, which can be read more than once (a wrong guess of the encoding starts again). */
export interface Bytes {
  readonly size: number;
  /** In pieces of any length; the reader stops early by leaving the loop. */
  open(): AsyncIterable<Uint8Array>;
}

/** What the first bytes say about the encoding. Latin-1 is read as windows-1252, as browsers do. */
export function detectEncoding(head: Uint8Array): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  let [even, odd] = [0, 0];
  for (let at = 0; at < Math.min(head.length, 4096); at++) if (head[at] === 0) at % 2 === 0 ? even++ : odd++;
  const half = Math.min(head.length, 4096) / 2;
  if (odd > half * 0.6 && even < half * 0.1) return 'utf-16le';
  if (even > half * 0.6 && odd < half * 0.1) return 'utf-16be';
  try {
    // `stream`: a character cut off at the end of the sample is no fault.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

export const hasZeros = (head: Uint8Array): boolean => head.subarray(0, 4096).includes(0);

/** Thrown when bytes are no UTF-8 although the beginning of the file was. */
export class NotUtf8 extends DataFault {}

export async function* textPieces(bytes: Bytes, encoding: string, count: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: encoding === 'utf-8' });
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
    } catch {
      throw new NotUtf8(
        'The file is not UTF-8: some bytes of it are no characters. Choose another encoding, such as Windows-1252.',
      );
    }
  };
  let held = '';
  for await (const piece of bytes.open()) {
    count(piece.length);
    let text = held + decode(piece);
    // \r\n may be cut in the middle; keep the \r for the next piece.
    held = text.endsWith('\r') ? '\r' : '';
    if (held) text = text.slice(0, -1);
    if (text !== '') yield text.replaceAll('\r\n', '\n');
  }
  const rest = held + decode();
  if (encoding.startsWith('utf-16') && rest.endsWith('\uFFFD'))
    throw new DataFault('The file ends in the middle of a character, so it was cut short. Copy or download it again.');
  if (rest !== '') yield rest;
}

export async function head(bytes: Bytes, length: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes.open()) {
    pieces.push(piece);
    size += piece.length;
    if (size >= length) break;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all.subarray(0, length);
}
