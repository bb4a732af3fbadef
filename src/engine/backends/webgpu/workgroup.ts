/**
 * A whole small program as one dispatch of one workgroup: it runs batch after batch without leaving the
 * GPU, with the most used numbers in workgroup memory. A dispatch costs more than all the arithmetic of a
 * small network, so this is many times faster than a dispatch a kernel.
 */
import { sizeOf } from '../../ir/shape';
import type { BufferId, Phase, Program, Step } from '../../plan';
import { batchText, collectText, columnTables, entryOf, gatherParts, lossText, reportText } from './batches';
import { entryText, moduleText, phaseBits, STATE_BAD } from './bindings';
import type { Emitted } from './dispatches';
import { place } from './layout';
import { elementText, type Nest, nestOf } from './nest';

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
/** Kernels of one batch: beyond this the module takes too long to compile. */
const MOST_KERNELS = 300;

const workOf = (nest: Nest): number => nest.size * nest.terms;

/** Whether one workgroup is the right place for a program. */
export function fitsWorkgroup(program: Program): boolean {
  const work = program.steps.reduce((sum, { kernel }) => sum + workOf(nestOf(kernel, program.batch)), 0);
  return program.steps.length <= MOST_KERNELS && work <= MOST_WORK;
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

/** A piece of work for the lanes: elements 0 … size − 1, each by itself. */
interface Task {
  readonly size: number;
  /** The code of the element whose index is `name`. */
  readonly name: string;
  readonly text: string;
  readonly reads: readonly { readonly buffer: BufferId; readonly here: boolean }[];
  readonly stores: readonly BufferId[];
}

/**
 * Cuts tasks where lanes have to wait for each other. They need not where a task reads what the one
 * before it wrote at the same index: the same lane handles it.
 */
function sectionsOf(tasks: readonly Task[]): readonly (readonly Task[])[] {
  const sections: Task[][] = [];
  let section: Task[] = [];
  const written = new Set<BufferId>();
  const readElsewhere = new Set<BufferId>();
  for (const task of tasks) {
    const clash =
      task.reads.some(({ buffer, here }) => !here && written.has(buffer)) ||
      task.stores.some((buffer) => readElsewhere.has(buffer));
    if (clash) {
      sections.push(section);
      section = [];
      written.clear();
      readElsewhere.clear();
    }
    section.push(task);
    for (const { buffer, here } of task.reads) if (!here) readElsewhere.add(buffer);
    for (const buffer of task.stores) written.add(buffer);
  }
  return [...sections, section];
}

/** Tasks of one section that share what one of them writes: their elements must stay with their lanes. */
function chainsOf(section: readonly Task[]): readonly (readonly Task[])[] {
  let chains: { readonly tasks: Task[]; readonly touched: Set<BufferId>; readonly written: Set<BufferId> }[] = [];
  for (const task of section) {
    const touched = new Set([...task.reads.map(({ buffer }) => buffer), ...task.stores]);
    const joins = chains.filter(
      (chain) =>
        [...touched].some((buffer) => chain.written.has(buffer)) || task.stores.some((buffer) => chain.touched.has(buffer)),
    );
    const chain = {
      tasks: [...joins.flatMap(({ tasks }) => tasks), task],
      touched: new Set([...joins.flatMap((join) => [...join.touched]), ...touched]),
      written: new Set([...joins.flatMap((join) => [...join.written]), ...task.stores]),
    };
    chains = [...chains.filter((other) => !joins.includes(other)), chain];
  }
  return chains.map(({ tasks }) => tasks);
}

/** Lanes that run in step on most GPUs: chains get whole groups of them. */
const GROUP = 32;
const widthOf = (chain: readonly Task[]): number => Math.ceil(Math.max(1, ...chain.map(({ size }) => size)) / GROUP) * GROUP;

/** Lanes that the widest section can keep busy, as a power of two. */
function usefulLanes(sections: readonly (readonly Task[])[], { lanes, parallel }: WorkgroupLimits): number {
  const wanted = Math.max(
    ...sections.map((section) =>
      parallel
        ? chainsOf(section).reduce((sum, chain) => sum + widthOf(chain), 0)
        : Math.max(1, ...section.map(({ size }) => size)) / 2,
    ),
  );
  let count = 64;
  while (count < wanted && count * 2 <= Math.min(lanes, MOST_LANES)) count *= 2;
  return Math.min(count, lanes);
}

/** More lanes than this wait for each other longer than they help. */
const MOST_LANES = 256;

/** The code of one section: each chain on lanes of its own while there are any. */
function sectionText(section: readonly Task[], lanes: number, parallel: boolean): string {
  let next = 0;
  const lines: string[] = [];
  for (const chain of chainsOf(section)) {
    const width = widthOf(chain);
    const first = parallel && next + width <= lanes ? next : 0;
    next = first + width;
    for (const task of chain) lines.push(laneLoop(task.name, task.size, lanes, task.text, first));
  }
  return lines.join('\n');
}

/** Runs `body` for `size` elements; the index is `name`. Lane `first` handles the first of them. */
function laneLoop(name: string, size: number, lanes: number, body: string, first = 0): string {
  const lane = first === 0 ? 'lane' : `lane - ${first}u`;
  if (size > lanes) return `for (var ${name} = lane; ${name} < ${size}u; ${name} += ${lanes}u) {\n${body}\n}`;
  // Lanes before the first wrap around to large numbers, which are out of range too.
  return `${size === lanes ? '' : `if (${lane} < ${size}u) `}{\nlet ${name} = ${lane};\n${body}\n}`;
}

export function emitWorkgroup(program: Program, limits: WorkgroupLimits): Emitted {
  const { ids, size: resident } = residents(program, Math.max(0, Math.floor(limits.memory / 4) - SHARES));
  const { places, arena } = place(program, ids);
  const inside = new Set(ids);
  const at = (start: number, index: string): string => `${start < resident ? 'w' : 'a'}[${start}u + ${index}]`;
  const parameters = new Set(program.buffers.filter(({ role }) => role === 'parameter').map(({ id }) => id));

  const gather = gatherParts(program, places, at, 0).map(
    ({ size, text }): Task => ({ size, name: 'e', text, reads: [], stores: [] }),
  );
  const runs = phaseRuns(program.steps).map(({ phase, steps }) => ({
    phase,
    sections: sectionsOf(
      steps
        .map((step): Task => {
          const nest = nestOf(step.kernel, program.batch);
          return {
            size: nest.size,
            name: 'i',
            text: elementText(nest, 'i', {
              access: (name, address) => {
                const buffer = step.bind[name]!;
                return `${inside.has(buffer) ? 'w' : 'a'}[${places[buffer]!.at}u + ${address}]`;
              },
              after: (to, value) => (parameters.has(step.bind[to]!) ? ` if (isBad(${value})) { state[${STATE_BAD}] = 1u; }` : ''),
            }),
            reads: step.kernel.reads.map(({ name }, index) => ({ buffer: step.bind[name]!, here: nest.inPlace[index]! })),
            stores: step.kernel.stores.map(({ to }) => step.bind[to]!),
          };
        })
        .filter(({ size }) => size > 0),
    ),
  }));
  const lanes = usefulLanes([gather, ...runs.flatMap(({ sections }) => sections)], limits);
  const barrier = arena > Math.max(4, resident) ? `${BARRIER} storageBarrier();` : BARRIER;
  const write = (section: readonly Task[]): string => sectionText(section, lanes, limits.parallel);
  // A phase may be left out of a run, and its barriers with it: lanes meet after each in any case.
  const blocks = runs.map(
    ({ phase, sections }) =>
      `if ((run.mask & ${phaseBits[phase]}u) != 0u) {\n${sections.map(write).join(`\n${barrier}\n`)}\n}\n${barrier}`,
  );
  const loss = lossText(program, places, at, SHARES);
  if (loss !== '') {
    const shares = `if ((run.mask & ${phaseBits.loss}u) != 0u && lane < ${SHARES}u) {
var loss = 0f;
var bad = false;
${loss}
shares[lane] = select(loss, notFinite(loss), bad);
}`;
    // Right after the loss is known; the lanes meet before the shares are added up, if only for this.
    const made = runs.findLastIndex(({ sections }) => sections.flat().some(({ stores }) => stores.includes(program.loss!)));
    blocks[made] += `\n${shares}${made === blocks.length - 1 ? `\n${BARRIER}` : ''}`;
  }
  const report =
    loss === ''
      ? ''
      : `if ((run.mask & ${phaseBits.loss}u) != 0u && lane == 0u) {
var loss = 0f;
var bad = false;
for (var other = 0u; other < ${SHARES}u; other++) { loss += shares[other]; bad = bad || isBad(shares[other]); }
${reportText('s')}
}
`;
  const kept = resident === 0 ? (offset: string) => `a[${offset}]` : (offset: string) => `number(${offset})`;
  const code = `${resident === 0 ? '' : `var<workgroup> w: array<f32, ${resident}>;\nfn number(at: u32) -> f32 { if (at < ${resident}u) { return w[at]; } return a[at]; }\n`}var<workgroup> shares: array<f32, ${SHARES}>;
${entryText(lanes)}const lanes = ${lanes}u;
${resident === 0 ? '' : laneLoop('e', resident, lanes, 'w[e] = a[e];')}
${barrier}
for (var step = 0u; step < run.count; step++) {
let s = run.first + step;
${batchText('s')}
${write(gather)}
${barrier}
${blocks.join('\n')}
${report}for (var c = 0u; c < run.collects; c++) {
${entryOf('c')}
${collectText('s', kept)}
}
${barrier}
}
${resident === 0 ? '' : laneLoop('e', resident, lanes, 'a[e] = w[e];')}
}
`;
  return {
    modules: [moduleText(code)],
    layout: { arena, places, tables: columnTables(program).tables, blocks: 1, run: { by: 'workgroup', module: 0 } },
  };
}

/** Neighbouring steps of the same phase. */
function phaseRuns(steps: readonly Step[]): readonly { readonly phase: Phase; readonly steps: Step[] }[] {
  const runs: { phase: Phase; steps: Step[] }[] = [];
  for (const step of steps) {
    const last = runs[runs.length - 1];
    if (last?.phase === step.phase) last.steps.push(step);
    else runs.push({ phase: step.phase, steps: [step] });
  }
  return runs;
}
