/**
 * A whole small program as one dispatch of one workgroup: it runs batch after batch without leaving the
 * GPU, with the most used numbers in workgroup memory. A dispatch costs more than all the arithmetic of a
 * small network, so this is many times faster than a dispatch a kernel.
 */
import { sizeOf } from '../../ir/shape';
import type { BufferId, Phase, Program } from '../../plan';
import { batchText, collectText, columnTables, entryOf, gatherParts, lossText, notingBad, reportText } from './batches';
import { entryText, moduleText, phaseBits } from './bindings';
import type { Emitted } from './dispatches';
import { place } from './layout';
import { elementText, type Nest, nestOf } from './nest';
import { chainsOf, fill, type Group, groupsOf, levelsOf, phaseRuns, type Task, throughSlots, type Write } from './schedule';

/** What one workgroup may use. */
export interface WorkgroupLimits {
  /** Bytes of workgroup memory; with 0 all numbers stay in the arena. */
  readonly memory: number;
  readonly lanes: number;
  /** Whether lanes run side by side, so that small kernels gain by having lanes of their own. */
  readonly parallel: boolean;
}

/** Operations of one batch: beyond this the whole GPU is faster than one of its processors. */
const MOST_WORK = 1 << 19;
/** Kernels of one batch, and characters of their code: beyond this the module takes too long to compile. */
const MOST_KERNELS = 2000;
const MOST_CODE = 40_000;

const workOf = (nest: Nest): number => nest.size * nest.terms;

/** The program for one workgroup, or null when that is not the right place for it. */
export function emitIfSmall(program: Program, limits: WorkgroupLimits): Emitted | null {
  if (program.steps.length > MOST_KERNELS) return null;
  const work = program.steps.reduce((sum, { kernel }) => sum + workOf(nestOf(kernel, program.batch)), 0);
  if (work > MOST_WORK) return null;
  const emitted = emitWorkgroup(program, limits);
  return emitted.modules[0]!.length <= MOST_CODE ? emitted : null;
}

/** The buffers worth keeping in workgroup memory, most accesses for their size first, while they fit. */
function residents(program: Program, numbers: number): { readonly ids: readonly BufferId[]; readonly size: number } {
  const accesses = new Map<BufferId, number>();
  const count = (buffer: BufferId, times: number): void => {
    accesses.set(buffer, (accesses.get(buffer) ?? 0) + times);
  };
  for (const { kernel, bind } of program.steps) {
    const nest = nestOf(kernel, program.batch);
    for (const { name } of kernel.reads) count(bind[name]!, workOf(nest));
    for (const { to } of kernel.stores) count(bind[to]!, nest.size);
  }
  const sizes = new Map(program.buffers.map(({ id, shape }) => [id, sizeOf(shape, program.batch)]));
  const density = (id: BufferId): number => (accesses.get(id) ?? 0) / Math.max(1, sizes.get(id)!);
  const ids: BufferId[] = [];
  let size = 0;
  for (const id of [...sizes.keys()].sort((x, y) => density(y) - density(x))) {
    const padded = Math.ceil(sizes.get(id)! / 4) * 4;
    if (size + padded > numbers) continue;
    ids.push(id);
    size += padded;
  }
  return { ids, size };
}

const BARRIER = 'workgroupBarrier();';
/** Lanes that add up the loss of a batch; one of them adds their sums. */
const SHARES = 32;

/** Lanes that run in step on most GPUs: each piece of work gets whole bunches of them. */
const BUNCH = 32;
/** More lanes than this wait for each other longer than they help. */
const MOST_LANES = 256;

/** Work for `size` elements, independent of the other work beside it. */
interface Work {
  readonly size: number;
  /** Code of one element, whose index is `name`. */
  readonly name: string;
  readonly text: string;
}

const bunched = (size: number): number => Math.ceil(size / BUNCH) * BUNCH;

