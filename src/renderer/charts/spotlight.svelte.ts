/**
 * What is pointed at: an epoch, a row of the data, a class, a cell of the confusion matrix, a neuron, a run. The plot
 * under the pointer or the cursor says so here, and every plot that shows the same thing marks it.
 */
import { untrack } from 'svelte';
import type { NodeId } from '../../engine/graph/graph';

export type Spot =
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'row'; readonly row: number }
  /** `rows`: the rows of the data that it stands for. */
  | { readonly kind: 'class'; readonly index: number; readonly rows?: ReadonlySet<number> }
  | { readonly kind: 'cell'; readonly truth: number; readonly predicted: number; readonly rows: ReadonlySet<number> }
  /** A node of the drawing; without `index` the whole layer. */
  | { readonly kind: 'neuron'; readonly node: NodeId; readonly index?: number }
  /** Of the history; `others`: runs that stand with it. */
  | { readonly kind: 'run'; readonly id: string; readonly others?: ReadonlySet<string> };

export class Spotlight {
  spot = $state.raw<Spot | null>(null);

  point(spot: Spot | null): void {
    if (
      !sameSpot(
        spot,
        untrack(() => this.spot),
      )
    )
      this.spot = spot;
  }
}

export function sameSpot(a: Spot | null | undefined, b: Spot | null | undefined): boolean {
  if (!a || !b) return (a ?? null) === (b ?? null);
  if (a.kind === 'epoch') return b.kind === 'epoch' && a.epoch === b.epoch;
  if (a.kind === 'row') return b.kind === 'row' && a.row === b.row;
  if (a.kind === 'class') return b.kind === 'class' && a.index === b.index;
  if (a.kind === 'cell') return b.kind === 'cell' && a.truth === b.truth && a.predicted === b.predicted;
  if (a.kind === 'run') return b.kind === 'run' && a.id === b.id;
  return b.kind === 'neuron' && a.node === b.node && a.index === b.index;
}

/** Whether what stands for `own` is to be marked while `pointed` is pointed at: the same, or a part of it. */
export function lit(own: Spot | null | undefined, pointed: Spot | null): boolean {
  if (!own || !pointed) return false;
  if (sameSpot(own, pointed)) return true;
  if (own.kind === 'row') return (pointed.kind === 'cell' || pointed.kind === 'class') && (pointed.rows?.has(own.row) ?? false);
  if (pointed.kind === 'row') return (own.kind === 'cell' || own.kind === 'class') && (own.rows?.has(pointed.row) ?? false);
  if (own.kind === 'run')
    return pointed.kind === 'run' && ((own.others?.has(pointed.id) || pointed.others?.has(own.id)) ?? false);
  return (
    own.kind === 'neuron' &&
    pointed.kind === 'neuron' &&
    own.node === pointed.node &&
    (own.index === undefined || pointed.index === undefined)
  );
}
