/**
 * From a checked drawing to a program: forward steps in topological order, the reverse pass, the updates,
 * and, for training, fusion. `verify` runs between the passes.
 */
import type { Graph, NodeId } from '../graph/graph';
import type { Clip, Project } from '../graph/project';
import { add as plus, div, type Expr, max, min, mul, read, sqrt, substitute } from '../ir/expr';
import { alongOut } from '../ir/kernel';
import { product } from '../ir/shape';
import { OUT, ROWS } from '../ops/op';
import { optimizerOf } from '../optimizers/index';
import type { Optimizer } from '../optimizers/optimizer';
import { bufferIds, type InputSpec, type ParameterSpec, type Program, verify } from '../plan';
import { assignColumns } from './columns';
import type { DatasetInfo } from '../data/dataset';
import { differentiate } from './differentiate';
import { Draft } from './draft-program';
import { type Expansion, expand } from './expand';
import { fuse } from './fuse';
import { sumOfSquares } from './sum-of-squares';
import { infer, type Inferred } from './infer';
import { valueKernels } from './kernels';
import { ancestors, descendants, findObjective } from './objective';
import { penalise } from './penalise';
import { dying, flip, flipBuffer, type Watch, watchGradients, watchSigns, watchUnits } from './watches';

export type Detail = Program['detail'];

/** The expanded drawing with everything that the passes ask of it; made once for all of a project's programs. */
export interface Prepared {
  readonly inferred: Inferred;
  readonly objective: NodeId | null;
  readonly prediction: Program['prediction'];
  readonly inputs: readonly InputSpec[];
  readonly optimizer: Optimizer;
  readonly hyper: Readonly<Record<string, number>>;
  readonly clip: Clip;
  readonly graph: Graph;
  readonly owner: Readonly<Record<NodeId, NodeId>>;
}

/** `known`: what a check of the same drawing has found already. */
export function prepare(
  project: Project,
  data: DatasetInfo | null,
  known?: { readonly inferred: Inferred; readonly expansion: Expansion },
): Prepared {
  const drawn = known?.inferred ?? infer(project);
  const expansion = known?.expansion ?? expand(project, drawn.shapes, drawn);
  const { output } = expansion;
  const found = findObjective(project, drawn);
  const loss = found.node === null ? null : output.get(found.node)!;
  const plain = expansion.unchanged ? drawn : infer(expansion.graph);
  const penalised = loss === null ? null : penalise(expansion, plain, loss);
  const { graph, owner } = penalised ?? expansion;
  const inferred = penalised ? infer(graph) : plain;
  const columns = assignColumns(project, drawn, data);
  const { training } = project.settings;
  const optimizer = optimizerOf(training.optimizer) ?? optimizerOf('adam')!;
  const hyper: Record<string, number> = {};
  for (const [name, spec] of Object.entries(optimizer.hyper)) hyper[name] = training.hyper[name] ?? spec.default;
  return {
    inferred,
    objective: penalised?.objective ?? loss,
    prediction: found.prediction && {
      node: output.get(found.prediction.node)!,
      buffer: bufferIds.value(output.get(found.prediction.node)!),
      takes: found.prediction.takes,
    },
    inputs: [...columns.of].map(([node, spec]) => ({ node, buffer: bufferIds.value(node), ...spec })),
    optimizer,
    hyper,
    clip: training.clip ?? {},
    graph,
    owner: Object.fromEntries(owner),
  };
}

