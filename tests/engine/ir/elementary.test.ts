/**
 * The engine's own elementary functions: their bits, which are the same on every machine, as digests; and their values
 * against those of the language, whose last digits each engine chooses for itself.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cos, exp, log, log1p, pow, sin, tanh } from '../../../src/engine/ir/elementary';
import { Random } from '../../../src/engine/data/random';

const elementary = { cos, exp, log, log1p, pow, sin, tanh } as const;

/** The distance in units of the last place of `b`. */
function units(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  if (Number.isNaN(a) || Number.isNaN(b) || !Number.isFinite(b)) return Infinity;
  const size = Math.max(Math.abs(b), Number.MIN_VALUE * 2 ** 52);
  return Math.abs(a - b) / 2 ** (Math.floor(Math.log2(size)) - 52);
}

const COUNT = 40_000;
const arguments_ = (name: string, sample: (random: Random) => number): number[] => {
  const random = new Random(1, name);
  return Array.from({ length: COUNT }, () => sample(random));
};

describe.each([
  ['exp', 1, (r: Random) => r.between(-760, 720)],
  ['exp', 1, (r: Random) => r.between(-2, 2)],
  ['log', 1, (r: Random) => 2 ** r.between(-1070, 1020)],
  ['log', 1, (r: Random) => r.between(0, 2)],
  ['log1p', 3, (r: Random) => r.uniform() * 10 ** r.between(-12, 3)],
  ['tanh', 4, (r: Random) => r.between(-9, 9)],
  ['tanh', 4, (r: Random) => r.between(-1, 1) * 10 ** r.between(-20, 0)],
  ['sin', 1, (r: Random) => r.between(-10, 10)],
  ['sin', 1, (r: Random) => r.between(-1, 1) * 10 ** r.between(0, 300)],
  ['cos', 1, (r: Random) => r.between(-10, 10)],
  ['cos', 1, (r: Random) => r.between(-1, 1) * 10 ** r.between(0, 300)],
] as const)('%s', (name, most, sample) => {
  test(`within ${most} units of the last place, ${sample.toString().replace(/.*=> /, '')}`, () => {
    for (const x of arguments_(name, sample)) {
      const off = units(elementary[name](x), Math[name](x));
      if (off > most) throw new Error(`${name}(${x}) is ${elementary[name](x)}, off by ${off} units from ${Math[name](x)}`);
    }
  });
});

const SPECIAL = [0, 1, 2, 0.5, 3, 2.5, 33, 34, 1e300, 1e-300, 1e-310, Number.MAX_VALUE, Math.PI, Math.PI / 2, Infinity].flatMap(
  (x) => [x, -x],
);

test('what is special of a function is so here: zeros and their signs, infinities, what is no number', () => {
  for (const x of [...SPECIAL, NaN])
    for (const name of ['exp', 'log', 'log1p', 'tanh', 'sin', 'cos'] as const) {
      const [own, other] = [elementary[name](x), Math[name](x)];
      expect([name, x, own === 0 || !Number.isFinite(own) ? own : units(own, other) <= 2]).toEqual([
        name,
        x,
        own === 0 || !Number.isFinite(own) ? other : true,
      ]);
    }
  for (const x of [...SPECIAL, NaN])
    for (const y of [...SPECIAL, NaN]) {
      const [own, other] = [elementary.pow(x, y), x ** y];
      const same = own === 0 || !Number.isFinite(own) ? Object.is(own, other) : Math.abs(own - other) <= 1e-12 * Math.abs(other);
      expect([x, y, own, same]).toEqual([x, y, own, true]);
    }
});

test('powers: whole exponents are products, others within 1e-13', () => {
  const random = new Random(1, 'pow');
  for (let i = 0; i < COUNT; i++) {
    const [x, y] = [random.between(0, 1) * 10 ** random.between(-4, 4), random.between(-16, 16)];
    expect(Math.abs(elementary.pow(x, y) / x ** y - 1)).toBeLessThan(1e-13);
  }
  expect([elementary.pow(-3, 2), elementary.pow(-3, 3), elementary.pow(2, -2), elementary.pow(0.7, 2)]).toEqual([
    9,
    -27,
    0.25,
    0.7 * 0.7,
  ]);
});

test('their bits are these, on every machine', () => {
  const digest = (numbers: readonly number[]): string =>
    createHash('sha256').update(Float64Array.from(numbers)).digest('hex').slice(0, 16);
  // Without a power in their making: the arguments have to be the same everywhere as well.
  const random = new Random(2, 'bits');
  const plain = Array.from({ length: COUNT }, () => random.between(-12, 12));
  const positive = plain.map((x) => x * x);
  const large = plain.map((x, i) => x * (i + 1) * (i + 1) * 1000);
  expect({
    exp: digest(plain.map((x) => elementary.exp(x * 60))),
    log: digest(positive.map(elementary.log)),
    log1p: digest(positive.map(elementary.log1p)),
    tanh: digest(plain.map(elementary.tanh)),
    sin: digest([...plain, ...large].map(elementary.sin)),
    cos: digest([...plain, ...large].map(elementary.cos)),
    pow: digest(positive.map((x, i) => elementary.pow(x, plain[COUNT - 1 - i]!))),
    gaussian: digest(plain.map(() => random.gaussian())),
  }).toMatchInlineSnapshot(`
    {
      "cos": "e21b1affd29161ed",
      "exp": "7a7fd3d903ea028d",
      "gaussian": "cbd3fa5205a67665",
      "log": "0e13fe85cb476233",
      "log1p": "ba1e8bdcd5afe664",
      "pow": "67cb97af3c16207e",
      "sin": "3596c287b98f3ee2",
      "tanh": "913e766adebda4a0",
    }
  `);
});

test('nothing that training rests on takes these functions from the language', () => {
  const inexact =
    /Math\.(exp|expm1|log|log1p|log2|log10|sin|cos|tan|a?sinh?|a?cosh?|a?tanh?|atan2|pow|cbrt|hypot)\b|[\w)\]!] \*\* /;
  /** Powers of two are exact, and words and studies change no weight. */
  const free =
    /^src\/engine\/(ir\/elementary|data\/csv|train\/(cause-words|rate-test|variants|metrics|statistics|folds|analysis\/))/;
  const filesIn = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)],
    );
  const faults: string[] = [];
  for (const file of ['ir', 'graph', 'data', 'ops', 'optimizers', 'backends', 'compile', 'train'].flatMap((floor) =>
    filesIn(join('src/engine', floor)),
  )) {
    if (free.test(file)) continue;
    readFileSync(file, 'utf8')
      .split('\n')
      .forEach((line, at) => {
        const code = line.replace(/\/\/.*|^\s*\/?\*.*/, '').replaceAll(/\b2 \*\* /g, '');
        if (inexact.test(code)) faults.push(`${file}:${at + 1} ${line.trim()}`);
      });
  }
  expect(faults).toEqual([]);
});
