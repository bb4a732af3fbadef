import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

const at = (path: string): string => resolve(import.meta.dirname, path);

/**
 * Entries of main (desktop, command line, the launcher that chooses between desktop and browser), the sandboxed preload as one CommonJS file,
 * and the window with the engine's worker as a module worker.
 */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rollupOptions: {
        input: { electron: at('src/main/electron/index.ts'), cli: at('src/main/cli/index.ts'), start: at('src/main/start.ts') },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rollupOptions: {
        input: { preload: at('src/main/electron/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src/renderer'),
    plugins: [svelte()],
    worker: { format: 'es' },
    build: {
      outDir: at('out/renderer'),
      target: 'es2023',
      rollupOptions: { input: at('src/renderer/index.html') },
    },
  },
});
