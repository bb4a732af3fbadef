/**
 * The tool with which the project file is read: one object of untrusted JSON at a time, member by member,
 * each answered with its value or with a fault that says where, what and how to mend it. Misspelt members
 * are faults too, with the name that was most likely meant.
 */
import type { JsonValue } from './json';

/** Characters of the name of a node, an operation, a port. */
export const ID_LIMIT = 120;
export const TEXT_LIMIT = 100_000;
export const LIST_LIMIT = 1_000_000;
/** After so many faults the rest is not listed. */
const FAULT_LIMIT = 20;

export interface FileFault {
  /** Where, as a path into the JSON (`nodes.hidden.attrs.units`) or `line 3, column 7`. */
  readonly place: string;
  /** What is wrong and what to do, as a sentence. */
  readonly message: string;
}

export type Json = { readonly [key: string]: JsonValue };
export const isObject = (value: JsonValue | undefined): value is { [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value in a few characters, for "…, but is …". */
export function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** The known name that a misspelt one most likely means, or null. */
export function nearest(name: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Math.min(3, Math.ceil(name.length / 3) + 1);
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least || candidate.length > 60 || name.length > 60) continue;
    let row = Array.from({ length: candidate.length + 1 }, (_, i) => i);
    for (let i = 1; i <= name.length; i++) {
      const next = [i];
      for (let j = 1; j <= candidate.length; j++)
        next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (name[i - 1] === candidate[j - 1] ? 0 : 1)));
      row = next;
    }
    if (row[candidate.length]! < least) {
      least = row[candidate.length]!;
      best = candidate;
    }
  }
  return best;
}

export class Faults {
  readonly list: FileFault[] = [];
  get full(): boolean {
    return this.list.length >= FAULT_LIMIT;
  }
  add(place: string, message: string): void {
    if (!this.full) this.list.push({ place: place || 'the file', message });
  }
}

/** One object of the file: reads its members, and at the end complains about the unknown ones. */
export class Reader {
  private readonly known = new Set<string>();
  constructor(
    readonly json: Json,
    readonly place: string,
    readonly faults: Faults,
  ) {}

  at(key: string): string {
    return this.place === '' ? key : `${this.place}.${key}`;
  }
  get(key: string): JsonValue | undefined {
    this.known.add(key);
    return Object.hasOwn(this.json, key) ? this.json[key] : undefined;
  }
  private expect<T>(key: string, fallback: T | undefined, what: string, is: (value: JsonValue) => boolean): T {
    const value = this.get(key);
    if (value === undefined && fallback !== undefined) return fallback;
    if (value !== undefined && is(value)) return value as T;
    this.faults.add(
      this.at(key),
      value === undefined ? `is missing. Write ${what}.` : `must be ${what}, but is ${shown(value)}.`,
    );
    return fallback as T;
  }
  text(key: string, fallback: string | undefined, limit = TEXT_LIMIT): string {
    return (
      this.expect(key, fallback, `a text of at most ${limit} characters`, (v) => typeof v === 'string' && v.length <= limit) ?? ''
    );
  }
  flag(key: string, fallback: boolean): boolean {
    return this.expect(key, fallback, 'true or false', (v) => typeof v === 'boolean');
  }
  whole(key: string, fallback: number | undefined, min: number, max: number): number {
    return (
      this.expect(
        key,
        fallback,
        `a whole number from ${min} to ${max}`,
        (v) => Number.isInteger(v) && (v as number) >= min && (v as number) <= max,
      ) ?? min
    );
  }
  number(key: string, fallback: number | undefined, min: number, max: number): number {
    return (
      this.expect(key, fallback, `a number from ${min} to ${max}`, (v) => typeof v === 'number' && v >= min && v <= max) ?? min
    );
  }
  choice<T extends string>(key: string, fallback: T | undefined, choices: readonly T[]): T {
    return (
      this.expect(key, fallback, `one of ${choices.map((c) => JSON.stringify(c)).join(', ')}`, (v) =>
        (choices as readonly JsonValue[]).includes(v),
      ) ?? choices[0]!
    );
  }
  texts(key: string, fallback: readonly string[]): readonly string[] {
    return this.expect(
      key,
      fallback,
      'a list of texts',
      (v) => Array.isArray(v) && v.length <= LIST_LIMIT && v.every((t) => typeof t === 'string'),
    );
  }
  object(key: string): Reader | null {
    const value = this.get(key);
    if (value === undefined) return null;
    if (isObject(value)) return new Reader(value, this.at(key), this.faults);
    this.faults.add(this.at(key), `must be an object { … }, but is ${shown(value)}.`);
    return null;
  }
  /** Misspelt members would otherwise be lost without a word. */
  end(): void {
    for (const key of Object.keys(this.json)) {
      if (this.known.has(key) || this.faults.full) continue;
      const meant = nearest(key, this.known);
      this.faults.add(
        this.at(key),
        `is not known here. ${meant ? `Did you mean '${meant}'?` : `Known are: ${[...this.known].join(', ')}.`}`,
      );
    }
  }
}
