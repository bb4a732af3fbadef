/**
 * PyTorch as an outside oracle: every operation, 200 random drawings and whole training runs with each
 * optimizer give what PyTorch's own functions, gradients and optimizers give. Skipped where no Python on
 * the path has PyTorch (Debian: `apt-get install python3-torch`).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { prepare, programOf, type Prepared } from '../../src/engine/compile/program';
import { Random } from '../../src/engine/data/random';
import type { Clip, Project } from '../../src/engine/graph/project';
import { concrete } from '../../src/engine/ir/shape';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { ops } from '../../src/engine/ops/index';
import { optimizers } from '../../src/engine/optimizers/index';
import { bufferIds, type Program } from '../../src/engine/plan';
import { initialNumbers } from '../../src/engine/train/session';
import { drawing, type Rows } from '../support/drawing';
import { canBatch, casesOf, numbersFor, ownWeights, sizeOfLengths } from '../support/op-cases';
import { randomDrawing } from '../support/random-drawing';

const python = ['python3', '/usr/bin/python3', 'python'].find((name) => {
  try {
    execFileSync(name, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
if (!python) console.warn('Comparison with PyTorch skipped: no Python here has it (Debian: apt-get install python3-torch).');

function inPython<T>(cases: readonly object[]): readonly T[] {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-pytorch-'));
  try {
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    execFileSync(python!, ['tests/engine/pytorch.py', join(folder, 'cases.json'), join(folder, 'results.json')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as T[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The expanded drawing as the script reads it; `numbers` gives those of the leaves. */
function nodesOf({ inferred, graph }: Prepared, rows: number, numbers: (id: string) => ArrayLike<number> | undefined): object[] {
  return inferred.order.map((id) => {
    const { op, call } = inferred.calls.get(id)!;
    const node = {
      id,
      op: op.name,
      attrs: completeAttrs(op, graph.nodes[id]!.attrs),
      inputs: op.ports(call.attrs).map((p) => inferred.links.into.get(id)!.get(p.name)!.from),
    };
    const given = op.kind === 'source' ? numbers(id) : undefined;
    return given
      ? { ...node, shape: concrete(call.out, rows), batched: call.out[0] === 'batch', numbers: Array.from(given) }
      : node;
  });
}

