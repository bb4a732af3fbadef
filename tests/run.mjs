/**
 * The whole test command: sets a machine up (a Chromium where none is found, NumPy and PyTorch for the
 * checks of exports), then type checks, lint, build, unit tests, end-to-end tests. Stops at nothing, counts
 * everything, and ends with one line: "N passed, N failed".
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const reports = mkdtempSync(join(tmpdir(), 'chainrule-tests-'));
let passed = 0;
let failed = 0;

const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

function run(command, args, env = {}) {
  console.log(`\n▶ ${command} ${args.join(' ')}`);
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;
}

/** A stage that counts as one test. */
function stage(command, args) {
  if (run(command, args)) passed++;
  else failed++;
}

/** A stage whose own report says how many tests there were. */
function counted(command, args, report, read, env) {
  const ok = run(command, args, env);
  if (!existsSync(report)) {
    failed++;
    return;
  }
  const counts = read(JSON.parse(readFileSync(report, 'utf8')));
  passed += counts.passed;
  failed += counts.failed;
  if (!ok && counts.failed === 0) failed++;
}

function setUp() {
  const debian = has('apt-get') && process.getuid?.() === 0;
  const packages = [];
  if (!has('chromium') && !has('chromium-browser') && !has('google-chrome')) packages.push('chromium');
  const python = (module) => spawnSync('/usr/bin/python3', ['-c', `import ${module}`]).status === 0;
  if (!python('numpy')) packages.push('python3-numpy');
  if (process.env.CI && !python('torch')) packages.push('python3-torch');
  if (packages.length === 0) return;
  if (debian) {
    run('apt-get', ['update', '-qq']);
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    if (!run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet))
      console.log(`Could not install ${packages.join(', ')}; tests that need them are skipped with a plain line, or fail.`);
  } else if (packages.includes('chromium')) run('npx', ['playwright', 'install', 'chromium']);
}

setUp();
stage('npm', ['run', '--silent', 'check']);
stage('npm', ['run', '--silent', 'lint']);
stage('npm', ['run', '--silent', 'build']);

const unit = join(reports, 'unit.json');
counted('npx', ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${unit}`], unit, (report) => ({
  passed: report.numPassedTests,
  failed: report.numFailedTests,
}));

const e2e = join(reports, 'e2e.json');
counted('npx', ['playwright', 'test'], e2e, ({ stats }) => ({ passed: stats.expected + stats.flaky, failed: stats.unexpected }), {
  PLAYWRIGHT_JSON_OUTPUT_NAME: e2e,
});

console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
