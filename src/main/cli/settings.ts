/** Settings of training that a command line says instead of the project's own: how long, how fast, from which seed, and when to stop. */
import { setTraining } from '../../engine/graph/edits';
import type { Project, Stop } from '../../engine/graph/project';
import { Refusal } from '../services/refusal';

export interface TrainingOptions {
  readonly epochs?: number;
  readonly batch?: number;
  readonly rate?: number;
  readonly seed?: number;
  readonly patience?: number;
  readonly change?: number;
  readonly plateau?: number;
  readonly untilLoss?: number;
  readonly untilAccuracy?: number;
  readonly seconds?: number;
  /** False: the project's own rules for stopping early do not count. */
  readonly stop?: boolean;
}

const present = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;

export function tuned(project: Project, options: TrainingOptions): Project {
  const { training } = project.settings;
  const { epochs, batch, seed, rate, patience, change, plateau, untilLoss, untilAccuracy, seconds } = options;
  const stop = {
    ...(options.stop === false ? {} : training.stop),
    ...present({ patience, change, plateau, loss: untilLoss, accuracy: untilAccuracy, seconds }),
  } as Stop;
  if (change !== undefined && stop.patience === undefined)
    throw new Refusal(
      '--change says what counts as better while training is patient. Add --patience with the epochs to wait, or leave out --change.',
      'usage',
    );
  return setTraining({
    ...present({ epochs, batch, seed }),
    ...(rate === undefined ? {} : { hyper: { ...training.hyper, rate } }),
    ...(Object.keys(stop).length > 0 || training.stop ? { stop } : {}),
  })(project);
}
