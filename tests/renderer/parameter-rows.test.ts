import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/compile/check';
import { weightId } from '../../src/renderer/editor/lens';
import { freezingOf, nameOf, pointOf, rowAt, rowOf, rowsOf } from '../../src/renderer/panels/lenses/parameter-rows';
import { drawing } from '../support/drawing';

const project = drawing({
  x: ['input', {}, { shape: [2] }],
  h: ['dense', { x: 'x' }, { units: 3, frozen: true }],
  k: ['parameter', {}, { shape: [3] }],
  y: ['multiply', { a: 'h', b: 'k' }],
});
const checked = check(project, null);
const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((n, x) => n * x, 1)) });
const weights = { 'h/weight': tensor(2, 3), 'h/bias': tensor(3), k: tensor(3) };
const rows = rowsOf(weights, checked, null);

describe('the table of parameters', () => {
  test('lists headings and numbers by their place', () => {
    expect(rows.count).toBe(7 + 4 + 4);
    expect(rowAt(rows, 0)).toMatchObject({ group: { key: 'h/weight', owner: 'h' }, at: -1 });
    expect(rowAt(rows, 6)).toMatchObject({ group: { key: 'h/weight' }, at: 5 });
    expect(rowAt(rows, 7)).toMatchObject({ group: { key: 'h/bias' }, at: -1 });
    expect(rowAt(rows, 14)).toMatchObject({ group: { key: 'k' }, at: 2 });
    expect(rowAt(rows, 15)).toBeNull();
    expect(rowsOf(weights, checked, 'k').count).toBe(4);
  });

  test('each number has its line in the drawing, and the line its row', () => {
    for (let row = 0; row < rows.count; row++) {
      const { group, at } = rowAt(rows, row)!;
      const id = pointOf(group, at, checked);
      if (at >= 0 && group.owner === 'h') expect(rowOf(rows, id, checked)).toBe(row);
    }
    expect(rowOf(rows, weightId('h', 2, 1), checked)).toBe(6);
    expect(rowOf(rows, 'k', checked)).toBe(11);
    expect(rowOf(rows, 'nothing', checked)).toBeNull();
  });

  test('names say which input and which neuron', () => {
    const name = (row: number): string => {
      const { group, at } = rowAt(rows, row)!;
      return nameOf(group, at, checked, (input) => `x${input + 1}`);
    };
    expect([name(6), name(8), name(13)]).toEqual(['x2 → neuron 3', 'bias of neuron 1', 'at 2']);
  });

  test('weights and biases of a layer are frozen apart, a parameter by itself', () => {
    const at = (row: number) => freezingOf(rowAt(rows, row)!.group, project, checked);
    expect([at(0).on, at(0).what, at(7).on, at(7).what]).toEqual([true, 'weights', true, 'biases']);
    expect(at(0).attrs!(false)).toEqual({ frozen: true, frozenPart: 'biases' });
    expect(at(7).attrs!(false)).toEqual({ frozen: true, frozenPart: 'weights' });
    expect(at(7).attrs!(true)).toEqual({ frozen: true, frozenPart: 'all' });
    expect(at(11)).toMatchObject({ on: false, what: '' });
    expect(at(11).attrs!(true)).toEqual({ frozen: true });
    expect(checked.totals).toEqual({ weights: 3, biases: 0 });
  });
});
