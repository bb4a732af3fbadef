/**
 * Numbers below 2⁻¹²⁶ make processors slow, so the CPU backend takes them as 0 in training, and nowhere else.
 */
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../src/engine/backends/backend';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { prepare, programOf } from '../../src/engine/compile/program';
import type { Project } from '../../src/engine/graph/project';
import { bufferIds, type Program } from '../../src/engine/plan';
import { initialNumbers } from '../../src/engine/train/session';
import { drawing } from '../support/drawing';

setFlagsFromString('--experimental-wasm-relaxed-simd');

const BATCH = 8;
const ROWS = 24;
const PHASES = ['forward', 'loss', 'backward', 'update'] as const;
/** Three classes, far apart: their probabilities soon differ by powers of e beyond float32. */
const classifier = (optimizer: string, rate: number): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [3] }],
      t: ['target', {}, { shape: [3] }],
      a: ['dense', { x: 'x' }, { units: 6, activation: 'relu' }],
      y: ['dense', { x: 'a' }, { units: 3, activation: 'identity' }],
      loss: ['cross-entropy-logits', { prediction: 'y', target: 't' }],
    },
    { optimizer, hyper: { rate }, batch: BATCH },
  );
const x = Float32Array.from({ length: ROWS * 3 }, (_, at) => (at % 3 === Math.floor(at / 3) % 3 ? 9 : 0.1 * Math.sin(at)));
const y = Float32Array.from({ length: ROWS * 3 }, (_, at) => (at % 3 === Math.floor(at / 3) % 3 ? 1 : 0));
const rows = Uint32Array.from({ length: ROWS * 400 }, (_, at) => at % ROWS);

function ready(device: Device, program: Program): Device {
  device.setData(x, 3, y, 3);
  for (const p of program.parameters) device.write(p.value, initialNumbers(p, 3));
  return device;
}
const subnormal = (numbers: Iterable<number>): number[] => [...numbers].filter((v) => v !== 0 && Math.abs(v) < 2 ** -126);

describe.each([false, true])('with FMA: %s', (fma) => {
  const open = (program: Program): Promise<Device> =>
    wasm.open({ program, backend: 'wasm', code: wasm.emit(program, { backend: 'wasm', title: '', fma }) });

  describe.skipIf(fma && !hasFma())('in training', () => {
    it.each([
      ['sgd', 0.5],
      ['momentum', 0.2],
      ['adam', 0.3],
    ])('%s stores none, and learns what float64 learns', async (optimizer, rate) => {
      const program = programOf(prepare(classifier(optimizer, rate), null), 'fused', BATCH);
      const device = ready(await open(program), program);
      const exact = ready(new ReferenceDevice(program), program);
      const run = { phases: PHASES, rows, batch: BATCH };
      const losses = [(await device.run(run)).losses, (await exact.run(run)).losses];
      for (let step = 0; step < 20; step++) expect(losses[0]![step]).toBeCloseTo(losses[1]![step]!, 3);
      expect(losses[0]!.at(-1)).toBeLessThan(1e-3);
      expect(losses[1]!.at(-1)).toBeLessThan(1e-3);
      for (const { id, role } of program.buffers) {
        if (role !== 'slot' && role !== 'gradient') continue;
        const [numbers] = await device.read([id]);
        expect(subnormal(numbers!), id).toEqual([]);
      }
      device.close();
    });

    it('what is not a number stays so', async () => {
      const program = programOf(prepare(classifier('sgd', 0.1), null), 'fused', BATCH);
      const device = ready(await open(program), program);
      const broken = x.slice();
      broken[4] = Number.NaN;
      device.setData(broken, 3, y, 3);
      const { losses } = await device.run({ phases: PHASES, rows: rows.subarray(0, 2 * BATCH), batch: BATCH });
      expect([...losses].every(Number.isNaN)).toBe(true);
      device.close();
    });
  });

  it.skipIf(fma && !hasFma())('an exponential outside training is as small as it is', async () => {
    const project = drawing({ x: ['input', {}, { shape: [] }], y: ['exp', { x: 'x' }] }, {});
    const program = programOf(prepare(project, null), 'forward', BATCH);
    const device = await open(program);
    const inputs = Float32Array.of(-80, -87, -90, -100, -103, -110);
    device.setData(inputs, 1, new Float32Array(), 0);
    const { collected } = await device.run({
      phases: ['forward'],
      rows: Uint32Array.from(inputs, (_, at) => at),
      batch: BATCH,
      collect: [bufferIds.value('y')],
    });
    for (const [at, input] of inputs.entries()) {
      const exact = Math.fround(Math.exp(input));
      expect(Math.abs(collected[0]![at]! - exact)).toBeLessThanOrEqual(Math.max(2 ** -149, 1e-6 * exact));
    }
    device.close();
  });
});
