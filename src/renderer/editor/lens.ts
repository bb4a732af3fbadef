/**
 * How closely the drawing is looked at: layers, their neurons, the scalars of the neurons, or matrices; for
 * the whole drawing and, where it differs, for single nodes. A way of looking and no part of the project.
 * What is seen through a lens has names of its own: `hidden[3]` is the fourth neuron of `hidden`.
 */
import type { NodeId } from '../../engine/graph/graph';

export const lenses = ['layers', 'neurons', 'scalars', 'matrices'] as const;
export type Lens = (typeof lenses)[number];

export const lensTitles: Readonly<Record<Lens, string>> = {
  layers: 'Layers',
  neurons: 'Neurons',
  scalars: 'Scalars',
  matrices: 'Matrices',
};

export interface Looking {
  readonly whole: Lens;
  /** Nodes that are looked at otherwise than the rest. */
  readonly own: ReadonlyMap<NodeId, Lens>;
  /** First neuron that is drawn of a layer with too many; 0 where absent. */
  readonly first: ReadonlyMap<NodeId, number>;
}

export const plainly: Looking = { whole: 'layers', own: new Map(), first: new Map() };

export const lensOf = (looking: Looking, id: NodeId): Lens => looking.own.get(id) ?? looking.whole;

/** What a part stands for. */
export type PartKind = 'neuron' | 'bias' | 'weight' | 'product' | 'sum' | 'activation' | 'rest';

export interface PartName {
  readonly owner: NodeId;
  readonly kind: PartKind;
  /** The neuron, from 0. −1: several. */
  readonly unit: number;
  /** The input of the neuron, from 0; −1: none, or several. */
  readonly input: number;
}

const LETTER: Readonly<Record<Exclude<PartKind, 'neuron' | 'rest'>, string>> = {
  bias: 'b',
  weight: 'w',
  product: 'wx',
  sum: 'z',
  activation: 'a',
};
const KIND = Object.fromEntries(Object.entries(LETTER).map(([kind, letter]) => [letter, kind as PartKind]));

/** `hidden[3]`, `hidden[3].b`, `hidden[3].w[2]`; several neurons are `hidden[12-]`, several inputs `hidden[3].wx[5-]`. */
export function partId({ owner, kind, unit, input }: PartName, from = 0): string {
  if (kind === 'rest') return unit < 0 ? `${owner}[${from}-]` : `${owner}[${unit}].wx[${from}-]`;
  const neuron = `${owner}[${unit}]`;
  if (kind === 'neuron') return neuron;
  return input < 0 ? `${neuron}.${LETTER[kind]}` : `${neuron}.${LETTER[kind]}[${input}]`;
}

/** The connection of an input with a neuron, or with its product. */
export const weightId = (owner: NodeId, unit: number, input: number): string => `${owner}[${unit}]<[${input}]`;

const PART = /^(.+?)\[(\d+)\](?:\.([a-z]+)(?:\[(\d+)\])?|<\[(\d+)\])?$/;

/** What a name of a part means; null for other names and for what stands for several. */
export function partOf(id: string): PartName | null {
  const found = PART.exec(id);
  if (!found) return null;
  const [, owner, unit, letter, input, from] = found;
  const name = { owner: owner!, unit: Number(unit), input: -1 };
  if (from !== undefined) return { ...name, kind: 'weight', input: Number(from) };
  if (letter === undefined) return { ...name, kind: 'neuron' };
  const kind = KIND[letter];
  return kind === undefined ? null : { ...name, kind, input: input === undefined ? -1 : Number(input) };
}

/** The node of the drawing that a drawn thing belongs to, for names of parts of every kind (`hidden/weight` too). */
export function ownerOfPart(id: string, has: (id: NodeId) => boolean): NodeId | null {
  if (has(id)) return id;
  const bracket = id.indexOf('[');
  if (bracket > 0) return has(id.slice(0, bracket)) ? id.slice(0, bracket) : null;
  const cut = Math.max(id.lastIndexOf('/'), id.lastIndexOf('.'));
  return cut < 0 ? null : ownerOfPart(id.slice(0, cut), has);
}
