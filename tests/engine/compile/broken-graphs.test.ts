/**
 * Drawings that are wrong in every way at once: whatever is put together from nodes, attributes and connections,
 * the compiler answers with plans, or with sentences, and never with a fault of its own.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backends } from '../../../src/engine/backends/index';
import { compile } from '../../../src/engine/compile/compile';
import { edge, type AttrValue, type Edge, type Node } from '../../../src/engine/graph/graph';
import { defaultSettings, type Project } from '../../../src/engine/graph/project';
import { ops } from '../../../src/engine/ops/index';
import { optimizers } from '../../../src/engine/optimizers/index';
import { randomDrawing } from '../../support/random-drawing';

const profile = { present: [{ backend: 'wasm', title: '', fma: false } as const], absent: [] };
const names = [...ops.keys(), 'warp', ''];
const ports = ['x', 'a', 'b', 'c', 'prediction', 'target', 'x1', 'x2', 'nowhere'];

/** Small enough that what does compile compiles quickly. */
const value: fc.Arbitrary<AttrValue> = fc.oneof(
  fc.integer({ min: -2, max: 6 }),
  fc.constantFrom(0, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e39),
  fc.boolean(),
  fc.constantFrom('', 'all', '0', '1', 'tanh', 'same', 'none', 'glorot-uniform', 'x,y'),
  fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 4 }),
);
const node = fc.constantFrom(...names).chain((op) =>
  fc.record({
    op: fc.constant(op),
    attrs: fc.dictionary(
      fc.constantFrom(...Object.keys(ops.get(op)?.attrs ?? { shape: 0 }), 'shape', 'values', 'constructor'),
      value,
      { maxKeys: 3 },
    ),
  }),
);
const project: fc.Arbitrary<Project> = fc
  .record({
    made: fc.array(node, { minLength: 1, maxLength: 9 }),
    wires: fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.constantFrom(...ports)), { maxLength: 18 }),
    optimizer: fc.constantFrom(...optimizers.map((o) => o.name), 'guess'),
    objective: fc.option(fc.nat(9), { nil: undefined }),
    batch: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ made, wires, optimizer, objective, batch }) => {
    const nodes: Record<string, Node> = {};
    made.forEach(({ op, attrs }, i) => {
      nodes[`n${i}`] = { id: `n${i}`, op, attrs };
    });
    const edges: Record<string, Edge> = {};
    for (const [from, to, port] of wires) {
      if (to >= made.length) continue;
      // Some come from nodes that are not there, and some go round in circles.
      const wire = edge(`n${from}`, `n${to}`, port);
      edges[wire.id] = wire;
    }
    const training = {
      ...defaultSettings.training,
      optimizer,
      batch,
      ...(objective === undefined ? {} : { objective: `n${objective}` }),
    };
    return { nodes, edges, positions: {}, settings: { ...defaultSettings, training } };
  });

/** A sentence begins with a capital, a name or a number, says something, and ends. */
const SENTENCE = /^[\p{Lu}'‘“\d−].{8,}[.?]$/su;

/** Plans, or sentences. */
function compiles(drawn: Project): boolean {
  const result = compile({ project: drawn, data: null, profile, backend: 'wasm', revision: 1 }, backends);
  if (result.ok) return true;
  expect(result.problems.length).toBeGreaterThan(0);
  for (const { message } of result.problems) expect(message).toMatch(SENTENCE);
  return false;
}

/** One thing about a drawing that is legal, made otherwise. */
type Change = (drawn: Project) => Project;
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(fc.nat(), fc.constantFrom(...names)).map(
    ([at, op]): Change =>
      (drawn) => {
        const ids = Object.keys(drawn.nodes);
        const id = ids[at % ids.length]!;
        return { ...drawn, nodes: { ...drawn.nodes, [id]: { ...drawn.nodes[id]!, op } } };
      },
  ),
  fc.tuple(fc.nat(), fc.constantFrom('shape', 'axis', 'axes', 'inputs', 'from', 'count', 'size', 'values'), value).map(
    ([at, name, given]): Change =>
      (drawn) => {
        const ids = Object.keys(drawn.nodes);
        const node = drawn.nodes[ids[at % ids.length]!]!;
        return { ...drawn, nodes: { ...drawn.nodes, [node.id]: { ...node, attrs: { ...node.attrs, [name]: given } } } };
      },
  ),
  fc.nat().map(
    (at): Change =>
      (drawn) => {
        const wires = Object.values(drawn.edges);
        const gone = wires[at % Math.max(1, wires.length)];
        return { ...drawn, edges: Object.fromEntries(Object.entries(drawn.edges).filter(([, wire]) => wire !== gone)) };
      },
  ),
  fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(...ports)).map(
    ([from, to, port]): Change =>
      (drawn) => {
        const ids = Object.keys(drawn.nodes);
        const wire = edge(ids[from % ids.length]!, ids[to % ids.length]!, port);
        return { ...drawn, edges: { ...drawn.edges, [wire.id]: wire } };
      },
  ),
);

describe('whatever is drawn', () => {
  test('compiles, or is answered by sentences', () => {
    fc.assert(
      fc.property(project, (drawn) => void compiles(drawn)),
      { seed: 11, numRuns: 3000 },
    );
  }, 60_000);

  test('and so does what was legal before something was changed', () => {
    const outcomes = { legal: 0, refused: 0 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.array(change, { minLength: 1, maxLength: 3 }), (seed, changes) => {
        const drawn = changes.reduce((now, one) => one(now), randomDrawing(seed).project);
        outcomes[compiles(drawn) ? 'legal' : 'refused']++;
      }),
      { seed: 12, numRuns: 400 },
    );
    // Both happen, or it would be said of one only.
    expect(Math.min(outcomes.legal, outcomes.refused)).toBeGreaterThan(40);
  }, 60_000);
});
