/** What the parts of the stepper's panel need of a run: little, so that they can be drawn without one. */
import type { Run } from '../../run/run.svelte';

export type Stepping = Pick<Run, 'stepper' | 'notation' | 'dataset'>;
