/**
 * Project files: what is written comes back; what a person writes by hand is read; whatever else is in a
 * file is answered by a place and a sentence, and never by a crash.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { edgeId, type AttrValue, type Node } from '../../../src/engine/graph/graph';
import { readJson } from '../../../src/engine/graph/json';
import { FILE_LIMIT, parseProject } from '../../../src/engine/graph/project-file';
import { idFault } from '../../../src/engine/graph/node-names';
import { serialiseProject } from '../../../src/engine/graph/project-text';
import { storedFault } from '../../../src/engine/graph/stored-weights';
import type { FileFault } from '../../../src/engine/graph/file-reader';
import { defaultSettings, emptyProject, type DataSource, type Project, type Transform } from '../../../src/engine/graph/project';
import { opOf } from '../../../src/engine/ops/index';

const faultsOf = (text: string, lookup?: typeof opOf): readonly FileFault[] => {
  const parsed = parseProject(text, lookup);
  return parsed.ok ? [] : parsed.faults;
};
const file = (members: object): string => JSON.stringify({ format: 'chainrule', version: 1, nodes: {}, edges: {}, ...members });

// ── arbitrary projects ──

const id = fc
  .string({ unit: fc.constantFrom('a', 'b', 'Z', '0', '_', '-', ' ', 'ß', '漢', 'σ'), minLength: 1, maxLength: 8 })
  .filter((t) => idFault(t) === null);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n));
const attr: fc.Arbitrary<AttrValue> = fc.oneof(
  finite,
  fc.string({ maxLength: 8 }),
  fc.boolean(),
  fc.array(finite, { maxLength: 40 }),
);
const plainText = fc.string({ maxLength: 20, unit: 'grapheme' });
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** Members that may be missing are missing, not undefined. */
const some = <T extends object>(record: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  record.map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as T);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const path = plainText.map((t) => t.replaceAll('\0', ''));
const transform: fc.Arbitrary<Transform> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(...(['log', 'log1p', 'square', 'sin', 'standardise', 'min-max', 'plain', 'categories'] as const)),
    column: plainText,
  }),
  fc.record({ kind: fc.constant('product' as const), column: plainText, by: plainText }),
) as fc.Arbitrary<Transform>;
const transforms = maybe(fc.array(transform, { maxLength: 4 }));
const made = { features: maybe(fc.array(plainText, { maxLength: 3 })), transforms };
const table = {
  features: fc.array(plainText, { maxLength: 4 }),
  targets: fc.array(plainText, { maxLength: 2 }),
  task: fc.constantFrom('auto' as const, 'regression' as const, 'binary' as const, 'multiclass' as const),
  missing: fc.constantFrom('drop-row' as const, 'mean' as const),
  standardise: fc.boolean(),
  weights: maybe(plainText),
  parts: maybe(plainText),
  noise: maybe(fc.double({ min: 0, max: 10, noNaN: true }).map((n) => n + 0)),
  transforms,
};
const bounded = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((n) => n + 0);
const data = some(
  fc.oneof(
    fc.constant({ kind: 'none' as const }),
    fc.record({
      kind: fc.constant('generator' as const),
      name: plainText,
      count: fc.integer({ min: 1, max: 1e6 }),
      noise: fc.double({ min: 0, max: 1, noNaN: true }).map((n) => n + 0),
      seed,
      ...made,
    }),
    fc.record({
      kind: fc.constant('formula' as const),
      formula: plainText,
      inputs: fc.constantFrom(1 as const, 2 as const),
      target: fc.constantFrom('value' as const, 'class' as const),
      low: fc.double({ min: -1e5, max: 0, noNaN: true }).map((n) => n + 0),
      high: fc.double({ min: 1, max: 1e5, noNaN: true }),
      count: fc.integer({ min: 1, max: 1e6 }),
      noise: fc.double({ min: 0, max: 1e6, noNaN: true }).map((n) => n + 0),
      seed,
      ...made,
    }),
    fc.record({
      kind: fc.constant('points' as const),
      target: fc.constantFrom('value' as const, 'class' as const),
      points: fc.array(fc.tuple(bounded, bounded, bounded), { maxLength: 20 }).map((list) => list.flat()),
      ...made,
    }),
    fc.record({
      kind: fc.constant('csv' as const),
      path,
      text: maybe(plainText),
      separator: fc.constantFrom('' as const, ',' as const, ';' as const, '\t' as const, '|' as const),
      decimal: fc.constantFrom('.' as const, ',' as const),
      header: fc.boolean(),
      encoding: maybe(fc.constantFrom('utf-8' as const, 'utf-16le' as const, 'windows-1252' as const)),
      ...table,
    }),
    fc.record({
      kind: fc.constant('arrays' as const),
      paths: fc.array(
        path.filter((p) => p !== ''),
        { minLength: 1, maxLength: 4 },
      ),
      ...table,
    }),
    fc.record({
      kind: fc.constant('pictures' as const),
      path,
      width: fc.integer({ min: 1, max: 512 }),
      height: fc.integer({ min: 1, max: 512 }),
      colour: fc.boolean(),
      ...table,
    }),
  ),
) as fc.Arbitrary<DataSource>;
const weight = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 9 }).map((numbers) => ({
  shape: [numbers.length],
  base64: Buffer.from(Float32Array.from(numbers).buffer).toString('base64'),
}));

