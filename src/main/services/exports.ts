/**
 * Exporting trained weights. The written bytes are run on rows and compared with the program's own answers
 * before anything is said to be exported, and read back from the disk afterwards.
 */
import { readFile } from 'node:fs/promises';
import { check } from '../../engine/compile/check';
import { expand } from '../../engine/compile/expand';
import { infer } from '../../engine/compile/infer';
import { prepare, programOf } from '../../engine/compile/program';
import { NotExportable } from '../../engine/export/description';
import type { Exporter, Model, Verification } from '../../engine/export/exporter';
import { exporters } from '../../engine/export/index';
import { SAMPLE_ROWS, sampleOf, verifyExport } from '../../engine/export/verify';
import type { Project } from '../../engine/graph/project';
import type { Dataset, DatasetInfo } from '../../engine/data/dataset';
import { Random } from '../../engine/data/random';
import type { Weights } from '../../engine/api';
import { writeWhole } from './files';
import { runOnnx } from './onnx-runtime';
import { runPython } from './python-runtime';
import { fileRefusal, Refusal } from './refusal';

/** Rows of the data on which an export is checked. */
const CHECKED_ROWS = 256;

export function exporterOf(format: string): Exporter {
  const found = exporters.find((e) => e.name === format);
  if (!found)
    throw new Refusal(
      `There is no export format '${format}'. Choose one of: ${exporters.map((e) => e.name).join(', ')}.`,
      'bad-format',
    );
  return found;
}

/** The expanded drawing with its weights. Throws a refusal when the drawing has errors. */
export function modelOf(project: Project, weights: Weights, data: DatasetInfo | null): Model {
  const errors = check(project, data).problems.filter((p) => p.severity === 'error');
  if (errors.length > 0)
    throw new Refusal(`The drawing has errors, so it cannot be exported yet. ${errors[0]!.message}`, 'bad-drawing');
  const drawn = infer(project);
  const { graph } = expand(project, drawn.shapes, drawn);
  return {
    title: project.settings.title,
    project,
    graph,
    program: programOf(prepare(project, data), 'forward', SAMPLE_ROWS),
    weights,
    data,
  };
}

/** The file's bytes and how far its answers are from ours. Without rows of the data they come from a seeded Gaussian. */
export async function exportBytes(
  exporter: Exporter,
  model: Model,
  sampled: SampleRows | null,
): Promise<{ bytes: Uint8Array; verification: Verification }> {
  try {
    const bytes = exporter.write(model);
    const { x, rows, width } = sampled ?? gaussianRows(model);
    const sample = await sampleOf(model, x, rows, width);
    return { bytes, verification: await verifyExport(exporter, bytes, model, sample, { onnx: runOnnx, python: runPython }) };
  } catch (error) {
    throw error instanceof NotExportable ? new Refusal(error.message, 'not-exportable') : error;
  }
}

/** Writes and reads back. */
export async function writeExport(path: string, bytes: Uint8Array): Promise<void> {
  await writeWhole(path, bytes);
  const back = await readFile(path).catch((error: unknown) => {
    throw fileRefusal(error, path, 'read');
  });
  if (Buffer.compare(back, bytes) !== 0)
    throw new Refusal(`'${path}' holds something else than what was written. Check the disk and export again.`, 'io');
}

export interface SampleRows {
  readonly x: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/** Some rows of the part that was trained on least. */
export function sampleRows(dataset: Dataset): SampleRows {
  const { split, x } = dataset;
  const width = dataset.features.length;
  const from = [split.test, split.validation, split.train].find((part) => part.length > 0)!;
  const rows = Math.min(CHECKED_ROWS, from.length);
  const picked = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) picked.set(x.subarray(from[r]! * width, (from[r]! + 1) * width), r * width);
  return { x: picked, rows, width };
}

/** Without data: standard normal rows, always the same ones. */
function gaussianRows({ program }: Model): SampleRows {
  const width = 1 + Math.max(-1, ...program.inputs.filter((i) => i.from === 'features').flatMap((i) => i.columns));
  const rows = 64;
  const random = new Random(1, 'export');
  const x = Float32Array.from({ length: rows * width }, () => random.gaussian());
  return { x, rows, width };
}
