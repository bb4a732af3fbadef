/** The end of the test command: whatever fails, and however, is named there with what it said. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { counted, stage } from './parts.mjs';
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

test('a part that breaks, never ends, or leaves no report or a torn one is a failure with a name', async () => {
  const of = async (script: string, limit = 1) => {
    const { passed, failures } = await counted(process.execPath, ['-e', script], { limit, patience: 0.001 });
    return [passed, failures.map(({ name }) => name)];
  };
  const report = (text: string): string => `require('fs').writeFileSync(process.env.CHAINRULE_TEST_REPORT, '${text}');`;
  const failed = report('{"passed":2,"failures":[{"part":"p","name":"is wrong","error":"e"}]}');
  expect(await of(report('{"passed":3,"failures":[]}'))).toEqual([3, []]);
  expect(await of(`${failed} process.exit(1)`)).toEqual([2, ['is wrong']]);
  expect(await of(`${report('{"passed":3,"failures":[]}')} process.exit(1)`)).toEqual([3, ['ended with 1']]);
  expect(await of("process.kill(process.pid, 'SIGKILL')")).toEqual([0, ['ended with SIGKILL', 'left no report']]);
  expect(await of(report('{"passed":'))).toEqual([0, ['left a report that cannot be read']]);
  const deaf = "process.on('SIGINT', () => {}); setInterval(() => {}, 1000);";
  expect(await of(deaf, 0.01)).toEqual([0, ['did not end within 0.01 minutes', 'left no report']]);
  expect(await stage('no-such-command', [], { limit: 1 })).toMatchObject({
    passed: 0,
    failures: [{ part: 'no-such-command', name: expect.stringContaining('could not be started') }],
  });
});

test.skipIf(process.platform === 'win32')(
  'the last line is there when the install fails, and when the test command is killed',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'chainrule-ci-'));
    const lastLine = (install: string, tests: string): string => {
      writeFileSync(join(folder, 'npm'), `#!/bin/sh\ncase $1 in ci) ${install};; test) ${tests};; esac\n`);
      chmodSync(join(folder, 'npm'), 0o755);
      const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` };
      const { stdout, status } = spawnSync('bash', ['.ci/run'], { env, encoding: 'utf8' });
      return `${status}: ${stdout.trimEnd().split('\n').at(-1)}`;
    };
    try {
      expect(lastLine('exit 1', 'echo "9 passed, 0 failed"')).toBe('1: 0 passed, 1 failed');
      expect(lastLine('exit 0', 'echo some; kill -9 $$')).toBe('137: 0 passed, 1 failed');
      expect(lastLine('exit 0', 'echo "8 passed, 1 failed"; exit 2')).toBe('2: 8 passed, 1 failed');
      expect(lastLine('exit 0', 'echo "9 passed, 0 failed"')).toBe('0: 9 passed, 0 failed');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
