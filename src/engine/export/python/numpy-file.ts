/**
 * The network as a NumPy program: the forward pass, the reverse pass written out by hand as one would on
 * paper, the optimizer's rule, and a check of the gradients against differences of the loss, which is what
 * runs when the file is run.
 */
import { sampleShape, type Shape } from '../../ir/shape';
import { columnsText, dataCode } from './data-code';
import { isPerSample, towardPrediction } from './drawing';
import { docWords, keysText, pythonFile, type Source, WEIGHTS } from './file';
import { numpy } from './library';
import { type NumpyNetwork, numpyNetwork } from './numpy-network';
import { answerRows } from './table-code';
import { indented, numberText, type Python } from './text';
import { scheduleCode, updateCode } from './update-code';

const call = (name: string, args: readonly string[]): string => `${name}(${[...args, '**weights'].join(', ')})`;

/** Numbers for a check: a class where the loss takes probabilities or scores, else any. */
function targetSample(shape: Shape, takes: 'value' | 'probability' | 'logit'): Python {
  const lengths = sampleShape(shape);
  const size = ['rows', ...lengths].join(', ');
  if (takes === 'value') return `rng.normal(size=(${size}${lengths.length === 0 ? ',' : ''}))`;
  if (lengths.length === 1 && lengths[0]! > 1) return `np.eye(${lengths[0]})[rng.integers(${lengths[0]}, size=rows)]`;
  return `rng.integers(2, size=(${size}${lengths.length === 0 ? ',' : ''})).astype(float)`;
}

export function numpyFile(source: Source): Python {
  const { project, data, prepared } = source;
  const { prediction, inputs: specs, hyper, optimizer, clip } = prepared;
  const { training } = project.settings;
  const needed = towardPrediction(prepared);
  const takes = prediction!.takes;

  const weighed = data?.weighedBy !== undefined && isPerSample(prepared);
  const network = numpyNetwork(prepared, project.nodes, needed, weighed);
  const { inputs, lossInputs, targets, parameters, learns } = network;
  const width = data?.features.length ?? 1 + Math.max(-1, ...specs.flatMap((s) => (s.from === 'features' ? s.columns : [])));
  const targetWidth = data?.targets.length ?? 1 + Math.max(-1, ...specs.flatMap((s) => (s.from === 'targets' ? s.columns : [])));
  const picked = (rows: Python, leaves: readonly { readonly id: string; readonly shape: Shape }[], of: number): Python[] =>
    leaves.map(({ id, shape }) => columnsText(rows, specs.find(({ node }) => node === id)!, shape, of));

  const rowArgs = inputs.length > 0;
  const dataParts = rowArgs ? dataCode(source) : [];
  const named = dataParts.length > 0;
  const predict = [
    `def predict(${rowArgs ? 'rows, ' : ''}weights=None):`,
    named
      ? '    """Answers for rows of the table, each a dict by column."""'
      : `    """The network's outputs${rowArgs ? ' for rows of numbers as it takes them' : ''}."""`,
    '    weights = load() if weights is None else weights',
    ...(rowArgs ? [`    x = ${named ? 'encode(rows)' : 'np.asarray(rows, float)'}`] : []),
    `    outputs = ${call('forward', picked('x', inputs, width))}`,
    `    return ${named ? 'answers(outputs)' : 'outputs'}`,
  ].join('\n');

  const schedule = learns ? scheduleCode(training.schedule) : null;
  const hasRows = lossInputs.length + targets.length > 0;
  const trainParts = learns
    ? [
        ...(schedule?.code ?? []),
        ...updateCode(optimizer, hyper, clip),
        trainCode({
          lossArgs: [...picked('x[rows]', lossInputs, width), ...picked('t[rows]', targets, targetWidth)],
          wholeArgs: [...picked('x', lossInputs, width), ...picked('t', targets, targetWidth)],
          hasRows,
          weighed,
          training,
          rate: hyper['rate']!,
          scheduled: schedule !== null,
          first: lossInputs.length > 0 ? 'x' : 't',
          network,
        }),
      ]
    : [];

  // Each loss that is compared draws the same numbers.
  const checked = [
    ...[...lossInputs, ...targets].map(({ name }) => name),
    ...(network.draws ? ['np.random.default_rng(seed)'] : []),
  ];
  const check = learns
    ? [
        'def check_gradients(weights, rows=5, seed=1):',
        '    """The largest difference of each gradient from the slope of the loss, found by moving single weights."""',
        '    rng = np.random.default_rng(seed)',
        ...lossInputs.map(
          ({ name, shape }) =>
            `    ${name} = rng.normal(size=(${['rows', ...sampleShape(shape)].join(', ')}${shape.length === 1 ? ',' : ''}))`,
        ),
        ...targets.map(({ name, shape }) => `    ${name} = ${targetSample(shape, takes)}`),
        `    start, gradients${network.averages ? ', _' : ''} = ${call('loss_and_gradients', checked)}`,
        '    if not np.isfinite(start):',
        "        raise FloatingPointError(f'The loss at the sampled rows is {start}, so it has no slope to compare the gradients with.')",
        '    worst = {}',
        '    for name, gradient in gradients.items():',
        '        worst[name] = 0.0',
        '        flat = np.reshape(gradient, -1)',
        '        for at in rng.permutation(flat.size)[:20]:',
        '            losses = []',
        '            for step in (-1e-6, 1e-6):',
        "                moved = np.array(weights[name], order='C')",
        '                moved.reshape(-1)[at] += step',
        `                losses.append(loss_and_gradients(${[...checked, '**{**weights, name: moved}'].join(', ')})[0])`,
        '            slope = (losses[1] - losses[0]) / 2e-6',
        '            worst[name] = float(np.maximum(worst[name], abs(slope - flat[at]) / max(1, abs(slope))))',
        '    return worst',
      ].join('\n')
    : '';

  const usesRows = named && data !== null;
  const main = [
    "if __name__ == '__main__':",
    ...(usesRows ? ['    if len(sys.argv) > 1:', ...indented(answerRows.split('\n'), 2), '        sys.exit()'] : []),
    ...(learns
      ? [
          '    try:',
          '        worst = check_gradients(load())',
          '    except FloatingPointError as fault:',
          '        sys.exit(str(fault))',
          '    if not worst:',
          "        sys.exit('Nothing that learns has a gradient, so there is none to check.')",
          '    for name, difference in worst.items():',
          "        print(f'{name}: {difference:.1e}')",
          '    if not all(difference <= 1e-4 for difference in worst.values()):',
          "        sys.exit('A gradient is not the slope of the loss.')",
          "    print('Every gradient is the slope of the loss.')",
        ]
      : ["    print('This drawing learns nothing; import predict from this file.')"]),
  ].join('\n');

  const body = [...network.code, ...dataParts, predict, ...trainParts, check, main].join('\n');
  const imports = [
    ...(usesRows ? ['import csv'] : []),
    ...(/\bmath\./.test(body) ? ['import math'] : []),
    ...(/\bre\.fullmatch/.test(body) ? ['import re'] : []),
    'import sys',
    'from pathlib import Path',
    '',
    ...numpy.imports(body),
  ].join('\n');

  const uses = [
    ...(learns ? ['    python model.py             checks the gradients'] : []),
    ...(usesRows ? ['    python model.py rows.csv    answers for each row of a table'] : []),
  ];
  const notes = [
    ...(data?.weighedBy === undefined
      ? []
      : [
          '',
          `In training the rows were weighed by ${docWords(data.weighedBy)}; ${weighed && learns ? '`train` takes such numbers as row_weights, an array with 1 on average' : 'here all count the same'}.`,
        ]),
  ];
  return pythonFile([
    [
      `"""${docWords(project.settings.title)}: drawn and trained in Chainrule, written out for NumPy.`,
      '',
      ...uses,
      ...notes,
      '"""',
      imports,
    ].join('\n'),
    keysText(parameters),
    network.constants.join('\n'),
    `def load(path=Path(__file__).with_name('${WEIGHTS}')):
    """The trained weights by name."""
    with np.load(path) as file:
        return {name: file[key].astype(float) for name, key in KEYS.items()}`,
    ...network.code,
    ...dataParts,
    predict,
    ...trainParts,
    check,
    main,
  ]);
}

