/**
 * A WebAssembly module around finished functions: its sections, in the order that the format wants.
 */
import type { Func, ValueType } from './assembler';
import { Bytes } from './bytes';

export interface Import {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Pages of 64 KiB that a memory may have. */
export const MOST_PAGES = 65_536;

/** A module that imports its memory and some functions from 'host'. */
export class Module {
  readonly #imports: readonly Import[];
  readonly #functions: Func[] = [];
  readonly #exports: { name: string; index: number }[] = [];

  constructor(
    imports: readonly Import[],
    readonly pages: number,
    /** Memory shared by threads; it must state a maximum. */
    readonly shared = false,
  ) {
    this.#imports = imports;
  }

  importIndex(name: string): number {
    return this.#imports.findIndex((i) => i.name === name);
  }

  add(func: Func, exported?: string): number {
    this.#functions.push(func);
    const index = this.#imports.length + this.#functions.length - 1;
    if (exported) this.#exports.push({ name: exported, index });
    return index;
  }

  bytes(): Uint8Array {
    const functions = this.#functions;
    const types: Omit<Import, 'name'>[] = [];
    const typeOf = (f: Omit<Import, 'name'>): number => {
      const same = (a: readonly ValueType[], b: readonly ValueType[]): boolean => a.join() === b.join();
      const known = types.findIndex((t) => same(t.parameters, f.parameters) && same(t.results, f.results));
      return known >= 0 ? known : types.push(f) - 1;
    };
    const importTypes = this.#imports.map(typeOf);
    const functionTypes = functions.map(typeOf);

    const out = new Bytes();
    for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.byte(byte);
    const section = (id: number, write: (into: Bytes) => void): void => {
      const content = new Bytes();
      write(content);
      out.byte(id);
      out.unsigned(content.length);
      out.append(content);
    };
    section(1, (s) => {
      s.unsigned(types.length);
      for (const type of types) {
        s.byte(0x60);
        s.unsigned(type.parameters.length);
        for (const p of type.parameters) s.byte(p);
        s.unsigned(type.results.length);
        for (const r of type.results) s.byte(r);
      }
    });
    section(2, (s) => {
      s.unsigned(this.#imports.length + 1);
      this.#imports.forEach((imported, index) => {
        s.text('host');
        s.text(imported.name);
        s.byte(0);
        s.unsigned(importTypes[index]!);
      });
      s.text('host');
      s.text('memory');
      s.byte(2);
      s.byte(this.shared ? 3 : 0);
      s.unsigned(this.pages);
      if (this.shared) s.unsigned(MOST_PAGES);
    });
    section(3, (s) => {
      s.unsigned(functions.length);
      for (const type of functionTypes) s.unsigned(type);
    });
    section(7, (s) => {
      s.unsigned(this.#exports.length);
      for (const { name, index } of this.#exports) {
        s.text(name);
        s.byte(0);
        s.unsigned(index);
      }
    });
    section(10, (s) => {
      s.unsigned(functions.length);
      for (const f of functions) s.append(f.body());
    });
    return out.view().slice();
  }
}
