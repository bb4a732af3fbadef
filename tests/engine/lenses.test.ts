/**
 * The same mathematics drawn as layers, as matrices, as neurons and as scalars gives the same numbers to 1e-12, on random
 * networks with convolutions, pooling and normalisation. Matrices are drawn by opening every layer into its parts, scalars
 * by writing every number out as a node, and each time it is an ordinary drawing that is compiled and run; the textbook's
 * rules for matrices, neurons and scalars, which the window's proof goes by, are held against the same networks.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { expand } from '../../src/engine/compile/expand';
import { infer } from '../../src/engine/compile/infer';
import { prepare, programOf } from '../../src/engine/compile/program';
import { Random } from '../../src/engine/data/random';
import type { Project } from '../../src/engine/graph/project';
import { product } from '../../src/engine/ir/shape';
import { opOf } from '../../src/engine/ops/index';
import { bufferIds } from '../../src/engine/plan';
import { scalarFacts, statedNumbers } from '../../src/engine/teach/scalar';
import { unfold } from '../../src/engine/teach/unfold';
import { LENS_TOLERANCE, type Proof, prove } from '../../src/engine/train/proof';
import { initialNumbers } from '../../src/engine/train/session';
import { drawing, type Rows } from '../support/drawing';
import { randomLayers } from '../support/random-layers';
import { plansOf } from '../support/training';

const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

/** The drawing that opening every layer into its parts leaves. */
function opened(project: Project): Project {
  const drawn = infer(project);
  const { graph } = expand(project, drawn.shapes, drawn);
  expect(Object.values(graph.nodes).map(({ op }) => opOf(op)!.kind)).not.toContain('composite');
  return { ...project, ...graph };
}

/** Losses of three steps of Adam, the trained weights, and the gradients that come back then. */
async function course(project: Project, drawn: ReturnType<typeof randomLayers>): Promise<ReadonlyMap<string, ArrayLike<number>>> {
  const program = programOf(prepare(project, null), 'every-edge', drawn.count);
  const device = new ReferenceDevice(program);
  device.setData(drawn.features, drawn.width, drawn.targets, drawn.targets.length / drawn.count);
  for (const p of program.parameters) device.write(p.value, initialNumbers(p, 3));
  const rows = Uint32Array.from({ length: 3 * drawn.count }, (_, i) => i % drawn.count);
  const { losses } = await device.run({ phases: ['forward', 'loss', 'backward', 'update'], rows, batch: drawn.count });
  return new Map<string, ArrayLike<number>>([
    ['losses', losses],
    ...program.parameters.flatMap(({ key, value, gradient }) => [
      [key, device.numbers(value)] as const,
      [`the gradient of ${key}`, gradient === null ? [] : device.numbers(gradient)] as const,
    ]),
  ]);
}

function expectClose(a: ArrayLike<number>, b: ArrayLike<number>, what: string): void {
  expect(b.length, what).toBe(a.length);
  for (let i = 0; i < a.length; i++)
    if (!(Math.abs(a[i]! - b[i]!) <= 1e-12 * Math.max(1, Math.abs(a[i]!))))
      throw new Error(`${what}: ${b[i]} instead of ${a[i]}`);
}

describe('random networks with convolutions, pooling and normalisation', () => {
  test('train alike as layers and as the matrices that these consist of', () =>
    fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const drawn = randomLayers(seed, true);
        const project = {
          ...drawn.project,
          settings: { ...drawn.project.settings, training: { ...drawn.project.settings.training, optimizer: 'adam' } },
        };
        const [layers, matrices] = [await course(project, drawn), await course(opened(project), drawn)];
        expect([...matrices.keys()].sort()).toEqual([...layers.keys()].sort());
        for (const [what, numbers] of layers) expectClose(numbers, matrices.get(what)!, `seed ${seed}: ${what}`);
      }),
      { seed: 61, numRuns: 30 },
    ));

  test('are the same by the rules of matrices, of neurons and of scalars', async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const drawn = randomLayers(seed, true);
        for (const { op } of Object.values(drawn.project.nodes)) kinds.add(op);
        const plans = await plansOf(drawn.project, null, 'reference');
        let last: Proof | null = null;
        for await (const proof of prove({
          plans,
          weights: Object.fromEntries(plans.trace.parameters.map((p) => [p.key, { shape: p.shape, data: initialNumbers(p, 7) }])),
          features: drawn.features,
          featureCount: drawn.width,
          targets: drawn.targets,
          targetCount: drawn.targets.length / drawn.count,
          rows: Uint32Array.of(0, 1),
          device: async () => null,
        })) {
          last = proof ?? last;
          if (last?.scalars) break;
        }
        for (const lens of ['matrices', 'neurons', 'scalars'] as const)
          expect(last![lens]!.worst, `seed ${seed}: ${lens}`).toBeLessThan(LENS_TOLERANCE);
        expect(last!.fault).toBeNull();
      }),
      { seed: 62, numRuns: 25 },
    );
    for (const kind of [
      'convolution-1d',
      'convolution-2d',
      'max-pooling',
      'average-pooling',
      'batch-normalisation',
      'layer-normalisation',
    ])
      expect([...kinds]).toContain(kind);
  });
});

