/**
 * Files that nobody should be able to train on by accident. Each file in `bad-data/` was a defect once, or
 * could have been; what the program says of it stands in `bad-data/answers.txt`, to be read when it changes.
 * Then good files of every kind are spoilt at random: the answer is finite numbers or a sentence.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { encode as encodePng } from 'fast-png';
import fc from 'fast-check';
import { gzipSync, zipSync } from 'fflate';
import { encode as encodeJpeg } from 'jpeg-js';
import { afterAll, expect, test } from 'vitest';
import { DataFault } from '../../src/engine/data/fault';
import { readDataset } from '../../src/main/services/datasets';
import { previewFile } from '../../src/main/services/previews';
import { Refusal } from '../../src/main/services/refusal';
import { chosen } from '../../src/renderer/panels/data/source-choice';
import { idx, npy } from '../support/array-files';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const corpus = resolve('tests/main/bad-data');

/** What a window would say of a file that was chosen for a new network. */
async function answer(path: string): Promise<string> {
  try {
    const preview = await previewFile(path);
    const data = await readDataset(chosen(preview), split);
    for (const numbers of [data.x, data.y]) if (!numbers.every(Number.isFinite)) return 'NUMBERS THAT ARE NOT FINITE';
    return [`${data.rows} rows, ${data.features.length} in, ${data.targets.length} out, ${data.task}`, ...data.notes].join(
      '\n  ',
    );
  } catch (error) {
    if (error instanceof DataFault || error instanceof Refusal) return error.message;
    throw error;
  }
}

test('what is said of the files in bad-data', async () => {
  const files = readdirSync(corpus).filter((name) => name !== 'answers.txt');
  const answers: string[] = [];
  for (const file of files.sort()) answers.push(`${file}\n  ${await answer(join(corpus, file))}\n`);
  const text = answers.join('\n');
  expect(text).not.toContain('NOT FINITE');
  // Paths differ from machine to machine.
  await expect(text.replaceAll(corpus, '')).toMatchFileSnapshot('bad-data/answers.txt');
});

const table = `a,b,y\n${Array.from({ length: 40 }, (_, i) => `${i / 4},${(i * i) % 17},${i % 2 ? 'yes' : 'no'}`).join('\n')}\n`;
const text = new TextEncoder().encode(table);
const counted = Array.from({ length: 40 }, (_, i) => i);
const pixels = Uint8Array.from({ length: 40 * 16 }, (_, i) => i % 251);
const colours = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256));
const png = new Uint8Array(encodePng({ width: 8, height: 8, data: colours, channels: 4 }));
const jpeg = new Uint8Array(encodeJpeg({ width: 8, height: 8, data: colours }, 80).data);
const good: Readonly<Record<string, Uint8Array>> = {
  'table.csv': text,
  'table.tsv': new TextEncoder().encode(table.replaceAll(',', '\t')),
  'table.csv.gz': gzipSync(text, { mtime: 0 }),
  'table.zip': zipSync({ 'table.csv': text }),
  'x.npy': npy('<f4', [20, 2], counted),
  'arrays.npz': zipSync({
    'x.npy': npy('<f8', [20, 2], counted),
    'y.npy': npy(
      '<i4',
      [20],
      counted.slice(0, 20).map((i) => i % 3),
    ),
  }),
  'train-images-idx3-ubyte': idx([40, 4, 4], pixels),
  'train-images-idx3-ubyte.gz': gzipSync(idx([40, 4, 4], pixels), { mtime: 0 }),
  'pictures.zip': zipSync(Object.fromEntries(['cat', 'dog'].flatMap((name) => [1, 2, 3].map((n) => [`${name}/${n}.png`, png])))),
  'photos.zip': zipSync(Object.fromEntries(['cat', 'dog'].flatMap((name) => [1, 2, 3].map((n) => [`${name}/${n}.jpg`, jpeg]))), {
    level: 0,
  }),
};

type Spoil = (bytes: Uint8Array) => Uint8Array;
const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (bytes: Uint8Array, share: number): number => Math.min(bytes.length, Math.floor(share * bytes.length));
const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  place.map(
    (share): Spoil =>
      (bytes) =>
        bytes.slice(0, at(bytes, share)),
  ),
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(
    ([share, value]): Spoil =>
      (bytes) => {
        const copy = bytes.slice();
        copy[at(copy, share)] = value;
        return copy;
      },
  ),
  // A number of some bytes, very small or very large: lengths, offsets and counts.
  fc.tuple(place, fc.constantFrom(0, 1, 0x7f, 0xff), fc.integer({ min: 1, max: 8 })).map(
    ([share, value, count]): Spoil =>
      (bytes) => {
        const copy = bytes.slice();
        copy.fill(value, at(copy, share), at(copy, share) + count);
        return copy;
      },
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(
    ([share, more]): Spoil =>
      (bytes) =>
        Uint8Array.from([...bytes.subarray(0, at(bytes, share)), ...more, ...bytes.subarray(at(bytes, share))]),
  ),
  fc.tuple(place, place).map(
    ([from, to]): Spoil =>
      (bytes) =>
        Uint8Array.from([...bytes.subarray(0, at(bytes, from)), ...bytes.subarray(at(bytes, to))]),
  ),
);

const folder = mkdtempSync(join(tmpdir(), 'chainrule-spoilt-'));
// Images find their labels beside them.
const labels = idx(
  [40],
  counted.map((i) => i % 3),
);
writeFileSync(join(folder, 'train-labels-idx1-ubyte'), labels);
writeFileSync(join(folder, 'train-labels-idx1-ubyte.gz'), gzipSync(labels, { mtime: 0 }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(Object.entries(good))('%s, spoilt at random: finite numbers, or a sentence', async (name, bytes) => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  expect(await answer(path), 'the good file').toMatch(/^\d+ rows/);
  await fc.assert(
    fc.asyncProperty(fc.array(spoil, { minLength: 1, maxLength: 3 }), async (spoils) => {
      writeFileSync(
        path,
        spoils.reduce((content, one) => one(content), bytes),
      );
      const said = await answer(path);
      expect(said).not.toContain('NOT FINITE');
      expect(said).toMatch(/[.\w)]$/);
      expect(said.length).toBeLessThan(3000);
    }),
    { numRuns: 120 },
  );
});
