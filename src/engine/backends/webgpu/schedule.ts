/**
 * The order of a program's kernels, seen from the GPU: which must wait for which, and which are the same
 * code on other buffers. A network drawn neuron by neuron becomes a few groups of equal kernels this way,
 * each run as one, instead of hundreds that run one after the other.
 */
import type { BufferId, Phase, Program, Step } from '../../plan';
import { type Nest, nestOf, type Spelling } from './nest';

/** A buffer that a kernel reads or stores; `here`: only at the index that is being computed. */
interface Touch {
  readonly buffer: BufferId;
  readonly here: boolean;
}

/** One kernel with all it touches. */
export interface Task {
  readonly step: Step;
  readonly nest: Nest;
  readonly reads: readonly Touch[];
  readonly stores: readonly Touch[];
}

const taskOf = (step: Step, batch: number): Task => {
  const nest = nestOf(step.kernel, batch);
  return {
    step,
    nest,
    reads: step.kernel.reads.map(({ name }, index) => ({ buffer: step.bind[name]!, here: nest.inPlace[index]! })),
    stores: step.kernel.stores.map(({ to, place }) => ({ buffer: step.bind[to]!, here: place === undefined })),
  };
};

/** The kernels of neighbouring steps of the same phase; those without elements are left out. */
export function phaseRuns(program: Program): readonly { readonly phase: Phase; readonly tasks: Task[] }[] {
  const runs: { phase: Phase; tasks: Task[] }[] = [];
  for (const step of program.steps) {
    const task = taskOf(step, program.batch);
    if (task.nest.size === 0) continue;
    const last = runs[runs.length - 1];
    if (last?.phase === step.phase) last.tasks.push(task);
    else runs.push({ phase: step.phase, tasks: [task] });
  }
  return runs;
}

/**
 * Each task on the first level where it need not wait for another task of that level. With `sameLane`, an
 * element is always handled by the same lane, so a task may share the level of one that it follows index
 * by index.
 */
export function levelsOf(tasks: readonly Task[], sameLane: boolean): readonly (readonly Task[])[] {
  const levels: Task[][] = [];
  const written = new Touched(sameLane);
  const read = new Touched(sameLane);
  for (const task of tasks) {
    const level = Math.max(
      0,
      ...task.reads.map((touch) => written.after(touch)),
      ...task.stores.map((touch) => Math.max(written.after(touch), read.after(touch))),
    );
    while (levels.length <= level) levels.push([]);
    levels[level]!.push(task);
    for (const touch of task.reads) read.note(touch, level);
    for (const touch of task.stores) written.note(touch, level);
  }
  return levels;
}

/** The last levels on which buffers were touched. */
class Touched {
  private readonly here = new Map<BufferId, number>();
  private readonly elsewhere = new Map<BufferId, number>();

  constructor(private readonly sameLane: boolean) {}

  note({ buffer, here }: Touch, level: number): void {
    const levels = here ? this.here : this.elsewhere;
    levels.set(buffer, Math.max(levels.get(buffer) ?? 0, level));
  }

  /** The first level for something that must not come before what touched its buffer. */
  after({ buffer, here }: Touch): number {
    const near = this.here.get(buffer);
    const far = this.elsewhere.get(buffer);
    return Math.max(near === undefined ? 0 : near + (here && this.sameLane ? 0 : 1), far === undefined ? 0 : far + 1);
  }
}

/** Tasks of one level that share what one of them writes: an element must stay with its lane in all of them. */
export function chainsOf(level: readonly Task[]): readonly (readonly Task[])[] {
  const parent = level.map((_, index) => index);
  const root = (index: number): number => {
    let at = index;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  const writer = new Map<BufferId, number>();
  level.forEach(({ stores }, index) => {
    for (const { buffer } of stores) {
      const other = writer.get(buffer);
      if (other === undefined) writer.set(buffer, index);
      else parent[root(index)] = root(other);
    }
  });
  level.forEach(({ reads }, index) => {
    for (const { buffer } of reads) {
      const other = writer.get(buffer);
      if (other !== undefined) parent[root(index)] = root(other);
    }
  });
  const chains = new Map<number, Task[]>();
  level.forEach((task, index) => {
    const chain = chains.get(root(index));
    if (chain) chain.push(task);
    else chains.set(root(index), [task]);
  });
  return [...chains.values()];
}

/** The code of one chain or of several equal ones; where its buffers lie is left open. */
export interface Group {
  /** Code of each task, with `@slot@` for the places of buffers, and its number of elements. */
  readonly parts: readonly { readonly size: number; readonly text: string }[];
  /** Elements of one chain: those of its longest task. */
  readonly width: number;
  /** For each chain, the buffer behind each slot. */
  readonly members: readonly (readonly BufferId[])[];
}

/** How a task is written: `access` gives the array and the address of a buffer whose place is `at`. */
export type Write = (task: Task, at: (buffer: BufferId) => string) => string;

/** Puts equal chains together. */
export function groupsOf(chains: readonly (readonly Task[])[], write: Write): readonly Group[] {
  const groups = new Map<string, { parts: Group['parts']; width: number; members: (readonly BufferId[])[] }>();
  for (const chain of chains) {
    const slots: BufferId[] = [];
    const at = (buffer: BufferId): string => {
      if (!slots.includes(buffer)) slots.push(buffer);
      return `@${slots.indexOf(buffer)}@`;
    };
    const parts = chain.map((task) => ({ size: task.nest.size, text: write(task, at) }));
    const key = parts.map(({ size, text }) => `${size}\n${text}`).join('\n');
    const group = groups.get(key);
    if (group) group.members.push(slots);
    else groups.set(key, { parts, width: Math.max(...parts.map(({ size }) => size)), members: [slots] });
  }
  return [...groups.values()];
}

/** Code with its slots filled in. */
export const fill = (text: string, slot: (index: number) => string): string =>
  text.replace(/@(\d+)@/g, (_, index: string) => slot(Number(index)));

/** Operands whose places are slots, in the array that `arrayOf` names. */
export const throughSlots = (
  { step }: Task,
  at: (buffer: BufferId) => string,
  arrayOf: (buffer: BufferId) => string,
  after: (buffer: BufferId, value: string) => string,
): Spelling => ({
  access: (name, address) => {
    const buffer = step.bind[name]!;
    return `${arrayOf(buffer)}[${at(buffer)} + ${address}]`;
  },
  after: (to, value) => after(step.bind[to]!, value),
});
