/** What the runs of a sweep change, as settings, and what came of it, as scores: read from their names and records. */
import type { Sweep } from '../../charts/sweep-picture';
import type { RunRecord } from '../../../main/contract';

export interface Metric {
  readonly key: string;
  readonly title: string;
  readonly less: boolean;
  readonly of: (run: RunRecord) => number | undefined;
}

const parts = [
  ['test', 'Test'],
  ['validation', 'Validation'],
  ['train', 'Training'],
] as const;
const kinds = [
  ['loss', 'loss', true],
  ['accuracy', 'accuracy', false],
  ['r2', 'R²', false],
] as const;

/** Scores that some of the runs have. What a choice may rest on comes first: never the test rows. */
export const metricsOf = (runs: readonly RunRecord[]): readonly Metric[] =>
  [parts[1], parts[2], parts[0]]
    .flatMap(([part, partTitle]) =>
      kinds.map(
        ([kind, title, less]): Metric => ({
          key: `${part} ${kind}`,
          title: `${partTitle} ${title}`,
          less,
          of: ({ scores }) => scores[part]?.[kind],
        }),
      ),
    )
    .filter(({ of }) => runs.some((run) => of(run) !== undefined));

/** `rate 0.1, seed 3` → rate: 0.1, seed: 3. */
const settingsOf = (changes: string): ReadonlyMap<string, string> =>
  new Map(
    changes.split(', ').flatMap((part) => {
      const cut = part.indexOf(' ');
      return cut < 0 ? [] : [[part.slice(0, cut), part.slice(cut + 1)] as const];
    }),
  );

/** Runs that differ in the same settings; null where they are not runs of sweeps. */
export function sweepOf(runs: readonly RunRecord[], metric: Metric): Sweep | null {
  const all = runs.map((run) => ({ run, own: settingsOf(run.changes) }));
  const keys = [...new Set(all.flatMap(({ own }) => [...own.keys()]))];
  const whole = keys.filter((key) => all.every(({ own }) => own.has(key)));
  const settings = whole.filter((key) => new Set(all.map(({ own }) => own.get(key))).size > 1);
  if (runs.length < 2 || settings.length === 0) return null;
  return {
    settings,
    metric: metric.title,
    less: metric.less,
    runs: all.map(({ run, own }) => ({
      id: run.id,
      title: run.changes,
      values: settings.map((key) => own.get(key)!),
      score: metric.of(run) ?? null,
    })),
  };
}
