/**
 * The file form of a project: JSON that a person can read, write and compare (docs/file-format.md).
 * Reading trusts nothing: every fault is a sentence with its place, and a file with a fault gives no
 * project. What a node's kind and attributes may be is asked of a lookup that the caller passes (`opOf`),
 * since this floor lies below the operations; without one they are left to `compile/check`.
 */
import { edgeId, type AttrValue, type Attrs, type Edge, type Node, type NodeId } from './graph';
import { readJson, safeKey, type JsonValue } from './json';
import {
  defaultSettings,
  type Breakpoint,
  type CsvSource,
  type DataSource,
  type Point,
  type Project,
  type Split,
  type Stop,
  type StoredTensor,
  type Training,
} from './project';

const FILE_FORMAT = 'chainrule';
const FILE_VERSION = 1;
/** Characters of a project file; also the bytes that are read at most. */
export const FILE_LIMIT = 64 * 1024 * 1024;
export const NODE_LIMIT = 200_000;
const EDGE_LIMIT = 800_000;
const ID_LIMIT = 120;
const TEXT_LIMIT = 100_000;
const LIST_LIMIT = 1_000_000;
const BREAKPOINT_LIMIT = 100;
/** After so many faults the rest is not listed. */
const FAULT_LIMIT = 20;

export interface FileFault {
  /** Where, as a path into the JSON (`nodes.hidden.attrs.units`) or `line 3, column 7`. */
  readonly place: string;
  /** What is wrong and what to do, as a sentence. */
  readonly message: string;
}

export type Parsed =
  | { readonly ok: true; readonly value: Project }
  | { readonly ok: false; readonly faults: readonly FileFault[] };

/** What is asked of an operation. `Op` has this shape. */
interface OpFacts {
  readonly attrs: Readonly<Record<string, AttrFacts>>;
  ports(attrs: Attrs): readonly { readonly name: string }[];
}
interface AttrFacts {
  readonly kind: 'integer' | 'number' | 'choice' | 'boolean' | 'text' | 'shape' | 'numbers';
  readonly default: AttrValue;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly { readonly value: string }[];
}
export type OpLookup = (op: string) => OpFacts | undefined;

/** Faults as lines of text: `nodes.a.op: …`. */
export const faultText = (faults: readonly FileFault[]): string => faults.map((f) => `${f.place}: ${f.message}`).join('\n');

// ───────────────────────────────────────── reading ─────────────────────────────────────────

type Json = { readonly [key: string]: JsonValue };
const isObject = (value: JsonValue | undefined): value is { [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value in a few characters, for "…, but is …". */
function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** The known name that a misspelt one most likely means, or null. */
function nearest(name: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Math.min(3, Math.ceil(name.length / 3) + 1);
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least || candidate.length > 60 || name.length > 60) continue;
    let row = Array.from({ length: candidate.length + 1 }, (_, i) => i);
    for (let i = 1; i <= name.length; i++) {
      const next = [i];
      for (let j = 1; j <= candidate.length; j++)
        next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (name[i - 1] === candidate[j - 1] ? 0 : 1)));
      row = next;
    }
    if (row[candidate.length]! < least) {
      least = row[candidate.length]!;
      best = candidate;
    }
  }
  return best;
}

class Faults {
  readonly list: FileFault[] = [];
  get full(): boolean {
    return this.list.length >= FAULT_LIMIT;
  }
  add(place: string, message: string): void {
    if (!this.full) this.list.push({ place: place || 'the file', message });
  }
}

/** One object of the file: reads its members, and at the end complains about the unknown ones. */
class Reader {
  private readonly known = new Set<string>();
  constructor(
    readonly json: Json,
    readonly place: string,
    readonly faults: Faults,
  ) {}

