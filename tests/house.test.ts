/**
 * The floor plan: which file may import which. A file imports from its own folder or from floors to its
 * left, type imports included; no cycles; foreign libraries have one owner.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { applyBinary, applyUnary } from '../src/engine/ir/expr';
import { ops } from '../src/engine/ops/index';

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|svelte)$/.test(entry.name) ? [path] : [];
  });

const files = sources('src');
const importsOf = new Map(
  files.map((file) => {
    const text = readFileSync(file, 'utf8');
    const found = [
      ...text.matchAll(/^\s*(?:import|export)\b[^;']*?\bfrom '([^']+)'|^\s*import '([^']+)'|\bimport\('([^']+)'\)/gm),
    ].map((match) => (match[1] ?? match[2] ?? match[3])!);
    return [file, found] as const;
  }),
);

const resolve = (from: string, target: string): string | null => {
  if (!target.startsWith('.')) return null;
  const path = normalize(join(dirname(from), target.replace(/\?.*$/, '')));
  return [path, `${path}.ts`, `${path}.svelte.ts`, `${path}.svelte`].find((candidate) => files.includes(candidate)) ?? null;
};

/** Floors of the engine, from the left. A file directly under src/engine is a floor of its own name. */
const engineFloors = [
  'remote',
  'wire',
  'ir',
  'graph',
  'data',
  'ops',
  'optimizers',
  'plan',
  'backends',
  'compile',
  'train',
  'teach',
  'export',
  'api',
  'engine',
  'worker',
];
const rendererFloors = [
  ['connect'],
  ['ui'],
  ['editor', 'run'],
  ['canvas', 'charts'],
  ['panels'],
  ['learn'],
  ['commands', 'menu-bar'],
  ['app', 'App', 'main'],
];

const roomOf = (file: string): string => {
  const [, , first] = file.split('/');
  return first!.replace(/(\.svelte)?\.ts$|\.svelte$/, '');
};

const eachImport = (visit: (file: string, target: string, name: string) => void): void => {
  for (const [file, targets] of importsOf)
    for (const name of targets) {
      const target = resolve(file, name);
      if (target) visit(file, target, name);
    }
};

test('the engine imports nothing outside itself but pure packages where they are allowed', () => {
  const faults: string[] = [];
  for (const [file, targets] of importsOf) {
    if (!file.startsWith('src/engine/')) continue;
    for (const name of targets) {
      const target = resolve(file, name);
      if (target ? !target.startsWith('src/engine/') : !/^src\/engine\/(export|data)\//.test(file))
        faults.push(`${file} → ${name}`);
    }
  }
  expect(faults).toEqual([]);
});

test('floors of the engine are only climbed to the left', () => {
  const faults: string[] = [];
  eachImport((file, target) => {
    if (!file.startsWith('src/engine/') || !target.startsWith('src/engine/')) return;
    const [from, to] = [engineFloors.indexOf(roomOf(file)), engineFloors.indexOf(roomOf(target))];
    if (from < 0) faults.push(`${file} is on no floor`);
    if (to > from) faults.push(`${file} → ${target}`);
  });
  expect(faults).toEqual([]);
});

test('main: services and contract know no shell; the shells do not know each other', () => {
  const faults: string[] = [];
  const shells = ['electron', 'browser', 'cli'];
  for (const [file, targets] of importsOf) {
    if (!file.startsWith('src/main/')) continue;
    const room = roomOf(file);
    for (const name of targets) {
      const target = resolve(file, name);
      if (target?.startsWith('src/renderer/')) faults.push(`${file} → ${target}`);
      if (target?.startsWith('src/main/')) {
        const to = roomOf(target);
        if (shells.includes(to) && to !== room && room !== 'cli' && room !== 'start') faults.push(`${file} → ${target}`);
      }
      if (name === 'electron' && room !== 'electron') faults.push(`${file} → electron`);
      if ((name === 'ws' || name === 'node:http') && room !== 'browser') faults.push(`${file} → ${name}`);
    }
  }
  expect(faults).toEqual([]);
});

test('the window reaches main by types of the contract only, and devices only through the worker', () => {
  const faults: string[] = [];
  for (const file of files) {
    if (!file.startsWith('src/renderer/')) continue;
    const text = readFileSync(file, 'utf8');
    for (const [, kind, name] of text.matchAll(/import\s+(type\s)?[^;]*?from\s+'([^']+)'/g)) {
      const target = resolve(file, name!);
      if (target?.startsWith('src/main/') && (target !== 'src/main/contract.ts' || !kind)) faults.push(`${file} → ${target}`);
      if (target && /^src\/engine\/(backends\/(?!backend)|train\/session|engine)/.test(target) && !kind)
        faults.push(`${file} → ${target}`);
    }
  }
  expect(faults).toEqual([]);
});