interface TrainSpec {
  readonly lossArgs: readonly Python[];
  readonly wholeArgs: readonly Python[];
  readonly hasRows: boolean;
  /** Whether the project weighs rows. */
  readonly weighed: boolean;
  readonly training: { readonly epochs: number; readonly batch: number; readonly seed: number };
  readonly rate: number;
  readonly scheduled: boolean;
  readonly first: string;
  readonly network: NumpyNetwork;
}

function trainCode({ lossArgs, wholeArgs, hasRows, weighed, training, rate, scheduled, first, network }: TrainSpec): Python {
  const { epochs, batch, seed } = training;
  const step = scheduled ? 'rate * rate_factor(epoch, epochs, losses)' : 'rate';
  const [some, all] = weighed
    ? [['row_weights=None if row_weights is None else row_weights[rows]'], ['row_weights=row_weights']]
    : [[], []];
  const rng = network.draws ? ['rng'] : [];
  const averages = network.averages ? ', averages' : '';
  const keep = (pad: string): string[] => (network.averages ? [`${pad}weights.update(averages)`] : []);
  if (!hasRows)
    return [
      `def train(weights=None, epochs=${epochs}, rate=${numberText(rate)}):`,
      '    """Goes on training; gives the new weights and the loss before each step."""',
      '    weights = dict(load() if weights is None else weights)',
      '    memory = new_memory(weights)',
      ...(network.draws ? [`    rng = np.random.default_rng(${seed})`] : []),
      '    losses = []',
      '    for epoch in range(epochs):',
      `        loss, gradients${averages} = ${call('loss_and_gradients', [...wholeArgs, ...rng])}`,
      `        update(weights, gradients, memory, ${step})`,
      ...keep('        '),
      '        losses.append(float(loss))',
      '    return weights, losses',
    ].join('\n');
  return [
    `def train(x, t, weights=None, epochs=${epochs}, batch=${batch}, rate=${numberText(rate)}, seed=${seed}${weighed ? ', row_weights=None' : ''}):`,
    '    """Goes on training on encoded rows and targets; gives the new weights and the loss after each epoch."""',
    '    weights = dict(load() if weights is None else weights)',
    '    memory = new_memory(weights)',
    '    rng = np.random.default_rng(seed)',
    '    losses = []',
    '    for epoch in range(epochs):',
    `        order = rng.permutation(len(${first}))`,
    `        for start in range(0, len(${first}), batch):`,
    '            rows = order[start:start + batch]',
    `            _, gradients${averages} = ${call('loss_and_gradients', [...lossArgs, ...rng, ...some])}`,
    `            update(weights, gradients, memory, ${step})`,
    ...keep('            '),
    network.trainsDifferently
      ? `        losses.append(float(${call('loss_in_use', [...wholeArgs, ...all])}))`
      : `        losses.append(float(${call('loss_and_gradients', [...wholeArgs, ...all])}[0]))`,
    '    return weights, losses',
  ].join('\n');
}
