/** Tables as CSV text. */
import { expect, test } from 'vitest';
import { csvText } from '../../src/renderer/run/table-text';

test('cells are quoted where they must be; what has no value stays empty', () => {
  expect(
    csvText(
      ['name', 'x'],
      [
        ['a,b', 1.5],
        ['say "no"', Number.NaN],
        ['', null],
      ],
    ),
  ).toBe('name,x\r\n"a,b",1.5\r\n"say ""no""",\r\n,\r\n');
});
