/** Data that are no CSV: arrays, pictures, formulas, painted points; and what becomes of their columns. */
import { readFileSync } from 'node:fs';
import { encode as encodePng } from 'fast-png';
import fc from 'fast-check';
import jpeg from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { type AnyArray, isIdx, isNpy, readIdx, readNpy } from '../../../src/engine/data/array-file';
import { roleOf, tableOfArrays } from '../../../src/engine/data/array-table';
import { encodeTable } from '../../../src/engine/data/encode';
import { DataFault } from '../../../src/engine/data/fault';
import { generateDataset } from '../../../src/engine/data/generators';
import { formulaDataset, pointsDataset, withPipeline } from '../../../src/engine/data/made';
import { decodePicture, isColourful, PictureFault, writePixels } from '../../../src/engine/data/picture';
import { scalarFormula } from '../../../src/engine/data/scalar-formula';
import { splitRows } from '../../../src/engine/data/split';
import { defaultSettings, type FormulaSource, type Transform } from '../../../src/engine/graph/project';
import { idx, npy } from '../../support/array-files';

const { split } = defaultSettings;
const numbers = (array: AnyArray): number[] => ('numbers' in array ? [...array.numbers] : []);

describe('NumPy files', () => {
  test.each([
    ['<f4', [1.5, -2, 0.25]],
    ['>f4', [1.5, -2, 0.25]],
    ['<f8', [1e300, -2, 0.1]],
    ['|u1', [0, 7, 255]],
    ['|i1', [-128, 0, 127]],
    ['>i2', [-300, 0, 300]],
    ['<i4', [-70000, 0, 70000]],
    ['<i8', [-(2 ** 40), 0, 2 ** 40]],
    ['<u8', [0, 1, 2 ** 40]],
    ['<f2', [1.5, -0.25, 65504]],
    ['|b1', [0, 1, 1]],
  ])('%s', (type, values) => {
    const read = readNpy('a.npy', npy(type, [3], values));
    expect(read.shape).toEqual([3]);
    expect(numbers(read)).toEqual(values);
  });

  test('texts, and arrays in Fortran’s order', () => {
    expect(readNpy('a.npy', npy('<U3', [2], ['cat', 'süß']))).toEqual({ shape: [2], texts: ['cat', 'süß'] });
    // Column-major 1 3 5 2 4 6 is the matrix 1 2 / 3 4 / 5 6.
    expect(numbers(readNpy('a.npy', npy('<f4', [3, 2], [1, 3, 5, 2, 4, 6], true)))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test.each([
    ['Python objects', npy('|O', [1], []), /Python objects/],
    ['complex numbers', npy('<c8', [1], []), /'c8', which cannot be learned from/],
    ['a file that is cut short', npy('<f4', [9], [1, 2, 3]), /cut short: it should have/],
    ['no header', new Uint8Array([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]), /cut short/],
    ['another file', new TextEncoder().encode('a,b\n1,2\n'), /not a NumPy file/],
  ])('%s: a sentence', (_what, bytes, sentence) => {
    expect(() => readNpy('bad.npy', bytes)).toThrow(DataFault);
    expect(() => readNpy('bad.npy', bytes)).toThrow(sentence);
  });

  test('whatever the bytes are, the answer is an array or a sentence', () => {
    const good = npy('<f4', [2, 3], [1, 2, 3, 4, 5, 6]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = good.slice(0, length);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          try {
            const { shape } = readNpy('x', bytes);
            expect(shape.every(Number.isInteger)).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(DataFault);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('IDX files', () => {
  test('are known by their first bytes and read with their axes', () => {
    const bytes = idx([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 255]);
    expect(isIdx(bytes)).toBe(true);
    expect(isNpy(bytes)).toBe(false);
    expect(readIdx('images', bytes)).toEqual({ shape: [2, 2, 2], numbers: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255) });
    // A piece of a larger memory, as Node hands them out.
    expect(readIdx('images', Buffer.concat([Buffer.alloc(3), bytes]).subarray(3))).toEqual({
      shape: [2, 2, 2],
      numbers: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255),
    });
    expect(() => readIdx('images', bytes.subarray(0, 12))).toThrow(/'images' is cut short/);
    expect(() => readIdx('images', bytes.subarray(0, 20))).toThrow(/should have 24 bytes but has 20/);
  });

  test.each([
    ['train-images-idx3-ubyte.gz', 'images', 'train'],
    ['t10k-labels.idx1-ubyte', 'labels', 'test'],
    ['X_train.npy', 'X', 'train'],
    ['y_val.npy', 'y', 'validation'],
    ['emnist-letters-test-labels-idx1-ubyte', 'labels', 'test'],
    ['weather.npy', 'weather', null],
    ['latest.npy', 'latest', null],
  ])('%s is %s', (file, base, part) => expect(roleOf(file)).toMatchObject({ base, part }));
});

const mnist = () =>
  tableOfArrays('mnist', [
    { name: 'train-images', array: { shape: [6, 5, 5], numbers: Uint8Array.from({ length: 150 }, (_, k) => k) } },
    { name: 'train-labels', array: { shape: [6], numbers: Uint8Array.of(0, 1, 0, 1, 0, 1) } },
    { name: 't10k-images', array: { shape: [2, 5, 5], numbers: new Uint8Array(50).fill(200) } },
    { name: 't10k-labels', array: { shape: [2], numbers: Uint8Array.of(1, 0) } },
  ]);

describe('arrays as a table', () => {
  test('images stay whole, and the test rows are those of the test files', async () => {
    const table = mnist();
    expect(table.names).toEqual(['images', 'labels']);
    const data = await encodeTable(
      table,
      { features: [], targets: ['labels'], task: 'multiclass', missing: 'drop-row', standardise: true },
      split,
    );
    expect(data).toMatchObject({ rows: 8, task: 'multiclass', classes: ['0', '1'] });
    expect(data.features).toHaveLength(25);
    expect(data.features[7]).toMatchObject({ name: 'images[1,2]', source: 'images' });
    expect([...data.split.test].sort()).toEqual([6, 7]);
    expect(data.split.train.length + data.split.validation.length).toBe(6);
    expect(data.picture).toMatchObject({ channels: 1, height: 5, width: 5 });
    // One scale for all pixels; read back, the first row is 0 … 24.
    const { mean, deviation } = data.features[0]!;
    expect([...data.x.subarray(0, 25)].map((x) => Math.round(x * deviation + mean))).toEqual(
      Array.from({ length: 25 }, (_, k) => k),
    );
  });

  test('channels that stand last come first', () => {
    const table = tableOfArrays('rgb', [
      { name: 'x', array: { shape: [1, 5, 5, 3], numbers: Uint8Array.from({ length: 75 }, (_, k) => k % 3) } },
    ]);
    const { block } = table.columns[0]!;
    expect(block!.shape).toEqual([3, 5, 5]);
    const out = new Float32Array(75);
    block!.write(0, out, 0);
    expect([...out]).toEqual(Array.from({ length: 75 }, (_, k) => Math.floor(k / 25)));
  });

  test('a matrix has a column for each number, and one-hot labels are classes', () => {
    const table = tableOfArrays('t', [
      { name: 'x', array: { shape: [2, 3], numbers: Float32Array.of(1, 2, 3, 4, 5, 6) } },
      { name: 'y', array: { shape: [2, 2], numbers: Uint8Array.of(0, 1, 1, 0) } },
    ]);
    expect(table.names).toEqual(['x 1', 'x 2', 'x 3', 'y']);
    expect([table.columns[1]!.number(1), table.columns[3]!.number(0), table.columns[3]!.number(1)]).toEqual([5, 1, 0]);
  });

  test('what only some parts have is left out with a note, and the rest is read', () => {
    const rows = (name: string, count: number) => ({ name, array: { shape: [count], numbers: new Float32Array(count) } });
    const table = tableOfArrays('many.npz', [
      rows('x_train', 4),
      rows('y_train', 4),
      rows('id_train', 4),
      rows('x_test', 2),
      rows('y_test', 2),
      rows('class_names', 3),
    ]);
    expect([table.names, table.rows]).toEqual([['x', 'y'], 6]);
    expect(table.notes).toEqual(["'id_train', 'class_names' were left out: not every part of the data has them."]);
    // With nothing left that all have, it is a mistake.
    expect(() => tableOfArrays('t', [rows('x_train', 2), rows('y_train', 2), rows('x_test', 2)])).toThrow(
      /not for the test rows/,
    );
  });

  test.each([
    [
      'rows that do not match',
      [
        { name: 'x', array: { shape: [3, 2], numbers: new Float32Array(6) } },
        { name: 'y', array: { shape: [2], numbers: new Float32Array(2) } },
      ],
      /'x' has 3 rows but 'y' has 2/,
    ],
    ['no rows', [{ name: 'x', array: { shape: [0, 2], numbers: new Float32Array() } }], /None of the arrays has rows/],
    [
      'test rows of another shape',
      [
        { name: 'x_train', array: { shape: [1, 5, 5], numbers: new Float32Array(25) } },
        { name: 'x_test', array: { shape: [1, 4, 4], numbers: new Float32Array(16) } },
      ],
      /shape \(5, 5\), those of 'x_test' \(4, 4\)/,
    ],
  ])('%s: a sentence', (_what, arrays, sentence) => expect(() => tableOfArrays('t', arrays)).toThrow(sentence));

  test('a pixel that is not a number is named with its row', async () => {
    const bad = new Float32Array(8 * 25).fill(1);
    bad[3 * 25 + 6] = Number.NaN;
    const table = tableOfArrays('t', [
      { name: 'x', array: { shape: [8, 5, 5], numbers: bad } },
      { name: 'y', array: { shape: [8], numbers: Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1) } },
    ]);
    const choice = { features: [], targets: ['y'], task: 'auto', missing: 'drop-row', standardise: false } as const;
    await expect(encodeTable(table, choice, split)).rejects.toThrow(/Row 4 of 'x\[1,1\]' holds NaN/);
  });
});

describe('pictures', () => {
  const png = (width: number, height: number, channels: 1 | 3 | 4, data: number[]): Uint8Array =>
    encodePng({ width, height, channels, depth: 8, data: Uint8Array.from(data) });

  test('are shrunk by averages and turned grey by luminance', () => {
    const picture = decodePicture(png(2, 2, 1, [0, 100, 200, 100]));
    const out = new Uint8Array(1);
    writePixels(picture, { width: 1, height: 1 }, false, out, 0);
    expect(out[0]).toBe(100);
    const red = decodePicture(png(1, 1, 3, [255, 0, 0]));
    expect(isColourful(red)).toBe(true);
    const planes = new Uint8Array(3);
    writePixels(red, { width: 1, height: 1 }, true, planes, 0);
    expect([...planes]).toEqual([255, 0, 0]);
    writePixels(red, { width: 1, height: 1 }, false, out, 0);
    expect(out[0]).toBe(Math.round(0.299 * 255));
  });

  test('transparent pixels lie on white, and small pictures are enlarged', () => {
    const out = new Uint8Array(9);
    writePixels(decodePicture(png(1, 1, 4, [0, 0, 0, 0])), { width: 3, height: 3 }, false, out, 0);
    expect([...out]).toEqual(Array(9).fill(255));
  });

  test('JPEG, and files that are no pictures', () => {
    const grey = jpeg.encode({ width: 8, height: 8, data: new Uint8Array(256).fill(128) }, 90).data;
    const picture = decodePicture(grey);
    expect(picture).toMatchObject({ width: 8, height: 8 });
    expect(Math.abs(picture.data[0]! - 128)).toBeLessThan(4);
    expect(() => decodePicture(new TextEncoder().encode('hello'))).toThrow(PictureFault);
    expect(() => decodePicture(png(2, 2, 1, [1, 2, 3, 4]).slice(0, 40))).toThrow('is damaged');
    expect(() => decodePicture(readFileSync('resources/icon.png'))).not.toThrow();
  });
});

describe('formulas', () => {
  test.each([
    ['2x', 3, 0, 6],
    ['sin(x)^2 + cos(x)^2', 1.3, 0, 1],
    ['-x^2', 3, 0, -9],
    ['2^-x', 1, 0, 0.5],
    ['x²y − 1', 2, 3, 11],
    ['max(x, y)(x + 1)', 2, 3, 9],
    ['abs(-3.5) + pi', 0, 0, 3.5 + Math.PI],
    ['step(x) - sign(y)', 2, -3, 2],
    ['1e2x', 1, 0, 100],
  ])('%s', (text, x, y, value) => {
    const formula = scalarFormula(text, 2);
    expect(formula.ok && formula.value(x, y)).toBeCloseTo(value, 12);
  });

  test.each([
    ['', /Write a formula/],
    ['sin x', /a '\(' is missing/],
    ['x +', /At the end: something is missing/],
    ['x + y', /knows only x/],
    ['foo(x)', /At 'foo' \(character 1\): this is not known/],
    ['0,5x', /decimal points|should have ended/],
    ['(x', /a '\)' is missing/],
    ['x)', /should have ended here/],
    ['constructor(x)', /not known/],
    ['('.repeat(500), /nested too deeply/],
  ])('%j: a sentence', (text, sentence) => {
    const formula = scalarFormula(text, 1);
    expect(formula.ok ? '' : formula.message).toMatch(sentence);
  });

  test('no text makes it fail otherwise than with a sentence', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'xy0123.+-*/^() ,sincogtahexp²') }), (text) => {
        const formula = scalarFormula(text, 2);
        expect(formula.ok ? typeof formula.value(1, 2) : typeof formula.message).toMatch(/number|string/);
      }),
    );
  });

  const formula: FormulaSource = {
    kind: 'formula',
    formula: 'x^2',
    inputs: 1,
    target: 'value',
    low: -2,
    high: 2,
    count: 100,
    noise: 0,
    seed: 4,
  };
  test('their rows follow them, and a place without a value is named', () => {
    const data = formulaDataset(formula, split, 1000);
    expect(data.task).toBe('regression');
    for (let row = 0; row < 100; row++) expect(data.y[row]).toBeCloseTo(data.x[row]! ** 2, 5);
    expect(() => formulaDataset({ ...formula, formula: 'sqrt(x)' }, split, 1000)).toThrow(/no finite value at x = -/);
    expect(() => formulaDataset({ ...formula, target: 'class' }, split, 1000)).toThrow(/same class/);
    const classes = formulaDataset({ ...formula, formula: 'x + y', inputs: 2, target: 'class' }, split, 1000);
    expect(classes).toMatchObject({ task: 'binary', classes: ['0', '1'] });
  });
});