/** `watches`: what a training program notes of itself for breakpoints. */
export function programOf(prepared: Prepared, detail: Detail, batch: number, watches: ReadonlySet<Watch> = new Set()): Program {
  const { inferred, objective, prediction } = prepared;
  const draft = new Draft();
  const parameters = addSources(draft, prepared);
  const lossSide = lossNodes(prepared);
  const needed = detail === 'fused' ? ancestors(inferred, [objective!]) : new Set(inferred.order);
  const training = detail === 'fused';
  const remembered = training ? addStates(draft, inferred, needed, batch) : new Map<NodeId, ReadonlySet<string>>();
  const values = new Map(inferred.order.map((id) => [id, bufferIds.value(id)]));
  const bufferOf = (id: NodeId, name: string): string => {
    if (name === OUT) return values.get(id)!;
    if (training && name === ROWS) return bufferIds.rowWeights;
    if (remembered.get(id)?.has(name)) return bufferIds.slot(id, name);
    const source = inferred.links.into.get(id)!.get(name);
    return source ? values.get(source.from)! : bufferIds.temporary(id, name);
  };
  for (const phase of ['forward', 'loss'] as const)
    for (const id of inferred.order) {
      if (!needed.has(id) || lossSide.has(id) !== (phase === 'loss')) continue;
      const found = inferred.calls.get(id);
      if (found?.op.kind !== 'primitive') continue;
      draft.buffer({ id: values.get(id)!, shape: found.call.out, role: 'value' });
      draft.sequence(phase, id, valueKernels(found.op, found.call, training), id, (name) => bufferOf(id, name));
    }

  let learned = parameters.map((p) => ({ ...p, gradient: null as string | null }));
  if (objective !== null && detail !== 'forward') {
    const trainable = parameters.filter((p) => p.trainable).map((p) => p.key);
    const everyEdge = detail === 'every-edge';
    const before = ancestors(inferred, [objective]);
    const toward = everyEdge
      ? before
      : descendants(
          inferred,
          trainable.filter((id) => before.has(id)),
        );
    const wanted = new Set([...toward].filter((id) => before.has(id) && id !== objective));
    differentiate(draft, inferred, objective, wanted, everyEdge, training, bufferOf);
    learned = parameters.map((p) => ({
      ...p,
      gradient: draft.buffers.has(bufferIds.gradient(p.key)) ? bufferIds.gradient(p.key) : null,
    }));
    addUpdates(
      draft,
      prepared,
      learned.filter((p) => p.trainable && p.gradient !== null),
      watches,
    );
    if (training)
      for (const id of inferred.order) {
        const found = inferred.calls.get(id);
        if (!needed.has(id) || found?.op.kind !== 'primitive' || !found.op.training) continue;
        draft.sequence('update', id, found.op.training.update(found.call), `${id}/update`, (name) => bufferOf(id, name));
      }
  }

  const program: Program = verify({
    detail,
    batch,
    buffers: [...draft.buffers.values()],
    parameters: learned,
    inputs: prepared.inputs.filter(({ node }) => needed.has(node)),
    steps: draft.steps,
    loss: objective === null ? null : bufferIds.value(objective),
    prediction,
  });
  if (detail === 'every-edge') return program;
  const keep = new Set<string>();
  if (program.loss) keep.add(program.loss);
  // Any neuron's map can be asked of a forward program, so it keeps all values.
  if (detail === 'forward') for (const b of program.buffers) if (b.role === 'value') keep.add(b.id);
  const fused = fuse({ steps: program.steps, buffers: program.buffers, keep });
  const kept = new Set(fused.buffers.map((b) => b.id));
  return verify({
    ...program,
    ...fused,
    parameters: program.parameters.map((p) => ({
      ...p,
      gradient: p.gradient !== null && kept.has(p.gradient) ? p.gradient : null,
    })),
    inputs: program.inputs.filter(({ buffer }) => kept.has(buffer)),
    prediction: detail === 'forward' ? prediction : null,
  });
}

/** Buffers for what operations remember while they train; returns the names for each node. */
function addStates(
  draft: Draft,
  { order, calls }: Inferred,
  needed: ReadonlySet<NodeId>,
  batch: number,
): ReadonlyMap<NodeId, ReadonlySet<string>> {
  const names = new Map<NodeId, ReadonlySet<string>>();
  for (const id of order) {
    const found = calls.get(id);
    if (!needed.has(id) || found?.op.kind !== 'primitive') continue;
    const states = found.op.training?.state?.(found.call, batch, seedOf(id));
    if (!states) continue;
    for (const [name, { shape, init }] of Object.entries(states))
      draft.buffer({ id: bufferIds.slot(id, name), shape, role: 'slot', init });
    names.set(id, new Set(Object.keys(states)));
  }
  return names;
}

