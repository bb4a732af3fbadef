/**
 * The packaging configuration: valid for electron-builder, with the fuses set and everything in it that
 * the program reads at run time. (Packages themselves need Electron's runtime, which not every machine has.)
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { root } from '../support/built';

interface Config {
  readonly files: readonly string[];
  readonly asarUnpack: readonly string[];
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly fileAssociations: readonly { readonly ext: string }[];
  readonly linux: { readonly target: readonly string[]; readonly icon: string };
  readonly win: { readonly target: readonly string[] };
  readonly mac: { readonly target: readonly string[] };
}

const require = createRequire(join(root, 'node_modules/electron-builder/package.json'));
let config: Config;
beforeAll(() => {
  const yaml = createRequire(require.resolve('app-builder-lib/package.json'))('js-yaml') as { load(text: string): unknown };
  config = yaml.load(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as Config;
});

test('is valid for electron-builder', async () => {
  const path = join(require.resolve('app-builder-lib/package.json'), '..', 'out/util/config/config.js');
  const { validateConfiguration } = require(path) as { validateConfiguration(config: unknown, log: unknown): Promise<void> };
  await validateConfiguration(config, { isEnabled: false, add: () => undefined });
  await expect(
    validateConfiguration({ ...config, electronFuse: {} }, { isEnabled: false, add: () => undefined }),
  ).rejects.toThrow();
});

test('makes packages for three systems, which open project files', () => {
  expect([config.linux.target, config.win.target, config.mac.target]).toEqual([['AppImage', 'deb'], ['nsis'], ['dmg']]);
  expect(config.fileAssociations.map((a) => a.ext)).toEqual(['chainrule']);
});

test('sets the fuses', () => {
  expect(config.electronFuses).toMatchObject({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  });
});

test('has an icon that is large enough for all of them', () => {
  const png = readFileSync(join(root, 'resources', config.linux.icon));
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1024, 1024]);
});

test('packs what ONNX Runtime loads in Node, and not its other hundred megabytes', () => {
  const left = config.files.filter((pattern) => pattern.startsWith('!node_modules/onnxruntime-web/dist/'));
  expect(left.length).toBeGreaterThan(0);
  for (const name of ['ort.node.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm']) {
    expect(statSync(join(root, 'node_modules/onnxruntime-web/dist', name)).isFile()).toBe(true);
    for (const pattern of left)
      expect(matches(pattern.slice(1), `node_modules/onnxruntime-web/dist/${name}`), pattern).toBe(false);
  }
  expect(
    left.some((pattern) => matches(pattern.slice(1), 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jsep.wasm')),
  ).toBe(true);
  expect(left.some((pattern) => matches(pattern.slice(1), 'node_modules/onnxruntime-web/dist/ort.all.min.js'))).toBe(true);
});

test('unpacks what is loaded by path: the builds of WebAssembly', () => {
  for (const name of ['onnxruntime-web/dist/ort-wasm-simd-threaded.wasm', 'node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm']) {
    expect(statSync(join(root, 'node_modules', name)).isFile()).toBe(true);
    expect(
      config.asarUnpack.some((pattern) => matches(pattern, `node_modules/${name}`)),
      name,
    ).toBe(true);
  }
});

test('main is where package.json says, and its libraries are dependencies, not tools', () => {
  const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    main: string;
    dependencies: Record<string, string>;
  };
  expect(about.main).toBe('out/main/electron.js');
  expect(existsSync(join(root, 'src/main/electron/index.ts'))).toBe(true);
  for (const name of ['electron-log', 'papaparse', 'valibot', 'ws', 'open', 'onnxruntime-web', 'node-sqlite3-wasm'])
    expect(about.dependencies).toHaveProperty(name);
});

/** Glob with `*`, `**` and `{a,b}`, as far as the configuration uses them. */
function matches(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(/\{([^}]*)\}/g, (_all, names: string) => `(?:${names.split(',').join('|')})`)
    .replace(/\*\*/g, '\u0000')
    .replace(/\*/g, '[^/]*')
    .replaceAll('\u0000', '.*');
  return new RegExp(`^${source}$`).test(path);
}
