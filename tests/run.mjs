/**
 * The whole test command: sets a machine up (a Chromium where none is found, NumPy and PyTorch for the
 * checks of exports), then type checks, lint, build, unit tests, end-to-end tests. Stops at nothing, counts
 * everything, names what failed, and ends with one line: "N passed, N failed".
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failedBlock } from './runner/summary.mjs';

const reports = mkdtempSync(join(tmpdir(), 'chainrule-tests-'));
let passed = 0;
let parts = 0;
/** @type {import('./runner/summary.mjs').Failure[]} */
const failures = [];

const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

function run(command, args, env = {}) {
  console.log(`\n▶ ${command} ${args.join(' ')}`);
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;
}

/** A stage that counts as one test. What it printed is kept for the end, if it fails. */
async function stage(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const [status] = await once(child, 'close');
  const name = [command, ...args].join(' ');
  console.log(`\n▶ ${name}\n${said}`);
  if (status === 0) passed++;
  else failures.push({ part: name, name: `ended with ${status}`, error: said });
}

/** A stage whose own reporter says how many tests there were, and which failed. */
function counted(command, args) {
  const file = join(reports, `${++parts}.json`);
  const ok = run(command, args, { CHAINRULE_TEST_REPORT: file });
  /** @type {import('./runner/summary.mjs').Report} */
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failures: [] };
  passed += report.passed;
  failures.push(...report.failures);
  if (!ok && report.failures.length === 0)
    failures.push({ part: args[0], name: 'ended with an error though no test failed', error: 'See what it printed above.' });
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
// None of these three needs another's outcome.
await Promise.all(['check', 'lint', 'build'].map((script) => stage('npm', ['run', '--silent', script])));

counted('npx', ['vitest', 'run', '--reporter=default', '--reporter=./tests/runner/vitest-reporter.ts']);
const endToEnd = ['playwright', 'test', '--reporter=list,./tests/runner/playwright-reporter.ts'];
counted('npx', [...endToEnd, '--project=alone']);
counted('npx', [...endToEnd, '--project=together']);

const failed = failures.length;
if (failed > 0) console.log(`\n${failedBlock(failures)}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
