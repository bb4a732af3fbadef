/**
 * Any kernel as one dispatch. Most have one invocation an element, and equal kernels that need not wait
 * for each other share a dispatch; a long fold with few results has one
 * workgroup an element instead, whose lanes fold shares of the terms and join them as a tree, because a
 * mean over a million rows by one lane would leave the rest of the GPU idle.
 */
import type { Step } from '../../plan';
import { baseText, entryText, moduleText } from './bindings';
import { Statements } from './dialect';
import { gridFor, LANES } from './layout';
import { type AfterStore, foldText, indicesOf, type Nest, rowMajor, type Spelling, startOf, storesText } from './nest';
import { fill, type Group } from './schedule';

/** A kernel's module and the grid that runs it. */
export interface Dispatch {
  readonly code: string;
  readonly workgroups: readonly [number, number, number];
}

/** The distinct buffers of a step, in the order of the module's `bases`. */
export const buffersOf = (step: Step): readonly string[] => [
  ...new Set([...step.kernel.reads.map(({ name }) => step.bind[name]!), ...step.kernel.stores.map(({ to }) => step.bind[to]!)]),
];

/** Operands through `bases`: the code does not know where its buffers lie, so equal kernels share it. */
export function throughBases(step: Step, after: AfterStore): Spelling {
  const buffers = buffersOf(step);
  return {
    access: (name, address) => `a[${baseText(buffers.indexOf(step.bind[name]!))} + ${address}]`,
    after: (to, value) => after(step.bind[to]!, value),
  };
}

/** From this many terms for each result, and with fewer results than this, a workgroup folds together. */
const LONG_FOLD = 256;
const FEW_RESULTS = 2048;

export const foldsTogether = (nest: Nest): boolean => nest.terms >= LONG_FOLD && nest.size <= FEW_RESULTS;

/** A kernel, or equal kernels on other buffers that `tables` list from `bases[0].x` on, an invocation an element. */
export function groupDispatch({ parts, width, members }: Group, blocks: number): Dispatch {
  const { text } = parts[0]!;
  const slots = members[0]!.map((_, slot) => slot);
  const size = width * members.length;
  const [index, body] =
    members.length === 1
      ? ['i', fill(text, baseText)]
      : [
          'j',
          `let p = bases[0].x + j / ${width}u * ${slots.length}u;
let i = j % ${width}u;
${slots.map((slot) => `let p${slot} = tables[p + ${slot}u];`).join('\n')}
${fill(text, (slot) => `p${slot}`)}`,
        ];
  const code = `${entryText(LANES)}let ${index} = invocation(group, groups, lane);
if (${index} >= ${size}u) { return; }
${body}
}
`;
  return { code: moduleText(code, { blocks }), workgroups: gridFor(Math.ceil(size / LANES)) };
}

/** A long fold with few results: a workgroup for each. */
export function foldDispatch(nest: Nest, step: Step, blocks: number, after: AfterStore): Dispatch {
  return sharedFold(nest, throughBases(step, after), blocks);
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
  const joined = join === 'sum' ? 'shares[lane] + shares[lane + half]' : 'larger(shares[lane], shares[lane + half])';
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
