/** The functions that a Python file defines for its own use: each once, under a name of its own. */
import { identifier, type Names } from './names';
import { indented } from './text';

export class Functions {
  readonly #byText = new Map<string, string>();
  readonly #definitions: string[] = [];
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  /** The name of a function with these lines; one that says the same is taken instead. */
  add(wish: string, parameters: readonly string[], lines: readonly string[], about?: string): string {
    const rest = `(${parameters.join(', ')}):\n${lines.join('\n')}`;
    const key = `${identifier(wish)}${rest}`;
    let name = this.#byText.get(key);
    if (name === undefined) {
      name = this.#names.takeOr(wish, `${wish}_function`);
      this.#byText.set(key, name);
      const words = about === undefined ? [] : [`"""${about}"""`];
      this.#definitions.push([`def ${name}(${parameters.join(', ')}):`, ...indented([...words, ...lines])].join('\n'));
    }
    return name;
  }

  /** A definition that an operation brings ready made. */
  define(name: string, text: string): void {
    if (this.#byText.has(name)) return;
    this.#byText.set(name, name);
    this.#definitions.push(text);
  }

  get definitions(): readonly string[] {
    return this.#definitions;
  }
}
