/**
 * One row of data that is typed: the numbers that a drawing takes from the data, and the project with a table
 * of that one row. A drawing made from a formula can so be stepped through before there is a data set.
 */
import type { NodeId } from '../graph/graph';
import { csvDefaults, type CsvSource, type Project } from '../graph/project';
import { product } from '../ir/shape';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';
import { wishedColumns } from './columns';

/** An input or a target, and the columns that feed it: a name for each of its numbers. */
export interface Blank {
  readonly node: NodeId;
  readonly role: 'input' | 'target';
  readonly columns: readonly string[];
}

/** More than anybody types. */
const MOST_NUMBERS = 32;

/** What the drawing takes from a row, in the order of its nodes; null where that is nothing, or too much to type. */
export function blanksOf(project: Project): readonly Blank[] | null {
  const taken = new Set<string>();
  const blanks = Object.values(project.nodes).flatMap((node): Blank[] => {
    const op = opOf(node.op);
    if (op?.kind !== 'source' || (op.role !== 'input' && op.role !== 'target')) return [];
    const attrs = completeAttrs(op, node.attrs);
    const count = product(attrs['shape'] as readonly number[]);
    const wished = wishedColumns(attrs['columns'] as string);
    const columns = wished.length === count ? wished : namesFor(node.id, Math.min(count, MOST_NUMBERS + 1), taken);
    for (const name of columns) taken.add(name);
    return [{ node: node.id, role: op.role, columns }];
  });
  const count = new Set(blanks.flatMap(({ columns }) => columns)).size;
  return count === 0 || count > MOST_NUMBERS ? null : blanks;
}

/** `x`, or `x1`, `x2` … for several; never a name that another node has. */
function namesFor(node: NodeId, count: number, taken: ReadonlySet<string>): string[] {
  for (let base = node; ; base += '_') {
    const names = count === 1 ? [base] : Array.from({ length: count }, (_, at) => `${base}${at + 1}`);
    if (!names.some((name) => taken.has(name))) return names;
  }
}

/** The row that the project's data are, by column; null for other data. */
export function typedRow(project: Project): ReadonlyMap<string, number> | null {
  const { data } = project.settings;
  if (data.kind !== 'csv' || data.text === undefined) return null;
  const [names, cells, ...more] = data.text.trim().split('\n');
  if (names === undefined || cells === undefined || more.length > 0) return null;
  const numbers = cells.split(',').map(Number);
  const columns = names.split(',').map((name) => name.replace(/^"(.*)"$/, '$1'));
  return columns.length === numbers.length && numbers.every(Number.isFinite)
    ? new Map(columns.map((name, at) => [name, numbers[at]!]))
    : null;
}

/** The project on one row: `numbers` holds one for each column of its blanks. */
export const withTypedRow =
  (blanks: readonly Blank[], numbers: ReadonlyMap<string, number>) =>
  (project: Project): Project => {
    const columnsOf = (role: Blank['role']): string[] => [
      ...new Set(blanks.filter((blank) => blank.role === role).flatMap(({ columns }) => columns)),
    ];
    const [features, targets] = [columnsOf('input'), columnsOf('target')];
    const columns = [...new Set([...features, ...targets])];
    const data: CsvSource = {
      ...csvDefaults,
      path: 'typed numbers',
      text: `${columns.map((name) => `"${name.replaceAll('"', '""')}"`).join()}\n${columns.map((name) => numbers.get(name) ?? 0).join()}\n`,
      separator: ',',
      features,
      targets,
      task: 'regression',
      standardise: false,
    };
    return { ...project, settings: { ...project.settings, data } };
  };
