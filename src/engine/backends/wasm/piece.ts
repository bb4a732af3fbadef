/** Nests and the loops around them: what the steps of a program are arranged into before instructions are written. */
import type { Nest } from './nest';

/** A nest, or a loop around pieces: each of its nests has one outer axis for every loop around it. */
export type Piece =
  | { readonly kind: 'nest'; readonly nest: Nest }
  | {
      readonly kind: 'loop';
      readonly times: number;
      /** Which outer axis it walks. */
      readonly depth: number;
      readonly body: readonly Piece[];
      /** Threads take a share of the turns each; outer axis 0 is then the thread. */
      readonly divided: boolean;
    };

export interface Arranged {
  readonly pieces: readonly Piece[];
  readonly scratchBytes: number;
}

export const one = (nest: Nest): Piece => ({ kind: 'nest', nest });

export const nestsOf = (piece: Piece): readonly Nest[] => (piece.kind === 'nest' ? [piece.nest] : piece.body.flatMap(nestsOf));
