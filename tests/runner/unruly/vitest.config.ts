import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['tests/runner/unruly/*.case.ts'], reporters: ['./tests/runner/vitest-reporter.ts'] },
});
