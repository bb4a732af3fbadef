/** From a project to the plans that the engine runs, for one backend; or the problems that stand in the way. */
import type { Backend, BackendProfile, Profile } from '../backends/backend';
import { failed, ok, type Result } from '../graph/diagnostics';
import type { Project } from '../graph/project';
import type { BackendName, BackendWish, Plan, Plans, Program } from '../plan';
import type { DatasetInfo } from '../data/dataset';
import { check } from './check';
import { prepare, programOf } from './program';
import { watchesOf } from './watches';

/** Rows that are evaluated at once: enough to keep the loops busy, small enough to stay in the cache. */
export const EVALUATION_BATCH = 256;

/** At most this many rows are averaged for the live view. */
const LIVE_BATCH = 64;

/**
 * The backend to use: the one asked for, or the best one present. A software WebGPU adapter is right but
 * slow, so 'auto' passes it over. Fused multiply-add rounds once instead of twice where a machine has it, so
 * 'reproducible' does without.
 */
export function chooseBackend(profile: Profile, wish: BackendWish): BackendProfile {
  const present = (name: BackendName) => profile.present.find((p) => p.backend === name);
  const cpu = present('wasm');
  if (wish === 'reproducible') return cpu ? { ...cpu, fma: false } : (present('reference') ?? REFERENCE);
  if (wish !== 'auto') {
    const found = present(wish);
    if (found) return found;
  }
  return hardwareOf(profile) ?? cpu ?? present('reference') ?? REFERENCE;
}

const hardwareOf = ({ present }: Profile): BackendProfile | undefined =>
  present.find(({ backend, software }) => backend === 'webgpu' && !software);

const REFERENCE: BackendProfile = { backend: 'reference', title: 'float64 reference' };

export interface CompileRequest {
  readonly project: Project;
  readonly data: DatasetInfo | null;
  readonly profile: Profile;
  readonly backend: BackendWish;
  readonly revision: number;
  /** With 'auto': plans for all backends that may be the fastest, for the engine to race them. */
  readonly race?: boolean;
  /** Whether training notes what the project's breakpoints want to know. */
  readonly watched?: boolean;
}

export function compile(
  { project, data, profile, backend, revision, race = false, watched = false }: CompileRequest,
  backends: ReadonlyMap<BackendName, Backend>,
): Result<Plans> {
  const checked = check(project, data);
  const errors = checked.problems.filter((p) => p.severity === 'error');
  if (errors.length > 0) return failed(errors);
  const prepared = prepare(project, data, checked);
  const gpu = race && backend === 'auto' ? hardwareOf(profile) : undefined;
  // In a race the CPU begins: it is ready at once.
  const rival = gpu && profile.present.some((p) => p.backend === 'wasm') ? gpu : undefined;
  const chosen = chooseBackend(profile, rival ? 'wasm' : backend);
  const planOf = (program: Program, on: BackendProfile): Plan => ({
    program,
    backend: on.backend,
    code: backends.get(on.backend)!.emit(program, on),
  });
  // The live view runs on the CPU beside the training, so that it never waits for the GPU's queue.
  const cpu = chosen.backend === 'webgpu' ? chooseBackend(profile, 'wasm') : chosen;
  const { batch } = project.settings.training;
  const trace = programOf(prepared, 'every-edge', Math.min(batch, LIVE_BATCH));
  const learns = prepared.objective !== null && trace.parameters.some((p) => p.trainable && p.gradient !== null);
  const { schedule } = project.settings.training;
  const watches = watchesOf(watched ? (project.settings.training.breakpoints ?? []) : []);
  const training = learns ? programOf(prepared, 'fused', batch, watches) : null;
  return ok({
    revision,
    ...(schedule ? { schedule } : {}),
    train: training && planOf(training, chosen),
    ...(training && rival ? { rivals: [planOf(training, rival)] } : {}),
    evaluate: planOf(programOf(prepared, 'forward', EVALUATION_BATCH), cpu),
    live: planOf(trace, cpu),
    trace,
    drawing: { graph: prepared.graph, owner: prepared.owner, labels: labelsOf(project) },
  });
}

const labelsOf = ({ nodes }: Project): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.values(nodes).flatMap(({ id, label }) => (label === undefined ? [] : [[id, label] as const])));
