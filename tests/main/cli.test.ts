/** The command line in this process, word for word; and once as it is built. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../src/main/cli/run';
import { resources } from '../../src/main/services/folders';
import { ensureBuilt, root } from '../support/built';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chainrule-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number;
  readonly out: readonly string[];
  readonly err: string;
}

async function run(...argv: string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const status = await runCli(argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    terminal: null,
    interrupted: new Promise(() => {}),
    folder,
  });
  return { status, out, err: err.join('\n') };
}

type Json = Readonly<Record<string, unknown>>;
const lines = ({ out }: Ran): Json[] => out.map((line) => JSON.parse(line) as Json);
const dataset = (name: string): string => join(resources, 'datasets', `${name}.csv`);
const example = (name: string): string => join(resources, 'examples', `${name}.chainrule`);

describe('from a table to a file for another program', () => {
  it('new draws a network for the target', async () => {
    const ran = await run(
      'new',
      '--data',
      dataset('iris'),
      '--target',
      'species',
      '--hidden',
      '8,8',
      '--activation',
      'tanh',
      '--out',
      'iris.chainrule',
      '--json',
    );
    expect(ran.status, ran.err).toBe(0);
    expect(lines(ran)).toEqual([
      expect.objectContaining({
        event: 'created',
        task: 'multiclass',
        rows: 150,
        layers: [4, 8, 8, 3],
        classes: ['setosa', 'versicolor', 'virginica'],
      }),
    ]);
  });

  it('inspect lists nodes, shapes and parameters', async () => {
    const ran = await run('inspect', 'iris.chainrule', '--json');
    expect(ran.status, ran.err).toBe(0);
    const told = lines(ran);
    expect(told.find((line) => line['node'] === 'hidden1')).toEqual(
      expect.objectContaining({ event: 'node', op: 'dense', shape: ['batch', 8], weights: 32, biases: 8 }),
    );
    expect(told.at(-1)).toEqual(
      expect.objectContaining({
        event: 'done',
        weights: 32 + 64 + 24,
        biases: 19,
        errors: 0,
        objective: 'loss',
        prediction: 'output',
      }),
    );
    const text = (await run('inspect', 'iris.chainrule')).out.join('\n');
    expect(text).toContain('n × 8');
    expect(text).toContain('Parameters: 139 (120 weights, 19 biases)');
    expect(text).toContain('No problems.');
  });

  it('train tells each epoch, and the end in one line', async () => {
    const ran = await run(
      'train',
      'iris.chainrule',
      '--epochs',
      '40',
      '--batch',
      '16',
      '--rate',
      '0.02',
      '--seed',
      '3',
      '--save',
      'trained.chainrule',
      '--json',
    );
    expect(ran.status, ran.err).toBe(0);
    const told = lines(ran);
    expect(told).toHaveLength(41);
    expect(told[0]).toEqual(expect.objectContaining({ event: 'epoch', epoch: 1, steps: 7 }));
    const done = told.at(-1) as Json & { loss: Record<string, number>; metrics: Record<string, number> };
    expect(Object.keys(done)).toEqual(['event', 'epochs', 'steps', 'backend', 'loss', 'metrics', 'seconds', 'stepsPerSecond']);
    expect(done).toEqual(expect.objectContaining({ event: 'done', epochs: 40, steps: 280, backend: 'wasm' }));
    expect(Object.keys(done.loss)).toEqual(['train', 'validation', 'test']);
    expect(done.metrics['accuracy']).toBeGreaterThan(0.85);
    // The same seed gives the same result, on the reference too.
    const again = lines(
      await run(
        'train',
        'iris.chainrule',
        '--epochs',
        '40',
        '--batch',
        '16',
        '--rate',
        '0.02',
        '--seed',
        '3',
        '--backend',
        'reference',
        '--json',
      ),
    );
    const other = again.at(-1) as typeof done;
    expect(other).toEqual(expect.objectContaining({ backend: 'reference' }));
    expect(other.loss['train']).toBeCloseTo(done.loss['train']!, 3);
  });

  it('train goes on from kept numbers, and --seed starts anew', async () => {
    const more = await run('train', 'trained.chainrule', '--epochs', '1', '--json');
    expect(more.err).toContain('Going on from the trained numbers');
    expect((lines(more)[0] as { loss: { train: number } }).loss.train).toBeLessThan(0.3);
    const anew = await run('train', 'trained.chainrule', '--epochs', '1', '--seed', '1', '--json');
    expect((lines(anew)[0] as { loss: { train: number } }).loss.train).toBeGreaterThan(0.3);
  });

  it.each(['onnx', 'pytorch', 'numpy', 'safetensors', 'npz'])('export writes %s and prints the verification', async (format) => {
    // Programs are run by Python in `python-check.test.ts`; without a path there is none.
    vi.stubEnv('PATH', '');
    const ran = await run('export', 'trained.chainrule', '--format', format, '--out', `model.${format}`);
    expect(ran.status, ran.err).toBe(0);
    expect(ran.out[0]).toContain(`model.${format}`);
    expect(ran.out[1]).toMatch(/^Verified on 23 rows × 3 outputs, .*: largest difference \d/);
    const told = lines(await run('export', 'trained.chainrule', '--format', format, '--out', `model.${format}`, '--json'));
    expect(told).toEqual([
      expect.objectContaining({ event: 'exported', format, verification: expect.objectContaining({ passed: true, rows: 23 }) }),
    ]);
    expect((await readFile(join(folder, `model.${format}`))).length).toBe(told[0]!['bytes']);
    vi.unstubAllEnvs();
  });

  it('step walks through one iteration', async () => {
    const ran = await run('step', 'trained.chainrule', '--sample', '7', '--json');
    expect(ran.status, ran.err).toBe(0);
    const told = lines(ran);
    expect(told.map((line) => line['index'])).toEqual(told.map((_, i) => i));
    for (const line of told)
      expect(Object.keys(line)).toEqual([
        'index',
        'phase',
        'node',
        'edge',
        'op',
        'value',
        'localDerivative',
        'gradient',
        'formula',
        'numbers',
      ]);
    const phases = told.map((line) => line['phase']);
    expect(phases).toEqual([...phases].sort((a, b) => order.indexOf(String(a)) - order.indexOf(String(b))));
    expect(new Set(phases)).toEqual(new Set(order));
    expect(told.find((line) => line['edge'] === 'hidden1/product.b')).toEqual(
      expect.objectContaining({ phase: 'backward', op: 'matmul' }),
    );
    const table = await run('step', 'trained.chainrule');
    expect(table.out.at(-1)).toMatch(/^Loss of this sample: .*, after the step /);
  });
  const order = ['forward', 'loss', 'backward', 'update'];

  it('a regression has R² and an error in the target’s units', async () => {
    await run('new', '--data', dataset('diabetes'), '--target', 'progression', '--hidden', '8', '--out', 'diabetes.chainrule');
    const told = lines(await run('train', 'diabetes.chainrule', '--seed', '1', '--json'));
    const { metrics } = told.at(-1) as { metrics: Record<string, number> };
    expect(metrics['r2']).toBeGreaterThan(0.3);
    expect(metrics['rmse']).toBeGreaterThan(30);
    const other = await run(
      'train',
      'diabetes.chainrule',
      '--data',
      dataset('diabetes'),
      '--seed',
      '1',
      '--epochs',
      '2',
      '--json',
    );
    expect(other.status, other.err).toBe(0);
  });
});

describe('check and explain', () => {
  it('checks every parameter of every example against finite differences, and the backends against the reference', async () => {
    const names = (await readdir(join(resources, 'examples'))).map((name) => name.replace('.chainrule', ''));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const ran = await run('check', example(name), '--json');
      const told = lines(ran);
      expect(ran.status, `${name}: ${ran.out.join('\n')} ${ran.err}`).toBe(0);
      const gradients = told.filter((line) => line['event'] === 'gradient');
      expect(gradients.length).toBeGreaterThan(0);
      for (const { worst } of gradients) expect(worst).toBeLessThan(1e-6);
      expect(told.find((line) => line['backend'] === 'wasm')).toEqual(expect.objectContaining({ passed: true }));
      expect(told.at(-1)).toEqual({ event: 'done', passed: true });
    }
  }, 120_000);

  it.each(['wasm', 'reference', 'webgpu'])('explain prints the plan and the code for %s', async (backend) => {
    const ran = await run('explain', example('03-circles'), '--backend', backend);
    expect(ran.status, ran.err).toBe(0);
    const text = ran.out.join('\n');
    expect(text).toContain('fused, batches of');
    expect(text).toContain('v:hidden/weight');
    expect(text).toContain({ wasm: '(f32x4.add', reference: 'interprets the plan', webgpu: '@compute' }[backend]);
  });

  it('a drawing that takes nothing from data trains too', async () => {
    const ran = await run('train', example('10-chain-rule'), '--json');
    expect(ran.status, ran.err).toBe(0);
    expect(lines(ran).at(-1)).toEqual(expect.objectContaining({ event: 'done', metrics: {} }));
  });
});

describe('bad input is answered by a sentence and the status 2', () => {
  const project = (nodes: object, edges: object = {}, more: object = {}): string =>
    JSON.stringify({ format: 'chainrule', version: 1, title: 'bad', nodes, edges, ...more });

  it.each<[string, string, string[], RegExp]>([
    ['a file that is not there', '', ['inspect', 'absent.chainrule'], /'absent\.chainrule' is not there/],
    ['no text', '\u0000\u0001', ['inspect', 'FILE'], /cannot be opened/],
    ['cut short', '{"format": "chainrule", "nodes": {', ['train', 'FILE'], /line 1/],
    ['an unknown operation', project({ a: { op: 'warp' } }), ['inspect', 'FILE'], /nodes\.a\.op.*warp/],
    [
      'no data',
      project(
        { x: { op: 'input' }, t: { op: 'target', attrs: { shape: [2] } }, l: { op: 'squared-error' } },
        { 'l.prediction': 'x', 'l.target': 't' },
      ),
      ['train', 'FILE'],
      /has no data/,
    ],
    [
      'nothing to learn',
      project(
        { c: { op: 'constant' }, d: { op: 'constant' }, l: { op: 'squared-error' } },
        { 'l.prediction': 'c', 'l.target': 'd' },
      ),
      ['train', 'FILE'],
      /nothing to train/i,
    ],
    ['a missing input', project({ y: { op: 'sigmoid' } }), ['train', 'FILE'], /needs a value at its input 'x'/],
    [
      'an untrained export',
      project({ x: { op: 'input' }, h: { op: 'dense' } }, { 'h.x': 'x' }),
      ['export', 'FILE', '--format', 'npz', '--out', 'no.npz'],
      /no trained numbers/,
    ],
    [
      'a sample that is not there',
      '',
      ['step', example('03-circles'), '--sample', '500'],
      /no sample 500: the data has 500 rows/,
    ],
    [
      'a column that is not there',
      '',
      ['new', '--data', dataset('iris'), '--target', 'colour', '--out', 'no.chainrule'],
      /no column 'colour'.*species/,
    ],
    [
      'an activation that is not there',
      '',
      ['new', '--data', dataset('iris'), '--target', 'species', '--activation', 'rely', '--out', 'no.chainrule'],
      /no activation 'rely'/,
    ],
    ['data that is not there', '', ['train', example('03-circles'), '--data', 'absent.csv'], /absent\.csv/],
    ['a word for a number', '', ['train', example('03-circles'), '--epochs', 'many'], /whole number/],
    ['a rate of 0', '', ['train', example('03-circles'), '--rate', '0'], /above 0/],
    [
      'a format that is not there',
      '',
      ['export', example('03-circles'), '--format', 'pdf', '--out', 'x'],
      /onnx, pytorch, numpy, safetensors, npz/,
    ],
    ['a missing option', '', ['new', '--data', dataset('iris'), '--out', 'x'], /--target/],
    ['an unknown command', '', ['fly'], /unknown command/],
    [
      'a folder that is not there',
      '',
      ['new', '--data', dataset('iris'), '--target', 'species', '--out', 'no/where.chainrule'],
      /folder does not exist/,
    ],
  ])('%s', async (_, content, argv, sentence) => {
    await writeFile(join(folder, 'bad.chainrule'), content);
    const ran = await run(...argv.map((word) => (word === 'FILE' ? 'bad.chainrule' : word)));
    expect(ran.err).toMatch(sentence);
    expect(ran.err).not.toContain('Chainrule made a mistake');
    expect(ran.status).toBe(2);
    expect(ran.out).toEqual([]);
  });

  it('a drawing with errors can be inspected, and fails', async () => {
    await writeFile(join(folder, 'bad.chainrule'), project({ y: { op: 'sigmoid' } }));
    const ran = await run('inspect', 'bad.chainrule');
    expect(ran.status).toBe(1);
    expect(ran.out.join('\n')).toContain("error: 'y' needs a value at its input 'x'");
  });

  it('a learning rate that diverges ends with the reason and the status 1', async () => {
    const ran = await run('train', example('09-diabetes'), '--rate', '1e30', '--seed', '1', '--json');
    expect(ran.status).toBe(1);
    expect(lines(ran).at(-1)).toEqual(expect.objectContaining({ event: 'trouble', kind: 'not-finite' }));
    expect(ran.err).toMatch(/learning rate/);
  });

  it('help and version are no faults', async () => {
    expect((await run('--help')).status).toBe(0);
    expect(await run('--version')).toEqual({ status: 0, out: ['0.1.0'], err: '' });
    expect((await run()).status).toBe(2);
  });
});

describe('rules for stopping early', () => {
  const train = (...rules: string[]): Promise<Ran> =>
    run('train', example('08-iris'), '--epochs', '3000', '--seed', '1', '--no-keep', '--json', ...rules);
  const stopped = (ran: Ran): Json => lines(ran).find(({ event }) => event === 'stopped')!;

  it.each([
    ['patience', ['--patience', '3', '--change', '0.05'], /has not improved by more than 0\.05 for 3 epochs\./],
    ['plateau', ['--plateau', '20'], /fell by no more than 1 % in 20 epochs/],
    ['loss', ['--until-loss', '0.9'], /loss .* reached the target 0\.9/],
    ['accuracy', ['--until-accuracy', '0.8'], /accuracy .* reached the target 80 %/],
    ['time', ['--seconds', '0.1', '--epochs', '10000000'], /time limit of 0\.1 seconds/],
  ])('%s', async (kind, rules, sentence) => {
    const ran = await train(...rules);
    expect(ran.status, ran.err).toBe(0);
    expect(stopped(ran)).toMatchObject({ kind, message: expect.stringMatching(sentence) });
    expect(lines(ran).at(-1)!['epochs'] as number).toBeLessThan(kind === 'time' ? 1e7 : 3000);
  });

  it('those of the project count, unless they are left out', async () => {
    const file = JSON.parse(await readFile(example('08-iris'), 'utf8')) as { training: Json };
    await writeFile(
      join(folder, 'ruled.chainrule'),
      JSON.stringify({ ...file, training: { ...file.training, epochs: 20, stop: { loss: 1000 } } }),
    );
    const epochs = async (...more: string[]) =>
      lines(await run('train', 'ruled.chainrule', '--no-keep', '--json', ...more)).at(-1)!['epochs'];
    expect(await epochs()).toBe(1);
    expect(await epochs('--no-stop')).toBe(20);
  });

  it.each([
    [['--until-accuracy', '1.5'], /share of the rows above 0 and up to 1/],
    [['--patience', '0'], /whole number from 1/],
    [['--change', '-1'], /not below 0/],
    [['--patience', '3', '--change', '1e31'], /at most 1e30/],
    [['--change', '0.1'], /Add --patience/],
    [['--until-loss', '1e31'], /from -1e30 to 1e30/],
    [['--seconds', '0.05'], /from 0\.1 to 10000000/],
    [['--epochs', '10000001'], /whole number from 1 to 10000000/],
    [['--threads', '2'], /Add --folds/],
    [['--folds', '1'], /whole number from 2 to 100/],
    [['--folds', '3', '--save', 'x'], /none to save\. Leave out --save/],
    [['--folds', '3', '--backend', 'webgpu'], /Leave out --backend webgpu/],
  ])('%s is answered by a sentence', async (rules, sentence) => {
    const ran = await run('train', example('08-iris'), ...rules);
    expect([ran.status, ran.err]).toEqual([2, expect.stringMatching(sentence)]);
  });
});

describe('the history of runs', () => {
  it('keeps what train trains; lists, shows, exports and deletes it', async () => {
    const other = await run('train', example('04-xor'), '--epochs', '2', '--no-keep');
    expect(other.status, other.err).toBe(0);
    const trained = await run('train', example('04-xor'), '--epochs', '3', '--seed', '11');
    expect(trained.status, trained.err).toBe(0);
    const [newest] = lines(await run('runs', 'list', '--json'));
    expect(newest).toMatchObject({ origin: 'terminal', status: 'done', epoch: 3, epochs: 3, seed: 11, resumable: true });
    const id = String(newest!['id']);
    expect((await run('runs', 'list', '--search', 'no such thing')).out[0]).toMatch(/None of \d+ runs? matches/);
    const text = (await run('runs', 'show', id.slice(0, 8))).out.join('\n');
    expect(text).toMatch(/status +done/);
    expect(text).toMatch(/trained +3 epochs of 3/);
    const written = await run('runs', 'export', id.slice(0, 8), '--out', 'run.json');
    expect(written.status, written.err).toBe(0);
    const file = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as Json;
    expect(file).toMatchObject({ format: 'chainrule-run', project: { settings: { training: { seed: 11 } } } });
    expect((file['points'] as Json[]).at(-1)).toMatchObject({ epoch: 3 });
    expect(Object.keys((file['weights'] as Json)['last'] as Json).length).toBeGreaterThan(0);
    expect((await run('runs', 'delete', id)).status).toBe(0);
    const gone = await run('runs', 'show', id);
    expect([gone.status, gone.err]).toEqual([2, expect.stringMatching(/There is no run/)]);
  });
});

describe('as it is built', () => {
  it('exports to ONNX and writes nothing but JSON to stdout', async () => {
    await ensureBuilt();
    const cli = join(root, 'out', 'main', 'cli.js');
    const exec = promisify(execFile);
    await exec(process.execPath, [
      cli,
      'train',
      example('08-iris'),
      '--epochs',
      '2',
      '--save',
      join(folder, 'built.chainrule'),
      '--json',
    ]);
    const { stdout } = await exec(process.execPath, [
      cli,
      'export',
      join(folder, 'built.chainrule'),
      '--format',
      'onnx',
      '--out',
      join(folder, 'built.onnx'),
      '--json',
    ]);
    expect(JSON.parse(stdout)).toEqual(
      expect.objectContaining({ event: 'exported', verification: expect.objectContaining({ passed: true }) }),
    );
    // A cross-validation: every fold in turn, and the means in the end.
    const folds = [cli, 'train', example('08-iris'), '--folds', '3', '--epochs', '4', '--threads', '2'];
    const own = { env: { ...process.env, CHAINRULE_HOME: join(folder, 'folds') } };
    const told = await exec(process.execPath, [...folds, '--json'], own);
    const news = told.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    expect(news.map(({ event }) => event)).toEqual(['run', 'run', 'run', 'done']);
    expect(news.slice(0, 3).map(({ changes, epochs }) => [changes, epochs])).toEqual(
      expect.arrayContaining([1, 2, 3].map((fold) => [`fold ${fold}`, 4])),
    );
    const summary = await exec(process.execPath, folds, own);
    expect(summary.stdout).toMatch(
      /Cross-validation, mean ± deviation:[\s\S]*all folds +3 +[\d.]+ ± [\d.]+ +[\d.]+ % ± [\d.]+ %/,
    );
    // Libraries below have nothing to say of their own.
    const checked = await exec(process.execPath, [cli, 'check', example('10-chain-rule')]);
    expect(checked.stderr).toBe('');
    await expect(exec(process.execPath, [cli, 'train', 'absent.chainrule'])).rejects.toMatchObject({ code: 2 });
    expect(await readFile(cli, 'utf8')).toMatch(/^#!\/usr\/bin\/env node/);
  }, 240_000);

  it('serve prints an address that works once, until Ctrl+C', async () => {
    await ensureBuilt(true);
    const config = join(folder, 'config');
    const server = spawn(process.execPath, [join(root, 'out', 'main', 'cli.js'), 'serve', '--no-open', '--json'], {
      env: { ...process.env, CHAINRULE_HOME: config },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => server.on('close', resolve));
    const line = await new Promise<string>((resolve) => server.stdout.once('data', (data: Buffer) => resolve(data.toString())));
    const { event, url } = JSON.parse(line) as { event: string; url: string };
    expect(event).toBe('serving');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/);
    const first = await fetch(url, { redirect: 'manual' });
    expect(first.status).toBe(303);
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(403);
    server.kill('SIGINT');
    expect(await ended).toBe(0);
  }, 240_000);
});

describe('a project that a teacher has locked', () => {
  const lock = async (name: string, settings: Json): Promise<void> => {
    const project = JSON.parse(await readFile(example('03-circles'), 'utf8')) as Record<string, Json>;
    await writeFile(join(folder, name), JSON.stringify({ ...project, lock: settings }));
  };

  it('keeps what is locked, whatever the command line wishes', async () => {
    await lock('kept.chainrule', { keeps: ['data', 'training', 'seeds'], hides: ['export'], answers: false });
    const refused = async (reason: string, ...argv: string[]): Promise<void> => {
      const ran = await run(...argv);
      expect([ran.status, ran.err], argv.join(' ')).toEqual([2, expect.stringContaining(reason)]);
    };
    await refused('The seeds are fixed', 'train', 'kept.chainrule', '--seed', '9', '--no-keep');
    await refused('The training settings are locked', 'train', 'kept.chainrule', '--epochs', '1', '--no-keep');
    await refused('The data are locked', 'train', 'kept.chainrule', '--data', 'toy:xor', '--no-keep');
    await refused('The training settings are locked', 'sweep', 'kept.chainrule', '--over', 'rate=0.1,0.2');
    await refused('put the export of this project away', 'export', 'kept.chainrule', '--format', 'npz', '--out', 'x.npz');
  });

  it('tells no answers that are hidden', async () => {
    await lock('hidden.chainrule', { keeps: [], hides: [], answers: true });
    for (const argv of [
      ['step', 'hidden.chainrule'],
      ['export', 'hidden.chainrule', '--format', 'npz', '--out', 'x.npz'],
    ]) {
      const ran = await run(...argv);
      expect([ran.status, ran.err, ran.out]).toEqual([2, expect.stringContaining('has hidden the answers'), []]);
    }
  });
});
