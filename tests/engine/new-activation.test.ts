/**
 * The guide for a new activation, followed to the letter in a copy of the engine: a file of about ten lines, the diff of
 * the list as it is printed, and the tables of all operations take it and pass.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../support/built';

const guide = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const diff = /## An activation[\s\S]*?```diff\n([\s\S]*?)```/.exec(guide)![1]!;

/** As a newcomer would write it, in the form of the guide's file. */
const GAUSSIAN = `import { exp, mul, neg } from '../ir/expr';
import { unaryFunction } from './make';

/** e^−x²: a bump around 0. */
export const gaussian = unaryFunction({
  name: 'gaussian',
  title: 'Gaussian',
  about: 'A bump: 1 at 0, and less the further the input is away.',
  glyph: '∩',
  value: (x) => exp(neg(mul(x, x))),
  derivative: (x, y) => mul(-2, mul(x, y)),
  formula: (x) => \`e^{-\${x}^{2}}\`,
  onnx: null,
});
`;

test('the guide followed for a new activation, in a copy of the engine: all tables of operations take it and pass', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-new-op-'));
  try {
    for (const part of ['src/engine', 'tests/support', 'tests/engine/conformance.test.ts', 'tests/engine/gradients.test.ts'])
      cpSync(join(root, part), join(folder, part), { recursive: true });
    for (const part of ['package.json', 'tsconfig.base.json']) cpSync(join(root, part), join(folder, part));
    symlinkSync(realpathSync(join(root, 'node_modules')), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'src/engine/ops/gaussian.ts'), GAUSSIAN);

    // The diff as it is printed, with the new name.
    const [, ...lines] = diff.trimEnd().split('\n');
    const at = lines.findIndex((line) => line.startsWith(' '));
    const context = lines[at]!.slice(1);
    const added = (from: number, to?: number): string[] =>
      lines.slice(from, to).map((line) => line.slice(1).replaceAll('elu', 'gaussian'));
    const path = join(folder, 'src/engine/ops/index.ts');
    const list = readFileSync(path, 'utf8');
    expect(list.split(context)).toHaveLength(2);
    writeFileSync(path, list.replace(context, [...added(0, at), context, ...added(at + 1)].join('\n')));

    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const report = join(folder, 'report.json');
    const files = ['tests/engine/conformance.test.ts', 'tests/engine/gradients.test.ts'];
    await promisify(execFile)(
      process.execPath,
      [
        vitest,
        'run',
        '--root',
        folder,
        '--testTimeout=60000',
        '--reporter=json',
        `--outputFile=${report}`,
        '-t',
        '(^| )gaussian( |$)',
        ...files,
      ],
      { env: { ...process.env, VITEST: '', NODE_OPTIONS: '' } },
    );
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
    expect(numFailedTests).toBe(0);
    // Its gradient in six shapes with and without a batch, and value, batch of one and extremes on each backend.
    expect(numPassedTests).toBeGreaterThanOrEqual(12 + 3);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);