  at(key: string): string {
    return this.place === '' ? key : `${this.place}.${key}`;
  }
  get(key: string): JsonValue | undefined {
    this.known.add(key);
    return Object.hasOwn(this.json, key) ? this.json[key] : undefined;
  }
  private expect<T>(key: string, fallback: T | undefined, what: string, is: (value: JsonValue) => boolean): T {
    const value = this.get(key);
    if (value === undefined && fallback !== undefined) return fallback;
    if (value !== undefined && is(value)) return value as T;
    this.faults.add(
      this.at(key),
      value === undefined ? `is missing. Write ${what}.` : `must be ${what}, but is ${shown(value)}.`,
    );
    return fallback as T;
  }
  text(key: string, fallback: string | undefined, limit = TEXT_LIMIT): string {
    return (
      this.expect(key, fallback, `a text of at most ${limit} characters`, (v) => typeof v === 'string' && v.length <= limit) ?? ''
    );
  }
  flag(key: string, fallback: boolean): boolean {
    return this.expect(key, fallback, 'true or false', (v) => typeof v === 'boolean');
  }
  whole(key: string, fallback: number | undefined, min: number, max: number): number {
    return (
      this.expect(
        key,
        fallback,
        `a whole number from ${min} to ${max}`,
        (v) => Number.isInteger(v) && (v as number) >= min && (v as number) <= max,
      ) ?? min
    );
  }
  number(key: string, fallback: number | undefined, min: number, max: number): number {
    return (
      this.expect(key, fallback, `a number from ${min} to ${max}`, (v) => typeof v === 'number' && v >= min && v <= max) ?? min
    );
  }
  choice<T extends string>(key: string, fallback: T | undefined, choices: readonly T[]): T {
    return (
      this.expect(key, fallback, `one of ${choices.map((c) => JSON.stringify(c)).join(', ')}`, (v) =>
        (choices as readonly JsonValue[]).includes(v),
      ) ?? choices[0]!
    );
  }
  texts(key: string, fallback: readonly string[]): readonly string[] {
    return this.expect(
      key,
      fallback,
      'a list of texts',
      (v) => Array.isArray(v) && v.length <= LIST_LIMIT && v.every((t) => typeof t === 'string'),
    );
  }
  object(key: string): Reader | null {
    const value = this.get(key);
    if (value === undefined) return null;
    if (isObject(value)) return new Reader(value, this.at(key), this.faults);
    this.faults.add(this.at(key), `must be an object { … }, but is ${shown(value)}.`);
    return null;
  }
  /** Misspelt members would otherwise be lost without a word. */
  end(): void {
    for (const key of Object.keys(this.json)) {
      if (this.known.has(key) || this.faults.full) continue;
      const meant = nearest(key, this.known);
      this.faults.add(
        this.at(key),
        `is not known here. ${meant ? `Did you mean '${meant}'?` : `Known are: ${[...this.known].join(', ')}.`}`,
      );
    }
  }
}

/** Turns the JSON of an older version into that of the next; `migrations[0]` reads version 1. Version 1 is the first. */
const migrations: readonly ((file: Json) => Json)[] = [];

/** The project in a file's text, or every fault found (the first twenty). */
export function parseProject(text: string, lookup?: OpLookup): Parsed {
  const faults = new Faults();
  const refuse = (place: string, message: string): Parsed => ({ ok: false, faults: [{ place, message }] });
  if (text.length > FILE_LIMIT)
    return refuse(
      'the file',
      `is larger than ${FILE_LIMIT / 1024 / 1024} MB, which no project needs. Check that it is the right file.`,
    );
  if (looksBinary(text))
    return refuse('the file', 'is not a Chainrule project: it does not hold text. Choose a .chainrule file.');
  const read = readJson(text);
  if ('fault' in read) {
    const { line, column, reason } = read.fault;
    return refuse(
      `line ${line}, column ${column}`,
      `${reason}. The file is not valid JSON from here on; correct this place or restore an older copy.`,
    );
  }
  if (!isObject(read.value)) return refuse('the file', `must hold one object { … }, but holds ${shown(read.value)}.`);
  let json: Json = read.value;
  if (json.format !== FILE_FORMAT)
    return refuse(
      'format',
      `must be "${FILE_FORMAT}", but is ${shown(json.format)}. This is not a Chainrule project, or the line was lost.`,
    );
  const version = json.version;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    return refuse('version', `must be a whole number, but is ${shown(version)}. Write "version": ${FILE_VERSION}.`);
  if (version > FILE_VERSION)
    return refuse(
      'version',
      `is ${version}, but this program reads versions up to ${FILE_VERSION}. Open the file with a newer Chainrule.`,
    );
  for (let v = version; v < FILE_VERSION; v++) json = migrations[v - 1]!(json);

  const file = new Reader(json, '', faults);
  file.get('format');
  file.get('version');
  file.get('$schema');
  const project = readProject(file, lookup);
  file.end();
  return faults.list.length > 0 ? { ok: false, faults: faults.list } : { ok: true, value: project };
}

