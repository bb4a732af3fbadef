/**
 * Generated modules as text: every instruction of every kind of module has its line, parentheses close, and
 * a small kernel reads like its formula. (An assembler made the same bytes of these texts when they were
 * written; it is not among the packages.)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { emit } from '../../../src/engine/backends/wasm/emit';
import type { Layout } from '../../../src/engine/backends/wasm/layout';
import { moduleText } from '../../../src/engine/backends/wasm/text';
import { type Detail, prepare, programOf } from '../../../src/engine/compile/program';
import { parseProject } from '../../../src/engine/graph/project-file';
import type { Project } from '../../../src/engine/graph/project';
import { randomDrawing } from '../../support/random-drawing';

function textOf(project: Project, detail: Detail, { fma = false, threads = 1, batch = 16 } = {}): string {
  const program = programOf(prepare(project, null), detail, batch);
  const code = emit(program, { backend: 'wasm', title: '', fma, limits: { threads } });
  if (code.kind !== 'wasm') throw new Error('Not WebAssembly.');
  return moduleText(code.bytes, code.layout as Layout);
}

function expectClosed(text: string, what: string): void {
  let depth = 0;
  const code = text.replace(/;;.*$/gm, '').replace(/\(;\d+;\)/g, '');
  for (const [at, character] of [...code].entries()) {
    if (character === '(') depth++;
    else if (character === ')') depth--;
    if (depth === 0) expect(code.slice(at + 1).trim(), what).toBe('');
  }
  expect(depth, what).toBe(0);
  expect(text, what).not.toContain('undefined');
}

const example = (name: string): Project => {
  const parsed = parseProject(readFileSync(`resources/examples/${name}`, 'utf8'));
  if (!parsed.ok) throw new Error(name);
  return parsed.value;
};

test('a small kernel reads like its formula, with the names of what it reads and writes', () => {
  const text = textOf(example('10-chain-rule.chainrule'), 'forward', { batch: 256 });
  for (const line of [
    '(local.set 5 (local.tee 4 (f32x4.sub (local.get 2) (v128.load32_splat offset=2072 (i32.const 0))))) ;; v:c',
    '(local.set 6 (f32x4.mul (local.get 4) (local.get 4)))',
    '(v128.store32_lane offset=2092 0 (i32.const 0) (local.get 6))) ;; v:l',
    ';;     2092  v:l [1]',
    '(import "host" "memory" (memory 4))',
  ])
    expect(text).toContain(line);
  expect(text).toMatch(/\(func \(;\d+;\) \(export "run"\) \(param i32 i32 i32 i32\)/);
});

test('every example has a text, for every purpose and every processor', () => {
  for (const name of readdirSync('resources/examples'))
    for (const detail of ['fused', 'forward', 'every-edge'] as const)
      for (const fma of [false, true]) expectClosed(textOf(example(name), detail, { fma }), `${name} ${detail}`);
});

test('random drawings and modules for several threads have one too', () => {
  for (let seed = 0; seed < 40; seed++) expectClosed(textOf(randomDrawing(seed, 'adam').project, 'fused'), `seed ${seed}`);
  const shared = textOf(example('07-digits.chainrule'), 'fused', { threads: 4, batch: 4000 });
  expectClosed(shared, 'threads');
  expect(shared).toContain('memory.atomic.wait32');
  expect(shared).toMatch(/\(memory \d+ 65536 shared\)/);
});
