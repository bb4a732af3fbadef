/**
 * The only source of randomness: a small seeded generator (sfc32, by Chris Doty-Humphrey; passes
 * PractRand). The same seed gives the same numbers on every machine.
 */
import { cos, log, sin } from '../ir/elementary';

/** What initializers draw from. */
export interface Draw {
  /** In [0, 1). */
  uniform(): number;
  /** Mean 0, deviation 1. */
  gaussian(): number;
}

export class Random implements Draw {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare: number | null = null;

  /** `stream` separates uses of one seed: the same seed draws other numbers for other streams. */
  constructor(seed: number, stream = '') {
    let h = 2166136261;
    for (const char of stream) h = Math.imul(h ^ char.charCodeAt(0), 16777619);
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = h | 0;
    for (let i = 0; i < 15; i++) this.#next();
  }

  /** 32 bits; state and sums are kept as 32-bit integers, which engines add without a check. */
  #next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** In [0, 1), 32 bits. */
  uniform(): number {
    return this.#next() / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Mean 0, deviation 1 (Box and Muller). */
  gaussian(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * sin(angle);
    return radius * cos(angle);
  }

  /** A whole number in [0, below). */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Puts the elements in random order, in place (Fisher and Yates). */
  shuffle<T extends { length: number; [index: number]: number }>(numbers: T): T {
    if (numbers instanceof Uint32Array) this.#shuffleRows(numbers);
    else
      for (let i = numbers.length - 1; i > 0; i--) {
        const j = this.integer(i + 1);
        [numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!];
      }
    return numbers;
  }

  /** The same, several times faster: on local integers and one kind of array. Every epoch of training passes here. */
  #shuffleRows(rows: Uint32Array): void {
    let a = this.#a | 0;
    let b = this.#b | 0;
    let c = this.#c | 0;
    let counter = this.#counter | 0;
    for (let i = rows.length - 1; i > 0; i--) {
      const t = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      const j = ((t >>> 0) * 2 ** -32 * (i + 1)) | 0;
      const other = rows[i]!;
      rows[i] = rows[j]!;
      rows[j] = other;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
  }
}