/** Control characters and replacement characters, which text files do not hold, in the first thousands of characters. */
function looksBinary(text: string): boolean {
  const head = text.slice(0, 4096);
  // Replacement characters, and control characters other than tabs and line ends.
  const odd = head.match(/(?![\t-\r])[\p{Cc}\ufffd]/gu)?.length ?? 0;
  return odd > head.length / 50 + (head.includes('\u0000') ? -1 : 0) && odd > 0;
}

function readProject(file: Reader, lookup: OpLookup | undefined): Project {
  const { faults } = file;
  const title = file.text('title', defaultSettings.title, 1000);
  const notes = file.text('notes', '');
  const nodes: Record<NodeId, Node> = {};
  const positions: Record<NodeId, Point> = {};
  const nodesIn = file.object('nodes');
  if (!nodesIn) {
    if (file.get('nodes') === undefined) faults.add('nodes', 'is missing. Write "nodes": {} for an empty drawing.');
  } else {
    const ids = Object.keys(nodesIn.json);
    if (ids.length > NODE_LIMIT) faults.add('nodes', `are ${ids.length}, but a drawing may have at most ${NODE_LIMIT}.`);
    else
      for (const [index, id] of ids.entries()) {
        if (faults.full) break;
        const whole = id.split('/').map((_, end, parts) => parts.slice(0, end).join('/'));
        const owner = whole.find((name) => Object.hasOwn(nodesIn.json, name));
        const fault =
          idFault(id) ??
          (owner === undefined
            ? null
            : `the name '${id}' is that of a part of '${owner}', which is drawn too. Rename one of them.`);
        if (fault) {
          faults.add(nodesIn.at(id.slice(0, ID_LIMIT)), fault);
          continue;
        }
        const reader = nodesIn.object(id);
        if (reader) [nodes[id], positions[id]] = readNode(id, reader, index, lookup);
      }
  }
  const edges: Record<string, Edge> = {};
  const edgesIn = file.object('edges');
  if (edgesIn) {
    const keys = Object.keys(edgesIn.json);
    if (keys.length > EDGE_LIMIT) faults.add('edges', `are ${keys.length}, but a drawing may have at most ${EDGE_LIMIT}.`);
    else
      for (const key of keys) {
        if (faults.full) break;
        const dot = key.indexOf('.');
        const [to, port] = [key.slice(0, dot), key.slice(dot + 1)];
        const from = edgesIn.get(key);
        const place = `edges.${key.slice(0, 2 * ID_LIMIT)}`;
        if (dot < 1 || port === '' || idFault(port))
          faults.add(place, 'does not name an input. Write "node.input": "source", for example "hidden.x": "input".');
        else if (typeof from !== 'string') faults.add(place, `must name the node that it comes from, but is ${shown(from)}.`);
        else if (!Object.hasOwn(nodes, to)) faults.add(place, noNode(to, nodes));
        else if (!Object.hasOwn(nodes, from)) faults.add(place, noNode(from, nodes));
        else {
          const ports = lookup?.(nodes[to]!.op)?.ports(withDefaults(lookup(nodes[to]!.op)!, nodes[to]!.attrs));
          if (ports && !ports.some((p) => p.name === port))
            faults.add(
              place,
              `'${to}' (${nodes[to]!.op}) has no input '${port}'. ${
                ports.length === 0
                  ? 'It takes no inputs.'
                  : `Its inputs are: ${ports
                      .slice(0, 12)
                      .map((p) => p.name)
                      .join(', ')}.`
              }`,
            );
          edges[edgeId(to, port)] = { id: edgeId(to, port), from, to, port };
        }
      }
  }
  const data = readData(file.object('data'));
  const split = readSplit(file.object('split'));
  const training = readTraining(file.object('training'), nodes);
  const weights = readWeights(file.object('weights'));
  return { nodes, edges, positions, settings: { title, notes, data, split, training }, ...(weights ? { weights } : {}) };
}

