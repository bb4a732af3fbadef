import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

const at = (path: string): string => resolve(import.meta.dirname, path);
const entries = (paths: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(paths)
      .map(([name, path]) => [name, at(path)])
      .filter(([, path]) => existsSync(path!)),
  );

/**
 * Entries of main: the desktop, the command line, the launcher that chooses between desktop and browser
 * mode, and the thread that trains in sweeps; the sandboxed preload as one CommonJS file; the window with the engine's worker as a
 * module worker.
 */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rollupOptions: {
        input: entries({
          electron: 'src/main/electron/index.ts',
          cli: 'src/main/cli/index.ts',
          start: 'src/main/start.ts',
          'sweep-thread': 'src/main/services/runs/sweep-thread.ts',
        }),
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
    base: './',
    plugins: [svelte({ configFile: at('svelte.config.js') })],
    worker: { format: 'es' },
    build: {
      outDir: at('out/renderer'),
      target: 'es2023',
      minify: true,
      // Fonts and pictures stay files: data addresses are not in the page's policy for fonts.
      assetsInlineLimit: 0,
      rollupOptions: { input: at('src/renderer/index.html') },
    },
  },
});
