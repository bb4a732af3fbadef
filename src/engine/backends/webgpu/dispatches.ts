/** A program as a dispatch for each kernel or group of equal ones, between one that gathers the batch and one that reports its loss. */
import type { BufferId, Program } from '../../plan';
import { gatherParts, collectText, columnTables, batchText, entryOf, lossText, notingBad, reportText } from './batches';
import { entryText, moduleText, STATE_BATCH } from './bindings';
import { buffersOf, type Dispatch, foldDispatch, foldsTogether, groupDispatch } from './general';
import { gridFor, LANES, type Pass, place, type WgslLayout } from './layout';
import { elementText } from './nest';
import { productDispatch, productOf } from './product';
import { groupsOf, levelsOf, phaseRuns, type Task, throughSlots, type Write } from './schedule';

export interface Emitted {
  readonly modules: readonly string[];
  readonly layout: WgslLayout;
}

export function emitDispatches(program: Program, options: { readonly tiles: boolean }): Emitted {
  const modules: string[] = [];
  const known = new Map<string, number>();
  const add = (code: string): number => {
    const found = known.get(code);
    if (found !== undefined) return found;
    known.set(code, modules.length);
    return modules.push(code) - 1;
  };
  const { places, arena } = place(program);
  const at = (buffer: BufferId): number => places[buffer]!.at;
  const tables = [...columnTables(program).tables];
  const after = notingBad(program);
  const write: Write = (task, slot) =>
    elementText(
      task.nest,
      'i',
      throughSlots(task, slot, () => 'a', after),
    );
  const blocks = Math.max(1, ...program.steps.map((step) => Math.ceil(buffersOf(step).length / 4)));

  const gather = gatherModule(program, places);
  const passes: Pass[] = [];
  for (const { phase, tasks } of phaseRuns(program)) {
    const pass = ({ code, workgroups }: Dispatch, bases: readonly number[]): void => {
      passes.push({ phase, module: add(code), workgroups, bases });
    };
    for (const level of levelsOf(tasks, false)) {
      const plain: Task[] = [];
      for (const task of level) {
        const { nest, step } = task;
        const product = options.tiles && !foldsTogether(nest) ? productOf(nest) : null;
        if (product) pass(productDispatch(nest, product, step, blocks, after), buffersOf(step).map(at));
        else if (foldsTogether(nest)) pass(foldDispatch(nest, step, blocks, after), buffersOf(step).map(at));
        else plain.push(task);
      }
      for (const group of groupsOf(
        plain.map((task) => [task]),
        write,
      )) {
        const start = tables.length;
        if (group.members.length > 1) for (const slots of group.members) tables.push(...slots.map(at));
        pass(groupDispatch(group, blocks), group.members.length > 1 ? [start] : group.members[0]!.map(at));
      }
    }
  }
  return {
    modules,
    layout: {
      arena,
      places,
      tables,
      blocks,
      run: {
        by: 'dispatches',
        gather: { module: add(gather.code), workgroups: gather.workgroups },
        passes,
        collect: add(collectModule()),
        finish: add(finishModule(program, places)),
      },
    },
  };
}

const inArena = (start: number, index: string): string => `a[${start}u + ${index}]`;

function gatherModule(
  program: Program,
  places: WgslLayout['places'],
): { code: string; workgroups: readonly [number, number, number] } {
  let start = 0;
  const parts = gatherParts(program, places, inArena, 0).map(({ size, text }) => {
    const part = `if (q < ${start + size}u) {\nlet e = q - ${start}u;\n${text}\nreturn;\n}\n`;
    start += size;
    return part;
  });
  const code = `${entryText(LANES)}let q = invocation(group, groups, lane);
${batchText(`state[${STATE_BATCH}]`)}
${parts.join('')}}
`;
  return { code: moduleText(code), workgroups: gridFor(Math.ceil(start / LANES)) };
}

/** One row of workgroups for each collected buffer. */
const collectModule = (): string =>
  moduleText(`${entryText(LANES)}let s = state[${STATE_BATCH}];
${batchText('s')}
${entryOf('group.y')}
let lanes = groups.x * ${LANES}u;
let first = group.x * ${LANES}u + lane;
{
let lane = first;
${collectText((offset) => `a[${offset}]`)}
}
}
`);

/** Joins the loss of the batch and counts it; one workgroup. */
function finishModule(program: Program, places: WgslLayout['places']): string {
  const loss = lossText(program, places, inArena, LANES);
  const report =
    loss === ''
      ? ''
      : `loss = 0f;
bad = false;
for (var other = 0u; other < ${LANES}u; other++) { loss += shares[other]; bad = bad || isBad(shares[other]); }
if ((run.mask & 2u) != 0u) { ${reportText('s')} }
`;
  return moduleText(`var<workgroup> shares: array<f32, ${LANES}>;
${entryText(LANES)}let s = state[${STATE_BATCH}];
var loss = 0f;
var bad = false;
${loss}
shares[lane] = select(loss, notFinite(loss), bad);
workgroupBarrier();
if (lane != 0u) { return; }
${report}state[${STATE_BATCH}] = s + 1u;
}
`);
}
