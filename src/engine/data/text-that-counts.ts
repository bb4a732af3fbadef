/**
 * Columns of text that people meant as numbers: with a unit or a currency, with the other decimal sign, or
 * dates. They are read as names, one column for each value, which is seldom wanted; so the reader is told,
 * and what to do.
 */
import { cellNumber, type Column, type Decimal } from './table';

/** Share of the distinct values that must look alike, and how many there must be at least. */
const MOST = 0.9;
const AT_LEAST = 5;

const DATE = /^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T].*)?$/;
const WITH_UNIT = /^([^\d\s+-]{0,4})\s*([+-]?\d[\d.,]*)\s*([^\d\s]{0,12})$/;

const readable = (text: string): boolean => Number.isFinite(cellNumber(text, '.')) || Number.isFinite(cellNumber(text, ','));

/** Null for text that is meant as text. The column's values must be known. */
export function meantAsNumbers(column: Pick<Column, 'kind' | 'name' | 'values'>): string | null {
  const { values } = column;
  if (column.kind !== 'text' || !values || values.length < AT_LEAST) return null;
  const most = (holds: (value: string) => boolean): string | null => {
    const such = values.filter(holds);
    return such.length >= MOST * values.length ? such[0]! : null;
  };
  const says = (example: string, what: string, cure: string): string =>
    `The column '${column.name}' is read as names, although it looks like ${what} ('${example}'). ${cure}`;

  const other = (['.', ','] as const satisfies readonly Decimal[]).find(
    (sign) => most((value) => Number.isFinite(cellNumber(value, sign))) !== null,
  );
  if (other)
    return says(
      most((value) => Number.isFinite(cellNumber(value, other)))!,
      `numbers with a decimal ${other === ',' ? 'comma' : 'point'}`,
      'Choose this decimal sign, or write all columns with the same one.',
    );
  const date = most((value) => DATE.test(value));
  if (date)
    return says(
      date,
      'dates',
      'Write what matters of them as numbers, such as the hour, the weekday or the days since a first one.',
    );
  // One unit for all of them; different words after a number are names, such as those of streets.
  const units = new Map<string, string>();
  for (const value of values) {
    const [, before = '', number = '', after = ''] = WITH_UNIT.exec(value) ?? [];
    if ((before !== '' || after !== '') && readable(number)) units.set(`${before}|${after}`, value);
  }
  for (const [unit, example] of units) {
    const [before, after] = unit.split('|');
    if (most((value) => value.startsWith(before!) && value.endsWith(after!) && WITH_UNIT.test(value)) !== null)
      return says(example, 'numbers with a unit', 'Take the unit out of its cells to learn from the numbers.');
  }
  return null;
}