test('floors of the window are only climbed to the left', () => {
  const faults: string[] = [];
  const floor = (file: string): number => rendererFloors.findIndex((rooms) => rooms.includes(roomOf(file)));
  eachImport((file, target) => {
    if (!file.startsWith('src/renderer/') || !target.startsWith('src/renderer/')) return;
    if (floor(file) < 0) faults.push(`${file} is on no floor`);
    if (floor(target) > floor(file)) faults.push(`${file} → ${target}`);
  });
  expect(faults).toEqual([]);
});

test('no two files import each other, however far around', () => {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    state.set(file, 'open');
    for (const name of importsOf.get(file)!) {
      const target = resolve(file, name);
      if (target) visit(target, [...path, file]);
    }
    state.set(file, 'done');
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test('foreign widgets have one owner', () => {
  const owners: Readonly<Record<string, RegExp>> = {
    cytoscape: /^src\/renderer\/canvas\//,
    'chart.js': /^src\/renderer\/charts\//,
    'node-sqlite3-wasm': /^src\/main\/services\/runs\/database/,
    katex: /^src\/renderer\/ui\//,
  };
  const faults: string[] = [];
  for (const [file, targets] of importsOf)
    for (const name of targets)
      for (const [library, owner] of Object.entries(owners))
        if ((name === library || name.startsWith(`${library}/`)) && !owner.test(file)) faults.push(`${file} → ${name}`);
  expect(faults).toEqual([]);
});

/** What a file says, without its comments. */
const codeOf = (file: string): string => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');

test('no operation knows a backend, no backend knows an operation', () => {
  const faults: string[] = [];
  eachImport((file, target) => {
    if (/^src\/engine\/backends\//.test(file) && /^src\/engine\/(ops|optimizers)\//.test(target))
      faults.push(`${file} → ${target}`);
  });
  // Expressions have additions and exponentials too; those a backend must know.
  const expressions = new Set([...Object.keys(applyUnary), ...Object.keys(applyBinary), 'constant', 'sum', 'max']);
  const names = [...ops.keys()].filter((name) => !expressions.has(name) && name !== 'input' && name !== 'parameter');
  for (const file of files) {
    const code = codeOf(file);
    if (file.startsWith('src/engine/backends/'))
      for (const name of names) if (code.includes(`'${name}'`)) faults.push(`${file} names '${name}'`);
    if (file.startsWith('src/engine/ops/') && /wasm|webassembly|wgsl|webgpu|simd/i.test(code))
      faults.push(`${file} names a backend`);
  }
  expect(faults).toEqual([]);
});

/** Files that compare names to find words for them. */
const aboutWords: Readonly<Record<string, string>> = {
  'src/engine/compile/formula/write.ts': 'sums within sums are written without brackets',
  'src/engine/train/diagnosis/weights.ts': "'no activation' instead of 'identity'",
  'src/engine/train/cause.ts': 'which sentence tells of a slope that is infinite',
  'src/engine/train/diagnosis/broken.ts': 'cures that redraw a piece: a divisor, a logarithm of a softmax',
  'src/main/services/runs/summary.ts': 'nothing instead of identity',
};

test('what is done with a drawing depends on what its operations say of themselves, not on their names', () => {
  const faults: string[] = [];
  // Sources are what a drawing is fed by; their roles have names of their own.
  const names = [...ops.values()].filter((op) => op.kind !== 'source').map((op) => op.name);
  const compared = new RegExp(`\\b(op|op\\.name|activation)\\s*[!=]==\\s*'(${names.join('|')})'`, 'g');
  const listed = new RegExp(`\\['(${names.join('|')})'(, '[a-z-]+')*\\](\\.includes|\\))`, 'g');
  for (const file of files)
    if (/^src\/(engine\/(compile|export|train)|main|renderer\/(run|editor|panels))\//.test(file))
      for (const [found] of [...codeOf(file).matchAll(compared), ...codeOf(file).matchAll(listed)])
        if (!(file in aboutWords)) faults.push(`${file}: ${found}`);
  expect(faults).toEqual([]);
});
