/** Products of matrices on WebGPU, of every layout and size. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, mul, read, tanh } from '../../../src/engine/ir/expr';
import { ACC } from '../../../src/engine/ir/kernel';
import { ways, randomFrom, numbers, worst, Draft, productKernel, gpu, Opened, compare } from '../../support/webgpu';

describe.skipIf(!gpu)('products on WebGPU', () => {
  let here: Opened;
  beforeAll(async () => {
    here = await Opened.here();
  });
  afterAll(() => here.backend.release());

  describe.each(ways)('%s', (way) => {
    it('matrix products of every layout', async () => {
      const random = randomFrom(11);
      for (const [m, n, k] of [
        [64, 64, 32],
        [70, 33, 50],
        [9, 130, 65],
      ] as const)
        for (const [ta, tb] of [
          [false, false],
          [true, false],
          [false, true],
          [true, true],
        ] as const) {
          const draft = new Draft();
          draft.buffer('a', [m * k], 'constant');
          draft.buffer('b', [k * n], 'constant');
          draft.buffer('c', [m, n], 'value');
          draft.buffer('e', [n], 'constant');
          draft.step(
            'forward',
            productKernel(
              [m, n],
              [k],
              ta ? [1, 0, m] : [k, 0, 1],
              tb ? [0, k, 1] : [0, 1, n],
              [{ to: 'c', value: tanh(add(read(ACC), read('e'))) }],
              [{ name: 'e', strides: [0, 1, 0], offset: 0 }],
            ),
            { a: 'a', b: 'b', c: 'c', e: 'e' },
          );
          const program = draft.program(1);
          const code = here.codeFor(program, way);
          if (way === 'tiled' && code.kind === 'wgsl')
            expect(code.modules.some((text) => text.includes('var<workgroup> left'))).toBe(true);
          await compare(
            here,
            program,
            way,
            { a: numbers(m * k, random), b: numbers(k * n, random), e: numbers(n, random) },
            1e-5,
          );
        }
    });
  });

  it.each([[false], [true]])('large products, transposed: %s', async (transposed) => {
    const random = randomFrom(17);
    const [m, n, k] = [645, 640, 36];
    const a = numbers(m * k, random);
    const b = numbers(k * n, random);
    const draft = new Draft();
    draft.buffer('a', [m * k], 'constant');
    draft.buffer('b', [k * n], 'constant');
    draft.buffer('c', [m, n], 'value');
    draft.step(
      'forward',
      productKernel([m, n], [k], transposed ? [1, 0, m] : [k, 0, 1], transposed ? [0, k, 1] : [0, 1, n], [
        { to: 'c', value: mul(read(ACC), 2) },
      ]),
      { a: 'a', b: 'b', c: 'c' },
    );
    const device = await here.open(draft.program(1), 'tiled');
    try {
      device.write('a', a);
      device.write('b', b);
      await device.run({ phases: ['forward'], rows: new Uint32Array(1), batch: 1 });
      const [c] = await device.read(['c']);
      const wanted = new Float64Array(m * n);
      for (let i = 0; i < m; i++)
        for (let q = 0; q < k; q++) {
          const left = 2 * a[transposed ? q * m + i : i * k + q]!;
          for (let j = 0; j < n; j++) wanted[i * n + j]! += left * b[transposed ? j * k + q : q * n + j]!;
        }
      expect(worst(c!, wanted)).toBeLessThan(1e-6);
    } finally {
      device.close();
    }
  });
});