/** Lanes that the widest level can keep busy, as a power of two. */
function usefulLanes(levels: readonly (readonly Work[])[], { lanes, parallel }: WorkgroupLimits): number {
  const wanted = Math.max(
    0,
    ...levels.map((level) =>
      parallel ? level.reduce((sum, { size }) => sum + bunched(size), 0) : Math.max(0, ...level.map(({ size }) => size)) / 2,
    ),
  );
  let count = 64;
  while (count < wanted && count * 2 <= Math.min(lanes, MOST_LANES)) count *= 2;
  return Math.min(count, lanes);
}

/** The code of one level: each piece of work on lanes of its own while there are any. */
function levelText(level: readonly Work[], lanes: number, parallel: boolean): string {
  let next = 0;
  return level
    .map(({ size, name, text }) => {
      const first = parallel && next + bunched(size) <= lanes ? next : 0;
      next = first + bunched(size);
      return laneLoop(name, size, lanes, text, first);
    })
    .join('\n');
}

/** Runs `body` for `size` elements; the index is `name`. Lane `first` handles the first of them. */
function laneLoop(name: string, size: number, lanes: number, body: string, first = 0): string {
  const lane = first === 0 ? 'lane' : `lane - ${first}u`;
  if (size > lanes) return `for (var ${name} = lane; ${name} < ${size}u; ${name} += ${lanes}u) {\n${body}\n}`;
  // Lanes before the first wrap around to large numbers, which are out of range too.
  return `${size === lanes ? '' : `if (${lane} < ${size}u) `}{\nlet ${name} = ${lane};\n${body}\n}`;
}

/** A group of chains as work: a lane finds its chain and looks up where that chain's buffers lie. */
function workOfGroup({ parts, width, members }: Group, placeOf: (buffer: BufferId) => number, tables: number[]): Work {
  const single = members.length === 1;
  const slots = members[0]!;
  const differing = slots
    .map((_, slot) => slot)
    .filter((slot) => new Set(members.map((chain) => placeOf(chain[slot]!))).size > 1);
  const start = tables.length;
  for (const chain of members) tables.push(...differing.map((slot) => placeOf(chain[slot]!)));
  const slotText = (slot: number): string => {
    const at = differing.indexOf(slot);
    return at < 0 ? `${placeOf(slots[slot]!)}u` : `p${at}`;
  };
  const body = parts
    .map(({ size, text }) => {
      const filled = fill(text, slotText);
      if (size < width) return `if (i < ${size}u) {\n${filled}\n}`;
      return parts.length === 1 ? filled : `{\n${filled}\n}`;
    })
    .join('\n');
  if (single) return { size: width, name: 'i', text: body };
  const found = [
    width === 1 ? 'let i = 0u;' : `let i = j % ${width}u;`,
    ...(differing.length === 0 ? [] : [`let p = ${start}u + ${width === 1 ? 'j' : `(j / ${width}u)`} * ${differing.length}u;`]),
    ...differing.map((_, at) => `let p${at} = tables[p + ${at}u];`),
  ];
  return { size: members.length * width, name: 'j', text: `${found.join('\n')}\n${body}` };
}