const tensors = fc.dictionary(id, weight, { maxKeys: 3 }).map((table) => ({ ...table }));
const bookmark = fc.record(
  {
    name: fc.string({ maxLength: 60 }),
    epoch: fc.nat(1e9),
    step: fc.nat(),
    at: fc.integer({ min: 1, max: 1000 }),
    loss: fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((x) => x + 0),
    weights: tensors,
    memory: tensors,
    losses: fc.array(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
      { minLength: 1, maxLength: 5 },
    ),
  },
  { requiredKeys: ['name', 'epoch', 'step', 'weights'] },
);

const project: fc.Arbitrary<Project> = fc.uniqueArray(id, { maxLength: 8 }).chain((ids) =>
  fc
    .record({
      nodes: fc.tuple(
        ...ids.map((name) =>
          fc
            .record({
              op: fc.string({ minLength: 1, maxLength: 8 }),
              attrs: fc.dictionary(id, attr, { maxKeys: 3 }),
              label: fc.option(plainText, { nil: undefined }),
              group: fc.option(plainText, { nil: undefined }),
            })
            .map(
              (n): Node => ({
                id: name,
                op: n.op,
                attrs: { ...n.attrs },
                ...(n.label === undefined ? {} : { label: n.label }),
                ...(n.group === undefined ? {} : { group: n.group }),
              }),
            ),
        ),
      ),
      points: fc.tuple(
        ...ids.map(() =>
          fc.record({
            x: fc.integer({ min: -1e6, max: 1e6 }),
            y: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((n) => n + 0),
          }),
        ),
      ),
      wires: fc.array(
        fc.record({
          from: fc.constantFrom(...(ids.length > 0 ? ids : ['none'])),
          to: fc.constantFrom(...(ids.length > 0 ? ids : ['none'])),
          port: id,
        }),
        { maxLength: ids.length > 0 ? 10 : 0 },
      ),
      title: plainText,
      notes: plainText,
      data,
      share: fc.integer({ min: 1, max: 8 }),
      training: fc.record({
        optimizer: plainText,
        hyper: fc.dictionary(id, finite, { maxKeys: 3 }),
        batch: fc.integer({ min: 1, max: 1e6 }),
        epochs: fc.integer({ min: 1, max: 1e7 }),
        seed,
      }),
      objective: ids.length === 0 ? fc.constant(undefined) : fc.option(fc.constantFrom(...ids), { nil: undefined }),
      splitSeed: seed,
      weights: fc.option(fc.dictionary(id, weight, { maxKeys: 3 }), { nil: undefined }),
      bookmarks: fc.option(fc.array(bookmark, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    })
    .map(
      ({
        nodes,
        points,
        wires,
        title,
        notes,
        data: source,
        share,
        training,
        objective,
        splitSeed,
        weights,
        bookmarks,
      }): Project => {
        const edges = Object.fromEntries(wires.map((w) => [edgeId(w.to, w.port), { id: edgeId(w.to, w.port), ...w }]));
        return {
          nodes: Object.fromEntries(nodes.map((n) => [n.id, n])),
          edges,
          positions: Object.fromEntries(ids.map((name, i) => [name, { ...points[i]! }])),
          settings: {
            title,
            notes,
            data: { ...source },
            split: { train: share / 10, validation: (9 - share) / 10, test: 0.1, seed: splitSeed },
            training: { ...training, hyper: { ...training.hyper }, ...(objective === undefined ? {} : { objective }) },
          },
          ...(weights === undefined ? {} : { weights: { ...weights } }),
          ...(bookmarks === undefined ? {} : { bookmarks }),
        };
      },
    ),
);

describe('what is written comes back', () => {
  test('for any project', () => {
    fc.assert(
      fc.property(project, (value) => {
        const text = serialiseProject(value);
        const parsed = parseProject(text);
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
        expect(parsed.value).toEqual(value);
        expect(serialiseProject(parsed.value)).toBe(text);
        // Ours and the machine's own reader agree on what the text says.
        expect(readJson(text)).toEqual({ value: JSON.parse(text) });
      }),
      { numRuns: 300 },
    );
  });

  test('for every example, which is written as the program would write it', () => {
    const folder = join(import.meta.dirname, '../../../resources/examples');
    const names = readdirSync(folder).filter((name) => name.endsWith('.chainrule'));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const parsed = parseProject(readFileSync(join(folder, name), 'utf8'), opOf);
      if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.faults)}`);
      const again = parseProject(serialiseProject(parsed.value, opOf), opOf);
      expect(again, name).toEqual(parsed);
    }
  });

  test('attributes that have their default are left out', () => {
    const drawn: Project = {
      ...emptyProject,
      nodes: { hidden: { id: 'hidden', op: 'dense', attrs: { units: opOf('dense')!.attrs.units!.default, activation: 'tanh' } } },
      positions: { hidden: { x: 1, y: 2 } },
    };
    expect((JSON.parse(serialiseProject(drawn, opOf)) as { nodes: object }).nodes).toEqual({
      hidden: { op: 'dense', attrs: { activation: 'tanh' }, at: [1, 2] },
    });
  });

  test('a node and an edge are a line each', () => {
    const drawn: Project = {
      ...emptyProject,
      nodes: { x: { id: 'x', op: 'input', attrs: {} }, s: { id: 's', op: 'sigmoid', attrs: {} } },
      edges: { 's.x': { id: 's.x', from: 'x', to: 's', port: 'x' } },
      positions: { x: { x: 0, y: 0 }, s: { x: 180, y: 0 } },
    };
    expect(serialiseProject(drawn)).toBe(`{
  "format": "chainrule",
  "version": 1,
  "title": "Untitled",
  "nodes": {
    "x": { "op": "input", "at": [0, 0] },
    "s": { "op": "sigmoid", "at": [180, 0] }
  },
  "edges": {
    "s.x": "x"
  },
  "split": { "train": 0.7, "validation": 0.15, "test": 0.15, "seed": 1 },
  "training": { "optimizer": "adam", "batch": 32, "epochs": 100, "seed": 1 }
}
`);
  });
});

describe('written by hand', () => {
  test('only what matters need be there', () => {
    const parsed = parseProject(
      '{ "format": "chainrule", "version": 1, "nodes": { "a": { "op": "input" }, "b": { "op": "sigmoid" } }, "edges": { "b.x": "a" } }',
      opOf,
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    expect(parsed.value.settings).toEqual(defaultSettings);
    expect(parsed.value.edges).toEqual({ 'b.x': { id: 'b.x', from: 'a', to: 'b', port: 'x' } });
    // Nodes without a place do not lie on top of each other.
    expect(parsed.value.positions.a).not.toEqual(parsed.value.positions.b);
  });

  test('a schema reference and a byte-order mark are welcome', () => {
    expect(faultsOf(`\ufeff${file({ $schema: './project.schema.json' })}`)).toEqual([]);
  });
});

describe('broken JSON', () => {
  test.each([
    ['', 'line 1, column 1', /the file is empty/],
    ['{\n  "format": "chainrule"\n  "version": 1\n}', 'line 3, column 3', /comma or a closing brace is missing/],
    ['{ "format": "chainrule", }', 'line 1, column 26', /comma too many/],
    ['{ "a": [1, 2, ] }', 'line 1, column 15', /comma too many/],
    ['{ "a": [1 2] }', 'line 1, column 11', /comma or a closing bracket/],
    ['{ "a" 1 }', 'line 1, column 7', /colon is missing after "a"/],
    ["{ 'a': 1 }", 'line 1, column 3', /name in quotation marks/],
    ['{ "a": "never closed }', 'line 1, column 8', /no closing quotation mark/],
    ['{ "a": "two\nlines" }', 'line 1, column 12', /over the end of a line/],
    ['{ "a": "\\x" }', 'line 1, column 9', /is no escape/],
    ['{ "a": NaN }', 'line 1, column 8', /value is missing/],
    ['{ "a": 1e999 }', 'line 1, column 8', /too large/],
    ['{ "a": 1, "a": 2 }', 'line 1, column 11', /second time/],
    ['{ "__proto__": {} }', 'line 1, column 3', /may not be used/],
    ['{ "nodes": { "constructor": { "op": "add" } } }', 'line 1, column 14', /may not be used/],
    ['{} extra', 'line 1, column 4', /after the end/],
    ['// comment', 'line 1, column 1', /value is missing/],
    ['['.repeat(100_000), 'line 1, column 66', /nested more than 64 deep/],
  ])('%j', (text, place, sentence) => {
    const [fault] = faultsOf(text);
    expect(fault!.message).toMatch(sentence);
    expect(fault!.place).toBe(place);
  });
});

describe('wrong contents', () => {
  const node = (members: object): string => file({ nodes: { a: { op: 'dense', ...members } } });
  test.each([
    ['another format', JSON.stringify({ hello: 1 }), 'format', /must be "chainrule", but is missing/],
    ['a list', '[]', 'the file', /must hold one object/],
    ['no version', JSON.stringify({ format: 'chainrule' }), 'version', /whole number/],
    [
      'a later version',
      JSON.stringify({ format: 'chainrule', version: 9, nodes: {} }),
      'version',
      /is 9, but this program reads versions up to 1. Open the file with a newer/,
    ],
    ['no nodes', JSON.stringify({ format: 'chainrule', version: 1 }), 'nodes', /Write "nodes": \{\}/],
    ['a misspelt member', file({ ndes: {} }), 'ndes', /Did you mean 'nodes'\?/],
    ['an unknown operation', file({ nodes: { a: { op: 'dens' } } }), 'nodes.a.op', /'dens' is not an operation/],
    ['a misspelt attribute', node({ attrs: { unts: 3 } }), 'nodes.a.attrs.unts', /Did you mean 'units'\?/],
    [
      'an attribute of another kind',
      node({ attrs: { units: 'three' } }),
      'nodes.a.attrs.units',
      /must be a whole number of at least 1 .*but is "three"/,
    ],
    ['an attribute out of range', node({ attrs: { units: 0 } }), 'nodes.a.attrs.units', /at least 1/],
    ['a choice that is none', node({ attrs: { activation: 'sigmoidal' } }), 'nodes.a.attrs.activation', /one of .*"sigmoid"/],
    [
      'a shape that is none',
      file({ nodes: { a: { op: 'input', attrs: { shape: [2, 0] } } } }),
      'nodes.a.attrs.shape',
      /axis lengths/,
    ],
    ['a place that is none', node({ at: [1] }), 'nodes.a.at', /must be \[x, y\]/],
    ['a place far away', node({ at: [1e300, 0] }), 'nodes.a.at', /must be \[x, y\]/],
    ['a name with a dot', file({ nodes: { 'a.b': { op: 'add' } } }), 'nodes.a.b', /may not hold dots/],
    ['an empty name', file({ nodes: { '': { op: 'add' } } }), 'nodes.', /needs a name/],
    ['a node that is no object', file({ nodes: { a: 1 } }), 'nodes.a', /must be an object/],
    [
      'an edge from nowhere',
      file({ nodes: { hidden: { op: 'sigmoid' } }, edges: { 'hidden.x': 'hiden' } }),
      'edges.hidden.x',
      /'hiden', which is not in the file. Did you mean 'hidden'\?/,
    ],
    [
      'an edge to nowhere',
      file({ nodes: { a: { op: 'sigmoid' } }, edges: { 'zz.x': 'a' } }),
      'edges.zz.x',
      /'zz', which is not in the file/,
    ],
    ['an edge without a port', file({ nodes: { a: { op: 'sigmoid' } }, edges: { a: 'a' } }), 'edges.a', /does not name an input/],
    [
      'an edge to an unknown port',
      file({ nodes: { a: { op: 'input' }, b: { op: 'sigmoid' } }, edges: { 'b.y': 'a' } }),
      'edges.b.y',
      /has no input 'y'. Its inputs are: x/,
    ],
    ['an edge with no source', file({ nodes: { a: { op: 'sigmoid' } }, edges: { 'a.x': 3 } }), 'edges.a.x', /must name the node/],
    [
      'an odd data set',
      file({ data: { kind: 'sql' } }),
      'data.kind',
      /one of "none", "generator", "formula", "points", "csv", "arrays", "pictures"/,
    ],
    ['a generator without a name', file({ data: { kind: 'generator' } }), 'data.name', /is missing/],
    ['a noise above 1', file({ data: { kind: 'generator', name: 'xor', noise: 2 } }), 'data.noise', /number from 0 to 1/],
    ['shares that do not add up', file({ split: { train: 0.5 } }), 'split', /add up to 0.8/],
    ['no training rows', file({ split: { train: 0, validation: 0.5, test: 0.5 } }), 'split.train', /more than 0/],
    ['an odd batch', file({ training: { batch: 0 } }), 'training.batch', /whole number from 1/],
    ['an unknown objective', file({ training: { objective: 'loss' } }), 'training.objective', /not in the file/],
    ['an odd hyperparameter', file({ training: { hyper: { rate: '0.1' } } }), 'training.hyper.rate', /must be a number/],
    [
      'weights of another size',
      file({ weights: { w: { shape: [3], base64: 'AAAAAA==' } } }),
      'weights.w.base64',
      /3 little-endian float32 numbers \(16 characters\), but has 8/,
    ],
    [
      'weights that are not finite',
      file({ weights: { w: { shape: [1], base64: Buffer.from(Float32Array.of(Number.NaN).buffer).toString('base64') } } }),
      'weights.w.base64',
      /element 0\) that is not finite/,
    ],
    ['bookmarks that are no list', file({ bookmarks: {} }), 'bookmarks', /must be a list/],
    [
      'a bookmark without numbers',
      file({ bookmarks: [{ name: 'A', epoch: 1, step: 7 }] }),
      'bookmarks[0].weights',
      /Remove this bookmark/,
    ],
    [
      'a bookmark with a memory of another size',
      file({ bookmarks: [{ name: 'A', epoch: 1, step: 7, weights: {}, memory: { 'w/m': { shape: [3], base64: 'AAAAAA==' } } }] }),
      'bookmarks[0].memory.w/m.base64',
      /float32/,
    ],
    [
      'bookmarks that are too large',
      file({
        bookmarks: [
          {
            name: 'A',
            epoch: 1,
            step: 7,
            weights: { w: { shape: [3_000_000], base64: Buffer.alloc(12_000_000).toString('base64') } },
          },
        ],
      }),
      'bookmarks',
      /at most 8 MB/,
    ],
    ['weights of no shape', file({ weights: { w: { shape: ['x'], base64: '' } } }), 'weights.w.shape', /axis lengths/],
  ])('%s', (_name, text, place, sentence) => {
    const faults = faultsOf(text, opOf);
    expect(faults.map((f) => f.place)).toContain(place);
    expect(faults.find((f) => f.place === place)!.message).toMatch(sentence);
  });

  test('all faults are listed, up to twenty', () => {
    expect(faultsOf(file({ nodes: { a: { op: 1 }, b: { op: 'x', at: 3 } } }))).toHaveLength(2);
    expect(faultsOf(file({ nodes: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`n${i}`, 0])) }))).toHaveLength(20);
  });

  test('absurd sizes are refused at once', () => {
    expect(faultsOf(' '.repeat(FILE_LIMIT + 1))[0]!.message).toMatch(/larger than 64 MB/);
    const many = `{"format":"chainrule","version":1,"nodes":{${Array.from({ length: 200_001 }, (_, i) => `"n${i}":{"op":"add"}`).join(',')}}}`;
    expect(faultsOf(many)[0]!.message).toMatch(/200001, but a drawing may have at most 200000/);
  }, 30_000);

  test('weights are looked at by their bits', () => {
    const stored = (...numbers: number[]) => ({
      shape: [numbers.length],
      base64: Buffer.from(Float32Array.from(numbers).buffer).toString('base64'),
    });
    expect(storedFault(stored(1, -3e38, 1e-40, 0))).toBeNull();
    expect(storedFault(stored(1, Number.POSITIVE_INFINITY))).toMatch(/element 1/);
    expect(storedFault({ shape: [1], base64: '!!!!!!==' })).toMatch(/base64/);
  });
});

describe('never a crash', () => {
  const example = readFileSync(
    join(
      import.meta.dirname,
      '../../../resources/examples',
      readdirSync(join(import.meta.dirname, '../../../resources/examples'))[0]!,
    ),
    'utf8',
  );
  const spoken = (text: string): void => {
    const parsed = parseProject(text, opOf);
    if (parsed.ok) return;
    expect(parsed.faults.length).toBeGreaterThan(0);
    for (const { place, message } of parsed.faults) {
      expect(place.length).toBeGreaterThan(0);
      expect(message).toMatch(/\.$|\?$/);
    }
  };

  test('files cut off anywhere', () => {
    for (let length = 0; length < example.length - 3; length += 7) {
      const parsed = parseProject(example.slice(0, length), opOf);
      expect(parsed.ok).toBe(false);
      spoken(example.slice(0, length));
    }
  });

  test('files with characters changed', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(example.length - 1),
            fc.string({
              minLength: 0,
              maxLength: 3,
              unit: fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '0', '9', 'e', '-', '\\', '\n', 'a', '\0'),
            }),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        (changes) => {
          let text = example;
          for (const [at, put] of changes) text = text.slice(0, at) + put + text.slice(at + 1);
          spoken(text);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('any JSON at any place', () => {
    const members = ['title', 'notes', 'nodes', 'edges', 'data', 'split', 'training', 'weights', 'bookmarks'];
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.jsonValue(), (member, value) => spoken(file({ [member]: value }))),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.constantFrom('op', 'attrs', 'label', 'group', 'at'), fc.jsonValue(), (member, value) =>
        spoken(file({ nodes: { a: { op: 'dense', [member]: value } } })),
      ),
      { numRuns: 1000 },
    );
  });

  test('binary files', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => spoken(new TextDecoder().decode(bytes))),
      { numRuns: 500 },
    );
    for (const start of ['PK\u0003\u0004\0\0\0', '\u007fELF\0\0', '\u0089PNG\r\n\u001a\n\0\0'])
      expect(faultsOf(start + '\u0001\u0002\0'.repeat(50))[0]!.message).toMatch(/does not hold text/);
  });
});
