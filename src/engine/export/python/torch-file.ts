/**
 * The network as a PyTorch program: a module with named parameters, the loss as drawn with its penalties, the
 * optimizer with its settings and schedule, and a loop that goes on training. Dropout and batch normalisation
 * do in training what they do in the program.
 */
import type { Optimizer } from '../../optimizers/optimizer';
import { columnsText, dataCode } from './data-code';
import { isPerSample, towardPrediction } from './drawing';
import { docWords, keysText, pythonFile, type Source, WEIGHTS } from './file';
import { answerRows } from './table-code';
import { pytorch } from './library';
import { indented, numberText, type Python } from './text';
import { torchNetwork } from './torch-network';
import { scheduleCode } from './update-code';

/** PyTorch's optimizer with the settings of the project. */
function optimizerText({ torch }: Optimizer, hyper: Readonly<Record<string, number>>): Python {
  const value = (name: string): string => (name === 'rate' ? 'rate' : numberText(hyper[name]!));
  const args = Object.entries(torch.takes).map(
    ([arg, names]) => `${arg}=${typeof names === 'string' ? value(names) : `(${names.map(value).join(', ')})`}`,
  );
  const more = Object.entries(torch.more ?? {}).map(([arg, text]) => `${arg}=${text}`);
  return `torch.optim.${torch.name}(learned, ${[...args, ...more].join(', ')})`;
}

