/**
 * Runs the parts of the test command. Whatever becomes of one (it crashes, it never ends, its report is torn) is
 * a failure with a name, and the parts after it run all the same.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @typedef {import('./summary.mjs').Failure} Failure */
/** @typedef {import('./summary.mjs').Report} Report */
/** @typedef {{ limit: number, env?: NodeJS.ProcessEnv, keep?: boolean, patience?: number }} Way limits in minutes */

const MINUTE = 60_000;
/** What runs now, to be ended with us. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/**
 * A whole group, since npx is only the first of several.
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function end(child, signal) {
  try {
    process.kill(-(/** @type {number} */ (child.pid)), signal);
  } catch {
    // It has ended by itself.
  }
}

export function endAll() {
  for (const child of running) end(child, 'SIGKILL');
}

/**
 * Null where all went well, else how it ended. With `keep` what it prints is returned instead of shown.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Way} way
 * @returns {Promise<{ fault: string | null, said: string }>}
 */
export function run(command, args, { limit, env = {}, keep = false, patience = 0.5 }) {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      stdio: ['ignore', keep ? 'pipe' : 'inherit', keep ? 'pipe' : 'inherit'],
      env: { ...process.env, ...env },
      detached: true,
    });
    running.add(child);
    let said = '';
    let late = false;
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (said += text));
    /** @type {NodeJS.Timeout[]} */
    const timers = [];
    timers.push(
      setTimeout(() => {
        late = true;
        // Test runners that are interrupted still report what they know.
        end(child, 'SIGINT');
        timers.push(setTimeout(() => end(child, 'SIGKILL'), patience * MINUTE));
      }, limit * MINUTE),
    );
    /** @param {string | null} fault */
    const done = (fault) => {
      for (const timer of timers) clearTimeout(timer);
      // What it started and left behind would keep its pipes open and disturb the next part.
      end(child, 'SIGKILL');
      running.delete(child);
      resolve({ fault: late ? `did not end within ${limit} minutes` : fault, said });
    };
    child.once('error', (error) => done(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      // Its last words may still be on their way.
      const fault = code === 0 ? null : `ended with ${code ?? signal}`;
      if (keep) child.once('close', () => done(fault));
      else done(fault);
      if (keep) timers.push(setTimeout(() => end(child, 'SIGKILL'), 5000));
    });
  });
}

/** @param {string} command @param {readonly string[]} args */
const nameOf = (command, args) => [command, ...args].join(' ');

/**
 * A part that counts as one test. What it printed is kept for the end, if it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Way} way
 * @returns {Promise<Report>}
 */
export async function stage(command, args, way) {
  const part = nameOf(command, args);
  const { fault, said } = await run(command, args, { ...way, keep: true });
  console.log(`\n▶ ${part}\n${said}`);
  return fault === null ? { passed: 1, failures: [] } : { passed: 0, failures: [{ part, name: fault, error: said }] };
}

/**
 * A part whose own reporter says how many tests there were, and which failed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Way} way
 * @returns {Promise<Report>}
 */
export async function counted(command, args, way) {
  const part = nameOf(command, args);
  console.log(`\n▶ ${part}`);
  const file = join(mkdtempSync(join(tmpdir(), 'chainrule-tests-')), 'report.json');
  const { fault } = await run(command, args, { ...way, env: { ...way.env, CHAINRULE_TEST_REPORT: file } });
  /** @type {Report} */
  let report = { passed: 0, failures: [] };
  /** @type {Failure[]} */
  const own = [];
  try {
    if (existsSync(file)) report = JSON.parse(readFileSync(file, 'utf8'));
    else own.push({ part, name: 'left no report', error: 'See what it printed above.' });
  } catch (error) {
    own.push({ part, name: 'left a report that cannot be read', error: String(error) });
  }
  if (fault !== null && (report.failures.length === 0 || fault.startsWith('did not')))
    own.unshift({ part, name: fault, error: 'See what it printed above.' });
  return { passed: report.passed, failures: [...report.failures, ...own] };
}