const noNode = (id: string, nodes: Readonly<Record<string, Node>>): string => {
  const meant = nearest(id, Object.keys(nodes).slice(0, 2000));
  return `names the node '${id.slice(0, ID_LIMIT)}', which is not in the file. ${meant ? `Did you mean '${meant}'?` : 'Add the node, or remove this connection.'}`;
};

/** Why a text may not be the name of a node, or null. Dots build the names of edges; slashes those of parts of an opened layer. */
export function idFault(id: string): string | null {
  if (id === '') return 'a node needs a name.';
  if (id.length > ID_LIMIT) return `this name has ${id.length} characters; at most ${ID_LIMIT} are allowed.`;
  if (!safeKey(id)) return `'${id}' may not be used as a name.`;
  if (/[.\p{Cc}]/u.test(id)) return `the name '${id}' may not hold dots or control characters. Use a label for such text.`;
  if (id.split('/').includes(''))
    return `the name '${id}' may hold a slash only between an opened layer and its part, as in 'hidden/weight'.`;
  return null;
}

const withDefaults = (op: OpFacts, attrs: Attrs): Attrs => {
  const all: Record<string, AttrValue> = {};
  for (const [name, spec] of Object.entries(op.attrs)) all[name] = attrs[name] ?? spec.default;
  return all;
};

function readNode(id: NodeId, reader: Reader, index: number, lookup: OpLookup | undefined): [Node, Point] {
  const { faults } = reader;
  const op = reader.text('op', undefined, ID_LIMIT);
  const facts = lookup && op !== '' ? lookup(op) : undefined;
  if (lookup && op !== '' && !facts)
    faults.add(
      reader.at('op'),
      `'${op}' is not an operation that this program knows. Check the spelling; docs/operations.md lists them all.`,
    );
  const attrs: Record<string, AttrValue> = {};
  const attrsIn = reader.object('attrs');
  if (attrsIn) {
    for (const name of Object.keys(attrsIn.json)) {
      if (faults.full) break;
      if (facts && !Object.hasOwn(facts.attrs, name)) continue;
      const value = attrsIn.get(name)!;
      const fault = facts
        ? attrFault(facts.attrs[name]!, value)
        : isAttr(value)
          ? null
          : 'a number, a text, true or false, or a list of numbers';
      if (fault) faults.add(attrsIn.at(name), `must be ${fault}, but is ${shown(value)}.`);
      else attrs[name] = value as AttrValue;
    }
    if (facts) {
      for (const name of Object.keys(facts.attrs)) attrsIn.get(name);
      attrsIn.end();
    }
  }
  const label = reader.get('label') === undefined ? undefined : reader.text('label', undefined, 1000);
  const group = reader.get('group') === undefined ? undefined : reader.text('group', undefined, 1000);
  // A hand-written file need not place its nodes: those without a place stand in rows.
  let point: Point = { x: (index % 8) * 180, y: Math.floor(index / 8) * 120 };
  const at = reader.get('at');
  if (at !== undefined) {
    if (Array.isArray(at) && at.length === 2 && at.every((c) => typeof c === 'number' && Math.abs(c) <= 1e7))
      point = { x: at[0] as number, y: at[1] as number };
    else faults.add(reader.at('at'), `must be [x, y] with numbers up to ten million, but is ${shown(at)}.`);
  }
  reader.end();
  return [{ id, op, attrs, ...(label === undefined ? {} : { label }), ...(group === undefined ? {} : { group }) }, point];
}

