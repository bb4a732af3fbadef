/**
 * The work around the kernels of a batch: gather its rows from the data set, weigh them, keep what was
 * asked for, and report the loss. Both ways of running a program write these the same, over their own
 * notion of where a number lies.
 */
import { type BufferId, bufferIds, type Program } from '../../plan';
import { sampleSize } from '../../ir/shape';
import { COLLECT_WORDS, STATE_BAD } from './bindings';
import type { Place } from './layout';

/** A number of the arena at a place known when the code is written, `index` further. */
export type At = (start: number, index: string) => string;

/** The first row of batch `s` and the number of its rows, as WGSL. */
export const batchText = (s: string): string => `let begin = batchAt(${s}).x;\nlet count = batchAt(${s}).y;`;

/** Column lists that are not a run of neighbours, one after the other; and where each list begins. */
export function columnTables(program: Program): { readonly tables: readonly number[]; readonly starts: readonly number[] } {
  const tables: number[] = [];
  const starts = program.inputs.map(({ columns }) => {
    if (columns.every((column, at) => column === columns[0]! + at)) return -1;
    tables.push(...columns);
    return tables.length - columns.length;
  });
  return { tables, starts };
}

/** One part of gathering: `size` numbers to write, each from its index `e`. Uses `begin` and `count`. */
export interface GatherPart {
  readonly size: number;
  readonly text: string;
}

export function gatherParts(
  program: Program,
  places: Readonly<Record<string, Place>>,
  at: At,
  tableAt: number,
): readonly GatherPart[] {
  const parts: GatherPart[] = [];
  const weights = places[bufferIds.rowWeights];
  if (weights && weights.size > 0)
    parts.push({
      size: weights.size,
      text: `var own = 1f;
if (run.weightsAt != 0u && e < count) { own = data[run.weightsAt + rows[begin + e]]; }
${at(weights.at, 'e')} = select(0f, own / f32(count), e < count);`,
    });
  const { starts } = columnTables(program);
  program.inputs.forEach((input, index) => {
    const target = places[input.buffer];
    if (!target || target.size === 0) return;
    const width = input.columns.length;
    const column =
      starts[index]! < 0 ? `${input.columns[0]!}u + e % ${width}u` : `tables[${tableAt + starts[index]!}u + e % ${width}u]`;
    const start = input.from === 'features' ? '' : 'run.targetsAt + ';
    // Padding repeats the first row of the batch: finite numbers whose row weight is 0.
    parts.push({
      size: target.size,
      text: `let i = e / ${width}u;\nlet row = rows[begin + select(0u, i, i < count)];\n${at(target.at, 'e')} = data[${start}row * run.${input.from} + ${column}];`,
    });
  });
  return parts;
}

/** The lanes' shares of the loss of the batch: sets `loss` and `bad` from `lane`, in steps of `lanes`. */
export function lossText(program: Program, places: Readonly<Record<string, Place>>, at: At, lanes: number): string {
  const spec = program.buffers.find(({ id }) => id === program.loss);
  const place = program.loss === null ? undefined : places[program.loss];
  if (!spec || !place) return '';
  const weights = places[bufferIds.rowWeights];
  if (place.size === 1 || !weights) return `if (lane == 0u) { loss = ${at(place.at, '0u')}; bad = isBad(loss); }`;
  return `for (var e = lane; e < ${place.size}u; e += ${lanes}u) {
let one = ${at(place.at, 'e')};
bad = bad || isBad(one);
loss = fma(${at(weights.at, `e / ${sampleSize(spec.shape)}u`)}, one, loss);
}`;
}

/** Writes the loss of batch `s` from the sum of all shares. Not a number is stored by its bits. */
export const reportText = (s: string): string =>
  `results[${s}] = select(bitcast<u32>(loss), 0x7fc00000u, bad || isBad(loss) || state[${STATE_BAD}] != 0u);`;

/** A parameter that stops being finite is noticed at once, even where max or min would hide it. */
export function notingBad(program: Program): (buffer: BufferId, value: string) => string {
  const parameters = new Set(program.buffers.filter(({ role }) => role === 'parameter').map(({ id }) => id));
  return (buffer, value) => (parameters.has(buffer) ? ` if (isBad(${value})) { state[${STATE_BAD}] = 1u; }` : '');
}

/** Keeps the `index`-th number of a collected buffer, from `begin` on; `entry` is where its description begins in `rows`. */
export const collectText = (number: (offset: string) => string): string =>
  `let size = rows[entry + 1u];
let kept = count * size;
let to = rows[entry + 2u] + begin * size;
for (var e = lane; e < kept; e += lanes) { results[to + e] = bitcast<u32>(${number('rows[entry] + e')}); }`;

export const entryOf = (index: string): string => `let entry = run.collectAt + ${index} * ${COLLECT_WORDS}u;`;
