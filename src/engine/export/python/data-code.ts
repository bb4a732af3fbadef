/**
 * How rows of a table become numbers and answers become words, as Python: what `predict(rows)` needs to take
 * raw rows. A row is a dict by column, as `csv.DictReader` gives it.
 */
import type { DatasetInfo, EncodedColumn } from '../../data/dataset';
import type { NodeId } from '../../graph/graph';
import type { InputSpec } from '../../plan';
import { product, sampleShape, sampleSize, type Shape } from '../../ir/shape';
import type { Source } from './file';
import { mannerOf, numberCode, readCode } from './table-code';
import { numberText, type Python, stringText, tupleText } from './text';

/** How a feature is made of a row, by kind: an expression in `row`, `column` and `more`. */
const HOW: Readonly<Record<string, Python>> = {
  number: 'number(row, column)',
  category: 'float(as_text(row[column]) == more)',
  cell: 'float(np.ravel(row[column])[more])',
  log: 'math.log(number(row, column))',
  log1p: 'math.log1p(number(row, column))',
  square: 'number(row, column) ** 2',
  sin: 'math.sin(number(row, column))',
  product: 'number(row, column) * number(row, more)',
};

interface Feature {
  readonly kind: string;
  readonly column: string;
  readonly more: string | number | null;
  readonly spec: EncodedColumn;
}

function featuresOf(columns: readonly EncodedColumn[]): Feature[] {
  const cells = new Map<string, number>();
  return columns.map((spec) => {
    const { name, source, derivation } = spec;
    if (derivation) return { kind: derivation.kind, column: derivation.of[0] ?? source, more: derivation.of[1] ?? null, spec };
    if (name === source) return { kind: 'number', column: source, more: null, spec };
    if (name.startsWith(`${source}=`)) return { kind: 'category', column: source, more: name.slice(source.length + 1), spec };
    const at = cells.get(source) ?? 0;
    cells.set(source, at + 1);
    return { kind: 'cell', column: source, more: at, spec };
  });
}

const moreText = (more: Feature['more']): Python =>
  more === null ? 'None' : typeof more === 'number' ? String(more) : stringText(more);

/** Functions `read_table`, `encode`, `encode_targets` and `answers`; none for a project without data. */
export function dataCode({ project, data, prepared }: Source): string[] {
  if (!data) return [];
  const manner = mannerOf(project.settings.data);
  const features = featuresOf(data.features);
  const kinds = [...new Set(features.map(({ kind }) => kind))];
  const classes = data.task !== 'regression';
  const code: string[] = [];
  code.push(
    [
      '# How each feature is made of a row, and its scale: encoded = (number - mean) / deviation.',
      '# Kind, column, what else it needs, mean, deviation.',
      'FEATURES = [',
      ...features.map(
        ({ kind, column, more, spec }) =>
          `    (${stringText(kind)}, ${stringText(column)}, ${moreText(more)}, ${numberText(spec.mean)}, ${numberText(spec.deviation)}),`,
      ),
      ']',
    ].join('\n'),
  );
  if (classes) code.push(`CLASSES = ${`[${data.classes.map(stringText).join(', ')}]`}`);
  else
    code.push(
      [
        '# Column, mean, deviation of each number to predict.',
        'TARGETS = [',
        ...data.targets.map((t) => `    (${stringText(t.source)}, ${numberText(t.mean)}, ${numberText(t.deviation)}),`),
        ']',
      ].join('\n'),
    );
  if (kinds.some((kind) => HOW[kind]!.includes('number(')) || !classes)
    code.push(
      numberCode(manner),
      `def number(row, column):
    """The number in a column; the text of a CSV file counts as well."""
    try:
        return plain_number(row[column]) if isinstance(row[column], str) else float(row[column])
    except KeyError:
        raise KeyError(f"There is no column '{column}' in the row. It has: {', '.join(map(str, row))}.") from None
    except (TypeError, ValueError):
        raise ValueError(f"'{column}' holds {row[column]!r}, which is no number. Correct the row.") from None`,
    );
  if (classes || kinds.includes('category'))
    code.push(`def as_text(value):
    """As the table writes it: 3.0 is 3."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value).strip()`);
  code.push(
    ['HOW = {', ...kinds.map((kind) => `    ${stringText(kind)}: lambda row, column, more: ${HOW[kind]},`), '}'].join('\n'),
  );
  code.push(
    [
      'def encode(rows):',
      '    """Rows of the table, each a dict by column, as the numbers that the network takes."""',
      '    return np.array(',
      '        [[(HOW[kind](row, column, more) - mean) / deviation for kind, column, more, mean, deviation in FEATURES] for row in rows]',
      '    )',
    ].join('\n'),
  );
  code.push(targetCode(data));
  code.push(answerCode(data, prepared.prediction!.takes, answeredColumns(prepared, data)));
  code.push(readCode(manner));
  return code;
}

