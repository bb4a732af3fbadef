/** `chainrule step`: one iteration for one sample, node by node, in float64. Changes nothing. */
import { prepare, programOf } from '../../engine/compile/program';
import type { Tensor } from '../../engine/ir/shape';
import { Random } from '../../engine/data/random';
import { trace } from '../../engine/train/trace';
import { Refusal } from '../services/refusal';
import { type Io, json, short, type Status, table } from './io';
import { inventedRows, presentWeights, readDataIfAny, readProject, showsAnswers, soundDrawing } from './project';

export interface StepOptions {
  readonly sample: number;
  readonly json?: boolean;
}

export async function step(io: Io, file: string, { sample, json: asJson }: StepOptions): Promise<Status> {
  const project = await readProject(io, file);
  showsAnswers(project);
  const data = await readDataIfAny(io, project, true);
  soundDrawing(project, data, 'stepped through');
  if (data && sample >= data.rows)
    throw new Refusal(`There is no sample ${sample}: the data has ${data.rows} rows, counted from 0 to ${data.rows - 1}.`);
  const drawing = prepare(project, data);
  const program = programOf(drawing, 'every-edge', 1);
  const { weights, fresh } = presentWeights(project, program.parameters);
  if (fresh.length > 0)
    io.err(
      `${project.weights ? 'Some of' : 'None of'} the parameters are trained yet; the numbers are those of seed ${project.settings.training.seed}.`,
    );
  const part = (numbers: Float32Array, width: number): Float32Array => numbers.subarray(sample * width, (sample + 1) * width);
  const random = new Random(1, 'step');
  const invented = inventedRows(program.inputs, 1, () => random.gaussian());
  if (!data && program.inputs.length > 0)
    io.err('The project has no data, so the sample is made up. Choose a data set in the window for a real one.');
  const recorded = trace({
    program,
    drawing,
    row: sample,
    features: data ? part(data.x, data.features.length) : invented.features,
    targets: data ? part(data.y, data.targets.length) : invented.targets,
    state: Object.fromEntries(program.parameters.map(({ key, value }) => [value, weights[key]!.data])),
  });
  if (asJson) {
    for (const s of recorded.steps)
      json(io, {
        index: s.index,
        phase: s.phase,
        node: s.node,
        edge: s.edge ?? null,
        op: s.op,
        value: nested(s.value),
        localDerivative: s.localDerivative ? nested(s.localDerivative) : null,
        gradient: s.gradient ? nested(s.gradient) : null,
        formula: s.formula,
        numbers: s.numbers,
      });
    return 0;
  }
  const rows = recorded.steps.map((s) => [String(s.index), s.phase, s.edge ?? s.node, shown(s.value), s.title]);
  for (const line of table([['#', 'Phase', 'At', 'Value', 'What happens'], ...rows])) io.out(line);
  if (recorded.loss !== null)
    io.out(
      `Loss of this sample: ${short(recorded.loss)}${recorded.lossAfter === null ? '' : `, after the step ${short(recorded.lossAfter)}`}.`,
    );
  return 0;
}

type Nested = number | Nested[];

/** A tensor as JSON people expect: a number, a list, a list of lists. */
function nested({ shape, data }: Tensor): Nested {
  const level = (axes: readonly number[], from: number): Nested => {
    const [length, ...rest] = axes;
    if (length === undefined) return data[from]!;
    const size = rest.reduce((n, axis) => n * axis, 1);
    return Array.from({ length }, (_, i) => level(rest, from + i * size));
  };
  return level(shape, 0);
}

function shown({ shape, data }: Tensor): string {
  if (shape.length === 0) return short(data[0]!);
  const few = [...data.slice(0, 4)].map(short).join(', ');
  return `[${few}${data.length > 4 ? `, … ${shape.join('×')}` : ''}]`;
}