export function emitWorkgroup(program: Program, limits: WorkgroupLimits): Emitted {
  const { ids, size: resident } = residents(program, Math.max(0, Math.floor(limits.memory / 4) - SHARES));
  const { places, arena } = place(program, ids);
  const inside = new Set(ids);
  const at = (start: number, index: string): string => `${start < resident ? 'w' : 'a'}[${start}u + ${index}]`;
  const after = notingBad(program);
  const tables = [...columnTables(program).tables];

  const write: Write = (task, slot) =>
    elementText(
      task.nest,
      'i',
      throughSlots(task, slot, (buffer) => (inside.has(buffer) ? 'w' : 'a'), after),
    );
  const gather = gatherParts(program, places, at, 0).map(({ size, text }): Work => ({ size, name: 'e', text }));
  const loss = lossText(program, places, at, SHARES);
  const inLoss = `(run.mask & ${phaseBits.loss}u) != 0u`;
  const shares: readonly Work[] =
    loss === ''
      ? []
      : [
          {
            size: SHARES,
            name: 'share',
            text: `var loss = 0f;\nvar bad = false;\n${loss}\nshares[lane] = select(loss, notFinite(loss), bad);`,
          },
        ];
  const report =
    loss === ''
      ? ''
      : `if (${inLoss} && lane == 0u) {
var loss = 0f;
var bad = false;
for (var other = 0u; other < ${SHARES}u; other++) { loss += shares[other]; bad = bad || isBad(shares[other]); }
${reportText('s')}
}
`;
  const barrier = arena > Math.max(4, resident) ? `${BARRIER} storageBarrier();` : BARRIER;
  const kept = resident === 0 ? (offset: string) => `a[${offset}]` : (offset: string) => `number(${offset})`;

  /** The levels of some tasks; the shares of the loss are taken on the one after it is known. */
  const work = (tasks: readonly Task[]): readonly (readonly Work[])[] => {
    const levels = levelsOf(tasks, true);
    const known = levels.findIndex((level) => level.some(({ stores }) => stores.some(({ buffer }) => buffer === program.loss)));
    const texts: (readonly Work[])[] = levels.map((level) =>
      groupsOf(chainsOf(level), write).map((group) => workOfGroup(group, (buffer) => places[buffer]!.at, tables)),
    );
    // They use the first lanes, which their code counts on, so they come first.
    if (known >= 0) texts[known + 1] = [...shares, ...(texts[known + 1] ?? [])];
    return texts;
  };

  /** A module of runs of tasks, each under the condition of its phase; lanes meet after each in any case. */
  const moduleOf = (runs: readonly { readonly phase: Phase | null; readonly tasks: readonly Task[] }[]): string => {
    const worked = runs.map(({ phase, tasks }) => ({ phase, levels: work(tasks) }));
    const lanes = usefulLanes([gather, ...worked.flatMap(({ levels }) => levels)], limits);
    const level = (one: readonly Work[]): string => levelText(one, lanes, limits.parallel);
    const blocks = worked.map(({ phase, levels }) => {
      const block = levels.map(level).join(`\n${barrier}\n`);
      return `${phase === null ? block : `if ((run.mask & ${phaseBits[phase]}u) != 0u) {\n${block}\n}`}\n${barrier}`;
    });
    return moduleText(`${resident === 0 ? '' : `var<workgroup> w: array<f32, ${resident}>;\nfn number(at: u32) -> f32 { if (at < ${resident}u) { return w[at]; } return a[at]; }\n`}var<workgroup> shares: array<f32, ${SHARES}>;
${entryText(lanes)}const lanes = ${lanes}u;
${resident === 0 ? '' : laneLoop('e', resident, lanes, 'w[e] = a[e];')}
${barrier}
for (var step = 0u; step < run.count; step++) {
let s = run.first + step;
${batchText('s')}
${level(gather)}
${barrier}
${blocks.join('\n')}
${report}for (var c = 0u; c < run.collects; c++) {
${entryOf('c')}
${collectText(kept)}
}
${barrier}
}
${resident === 0 ? '' : laneLoop('e', resident, lanes, 'a[e] = w[e];')}
}
`);
  };

  const runs = phaseRuns(program);
  const byPhase = moduleOf(runs);
  // Training runs all phases: without conditions, levels reach across them and lanes meet less often.
  const modules =
    program.detail === 'fused' ? [moduleOf([{ phase: null, tasks: runs.flatMap(({ tasks }) => tasks) }]), byPhase] : [byPhase];
  return {
    modules,
    layout: { arena, places, tables, blocks: 1, run: { by: 'workgroup', whole: 0, byPhase: modules.length - 1 } },
  };
}
