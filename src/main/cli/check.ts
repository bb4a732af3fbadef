/**
 * `chainrule check`: every parameter's gradient against central differences in float64, and every backend
 * that is present against the reference. Fails when something is further off than the tolerance.
 */
import type { Backend, BackendProfile, Device } from '../../engine/backends/backend';
import { prepare, programOf } from '../../engine/compile/program';
import type { BufferId, Program } from '../../engine/plan';
import { checkGradients } from '../../engine/train/gradient-check';
import { Random } from '../../engine/data/random';
import { initialNumbers } from '../../engine/train/session';
import { Refusal } from '../services/refusal';
import { type Io, json, type Status, table } from './io';
import { openMachine } from './machine';
import { inventedRows, presentWeights, readDataIfAny, readProject, soundDrawing } from './project';

/** Of gradients in float64. */
const TOLERANCE = 1e-6;
/** Of backends that compute in float32, over some steps of training. */
const DEVICE_TOLERANCE = 1e-4;
const STEPS = 10;
const BATCH = 16;
/** Rows in the batch whose gradient is checked, and numbers compared of one parameter. */
const ROWS = 4;
const MOST = 256;

interface Batches {
  readonly features: Float32Array;
  readonly featureCount: number;
  readonly targets: Float32Array;
  readonly targetCount: number;
  readonly rows: Uint32Array;
}

export async function check(io: Io, file: string, options: { readonly json?: boolean }): Promise<Status> {
  const project = await readProject(io, file);
  const data = await readDataIfAny(io, project, true);
  soundDrawing(project, data, 'checked');
  const prepared = prepare(project, data);
  if (prepared.objective === null)
    throw new Refusal('There is no loss, so there is no gradient to check. Add a loss to the drawing.', 'no-loss');
  const everyEdge = programOf(prepared, 'every-edge', BATCH);
  const { weights } = presentWeights(project, everyEdge.parameters);
  const random = new Random(1, 'check');
  const batches: Batches = data
    ? {
        features: data.x,
        featureCount: data.features.length,
        targets: data.y,
        targetCount: data.targets.length,
        rows: data.split.train.slice(0, BATCH * STEPS),
      }
    : {
        ...inventedRows(everyEdge.inputs, BATCH, () => random.gaussian()),
        rows: Uint32Array.from({ length: BATCH }, (_, i) => i),
      };
  if (batches.rows.length === 0) throw new Refusal('The data has no training rows to check with.');

  let failed = false;
  const lines: string[][] = [['Checked', 'Worst relative error', '']];
  const report = (what: string, worst: number, tolerance: number, remark: string, facts: object): void => {
    const passed = worst <= tolerance;
    failed ||= !passed;
    if (options.json) json(io, { ...facts, worst, tolerance, passed });
    else lines.push([what, worst.toExponential(1), passed ? remark : `above ${tolerance}${remark && `; ${remark}`}`]);
  };

  for (const { key, worst, compared, size, kinks } of checkGradients({
    ...batches,
    program: everyEdge,
    weights,
    rows: batches.rows.slice(0, ROWS),
    tolerance: TOLERANCE,
    most: MOST,
  })) {
    const remarks = [
      ...(compared + kinks < size ? [`${compared + kinks} of ${size} numbers compared`] : []),
      ...(kinks > 0 ? [`${kinks} at a kink left out`] : []),
    ];
    report(`gradient of ${key}`, worst, TOLERANCE, remarks.join('; '), { event: 'gradient', node: key, compared, size, kinks });
  }

  const machine = await openMachine(true);
  try {
    const learns = everyEdge.steps.some((s) => s.phase === 'update');
    const training = learns ? programOf(prepared, 'fused', BATCH) : null;
    const { seed } = project.settings.training;
    const start = Object.fromEntries(everyEdge.parameters.map((p) => [p.value, initialNumbers(p, seed)]));
    const answers = (profile: BackendProfile) =>
      run(machine.backends.get(profile.backend)!, profile, everyEdge, training, start, batches);
    const expected = await answers({ backend: 'reference', title: '' });
    for (const profile of machine.profile.present) {
      if (profile.backend === 'reference') continue;
      const worst = furthest(expected, await answers(profile));
      report(`backend ${profile.backend}`, worst, DEVICE_TOLERANCE, profile.title, {
        event: 'backend',
        backend: profile.backend,
        title: profile.title,
      });
    }
    for (const { backend, reason } of machine.profile.absent) {
      if (options.json) json(io, { event: 'absent', backend, reason });
      else lines.push([`backend ${backend}`, 'not here', reason]);
    }
  } finally {
    machine.close();
  }
  if (options.json) json(io, { event: 'done', passed: !failed });
  else {
    for (const line of table(lines)) io.out(line);
    io.out(failed ? 'Something is further off than it may be.' : 'All within tolerance.');
  }
  return failed ? 1 : 0;
}

/**
 * What a backend makes of the numbers that training starts from: all gradients of one batch, and the loss
 * of some steps with the project's optimizer. Trained numbers would be a poor start: at a minimum gradients
 * are mostly rounding.
 */
async function run(
  backend: Backend,
  profile: BackendProfile,
  everyEdge: Program,
  training: Program | null,
  start: Readonly<Record<BufferId, Float32Array>>,
  { features, featureCount, targets, targetCount, rows }: Batches,
): Promise<{ readonly gradients: readonly ArrayLike<number>[]; readonly losses: ArrayLike<number> }> {
  const open = async (program: Program): Promise<Device> => {
    const device = await backend.open({ program, backend: backend.name, code: backend.emit(program, profile) });
    device.setData(features, featureCount, targets, targetCount);
    const known = new Set(program.buffers.map((b) => b.id));
    for (const [buffer, numbers] of Object.entries(start)) if (known.has(buffer)) device.write(buffer, numbers);
    return device;
  };
  const once = await open(everyEdge);
  const { losses: first } = await once.run({ phases: ['forward', 'loss', 'backward'], rows: rows.slice(0, BATCH), batch: BATCH });
  const gradients = await once.read(everyEdge.parameters.flatMap((p) => p.gradient ?? []));
  once.close();
  if (!training) return { gradients, losses: first };
  const often = await open(training);
  const { losses } = await often.run({ phases: ['forward', 'loss', 'backward', 'update'], rows, batch: BATCH });
  often.close();
  return { gradients, losses };
}

/** Gradients are compared on the scale of the largest number of their array, or this part of the largest of all. */
const SMALL = 1e-2;
/** Losses below this are compared on this scale: a small loss is a difference of large numbers. */
const LOSS_SCALE = 0.1;

function furthest(expected: Awaited<ReturnType<typeof run>>, found: typeof expected): number {
  const apart = (a: number, b: number): number => (Number.isNaN(a - b) ? Number.POSITIVE_INFINITY : Math.abs(a - b));
  const size = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const largest = Math.max(0, ...expected.gradients.map(size));
  let worst = 0;
  expected.gradients.forEach((numbers, k) => {
    const scale = Math.max(size(numbers), SMALL * largest, Number.MIN_VALUE);
    for (let i = 0; i < numbers.length; i++) worst = Math.max(worst, apart(numbers[i]!, found.gradients[k]![i]!) / scale);
  });
  for (let i = 0; i < expected.losses.length; i++)
    worst = Math.max(worst, apart(expected.losses[i]!, found.losses[i]!) / Math.max(Math.abs(expected.losses[i]!), LOSS_SCALE));
  return worst;
}
