/**
 * WebGPU in Node: Dawn from the npm package `webgpu`, on the machine's own graphics driver if it has one
 * (CHAINRULE_GPU=real), else on SwiftShader as it comes with Chromium. Chromium's Vulkan loader is opened
 * first, under the name that Dawn asks for, so no environment has to be set before Node starts.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folders that may hold Chromium's `libvulkan.so.1` and `vk_swiftshader_icd.json`. */
function chromiumFolders(): readonly string[] {
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), '.cache', 'ms-playwright');
  const downloaded = existsSync(cache)
    ? readdirSync(cache)
        .filter((name) => name.startsWith('chromium'))
        .flatMap((name) =>
          ['chrome-linux', 'chrome-linux64', 'chrome-headless-shell-linux64'].map((inner) => join(cache, name, inner)),
        )
    : [];
  return ['/usr/lib/chromium', ...downloaded, '/opt/google/chrome', '/usr/lib/chromium-browser'];
}

/** `dlopen` flags: resolve lazily, keep the library although it is no module of Node's. */
const LAZY_AND_KEPT = 0x1 | 0x1000;

/** The GPU of this process, or why there is none. */
export async function dawn(): Promise<{ readonly gpu: GPU } | { readonly absent: string }> {
  if (process.env.CHAINRULE_GPU !== 'real') {
    const folder = chromiumFolders().find(
      (path) => existsSync(join(path, 'vk_swiftshader_icd.json')) && existsSync(join(path, 'libvulkan.so.1')),
    );
    if (folder) {
      process.env.VK_ICD_FILENAMES = join(folder, 'vk_swiftshader_icd.json');
      try {
        process.dlopen({ exports: {} }, join(folder, 'libvulkan.so.1'), LAZY_AND_KEPT);
      } catch {
        // Node reports that it is no module; by then it is loaded, which is all that is wanted.
      }
    }
  }
  try {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    // SwiftShader would clear workgroup memory by one instruction a number, which takes seconds to compile.
    const gpu = create(['enable-dawn-features=disable_workgroup_init']);
    if ((await gpu.requestAdapter()) === null) return { absent: 'Dawn found no adapter on this machine' };
    return { gpu };
  } catch (error) {
    return { absent: `Dawn could not be loaded: ${error instanceof Error ? error.message : String(error)}` };
  }
}
