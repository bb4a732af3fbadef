/** `chainrule new`: a network that fits given data, as a project file. */
import { resolve } from 'node:path';
import { defaultSettings, isTable, type TableSource, type TaskChoice } from '../../engine/graph/project';
import { activations } from '../../engine/ops/activations';
import { draftProject, suggestedHidden } from '../../engine/train/draft';
import { asRefusal, readDataset } from '../services/datasets';
import { PROJECT_EXTENSION, withExtension, writeProjectFile } from '../services/projects';
import { Refusal } from '../services/refusal';
import { givenData } from './data';
import { type Io, json, plural, type Status } from './io';

/** A column's own name may hold a comma; only else the commas separate several targets. */
function withTarget(source: TableSource, columns: readonly string[], { target, task }: NewOptions): TableSource {
  if (target === undefined) {
    if (source.targets.length > 0) return task === 'auto' ? source : { ...source, task };
    throw new Refusal(
      `Say which column is to be predicted, with --target. The columns are: ${columns.slice(0, 20).join(', ')}${columns.length > 20 ? ', …' : ''}.`,
    );
  }
  const targets = columns.includes(target) ? [target] : target.split(',').map((name) => name.trim());
  const kept = task === 'auto' && targets.join() === source.targets.join() ? source.task : task;
  return { ...source, targets, task: kept };
}

export interface NewOptions {
  /** See `givenData`. */
  readonly data: string;
  readonly target?: string;
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
  const { source, columns, title } = await givenData(io, options.data);
  const data = isTable(source) ? withTarget(source, columns, options) : source;
  const { split } = defaultSettings;
  const dataset = await readDataset(data, split).catch((error: unknown) => {
    throw asRefusal(error);
  });
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
