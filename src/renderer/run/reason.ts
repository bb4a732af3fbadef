/** Why the network runs where it runs, in a few words for the status bar. */
import type { Raced, Trouble } from '../../engine/api';
import type { Profile, ThreadsReport } from '../../engine/backends/backend';
import type { BackendName, BackendWish } from '../../engine/plan';

const NAMES: Readonly<Record<BackendName, string>> = { webgpu: 'WebGPU', wasm: 'the CPU', reference: 'the reference' };

/** Why training had to leave the graphics device. */
const LEFT: Readonly<Record<NonNullable<Trouble['failed']>, string>> = {
  lost: 'the graphics device was lost',
  'out-of-memory': 'the graphics device has too little memory for this network',
  compile: 'the graphics driver could not compile this network',
};

/** 3.24 is "3.2×", 47.3 is "47×". */
const times = (factor: number): string => `${Number(factor.toPrecision(factor < 100 ? 2 : 3))}×`;

export function reasonOf(
  profile: Profile | null,
  choice: BackendWish,
  backend: BackendName,
  left: Trouble['failed'] | null,
  raced: Raced | null = null,
): string {
  if (left) return LEFT[left];
  if (choice === backend) return 'chosen by you';
  const title = profile?.present.find((one) => one.backend === backend)?.title ?? '';
  if (choice === 'reproducible') return 'reproducible: the same bits on every machine';
  if (choice !== 'auto') {
    const absent = profile?.absent.find((one) => one.backend === choice);
    return absent?.reason ?? 'your choice could not be opened';
  }
  const [first, second] = raced?.standings ?? [];
  if (first && second && first.backend === backend)
    return `${times(first.stepsPerSecond / second.stepsPerSecond)} faster than ${NAMES[second.backend]} on this network`;
  if (backend === 'webgpu') return title;
  const gpu = profile?.present.find((one) => one.backend === 'webgpu');
  if (gpu?.software) return 'the graphics adapter is software';
  return profile?.absent.find((one) => one.backend === 'webgpu')?.reason ?? title;
}

/** "2 threads, 1.7× faster than one"; empty where there is nothing to say. */
export function threadsText(threads: ThreadsReport | null): string {
  if (threads === null) return '';
  const { count, faster } = threads;
  return count > 1 ? `${count} threads, ${times(faster)} faster than one` : `one thread, ${times(faster)} faster than several`;
}
