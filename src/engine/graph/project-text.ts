/**
 * The text of a project's file: JSON for people and for diffs. What has its default value is left out, and
 * short objects and lists stand on one line, so that a node is a line.
 */
import { edgeId, type AttrValue } from './graph';
import type { OpLookup } from './op-facts';
import { opInFile, writeOwn } from './own-file';
import { csvDefaults, isTable, tableDefaults, type DataSource, type Project } from './project';

export const FILE_FORMAT = 'chainrule';
export const FILE_VERSION = 1;

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
  const { settings, weights, bookmarks, composites = {} } = project;
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
      op: opInFile(node.op, composites),
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
    ...(Object.keys(composites).length > 0 ? { composites: writeOwn(composites) } : {}),
    nodes,
    edges,
    ...(data.kind === 'none' ? {} : { data: dataText(data) }),
    split: settings.split,
    training: {
      ...training,
      ...(Object.keys(hyper).length > 0 ? { hyper } : {}),
      ...(schedule ? { schedule: { kind: schedule.kind, ...schedule.settings } } : {}),
    },
    ...(settings.lock ? { lock: settings.lock } : {}),
    ...(weights ? { weights } : {}),
    ...(bookmarks ? { bookmarks } : {}),
  };
  return `${pretty(file, '')}\n`;
}

/** What a table is read by is left out where it is as usual. */
function dataText(data: Exclude<DataSource, { kind: 'none' }>): object {
  if (!isTable(data)) return data;
  const usual: object = data.kind === 'csv' ? csvDefaults : tableDefaults;
  return { kind: data.kind, ...changed(data, { ...usual, kind: data.kind, path: undefined }) };
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
    return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${keepsLines(key, indent) ? table(item, inner) : pretty(item, inner)}`).join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}

const keepsLines = (key: string, indent: string): boolean =>
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
