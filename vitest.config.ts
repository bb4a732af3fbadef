import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  test: {
    include: ['tests/**/*.test.ts'],
    // The user's own history of runs is no place for tests.
    env: { CHAINRULE_HOME: mkdtempSync(join(tmpdir(), 'chainrule-unit-')) },
    setupFiles: ['tests/support/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A state that a test waits for comes when the machine gets to it; who never comes fails all the same.
    expect: { poll: { timeout: 30_000 } },
    // Two cores: more workers only make each other slower.
    maxWorkers: 2,
  },
});
