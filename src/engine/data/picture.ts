/**
 * PNG and JPEG files → pixels of one size, grey or colour, as bytes. The only file that knows the decoders.
 * Pictures are shrunk by averaging the area that each new pixel covers, and enlarged by interpolation.
 */
import { decode as decodePng } from 'fast-png';
import jpeg from 'jpeg-js';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Three channels and an alpha channel, 0 … 255. */
interface Rgba extends PictureSize {
  readonly data: Uint8Array;
}

/** A picture that cannot be read; the message goes on after the file's name. */
export class PictureFault extends Error {
  override readonly name = 'PictureFault';
}

/** Larger pictures would take seconds and gigabytes. */
const PIXEL_LIMIT = 40_000_000;

const isPng = (bytes: Uint8Array): boolean => bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

/** From the header alone. */
export function pictureSize(bytes: Uint8Array): PictureSize {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isPng(bytes) && bytes.length >= 24) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (isJpeg(bytes))
    for (let at = 2; at + 9 < bytes.length; ) {
      if (bytes[at] !== 0xff) break;
      const marker = bytes[at + 1]!;
      // The frame's header; those of tables and comments are passed over.
      if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
        return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      at += 2 + view.getUint16(at + 2);
    }
  throw new PictureFault('is neither a PNG nor a JPEG picture');
}

export function decodePicture(bytes: Uint8Array): Rgba {
  const { width, height } = pictureSize(bytes);
  if (width * height > PIXEL_LIMIT || width * height === 0)
    throw new PictureFault(`has ${width} × ${height} pixels, which is ${width * height === 0 ? 'nothing' : 'too large'}`);
  try {
    return isPng(bytes)
      ? rgbaOfPng(decodePng(bytes))
      : jpeg.decode(bytes, { useTArray: true, formatAsRGBA: true, maxResolutionInMP: 41, maxMemoryUsageInMB: 1024 });
  } catch {
    throw new PictureFault('is damaged');
  }
}

function rgbaOfPng(png: ReturnType<typeof decodePng>): Rgba {
  const { width, height, channels, depth, palette } = png;
  const data = new Uint8Array(4 * width * height);
  const bits = depth < 8 && !palette ? 255 / (2 ** depth - 1) : depth === 16 ? 1 / 257 : 1;
  // Depths below 8 pack several pixels into a byte; each row begins at a new one.
  const packed = depth < 8;
  const line = packed ? Math.ceil((width * depth) / 8) : width * channels;
  const sample = (row: number, column: number, channel: number): number => {
    if (!packed) return png.data[row * line + column * channels + channel]!;
    const bit = column * depth;
    return (png.data[row * line + (bit >> 3)]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  };
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const at = 4 * (row * width + column);
      if (palette) {
        const [r = 0, g = 0, b = 0, a = 255] = palette[sample(row, column, 0)] ?? [];
        data.set([r, g, b, a], at);
      } else {
        const first = sample(row, column, 0) * bits;
        const grey = channels < 3;
        data[at] = Math.round(first);
        data[at + 1] = grey ? Math.round(first) : Math.round(sample(row, column, 1) * bits);
        data[at + 2] = grey ? Math.round(first) : Math.round(sample(row, column, 2) * bits);
        data[at + 3] = channels === 2 || channels === 4 ? Math.round(sample(row, column, channels - 1) * bits) : 255;
      }
    }
  return { width, height, data };
}

/** Whether some pixel is not grey. */
export function isColourful({ data }: Rgba): boolean {
  for (let at = 0; at < data.length; at += 4)
    if (Math.abs(data[at]! - data[at + 1]!) > 8 || Math.abs(data[at]! - data[at + 2]!) > 8) return true;
  return false;
}

/** Channel after channel to `out` from `at`: one of grey, or three. Transparent pixels lie on white. */
export function writePixels(picture: Rgba, { width, height }: PictureSize, colour: boolean, out: Uint8Array, at: number): void {
  const planes = planesOf(picture, colour);
  const across = weightsOf(picture.width, width);
  const down = weightsOf(picture.height, height);
  planes.forEach((plane, channel) => {
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        let sum = 0;
        for (const [r, wr] of down[row]!) for (const [c, wc] of across[column]!) sum += plane[r * picture.width + c]! * wr * wc;
        out[at + (channel * height + row) * width + column] = Math.round(sum);
      }
  });
}

function planesOf({ data, width, height }: Rgba, colour: boolean): readonly Float32Array[] {
  const planes = Array.from({ length: colour ? 3 : 1 }, () => new Float32Array(width * height));
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = data[4 * pixel + 3]! / 255;
    const [r, g, b] = [0, 1, 2].map((k) => data[4 * pixel + k]! * alpha + 255 * (1 - alpha)) as [number, number, number];
    if (colour) [r, g, b].forEach((value, k) => void (planes[k]![pixel] = value));
    // Luma as television weighs the colours (ITU-R BT.601).
    else planes[0]![pixel] = 0.299 * r + 0.587 * g + 0.114 * b;
  }
  return planes;
}

/** For each new pixel of a line the old ones that it is made of, with shares that add up to 1. */
function weightsOf(from: number, to: number): readonly (readonly (readonly [number, number])[])[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, k) => {
    if (scale <= 1) {
      const centre = Math.min(from - 1, Math.max(0, (k + 0.5) * scale - 0.5));
      const low = Math.floor(centre);
      const share = centre - low;
      return share === 0 ? [[low, 1] as const] : [[low, 1 - share] as const, [low + 1, share] as const];
    }
    const [start, end] = [k * scale, (k + 1) * scale];
    const parts: (readonly [number, number])[] = [];
    for (let old = Math.floor(start); old < Math.min(from, Math.ceil(end)); old++)
      parts.push([old, (Math.min(end, old + 1) - Math.max(start, old)) / scale]);
    return parts;
  });
}
