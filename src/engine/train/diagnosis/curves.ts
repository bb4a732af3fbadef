/** What is found in the curves while it trains: a rate that is too high or too low, batches that are too small, rows learned by heart. */
import type { Dataset } from '../../data/dataset';
import * as edits from '../../graph/edits';
import { optimizerOf } from '../../optimizers/index';
import type { CurvePoint } from '../training';
import { safeRate } from '../analysis/sharpness';
import { type Evidence, type Finding, isContent, percent, rateOf, setRate, short } from './finding';

/** The largest rate at which plain descent is stable, where that was measured and the rule has such a bound. */
function boundOf({ project, sharpness }: Evidence): { readonly rate: number; readonly text: string } | null {
  const { optimizer, hyper } = project.settings.training;
  const momentum = hyper['momentum'] ?? optimizerOf(optimizer)?.hyper['momentum']?.default ?? 0;
  const rate = sharpness ? safeRate(optimizer, momentum, sharpness) : null;
  if (rate === null) return null;
  const { largest, rows } = sharpness!;
  return {
    rate,
    text: ` The loss is curved by ${short(largest)} at most over ${rows} rows here, so steps are stable up to a rate of about ${short(rate)}.`,
  };
}

export function ofCurves(evidence: Evidence): Finding[] {
  const { project, points, data, statistics } = evidence;
  const findings: Finding[] = [];
  const bound = boundOf(evidence);
  const train = points.map((point) => point.train.loss);
  const [first, last] = [train[0], train.at(-1)];
  if (train.length < 6 || first === undefined || last === undefined) return findings;
  const best = Math.min(...train);
  const rate = rateOf(project);
  const { batch } = project.settings.training;
  // Ups and downs against what is left to lose, over the second half.
  const late = train.slice(Math.floor(train.length / 2));
  const rises = late.filter((loss, i) => i > 0 && loss > late[i - 1]! * 1.05).length / Math.max(1, late.length - 1);
  const swing =
    late.reduce((sum, loss, i) => (i === 0 ? 0 : sum + Math.abs(loss - late[i - 1]!)), 0) / Math.max(1, late.length - 1);
  const restless = !isContent(points) && rises > 0.3 && swing > 0.15 * first;
  const rising = last > first * 1.5 && last > best * 2;
  const tiny = batch <= 2 && data !== null && data.split.train.length >= 50;
  if (restless && tiny && !rising)
    findings.push({
      code: 'batch-too-small',
      title: 'The batches are very small',
      text: `With ${batch === 1 ? 'one row' : 'two rows'} a step the gradient is mostly noise: the loss jumps by ${short(swing)} from score to score, of ${short(first)} at the start.`,
      panel: 'train',
      cure: { title: 'Batches of 32', edit: edits.setTraining({ batch: 32 }), restart: false },
    });
  else if (restless || rising)
    findings.push({
      code: 'rate-too-high',
      title: 'The learning rate is too high',
      text: rising
        ? `The loss rose from ${short(first)} to ${short(last)} at a rate of ${short(rate)}: steps overshoot the valley.${bound?.text ?? ''}`
        : `The loss goes up in ${percent(rises)} of the latest scores and jumps by ${short(swing)}, of ${short(first)} at the start: steps overshoot the valley.${bound?.text ?? ''}`,
      panel: 'train',
      // Half of what is stable leaves room for the rows that were not measured.
      cure: setRate(project, bound === null ? rate / 10 : Math.min(rate / 2, bound.rate / 2), true),
    });
  const ratios =
    statistics?.layers.flatMap(({ parameters }) =>
      parameters.flatMap(({ ratio, role }) => (role === 'weight' && ratio !== null ? [ratio] : [])),
    ) ?? [];
  const epochs = points.at(-1)!.epoch;
  if (
    epochs >= 5 &&
    first - last < 0.02 * Math.abs(first) &&
    last <= first &&
    ratios.length > 0 &&
    Math.max(...ratios) < 1e-4 &&
    !isContent(points)
  )
    findings.push({
      code: 'rate-too-low',
      title: 'The learning rate is too low',
      text: `In ${epochs} epochs the loss only fell from ${short(first, 4)} to ${short(last, 4)}; a step moves the weights by ${short(Math.max(...ratios))} of their size, where about 0.001 is usual.${bound?.text ?? ''}`,
      panel: 'train',
      // To where a step moves the weights by about a thousandth.
      cure: setRate(
        project,
        Math.min(
          1,
          bound === null ? 1 : Math.max(rate, bound.rate / 2),
          rate * Math.min(1e4, Math.max(10, 1e-3 / Math.max(...ratios))),
        ),
        false,
      ),
    });
  findings.push(...overfitting(points, data));
  return findings;
}

/** The validation loss has turned up for good, and the metric with it, while training still gets better. */
function overfitting(points: readonly CurvePoint[], data: Dataset | null): Finding[] {
  const scored = points.flatMap(({ epoch, train, validation }) => (validation ? [{ epoch, train, validation }] : []));
  if (scored.length < 8) return [];
  const least = scored.reduce((a, b) => (b.validation.loss < a.validation.loss ? b : a));
  const last = scored.at(-1)!;
  const metric = ({ accuracy, r2 }: { accuracy?: number; r2?: number }): number => accuracy ?? r2 ?? Number.NaN;
  const lost = metric(least.validation) - metric(last.validation);
  const since = scored.filter(({ epoch }) => epoch > least.epoch).length;
  const turned = last.validation.loss > 1.25 * least.validation.loss && last.train.loss < 0.9 * least.train.loss;
  // One or two rows more or less are chance.
  const chance = least.validation.accuracy === undefined || data === null ? 0 : 4 / Math.max(1, data.split.validation.length);
  if (!turned || since < 4 || !(lost > Math.max(0.02, chance))) return [];
  return [
    {
      code: 'overfitting',
      title: 'It learns its training rows by heart',
      text: `Since epoch ${least.epoch} the validation loss rose from ${short(least.validation.loss)} to ${short(last.validation.loss)} while the training loss fell to ${short(last.train.loss)}. Stop there, make the network smaller, or use more data.`,
      panel: 'train',
      cure: {
        title: `Stop at epoch ${Math.max(1, least.epoch)}`,
        edit: edits.setTraining({ epochs: Math.max(1, least.epoch) }),
        restart: true,
      },
    },
  ];
}
