/** A row of typed numbers: which ones a drawing asks for, and that its table feeds every node its own. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../src/engine/compile/check';
import { assignColumns } from '../../../src/engine/compile/columns';
import { parseFormula } from '../../../src/engine/compile/formula/read';
import { blanksOf, typedRow, withTypedRow } from '../../../src/engine/compile/row-by-hand';
import { readCsv } from '../../../src/engine/data/csv';
import type { Dataset } from '../../../src/engine/data/dataset';
import { encodeTable } from '../../../src/engine/data/encode';
import { setAttr } from '../../../src/engine/graph/edits';
import { csvDefaults, type CsvSource, emptyProject, type Project } from '../../../src/engine/graph/project';
import { redraw } from '../../../src/engine/graph/redraw';

function drawn(text: string): Project {
  const parsed = parseFormula(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return redraw(parsed.graph, parsed.positions)(emptyProject);
}

async function loaded({ settings }: Project): Promise<Dataset> {
  const source = settings.data as CsvSource;
  const bytes = new TextEncoder().encode(source.text);
  const table = await readCsv(
    source.path,
    {
      size: bytes.length,
      open: async function* () {
        yield bytes;
      },
    },
    source,
    null,
  );
  return encodeTable(table, source, settings.split);
}

/** The typed numbers by node, as the loaded table hands them out. */
async function received(project: Project): Promise<Record<string, number[]>> {
  const data = await loaded(project);
  const { of, problems } = assignColumns(project, check(project, data).inferred, data);
  expect(problems).toEqual([]);
  return Object.fromEntries(
    [...of].map(([node, { from, columns }]) => [node, columns.map((at) => (from === 'features' ? data.x : data.y)[at]!)]),
  );
}

const typed = (project: Project, numbers: Record<string, number>): Project =>
  withTypedRow(blanksOf(project)!, new Map(Object.entries(numbers)))(project);

describe('a row of typed numbers', () => {
  const neuron = drawn('l = (sigmoid(w1*x + w2*y + b) - t)^2');

  test('has a blank for every number that the drawing takes from the data', () => {
    expect(blanksOf(neuron)).toEqual([
      { node: 'x', role: 'input', columns: ['x'] },
      { node: 'y', role: 'input', columns: ['y'] },
      { node: 't', role: 'target', columns: ['t'] },
    ]);
    expect(blanksOf(drawn('l = (w - 3)^2'))).toBeNull();
    const vector = setAttr('x', 'shape', [3])(neuron);
    expect(blanksOf(vector)!.map(({ columns }) => columns)).toEqual([['x1', 'x2', 'x3'], ['y'], ['t']]);
    expect(blanksOf(setAttr('x', 'shape', [784])(neuron))).toBeNull();
  });

  test('reaches every node unscaled, as one row to train on, without complaints', async () => {
    const project = typed(neuron, { x: 1.5, y: -2, t: 0.25 });
    expect(await received(project)).toEqual({ x: [1.5], y: [-2], t: [0.25] });
    const data = await loaded(project);
    expect([data.split.train.length, data.split.validation.length, data.split.test.length]).toEqual([1, 0, 0]);
    expect(data.notes).toEqual([]);
  });

  test('goes by the columns that nodes name, awkward ones too, and one may feed several', async () => {
    const named = setAttr('y', 'columns', 'x')(setAttr('x', 'columns', 'weight "net"')(neuron));
    const project = typed(named, { 'weight "net"': 3, x: 4, t: 1 });
    expect(await received(project)).toEqual({ x: [3], y: [4], t: [1] });
    const shared = setAttr('y', 'columns', 'height')(setAttr('x', 'columns', 'height')(neuron));
    expect(await received(typed(shared, { height: 7, t: 0 }))).toEqual({ x: [7], y: [7], t: [0] });
  });

  test('is found again in the project, and nothing else is taken for one', () => {
    expect(typedRow(typed(neuron, { x: 1, y: 1e-9, t: -0.5 }))).toEqual(
      new Map([
        ['x', 1],
        ['y', 1e-9],
        ['t', -0.5],
      ]),
    );
    expect(typedRow(emptyProject)).toBeNull();
    const pasted = (text: string): Project => ({
      ...emptyProject,
      settings: { ...emptyProject.settings, data: { ...csvDefaults, text } },
    });
    expect(typedRow(pasted('x,y\n1,2\n3,4'))).toBeNull();
    expect(typedRow(pasted('x,y\n1,red'))).toBeNull();
  });
});
