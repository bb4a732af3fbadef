/** The end of the test command: whatever fails, and however, is named there with what it said. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failedBlock, type Report } from './summary.mjs';

const here = 'tests/runner';

/** Runs the unruly tests with a reporter of ours, in a process of their own. */
async function reportOf(args: readonly string[]): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-runner-'));
  const file = join(folder, 'report.json');
  try {
    // Nothing of the run around this test may reach the one inside.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_OPTIONS)/.test(name)));
    const child = spawn('npx', [...args], { env: { ...env, CHAINRULE_TEST_REPORT: file }, stdio: 'ignore' });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(code).toBe(1);
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('unit tests: a failure, a broken hook, a file that cannot be read, and an error outside are each named', async () => {
  const report = await reportOf(['vitest', 'run', '--config', `${here}/unruly/vitest.config.ts`]);
  expect(report.passed).toBe(2);
  const failures = report.failures.map(({ part, name, error }) => [part, name, error.split('\n')[0]]);
  expect(failures).toHaveLength(4);
  expect(failures).toContainEqual([
    `${here}/unruly/unruly.case.ts`,
    'is wrong',
    'AssertionError: one is two: expected 1 to be 2 // Object.is equality',
  ]);
  expect(failures).toContainEqual([`${here}/unruly/unruly.case.ts`, 'with a hook that breaks', 'Error: no ground to stand on']);
  expect(failures).toContainEqual([`${here}/unruly/unreadable.case.ts`, '(the file itself)', 'Error: this file cannot be read']);
  expect(failures).toContainEqual(['unit tests', '(outside any test)', 'Error: nobody waited for this']);
});

test('end-to-end tests: a failure is named', async () => {
  const report = await reportOf(['playwright', 'test', '--config', `${here}/unruly/playwright.config.ts`]);
  expect(report.passed).toBe(1);
  expect(report.failures).toHaveLength(1);
  expect(report.failures[0]).toMatchObject({ part: `${here}/unruly/unruly.e2e.ts`, name: 'in a group › is wrong' });
  expect(report.failures[0]!.error).toContain('one is two');
});

test('the block at the end has room for some lines of each, and never more than its limit', () => {
  const failure = (n: number) => ({
    part: `tests/${n}.test.ts`,
    name: `is ${n}`,
    error: `\u001b[31mError\u001b[39m: ${n}\n\n  at a\n`.repeat(9),
  });
  const block = (count: number, limit?: number): readonly string[] =>
    failedBlock(
      Array.from({ length: count }, (_, n) => failure(n)),
      limit,
    ).split('\n');

  expect(failedBlock([])).toBe('');
  expect(block(1).slice(0, 4)).toEqual(['Failed (1):', '✘ tests/0.test.ts › is 0', '    Error: 0', '      at a']);
  for (const count of [1, 5, 20, 58, 59, 500]) expect(block(count).length, `${count} failures`).toBeLessThanOrEqual(60);
  expect(block(20)).toContain('✘ tests/19.test.ts › is 19');
  expect(block(500).at(-1)).toBe('and 442 more');
});
