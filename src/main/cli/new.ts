/** `chainrule new`: a network that fits a table and one of its columns, as a project file. */
import { basename, extname, resolve } from 'node:path';
import type { TaskChoice } from '../../engine/graph/project';
import { defaultSettings } from '../../engine/graph/project';
import { activations } from '../../engine/ops/activations';
import { draftProject, suggestedHidden } from '../../engine/train/draft';
import { asRefusal, readDataset } from '../services/datasets';
import { PROJECT_EXTENSION, withExtension, writeProjectFile } from '../services/projects';
import { Refusal } from '../services/refusal';
import { type Io, json, plural, type Status } from './io';
import { csvSource } from './project';

export interface NewOptions {
  readonly data: string;
  readonly target: string;
  readonly task: TaskChoice;
  readonly hidden?: readonly number[];
  readonly activation: string;
  readonly out: string;
  readonly json?: boolean;
}

export async function newProject(io: Io, options: NewOptions): Promise<Status> {
  if (!activations.some(({ name }) => name === options.activation))
    throw new Refusal(
      `There is no activation '${options.activation}'. Choose one of: ${activations.map((a) => a.name).join(', ')}.`,
    );
  const path = resolve(io.folder, options.data);
  const { source, columns } = await csvSource(path);
  // A column's own name may hold a comma; only else the commas separate several targets.
  const targets = columns.includes(options.target) ? [options.target] : options.target.split(',').map((name) => name.trim());
  const data = { ...source, targets, task: options.task };
  const { split } = defaultSettings;
  const dataset = await readDataset(data, split).catch((error: unknown) => {
    throw asRefusal(error);
  });
  const title = basename(path, extname(path));
  const hidden = options.hidden ?? suggestedHidden(dataset);
  const project = draftProject(dataset, data, split, { title, hidden, activation: options.activation });
  const out = withExtension(resolve(io.folder, options.out), PROJECT_EXTENSION);
  await writeProjectFile(out, project);
  for (const note of dataset.notes) io.err(note);
  const { task, rows, features, classes } = dataset;
  const widths = [features.length, ...hidden, dataset.targets.length];
  if (options.json)
    json(io, {
      event: 'created',
      path: out,
      task,
      rows,
      features: features.length,
      targets: dataset.targets.length,
      classes,
      layers: widths,
    });
  else {
    io.out(
      `${out}: ${task}${classes.length > 0 ? ` (${classes.slice(0, 12).join(', ')}${classes.length > 12 ? ', …' : ''})` : ''} from ${plural(rows, 'row')}.`,
    );
    io.out(`Layers: ${widths.join(' → ')}. Train it with: chainrule train ${options.out}`);
  }
  return 0;
}
