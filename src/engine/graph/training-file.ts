/**
 * How a project is trained, as its file says it, read member by member. What a schedule or an optimizer may
 * be called is not known on this floor and is asked where the file is opened.
 */
import { ID_LIMIT, isObject, Reader, shown } from './file-reader';
import type { Node } from './graph';
import type { JsonValue } from './json';
import { noNode } from './node-names';
import { defaultSettings, type Breakpoint, type Stop, type Training } from './project';

const BREAKPOINT_LIMIT = 100;
export const EPOCH_LIMIT = 10_000_000;
/** Least and largest numbers of the rules for stopping early. */
export const STOP_LIMITS = { change: [0, 1e30], loss: [-1e30, 1e30], seconds: [0.1, 1e7] } as const;

export function readTraining(reader: Reader | null, nodes: Readonly<Record<string, Node>>): Training {
  const d = defaultSettings.training;
  if (!reader) return d;
  const hyper: Record<string, number> = {};
  const hyperIn = reader.object('hyper');
  if (hyperIn)
    for (const name of Object.keys(hyperIn.json)) {
      const value = hyperIn.get(name);
      if (typeof value === 'number') hyper[name] = value;
      else hyperIn.faults.add(hyperIn.at(name), `must be a number, but is ${shown(value)}.`);
    }
  const objective = reader.get('objective') === undefined ? undefined : reader.text('objective', undefined, ID_LIMIT);
  if (objective !== undefined && objective !== '' && !Object.hasOwn(nodes, objective))
    reader.faults.add(reader.at('objective'), noNode(objective, nodes));
  const training: Training = {
    optimizer: reader.text('optimizer', d.optimizer, 100),
    hyper,
    batch: reader.whole('batch', d.batch, 1, 1_000_000),
    epochs: reader.whole('epochs', d.epochs, 1, EPOCH_LIMIT),
    seed: reader.whole('seed', d.seed, 0, 2 ** 32 - 1),
    ...(objective === undefined ? {} : { objective }),
    ...readSchedule(reader.object('schedule')),
    ...readClip(reader.object('clip')),
    ...readStop(reader.object('stop')),
    ...readBreakpoints(reader),
  };
  reader.end();
  return training;
}

/** A kind, and numbers whose names depend on it. */
function readSchedule(reader: Reader | null): Pick<Training, 'schedule'> {
  if (!reader) return {};
  const kind = reader.text('kind', undefined, 100);
  const settings: Record<string, number> = {};
  for (const name of Object.keys(reader.json)) {
    if (name === 'kind') continue;
    const value = reader.get(name);
    if (typeof value === 'number') settings[name] = value;
    else reader.faults.add(reader.at(name), `must be a number, but is ${shown(value)}.`);
  }
  return { schedule: { kind, settings } };
}

function readClip(reader: Reader | null): Pick<Training, 'clip'> {
  if (!reader) return {};
  const limit = (name: 'value' | 'norm'): object =>
    reader.get(name) === undefined ? {} : { [name]: reader.number(name, undefined, 1e-30, 1e30) };
  const clip = { ...limit('value'), ...limit('norm') };
  reader.end();
  return { clip };
}

function readStop(reader: Reader | null): Pick<Training, 'stop'> {
  if (!reader) return {};
  const given = (name: keyof Stop, read: () => number): object => (reader.get(name) === undefined ? {} : { [name]: read() });
  const stop: Stop = {
    ...given('patience', () => reader.whole('patience', undefined, 1, 10_000_000)),
    ...given('change', () => reader.number('change', undefined, ...STOP_LIMITS.change)),
    ...given('plateau', () => reader.whole('plateau', undefined, 1, 10_000_000)),
    ...given('fall', () => reader.number('fall', undefined, 0, 1)),
    ...given('loss', () => reader.number('loss', undefined, ...STOP_LIMITS.loss)),
    ...given('accuracy', () => reader.number('accuracy', undefined, 0, 1)),
    ...given('seconds', () => reader.number('seconds', undefined, ...STOP_LIMITS.seconds)),
  };
  reader.end();
  return { stop };
}

/** A node that is not there is no fault: it may come back, and until then nothing pauses there. */
function readBreakpoints(training: Reader): Pick<Training, 'breakpoints'> {
  const list = training.get('breakpoints');
  if (list === undefined) return {};
  const place = training.at('breakpoints');
  if (!Array.isArray(list) || list.length > BREAKPOINT_LIMIT) {
    training.faults.add(place, `must be a list of at most ${BREAKPOINT_LIMIT} breakpoints.`);
    return {};
  }
  const breakpoints: Breakpoint[] = [];
  list.forEach((item: JsonValue, index) => {
    if (!isObject(item)) {
      training.faults.add(`${place}.${index}`, `must be an object, but is ${shown(item)}.`);
      return;
    }
    const reader = new Reader(item, `${place}.${index}`, training.faults);
    const kind = reader.choice('kind', undefined, ['gradient', 'loss', 'dead', 'sign'] as const);
    const node = reader.get('node') === undefined ? undefined : reader.text('node', undefined, ID_LIMIT);
    breakpoints.push({
      kind,
      ...(reader.get('limit') === undefined ? {} : { limit: reader.number('limit', undefined, 0, 1e30) }),
      ...(node === undefined ? {} : { node }),
      ...(reader.flag('off', false) ? { off: true } : {}),
    });
    reader.end();
  });
  return { breakpoints };
}
