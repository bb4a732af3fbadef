/** The optimizers: one line each. */
import { adagrad } from './adagrad';
import { adam } from './adam';
import { adamw } from './adamw';
import { momentum } from './momentum';
import { nesterov } from './nesterov';
import type { Optimizer } from './optimizer';
import { rmsprop } from './rmsprop';
import { sgd } from './sgd';

export const optimizers: readonly Optimizer[] = [sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw];

const byName: ReadonlyMap<string, Optimizer> = new Map(optimizers.map((o) => [o.name, o]));

/** The optimizer of that name; undefined for names from files that are not known here. */
export const optimizerOf = (name: string): Optimizer | undefined => byName.get(name);
