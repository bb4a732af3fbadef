/**
 * The network of W1 (2-8-8-1, tanh, squared error) as layers, as matrices, as neurons and as scalars; and a
 * drawing of thousands of scalar nodes.
 */
import type { Project } from '../../../src/engine/graph/project';
import { Sheet, drawn, workloads } from '../workloads';

const { dims, rate, batch } = workloads['W1']!;
const layers = dims.slice(1).map((units, at) => ({ at, inputs: dims[at]!, units }));
/** Names of the inputs of an addition. */
const port = (at: number): string => String.fromCharCode(97 + at);

function matrices(): Project {
  const sheet = new Sheet();
  let from = sheet.put('x', 'input', { shape: [dims[0]!] });
  for (const { at, inputs, units } of layers) {
    sheet.put(`W${at}`, 'parameter', { shape: [inputs, units], initializer: 'glorot-uniform' });
    sheet.put(`b${at}`, 'parameter', { shape: [units], initializer: 'zeros', role: 'bias' });
    sheet.put(`p${at}`, 'matmul', {}, { a: from, b: `W${at}` });
    sheet.put(`s${at}`, 'add', {}, { a: `p${at}`, b: `b${at}` });
    from = sheet.put(`h${at}`, 'tanh', {}, { x: `s${at}` });
  }
  sheet.put('t', 'target', { shape: [1] });
  sheet.put('loss', 'mean-squared-error', {}, { prediction: from, target: 't' });
  return sheet.project(rate, batch);
}

function scalarSheet(unit: (sheet: Sheet, name: string, inputs: readonly string[]) => string): Project {
  const sheet = new Sheet();
  let values = Array.from({ length: dims[0]! }, (_, at) => sheet.put(`x${at}`, 'input', { shape: [] }));
  for (const { at, units } of layers) {
    const inputs = values;
    values = Array.from({ length: units }, (_, u) => unit(sheet, `n${at}_${u}`, inputs));
  }
  sheet.put('t', 'target', { shape: [] });
  sheet.put('loss', 'squared-error', {}, { prediction: values[0]!, target: 't' });
  return sheet.project(rate, batch);
}

const neurons = (): Project =>
  scalarSheet((sheet, name, inputs) =>
    sheet.put(
      name,
      'neuron',
      { inputs: inputs.length, activation: 'tanh' },
      Object.fromEntries(inputs.map((from, at) => [`x${at + 1}`, from])),
    ),
  );

const scalars = (): Project =>
  scalarSheet((sheet, name, inputs) => {
    const products = inputs.map((from, at) => {
      const weight = sheet.put(`${name}_w${at}`, 'parameter', { shape: [], initializer: 'uniform', scale: 0.5 });
      return sheet.put(`${name}_p${at}`, 'multiply', {}, { a: from, b: weight });
    });
    const terms = [...products, sheet.put(`${name}_b`, 'parameter', { shape: [], initializer: 'zeros', role: 'bias' })];
    const sum = sheet.put(
      `${name}_s`,
      'add',
      { inputs: terms.length },
      Object.fromEntries(terms.map((from, at) => [port(at), from])),
    );
    return sheet.put(name, 'tanh', {}, { x: sum });
  });

export const drawings = (): Readonly<Record<string, Project>> => ({
  layers: drawn(workloads['W1']!),
  matrices: matrices(),
  neurons: neurons(),
  scalars: scalars(),
});

/** Chains of parameter, product and tanh, added up at the end. */
export function manyScalars(nodes: number): Project {
  const CHAINS = 20;
  const links = Math.floor(nodes / CHAINS / 3);
  const sheet = new Sheet();
  const x = sheet.put('x', 'input', { shape: [] });
  const ends = Array.from({ length: CHAINS }, (_, chain) => {
    let from = x;
    for (let link = 0; link < links; link++) {
      const name = `c${chain}_${link}`;
      sheet.put(`${name}_w`, 'parameter', { shape: [], initializer: 'uniform', scale: 1 });
      sheet.put(`${name}_p`, 'multiply', {}, { a: from, b: `${name}_w` });
      from = sheet.put(name, 'tanh', {}, { x: `${name}_p` });
    }
    return from;
  });
  let sum = ends[0]!;
  for (const [at, end] of ends.slice(1).entries()) sum = sheet.put(`sum${at}`, 'add', {}, { a: sum, b: end });
  sheet.put('t', 'target', { shape: [] });
  sheet.put('loss', 'squared-error', {}, { prediction: sum, target: 't' });
  return sheet.project(0.01, 32);
}