/** A number for a name (FNV-1a). */
const seedOf = (id: NodeId): number =>
  [...id].reduce((h, char) => Math.imul(h ^ char.codePointAt(0)!, 16777619) >>> 0, 2166136261);

/** Nodes that depend on a target, and the objective itself: what the loss phase computes. */
function lossNodes({ inferred, objective }: Prepared): ReadonlySet<NodeId> {
  const targets = inferred.order.filter((id) => {
    const op = inferred.calls.get(id)?.op;
    return op?.kind === 'source' && op.role === 'target';
  });
  const after = new Set(descendants(inferred, targets));
  if (objective !== null) for (const id of descendants(inferred, [objective])) after.add(id);
  return after;
}

function addSources(draft: Draft, { inferred }: Prepared): readonly ParameterSpec[] {
  const parameters: ParameterSpec[] = [];
  draft.buffer({ id: bufferIds.rowWeights, shape: ['batch'], role: 'rows' });
  for (const id of inferred.order) {
    const found = inferred.calls.get(id);
    if (found?.op.kind !== 'source') continue;
    const { attrs, out } = found.call;
    const value = bufferIds.value(id);
    const given = attrs['values'] as readonly number[] | undefined;
    switch (found.op.role) {
      case 'input':
      case 'target':
        draft.buffer({ id: value, shape: out, role: 'input' });
        break;
      case 'constant':
        draft.buffer({
          id: value,
          shape: out,
          role: 'constant',
          init: given!.length === 1 ? given![0]! : given!.length === 0 ? 0 : given!,
        });
        break;
      case 'parameter': {
        draft.buffer({ id: value, shape: out, role: 'parameter' });
        const shape = attrs['shape'] as readonly number[];
        parameters.push({
          key: id,
          shape,
          role: attrs['role'] as 'weight' | 'bias',
          initializer: attrs['initializer'] as string,
          scale: attrs['scale'] as number,
          fanIn: (attrs['fanIn'] as number) || (shape.length > 1 ? product(shape.slice(0, -1)) : (shape[0] ?? 1)),
          fanOut: (attrs['fanOut'] as number) || (shape.length > 1 ? shape.at(-1)! : 1),
          value,
          gradient: null,
          trainable: attrs['frozen'] !== true,
          ...(given!.length > 0 ? { given: given! } : {}),
        });
      }
    }
  }
  return parameters;
}

/** Name of the gradients' common factor in updates. */
const CLIP = 'clip';

/**
 * The factor that keeps the length of all gradients together at most `norm`: 1 while it is, else
 * norm / length. One small kernel a parameter adds up squares, one more adds up these sums.
 */
function addNorm(draft: Draft, parameters: readonly ParameterSpec[], norm: number, clipped: Expr): string {
  const node = parameters[0]!.key;
  const squares = parameters.map(({ key, shape, gradient }) => {
    const sum = draft.buffer({ id: bufferIds.temporary(key, 'square'), shape: [], role: 'temporary' });
    draft.step({
      phase: 'update',
      node: key,
      kernel: sumOfSquares(shape, clipped),
      bind: { g: gradient!, sum },
    });
    return sum;
  });
  // In groups, so that no kernel reads more buffers than a device can bind.
  let open = squares;
  const add = (parts: readonly string[], finish: (sum: Expr) => Expr, name: string): string => {
    const to = draft.buffer({ id: bufferIds.temporary('all', name), shape: [], role: 'temporary' });
    const names = parts.map((_, i) => `part${i}`);
    draft.step({
      phase: 'update',
      node,
      kernel: {
        out: [],
        reads: names.map((part) => alongOut(part, [])),
        stores: [{ to: 'sum', value: finish(names.map((part): Expr => read(part)).reduce((sum, x) => plus(sum, x))) }],
      },
      bind: { ...Object.fromEntries(names.map((part, i) => [part, parts[i]!])), sum: to },
    });
    return to;
  };
  for (let level = 0; open.length > NORM_GROUP; level++)
    open = Array.from({ length: Math.ceil(open.length / NORM_GROUP) }, (_, i) =>
      add(open.slice(i * NORM_GROUP, (i + 1) * NORM_GROUP), (sum) => sum, `squares ${level}.${i}`),
    );
  return add(open, (sum) => div(norm, max(sqrt(sum), norm)), CLIP);
}
const NORM_GROUP = 16;

