/** Projects trained in a test: the ordinary path (data, compile, session, trainer) in one call. */
import type { Backend, BackendProfile } from '../../src/engine/backends/backend';
import { backends } from '../../src/engine/backends/index';
import { compile } from '../../src/engine/compile/compile';
import { setTraining } from '../../src/engine/graph/edits';
import type { Project } from '../../src/engine/graph/project';
import type { BackendName, Plans } from '../../src/engine/plan';
import type { Dataset } from '../../src/engine/data/dataset';
import { Session } from '../../src/engine/train/session';
import { Trainer } from '../../src/engine/train/trainer';
import type { CurvePoint, Stopped, TrainerOptions, Trouble } from '../../src/engine/train/training';

type Backends = ReadonlyMap<BackendName, Backend>;

export async function profileOf(backend: BackendName, among: Backends = backends): Promise<BackendProfile> {
  const found = await among.get(backend)!.detect();
  if ('absent' in found) throw new Error(`${backend} is absent: ${found.absent}`);
  return found;
}

export async function plansOf(
  project: Project,
  data: Dataset | null,
  backend: BackendName,
  among: Backends = backends,
): Promise<Plans> {
  // Beside a graphics device the live view is the processor's.
  const names = backend === 'webgpu' ? (['webgpu', 'wasm'] as const) : [backend];
  const profile = { present: await Promise.all(names.map((name) => profileOf(name, among))), absent: [] };
  const plans = compile({ project, data, profile, backend, revision: 1, watched: true }, among);
  if (!plans.ok) throw new Error(plans.problems.map((p) => p.message).join('\n'));
  return plans.value;
}

export interface Trained {
  readonly session: Session;
  readonly trainer: Trainer;
  readonly troubles: readonly Trouble[];
  readonly stops: readonly Stopped[];
  readonly points: readonly CurvePoint[];
}

export async function trained(
  project: Project,
  data: Dataset,
  {
    backend = 'wasm',
    among = backends,
    seed = project.settings.training.seed,
    epochs = project.settings.training.epochs,
    ...options
  }: { backend?: BackendName; among?: Backends } & Partial<TrainerOptions> = {},
): Promise<Trained> {
  const breakpoints = options.breakpoints ?? project.settings.training.breakpoints ?? [];
  const session = await Session.open(await plansOf(setTraining({ breakpoints })(project), data, backend, among), among);
  session.initialize(seed);
  const troubles: Trouble[] = [];
  const stops: Stopped[] = [];
  const points: CurvePoint[] = [];
  const trainer = new Trainer(
    session,
    data,
    {
      epochs,
      batch: project.settings.training.batch,
      seed,
      scoreEvery: 1e9,
      scoreRows: Number.POSITIVE_INFINITY,
      breathe: () => Promise.resolve(),
      sleep: () => Promise.resolve(),
      now: () => performance.now(),
      ...options,
    },
    {
      slice: () => {},
      point: (point) => points.push(point),
      trouble: (trouble) => troubles.push(trouble),
      stopped: (news) => stops.push(news),
    },
  );
  await trainer.train();
  return { session, trainer, troubles, stops, points };
}

export const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
