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
}

/** Operations of one batch: beyond this the whole GPU is faster than one of its processors. */
const MOST_WORK = 1 << 19;
/** Kernels of one batch: beyond this the module takes too long to compile. */
const MOST_KERNELS = 600;

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

/** Decides where lanes have to wait for each other: an element is always handled by the same lane. */
class Hazards {
  private readonly written = new Set<BufferId>();
  private readonly readElsewhere = new Set<BufferId>();

  clear(): void {
    this.written.clear();
    this.readElsewhere.clear();
  }

  /** Whether lanes must meet before this step; then counts it. */
  meet(step: Step, nest: Nest): boolean {
    const reads = step.kernel.reads.map(({ name }, index) => ({ buffer: step.bind[name]!, here: nest.inPlace[index]! }));
    const stores = step.kernel.stores.map(({ to }) => step.bind[to]!);
    const clash =
      reads.some(({ buffer, here }) => !here && this.written.has(buffer)) ||
      stores.some((buffer) => this.readElsewhere.has(buffer));
    if (clash) this.clear();
    for (const { buffer, here } of reads) if (!here) this.readElsewhere.add(buffer);
    for (const buffer of stores) this.written.add(buffer);
    return clash;
  }
}

/** A loop of the lanes over `size` elements; the index is `name`. */
function laneLoop(name: string, size: number, lanes: number, body: string): string {
  if (size <= lanes) return `${size < lanes ? `if (lane < ${size}u) ` : ''}{\nlet ${name} = lane;\n${body}\n}`;
  return `for (var ${name} = lane; ${name} < ${size}u; ${name} += ${lanes}u) {\n${body}\n}`;
}

export function emitWorkgroup(program: Program, limits: WorkgroupLimits): Emitted {
  const nests = program.steps.map(({ kernel }) => nestOf(kernel, program.batch));
  const widest = Math.max(1, ...nests.map(({ size }) => size));
  const lanes = Math.min(limits.lanes, widest <= 128 ? 64 : 256);
  const { ids, size: resident } = residents(program, Math.max(0, Math.floor(limits.memory / 4) - lanes));
  const { places, arena } = place(program, ids);
  const spills = arena > Math.max(4, resident);
  const barrier = spills ? `${BARRIER} storageBarrier();` : BARRIER;
  const inside = new Set(ids);
  const at = (start: number, index: string): string => `${start < resident ? 'w' : 'a'}[${start}u + ${index}]`;
  const parameters = new Set(program.buffers.filter(({ role }) => role === 'parameter').map(({ id }) => id));

  const text = (step: Step, nest: Nest): string =>
    laneLoop(
      'i',
      nest.size,
      lanes,
      elementText(nest, 'i', {
        access: (name, address) => {
          const buffer = step.bind[name]!;
          return `${inside.has(buffer) ? 'w' : 'a'}[${places[buffer]!.at}u + ${address}]`;
        },
        after: (to, value) =>
          parameters.has(step.bind[to]!) ? ` if (isBad(${value})) { state[${STATE_BAD}] = 1u; }` : '',
      }),
    );

  const hazards = new Hazards();
  const blocks: string[] = [];
  for (const { phase, from, to } of phaseRuns(program.steps)) {
    const lines: string[] = [];
    for (let index = from; index < to; index++) {
      const [step, nest] = [program.steps[index]!, nests[index]!];
      if (nest.size === 0) continue;
      if (hazards.meet(step, nest)) lines.push(barrier);
      lines.push(text(step, nest));
    }
    // A phase may be left out of a run, and its barriers with it: lanes meet after each in any case.
    hazards.clear();
    blocks.push(`if ((run.mask & ${phaseBits[phase]}u) != 0u) {\n${lines.join('\n')}\n}\n${barrier}`);
  }

  const gather = gatherParts(program, places, at, 0).map(({ size, text: part }) => laneLoop('e', size, lanes, part));
  const loss = lossText(program, places, at, lanes);
  const report =
    loss === ''
      ? ''
      : `if ((run.mask & ${phaseBits.loss}u) != 0u) {
var loss = 0f;
var bad = false;
${loss}
shares[lane] = select(loss, notFinite(loss), bad);
${BARRIER}
if (lane == 0u) {
loss = 0f;
bad = false;
for (var other = 0u; other < ${lanes}u; other++) { loss += shares[other]; bad = bad || isBad(shares[other]); }
${reportText('s')}
}
}
`;
  const kept = resident === 0 ? (offset: string) => `a[${offset}]` : (offset: string) => `number(${offset})`;
  const code = `${resident === 0 ? '' : `var<workgroup> w: array<f32, ${resident}>;\nfn number(at: u32) -> f32 { if (at < ${resident}u) { return w[at]; } return a[at]; }\n`}var<workgroup> shares: array<f32, ${lanes}>;
${entryText(lanes)}const lanes = ${lanes}u;
${resident === 0 ? '' : laneLoop('e', resident, lanes, 'w[e] = a[e];')}
${barrier}
for (var step = 0u; step < run.count; step++) {
let s = run.first + step;
${batchText('s')}
${gather.join('\n')}
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
function phaseRuns(steps: readonly Step[]): readonly { phase: Phase; from: number; to: number }[] {
  const runs: { phase: Phase; from: number; to: number }[] = [];
  steps.forEach(({ phase }, index) => {
    const last = runs[runs.length - 1];
    if (last?.phase === phase) last.to = index + 1;
    else runs.push({ phase, from: index, to: index + 1 });
  });
  return runs;
}
