/** The code of the inspector and of the whole drawing: every operation has it in both libraries, and Python can read it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { check } from '../../../src/engine/compile/check';
import { codeOfDrawing, nodeCode } from '../../../src/engine/export/python/code';
import { libraries, numpy, pytorch } from '../../../src/engine/export/python/library';
import { edge } from '../../../src/engine/graph/graph';
import { type OwnOperation, ownName } from '../../../src/engine/graph/own-operation';
import type { Shape } from '../../../src/engine/ir/shape';
import { completeAttrs } from '../../../src/engine/ops/attrs';
import { opOf, ops } from '../../../src/engine/ops/index';
import { learnOwn } from '../../../src/engine/ops/own';
import { resources } from '../../../src/main/services/folders';
import { readProjectFile } from '../../../src/main/services/projects';
import { drawing } from '../../support/drawing';
import { canBatch, casesOf } from '../../support/op-cases';
import { pythonWith, runScript } from '../../support/python';

const python = pythonWith('numpy');

const shown = (name: string, shapes: Readonly<Record<string, Shape>>, attrs = {}): readonly [string | null, string | null] => {
  const op = opOf(name)!;
  const complete = completeAttrs(op, attrs);
  const out = op.infer(shapes, complete);
  if ('fault' in out) throw new Error(out.fault);
  const call = { shapes, attrs: complete, out: out.shape };
  return [nodeCode(op, call, numpy), nodeCode(op, call, pytorch)];
};

test('a layer reads as people write it', () => {
  expect(shown('dense', { x: ['batch', 4] }, { activation: 'tanh' })).toEqual([
    `y = np.tanh(x @ y_weight + y_bias)

# Backward, from d_y:
d_y_sum = d_y * (1 - y ** 2)
d_y_bias = d_y_sum.sum(axis=0)
d_x = d_y_sum @ y_weight.T
d_y_weight = x.T @ d_y_sum`,
    'y = torch.tanh(x @ y_weight + y_bias)',
  ]);
  expect(shown('add', { a: ['batch', 4], b: [4] })[0]).toContain('d_b = d_y.sum(axis=0)');
  expect(shown('silu', { x: ['batch', 4] })[1]).toBe('y = F.silu(x)');
  expect(opOf('input')).toBeDefined();
  expect(nodeCode(opOf('input')!, { shapes: {}, attrs: {}, out: ['batch', 2] }, numpy)).toBeNull();
});

test('an operation of one’s own may have an input called y', () => {
  const part = edge('y', 'twice', 'x');
  const own: OwnOperation = {
    name: 'bent',
    inputs: ['y'],
    output: 'twice',
    nodes: { twice: { id: 'twice', op: 'tanh', attrs: {} } },
    edges: { [part.id]: part },
  };
  learnOwn({ [ownName(own)]: own }, opOf);
  expect(shown(ownName(own), { y: ['batch', 4] })).toEqual([
    expect.stringContaining('y_2 = np.tanh(y)\n\n# Backward, from d_y_2:\n'),
    'y_2 = torch.tanh(y)',
  ]);
});

test('every operation and every example has code that Python can read', async () => {
  const texts: string[] = [];
  for (const op of ops.values())
    for (const one of casesOf(op)) {
      const attrs = completeAttrs(op, one.attrs ?? {});
      const batched = canBatch(op, one, (port) => port === 0);
      const shapes = Object.fromEntries(
        op.ports(attrs).map(({ name }, i): [string, Shape] => {
          const shape = one.shapes[i % one.shapes.length]!;
          return [name, batched && i === 0 ? ['batch', ...shape] : shape];
        }),
      );
      const out = op.infer(shapes, attrs);
      if ('fault' in out) continue;
      for (const library of libraries) {
        const text = nodeCode(op, { shapes, attrs, out: out.shape }, library);
        if (text === null) expect(op.kind).toBe('source');
        else texts.push(text);
      }
    }
  for (const name of readdirSync(join(resources, 'examples'))) {
    const project = await readProjectFile(join(resources, 'examples', name));
    for (const library of libraries) {
      const written = codeOfDrawing(check(project, null).problems, project, library);
      if ('fault' in written) throw new Error(`${name}: ${written.fault}`);
      texts.push(written.code);
    }
  }
  expect(texts.length).toBeGreaterThan(200);
  if (!python) return;
  const script = `import json, sys
texts = json.load(open(sys.argv[1]))
for t in texts: compile(t, 'text', 'exec')
json.dump(len(texts), open(sys.argv[2], 'w'))`;
  expect(runScript(python, script, texts)).toBe(texts.length);
});

test('a drawing that has none says why', () => {
  const open = drawing({ x: ['input', {}, { shape: [2] }], y: ['dense'] });
  expect(codeOfDrawing(check(open, null).problems, open, numpy)).toEqual({
    fault: expect.stringMatching(/has an error, so it has no code yet/),
  });
  const bare = drawing({ w: ['parameter', {}, { shape: [] }] });
  expect(codeOfDrawing([], bare, pytorch)).toEqual({ fault: expect.stringMatching(/neither an answer nor a loss/) });
});
