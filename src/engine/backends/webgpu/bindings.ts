/**
 * What every module can see: the arena, the data set, the rows of the run, its results, and two uniform
 * blocks. All modules share one layout of bindings, so a pass sets it once and any module fits any plan.
 */
import { libraryFor } from './dialect';

/** Words of `Run`, in order. */
export const runWords = [
  'count', // batches in this dispatch (only modules that run many)
  'batch', // rows in a full batch
  'rows', // rows in the whole run
  'mask', // bits of `phaseBits`
  'features', // columns of the features
  'targets', // columns of the targets
  'targetsAt', // where the targets begin in the data
  'weightsAt', // where the rows' own weights begin; 0: all are 1
  'collects', // buffers whose rows are kept
  'collectAt', // where their descriptions begin in `rows`
  'first', // number of the first batch of this dispatch
  'left', // rows left of the epoch that the run begins in
  'epoch', // rows of each later epoch
] as const;
export type RunWord = (typeof runWords)[number];

export const phaseBits = { forward: 1, loss: 2, backward: 4, update: 8 } as const;

/** Words of `state`. */
export const STATE_BATCH = 0;
export const STATE_BAD = 1;
/** Words of one description of a collected buffer: arena offset, numbers per row, place in the results. */
export const COLLECT_WORDS = 3;

const declarations: readonly { readonly uses: RegExp; readonly text: string }[] = [
  { uses: /\ba\[/, text: '@group(0) @binding(0) var<storage, read_write> a: array<f32>;' },
  { uses: /\bdata\[/, text: '@group(0) @binding(1) var<storage, read> data: array<f32>;' },
  { uses: /\brows\[/, text: '@group(0) @binding(2) var<storage, read> rows: array<u32>;' },
  { uses: /\bresults\[/, text: '@group(0) @binding(3) var<storage, read_write> results: array<u32>;' },
  { uses: /\bstate\[/, text: '@group(0) @binding(4) var<storage, read_write> state: array<u32>;' },
  { uses: /\btables\[/, text: '@group(0) @binding(5) var<storage, read> tables: array<u32>;' },
  {
    uses: /\brun\./,
    text: `struct Run { ${runWords.map((word) => `${word}: u32`).join(', ')} }\n@group(0) @binding(6) var<uniform> run: Run;`,
  },
];

/** Infinite or not a number, told by the bits: comparisons may be taken to know that neither occurs. */
const isBad = `fn isBad(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u; }\n`;

/** First row and rows of a batch; every epoch ends with a batch of its own. As in `cuts.ts`. */
const batchAt = `fn batchAt(s: u32) -> vec2u {
let leading = (run.left + run.batch - 1u) / run.batch;
let whole = (run.epoch + run.batch - 1u) / run.batch;
var begin = s * run.batch;
var end = run.left;
if (s >= leading) {
let start = run.left + (s - leading) / whole * run.epoch;
begin = start + (s - leading) % whole * run.batch;
end = start + run.epoch;
}
return vec2u(begin, min(run.batch, min(end, run.rows) - begin));
}
`;

/** The flat number of an invocation in a grid of one or two dimensions. */
const invocation = (lanes: number): string =>
  `fn invocation(group: vec3u, groups: vec3u, lane: u32) -> u32 { return (group.y * groups.x + group.x) * ${lanes}u + lane; }\n`;

/** A whole module: what `code` uses is declared before it. `blocks` is the length of `bases`. */
export function moduleText(body: string, options: { readonly blocks?: number; readonly lanes?: number } = {}): string {
  const code = body.includes('batchAt(') ? batchAt + body : body;
  const parts = declarations.filter(({ uses }) => uses.test(code)).map(({ text }) => `${text}\n`);
  if (code.includes('bases[')) parts.push(`@group(1) @binding(0) var<uniform> bases: array<vec4u, ${options.blocks ?? 1}>;\n`);
  if (code.includes('isBad(')) parts.push(isBad);
  if (code.includes('invocation(')) parts.push(invocation(options.lanes ?? 64));
  parts.push(libraryFor(code), code);
  return parts.join('');
}

/** The `at`-th number of `bases`. */
export const baseText = (at: number): string => `bases[${at >> 2}].${'xyzw'[at & 3]}`;

export const ENTRY = 'main';
export const entryText = (lanes: number): string =>
  `@compute @workgroup_size(${lanes})\nfn ${ENTRY}(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {\n`;
