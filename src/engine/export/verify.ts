/**
 * The check behind "exported": the written file is read back, run on real rows, and compared with what
 * the program itself says. Formats that hold weights run on the reference with the weights of the file;
 * ONNX and programs in Python run in what the host offers, since the engine may not load or start anything. Where there
 * is no Python, the check says that the program itself was not run.
 */
import type { Backend } from '../backends/backend';
import { reference } from '../backends/reference/index';
import { product, type Tensor } from '../ir/shape';
import type { Program } from '../plan';
import { featureInputs, NotExportable, predictionPath } from './description';
import type { Exporter, Model, PythonProgram, Sample, Verification } from './exporter';

/** Runs an ONNX file: arrays by input name in, the first output out. */
export type RunOnnx = (
  bytes: Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
) => Promise<{ readonly output: Float32Array; readonly ranBy: string }>;

/** Runs a program in Python on arrays, or says in a clause why it was not run, or at what line it stopped. */
export type RunPython = (
  program: PythonProgram,
  files: Readonly<Record<string, Uint8Array>>,
  inputs: readonly Tensor[],
) => Promise<
  { readonly output: Float32Array; readonly ranBy: string } | { readonly absent: string } | { readonly stopped: string }
>;

export interface Runtimes {
  readonly onnx: RunOnnx;
  readonly python: RunPython;
}

/** Largest difference that counts as the same, for outputs up to 1; larger ones in proportion. */
const TOLERANCE = 1e-5;
/** Rows at a time, so that a large sample does not need large buffers. */
export const SAMPLE_ROWS = 64;

/** The prediction for some encoded rows: rows × outputs. */
export async function predict(
  program: Program,
  weights: Readonly<Record<string, Tensor>>,
  x: Float32Array,
  rows: number,
  width: number,
  backend: Backend = reference,
): Promise<Float32Array> {
  if (!program.prediction)
    throw new NotExportable('The drawing has no prediction. Connect the output of the network to a loss first.');
  const profile = await backend.detect();
  if ('absent' in profile) throw new Error(profile.absent);
  const device = await backend.open({ program, backend: backend.name, code: backend.emit(program, profile) });
  try {
    const targets = 1 + Math.max(-1, ...program.inputs.flatMap(({ from, columns }) => (from === 'targets' ? columns : [])));
    device.setData(x, width, new Float32Array(rows * targets), targets);
    for (const { key, value } of program.parameters) {
      const tensor = weights[key];
      if (!tensor) throw new NotExportable(`There are no numbers for '${key}'.`);
      device.write(value, tensor.data);
    }
    const result = await device.run({
      phases: ['forward'],
      rows: Uint32Array.from({ length: rows }, (_, row) => row),
      batch: program.batch,
      collect: [program.prediction.buffer],
    });
    return result.collected[0]!;
  } finally {
    device.close();
  }
}

/** Rows with the program's own answers, to compare a file with. */
export async function sampleOf(model: Model, x: Float32Array, rows: number, width: number, backend?: Backend): Promise<Sample> {
  return { rows, width, x, expected: await predict(model.program, model.weights, x, rows, width, backend) };
}

/** What each input node takes of the sample's rows. */
export function inputArrays(model: Model, { x, rows, width }: Sample): Readonly<Record<string, Tensor>> {
  const { nodes } = predictionPath(model);
  const shapes = new Map(nodes.map((node) => [node.id, node.shape]));
  const inputs: Record<string, Tensor> = {};
  for (const { node, columns } of featureInputs(model, nodes)) {
    const shape = shapes.get(node)!.map((axis) => (axis === 'batch' ? rows : axis));
    const data = new Float32Array(product(shape));
    for (let row = 0; row < rows; row++)
      columns.forEach((column, i) => {
        data[row * columns.length + i] = x[row * width + column]!;
      });
    inputs[node] = { shape, data };
  }
  return inputs;
}

function compare(output: Float32Array, sample: Sample, ranBy: string): Verification {
  const { rows, expected } = sample;
  let largestDifference = output.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  let passed = output.length === expected.length;
  for (let i = 0; i < Math.min(output.length, expected.length); i++) {
    const [ours, theirs] = [expected[i]!, output[i]!];
    if (Object.is(ours, theirs)) continue;
    const difference = Math.abs(ours - theirs);
    largestDifference = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largestDifference, difference);
    if (!(difference <= TOLERANCE * Math.max(1, Math.abs(ours)))) passed = false;
  }
  return { rows, outputs: expected.length / Math.max(1, rows), largestDifference, ranBy, passed };
}

/** Reads an exported file back, runs it on the sample and says how far it is from the program's own output. */
export async function verifyExport(
  exporter: Exporter,
  bytes: Uint8Array,
  model: Model,
  sample: Sample,
  runtimes: Runtimes,
): Promise<Verification> {
  if (!exporter.readWeights) {
    const { output, ranBy } = await runtimes.onnx(bytes, inputArrays(model, sample));
    return compare(output, sample, ranBy);
  }
  const weights = exporter.readWeights(bytes);
  for (const { key, shape } of model.program.parameters)
    if (weights[key]?.shape.join() !== shape.join())
      throw new Error(`'${key}' is missing from the exported file or has another shape.`);
  const output = await predict(model.program, weights, sample.x, sample.rows, sample.width);
  const ranBy = 'weights read back, run by the reference';
  const own = compare(output, sample, ranBy);
  if (!exporter.python || !own.passed) return own;
  const inputs = inputArrays(model, sample);
  const ran = await runtimes.python(
    exporter.python,
    exporter.python.files(bytes),
    exporter.python.inputs(model).map((node) => inputs[node]!),
  );
  if ('absent' in ran) return { ...own, ranBy: `${ranBy}; the program itself was not run, because ${ran.absent}` };
  if ('stopped' in ran)
    return { ...own, largestDifference: Number.POSITIVE_INFINITY, ranBy: `the program stopped: ${ran.stopped}`, passed: false };
  return compare(ran.output, sample, ran.ranBy);
}
