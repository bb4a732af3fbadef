/** The check after an export of a Python program runs it in a Python of this machine, and says plainly where it could not. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import type { Exporter, Model } from '../../src/engine/export/exporter';
import { numpy, pytorch } from '../../src/engine/export/python';
import { sampleOf, verifyExport } from '../../src/engine/export/verify';
import { product } from '../../src/engine/ir/shape';
import { modelOf } from '../../src/main/services/exports';
import { runOnnx } from '../../src/main/services/onnx-runtime';
import { pythonOn } from '../../src/main/services/python-runtime';
import { drawing } from '../support/drawing';
import { pythonWith } from '../support/python';

const folder = mkdtempSync(join(tmpdir(), 'chainrule-pythons-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const project = drawing({
  second: ['input', {}, { shape: [2] }],
  x: ['input', {}, { shape: [3] }],
  t: ['target', {}, { shape: [2] }],
  both: ['concatenate', { a: 'x', b: 'second' }],
  hidden: ['dense', { x: 'both' }, { units: 4, activation: 'tanh' }],
  norm: ['batch-normalisation', { x: 'hidden' }],
  y: ['dense', { x: 'norm' }, { units: 2, activation: 'identity' }],
  l: ['mean-squared-error', { prediction: 'y', target: 't' }],
});
const model = (): Model => {
  const { program } = modelOf(project, {}, null);
  const weights = Object.fromEntries(
    program.parameters.map(({ key, shape }) => [
      key,
      { shape, data: Float32Array.from({ length: product(shape) }, (_, i) => 0.6 + 0.4 * Math.sin(1.7 * i + key.length)) },
    ]),
  );
  return modelOf(project, weights, null);
};

/** With the patience of a machine that does much else. */
const MINUTES = 240_000;
const here = pythonOn(process.env['PATH'] ?? '', MINUTES);

/** A Python that does what these lines of a shell say. */
function python(name: string, lines: string): string {
  const own = join(folder, name);
  mkdirSync(own);
  writeFileSync(join(own, 'python3'), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(own, 'python3'), 0o755);
  return own;
}

async function verified(exporter: Exporter, run = here, change: (program: string) => string = (text) => text) {
  const made = model();
  const files = unzipSync(exporter.write(made));
  const bytes = zipSync({ ...files, 'model.py': strToU8(change(new TextDecoder().decode(files['model.py']!))) });
  const width = 5;
  const x = Float32Array.from({ length: 12 * width }, (_, i) => Math.cos(2.3 * i));
  return verifyExport(exporter, bytes, made, await sampleOf(made, x, 12, width), { onnx: runOnnx, python: run });
}

describe.each([
  ['NumPy', numpy, 'numpy'],
  ['PyTorch', pytorch, 'torch'],
] as const)('a program for %s', (library, exporter, module) => {
  const present = pythonWith(module) !== null;

  test.skipIf(!present)('is run itself, and answers as the network does', { timeout: MINUTES }, async () => {
    const { passed, rows, ranBy, largestDifference } = await verified(exporter);
    expect({ passed, rows }).toEqual({ passed: true, rows: 12 });
    expect(ranBy).toMatch(new RegExp(`^Python 3[.\\d]+ with ${library} [\\w.]+, model.py itself$`));
    expect(largestDifference).toBeLessThan(1e-5);
  });

  // Once is enough: PyTorch takes long to load.
  test.skipIf(!present || module !== 'numpy')('that answers something else is found', { timeout: MINUTES }, async () => {
    const wrong = await verified(exporter, here, (text) => text.replaceAll('tanh', 'sin'));
    expect(wrong.passed).toBe(false);
    expect(wrong.largestDifference).toBeGreaterThan(1e-3);
  });

  test('that stops is found', async () => {
    const { passed, ranBy } = await verified(exporter, pythonOn(python(`stops-${module}`, "echo 'NameError: no' >&2; exit 1")));
    expect({ passed, ranBy }).toEqual({ passed: false, ranBy: 'the program stopped: NameError: no' });
  });

  test('that takes too long is said not to have been run', async () => {
    const { passed, ranBy } = await verified(exporter, pythonOn(python(`slow-${module}`, 'exec sleep 60'), 50));
    expect(passed).toBe(true);
    expect(ranBy).toMatch(/because Python took longer than 0\.05 seconds$/);
  });

  test('is said not to have been run where no Python has the library', async () => {
    const told = await verified(exporter, pythonOn(python(`bare-${module}`, 'exit 3')));
    expect(told.passed).toBe(true);
    expect(told.ranBy).toBe(
      `weights read back, run by the reference; the program itself was not run, because no Python on this machine has ${library}`,
    );
    expect((await verified(exporter, pythonOn(''))).ranBy).toMatch(/because there is no Python on this machine$/);
  });
});
