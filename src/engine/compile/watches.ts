/**
 * What training notes of itself while it runs, for breakpoints: how long each gradient was, for how many batches in a row
 * each unit gave 0, whether a weight changed its sign. Small kernels beside the training program keep the extremes since
 * somebody last looked, so that a run of thousands of steps tells by a few numbers whether anything happened in it.
 */
import type { Breakpoint } from '../graph/project';
import { add, type Expr, abs, max, min, mul, read, select } from '../ir/expr';
import { ACC, alongOut, type Kernel } from '../ir/kernel';
import { isBatched, sampleShape, type Shape, stridesOf } from '../ir/shape';
import { activationFacts } from '../ops/facts';
import { type BufferId, bufferIds, type ParameterSpec } from '../plan';
import type { Draft } from './draft-program';
import { sumOfSquares } from './sum-of-squares';
import type { Inferred } from './infer';

export type Watch = 'gradient' | 'dead' | 'sign';

/** What has to be noted for some breakpoints. That a loss rises is seen by the losses. */
export const watchesOf = (breakpoints: readonly Breakpoint[]): ReadonlySet<Watch> =>
  new Set(breakpoints.flatMap(({ kind, off }) => (off === true || kind === 'loss' ? [] : [kind])));

/** Where something is noted, and what it starts at. */
const note = (watch: string, init: number) => ({
  of: (node: string): BufferId => bufferIds.watch(node, watch),
  init,
});

/** Beyond all lengths and counts. */
const FAR = 1e38;

export const notes = {
  /** Squares of the shortest and longest gradient. */
  least: note('least square', FAR),
  most: note('most square', 0),
  /** Batches in a row up to now in which each unit gave 0; their smallest and largest number. */
  silent: note('silent', 0),
  woken: note('least silent', FAR),
  longest: note('most silent', 0),
  /** More than 0: a number of the parameter changed its sign. */
  flipped: note('flipped', 0),
} as const;

/** What is told anew at each look; the rest goes on. */
export const cleared = [notes.least, notes.most, notes.woken, notes.longest, notes.flipped] as const;

const slot = (draft: Draft, { of, init }: (typeof notes)[keyof typeof notes], node: string, shape: Shape): BufferId =>
  draft.buffer({ id: of(node), shape, role: 'slot', init });

/** A parameter's gradient, as it is before clipping. */
export function watchGradients(draft: Draft, parameters: readonly ParameterSpec[]): void {
  for (const { key, shape, gradient } of parameters) {
    const square = draft.buffer({ id: bufferIds.temporary(key, 'watched square'), shape: [], role: 'temporary' });
    draft.step({
      phase: 'update',
      node: key,
      kernel: draft.kernel(`square ${shape.join()}`, () => sumOfSquares(shape, read('g'))),
      bind: { g: gradient!, sum: square },
    });
    draft.step({
      phase: 'update',
      node: key,
      kernel: draft.kernel('extremes', () => ({
        out: [],
        reads: ['sum', 'least', 'most'].map((name) => alongOut(name, [])),
        stores: [
          { to: 'least', value: min(read('least'), read('sum')) },
          { to: 'most', value: max(read('most'), read('sum')) },
        ],
      })),
      bind: { sum: square, least: slot(draft, notes.least, key, []), most: slot(draft, notes.most, key, []) },
    });
  }
}

/** Nodes with units that may die, among those that the draft computes for every row. */
export const dying = ({ calls, order }: Pick<Inferred, 'calls' | 'order'>, draft: Draft): readonly string[] =>
  order.filter((id) => {
    const op = calls.get(id)?.op;
    const value = draft.buffers.get(bufferIds.value(id));
    return (
      op?.kind === 'primitive' && activationFacts(op.name).dies !== undefined && value !== undefined && isBatched(value.shape)
    );
  });

/** Units that gave 0 for all rows of a batch. Padding counts for nothing. */
export function watchUnits(draft: Draft, nodes: readonly string[]): void {
  for (const id of nodes) {
    const { shape } = draft.buffers.get(bufferIds.value(id))!;
    const units = sampleShape(shape);
    const loudest = draft.buffer({ id: bufferIds.temporary(id, 'loudest'), shape: units, role: 'temporary' });
    draft.step({
      phase: 'update',
      node: id,
      kernel: draft.kernel(`loudest ${units.join()}`, (): Kernel => {
        const [batch, ...inner] = stridesOf(shape);
        return {
          out: units,
          fold: { with: 'max', over: ['batch'], body: select(read('row'), abs(read('x')), 0) },
          reads: [
            { name: 'x', strides: [...inner, batch!], offset: 0 },
            { name: 'row', strides: [...units.map(() => 0), 1], offset: 0 },
          ],
          stores: [{ to: 'loudest', value: read(ACC) }],
        };
      }),
      bind: { x: bufferIds.value(id), row: bufferIds.rowWeights, loudest },
    });
    const now: Expr = select(read('loudest'), 0, add(read('silent'), 1));
    draft.step({
      phase: 'update',
      node: id,
      kernel: draft.kernel(`silent ${units.join()}`, () => ({
        out: units,
        reads: ['loudest', 'silent', 'woken', 'longest'].map((name) => alongOut(name, units)),
        stores: [
          { to: 'silent', value: now },
          { to: 'woken', value: min(read('woken'), now) },
          { to: 'longest', value: max(read('longest'), now) },
        ],
      })),
      bind: {
        loudest,
        silent: slot(draft, notes.silent, id, units),
        woken: slot(draft, notes.woken, id, units),
        longest: slot(draft, notes.longest, id, units),
      },
    });
  }
}

/** Keeps the product small enough to be no infinity, and large enough to be no 0, for weights of any size that trains. */
const SCALE = 1e15;

/** More than 0 where a weight and what becomes of it lie on two sides of 0: one more store of the update. */
export const flip = (weight: Expr): Expr => mul(mul(read('w'), -SCALE), mul(weight, SCALE));

export const flipBuffer = (draft: Draft, { key, shape }: ParameterSpec): BufferId =>
  draft.buffer({ id: bufferIds.temporary(key, 'flip'), shape, role: 'temporary' });

/** Behind the updates, whose stores of flips it reads. */
export function watchSigns(draft: Draft, parameters: readonly ParameterSpec[]): void {
  for (const parameter of parameters) {
    const { key, shape } = parameter;
    const flips = flipBuffer(draft, parameter);
    const most = draft.buffer({ id: bufferIds.temporary(key, 'most flip'), shape: [], role: 'temporary' });
    if (shape.length > 0)
      draft.step({
        phase: 'update',
        node: key,
        kernel: draft.kernel(`flips ${shape.join()}`, () => ({
          out: [],
          fold: { with: 'max', over: shape, body: read('flip') },
          reads: [{ name: 'flip', strides: stridesOf(shape), offset: 0 }],
          stores: [{ to: 'most', value: read(ACC) }],
        })),
        bind: { flip: flips, most },
      });
    draft.step({
      phase: 'update',
      node: key,
      kernel: draft.kernel('flipped', () => ({
        out: [],
        reads: ['most', 'flipped'].map((name) => alongOut(name, [])),
        stores: [{ to: 'flipped', value: max(read('flipped'), read('most')) }],
      })),
      bind: { most: shape.length > 0 ? most : flips, flipped: slot(draft, notes.flipped, key, []) },
    });
  }
}
