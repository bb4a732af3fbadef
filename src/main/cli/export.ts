/** `chainrule export`: trained weights for other programs, checked before they are written. */
import { resolve } from 'node:path';
import { prepare, programOf } from '../../engine/compile/program';
import { exportBytes, exporterOf, modelOf, sampleRows, writeExport } from '../services/exports';
import { Refusal } from '../services/refusal';
import { type Io, json, plural, type Status } from './io';
import { presentWeights, readDataIfAny, readProject, showsAnswers, soundDrawing } from './project';

export interface ExportOptions {
  readonly format: string;
  readonly out: string;
  readonly json?: boolean;
}

export async function exportProject(io: Io, file: string, options: ExportOptions): Promise<Status> {
  const exporter = exporterOf(options.format);
  const project = await readProject(io, file);
  showsAnswers(project);
  if (project.settings.lock?.hides.includes('export'))
    throw new Refusal('The teacher has put the export of this project away.', 'locked');
  const data = await readDataIfAny(io, project, true);
  soundDrawing(project, data, 'exported');
  const { weights, fresh } = presentWeights(project, programOf(prepare(project, data), 'forward', 1).parameters);
  if (fresh.length > 0)
    throw new Refusal(
      `${file} keeps no trained numbers for ${fresh
        .map((key) => `'${key}'`)
        .slice(0, 6)
        .join(', ')}${fresh.length > 6 ? ', …' : ''}. Train it first: chainrule train ${file} --save ${file}`,
      'untrained',
    );
  const { bytes, verification } = await exportBytes(exporter, modelOf(project, weights, data), data && sampleRows(data));
  const { rows, outputs, largestDifference, ranBy, passed } = verification;
  const path = resolve(io.folder, options.out);
  if (passed) await writeExport(path, bytes);
  if (options.json)
    json(io, { event: passed ? 'exported' : 'failed', format: exporter.name, path, bytes: bytes.length, verification });
  const compared = `${plural(rows, 'row')} × ${plural(outputs, 'output')}, ${ranBy}: largest difference ${largestDifference.toExponential(1)}`;
  if (!passed) {
    io.err(`Nothing was written: the ${exporter.title} file does not give the program's own answers (${compared}).`);
    return 1;
  }
  if (!options.json) {
    io.out(`Exported ${path} (${plural(bytes.length, 'byte')}).`);
    io.out(`Verified on ${compared}.`);
  }
  return 0;
}
