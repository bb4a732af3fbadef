import { describe, expect, test } from 'vitest';
import { compose, invert, isEmpty } from '../../../src/engine/graph/diff';
import { applyNumbers, composeNumbers, invertNumbers, type NumberEdit, slabOf } from '../../../src/engine/graph/number-edits';

const w = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const plain = (edits: readonly NumberEdit[], numbers = { w }) =>
  Object.fromEntries(
    Object.entries(applyNumbers(edits, numbers)).map(([key, t]) => [key, { shape: t.shape, data: [...t.data] }]),
  );

describe('edits of trained numbers', () => {
  test('one number', () => {
    expect(plain([{ kind: 'set', key: 'w', at: 4, before: 5, after: 9 }])).toEqual({
      w: { shape: [2, 3], data: [1, 2, 3, 4, 9, 6] },
    });
    expect(plain([{ kind: 'set', key: 'w', at: 6, before: 5, after: 9 }])).toEqual({});
    expect(plain([{ kind: 'set', key: 'other', at: 0, before: 5, after: 9 }])).toEqual({});
  });

  test('a column and a row go and come back', () => {
    expect(slabOf(w, 1, 1)).toEqual([2, 5]);
    expect(slabOf(w, 0, 1)).toEqual([4, 5, 6]);
    const column: NumberEdit = { kind: 'remove', key: 'w', axis: 1, at: 1, values: [2, 5] };
    expect(plain([column])).toEqual({ w: { shape: [2, 2], data: [1, 3, 4, 6] } });
    const row: NumberEdit = { kind: 'remove', key: 'w', axis: 0, at: 0, values: [1, 2, 3] };
    expect(plain([column, ...invertNumbers([column])])).toEqual({ w: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } });
    expect(plain([row, ...invertNumbers([row])])).toEqual({ w: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } });
  });

  test('taking one back leaves alone what was learned meanwhile', () => {
    const gone: NumberEdit = { kind: 'remove', key: 'w', axis: 1, at: 1, values: [2, 5] };
    const learned = { w: { shape: [2, 2], data: Float32Array.of(10, 30, 40, 60) } };
    expect(plain(invertNumbers([gone]), learned)).toEqual({ w: { shape: [2, 3], data: [10, 2, 30, 40, 5, 60] } });
  });

  test('whole parameters', () => {
    const put: NumberEdit = { kind: 'put', key: 'b', before: null, after: { shape: [], data: Float32Array.of(7) } };
    expect(plain([put])).toEqual({ b: { shape: [], data: [7] } });
    expect(plain([put, ...invertNumbers([put])])).toEqual({});
  });

  test('a slider over one number is one edit, and none when it returns', () => {
    const set = (before: number, after: number): NumberEdit => ({ kind: 'set', key: 'w', at: 0, before, after });
    expect(composeNumbers([set(1, 2)], [set(2, 3)])).toEqual([set(1, 3)]);
    expect(composeNumbers([set(1, 2)], [set(2, 1)])).toEqual([]);
    expect(isEmpty(compose({ numbers: [set(1, 2)] }, { numbers: [set(2, 1)] }))).toBe(true);
    expect(invert({ numbers: [set(1, 2)] })).toEqual({ numbers: [set(2, 1)] });
  });
});
