/** What a run was made with, as rows that can stand beside those of other runs. */
import type { Project } from '../../../engine/graph/project';
import { optimizerOf } from '../../../engine/optimizers/index';
import { initializerOf } from '../../../engine/ops/initializers';
import { scheduleOf } from '../../../engine/train/schedules';
import type { RunRecord } from '../../../main/contract';
import { agoText, countText, fixedText, numberText, percentText } from '../../ui/format';

export interface SettingRow {
  readonly title: string;
  /** One text for each run; empty where it has none. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

export interface Compared extends RunRecord {
  readonly project: Project;
}

const titleOf = (name: string): string =>
  // Greek letters are names of numbers and stay small.
  name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/^[a-z]/, (letter) => letter.toUpperCase());

function settingsOf({ project, data }: Compared): Map<string, string> {
  const { training, split, data: source } = project.settings;
  const rule = optimizerOf(training.optimizer);
  const rows = new Map<string, string>();
  const put = (title: string, value: string | number | boolean | undefined): void => {
    if (value !== undefined) rows.set(title, typeof value === 'number' ? numberText(value, 6) : String(value));
  };
  put('Optimiser', rule?.title ?? training.optimizer);
  for (const [name, spec] of Object.entries(rule?.hyper ?? {})) put(spec.title, training.hyper[name] ?? spec.default);
  put('Schedule', training.schedule ? (scheduleOf(training.schedule.kind)?.title ?? training.schedule.kind) : 'Constant');
  for (const [name, value] of Object.entries(training.schedule?.settings ?? {})) put(`Schedule: ${name}`, value);
  put('Limit of all gradients', training.clip?.norm);
  put('Limit of each component', training.clip?.value);
  put('Batch size', training.batch);
  put('Epochs', training.epochs);
  put('Seed', training.seed);
  for (const [name, value] of Object.entries(training.stop ?? {})) put(`Stop: ${name}`, value);
  put('Data', data?.name ?? 'none');
  put('Rows', data ? countText(data.rows) : undefined);
  put('Fingerprint of the data', data?.fingerprint);
  put('Noise', source.kind === 'generator' ? percentText(source.noise) : undefined);
  put('Split', `${percentText(split.train)} / ${percentText(split.validation)} / ${percentText(split.test)}, seed ${split.seed}`);
  const initializers = new Set(
    Object.values(project.nodes).flatMap(({ attrs }) =>
      Object.entries(attrs).flatMap(([name, value]) => (/init/i.test(name) && typeof value === 'string' ? [value] : [])),
    ),
  );
  put(
    'Initialisers',
    initializers.size > 0 ? [...initializers].map((name) => initializerOf(name)?.title ?? name).join(', ') : undefined,
  );
  return rows;
}

/** In the order of the first run's settings. */
export function compareSettings(runs: readonly Compared[]): readonly SettingRow[] {
  const columns = runs.map(settingsOf);
  const titles = new Set(columns.flatMap((column) => [...column.keys()]));
  return [...titles].map((title) => {
    const values = columns.map((column) => column.get(title) ?? '');
    return { title: titleOf(title), values, differs: values.some((value) => value !== values[0]) };
  });
}

/** What came of it. */
export function compareResults(runs: readonly RunRecord[]): readonly SettingRow[] {
  const row = (title: string, of: (run: RunRecord) => string): SettingRow => {
    const values = runs.map(of);
    return { title, values, differs: values.some((value) => value !== values[0]) };
  };
  const number = (value: number | undefined): string => (value === undefined ? '' : numberText(value, 4));
  const parts = [
    ['Training', 'train'],
    ['Validation', 'validation'],
    ['Test', 'test'],
  ] as const;
  return [
    row('Drawing', ({ drawing }) => drawing),
    row('Epochs trained', ({ epoch }) => countText(epoch)),
    row('Steps', ({ step }) => countText(step)),
    row('Time', ({ seconds }) => `${fixedText(seconds, 1)} s`),
    ...parts.flatMap(([title, part]) => [
      row(`${title} loss`, ({ scores }) => number(scores[part]?.loss)),
      row(`${title} score`, ({ scores }) => scoreText(scores[part])),
    ]),
    row('Best epoch', ({ bestEpoch }) => (bestEpoch === null ? '' : countText(bestEpoch))),
  ].filter(({ values }) => values.some((value) => value !== ''));
}

/** `97.2 %` or `R² 0.421`; empty where there is none. */
export function scoreText(score: RunRecord['scores']['test']): string {
  if (score?.accuracy !== undefined) return percentText(score.accuracy, 1);
  return score?.r2 === undefined ? '' : `R² ${fixedText(score.r2, 3)}`;
}

/** What tells it from others: what it changes, or how it learns. */
export const settingsText = (run: RunRecord): string =>
  run.changes !== ''
    ? run.changes
    : `${run.optimizer}${run.rate === null ? '' : ` ${numberText(run.rate, 3)}`}, batch ${run.batch}, seed ${run.seed}`;

/** The score that says most: of rows that nothing was tuned on, where there are some. */
export const tellingScore = ({ scores }: RunRecord): RunRecord['scores']['test'] =>
  scores.test ?? scores.validation ?? scores.train;

const statusTitles: Readonly<Record<RunRecord['status'], string>> = {
  queued: 'Waiting',
  running: 'Training',
  done: 'Done',
  stopped: 'Paused',
  failed: 'Failed',
  interrupted: 'Interrupted',
};
export const statusTitle = (run: RunRecord): string => statusTitles[run.status];

export const whenText = (run: RunRecord, now: number): string => agoText(run.startedAt, now);
