/**
 * Where a command writes: results on stdout (text, or one JSON object a line), news for people on stderr.
 * Passed in, so that tests run commands in their own process.
 */
import type { WriteStream } from 'node:tty';

export interface Io {
  /** A line of results. */
  out(line: string): void;
  /** A line for people: notes, warnings, refusals. */
  err(line: string): void;
  /** stderr where it is a terminal: only there progress bars make sense. */
  readonly terminal: WriteStream | null;
  /** Resolves when the user asks the command to end (Ctrl+C). */
  readonly interrupted: Promise<void>;
  /** What is piped in; absent: nothing. */
  readonly input?: AsyncIterable<Uint8Array>;
  /** Folder that relative paths start from. */
  readonly folder: string;
}

/** Exit status of a command: done, or a check failed or training diverged. Bad input throws a refusal. */
export type Status = 0 | 1;

export const json = (io: Io, value: unknown): void => io.out(JSON.stringify(value));

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** A number in four significant digits. */
export const short = (x: number): string =>
  Number.isFinite(x) ? String(Number(x.toPrecision(4))) : Number.isNaN(x) ? 'not a number' : 'infinite';

/** Rows of text in columns that line up. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(column === row.length - 1 ? 0 : widths[column]! - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
}
