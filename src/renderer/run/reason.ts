/** Why the network runs where it runs, in a few words for the status bar. */
import type { Profile } from '../../engine/backends/backend';
import type { BackendName } from '../../engine/plan';

export function reasonOf(profile: Profile | null, choice: BackendName | 'auto', backend: BackendName, moved: boolean): string {
  if (moved) return 'the graphics device was lost';
  if (choice === backend) return 'chosen by you';
  const title = profile?.present.find((one) => one.backend === backend)?.title ?? '';
  if (choice !== 'auto') {
    const absent = profile?.absent.find((one) => one.backend === choice);
    return absent?.reason ?? 'your choice could not be opened';
  }
  if (backend === 'webgpu') return title;
  const gpu = profile?.present.find((one) => one.backend === 'webgpu');
  if (gpu?.software) return 'the graphics adapter is software';
  return profile?.absent.find((one) => one.backend === 'webgpu')?.reason ?? title;
}