/** Networks so small that every number can be a node: a line of numbers, a layer on it, its neurons, a loss. */
function smallLayers(seed: number): Project {
  const random = new Random(seed, 'small layers');
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const numbers = (shape: readonly number[]): number[] => Array.from({ length: product(shape) }, () => random.between(-1.5, 1.5));
  const rows: Record<string, Rows[string]> = {};
  const width = pick([4, 6]);
  const given = (id: string, shape: readonly number[]): string => {
    rows[id] = ['parameter', {}, { shape, values: numbers(shape) }];
    return id;
  };
  given('x', [1, width]);
  let last = 'x';
  let length = width;
  const put = (id: string, op: string, inputs: Record<string, string>, attrs: NonNullable<Rows[string][2]> = {}): void => {
    rows[id] = [op, inputs, attrs];
    last = id;
  };
  const kind = pick(['convolution', 'pooling', 'normalisation', 'both']);
  if (kind === 'convolution' || kind === 'both') {
    const stride = pick([1, 2]);
    put('c', 'convolve-1d', { x: last, filters: given('filters', [1, 1, 2]) }, { stride });
    length = Math.floor((length - 2) / stride) + 1;
    put('a', pick(['tanh', 'relu', 'sigmoid']), { x: last });
  }
  if ((kind === 'pooling' || kind === 'both') && length % 2 === 0) {
    put('p', pick(['max-pooling', 'average-pooling']), { x: last }, { axes: '1', size: 2 });
    length /= 2;
  }
  put('f', 'flatten', { x: last });
  if (kind === 'normalisation') put('n', 'normalise', { x: last }, { epsilon: 0.1 });
  put('m', 'matmul', { a: last, b: given('W', [length, 1]) });
  put('s', 'add', { a: last, b: given('b', [1]) });
  rows['t'] = ['constant', {}, { shape: [1], values: [0.4] }];
  put('l', pick(['squared-error', 'huber']), { prediction: last, target: 't' });
  return drawing(rows, { objective: 'l' });
}

test('small networks, every number a node of its own, have the loss and the gradients of their layers', () => {
  let compared = 0;
  fc.assert(
    fc.property(seeds, (seed) => {
      const project = smallLayers(seed);
      const written = unfold(project);
      if ('fault' in written) {
        expect(written.large, written.fault).toBe(true);
        return;
      }
      compared++;
      const program = programOf(prepare(project, null), 'every-edge', 1);
      const device = new ReferenceDevice(program);
      for (const { value, given = [] } of program.parameters) device.write(value, given);
      device.numbers(bufferIds.rowWeights).fill(1);
      device.runPhases(['forward', 'loss', 'backward'], 1);
      const made = scalarFacts(written.project, statedNumbers(written.project)!);
      if ('fault' in made) throw new Error(made.fault);
      const { facts } = made;
      expectClose([device.batchLoss(1)], [facts.values.get(facts.objective)!], `seed ${seed}: the loss`);
      const bySize = (numbers: readonly number[]): readonly number[] => numbers.filter((x) => x !== 0).toSorted((a, b) => a - b);
      expectClose(
        bySize(program.parameters.flatMap(({ gradient }) => (gradient === null ? [] : [...device.numbers(gradient)]))),
        bySize(facts.order.flatMap((id) => (facts.graph.nodes[id]!.op === 'parameter' ? [facts.gradients.get(id) ?? 0] : []))),
        `seed ${seed}: gradients`,
      );
    }),
    { seed: 63, numRuns: 60 },
  );
  expect(compared).toBeGreaterThan(40);
});
