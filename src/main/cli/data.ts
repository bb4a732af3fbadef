/**
 * What may follow `--data`: a file or folder of data, `toy:NAME`, `formula:TEXT`, a project whose data are
 * wanted, or `-` for a table on standard input.
 */
import { basename, extname, resolve } from 'node:path';
import { csvDefaults, isTable, type DataSource, type TableSource } from '../../engine/graph/project';
import { generatorOf, generators } from '../../engine/data/generators';
import { asRefusal } from '../services/datasets';
import { previewFile, previewTable } from '../services/previews';
import { PROJECT_EXTENSION, readProjectFile } from '../services/projects';
import { Refusal } from '../services/refusal';
import type { Io } from './io';

export interface GivenData {
  readonly source: DataSource;
  /** Of a table, in its order. */
  readonly columns: readonly string[];
  readonly title: string;
}

const PASTED_LIMIT = 16 * 1024 * 1024;

export async function givenData(io: Io, given: string): Promise<GivenData> {
  const [, kind, rest] = /^(toy|formula):\s*(.*)$/su.exec(given) ?? [];
  if (kind === 'toy') {
    const generator = generatorOf(rest!);
    if (!generator)
      throw new Refusal(`There is no toy data set '${rest}'. Choose one of: ${generators.map((g) => g.name).join(', ')}.`);
    return { source: { kind: 'generator', name: rest!, ...generator.defaults, seed: 1 }, columns: [], title: generator.title };
  }
  if (kind === 'formula') {
    const inputs = /(?<![\p{L}\d])y(?![\p{L}\d])/u.test(rest!) ? 2 : 1;
    const formula = {
      kind: 'formula',
      formula: rest!,
      inputs,
      target: 'value',
      low: -3,
      high: 3,
      count: 500,
      noise: 0,
      seed: 1,
    } as const;
    return { source: formula, columns: [], title: rest! };
  }
  if (given === '-')
    return table(await previewed(previewTable({ ...csvDefaults, path: 'pasted table', text: await pasted(io) }, true)));
  const path = resolve(io.folder, given);
  if (extname(path) === PROJECT_EXTENSION) {
    const { settings } = await readProjectFile(path);
    if (settings.data.kind === 'none') throw new Refusal(`'${basename(path)}' has no data. Choose another project.`);
    const columns = isTable(settings.data) ? (await previewed(previewTable(settings.data, false))).columns : [];
    return { source: settings.data, columns: columns.map(({ name }) => name), title: settings.title };
  }
  return table(await previewed(previewFile(path)));
}

const table = ({
  source,
  columns,
  name,
}: {
  source: TableSource;
  columns: readonly { name: string }[];
  name: string;
}): GivenData => ({
  source,
  columns: columns.map((column) => column.name),
  title: basename(name, extname(name)),
});

const previewed = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw asRefusal(error);
  });

async function pasted(io: Io): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of io.input ?? []) {
    parts.push(part);
    size += part.length;
    if (size > PASTED_LIMIT)
      throw new Refusal('The table on standard input has more than 16 MB. Write it to a file and give its name.');
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}
