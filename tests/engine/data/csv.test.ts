/**
 * CSV files as people have them: every separator, quote, encoding and gap, cut into pieces at any place;
 * and what cannot be read, answered by a sentence with the row and the column.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cancelled, DataFault, type ReadHooks } from '../../../src/engine/data/fault';
import { cellNumber, type Table } from '../../../src/engine/data/table';
import { detectEncoding, type Bytes } from '../../../src/engine/data/text';
import { previewCsv, readCsv } from '../../../src/engine/data/csv';
import { encodeTable, type EncodeOptions } from '../../../src/engine/data/encode';
import { recogniseTask } from '../../../src/engine/data/targets';
import type { Dataset } from '../../../src/engine/data/dataset';
import { splitRows } from '../../../src/engine/data/split';

const bytesOf = (content: string | Uint8Array, piece = Number.POSITIVE_INFINITY): Bytes => {
  const all = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    size: all.length,
    async *open() {
      for (let at = 0; at < all.length; at += Math.min(piece, all.length)) yield all.slice(at, at + piece);
    },
  };
};
const utf16 = (text: string, big = false): Uint8Array => {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) new DataView(bytes.buffer).setUint16(2 * i, text.charCodeAt(i), !big);
  return bytes;
};

const read = (
  content: string | Uint8Array,
  options: {
    header?: boolean;
    decimal?: '.' | ',';
    separator?: '' | ',' | ';' | '\t' | '|';
    piece?: number;
    hooks?: ReadHooks;
  } = {},
): Promise<Table> =>
  readCsv(
    'table.csv',
    bytesOf(content, options.piece),
    { separator: options.separator ?? '', decimal: options.decimal ?? '.', header: options.header ?? true },
    null,
    options.hooks,
  );

const texts = (table: Table): (string | null)[][] =>
  Array.from({ length: table.rows }, (_, row) => table.columns.map((c) => (c.code(row) < 0 ? null : c.values![c.code(row)]!)));

const half = { train: 0.5, validation: 0.25, test: 0.25, seed: 3 };
const encode = async (content: string, options: Partial<EncodeOptions>, split = half): Promise<Dataset> =>
  encodeTable(
    await read(content),
    { features: [], targets: ['y'], task: 'auto', missing: 'drop-row', standardise: true, ...options },
    split,
  );

describe('cells', () => {
  test.each([
    ['1', 1],
    [' -2.5e3 ', -2500],
    ['+.5', 0.5],
    ['5.', 5],
    ['1e999', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['inf', Number.POSITIVE_INFINITY],
    ['∞', Number.POSITIVE_INFINITY],
  ])('%j is %d', (text, number) => expect(cellNumber(text, '.')).toBe(number));
  test.each(['', ' ', 'NaN', 'abc', '1,5', '0x1F', '0b1', '1 000', '1.2.3', '--1', '-', 'e5', '.', 'true'])(
    '%j is no number',
    (text) => expect(cellNumber(text, '.')).toBeNaN(),
  );
  test('decimal commas', () => {
    expect(cellNumber('3,14', ',')).toBe(3.14);
    expect(cellNumber('-0,5e2', ',')).toBe(-50);
    expect(cellNumber('1.234,5', ',')).toBe(1234.5);
    expect(cellNumber('1.23,5', ',')).toBeNaN();
  });
  test('groups of three digits', () => {
    expect(cellNumber('1,234,567.5', '.')).toBe(1234567.5);
    expect(cellNumber('1.234.567', ',')).toBe(1234567);
    expect(cellNumber('12,34', '.')).toBeNaN();
  });
});

describe('reading', () => {
  test.each([',', ';', '\t', '|'] as const)('finds out that %j separates', async (separator) => {
    const text =
      ['a', 'b', 'c'].join(separator) + '\n' + ['1', 'x', '3'].join(separator) + '\n' + ['4', 'y', '6'].join(separator) + '\n';
    expect((await previewCsv(bytesOf(text))).separator).toBe(separator);
    const table = await read(text);
    expect(table.names).toEqual(['a', 'b', 'c']);
    expect(table.columns[2]!.number(1)).toBe(6);
  });

  test('titles before a table are passed over, and row names without a name get one', async () => {
    const downloaded = await read('Air quality\nSource: the town\n\nday,pm10\n1,20\n2,30\n3,25\n4,22\n5,21\n');
    expect(downloaded.names).toEqual(['day', 'pm10']);
    expect(downloaded.rows).toBe(5);
    expect(downloaded.notes).toEqual(['2 lines before the table were passed over.']);
    expect(downloaded.rowNumber(0)).toBe(5);
    const fromR = await read('"a","b"\n"1",2,3\n"2",4,5\n');
    expect(fromR.names).toEqual(['row', 'a', 'b']);
    expect(fromR.columns[2]!.number(1)).toBe(5);
  });

  test('quotes, doubled quotes, separators and line breaks within quotes', async () => {
    const table = await read('name,said\n"Doe, Jane","she said ""yes"""\n"two\nlines",plain\n');
    expect(texts(table)).toEqual([
      ['Doe, Jane', 'she said "yes"'],
      ['two\nlines', 'plain'],
    ]);
  });

  test('all line ends, and a last line without one', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const table = await read(['a,b', '1,2', '3,4'].join(end));
      expect(table.rows).toBe(2);
      expect(table.columns[1]!.number(1)).toBe(4);
    }
  });

  test('no header', async () => {
    const table = await read('1,2\n3,4\n', { header: false });
    expect(table.names).toEqual(['column 1', 'column 2']);
    expect(table.rows).toBe(2);
  });

  test('names that are missing or stand twice', async () => {
    expect((await read('a,,a,a\n1,2,3,4\n')).names).toEqual(['a', 'column 2', 'a (2)', 'a (3)']);
  });

  test('a separator at the end of each row', async () => {
    const table = await read('a;b;\n1;2;\n3;4;\n');
    // The header has it too, so it names a column; that column has no values.
    expect(table.rows).toBe(2);
    const trailing = await read('a;b\n1;2;\n3;4;\n');
    expect(trailing.names).toEqual(['a', 'b']);
    expect(trailing.rows).toBe(2);
  });

  test.each([
    ['UTF-8 with a mark', new TextEncoder().encode('\ufeffmaß,y\n1,ä\n2,ö\n')],
    ['UTF-16, little end first', utf16('\ufeffmaß,y\n1,ä\n2,ö\n')],
    ['UTF-16, big end first', utf16('\ufeffmaß,y\n1,ä\n2,ö\n', true)],
    ['Latin-1', Uint8Array.from('maß,y\n1,ä\n2,ö\n', (c) => c.charCodeAt(0))],
  ])('%s', async (_name, bytes) => {
    const table = await read(bytes);
    expect(table.names).toEqual(['maß', 'y']);
    expect(texts(table).map((r) => r[1])).toEqual(['ä', 'ö']);
  });

  test('UTF-16 without a mark', () => {
    expect(detectEncoding(utf16('a,b\n1,2\n3,4\n'))).toBe('utf-16le');
    expect(detectEncoding(utf16('a,b\n1,2\n3,4\n', true))).toBe('utf-16be');
  });

  test('a stray Latin-1 byte far from the beginning', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},plain`).join('\n');
    const bytes = Uint8Array.from(`n,t\n${rows}\n1,\xe9t\xe9\n`, (c) => c.charCodeAt(0));
    const table = await read(bytes, { piece: 10_000 });
    expect(table.columns[1]!.values).toEqual(['plain', 'été']);
  });

  test('missing cells in every spelling, NaN and infinities', async () => {
    const table = await read('a\n1\nNA\nn/a\nNaN\nnull\n?\n-\ninf\n-Infinity\n∞\n1e400\n2\n');
    const [a] = table.columns;
    expect(a!.kind).toBe('number');
    expect(a!.missing).toBe(10);
    expect(a!.infinite).toBe(4);
    expect(a!.firstInfinite).toEqual({ row: 9, text: 'inf' });
    expect([a!.min, a!.max]).toEqual([1, 2]);
  });

  test('ragged rows are left out, and the first is named', async () => {
    const table = await read('a,b\n1,2\n3\n4,5,6\n\n7,8\n9,10\n');
    expect(table.rows).toBe(3);
    expect(table.notes).toEqual(['2 rows were left out because they do not have 2 cells (first: row 3 has 1).']);
    expect([0, 1, 2].map((row) => table.rowNumber(row))).toEqual([2, 6, 7]);
  });

  test('mostly ragged rows are a fault', async () => {
    await expect(read('a,b,c\n1\n2\n3\n4,5,6\n')).rejects.toThrow(/3 of 4 rows do not have 3 cells \(first: row 2 has 1\)/);
  });

  test('a quotation mark that is never closed is found out', async () => {
    const endless = `a,b\n1,2\n"${'x,y\n'.repeat(3_000_000)}`;
    await expect(read(endless, { piece: 1 << 18 })).rejects.toThrow(/Row 3 does not end within/);
  });

  test('a very long field is read', async () => {
    const long = 'x'.repeat(3_000_000);
    const table = await read(`a,b\n"${long}",1\nshort,2\n`, { piece: 50_000 });
    expect(table.rows).toBe(2);
    expect(table.columns[1]!.number(0)).toBe(1);
  });

  test.each([
    ['nothing', '', /file is empty/],
    ['line breaks only', '\n\n\n', /no rows/],
    ['zero bytes', new Uint8Array([1, 2, 0, 3, 0, 0, 5, 0]), /not text/],
  ])('%s', async (_name, content, sentence) => {
    const error = await read(content as string | Uint8Array).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataFault);
    expect((error as Error).message).toMatch(sentence);
  });

  test('progress is told, and reading can be cancelled', async () => {
    const rows = `a,b\n${'1,2\n'.repeat(200_000)}`;
    const seen: number[] = [];
    await read(rows, { piece: 65_536, hooks: { progress: (bytes) => seen.push(bytes) } });
    expect(seen.at(-1)).toBe(rows.length);
    expect(seen.length).toBeGreaterThan(5);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    let calls = 0;
    await expect(
      read(rows, {
        piece: 65_536,
        hooks: {
          breathe: async () => {
            if (++calls === 3) throw new Cancelled();
          },
        },
      }),
    ).rejects.toThrow(/cancelled/);
  });

  test('any cells, written with quotes and cut into pieces of any length, come back', async () => {
    const cell = fc
      .string({ unit: fc.constantFrom('a', 'ß', '漢', '"', ',', '\n', ' ', '1', ';'), minLength: 1, maxLength: 6 })
      .filter((t) => t.trim() === t && !/^[?.-]?$/.test(t));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        async (rows, piece) => {
          const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          const content = [['first', 'second'], ...rows].map((row) => row.map(quote).join(',')).join('\n');
          const table = await readCsv('t', bytesOf(content, piece), { separator: ',', decimal: '.', header: true }, null);
          expect(texts(table)).toEqual(rows);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('any bytes give a table or a sentence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, header) => {
        const result = await read(bytes, { header, piece: 17 }).catch((e: unknown) => e);
        if (result instanceof Error) expect(result).toBeInstanceOf(DataFault);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the preview', () => {
  test('guesses separator, decimal comma and header', async () => {
    const seen = await previewCsv(bytesOf('größe;art\n3,5;a\n4,25;b\n'));
    expect(seen).toMatchObject({ separator: ';', decimal: ',', header: true, rowsRead: 2, complete: true });
    expect(seen.columns[0]).toMatchObject({ name: 'größe', kind: 'number', min: 3.5, max: 4.25 });
    expect(await previewCsv(bytesOf('1,2\n3,4\n'))).toMatchObject({ header: false, decimal: '.' });
    const german = await previewCsv(bytesOf(`a\tb\tc\n${'1,5\t2,25\t-3,0\n'.repeat(20)}`));
    expect(german).toMatchObject({ separator: '\t', decimal: ',', header: true });
    expect(german.columns).toHaveLength(3);
    expect(await previewCsv(bytesOf('red,blue\ngreen,red\nred,red\n'))).toMatchObject({ header: false });
    expect(await previewCsv(bytesOf('colour,shade\ngreen,red\nred,red\n'))).toMatchObject({ header: true });
  });

  test('shows a prefix of a large file', async () => {
    const seen = await previewCsv(bytesOf(`a,b\n${'1,x\n'.repeat(300_000)}`, 65_536));
    expect(seen.complete).toBe(false);
    expect(seen.rows).toHaveLength(50);
    expect(seen.rowsRead).toBeGreaterThan(1000);
    expect(seen.rowsRead).toBeLessThan(300_000);
  });
});

describe('the task', () => {
  const column = (values: string[] | null, whole: boolean, kind: 'number' | 'text' = 'number') => ({ kind, whole, values });
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => String(i));
  test.each([
    ['two texts', column(['no', 'yes'], false, 'text'), 10, 'binary'],
    ['three texts', column(['a', 'b', 'c'], false, 'text'), 10, 'multiclass'],
    ['zeros and ones', column(['0', '1'], true), 4, 'binary'],
    ['ten digits in many rows', column(upTo(10), true), 1797, 'multiclass'],
    ['ten whole numbers in ten rows', column(upTo(10), true), 10, 'regression'],
    ['many whole numbers', column(upTo(214), true), 442, 'regression'],
    ['uncounted numbers', column(null, true), 1e6, 'regression'],
    ['fractions', column(['0.5', '1'], false), 100, 'regression'],
  ] as const)('%s', (_name, facts, rows, task) => expect(recogniseTask(facts, rows)).toBe(task));
});

describe('encoding', () => {
  const rows = (count: number, row: (i: number) => string): string => Array.from({ length: count }, (_, i) => row(i)).join('\n');

  test('scales are fitted on the training rows only', async () => {
    const data = await encode(`x,y\n${rows(40, (i) => `${i},${i * i}`)}`, {});
    expect(data.task).toBe('regression');
    const [x] = data.features;
    const train = [...data.split.train];
    const originals = train.map((row) => data.x[row]! * x!.deviation + x!.mean);
    const mean = originals.reduce((a, b) => a + b) / train.length;
    expect(mean).toBeCloseTo(x!.mean, 4);
    expect(train.reduce((sum, row) => sum + data.x[row]!, 0)).toBeCloseTo(0, 4);
    expect(train.reduce((sum, row) => sum + data.y[row]! ** 2, 0) / train.length).toBeCloseTo(1, 4);
    // All rows together are not centred: the others played no part.
    expect(Math.abs(data.x.reduce((a, b) => a + b))).toBeGreaterThan(1e-3);
  });

  test('unscaled data keeps its numbers', async () => {
    const data = await encode(`x,y\n${rows(10, (i) => `${i},${i + 0.5}`)}`, { standardise: false });
    expect([...data.x]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(data.y[3]).toBe(3.5);
    expect(data.features[0]).toMatchObject({ mean: 0, deviation: 1 });
  });

  test('text becomes one-hot columns in a fixed order', async () => {
    const data = await encode(`colour,y\n${rows(30, (i) => `${['red', 'green', 'blue'][i % 3]},${i % 2}`)}`, {});
    expect(data.features.map((f) => f.name)).toEqual(['colour=blue', 'colour=green', 'colour=red']);
    expect([...data.x.slice(0, 6)]).toEqual([0, 0, 1, 0, 1, 0]);
    expect(data).toMatchObject({ task: 'binary', classes: ['0', '1'] });
    expect([...data.y.slice(0, 3)]).toEqual([0, 1, 0]);
  });

  test('a category that no training row has is none of the known ones, and noted', async () => {
    const data = await encode(
      `colour,y\n${rows(40, (i) => `${i === 7 ? 'rare' : i % 2 ? 'red' : 'blue'},${i % 2}`)}`,
      {},
      { ...half, seed: 1 },
    );
    const inTraining = [...data.split.train].includes(7);
    expect(data.features.length).toBe(inTraining ? 3 : 2);
    if (!inTraining) {
      expect(data.notes.join()).toMatch(/1 value that occurs in no training row \('rare'\)/);
      expect([...data.x.slice(14, 16)]).toEqual([0, 0]);
    }
  });

  test('classes by the size of their numbers', async () => {
    const data = await encode(`x,y\n${rows(60, (i) => `${i},${[10, 9, 100][i % 3]}`)}`, {});
    expect(data.classes).toEqual(['9', '10', '100']);
    expect(data.targets).toHaveLength(3);
    expect([...data.y.slice(0, 3)]).toEqual([0, 1, 0]);
  });

  test('missing cells: rows are left out, or filled with the mean', async () => {
    const content = `x,c,y\n${rows(12, (i) => `${i === 3 ? '' : i},${i === 5 ? 'NA' : 'ab'[i % 2]},${i === 8 ? '' : i % 2}`)}`;
    const dropped = await encode(content, {});
    expect(dropped.rows).toBe(9);
    expect(dropped.notes.join()).toMatch(/1 row without a target was left out/);
    expect(dropped.notes.join()).toMatch(/2 rows with missing cells were left out \(first: row 5\)/);
    const filled = await encode(content, { missing: 'mean' });
    expect(filled.rows).toBe(11);
    expect(filled.x[3 * 3]).toBe(0);
    expect([...filled.x.slice(5 * 3 + 1, 5 * 3 + 3)]).toEqual([0, 0]);
  });

  test('constant columns are kept at 0 and noted', async () => {
    const data = await encode(`x,k,y\n${rows(12, (i) => `${i},7.1,${i % 2}`)}`, {});
    expect(data.notes.join()).toMatch(/'k' has the same value in all training rows/);
    expect([...data.x].filter((_, i) => i % 2 === 1).every((v) => Math.abs(v) < 1e-5)).toBe(true);
  });

  test('identifiers are left out of "all columns", and refused when chosen', async () => {
    const content = `name,x,y\n${rows(300, (i) => `person ${i},${i},${i % 2}`)}`;
    const data = await encode(content, {});
    expect(data.features.map((f) => f.source)).toEqual(['x']);
    expect(data.notes.join()).toMatch(/'name' was left out: it holds text with 300 different values/);
    await expect(encode(content, { features: ['name', 'x'] })).rejects.toThrow(/Take it out of the features/);
  });

  test('several numeric targets', async () => {
    const data = await encode(`x,y,z\n${rows(12, (i) => `${i},${i * 2},${i * 3}`)}`, { targets: ['y', 'z'] });
    expect(data.task).toBe('regression');
    expect(data.targets.map((t) => t.name)).toEqual(['y', 'z']);
    expect(data.y).toHaveLength(24);
  });

  const good = `x,y\n${rows(30, (i) => `${i},${i % 3}`)}`;
  test.each([
    ['an unknown column', good, { targets: ['z'] }, /no column 'z' in table.csv. Its columns are: 'x', 'y'/],
    ['a column in other letters', good, { targets: ['Y'] }, /Did you mean 'y'\?/],
    ['no target', good, { targets: [] }, /No target column/],
    ['a column in both places', good, { features: ['y', 'x'] }, /both as a feature and as a target/],
    ['a column chosen twice', good, { features: ['x', 'x'] }, /chosen twice/],
    ['no rows', 'x,y\n', {}, /no rows of data/],
    ['one class', `x,y\n${rows(9, (i) => `${i},cat`)}`, {}, /one class only \('cat'\)/],
    ['one number as classes', `x,y\n${rows(9, (i) => `${i},1`)}`, { task: 'multiclass' }, /one class only/],
    ['a constant target', `x,y\n${rows(9, (i) => `${i},1.5`)}`, {}, /same value \(1.5\)/],
    ['three classes for two', good, { task: 'binary' }, /Two classes were asked for.*has 3/],
    [
      'text as a number',
      `x,y\n${rows(9, (i) => `${i},${'ab'[i % 2]}`)}`,
      { task: 'regression' },
      /'y' cannot be predicted as a number: it holds text \(first: row 2, 'a'\)/,
    ],
    [
      'text among numbers',
      `x,y\n${rows(40, (i) => `${i === 20 ? 'oops' : i},${i % 2}`)}`,
      {},
      /'x' holds numbers, but text in 1 of 40 rows \(first: row 22, 'oops'\)/,
    ],
    [
      'text in a numeric target',
      `x,y\n${rows(40, (i) => `${i},${i === 20 ? 'oops' : i / 3}`)}`,
      {},
      /'y' holds numbers, but text in 1 of 40 rows \(first: row 22, 'oops'\)/,
    ],
    ['nothing but gaps', `x,y\n${rows(9, (i) => `${i % 2 ? '' : i},${i % 2 ? i : ''}`)}`, {}, /No row is complete|Only one row/],
    ['no features', 'y\n1\n2\n3\n', {}, /No feature column is left/],
  ] as const)('%s', async (_name, content, options, sentence) => {
    const error = await encode(content, options as Partial<EncodeOptions>).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataFault);
    expect((error as Error).message).toMatch(sentence);
  });

  test('any table gives finite numbers or a sentence', async () => {
    const cell = fc.constantFrom('1', '2', '0.5', '-3', '', 'NaN', 'inf', '1e38', '1e308', '-1e308', '1e-300', 'a', 'b', '?');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 25 }),
        fc.constantFrom('auto', 'regression', 'binary', 'multiclass'),
        fc.constantFrom('drop-row', 'mean'),
        async (cells, task, missing) => {
          const result = await encode(`p,q,y\n${cells.map((r) => r.join(',')).join('\n')}`, {
            task,
            missing,
          } as Partial<EncodeOptions>).catch((e: unknown) => e);
          if (result instanceof Error) {
            expect(result).toBeInstanceOf(DataFault);
            return;
          }
          const data = result as Dataset;
          expect([...data.x, ...data.y].every(Number.isFinite)).toBe(true);
          expect(data.x).toHaveLength(data.rows * data.features.length);
          expect(data.y).toHaveLength(data.rows * data.targets.length);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('the split', () => {
  test('deals every row out once, by the seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (rows, seed) => {
        const split = { train: 0.7, validation: 0.15, test: 0.15, seed };
        const target = (row: number): number => row % 3;
        const { train, validation, test: kept } = splitRows(rows, split, target);
        expect([...train, ...validation, ...kept].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, i) => i));
        expect(train.length).toBeGreaterThan(0);
        if (rows >= 3) expect(Math.min(validation.length, kept.length)).toBeGreaterThan(0);
        expect(splitRows(rows, split, target)).toEqual({ train, validation, test: kept });
      }),
    );
    const none = (): number => 0;
    expect(splitRows(100, { ...half, seed: 1 }, none).train).not.toEqual(splitRows(100, { ...half, seed: 2 }, none).train);
    expect(splitRows(150, { train: 0.7, validation: 0.15, test: 0.15, seed: 1 }, none).train).toHaveLength(104);
  });
});
