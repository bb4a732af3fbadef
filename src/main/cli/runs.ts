/** `chainrule runs`: the history of runs, as text or as JSON. A run is named by its id, or by the beginning of it. */
import { resolve } from 'node:path';
import type { RunDetail, RunRecord } from '../contract';
import { writeWhole } from '../services/files';
import { Refusal } from '../services/refusal';
import { openRuns } from '../services/runs/open';
import type { RunStore } from '../services/runs/run-store';
import { type Io, json, plural, short, type Status, table } from './io';

async function withRuns(work: (runs: RunStore) => Promise<void>): Promise<Status> {
  const { runs, close } = await openRuns();
  try {
    await work(runs);
    return 0;
  } finally {
    await close();
  }
}

async function found(runs: RunStore, name: string): Promise<string> {
  const matching = (await runs.history()).runs.filter(({ id }) => id.startsWith(name));
  if (matching.length === 1) return matching[0]!.id;
  throw new Refusal(
    matching.length === 0
      ? `There is no run '${name}'. List them with: chainrule runs list`
      : `'${name}' is the beginning of ${matching.length} runs. Write more of its id.`,
    'unknown-run',
  );
}

const scoreText = ({ scores }: RunRecord): string => {
  const score = scores.test ?? scores.validation ?? scores.train;
  if (score?.accuracy !== undefined) return `${(100 * score.accuracy).toFixed(1)} %`;
  return score?.r2 === undefined ? '' : `R² ${score.r2.toFixed(3)}`;
};
const lossText = ({ scores }: RunRecord): string => (scores.train ? short(scores.train.loss) : '');

const matches = (run: RunRecord, search: string): boolean =>
  [run.name, run.drawing, run.optimizer, run.status, run.changes, run.data?.name ?? '', ...run.tags].some((text) =>
    text.toLowerCase().includes(search.toLowerCase()),
  );

export const listRuns = (
  io: Io,
  { search, json: asJson }: { readonly search?: string; readonly json?: boolean },
): Promise<Status> =>
  withRuns(async (runs) => {
    const { runs: all, notice } = await runs.history();
    if (notice !== null) io.err(notice);
    const shown = all.filter((run) => search === undefined || matches(run, search));
    if (asJson) {
      for (const run of shown) json(io, run);
      return;
    }
    if (shown.length === 0) {
      io.out(all.length === 0 ? 'No run was kept yet.' : `None of ${plural(all.length, 'run')} matches.`);
      return;
    }
    const rows = shown.map((run) => [
      run.id.slice(0, 8),
      new Date(run.startedAt).toISOString().slice(0, 16).replace('T', ' '),
      run.status,
      String(run.epoch),
      lossText(run),
      scoreText(run),
      run.changes === '' ? run.name : `${run.name} (${run.changes})`,
      run.drawing,
    ]);
    for (const line of table([['id', 'started', 'status', 'epochs', 'loss', 'score', 'name', 'drawing'], ...rows])) io.out(line);
  });

export const showRun = (io: Io, name: string, { json: asJson }: { readonly json?: boolean }): Promise<Status> =>
  withRuns(async (runs) => {
    const run = await runs.detail(await found(runs, name));
    if (asJson) json(io, run);
    else for (const line of factsOf(run)) io.out(line);
  });

function factsOf(run: RunDetail): string[] {
  const { train, validation, test } = run.scores;
  const parts = Object.entries({ training: train, validation, test }).flatMap(([part, score]) =>
    score === null ? [] : [`${part} ${short(score.loss)}`],
  );
  return [
    `${run.name}${run.changes === '' ? '' : ` (${run.changes})`}`,
    ...table([
      ['  id', run.id],
      ['  started', new Date(run.startedAt).toISOString()],
      ['  status', run.message === '' ? run.status : `${run.status}: ${run.message}`],
      ['  drawing', run.drawing],
      [
        '  data',
        run.data === null ? 'none' : `${run.data.name}, ${plural(run.data.rows, 'row')}, fingerprint ${run.data.fingerprint}`,
      ],
      [
        '  training',
        `${run.optimizer}${run.rate === null ? '' : `, rate ${short(run.rate)}`}, batches of ${run.batch}, seed ${run.seed}`,
      ],
      ['  trained', `${plural(run.epoch, 'epoch')} of ${run.epochs}, ${plural(run.step, 'step')}, ${run.seconds.toFixed(1)} s`],
      ['  loss', parts.join(', ') || 'not measured'],
      ['  score', scoreText(run) || 'none'],
      [
        '  weights',
        `${run.resumable ? 'the last' : 'not kept'}${run.bestEpoch === null ? '' : `, the best of epoch ${run.bestEpoch}`}`,
      ],
      ...(run.tags.length > 0 ? [['  tags', run.tags.join(', ')]] : []),
    ]),
  ];
}

/** One JSON file with everything: settings, drawing, curve, scores, and the weights as plain numbers. */
export const exportRun = (io: Io, name: string, { out }: { readonly out: string }): Promise<Status> =>
  withRuns(async (runs) => {
    const id = await found(runs, name);
    const [detail, last, best] = [await runs.detail(id), await runs.checkpoint(id), await runs.best(id)];
    const plain = (weights: NonNullable<typeof best>['weights'] | undefined) =>
      weights && Object.fromEntries(Object.entries(weights).map(([key, { shape, data }]) => [key, { shape, data: [...data] }]));
    const path = resolve(io.folder, out);
    await writeWhole(
      path,
      `${JSON.stringify({ format: 'chainrule-run', version: 1, ...detail, weights: { last: plain(last?.weights), best: plain(best?.weights) } }, null, 1)}\n`,
    );
    io.err(`Written: ${path}`);
  });

export const deleteRuns = (io: Io, names: readonly string[]): Promise<Status> =>
  withRuns(async (runs) => {
    const ids: string[] = [];
    for (const name of names) ids.push(await found(runs, name));
    await runs.delete(ids);
    io.err(`Deleted ${plural(ids.length, 'run')}.`);
  });