/** The gradient as the update sees it. */
function clippedGradient({ value, norm }: Clip): { readonly alone: Expr; readonly together: Expr } {
  const alone = value === undefined ? read('g') : min(max(read('g'), -value), value);
  return { alone, together: norm === undefined ? alone : mul(alone, read(CLIP)) };
}

function addUpdates(
  draft: Draft,
  { optimizer, hyper, clip, inferred }: Prepared,
  parameters: readonly ParameterSpec[],
  watches: ReadonlySet<Watch>,
): void {
  if (parameters.length === 0) return;
  for (const [name, value] of Object.entries(hyper))
    draft.buffer({ id: bufferIds.hyper(name), shape: [], role: 'hyper', init: value });
  const hyperRead = (name: string, rank: number) => ({ name, strides: new Array<number>(rank).fill(0), offset: 0 });
  const hyperBind = Object.fromEntries(Object.keys(hyper).map((name) => [name, bufferIds.hyper(name)]));
  const counters = Object.entries(optimizer.counters);
  const counterBind = Object.fromEntries(counters.map(([name]) => [name, bufferIds.counter(name)]));

  for (const [name, { init, next }] of counters) {
    draft.buffer({ id: bufferIds.counter(name), shape: [], role: 'slot', init });
    draft.step({
      phase: 'update',
      node: parameters[0]!.key,
      kernel: {
        out: [],
        reads: [name, ...Object.keys(hyper)].map((n) => hyperRead(n, 0)),
        stores: [{ to: name, value: next }],
      },
      bind: { ...hyperBind, [name]: bufferIds.counter(name) },
    });
  }
  const { alone, together } = clippedGradient(clip);
  const clipBind: Record<string, string> =
    clip.norm === undefined ? {} : { [CLIP]: addNorm(draft, parameters, clip.norm, alone) };
  const update = Object.entries(optimizer.update).map(([name, expr]) => ({
    to: name,
    value: substitute(expr, (n) => (n === 'g' ? together : read(n))),
  }));
  if (watches.has('gradient')) watchGradients(draft, parameters);
  if (watches.has('dead')) watchUnits(draft, dying(inferred, draft));
  const flips = watches.has('sign');
  if (flips) update.push({ to: 'flip', value: flip(update.find(({ to }) => to === 'w')!.value) });
  for (const parameter of parameters) {
    const { key, shape, value, gradient } = parameter;
    const slotBind: Record<string, string> = {};
    for (const slot of optimizer.slots)
      slotBind[slot] = draft.buffer({ id: bufferIds.slot(key, slot), shape, role: 'slot', init: 0 });
    draft.step({
      phase: 'update',
      node: key,
      kernel: draft.kernel(`update ${shape.join()}`, () => ({
        out: shape,
        reads: [
          ...['w', 'g', ...optimizer.slots].map((name) => alongOut(name, shape)),
          ...[...counters.map(([name]) => name), ...Object.keys(hyper), ...Object.keys(clipBind)].map((name) =>
            hyperRead(name, shape.length),
          ),
        ],
        stores: update,
      })),
      bind: {
        w: value,
        g: gradient!,
        ...slotBind,
        ...hyperBind,
        ...counterBind,
        ...clipBind,
        ...(flips ? { flip: flipBuffer(draft, parameter) } : {}),
      },
    });
  }
  if (flips) watchSigns(draft, parameters);
}
