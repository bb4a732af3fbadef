/** First guesses for data that were just chosen. */
import { describe, expect, test } from 'vitest';
import { looksLikeTable } from '../../src/renderer/panels/data/source-choice';

describe('a text on the clipboard', () => {
  test.each([
    ['cells of a spreadsheet', 'a\tb\n1\t2\n3\t4\n'],
    ['lines with semicolons', 'a;b;c\r\n1;2;3\r\n4;5;6\r\n'],
    ['CSV without a last line end', 'x,y\n1,2\n3,4'],
    ['one odd line among many', `x,y\n${'1,2\n'.repeat(30)}note\n`],
    ['a long table, cut in its last line', `x,y\n${'1000000,2000000\n'.repeat(2000)}`],
  ])('%s is a table', (_, text) => expect(looksLikeTable(text)).toBe(true));

  test.each([
    ['nothing', ''],
    ['a word', 'hello'],
    ['two lines', 'a,b\n1,2'],
    ['prose', 'Dear all, this is\na letter with commas, here and there,\nand so on.\nYours'],
    ['JSON', '{\n"a": 1, "b": 2,\n"c": 3, "d": 4,\n"e": 5, "f": 6\n}'],
    ['a drawing', '<svg>\n<g a="1,2">\n<g a="1,2">\n</svg>'],
    ['a list', 'one\ntwo\nthree\nfour'],
  ])('%s is none', (_, text) => expect(looksLikeTable(text)).toBe(false));
});
