/** Parts that stand in an expression more than once, named, so that a long derivative is read and computed once. */
import type { Python } from './text';

export interface NamedPart {
  readonly name: string;
  readonly text: Python;
}

const NAMES = ['u', 'v', 'w', 'r', 's', 'q'];
/** Shorter expressions are as well left whole, shorter parts as well written again. */
const LONG = 60;
const WORTH = 8;

/** Texts of all calls `f(…)` and brackets `(…)` in a text. */
function partsOf(text: Python): string[] {
  const parts: string[] = [];
  const open: number[] = [];
  for (let i = 0; i < text.length; i++)
    if (text[i] === '(') open.push(i);
    else if (text[i] === ')') {
      const from = open.pop()!;
      let start = from;
      while (start > 0 && /[\w.]/.test(text[start - 1]!)) start--;
      if (text[start] !== '.' && !/^\([^()]*,/.test(text.slice(start))) parts.push(text.slice(start, i + 1));
    }
  return parts;
}

/** Where a part stands: brackets may be the arguments of a call, whose own stay. */
const placesOf = (part: string): RegExp =>
  new RegExp(`${part.startsWith('(') ? '([\\w.\\])]?)' : '((?<![\\w.]))'}${part.replace(/[^\w]/g, '\\$&')}`, 'g');

const count = (texts: readonly string[], part: string): number =>
  texts.reduce((n, text) => n + [...text.matchAll(placesOf(part))].length, 0);

const replaced = (text: Python, part: Python, name: string): Python =>
  text.replace(placesOf(part), (_, before: string) => (before === '' ? name : `${before}(${name})`));

export function shared(text: Python): { readonly text: Python; readonly named: readonly NamedPart[] } {
  if (text.length < LONG) return { text, named: [] };
  let open: NamedPart[] = [{ name: '', text }];
  for (const name of NAMES) {
    if (new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(text)) continue;
    const texts = open.map((part) => part.text);
    const found = texts
      .flatMap(partsOf)
      .filter((part) => part.length >= WORTH && count(texts, part) > 1)
      .sort((a, b) => b.length - a.length)[0];
    if (found === undefined) break;
    open = open.map((part) => ({ ...part, text: replaced(part.text, found, name) }));
    open.push({ name, text: found.startsWith('(') ? found.slice(1, -1) : found });
  }
  // Each one after those that it reads.
  const named: NamedPart[] = [];
  let rest = open.slice(1);
  while (rest.length > 0) {
    const waits = (part: NamedPart): boolean =>
      rest.some((other) => other !== part && new RegExp(`(?<![\\w.])${other.name}(?!\\w)`).test(part.text));
    named.push(...rest.filter((part) => !waits(part)));
    rest = rest.filter(waits);
  }
  return { text: open[0]!.text, named };
}