const isNumbers = (value: JsonValue): boolean =>
  Array.isArray(value) && value.length <= LIST_LIMIT && value.every((n) => typeof n === 'number');
const isAttr = (value: JsonValue): boolean =>
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  (typeof value === 'string' && value.length <= TEXT_LIMIT) ||
  isNumbers(value);

/** What the value should be (to follow "must be"), or null when it is right. */
function attrFault(spec: AttrFacts, value: JsonValue): string | null {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = spec;
  const range =
    (spec.min === undefined ? '' : ` of at least ${spec.min}`) +
    (spec.max === undefined ? '' : `${spec.min === undefined ? ' of' : ' and'} at most ${spec.max}`);
  const inRange = typeof value === 'number' && value >= min && value <= max;
  switch (spec.kind) {
    case 'integer':
      return inRange && Number.isInteger(value) ? null : `a whole number${range}`;
    case 'number':
      return inRange ? null : `a number${range}`;
    case 'boolean':
      return typeof value === 'boolean' ? null : 'true or false';
    case 'text':
      return typeof value === 'string' && value.length <= TEXT_LIMIT ? null : 'a text';
    case 'choice':
      return spec.choices?.some((c) => c.value === value)
        ? null
        : `one of ${(spec.choices ?? []).map((c) => JSON.stringify(c.value)).join(', ')}`;
    case 'shape':
      return Array.isArray(value) &&
        value.length <= 3 &&
        value.every((n) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 1_000_000)
        ? null
        : 'a list of at most three axis lengths, such as [8] or []';
    case 'numbers':
      return isNumbers(value) ? null : 'a list of numbers';
  }
}

const SEPARATORS = ['', ',', ';', '\t', '|'] as const;

function readData(reader: Reader | null): DataSource {
  if (!reader) return defaultSettings.data;
  const kind = reader.choice('kind', undefined, ['none', 'generator', 'csv'] as const);
  let data: DataSource = { kind: 'none' };
  if (kind === 'generator')
    data = {
      kind,
      name: reader.text('name', undefined, 100),
      count: reader.whole('count', 500, 1, 10_000_000),
      noise: reader.number('noise', 0, 0, 1),
      seed: reader.whole('seed', 1, 0, 2 ** 32 - 1),
    };
  else if (kind === 'csv') {
    const d = csvDefaults;
    data = {
      kind,
      path: reader.text('path', undefined, 4096),
      separator: reader.choice('separator', d.separator, SEPARATORS),
      decimal: reader.choice('decimal', d.decimal, ['.', ','] as const),
      header: reader.flag('header', d.header),
      features: reader.texts('features', d.features),
      targets: reader.texts('targets', d.targets),
      task: reader.choice('task', d.task, ['auto', 'regression', 'binary', 'multiclass'] as const),
      missing: reader.choice('missing', d.missing, ['drop-row', 'mean'] as const),
      standardise: reader.flag('standardise', d.standardise),
    };
    if (data.path.includes('\u0000')) reader.faults.add(reader.at('path'), 'holds a character that no path may have.');
  }
  reader.end();
  return data;
}

/** What a CSV source is where its file form is silent. No features named: all columns but the targets. */
export const csvDefaults: CsvSource = {
  kind: 'csv',
  path: '',
  separator: '',
  decimal: '.',
  header: true,
  features: [],
  targets: [],
  task: 'auto',
  missing: 'drop-row',
  standardise: true,
};

