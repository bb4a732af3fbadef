/**
 * The whole test command: sets a machine up (a Chromium where none is found, NumPy and PyTorch for the
 * checks of exports), then type checks, lint, build, unit tests, end-to-end tests. Stops at nothing, counts
 * everything, names what failed, and ends with one line: "N passed, N failed", also when it is interrupted.
 * It exits with 0 or 2 after that line, with anything else only where it could not say it.
 */
import { spawnSync } from 'node:child_process';
import { counted, endAll, run, stage } from './runner/parts.mjs';
import { failedBlock } from './runner/summary.mjs';

let passed = 0;
/** @type {import('./runner/summary.mjs').Failure[]} */
const failures = [];

/** @param {import('./runner/summary.mjs').Report} report */
function add(report) {
  passed += report.passed;
  failures.push(...report.failures);
}

function conclude() {
  endAll();
  const failed = failures.length;
  if (failed > 0) console.log(`\n${failedBlock(failures)}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 2);
}
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.once(signal, () => {
    failures.push({
      part: 'the test command',
      name: `was ended from outside (${signal})`,
      error: 'What came after did not run.',
    });
    conclude();
  });

/** @param {string} command */
const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

async function setUp() {
  const debian = has('apt-get') && process.getuid?.() === 0;
  /** @type {string[]} */
  const packages = [];
  if (!has('chromium') && !has('chromium-browser') && !has('google-chrome')) packages.push('chromium');
  /** @param {string} module */
  const python = (module) => spawnSync('/usr/bin/python3', ['-c', `import ${module}`]).status === 0;
  if (!python('numpy')) packages.push('python3-numpy');
  if (process.env.CI && !python('torch')) packages.push('python3-torch');
  if (packages.length === 0) return;
  const way = { limit: 15, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  if (debian) {
    await run('apt-get', ['update', '-qq'], way);
    const { fault } = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], way);
    if (fault !== null)
      console.log(`Could not install ${packages.join(', ')}; tests that need them are skipped with a plain line, or fail.`);
  } else if (packages.includes('chromium')) await run('npx', ['playwright', 'install', 'chromium'], way);
}

try {
  await setUp();
  // None of these three needs another's outcome.
  const stages = ['check', 'lint', 'build'].map((script) => stage('npm', ['run', '--silent', script], { limit: 10 }));
  for (const report of await Promise.all(stages)) add(report);

  add(
    await counted('npx', ['vitest', 'run', '--reporter=default', '--reporter=./tests/runner/vitest-reporter.ts'], { limit: 30 }),
  );
  const endToEnd = ['playwright', 'test', '--reporter=list,./tests/runner/playwright-reporter.ts'];
  add(await counted('npx', [...endToEnd, '--project=alone'], { limit: 5 }));
  add(await counted('npx', [...endToEnd, '--project=together'], { limit: 45 }));
} catch (error) {
  failures.push({
    part: 'the test command',
    name: 'broke',
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
}
conclude();
