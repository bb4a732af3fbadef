/** A program as one dispatch a kernel, between one that gathers the batch and one that reports its loss. */
import type { Program } from '../../plan';
import { gatherParts, collectText, columnTables, batchText, entryOf, lossText, reportText } from './batches';
import { entryText, moduleText, STATE_BATCH } from './bindings';
import { blocksOf, buffersOf, foldsTogether, generalDispatch } from './general';
import { gridFor, LANES, type Pass, place, type WgslLayout } from './layout';
import { nestOf } from './nest';
import { productDispatch, productOf } from './product';

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
  const parameters = new Set(program.buffers.filter(({ role }) => role === 'parameter').map(({ id }) => id));
  const watched = (buffer: string): boolean => parameters.has(buffer);
  const blocks = Math.max(1, ...program.steps.map(blocksOf));

  const gather = gatherModule(program, places);
  const passes: Pass[] = [];
  for (const step of program.steps) {
    const nest = nestOf(step.kernel, program.batch);
    if (nest.size === 0) continue;
    const product = options.tiles && !foldsTogether(nest) ? productOf(nest) : null;
    const { code, workgroups } = product
      ? productDispatch(nest, product, step, blocks, watched)
      : generalDispatch(nest, step, blocks, watched);
    passes.push({
      phase: step.phase,
      module: add(code),
      workgroups,
      bases: buffersOf(step).map((id) => places[id]!.at),
    });
  }
  return {
    modules,
    layout: {
      arena,
      places,
      tables: columnTables(program).tables,
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
${collectText('s', (offset) => `a[${offset}]`)}
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
