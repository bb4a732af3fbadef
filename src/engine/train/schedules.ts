/**
 * Learning-rate schedules: a factor on the learning rate for each epoch, as pure functions of the epoch
 * (and, for the plateau, of the losses so far). The rate changes between epochs only, so a run is the same
 * however fast the machine is.
 */
import type { Schedule } from '../graph/project';
import { cos, pow } from '../ir/elementary';

export interface ScheduleSetting {
  readonly title: string;
  readonly about: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** Where training stands at the start of an epoch. */
export interface Progress {
  /** Epochs that are done. */
  readonly epoch: number;
  /** Epochs that are planned. */
  readonly epochs: number;
  /** Loss at the end of each epoch so far: of the validation rows, or of the training rows where there are none; NaN where it is not known. */
  readonly losses: readonly number[];
}

export interface ScheduleRule {
  readonly kind: string;
  readonly title: string;
  readonly about: string;
  /** LaTeX of the factor f at epoch t of T. */
  readonly formula: string;
  readonly settings: Readonly<Record<string, ScheduleSetting>>;
  /** Whether it asks for the loss of every epoch. */
  readonly watches?: boolean;
  factor(progress: Progress, settings: Readonly<Record<string, number>>): number;
  /** The same in Python, in terms of `epoch`, `epochs` and `losses`; `fall` and `plateaus` are functions as below. */
  python(settings: Readonly<Record<string, number>>): string;
}

const share = (title: string, about: string, fallback: number): ScheduleSetting => ({
  title,
  about,
  default: fallback,
  min: 0,
  max: 1,
});
const epochs = (title: string, about: string, fallback: number): ScheduleSetting => ({
  title,
  about,
  default: fallback,
  min: 1,
  max: 1e7,
});

/** From 1 to 0 along half a cosine wave while `x` goes from 0 to 1. */
const fall = (x: number): number => (1 + cos(Math.PI * Math.min(1, Math.max(0, x)))) / 2;

/** How often the best loss has not improved for `patience` epochs; each time the count starts again. */
function plateaus(losses: readonly number[], patience: number): number {
  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  let count = 0;
  for (const loss of losses) {
    // Of an epoch whose loss is not known, nobody can say that it did not improve.
    if (Number.isNaN(loss)) continue;
    if (loss < best * (1 - 1e-4)) {
      best = loss;
      waited = 0;
    } else if (++waited >= patience) {
      count++;
      waited = 0;
    }
  }
  return count;
}

export const schedules: readonly ScheduleRule[] = [
  {
    kind: 'constant',
    title: 'Constant',
    about: 'The learning rate stays as it is.',
    formula: 'f = 1',
    settings: {},
    factor: () => 1,
    python: () => '1',
  },
  {
    kind: 'step',
    title: 'Steps',
    about: 'Multiplies the rate by a factor every so many epochs.',
    formula: 'f = q^{\\lfloor t/k \\rfloor}',
    settings: {
      every: epochs('Every', 'Epochs from one step to the next.', 30),
      factor: share('Factor', 'What the rate is multiplied by.', 0.5),
    },
    factor: ({ epoch }, { every, factor }) => pow(factor!, Math.floor(epoch / every!)),
    python: ({ every, factor }) => `${factor} ** (epoch // ${every})`,
  },
  {
    kind: 'exponential',
    title: 'Exponential',
    about: 'Multiplies the rate by a factor after every epoch.',
    formula: 'f = q^t',
    settings: { factor: share('Factor', 'What the rate is multiplied by.', 0.98) },
    factor: ({ epoch }, { factor }) => pow(factor!, epoch),
    python: ({ factor }) => `${factor} ** epoch`,
  },
  {
    kind: 'cosine',
    title: 'Cosine',
    about: 'Lets the rate fall along half a cosine wave until the last epoch.',
    formula: 'f = a + (1 - a)\\,\\tfrac12\\left(1 + \\cos\\frac{\\pi t}{T}\\right)',
    settings: { floor: share('Floor', 'Share of the rate that is left at the end.', 0) },
    factor: ({ epoch, epochs: all }, { floor }) => floor! + (1 - floor!) * fall(epoch / all),
    python: ({ floor }) => `${floor} + (1 - ${floor}) * fall(epoch / epochs)`,
  },
  {
    kind: 'one-cycle',
    title: 'One cycle',
    about: 'Lets the rate rise from a small share to the whole and fall again, further down (Smith, 2018).',
    formula: 'f:\\ a \\nearrow 1 \\searrow b',
    settings: {
      start: share('Start', 'Share of the rate at the first epoch.', 0.04),
      end: share('End', 'Share of the rate at the last epoch.', 0.0001),
      rise: share('Rise', 'Share of the epochs in which it rises.', 0.3),
    },
    factor: ({ epoch, epochs: all }, { start, end, rise }) => {
      const x = all > 1 ? Math.min(1, epoch / (all - 1)) : 1;
      if (x < rise!) return 1 - (1 - start!) * fall(x / rise!);
      return end! + (1 - end!) * fall(rise! < 1 ? (x - rise!) / (1 - rise!) : 1);
    },
    python: ({ start, end, rise }) => {
      const x = 'min(1, epoch / max(1, epochs - 1))';
      const risen = `1 - (1 - ${start}) * fall(${x} / ${rise})`;
      const falling = `${end} + (1 - ${end}) * fall(${rise! < 1 ? `(${x} - ${rise}) / (1 - ${rise})` : '1'})`;
      return rise! > 0 ? `${risen} if epochs > 1 and ${x} < ${rise} else ${falling}` : falling;
    },
  },
  {
    kind: 'warm-up',
    title: 'Warm-up',
    about: 'Lets the rate rise in equal steps over the first epochs, then keeps it.',
    formula: 'f = \\min\\left(1, \\frac{t + 1}{k}\\right)',
    settings: { epochs: epochs('Epochs', 'How long it rises.', 5) },
    factor: ({ epoch }, { epochs: count }) => Math.min(1, (epoch + 1) / count!),
    python: ({ epochs: count }) => `min(1, (epoch + 1) / ${count})`,
  },
  {
    kind: 'plateau',
    title: 'On a plateau',
    about: 'Multiplies the rate by a factor when the validation loss has not improved for some epochs.',
    formula: 'f = q^{\\text{plateaus}}',
    settings: {
      factor: share('Factor', 'What the rate is multiplied by.', 0.5),
      patience: epochs('Patience', 'Epochs without a better loss.', 10),
    },
    watches: true,
    factor: ({ losses }, { factor, patience }) => pow(factor!, plateaus(losses, patience!)),
    python: ({ factor, patience }) => `${factor} ** plateaus(losses, ${patience})`,
  },
];

const byKind: ReadonlyMap<string, ScheduleRule> = new Map(schedules.map((rule) => [rule.kind, rule]));

/** The rule of that kind; undefined for kinds from files that are not known here. */
export const scheduleOf = (kind: string): ScheduleRule | undefined => byKind.get(kind);

/** The settings of a rule, as given or by default. */
export const settingsOf = (rule: ScheduleRule, { settings }: Schedule): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(rule.settings).map(([name, spec]) => [name, settings[name] ?? spec.default]));

/** Factor on the learning rate; settings that are not given have their defaults. */
export function rateFactor(schedule: Schedule | undefined, progress: Progress): number {
  const rule = schedule && byKind.get(schedule.kind);
  if (!rule) return 1;
  return rule.factor(progress, settingsOf(rule, schedule));
}
