/**
 * The command line's words. Each command is a function in a file of its own; here are their arguments, and
 * what an exit status means: 0 done, 1 a check failed or training diverged, 2 bad usage or bad input.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exporters } from '../../engine/export/index';
import { EPOCH_LIMIT, STOP_LIMITS } from '../../engine/graph/training-file';
import { activations } from '../../engine/ops/activations';
import { version } from '../services/folders';
import { Refusal } from '../services/refusal';
import { asRefusal } from '../services/datasets';
import { check } from './check';
import { explain } from './explain';
import { exportProject } from './export';
import { inspect } from './inspect';
import type { Io, Status } from './io';
import { newProject } from './new';
import { deleteRuns, exportRun, listRuns, showRun } from './runs';
import { serve } from './serve';
import { step } from './step';
import { sweep } from './sweep';
import { train } from './train';

const BACKENDS = ['auto', 'webgpu', 'wasm', 'reference', 'reproducible'] as const;
const TASKS = ['auto', 'regression', 'binary', 'multiclass'] as const;
const SEEDS = 2 ** 32 - 1;
const SOURCES =
  'CSV, TSV, NumPy or IDX file (packed ones too), folder or zip of pictures, toy:NAME, formula:TEXT, a project, or - for a table on standard input';

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    return value;
  };

const numberFrom =
  (fits: (value: number) => boolean, sentence: string) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || !fits(value)) throw new InvalidArgumentError(sentence);
    return value;
  };
const positive = numberFrom((value) => value > 0, 'Give a number above 0, such as 0.01.');
const between = ([least, most]: readonly [number, number], sentence: string) =>
  numberFrom((value) => value >= least && value <= most, sentence);
/** What a file may hold: the project is saved with these rules. */
const change = between(STOP_LIMITS.change, 'Give a number that is not below 0 and at most 1e30, such as 0.001.');
const targetLoss = between(STOP_LIMITS.loss, 'Give a number from -1e30 to 1e30, such as 0.1.');
const seconds = between(STOP_LIMITS.seconds, 'Give a number from 0.1 to 10000000, such as 60.');
const share = numberFrom((value) => value > 0 && value <= 1, 'Give a share of the rows above 0 and up to 1: 0.95 is 95 %.');

function layers(text: string): readonly number[] {
  if (text === '' || text === '0' || text === 'none') return [];
  return text.split(',').map((part) => whole(1, 65_536)(part.trim()));
}