function readSplit(reader: Reader | null): Split {
  const d = defaultSettings.split;
  if (!reader) return d;
  const split: Split = {
    train: reader.number('train', d.train, 0, 1),
    validation: reader.number('validation', d.validation, 0, 1),
    test: reader.number('test', d.test, 0, 1),
    seed: reader.whole('seed', d.seed, 0, 2 ** 32 - 1),
  };
  const sum = split.train + split.validation + split.test;
  if (Math.abs(sum - 1) > 1e-6)
    reader.faults.add(
      reader.place,
      `has shares that add up to ${Number(sum.toFixed(6))}; train, validation and test must add up to 1.`,
    );
  else if (split.train <= 0)
    reader.faults.add(reader.at('train'), 'must be more than 0: without training rows there is nothing to learn from.');
  reader.end();
  return split;
}

function readTraining(reader: Reader | null, nodes: Readonly<Record<string, Node>>): Training {
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
    epochs: reader.whole('epochs', d.epochs, 1, 10_000_000),
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
    ...given('change', () => reader.number('change', undefined, 0, 1e30)),
    ...given('loss', () => reader.number('loss', undefined, -1e30, 1e30)),
    ...given('accuracy', () => reader.number('accuracy', undefined, 0, 1)),
    ...given('seconds', () => reader.number('seconds', undefined, 0.1, 1e7)),
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

function readWeights(reader: Reader | null): Record<string, StoredTensor> | null {
  if (!reader) return null;
  const weights: Record<string, StoredTensor> = {};
  for (const key of Object.keys(reader.json)) {
    if (reader.faults.full) break;
    const tensor = reader.object(key);
    if (!tensor) continue;
    const shape = tensor.get('shape');
    const base64 = tensor.get('base64');
    if (
      !Array.isArray(shape) ||
      shape.length > 4 ||
      !shape.every((n) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 1e9)
    )
      reader.faults.add(tensor.at('shape'), `must be a list of axis lengths, but is ${shown(shape)}.`);
    else if (typeof base64 !== 'string') reader.faults.add(tensor.at('base64'), `must be a text, but is ${shown(base64)}.`);
    else {
      const stored: StoredTensor = { shape: shape as number[], base64 };
      const fault = storedFault(stored);
      if (fault) reader.faults.add(tensor.at('base64'), fault);
      else weights[key] = stored;
    }
    tensor.end();
  }
  return weights;
}

/** Why stored numbers cannot be used, or null. */
export function storedFault({ shape, base64 }: StoredTensor): string | null {
  const numbers = shape.reduce((size, axis) => size * axis, 1);
  const length = Math.ceil((numbers * 4) / 3) * 4;
  if (base64.length !== length || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))
    return `must be the base64 text of ${numbers} little-endian float32 numbers (${length} characters), but has ${base64.length}. Remove these weights and train again.`;
  let bytes: string;
  try {
    bytes = atob(base64);
  } catch {
    return 'is not base64. Remove these weights and train again.';
  }
  if (bytes.length !== numbers * 4)
    return `holds ${bytes.length} bytes instead of ${numbers * 4}. Remove these weights and train again.`;
  // A float32 is infinite or not a number exactly when all eight bits of its exponent are set.
  for (let at = 0; at < bytes.length; at += 4)
    if ((bytes.charCodeAt(at + 3) & 0x7f) === 0x7f && (bytes.charCodeAt(at + 2) & 0x80) === 0x80)
      return `holds a number (element ${at / 4}) that is not finite. Remove these weights and train again.`;
  return null;
}

// ───────────────────────────────────────── writing ─────────────────────────────────────────

const sameValue = (a: AttrValue, b: AttrValue): boolean =>
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((n, i) => n === b[i]) : a === b;

/** Members of `value` that differ from the defaults. */
function changed(value: object, defaults: object): Record<string, unknown> {
  const standard = defaults as Readonly<Record<string, unknown>>;
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value))
    if (item !== undefined && !sameValue(item as AttrValue, standard[key] as AttrValue)) out[key] = item;
  return out;
}

