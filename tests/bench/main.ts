/**
 * The bench: `npm run bench -- [engine] [window] [--workloads W1,W2] [--quick] [--without-rivals] [--json FILE]
 * [--markdown FILE]`, or `peers --harness FOLDER`. Prints ratios that were measured side by side in this run, with what they must reach; ends
 * with 1 when one does not. `reference` makes reference.json again, the float64 losses that prove equal work.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { enginePart, type EngineReport } from './engine-part';
import { type Figure, markdownTable, printTable, verdictOf } from './figures';
import { peersPart } from './peers-part';
import { windowPart } from './window-part';
import { check64, workloads } from './workloads';

const here = import.meta.dirname;
const PARTS = ['engine', 'window', 'all', 'reference', 'peers'];
/** A machine whose speed moved more than this between start and end was busy. */
const STEADY = 0.1;

const say = (line: string): void => console.error(line);

/** The rivals' libraries are no part of the product: they have a folder of their own. */
function installRivals(): boolean {
  // npm writes this file last: without it an installation was broken off.
  if (existsSync(join(here, 'node_modules/.package-lock.json'))) return true;
  say('Installing the rivals (once)');
  const args = ['ci', '--prefix', here, '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
  if (status !== 0) say('The rivals could not be installed; the engine is measured alone.');
  return status === 0;
}

/** Between these lines of a document the figures stand; a file without them is written anew. */
const [FIGURES, END] = ['<!-- figures of npm run bench -->', '<!-- end of the figures -->'];

function writeMarkdown(path: string, text: string): void {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [from, to] = [before.indexOf(FIGURES), before.indexOf(END)];
  const placed = from >= 0 && to > from;
  writeFileSync(path, placed ? `${before.slice(0, from)}${FIGURES}\n\n${text}\n${before.slice(to)}` : text);
}

function makeReference(): void {
  const all = Object.entries(workloads).map(([name, w]) => {
    say(name);
    return [name, { cycled: check64(w, false), first: check64(w, true) }];
  });
  writeFileSync(join(here, 'reference.json'), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}

/** `load` imports a module that is none of ours, as Node does. */
export async function main(given: readonly string[], load: (url: string) => Promise<unknown>): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      workloads: { type: 'string', default: Object.keys(workloads).join() },
      quick: { type: 'boolean', default: false },
      'without-rivals': { type: 'boolean', default: false },
      json: { type: 'string' },
      markdown: { type: 'string' },
      harness: { type: 'string' },
    },
  });
  const names = values.workloads.split(',').filter((name) => name !== '');
  const wrong = [...positionals.filter((part) => !PARTS.includes(part)), ...names.filter((name) => !(name in workloads))];
  if (wrong.length > 0) {
    say(`There is no '${wrong[0]}'. Parts: ${PARTS.join(', ')}. Workloads: ${Object.keys(workloads).join(', ')}.`);
    return 2;
  }
  if (positionals.includes('reference')) {
    makeReference();
    return 0;
  }
  if (positionals.includes('peers')) {
    if (values.harness === undefined) {
      say('Which harness? --harness FOLDER names the folder of one that has src/harness.mjs and reference.json.');
      return 2;
    }
    return peersPart(values.harness, names, load);
  }
  const wants = (part: string): boolean => positionals.length === 0 || positionals.includes('all') || positionals.includes(part);
  const figures: Figure[] = [];
  let engine: EngineReport | null = null;
  if (wants('engine')) {
    const withRivals = !values['without-rivals'] && installRivals();
    engine = await enginePart({ workloads: names, quick: values.quick, withRivals, say });
    figures.push(...engine.figures);
  }
  if (wants('window')) figures.push(...(await windowPart(values.quick, say)));

  const moved = engine ? Math.abs(engine.calibration[1] / engine.calibration[0] - 1) : 0;
  const about = engine
    ? `${engine.machine}\nMultiply-add loop: ${engine.calibration.map((g) => g.toFixed(1)).join(' GFLOP/s at the start, ')} at the end${moved > STEADY ? '. NOISY: repeat when the machine is quiet' : ''}`
    : '';
  console.log(`${about}\n${printTable(figures)}`);
  const judged = figures.map((f) => ({ ...f, verdict: verdictOf(f) }));
  const count = (verdict: string): number => judged.filter((f) => f.verdict === verdict).length;
  const missed = count('MISS');
  console.log(
    `\n${count('aim') + count('pass')} reached (${count('aim')} the aim), ${missed} missed, ${count('not measured')} not measured`,
  );
  if (values.json !== undefined) {
    const report = {
      when: new Date().toISOString(),
      machine: engine?.machine ?? null,
      calibration: engine?.calibration ?? null,
      noisy: moved > STEADY,
      figures: judged,
    };
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (values.markdown !== undefined) writeMarkdown(values.markdown, `${about}\n\n${markdownTable(figures)}\n`);
  return missed > 0 ? 1 : 0;
}