interface GraphResult {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** A drawing run on the reference, and the same as a case for the script. */
function graphCase(
  project: Project,
  rows: number,
  fill: (device: ReferenceDevice) => void,
): { readonly asked: object; readonly own: GraphResult } {
  const prepared = prepare(project, null);
  expect(prepared.inferred.problems.map((p) => p.message)).toEqual([]);
  const program = programOf(prepared, 'every-edge', rows);
  const device = new ReferenceDevice(program);
  for (const p of program.parameters)
    device.write(p.value, p.given ? initialNumbers(p, 1) : initialNumbers({ ...p, initializer: 'constant', scale: 0.3 }, 1));
  fill(device);
  device.runPhases(['forward', 'loss', 'backward'], rows);
  const known = new Set(program.buffers.map((b) => b.id));
  const gradients = Object.fromEntries(
    program.buffers
      .filter((b) => b.role === 'parameter' || b.role === 'input')
      .map((b): [string, number[]] => [
        b.id.slice(2),
        [...(known.has(`g:${b.id.slice(2)}`) ? device.numbers(`g:${b.id.slice(2)}`) : [])],
      ]),
  );
  return {
    asked: { nodes: nodesOf(prepared, rows, (id) => device.numbers(bufferIds.value(id))), objective: prepared.objective },
    own: { loss: device.batchLoss(rows), gradients },
  };
}

function expectSame(name: string, own: GraphResult, other: GraphResult): void {
  const close = (x: number, y: number, what: string): void => {
    if (!(Math.abs(x - y) <= 1e-10 * Math.max(1, Math.abs(y)))) throw new Error(`${name}: ${what} is ${x}, in PyTorch ${y}`);
  };
  close(own.loss, other.loss, 'the loss');
  for (const [leaf, numbers] of Object.entries(own.gradients))
    numbers.forEach((g, i) => {
      close(g, other.gradients[leaf]![i]!, `gradient ${i} of '${leaf}'`);
    });
}

describe.skipIf(!python)('PyTorch', () => {
  test('agrees on every operation, its value and its gradients', () => {
    const cases: { name: string; asked: object; own: GraphResult }[] = [];
    for (const op of ops.values()) {
      if (op.kind === 'source') continue;
      casesOf(op).forEach((one, number) => {
        for (const batched of [false, true].filter((wish) => canBatch(op, one, (port) => wish && port === 0))) {
          const attrs = completeAttrs(op, { ...one.attrs, ...ownWeights(op) });
          const rows: Record<string, Rows[string]> = {};
          const inputs: Record<string, string> = {};
          const data: Record<string, number[]> = {};
          op.ports(attrs).forEach((port, i) => {
            const shape = one.shapes[i % one.shapes.length]!;
            const all = numbersFor(op, sizeOfLengths(shape) * 3, i);
            inputs[port.name] = port.name;
            if (batched && i === 0) {
              rows[port.name] = ['input', {}, { shape }];
              data[port.name] = all;
            } else rows[port.name] = ['parameter', {}, { shape, values: all.slice(0, sizeOfLengths(shape)) }];
          });
          rows['y'] = [op.name, inputs, attrs];
          rows['s'] = ['sin', { x: 'y' }];
          rows['l'] = ['sum', { x: 's' }];
          const made = graphCase(drawing(rows, { objective: 'l' }), batched ? 3 : 1, (device) => {
            for (const [id, numbers] of Object.entries(data)) device.write(bufferIds.value(id), numbers);
            device.numbers(bufferIds.rowWeights).fill(batched ? 1 / 3 : 1);
          });
          cases.push({ name: `${op.name} #${number}${batched ? ' in a batch' : ''}`, ...made });
        }
      });
    }
    const results = inPython<GraphResult>(cases.map((c) => c.asked));
    for (const [i, { name, own }] of cases.entries()) expectSame(name, own, results[i]!);
  });

  test('agrees on 200 random drawings', () => {
    const cases = Array.from({ length: 200 }, (_, i) => {
      const drawn = randomDrawing(1000 + i);
      return graphCase(drawn.project, drawn.count, (device) => {
        device.setData(drawn.features, drawn.width, drawn.targets, 1);
        device.gather(Array.from({ length: drawn.count }, (_, row) => row));
      });
    });
    const results = inPython<GraphResult>(cases.map((c) => c.asked));
    for (const [i, { own }] of cases.entries()) expectSame(`seed ${1000 + i}`, own, results[i]!);
  });

  test.each(['l1', 'l2', 'elastic'])('agrees on layers with the penalty %s, biases and all', (penalty) => {
    const project = drawing({
      x: ['input', {}, { shape: [3] }],
      t: ['target', {}, { shape: [2] }],
      hidden: ['dense', { x: 'x' }, { units: 4, activation: 'tanh', penalty, strength: 0.03, mix: 0.7, penaliseBias: true }],
      out: ['dense', { x: 'hidden' }, { units: 2, activation: 'identity', penalty, strength: 0.2 }],
      loss: ['mean-squared-error', { prediction: 'out', target: 't' }],
    });
    const random = new Random(9, penalty);
    const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.gaussian());
    const { asked, own } = graphCase(project, 5, (device) => {
      for (const p of programOf(prepare(project, null), 'every-edge', 5).parameters)
        device.write(p.value, numbers(p.shape.reduce((size, axis) => size * axis, 1)));
      device.setData(numbers(15), 3, numbers(10), 2);
      device.gather([0, 1, 2, 3, 4]);
    });
    expectSame(penalty, own, inPython<GraphResult>([asked])[0]!);
  });

  describe('trains the digits alike, 100 steps', () => {
    const lines = readFileSync('resources/datasets/digits.csv', 'utf8').trim().split('\n').slice(1).slice(0, 400);
    const cells = lines.map((line) => line.split(',').map(Number));
    const x = cells.flatMap((row) => row.slice(0, 64).map((value) => value / 16));
    const y = cells.flatMap((row) => Array.from({ length: 10 }, (_, digit) => (row[64] === digit ? 1 : 0)));
    const random = new Random(5, 'rows');
    const batches = Array.from({ length: 100 }, () => Array.from({ length: 32 }, () => random.integer(cells.length)));
    interface Trained {
      readonly losses: readonly number[];
      readonly weights: Readonly<Record<string, readonly number[]>>;
    }
    const project = (optimizer: string, clip?: Clip): Project =>
      drawing(
        {
          x: ['input', {}, { shape: [64] }],
          t: ['target', {}, { shape: [10] }],
          hidden: ['dense', { x: 'x' }, { units: 32, activation: 'tanh' }],
          scores: ['dense', { x: 'hidden' }, { units: 10, activation: 'identity' }],
          loss: ['cross-entropy-logits', { prediction: 'scores', target: 't' }],
        },
        { optimizer, batch: 32, ...(clip ? { clip } : {}) },
      );
    const start = (program: Program): Map<string, Float32Array> =>
      new Map(program.parameters.map((p) => [p.key, initialNumbers(p, 1)]));
    const asked = (prepared: Prepared, program: Program, dtype: string): object => {
      const numbers = start(program);
      return {
        nodes: nodesOf(prepared, 1, (id) => numbers.get(id)),
        objective: prepared.objective,
        parameters: program.parameters.map((p) => p.key),
        dtype,
        optimizer: prepared.optimizer.name,
        hyper: prepared.hyper,
        clip: prepared.clip,
        data: { x: { numbers: x, shape: [cells.length, 64] }, t: { numbers: y, shape: [cells.length, 10] } },
        batches,
      };
    };
    const train = async (program: Program, device: ReferenceDevice | Awaited<ReturnType<typeof wasm.open>>): Promise<Trained> => {
      device.setData(Float32Array.from(x), 64, Float32Array.from(y), 10);
      for (const [key, numbers] of start(program)) device.write(bufferIds.value(key), numbers);
      const { losses } = await device.run({
        phases: ['forward', 'loss', 'backward', 'update'],
        rows: Uint32Array.from(batches.flat()),
        batch: 32,
      });
      const ids = program.parameters.map((p) => p.value);
      const numbers = device instanceof ReferenceDevice ? ids.map((id) => device.numbers(id)) : await device.read(ids);
      return { losses: [...losses], weights: Object.fromEntries(program.parameters.map((p, i) => [p.key, [...numbers[i]!]])) };
    };
    const worst = (a: Trained, b: Trained): number => {
      let most = 0;
      const note = (u: number, v: number): void => {
        most = Math.max(most, Math.abs(u - v) / Math.max(1, Math.abs(v)));
      };
      a.losses.forEach((loss, i) => {
        note(loss, b.losses[i]!);
      });
      for (const [key, numbers] of Object.entries(a.weights))
        numbers.forEach((w, i) => {
          note(w, b.weights[key]![i]!);
        });
      return most;
    };

    test.each([
      ...optimizers.map((o): [string, Clip | undefined] => [o.name, undefined]),
      ['sgd', { value: 0.01 }] as [string, Clip],
      ['momentum', { norm: 0.5 }] as [string, Clip],
    ])('with %s, gradients limited by %j', async (optimizer, clip) => {
      const prepared = prepare(project(optimizer, clip), null);
      const program = programOf(prepared, 'fused', 32);
      const [exact, single] = inPython<Trained>([asked(prepared, program, 'float64'), asked(prepared, program, 'float32')]);
      const own = await train(program, new ReferenceDevice(program));
      expect(own.losses.at(-1)!).toBeLessThan(own.losses[0]!);
      // PyTorch's norm of gradients is off by its 1e-6 in the divisor.
      expect(worst(own, exact!)).toBeLessThan(clip?.norm === undefined ? 1e-9 : 1e-4);
      const device = await wasm.open({
        program,
        backend: 'wasm',
        code: wasm.emit(program, { backend: 'wasm', title: 'plain', fma: hasFma() }),
      });
      // Two float32 runs may differ by what each differs from float64.
      const spread = worst(single!, exact!);
      expect(worst(await train(program, device), own)).toBeLessThan(Math.max(1e-4, 3 * spread));
      device.close();
    });
  });
});
