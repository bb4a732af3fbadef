/** Which tables are images, and that no plain table is taken for one. */
import { expect, test } from 'vitest';
import { imageOf, pixelsOf } from '../../../src/engine/data/images';
import { readProjectFile } from '../../../src/main/services/projects';
import { readDataset } from '../../../src/main/services/datasets';

const open = async (name: string) => {
  const { settings } = await readProjectFile(`resources/examples/${name}.chainrule`);
  return readDataset(settings.data as Exclude<typeof settings.data, { kind: 'none' }>, settings.split);
};

test('the digits are 8 × 8 images, read back in their own units', async () => {
  const digits = await open('07-digits');
  const layout = imageOf(digits)!;
  expect(layout).toMatchObject({ width: 8, height: 8, channels: 1 });
  expect(layout.low).toBeCloseTo(0, 3);
  expect(layout.high).toBeCloseTo(16, 3);
  // The first row of the file: 0,0,5,13,9,1,0,0.
  const first = [0, 0, 5, 13, 9, 1, 0, 0];
  [...pixelsOf(digits, layout, 0).subarray(0, 8)].forEach((pixel, k) => {
    expect(pixel).toBeCloseTo(first[k]! / 16, 4);
  });
});

test.each(['03-circles', '08-iris', '09-diabetes'])('%s is none', async (name) => {
  expect(imageOf(await open(name))).toBeNull();
});

test('a square number of unrelated columns is no image, whatever their names', () => {
  const width = 16;
  const features = Array.from({ length: width }, (_, k) => ({
    name: `x${k + 1}`,
    source: `x${k + 1}`,
    mean: 10 * k,
    deviation: 1 + k,
  }));
  const x = Float32Array.from({ length: width * 50 }, (_, at) => Math.sin(at * 1.7));
  expect(imageOf({ features, x, rows: 50 })).toBeNull();
  expect(imageOf({ features: features.slice(0, 15), x, rows: 50 })).toBeNull();
});
