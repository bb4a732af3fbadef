/** Inputs as wide as pictures: every width compiles, and computes what the reference does. */
import { expect, test } from 'vitest';
import { backends } from '../../src/engine/backends/index';
import type { Dataset } from '../../src/engine/data/dataset';
import { Random } from '../../src/engine/data/random';
import { defaultSettings } from '../../src/engine/graph/project';
import { bufferIds } from '../../src/engine/plan';
import { draftProject } from '../../src/engine/train/draft';
import { Session } from '../../src/engine/train/session';
import { plansOf } from '../support/training';

const ROWS = 32;

test.each([
  [1728, 100],
  [3072, 20],
  [2500, 3],
  [784, 100],
])(
  '%d inputs, %d neurons',
  async (width, hidden) => {
    const random = new Random(1, `${width}`);
    const column = (name: string) => ({ name, source: name, mean: 0, deviation: 1 });
    const data: Dataset = {
      name: 't',
      rows: ROWS,
      task: 'binary',
      features: Array.from({ length: width }, (_, k) => column(`p${k}`)),
      targets: [column('y')],
      classes: ['a', 'b'],
      notes: [],
      x: Float32Array.from({ length: ROWS * width }, () => random.between(-1, 1)),
      y: Float32Array.from({ length: ROWS }, (_, row) => row % 2),
      split: {
        train: Uint32Array.from({ length: ROWS }, (_, row) => row),
        validation: new Uint32Array(),
        test: new Uint32Array(),
      },
    };
    const project = draftProject(data, { kind: 'none' }, defaultSettings.split, {
      title: 't',
      hidden: [hidden],
      activation: 'tanh',
    });
    const learned = async (backend: 'wasm' | 'reference'): Promise<Float32Array[]> => {
      const session = await Session.open(await plansOf(project, data, backend), backends);
      session.initialize(2);
      session.train!.setData(data.x, width, data.y, 1);
      for (let step = 0; step < 2; step++)
        await session.train!.run({ phases: ['forward', 'loss', 'backward', 'update'], rows: data.split.train, batch: ROWS });
      const read = await session.train!.read(
        ['hidden/weight', 'hidden/bias', 'output/weight'].map((key) => bufferIds.value(key)),
      );
      session.close();
      return read;
    };
    const [fast, exact] = [await learned('wasm'), await learned('reference')];
    fast.forEach((numbers, at) => {
      let worst = 0;
      numbers.forEach((number, k) => {
        worst = Math.max(worst, Math.abs(number - exact[at]![k]!));
      });
      expect(worst).toBeLessThan(2e-3);
    });
  },
  60_000,
);
