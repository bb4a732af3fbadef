/** Columns of a drawing, as drawings from text and opened layers are laid out. */
import { expect, test } from 'vitest';
import { depthsOf, edge, type Graph } from '../../../src/engine/graph/graph';

const graph = (nodes: string, ...edges: readonly (readonly [from: string, to: string])[]): Graph => ({
  nodes: Object.fromEntries([...nodes].map((id) => [id, { id, op: 'add', attrs: {} }])),
  edges: Object.fromEntries(edges.map(([from, to]) => edge(from, to, from)).map((e) => [e.id, e])),
});

test('the longest way counts, and a start stands just before what it feeds', () => {
  const depths = depthsOf(graph('dcbax', ['a', 'b'], ['b', 'c'], ['a', 'c'], ['c', 'd'], ['x', 'd']));
  expect(Object.fromEntries(depths)).toEqual({ a: 0, b: 1, c: 2, d: 3, x: 2 });
  // Each after what feeds it: those in one column keep that order.
  expect([...depths.keys()].filter((id) => 'abcd'.includes(id))).toEqual(['a', 'b', 'c', 'd']);
});

test('what is alone stands first, what lies on a cycle nowhere', () => {
  expect(Object.fromEntries(depthsOf(graph('abcde', ['a', 'b'], ['b', 'c'], ['c', 'b'], ['d', 'b'])))).toEqual({
    a: 0,
    d: 0,
    e: 0,
  });
});
