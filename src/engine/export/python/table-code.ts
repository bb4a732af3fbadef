/**
 * How a written program reads a table: as the project says that its data is written (what stands between cells,
 * decimal commas, a header or none, the encoding), so that `predict` takes the file that the network learned from.
 */
import { csvDefaults, type CsvSource, type DataSource, type Encoding } from '../../graph/project';
import { type Python, stringText } from './text';

/** A byte order mark is no part of the first name. */
const CODECS: Readonly<Record<Encoding, string>> = {
  'utf-8': 'utf-8-sig',
  'utf-16le': 'utf-16-le',
  'utf-16be': 'utf-16-be',
  'windows-1252': 'cp1252',
};

/** Data that is no table of text (pictures, arrays, made rows) is asked for as a plain CSV file. */
export const mannerOf = (source: DataSource): CsvSource => (source.kind === 'csv' ? source : csvDefaults);

/** The function `plain_number`: the numbers that the program reads in such a table, and no others. */
export function numberCode({ decimal }: CsvSource): Python {
  const [point, group] = decimal === ',' ? [',', '.'] : ['.', ','];
  const escaped = (mark: string): string => (mark === '.' ? '\\.' : mark);
  const none = decimal === ',' ? "\n    if '.' in text:\n        raise ValueError(text)" : '';
  return `def plain_number(text):
    """A number as the table writes it, as Python reads it: 1${group}234${point}5 is 1234.5."""
    text = text.strip()
    if re.fullmatch(r'[+-]?\\d{1,3}(${escaped(group)}\\d{3})+(${escaped(point)}\\d+)?', text):
        text = text.replace('${group}', '')${none}
    return float(text${decimal === ',' ? ".replace(',', '.')" : ''})`;
}

/** The function `read_table`. */
export function readCode({ separator, header, encoding }: CsvSource): Python {
  const codec = CODECS[encoding ?? 'utf-8'];
  const between = separator === '' ? "max(',;\\t|', key=text.split('\\n')[0].count)" : stringText(separator);
  return `def read_table(path):
    """The rows of a table, each a dict by column${header ? '; its first row names the columns' : ', which are called column 1, column 2 and so on'}."""
    with open(path, newline='', encoding='${codec}') as file:
        text = file.read().lstrip('\\ufeff')
    cells = [row for row in csv.reader(text.splitlines(True), delimiter=${between}) if any(map(str.strip, row))]
    width = max(map(len, cells), default=0)
    names = []
    for at, name in enumerate(${header ? "(cells.pop(0) if cells else []) + [''] * width" : "[''] * width"}):
        name = wish = name.strip()[:200] or f'column {at + 1}'
        count = 1
        while name in names:
            count += 1
            name = f'{wish} ({count})'
        names.append(name)
    return [dict(zip(names, map(str.strip, row))) for row in cells]`;
}

/** The part of the main program that prints the answers for a table. */
export const answerRows: Python = `for answer in predict(read_table(sys.argv[1])):
    print(answer)`;
