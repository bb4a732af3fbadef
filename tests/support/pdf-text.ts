/**
 * The text of a PDF that Chromium wrote, page by page: streams are inflated, glyphs are read by each font's
 * own ToUnicode map. Enough to say what stands on paper; layout is not looked at.
 */
import { inflateSync } from 'node:zlib';

/** Objects by number: their dictionary, and their stream where they have one. */
function objectsOf(pdf: Buffer): ReadonlyMap<string, { readonly dict: string; readonly stream: string }> {
  const text = pdf.toString('latin1');
  const found = new Map<string, { dict: string; stream: string }>();
  for (const match of text.matchAll(/(\d+) 0 obj\s*([\s\S]*?)endobj/g)) {
    const [, id, body] = match;
    const at = body!.search(/stream\r?\n/);
    if (at < 0) {
      found.set(id!, { dict: body!, stream: '' });
      continue;
    }
    const dict = body!.slice(0, at);
    const from = at + /stream\r?\n/.exec(body!.slice(at))![0].length;
    const bytes = Buffer.from(body!.slice(from, body!.lastIndexOf('endstream')), 'latin1');
    let stream = '';
    try {
      stream = (dict.includes('/FlateDecode') ? inflateSync(bytes) : bytes).toString('latin1');
    } catch {
      // A font's own program: nothing to read there.
    }
    found.set(id!, { dict, stream });
  }
  return found;
}

/** Glyph numbers to characters. */
function unicodeMap(cmap: string): ReadonlyMap<number, string> {
  const map = new Map<number, string>();
  const chars = (hex: string): string => Buffer.from(hex, 'hex').swap16().toString('utf16le');
  for (const [, block] of cmap.matchAll(/beginbfchar([\s\S]*?)endbfchar/g))
    for (const [, from, to] of block!.matchAll(/<(\w+)>\s*<(\w+)>/g)) map.set(Number.parseInt(from!, 16), chars(to!));
  for (const [, block] of cmap.matchAll(/beginbfrange([\s\S]*?)endbfrange/g))
    for (const [, from, to, first] of block!.matchAll(/<(\w+)>\s*<(\w+)>\s*<(\w+)>/g))
      for (let glyph = Number.parseInt(from!, 16), k = 0; glyph <= Number.parseInt(to!, 16); glyph++, k++)
        map.set(glyph, String.fromCodePoint(Number.parseInt(first!, 16) + k));
  return map;
}

export function pdfPages(pdf: Buffer): readonly string[] {
  const objects = objectsOf(pdf);
  const at = (id: string | undefined) => (id === undefined ? undefined : objects.get(id));
  return [...objects.values()]
    .filter(({ dict }) => /\/Type\s*\/Page\b(?!s)/.test(dict))
    .map(({ dict }) => {
      const fonts = new Map<string, ReadonlyMap<number, string>>();
      const resources = at(/\/Resources\s+(\d+) 0 R/.exec(dict)?.[1])?.dict ?? dict;
      const own = at(/\/Font\s+(\d+) 0 R/.exec(resources)?.[1])?.dict ?? resources;
      for (const [, name, id] of own.matchAll(/\/(F\d+)\s+(\d+) 0 R/g)) {
        const cmap = at(/\/ToUnicode\s+(\d+) 0 R/.exec(at(id)?.dict ?? '')?.[1])?.stream;
        if (cmap !== undefined) fonts.set(name!, unicodeMap(cmap));
      }
      const content = at(/\/Contents\s+(\d+) 0 R/.exec(dict)?.[1])?.stream ?? '';
      let font: ReadonlyMap<number, string> = new Map();
      let text = '';
      for (const [, name, shown] of content.matchAll(/\/(F\d+)\s+[\d.]+\s+Tf|(\[[^\]]*\]\s*TJ|<\w+>\s*Tj)/g)) {
        if (name !== undefined) font = fonts.get(name) ?? new Map();
        else
          for (const [, hex] of shown!.matchAll(/<(\w+)>/g))
            for (let i = 0; i < hex!.length; i += 4) text += font.get(Number.parseInt(hex!.slice(i, i + 4), 16)) ?? '';
      }
      return text;
    });
}