function targetCode(data: DatasetInfo): string {
  const about = '    """What the network should answer for these rows, as numbers."""';
  if (data.task === 'regression')
    return `def encode_targets(rows):\n${about}\n    return np.array([[(number(row, column) - mean) / deviation for column, mean, deviation in TARGETS] for row in rows])`;
  const column = stringText(data.targets[0]?.source ?? '');
  const code = [
    'def encode_targets(rows):',
    about,
    `    classes = [as_text(row[${column}]) for row in rows]`,
    '    unknown = sorted(set(classes) - set(CLASSES))',
    '    if unknown:',
    `        raise ValueError(f"{unknown[0]!r} is none of the classes: {', '.join(CLASSES)}. Leave these rows out.")`,
  ];
  code.push(
    data.targets.length === 1
      ? '    return np.array([[float(CLASSES.index(name))] for name in classes])'
      : '    return np.eye(len(CLASSES))[[CLASSES.index(name) for name in classes]]',
  );
  return code.join('\n');
}

/**
 * The columns of the encoded targets that the prediction stands for: those of the target that it is compared with,
 * or, where the loss makes something else of a target first, of the only target that there is. Null where nothing says so.
 */
function answeredColumns({ inferred, inputs, prediction }: Source['prepared'], data: DatasetInfo): readonly number[] | null {
  const targets = inputs.filter(({ from }) => from === 'targets');
  const of = (id: NodeId): readonly InputSpec[] => targets.filter(({ node }) => node === id);
  const compared = inferred.links.outOf
    .get(prediction!.node)!
    .flatMap(({ to }) => [...inferred.links.into.get(to)!.values()].flatMap(({ from }) => of(from)));
  const found = new Set(compared.length > 0 ? compared : targets);
  const [only] = found;
  const columns = found.size === 1 ? only!.columns : found.size === 0 ? data.targets.map((_, k) => k) : null;
  return columns?.length === sampleSize(inferred.shapes.get(prediction!.node)!) ? columns : null;
}

function answerCode(data: DatasetInfo, takes: 'value' | 'probability' | 'logit', columns: readonly number[] | null): string {
  const whole = columns?.length === data.targets.length && columns.every((column, k) => column === k);
  if (columns === null || (data.task !== 'regression' && !whole))
    return `def answers(outputs):
    """The network's outputs as they are: which columns of the table they stand for is not known."""
    return np.asarray(outputs).tolist()`;
  if (data.task === 'regression') {
    const own = whole ? 'TARGETS' : `[TARGETS[k] for k in ${tupleText(columns)}]`;
    return `def answers(outputs):
    """The network's outputs in the units of the table${columns.length > 1 ? ', by column' : ''}."""
    own = ${own}
    numbers = np.reshape(outputs, (-1, len(own))) * [d for _, _, d in own] + [m for _, m, _ in own]
    ${columns.length > 1 ? 'return [dict(zip([column for column, _, _ in own], row)) for row in numbers]' : 'return numbers[:, 0].tolist()'}`;
  }
  if (data.targets.length === 1)
    return `def answers(outputs):
    """The class of each row: the second one where the output is above ${takes === 'logit' ? '0' : '0.5'}."""
    return [CLASSES[int(output > ${takes === 'logit' ? '0' : '0.5'})] for output in np.reshape(outputs, -1)]`;
  return `def answers(outputs):
    """The class of each row: the one with the largest output."""
    return [CLASSES[k] for k in np.argmax(np.reshape(outputs, (-1, len(CLASSES))), axis=1)]`;
}

/** What an input or target node takes of encoded rows: columns of `rows`, in its own shape. */
export function columnsText(rows: Python, { columns }: InputSpec, shape: Shape, width: number): Python {
  const lengths = sampleShape(shape);
  const first = columns[0] ?? 0;
  const together = columns.every((column, i) => column === first + i);
  if (lengths.length === 0) return `${rows}[:, ${first}]`;
  const picked = !together
    ? `${rows}[:, [${columns.join(', ')}]]`
    : first === 0 && columns.length === width
      ? rows
      : `${rows}[:, ${first === 0 ? '' : first}:${first + columns.length}]`;
  if (lengths.length === 1 && product(lengths) === columns.length) return picked;
  return `${picked}.reshape(-1, ${lengths.join(', ')})`;
}