describe('painted points', () => {
  test('are rows as they are; three classes are one-hot', () => {
    const points = [0, 1, 0, 2, 3, 1, 4, 5, 2, 6, 7, 0];
    const data = pointsDataset({ kind: 'points', target: 'class', points }, split);
    expect(data).toMatchObject({ rows: 4, task: 'multiclass', classes: ['0', '1', '2'] });
    expect([...data.x]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...data.y.subarray(6, 9)]).toEqual([0, 0, 1]);
    expect(() => pointsDataset({ kind: 'points', target: 'class', points: [0, 0, 1] }, split)).toThrow(
      /Only one point is painted/,
    );
    expect(() => pointsDataset({ kind: 'points', target: 'class', points: [0, 0, 1, 1, 1, 1, 2, 2, 1, 3, 3, 1] }, split)).toThrow(
      /same class/,
    );
  });
});

describe('transforms', () => {
  const circles = generateDataset({ kind: 'generator', name: 'circles', count: 60, noise: 0, seed: 1 }, split);
  const seven: readonly Transform[] = [
    { kind: 'square', column: 'x' },
    { kind: 'square', column: 'y' },
    { kind: 'product', column: 'x', by: 'y' },
    { kind: 'sin', column: 'x' },
    { kind: 'sin', column: 'y' },
  ];

  test('the seven features of the Playground', async () => {
    const data = await withPipeline(circles, { transforms: seven }, split);
    expect(data.features.map(({ name }) => name)).toEqual(['x', 'y', 'x²', 'y²', 'x·y', 'sin x', 'sin y']);
    expect(data.features[4]!.derivation).toEqual({ kind: 'product', of: ['x', 'y'] });
    for (let row = 0; row < 60; row++) {
      const [x, y] = [circles.x[2 * row]!, circles.x[2 * row + 1]!];
      [x, y, x * x, y * y, x * y, Math.sin(x), Math.sin(y)].forEach((value, k) => {
        expect(data.x[7 * row + k]).toBeCloseTo(value, 5);
      });
    }
    const squares = await withPipeline(circles, { features: [], transforms: seven.slice(0, 2) }, split);
    expect(squares.features.map(({ name }) => name)).toEqual(['x²', 'y²']);
    expect(squares.x[1]).toBeCloseTo(circles.x[1]! ** 2, 5);
    expect([...squares.y]).toEqual([...circles.y]);
    await expect(withPipeline(circles, { features: [] }, split)).rejects.toThrow(/No feature is left/);
  });
});

describe('the split', () => {
  test('folds take turns: each row is validated on once, and test rows never', () => {
    const rows = 53;
    const seen = new Uint8Array(rows);
    let tested: string | null = null;
    for (let fold = 1; fold <= 5; fold++) {
      const parts = splitRows(rows, { ...split, folds: 5, fold }, (row) => row % 2);
      for (const row of parts.validation) seen[row]!++;
      const test = [...parts.test].sort().join();
      expect(tested ?? test).toBe(test);
      tested = test;
      expect(new Set([...parts.train, ...parts.validation, ...parts.test]).size).toBe(rows);
    }
    const test = splitRows(rows, { ...split, folds: 5, fold: 1 }, (row) => row % 2).test;
    expect([...seen].every((times, row) => times === (test.includes(row) ? 0 : 1))).toBe(true);
  });

  test('rows that the data put in a part stay there', () => {
    const parts = splitRows(
      30,
      split,
      () => 0,
      (row) => (row >= 25 ? 2 : 0),
    );
    expect([...parts.test].sort()).toEqual([25, 26, 27, 28, 29]);
    // 0.7 and 0.15 of what the test share leaves.
    expect([parts.train.length, parts.validation.length]).toEqual([21, 4]);
  });
});