export function torchFile(source: Source): Python {
  const { project, data, prepared } = source;
  const { inputs: specs, hyper, optimizer, clip } = prepared;
  const { training } = project.settings;
  const needed = towardPrediction(prepared);
  const network = torchNetwork(prepared, project.nodes, needed);
  const { inputs, lossInputs, targets, lossNames, parameters, learns } = network;

  const load = [
    `def load(path=Path(__file__).with_name('${WEIGHTS}')):`,
    '    """The trained network, ready to answer."""',
    '    network = Network()',
    '    with np.load(path) as file, torch.no_grad():',
    '        for name, key in KEYS.items():',
    '            getattr(network, name).copy_(torch.from_numpy(file[key]))',
    '    return network.eval()',
  ].join('\n');

  const width = data?.features.length ?? 1 + Math.max(-1, ...specs.flatMap((s) => (s.from === 'features' ? s.columns : [])));
  const targetWidth = data?.targets.length ?? 1 + Math.max(-1, ...specs.flatMap((s) => (s.from === 'targets' ? s.columns : [])));
  const shapes = new Map([...inputs, ...lossInputs, ...targets].map(({ id, name, shape }) => [name, { id, shape }]));
  const picked = (names: readonly string[], x: Python, t: Python): Python[] =>
    names.map((name) => {
      const { id, shape } = shapes.get(name)!;
      const spec = specs.find(({ node }) => node === id)!;
      return spec.from === 'features' ? columnsText(x, spec, shape, width) : columnsText(t, spec, shape, targetWidth);
    });

  const rowArgs = inputs.length > 0;
  const dataParts = rowArgs ? dataCode(source) : [];
  const named = dataParts.length > 0;
  const predict = [
    `def predict(${rowArgs ? 'rows, ' : ''}network=None):`,
    named
      ? '    """Answers for rows of the table, each a dict by column."""'
      : `    """The network's outputs${rowArgs ? ' for rows of numbers as it takes them' : ''}."""`,
    '    network = load() if network is None else network',
    ...(rowArgs ? [`    x = torch.as_tensor(${named ? 'encode(rows)' : 'rows'}, dtype=torch.get_default_dtype())`] : []),
    '    with torch.no_grad():',
    `        outputs = network(${picked(
      inputs.map(({ name }) => name),
      'x',
      't',
    ).join(', ')})`,
    `    return ${named ? 'answers(outputs.numpy())' : 'outputs'}`,
  ].join('\n');

  const trainParts = learns ? trainCode() : [];
  function trainCode(): Python[] {
    const perSample = isPerSample(prepared);
    const schedule = scheduleCode(training.schedule);
    const weighed = perSample && data?.weighedBy !== undefined;
    const limits = [
      ...(clip.value === undefined ? [] : [`nn.utils.clip_grad_value_(network.parameters(), ${numberText(clip.value)})`]),
      ...(clip.norm === undefined ? [] : [`nn.utils.clip_grad_norm_(network.parameters(), ${numberText(clip.norm)})`]),
    ];
    const rate = hyper['rate']!;
    const optimizerOf = [
      `def optimizer_of(network, rate=${numberText(rate)}):`,
      `    """${optimizer.title} with the settings of the project, for everything that learns."""`,
      '    learned = [p for p in network.parameters() if p.requires_grad]',
      `    return ${optimizerText(optimizer, hyper)}`,
    ].join('\n');
    const mean = perSample
      ? weighed
        ? '(losses if row_weights is None else losses * row_weights).mean()'
        : 'losses.mean()'
      : 'losses';
    const step = [
      `def step(${['network', 'optimizer', ...lossNames, ...(weighed ? ['row_weights=None'] : [])].join(', ')}):`,
      `    """One step of training; gives the loss before it.${weighed ? ` In the program rows were weighed by ${docWords(data!.weighedBy!)}: give 1 on average.` : ''}"""`,
      '    network.train()',
      '    optimizer.zero_grad()',
      `    losses = network.loss(${lossNames.join(', ')})`,
      `    loss = ${mean}`,
      '    loss.backward()',
      ...indented(limits),
      '    optimizer.step()',
      '    return loss.item()',
    ].join('\n');
    const hasRows = lossNames.length > 0;
    const { epochs, batch, seed } = training;
    const setRate = schedule
      ? ['for group in optimizer.param_groups:', `    group['lr'] = rate * rate_factor(epoch, epochs, losses)`]
      : [];
    const picks = picked(lossNames, 'x', 't');
    const pickRows = picked(lossNames, 'x[rows]', 't[rows]');
    const first = lossInputs.length > 0 ? 'x' : 't';
    const train = hasRows
      ? [
          `def train(network, x, t, epochs=${epochs}, batch=${batch}, rate=${numberText(rate)}, seed=${seed}${weighed ? ', row_weights=None' : ''}):`,
          `    """Goes on training on encoded rows and targets; gives the loss after each epoch.${weighed ? ` In the program rows were weighed by ${docWords(data!.weighedBy!)}: give row_weights, 1 on average.` : ''}"""`,
          '    x, t = (torch.as_tensor(a, dtype=torch.get_default_dtype()) for a in (x, t))',
          ...(weighed
            ? [
                '    if row_weights is not None:',
                '        row_weights = torch.as_tensor(row_weights, dtype=torch.get_default_dtype())',
              ]
            : []),
          '    torch.manual_seed(seed)',
          '    optimizer = optimizer_of(network, rate)',
          '    losses = []',
          '    for epoch in range(epochs):',
          ...indented(setRate, 2),
          `        for rows in torch.randperm(len(${first})).split(batch):`,
          `            step(network, optimizer, ${[...pickRows, ...(weighed ? ['None if row_weights is None else row_weights[rows]'] : [])].join(', ')})`,
          '        network.eval()',
          '        with torch.no_grad():',
          ...(weighed
            ? [
                `            all_losses = network.loss(${picks.join(', ')})`,
                '            losses.append((all_losses if row_weights is None else all_losses * row_weights).mean().item())',
              ]
            : [`            losses.append(network.loss(${picks.join(', ')})${perSample ? '.mean()' : ''}.item())`]),
          '    return losses',
        ]
      : [
          `def train(network, epochs=${epochs}, rate=${numberText(rate)}):`,
          '    """Goes on training; gives the loss before each step."""',
          '    optimizer = optimizer_of(network, rate)',
          '    losses = []',
          '    for epoch in range(epochs):',
          ...indented(setRate, 2),
          '        losses.append(step(network, optimizer))',
          '    return losses',
        ];
    return [...(schedule?.code ?? []), optimizerOf, step, train.join('\n')];
  }

  const usesRows = named && data !== null;
  const main = [
    "if __name__ == '__main__':",
    ...(usesRows ? ['    if len(sys.argv) > 1:', ...indented(answerRows.split('\n'), 2), '        sys.exit()'] : []),
    '    print(load())',
    '    for name, parameter in load().named_parameters():',
    "        print(f'{name}: {tuple(parameter.shape)}')",
  ].join('\n');

  const body = [...network.code, ...dataParts, predict, ...trainParts, main].join('\n');
  const imports = [
    ...(usesRows ? ['import csv'] : []),
    ...(/\bmath\./.test(body) ? ['import math'] : []),
    ...(/\bre\.fullmatch/.test(body) ? ['import re'] : []),
    ...(usesRows ? ['import sys'] : []),
    'from pathlib import Path',
    '',
    'import numpy as np',
    ...pytorch.imports(body),
  ].join('\n');
  const uses = [
    '    from model import load, predict, train',
    ...(usesRows && learns ? ['    train(network, encode(rows), encode_targets(rows))    goes on training'] : []),
    ...(usesRows ? ['    python model.py rows.csv                              answers for each row of a table'] : []),
  ];
  return pythonFile([
    [
      `"""${docWords(project.settings.title)}: drawn and trained in Chainrule, written out for PyTorch.`,
      '',
      ...uses,
      '"""',
      imports,
    ].join('\n'),
    keysText(parameters),
    ...network.code,
    load,
    ...dataParts,
    predict,
    ...trainParts,
    main,
  ]);
}