/** Runs one command and returns the exit status. Never throws for what a user did. */
export async function runCli(argv: readonly string[], io: Io): Promise<0 | 1 | 2> {
  let status: Status = 0;
  const program = new Command('chainrule')
    .description('Draw a neural network, train it, step through its backpropagation, take the weights away.')
    .version(version, '-V, --version')
    .showHelpAfterError('(see chainrule --help)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) });

  const command = (name: string, about: string): Command =>
    program.command(name).description(about).option('--json', 'one JSON object a line on stdout').exitOverride();
  const backendOption = (): Option => new Option('--backend <name>', 'what computes').choices(BACKENDS).default('auto');

  command('new', 'draw a network that fits data')
    .requiredOption('--data <source>', SOURCES)
    .option('--target <column>', 'column to predict; for a table it is needed')
    .addOption(new Option('--task <task>', 'kind of target').choices(TASKS).default('auto'))
    .option('--hidden <sizes>', 'neurons of the hidden layers, such as 32,16 (none: a linear model)', layers)
    .option('--activation <name>', `activation of the hidden layers: ${activations.map((a) => a.name).join(', ')}`, 'relu')
    .requiredOption('--out <file>', 'project file to write')
    .action(async (options) => {
      status = await newProject(io, options);
    });
  command('inspect <file>', 'list nodes, shapes, parameters and problems').action(async (file, options) => {
    status = await inspect(io, file, options);
  });
  command('train <file>', 'train the network')
    .option('--data <source>', `instead of the project’s own data: ${SOURCES}`)
    .option('--epochs <count>', 'passes over the training rows', whole(1, EPOCH_LIMIT))
    .option('--batch <rows>', 'rows of a batch', whole(1, 1e6))
    .option('--rate <number>', 'learning rate', positive)
    .addOption(backendOption())
    .option('--seed <number>', 'start anew from this seed', whole(0, SEEDS))
    .option('--patience <epochs>', 'stop when the validation loss has not improved for so many epochs', whole(1, 1e7))
    .option('--change <loss>', 'with --patience: a loss only counts as better when it is smaller by more than this', change)
    .option('--plateau <epochs>', 'stop when the training loss has hardly fallen in so many epochs', whole(1, 1e7))
    .option('--until-loss <loss>', 'stop when the loss is that small', targetLoss)
    .option('--until-accuracy <share>', 'stop when that share of the rows is right, such as 0.95', share)
    .option('--seconds <number>', 'stop after so many seconds', seconds)
    .option('--no-stop', 'leave out the project’s own rules for stopping early')
    .option(
      '--folds <count>',
      'cross-validation: train once for each of so many parts of the rows, held back in turn',
      whole(2, 100),
    )
    .option('--threads <count>', 'with --folds: threads that train; as many as there are cores by default', whole(1, 256))
    .option('--save <file>', 'write the project with its trained numbers')
    .option('--no-keep', 'do not put this run into the history')
    .action(async (file, options) => {
      status = await train(io, file, options);
    });
  command('step <file>', 'walk through one iteration: forward, loss, backward, update')
    .option('--sample <row>', 'row of the data, counted from 0', whole(0, SEEDS), 0)
    .action(async (file, options) => {
      status = await step(io, file, options);
    });
  command('check <file>', 'compare gradients with finite differences, and backends with each other').action(
    async (file, options) => {
      status = await check(io, file, options);
    },
  );
  command('export <file>', 'write the trained network for other programs, and verify it')
    .addOption(new Option('--format <format>', 'kind of file').choices(exporters.map((e) => e.name)).makeOptionMandatory())
    .requiredOption('--out <path>', 'file to write')
    .action(async (file, options) => {
      status = await exportProject(io, file, options);
    });
  command('explain <file>', 'print the plan and the generated code')
    .addOption(backendOption())
    .action(async (file, options) => {
      status = await explain(io, file, options);
    });
  command('sweep <file>', 'train variants of a network on all cores; the same words again go on with an unfinished one')
    .option(
      '--over <setting=values>',
      'a setting and its values, such as rate=0.1,0.01 or seed=1..5 or rate=0.001..1*4; may be given several times',
      (text: string, all: readonly string[] = []) => [...all, text],
    )
    .option('--folds <count>', 'cross-validation: each of so many parts of the rows is held back once', whole(2, 100))
    .option('--random <count>', 'so many combinations at random instead of all', whole(1, 10_000))
    .option('--threads <count>', 'threads that train; as many as there are cores by default', whole(1, 256))
    .action(async (file, options) => {
      status = await sweep(io, file, options);
    });
  const history = program.command('runs').description('the history of runs').exitOverride();
  const ofHistory = (name: string, about: string): Command => history.command(name).description(about).exitOverride();
  ofHistory('list', 'list the runs that were kept, newest first')
    .option('--search <text>', 'only those whose name, drawing, data, tags or status contain it')
    .option('--json', 'one JSON object a line on stdout')
    .action(async (options) => {
      status = await listRuns(io, options);
    });
  ofHistory('show <run>', 'what was trained, how, and what came of it')
    .option('--json', 'one JSON object with the drawing and the curve')
    .action(async (run, options) => {
      status = await showRun(io, run, options);
    });
  ofHistory('export <run>', 'write everything that is kept of a run into one JSON file')
    .requiredOption('--out <file>', 'file to write')
    .action(async (run, options) => {
      status = await exportRun(io, run, options);
    });
  ofHistory('delete <runs...>', 'remove runs from the history').action(async (runs) => {
    status = await deleteRuns(io, runs);
  });
  command('serve', 'open the window in your browser')
    .option('--port <number>', 'port on this computer; any free one by default', whole(0, 65_535))
    .option('--no-open', 'only print the address')
    .action(async (options) => {
      status = await serve(io, options);
    });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const reason = asRefusal(error);
    if (reason instanceof Refusal) {
      io.err(reason.message);
      return 2;
    }
    io.err(
      `Chainrule made a mistake, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return 1;
  }
}