/**
 * The text of a project's file. With a lookup, attributes that have their default value are left out.
 * Short objects and lists stand on one line, so that a node is a line of a diff.
 */
export function serialiseProject(project: Project, lookup?: OpLookup): string {
  const { settings, weights } = project;
  const nodes: Record<string, unknown> = {};
  for (const [id, node] of Object.entries(project.nodes)) {
    const facts = lookup?.(node.op);
    const attrs: Record<string, AttrValue> = {};
    for (const [name, value] of Object.entries(node.attrs)) {
      const spec = facts?.attrs[name];
      if (!spec || !sameValue(value, spec.default)) attrs[name] = value;
    }
    const at = project.positions[id] ?? { x: 0, y: 0 };
    nodes[id] = {
      op: node.op,
      ...(Object.keys(attrs).length > 0 ? { attrs } : {}),
      ...(node.label === undefined ? {} : { label: node.label }),
      ...(node.group === undefined ? {} : { group: node.group }),
      at: [at.x, at.y],
    };
  }
  const edges: Record<string, string> = {};
  for (const e of Object.values(project.edges)) edges[edgeId(e.to, e.port)] = e.from;
  const { data } = settings;
  const { hyper, schedule, ...training } = settings.training;
  const file = {
    format: FILE_FORMAT,
    version: FILE_VERSION,
    title: settings.title,
    ...(settings.notes === '' ? {} : { notes: settings.notes }),
    nodes,
    edges,
    ...(data.kind === 'none'
      ? {}
      : {
          data:
            data.kind === 'csv' ? { kind: 'csv', path: data.path, ...changed(data, { ...csvDefaults, path: data.path }) } : data,
        }),
    split: settings.split,
    training: {
      ...training,
      ...(Object.keys(hyper).length > 0 ? { hyper } : {}),
      ...(schedule ? { schedule: { kind: schedule.kind, ...schedule.settings } } : {}),
    },
    ...(weights ? { weights } : {}),
  };
  return `${pretty(file, '')}\n`;
}

const LINE = 110;

function pretty(value: unknown, indent: string): string {
  const line = oneLine(value);
  if (line !== null && indent.length + line.length <= LINE && indent !== '') return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    // Long lists of numbers fill lines rather than one line a number.
    if (value.every((n) => typeof n === 'number')) {
      const lines: string[] = [];
      let current = '';
      for (const n of value) {
        const next = JSON.stringify(n);
        if (current !== '' && inner.length + current.length + next.length + 2 > LINE) {
          lines.push(`${current},`);
          current = next;
        } else current = current === '' ? next : `${current}, ${next}`;
      }
      lines.push(current);
      return `[\n${lines.map((l) => inner + l).join('\n')}\n${indent}]`;
    }
    return `[\n${value.map((item) => inner + pretty(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.length === 0) return '{}';
    // Tables (nodes, edges, weights: objects directly in the file) keep one entry a line, even when short.
    return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${isTable(key, indent) ? table(item, inner) : pretty(item, inner)}`).join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}

const isTable = (key: string, indent: string): boolean =>
  indent === '' && (key === 'nodes' || key === 'edges' || key === 'weights');
const table = (value: unknown, indent: string): string => {
  const entries = Object.entries(value as object);
  if (entries.length === 0) return '{}';
  const inner = `${indent}  `;
  return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${pretty(item, inner)}`).join(',\n')}\n${indent}}`;
};

/** `{ "op": "add", "at": [0, 0] }`, or null when it would be too long for a line anyway. */
function oneLine(value: unknown): string | null {
  if (Array.isArray(value)) {
    if (value.length > LINE / 2) return null;
    const parts = value.map(oneLine);
    return parts.includes(null) ? null : `[${parts.join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const parts: string[] = [];
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const text = oneLine(item);
      if (text === null || parts.length > LINE / 4) return null;
      parts.push(`${JSON.stringify(key)}: ${text}`);
    }
    return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
  }
  const text = JSON.stringify(value);
  return text.length > LINE ? null : text;
}
