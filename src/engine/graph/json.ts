/**
 * Reads JSON and says where it is broken: line, column and a plain reason, the same on every machine.
 * Stricter than JSON.parse where that helps people and safety: a key may stand only once in an object, keys
 * that would reach an object's prototype are refused, and so are numbers beyond float64 and endless nesting.
 */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

const DEPTH = 64;

class Stop extends Error {
  constructor(
    readonly at: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** Whether a table may have this key: names that every object inherits would shadow or be mistaken. */
export const safeKey = (key: string): boolean => !(key in Object.prototype);

export function readJson(text: string): { readonly value: JsonValue } | { readonly fault: JsonFault } {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON allows all but these in a text.
  const plain = /[^"\\\u0000-\u001f]*/y;
  const numeral = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  const blank = /[ \t\r\n]*/y;
  const space = (): void => {
    blank.lastIndex = at;
    blank.test(text);
    at = blank.lastIndex;
  };
  const shown = (): string => (at >= text.length ? 'the end of the file' : `'${String.fromCodePoint(text.codePointAt(at)!)}'`);

  const string = (): string => {
    const start = at++;
    let out = '';
    for (;;) {
      plain.lastIndex = at;
      plain.test(text);
      out += text.slice(at, plain.lastIndex);
      at = plain.lastIndex;
      if (at >= text.length) throw new Stop(start, 'this text has no closing quotation mark');
      const c = text[at]!;
      if (c === '"') {
        at++;
        return out;
      }
      if (c !== '\\') throw new Stop(at, 'a text may not run over the end of a line; write \\n for a line break');
      const code = text[at + 1] ?? '';
      const simple = '"\\/bfnrt'.indexOf(code);
      if (code !== '' && simple >= 0) {
        out += '"\\/\b\f\n\r\t'[simple]!;
        at += 2;
      } else if (code === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6))) {
        out += String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 6), 16));
        at += 6;
      } else throw new Stop(at, `'\\${code}' is no escape; write \\\\ for a backslash`);
    }
  };

  const value = (depth: number): JsonValue => {
    if (depth > DEPTH) throw new Stop(at, `values are nested more than ${DEPTH} deep`);
    space();
    const c = text[at];
    if (c === '"') return string();
    if (c === '{') {
      at++;
      const out: { [key: string]: JsonValue } = {};
      space();
      if (text[at] === '}') {
        at++;
        return out;
      }
      for (;;) {
        space();
        if (text[at] !== '"')
          throw new Stop(
            at,
            text[at] === '}'
              ? 'there is a comma too many before this'
              : `a name in quotation marks is missing here; found ${shown()}`,
          );
        const start = at;
        const key = string();
        if (!safeKey(key)) throw new Stop(start, `'${key}' may not be used as a name`);
        if (Object.hasOwn(out, key)) throw new Stop(start, `'${key}' stands here for the second time`);
        space();
        if (text[at] !== ':') throw new Stop(at, `a colon is missing after "${key}"; found ${shown()}`);
        at++;
        out[key] = value(depth + 1);
        space();
        if (text[at] === '}') {
          at++;
          return out;
        }
        if (text[at] !== ',') throw new Stop(at, `a comma or a closing brace is missing; found ${shown()}`);
        at++;
      }
    }
    if (c === '[') {
      at++;
      const out: JsonValue[] = [];
      space();
      if (text[at] === ']') {
        at++;
        return out;
      }
      for (;;) {
        space();
        if (text[at] === ']') throw new Stop(at, 'there is a comma too many before this');
        out.push(value(depth + 1));
        space();
        if (text[at] === ']') {
          at++;
          return out;
        }
        if (text[at] !== ',') throw new Stop(at, `a comma or a closing bracket is missing; found ${shown()}`);
        at++;
      }
    }
    for (const [word, meaning] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const)
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    numeral.lastIndex = at;
    const found = numeral.exec(text);
    if (!found) throw new Stop(at, `a value is missing here; found ${shown()}`);
    const number = Number(found[0]);
    if (!Number.isFinite(number)) throw new Stop(at, `the number ${found[0].slice(0, 40)} is too large`);
    at += found[0].length;
    return number;
  };

  try {
    space();
    if (at >= text.length) throw new Stop(at, 'the file is empty');
    const result = value(0);
    space();
    if (at < text.length) throw new Stop(at, `there is something after the end of the project: ${shown()}`);
    return { value: result };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    const before = text.slice(0, error.at);
    const line = before.split('\n').length;
    return { fault: { line, column: error.at - before.lastIndexOf('\n'), reason: error.reason } };
  }
}
