/**
 * Any kernel as one dispatch. Most have one invocation an element; a long fold with few results has one
 * workgroup an element instead, whose lanes fold shares of the terms and join them as a tree, because a
 * mean over a million rows by one lane would leave the rest of the GPU idle.
 */
import type { Step } from '../../plan';
import { baseText, entryText, moduleText, STATE_BAD } from './bindings';
import { Statements } from './dialect';
import { gridFor, LANES } from './layout';
import { elementText, foldText, indicesOf, type Nest, rowMajor, type Spelling, startOf, storesText } from './nest';

/** A kernel's module and the grid that runs it. */
export interface Dispatch {
  readonly code: string;
  readonly workgroups: readonly [number, number, number];
}

/** The distinct buffers of a step, in the order of the module's `bases`. */
export const buffersOf = (step: Step): readonly string[] => [
  ...new Set([...step.kernel.reads.map(({ name }) => step.bind[name]!), ...step.kernel.stores.map(({ to }) => step.bind[to]!)]),
];

/** How many vec4u a step's `bases` fill. */
export const blocksOf = (step: Step): number => Math.ceil(buffersOf(step).length / 4);

/** Operands through `bases`: the code does not know where its buffers lie, so equal kernels share it. */
export function throughBases(step: Step, watched: (buffer: string) => boolean): Spelling {
  const buffers = buffersOf(step);
  return {
    access: (name, address) => `a[${baseText(buffers.indexOf(step.bind[name]!))} + ${address}]`,
    // A parameter that stops being finite is noticed at once, even where max or min would hide it.
    after: (to, value) => (watched(step.bind[to]!) ? ` if (isBad(${value})) { state[${STATE_BAD}] = 1u; }` : ''),
  };
}

/** From this many terms for each result, and with fewer results than this, a workgroup folds together. */
const LONG_FOLD = 256;
const FEW_RESULTS = 2048;

export const foldsTogether = (nest: Nest): boolean => nest.terms >= LONG_FOLD && nest.size <= FEW_RESULTS;

export function generalDispatch(nest: Nest, step: Step, blocks: number, watched: (buffer: string) => boolean): Dispatch {
  const spelling = throughBases(step, watched);
  if (foldsTogether(nest)) return sharedFold(nest, spelling, blocks);
  const body = `let i = invocation(group, groups, lane);\nif (i >= ${nest.size}u) { return; }\n${elementText(nest, 'i', spelling)}`;
  return {
    code: moduleText(`${entryText(LANES)}${body}\n}\n`, { blocks }),
    workgroups: gridFor(Math.ceil(nest.size / LANES)),
  };
}

function sharedFold(nest: Nest, spelling: Spelling, blocks: number): Dispatch {
  const join = nest.kernel.fold!.with;
  const before = new Statements('t');
  const indices = indicesOf(nest.out, 'i', before);
  const steps = rowMajor(nest.over);
  const over = nest.over.map((axis, at) => {
    const divided = steps[at] === 1 ? 'q' : `q / ${steps[at]}u`;
    return at === 0 ? `(${divided})` : `((${divided}) % ${axis.length}u)`;
  });
  const term = foldText(nest, 'i', indices, over, before, spelling.access);
  const last = storesText(nest, 'i', indices, before, spelling);
  const joined = join === 'sum' ? 'shares[lane] + shares[lane + half]' : 'max(shares[lane], shares[lane + half])';
  const code = `var<workgroup> shares: array<f32, ${LANES}>;
${entryText(LANES)}let i = group.y * groups.x + group.x;
if (i >= ${nest.size}u) { return; }
${before.lines.join('\n')}
var acc = ${startOf(join)};
for (var q = lane; q < ${nest.terms}u; q += ${LANES}u) {
${term.join('\n')}
}
shares[lane] = acc;
workgroupBarrier();
for (var half = ${LANES / 2}u; half > 0u; half >>= 1u) {
if (lane < half) { shares[lane] = ${joined}; }
workgroupBarrier();
}
if (lane != 0u) { return; }
acc = shares[0];
${last.join('\n')}
}
`;
  return { code: moduleText(code, { blocks }), workgroups: gridFor(nest.size) };
}
