/** Layers of equal size: their instructions are generated once and said again, to the byte as if generated each time. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Func } from '../../../src/engine/backends/wasm/assembler';
import { wasm } from '../../../src/engine/backends/wasm/index';
import { Repeats } from '../../../src/engine/backends/wasm/repeats';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { drawn, type Workload } from '../../bench/workloads';

afterEach(() => vi.restoreAllMocks());

const net = (widths: readonly number[], batch: number, activation: 'relu' | 'tanh'): Workload => ({
  dims: widths,
  activation,
  last: 'identity',
  loss: 'mean-squared-error',
  batch,
  batches: 1,
  rate: 0.1,
  checkSteps: 0,
});

function bytesOf(w: Workload, optimizer: string, fma: boolean, threads: number): Uint8Array {
  const project = drawn(w);
  const training = { ...project.settings.training, optimizer };
  const program = programOf(prepare({ ...project, settings: { ...project.settings, training } }, null), 'fused', w.batch);
  const code = wasm.emit(program, { backend: 'wasm', title: '', fma, limits: { threads } });
  if (code.kind !== 'wasm') throw new Error('no module');
  return code.bytes;
}

const generateEach = (): void => {
  vi.spyOn(Repeats.prototype, 'func').mockImplementation((_pieces, parameters, emit) => {
    const f = new Func(parameters);
    emit(f);
    return f;
  });
};

describe('what is said again is what would have been generated', () => {
  test.each([
    ['small layers', net([64, 64, 64, 64, 64], 32, 'relu'), 'sgd', 1],
    ['layers whose rows end within a vector', net([130, 130, 130, 130, 130], 37, 'tanh'), 'adam', 1],
    ['large layers, shared by threads', net([256, 256, 256, 256], 128, 'relu'), 'momentum', 2],
    ['two sizes in turn', net([96, 40, 96, 40, 96], 50, 'tanh'), 'sgd', 1],
  ] as const)('%s', (_name, w, optimizer, threads) => {
    const again = vi.spyOn(Func, 'again');
    for (const fma of [false, true]) {
      const bytes = bytesOf(w, optimizer, fma, threads);
      expect(again).toHaveBeenCalled();
      generateEach();
      expect(Buffer.compare(bytes, bytesOf(w, optimizer, fma, threads))).toBe(0);
      vi.mocked(Repeats.prototype.func).mockRestore();
    }
  });
});

test('a deep network generates as few functions as a shallow one', () => {
  const generated = (layers: number): number => {
    const again = vi.spyOn(Func, 'again');
    const func = vi.spyOn(Repeats.prototype, 'func');
    bytesOf(
      net(
        Array.from({ length: layers + 1 }, () => 64),
        32,
        'relu',
      ),
      'sgd',
      true,
      1,
    );
    const made = func.mock.calls.length - again.mock.calls.length;
    vi.restoreAllMocks();
    return made;
  };
  expect(generated(6)).toBeLessThan(8);
  expect(generated(30)).toBeLessThan(8);
});
