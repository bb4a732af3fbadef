/**
 * What the plots of a window share: where files go, what the project is called, whether it is dark, and what is
 * pointed at. The window provides it once; plots ask for it, so that it need not be handed through every panel.
 */
import { getContext, setContext } from 'svelte';
import type { FileHost } from '../ui/save';
import type { Spotlight } from './spotlight.svelte';

export interface Surroundings {
  readonly host: FileHost;
  /** The beginning of file names. */
  readonly project: string;
  readonly dark: boolean;
  readonly spotlight: Spotlight;
}

const KEY = Symbol('surroundings of plots');

/** `surroundings` has getters: what it says may change. */
export const provideSurroundings = (surroundings: Surroundings): void => void setContext(KEY, surroundings);

export const surroundings = (): Surroundings => getContext<Surroundings>(KEY);
